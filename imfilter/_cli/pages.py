"""Whether IN is a stack: by its format, or by the options ``--axes``, ``--time`` and ``--levels``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from .._files import stack_files
from .._files.image import Image
from . import quiet, streams
from .command import Command

if TYPE_CHECKING:
    from .._files.stacks import Stack

Array = NDArray[Any]
Options = Mapping[str, Any]


def wanted(options: Options) -> str | None:
    """Return the letters of ``--axes``, or T for ``--time``, or None without both."""
    if not options.get("time"):
        axes: str | None = options["axes"]
        return axes
    if options["axes"] not in (None, "T"):
        raise ValueError("--time is the same as --axes T; give only one of them")
    return "T"


def opened(source: str, options: Options) -> Stack | None:
    """Return the stack of IN, or None if it has a single picture."""
    if source == streams.STANDARD:
        return None
    with quiet.decoders():
        return stack_files.opened(source, options["max_pixels"] or None)


def levels(command: Command, options: Options) -> int:
    """Return the number of levels of an OME-Zarr image. The levels of ``entropy`` are bins."""
    return 1 if any(option.name == "levels" for option in command.options) else int(options["levels"])


def of_image(command: Command, image: Image, options: Options) -> Stack | None:
    """Return the stack in an image in memory, or None if all its axes are to be filtered at once.

    The last axes of an array without names have the names of ``--axes``. The others are pages.
    """
    named = wanted(options)
    if levels(command, options) > 1:
        raise ValueError("--levels is for OME-Zarr, and IN has no names of axes")
    if image.channels and not image.axes:  # a picture
        _check_use(named, image)
        return None
    if not image.axes:
        if named is None:
            return None
        more = image.pixels.ndim - len(named)
        if not 0 <= more <= 4:
            raise ValueError(f"--axes {named} does not fit an array of shape {image.pixels.shape}")
        image = dataclasses.replace(image, axes="IABD"[:more][::-1] + named)
    from .._files.stacks import Stack

    pixels = image.pixels

    def read(leading: int) -> Iterator[Array]:
        return iter(pixels.reshape(-1, *pixels.shape[leading:]))

    return Stack(image, "ZYX" if "Z" in image.axes else "YX", read=read)


def _check_use(named: str | None, image: Image) -> None:
    if named not in (None, "YX"):
        raise ValueError(f"--axes {named} is for stacks, and IN has a single picture")


def resolved(axes: str, named: str | None, default: str, name: str) -> tuple[str, str]:
    """Return the names of the axes of a stack, and the letters of those to filter.

    An axis of pages without a meaning gets the letter that the user names.
    """
    if named is None:
        return axes, "".join(axis for axis in default if axis in axes)
    unknown = [axis for axis in named if axis not in axes]
    pages = [axis for axis in axes if axis not in "TCZYXS"]
    if len(unknown) == 1 and len(pages) == 1:
        return axes.replace(pages[0], unknown[0]), named
    if unknown:
        raise ValueError(f"--axes {named}: {name} has the axes {axes}, and no {unknown[0]}")
    return axes, named
