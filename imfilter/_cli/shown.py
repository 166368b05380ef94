"""The command ``imfilter show``: sheets of kernels, feature maps and patches with strong responses."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import io, show
from .._files import npy
from .._files.image import FileError, Image, full_scale
from . import kernels, listing, messages, quiet
from .colour import LUMINANCE, is_rgb, over_black
from .command import Command
from .table import TABLES

Array = NDArray[Any]

_COLUMNS = ("picture", "row", "column", "response")


def run(command: Command, sources: Sequence[str], destination: str, options: Mapping[str, Any]) -> None:
    """Read, draw and write. The output is complete or absent."""
    listed = command.name == "patches" and os.path.splitext(destination)[1].lower() in TABLES
    if not listed:
        io.format_of(destination)
    io.check_target(destination)
    arguments = {option.name: options[option.name] for option in command.options if option.name != "plain"}
    arguments["labels"] = not options["plain"]
    if command.name == "patches":
        sheet, places, responses = _patches(sources, options["max_pixels"] or None, arguments)
        if listed:
            rows = [
                dict(zip(_COLUMNS, (sources[number], *place, response), strict=True))
                for (number, *place), response in zip(places, responses, strict=True)
            ]
            listing.write(destination, _COLUMNS, rows)
            return
    elif command.name == "kernels":
        sheet = _drawn(sources[0], show.kernels, "weight", arguments)
    else:
        arguments["signed"] = arguments["signed"] or None
        sheet = _drawn(sources[0], show.feature_maps, "maps", arguments)
    io.write(destination, Image(sheet, channels=True), quality=options["quality"])


def _drawn(source: str, draw: Callable[..., Array], name: str, arguments: dict[str, Any]) -> Array:
    """Draw the array of a file. An error about the array begins with the name of the file."""
    array = npy.read(source)
    try:
        return draw(array, **arguments)
    except ValueError as error:
        if not str(error).startswith(f"{name} "):  # it is about an option
            raise
        raise FileError(f"{source}: {messages.of_options(str(error), arguments)}") from None


def _patches(
    sources: Sequence[str], max_pixels: int | None, arguments: dict[str, Any]
) -> tuple[Array, list[Any], list[float]]:
    """Draw patches in colour, and return their positions and responses."""
    taps = kernels.parse(arguments.pop("kernel"), 2)
    if isinstance(taps, list):
        taps = np.multiply.outer(*taps)
    if taps.ndim == 2:  # a kernel for luminance, which is also a sum of channels
        taps = np.multiply.outer(np.array(LUMINANCE), taps)
    pictures = []
    for source in sources:
        with quiet.decoders():
            pictures.append(_colour(source, io.read(source, max_pixels=max_pixels)))
    sheet, places, responses = show.patches(
        pictures, taps, limits=(0, 255), channel_axis=-1, return_places=True, **arguments
    )
    return sheet, places.tolist(), responses.tolist()


def _colour(source: str, image: Image) -> Array:
    """Return a picture of any type as red, green and blue from 0 to 255."""
    plane = over_black(image)
    if not is_rgb(image):
        if plane.ndim != 2:
            raise FileError(f"{source}: is not a picture: it has the shape {plane.shape}")
        plane = np.stack([plane] * 3, axis=-1)
    return plane * np.float64(255 / full_scale(image.pixels.dtype))
