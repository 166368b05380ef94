"""The formats of stacks: which one a file has, and how a stack is written."""

from __future__ import annotations

import dataclasses
import itertools
import math
import os
from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from . import signatures, source
from .atomic import replacing, replacing_folder
from .fit import fitted
from .formats import TIFF_MAGICS, Format
from .image import FileError, Image, warn
from .lazy import write_rows

if TYPE_CHECKING:
    from .stacks import Array, Stack

#: Formats that also hold arrays without names of axes.
STORES = ("zarr", "NIfTI", "video")


def opened(path: str, max_pixels: int | None) -> Stack | None:
    """Open a stack to read it plane by plane, or return None if the file has a single picture.

    Parameters
    ----------
    path : str
        Path of a file or of a folder that is one image.
    max_pixels : int or None
        Largest accepted number of pixels of all planes together.

    Raises
    ------
    FileError
        If the stack is damaged, too large or not supported, or if a package is missing.
    """
    if os.path.isdir(path):
        return _of_folder(path, max_pixels)
    if not os.path.isfile(path):  # a pipe is read once, by `read`
        return None
    with source.reading(path):
        file = open(path, "rb")  # noqa: SIM115  (the stack closes it)
        try:
            stack = of_file(path, file, max_pixels)
        except BaseException:
            file.close()
            raise
        if stack is None:
            file.close()
            return None
        closing = stack.close

    def close() -> None:
        closing()
        file.close()

    return dataclasses.replace(_guarded(path, stack), close=close)


def _of_folder(path: str, max_pixels: int | None) -> Stack | None:
    """Return the stack in a folder, or None if it is not one image."""
    with source.reading(path):
        if signatures.is_store(path):
            from . import zarr_store

            return _guarded(path, zarr_store.opened(path, max_pixels))
        if signatures.is_series(path):
            from . import dicom

            return _guarded(path, dicom.opened(path, max_pixels))
    return None


def _guarded(path: str, stack: Stack) -> Stack:
    """Return a stack in which every error while it is read becomes a line with the name of the file."""
    planes, read = stack.planes, stack.read
    return dataclasses.replace(
        stack,
        planes=None if planes is None else lambda: _checked(path, planes()),
        read=None if read is None else lambda leading: _checked(path, read(leading)),
    )


def _checked(path: str, iterator: Iterator[Array]) -> Iterator[Array]:
    for number in itertools.count(1):
        try:
            with source.reading(path):
                plane = next(iterator, None)
        except FileError as error:
            words = str(error).removeprefix(f"{path}: ")
            raise FileError(f"{path}: plane {number} {words}") from error
        if plane is None:
            return
        yield plane


def of_file(path: str, file: IO[bytes], max_pixels: int | None) -> Stack | None:
    """Return the stack in an open, seekable file, or None if it has a single picture."""
    start = file.read(16)
    file.seek(0)
    if start.startswith(TIFF_MAGICS):
        from . import tiff_stack

        return tiff_stack.opened(path, file, max_pixels)
    if signatures.may_be_animated(start):
        from . import pictures

        if not pictures.is_animated(file):
            return None
        from . import animation

        return animation.opened(path, file, max_pixels)
    if not source.is_regular(file):
        if signatures.is_film(start):
            raise FileError(f"{path}: {source.NAMED}")
        return None
    if signatures.is_film(start):
        from . import film

        return film.opened(path, max_pixels)
    if signatures.is_dicom(file):
        from . import dicom

        return dicom.opened(path, max_pixels)
    if signatures.is_nifti(path, file):
        from . import nifti

        return nifti.opened(path, file, max_pixels)
    return None


def write(
    path: str | os.PathLike[str],
    kind: Format,
    header: Image,
    blocks: Iterable[Array],
    *,
    quality: int | None = None,
    levels: int = 1,
) -> None:
    """Write a stack. An existing file is replaced only when the new file is complete.

    Parameters
    ----------
    path : str or path-like
        Path of the file.
    kind : Format
        Its format.
    header : Image
        Shape, type, axes and metadata of the stack.
    blocks : iterable of ndarray
        The samples in the order of the file, in any blocks of whole planes.
    quality : int or None
        Quality from 1 to 100 of a lossy format.
    levels : int
        Number of levels of an OME-Zarr image.

    Raises
    ------
    ValueError
        If the format cannot hold the stack.
    FileError
        If the file cannot be written.
    Exception
        An error of `blocks`, as it is.
    """
    check(kind, header)
    taken = _Taken(blocks)
    blocks = taken
    several = math.prod(header.pixels.shape[: -2 - header.channels]) > 1
    # The number of frames of a film is an estimate. A single picture is checked when it is written.
    if kind.name not in _ANIMATED and (several or not kind.picture or kind.name == "TIFF"):
        blocks = _complete(os.fspath(path), header, blocks)
    if levels > 1 and kind.name != "zarr":
        raise ValueError(f"--levels is for .zarr, and OUT is {kind.name}")
    loss = None
    try:
        if kind.name == "zarr":
            from . import zarr_store

            with replacing_folder(path) as folder:
                zarr_store.write(folder, header, blocks, levels)
            return
        if kind.name == "NumPy":
            with replacing(path) as file:
                _write_array(file, header, blocks)
            return
        if kind.name == "NIfTI":
            from . import nifti

            with replacing(path) as file:
                nifti.write(file, os.fspath(path), header, blocks)
            return
        with replacing(path) as file:
            pages = planes(header, blocks)
            if kind.name == "TIFF":
                from . import tiff_stack

                loss = tiff_stack.write(file, header, pages)
            elif kind.name == "video":
                from . import film

                film.write(file, os.fspath(path), header, pages, quality)
            elif several:
                from . import animation

                animation.write(file, header, pages, kind.name, quality)
            else:
                picture = next(pages)
                if next(pages, None) is not None:  # frames of a film that were not counted
                    words = f"{kind.name} holds one picture, and IN has more frames than one"
                    raise FileError(f"{os.fspath(path)}: {words}; write .tif or .npy")
                write_picture(file, _single(header, picture), os.fspath(path), kind, quality)
    except Exception as error:
        if taken.error is not None:  # also if an encoder cannot be closed after it
            raise taken.error from None
        if not isinstance(error, (ValueError, TypeError, OverflowError)):
            raise
        # The limits of an encoder.
        raise FileError(f"{os.fspath(path)}: cannot be written as {kind.name}: {error}") from error
    if loss:
        warn(os.fspath(path), loss)


class _Taken:
    """Blocks, and the error that ended them: that of a filter, not of the file that is written."""

    def __init__(self, blocks: Iterable[Array]) -> None:
        self._blocks = blocks
        self.error: Exception | None = None

    def __iter__(self) -> Iterator[Array]:
        try:
            yield from self._blocks
        except Exception as error:
            self.error = error
            raise


def _complete(path: str, header: Image, blocks: Iterable[Array]) -> Iterator[Array]:
    """Yield blocks, and raise an error if they are not as many samples as the header says."""
    left = header.pixels.size
    for block in blocks:
        left -= block.size
        if left < 0:
            break
        yield block
    if left:
        raise FileError(f"{path}: IN has another number of planes than its header says")


def write_picture(file: IO[bytes], image: Image, path: str, kind: Format, quality: int | None) -> None:
    """Write a single picture of a format other than TIFF, after it has been fitted."""
    if kind.name == "PNM":
        from . import pnm

        pnm.write(file, image, os.path.splitext(path)[1].lower())
        return
    from . import pictures

    pictures.write(file, image, kind.name, quality)


def _single(header: Image, plane: Array) -> Image:
    return dataclasses.replace(header, pixels=plane, axes="", spacing=(), units=(), details={})


def check(kind: Format, header: Image) -> None:
    """Raise an error if a format cannot hold a stack."""
    check_count(kind, header)
    several = math.prod(header.pixels.shape[: -2 - header.channels]) > 1
    if several and kind.name == "PNG" and header.pixels.dtype == np.uint16:
        raise ValueError("an animated PNG has 8 bits; give --dtype uint8, or write .tif or .npy")
    if kind.picture and not header.axes.removesuffix("S").endswith("YX"):
        raise ValueError(f"{kind.name} cannot hold an array of shape {header.pixels.shape}; write .npy")
    if not kind.holds(header.pixels.dtype):
        raise ValueError(f"{kind.name} cannot hold {header.pixels.dtype}; write .npy, or give --dtype")


#: Formats of animations: their frames are one axis.
_ANIMATED = ("GIF", "PNG", "WebP", "AVIF", "video")
#: Formats of animations whose frames are held in memory until the last one is known.
GATHERED = ("GIF", "WebP", "AVIF")


def check_count(kind: Format, header: Image) -> None:
    """Raise an error if a format cannot hold the number of planes of a stack."""
    shape = header.pixels.shape[: -2 - header.channels]
    count = math.prod(shape)
    if count < 2:
        return
    # A PNG of the pages of a document or of a volume would be a surprise.
    if not kind.pages or (kind.name == "PNG" and not header.axes.startswith("T")):
        raise ValueError(f"{kind.name} holds one picture, and IN has {count}; write .tif or .npy")
    if kind.name in _ANIMATED and sum(length > 1 for length in shape) > 1:
        axes = header.axes.partition("Y")[0]
        raise ValueError(f"{kind.name} holds frames of one axis, and IN has {axes}; write .tif or .npy")


def planes(header: Image, blocks: Iterable[Array]) -> Iterator[Array]:
    """Yield the planes of blocks: ``(height, width)`` or ``(height, width, channels)``."""
    shape = header.pixels.shape[-2 - header.channels :]
    for block in blocks:
        yield from block.reshape(-1, *shape)


def pictured(image: Image, kind: Format, background: tuple[int, int, int] | None) -> Image:
    """Convert every plane of a stack for a picture format: bit depth, transparency, background."""
    known = kind.holds(image.pixels.dtype) and image.pixels.dtype != np.bool_
    usual = known and not image.alpha and (not image.channels or image.pixels.shape[-1] == 3)
    if usual and image.spatial > 2 and image.exif is None:  # there is nothing to convert
        return image
    plain = dataclasses.replace(image, axes="", spacing=(), units=())
    if image.spatial <= 2:
        done = fitted(plain, kind, background)
    else:
        parts = [pictured(dataclasses.replace(plain, pixels=part), kind, background) for part in image.pixels]
        done = dataclasses.replace(parts[0], pixels=np.stack([part.pixels for part in parts]))
    if not image.axes:
        return done
    kept = [place for place, axis in enumerate(image.axes) if axis != "S"]
    kept += [len(image.axes) - 1] * done.channels
    axes = "".join(image.axes[place] for place in kept[: len(kept) - done.channels]) + "S" * done.channels
    if len(axes) > len(image.axes):  # grey became a colour with its background
        return dataclasses.replace(done, axes=axes)
    spacing = tuple(image.spacing[place] for place in kept) if image.spacing else ()
    units = tuple(image.units[place] for place in kept) if image.units else ()
    return dataclasses.replace(done, axes=axes, spacing=spacing, units=units)


def _write_array(file: IO[bytes], header: Image, blocks: Iterable[Array]) -> None:
    pixels = header.pixels
    described: dict[str, Any] = {
        "descr": np.lib.format.dtype_to_descr(pixels.dtype),
        "fortran_order": False,
        "shape": pixels.shape,
    }
    np.lib.format.write_array_header_1_0(file, described)
    for block in blocks:
        write_rows(file, np.ascontiguousarray(block, pixels.dtype))
