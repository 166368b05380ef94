"""Read and write image files whole, with what they say about themselves.

Only files are handled here: values are those of the file, nothing is rescaled on reading. Writing
to a format that holds fewer bits, no transparency or no floats is defined in :func:`write`.
"""

from __future__ import annotations

import os
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ._files import metadata, npy, source
from ._files.atomic import check_target, replacing
from ._files.fit import fitted
from ._files.formats import format_of
from ._files.image import FileError, FileWarning, Image, warn

__all__ = ["MAX_PIXELS", "FileError", "FileWarning", "Image", "check_target", "format_of", "read", "write"]

#: Pixels that a picture may have before it is taken for a decompression bomb: 16 times a frame of 8K.
MAX_PIXELS = 2**29

_TIFF_MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
#: What the formats begin with: NumPy, PNG, JPEG, BMP, WebP, TIFF.
_MAGICS = (npy.MAGIC, b"\x89PNG", b"\xff\xd8", b"BM", b"RIFF", *_TIFF_MAGICS)


def read(path: str | os.PathLike[str], *, max_pixels: int | None = MAX_PIXELS) -> Image:
    """Read an image file: PNG, JPEG, TIFF, BMP, WebP or ``.npy``, recognised by its content.

    Parameters
    ----------
    path : str or path-like
        The file.
    max_pixels : int or None
        Refuse pictures with more pixels than this before decoding them; None for no limit, for files
        that are trusted.

    Returns
    -------
    Image
        Pixels in the file's own bit depth. The EXIF orientation is applied; palettes, CMYK and YCbCr
        become RGB; 1 to 7 bits become 8, so that white is 255; premultiplied alpha becomes straight.

    Raises
    ------
    FileError
        If the file is missing, empty, damaged, too large or of no known format, holds several pages
        or frames or is no picture in grey or colour, or if its compression needs a package.

    Warns
    -----
    FileWarning
        If something of the file is damaged and the picture, or of a JPEG file a part of it, is there.
    """
    name = os.fspath(path)
    with source.reading(name), open(name, "rb") as file:
        return _read(name, file, max_pixels)


def _read(name: str, opened: IO[bytes], max_pixels: int | None) -> Image:
    start = opened.read(8)
    if not start:
        raise FileError(f"{name}: is empty")
    if not opened.seekable() and not start.startswith(_MAGICS):  # a pipe may be endless
        raise FileError(f"{name}: {source.UNKNOWN}")
    file = source.seekable(opened, start)
    if start.startswith(npy.MAGIC):
        return Image(_in_memory(npy.array(name, file, name)))
    # Pillow and tifffile are imported on first use: a file that is missing is reported at once.
    if start.startswith(_TIFF_MAGICS):
        from ._files import tiff

        return tiff.read(name, file, max_pixels)
    from ._files import pictures

    return pictures.read(name, file, max_pixels)


def _in_memory(array: NDArray[Any]) -> NDArray[Any]:
    return np.array(array, dtype=array.dtype.newbyteorder("="), order="C")


def write(
    path: str | os.PathLike[str],
    image: Image,
    *,
    quality: int | None = None,
    background: tuple[int, int, int] | None = None,
) -> None:
    """Write an image file in the format that its name asks for, whole or not at all.

    Parameters
    ----------
    path : str or path-like
        The file; an existing one is replaced only when the new one is complete.
    image : Image
        What to write. 16 bits are scaled to 8 (divided by 257, rounded) for JPEG, BMP and WebP;
        booleans become 0 and 255; wholly opaque alpha is dropped where there is no room for it.
    quality : int or None
        1 to 100. None is 95 for JPEG and lossless for WebP.
    background : tuple of int or None
        8-bit RGB to lay under a transparent picture, which then has no alpha.

    Raises
    ------
    ValueError
        If the format cannot hold the image: floats in PNG, transparency in JPEG, a volume.
    FileError
        If the file cannot be written.

    Warns
    -----
    FileWarning
        If the file is written, and something of the EXIF or of what a PNG says of its colours is not kept.
    """
    kind = format_of(path)
    if kind.picture:
        image = fitted(image, kind, background)
    lost = None
    said = metadata.lost_colorimetry(image, kind.name) if kind.picture and kind.name != "PNG" else None
    try:
        with replacing(path) as file:
            if not kind.picture:
                np.save(file, image.pixels, allow_pickle=False)
            elif kind.name == "TIFF":
                from ._files import tiff

                lost = tiff.write(file, image)
            else:
                from ._files import pictures

                pictures.write(file, image, kind.name, quality)
    except FileError:
        raise
    except (ValueError, TypeError, OverflowError) as error:  # an encoder's own limits
        raise FileError(f"{os.fspath(path)}: cannot be written as {kind.name}: {error}") from error
    for words in filter(None, (lost, said)):
        warn(os.fspath(path), words)
