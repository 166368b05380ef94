"""Read and write image files with their metadata.

Reading does not rescale the values of the file. :func:`write` defines how an image is written to a format
with fewer bits, without transparency or without floats.
"""

from __future__ import annotations

import io
import os
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ._files import metadata, npy, source
from ._files.atomic import check_target, replacing
from ._files.fit import fitted
from ._files.formats import format_of
from ._files.image import FileError, FileWarning, Image, warn

__all__ = [
    "MAX_PIXELS",
    "FileError",
    "FileWarning",
    "Image",
    "check_target",
    "format_of",
    "read",
    "read_stream",
    "write",
]

#: Default limit on the number of pixels, against decompression bombs: 16 frames of 8K.
MAX_PIXELS = 2**29

_TIFF_MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
#: First bytes of the formats: NumPy, PNG, JPEG, BMP, WebP, TIFF.
_MAGICS = (npy.MAGIC, b"\x89PNG", b"\xff\xd8", b"BM", b"RIFF", *_TIFF_MAGICS)


def read(path: str | os.PathLike[str], *, max_pixels: int | None = MAX_PIXELS) -> Image:
    """Read an image file: PNG, JPEG, TIFF, BMP, WebP or ``.npy``.

    The format is recognised by the content of the file.

    Parameters
    ----------
    path : str or path-like
        Path of the file.
    max_pixels : int or None
        Largest accepted number of pixels. Larger pictures are refused before they are decoded. None: no
        limit; use it only for trusted files. Default 2**29.

    Returns
    -------
    Image
        Pixels in the bit depth of the file. The EXIF orientation is applied. Palettes, CMYK and YCbCr are
        converted to RGB. 1 to 7 bits are scaled to 8 bits, so white is 255. Premultiplied alpha is converted
        to straight alpha.

    Raises
    ------
    FileError
        If the file is missing, empty, damaged or too large; if its format is unknown; if it contains several
        pages or frames; if it is not a picture in grey or colour; or if its compression needs a package that
        is not installed.

    Warns
    -----
    FileWarning
        If a part of the file is damaged but the picture can be read. A part of a damaged JPEG
        picture may be missing.
    """
    name = os.fspath(path)
    with source.reading(name), open(name, "rb") as file:
        return _read(name, file, max_pixels)


def _read(name: str, opened: IO[bytes], max_pixels: int | None) -> Image:
    start = opened.read(8)
    if not start:
        raise FileError(f"{name}: is empty")
    if not opened.seekable() and not start.startswith(_MAGICS):  # the data of a pipe may never end
        raise FileError(f"{name}: {source.UNKNOWN}")
    file = source.seekable(opened, start)
    if start.startswith(npy.MAGIC):
        return Image(_in_memory(npy.array(name, file, name)))
    # Pillow and tifffile are imported on first use, so a missing file is reported without delay.
    if start.startswith(_TIFF_MAGICS):
        from ._files import tiff

        return tiff.read(name, file, max_pixels)
    from ._files import pictures

    return pictures.read(name, file, max_pixels)


def read_stream(name: str, file: IO[bytes], *, max_pixels: int | None = MAX_PIXELS) -> Image:
    """Read an image from an open file, which cannot be opened again by a name.

    Parameters
    ----------
    name : str
        Name of the file in messages.
    file : binary file
        Open for reading. It need not be seekable.
    max_pixels : int or None
        As for `read`.

    Returns
    -------
    Image
        As of `read`.
    """
    with source.reading(name):
        return _read(name, io.BytesIO(file.read()) if file.seekable() else file, max_pixels)


def _in_memory(array: NDArray[Any]) -> NDArray[Any]:
    return np.array(array, dtype=array.dtype.newbyteorder("="), order="C")


def write(
    path: str | os.PathLike[str],
    image: Image,
    *,
    quality: int | None = None,
    background: tuple[int, int, int] | None = None,
) -> None:
    """Write an image file. The suffix of the name determines the format.

    A failed call leaves no partial file.

    Parameters
    ----------
    path : str or path-like
        Path of the file. An existing file is replaced only when the new file is complete.
    image : Image
        The image to write. For JPEG, BMP and WebP, 16 bits are scaled to 8 bits (divided by 257 and rounded).
        Booleans become 0 and 255. Opaque alpha is dropped if the format has no alpha.
    quality : int or None
        Quality from 1 to 100 for JPEG and WebP. Default None: 95 for JPEG, lossless for WebP.
    background : tuple of int or None
        8-bit RGB colour behind a transparent picture. The result has no alpha. Default None: alpha is kept.

    Raises
    ------
    ValueError
        If the format cannot represent the image, for example floats in PNG, transparency in JPEG, or a
        volume.
    FileError
        If the file cannot be written.

    Warns
    -----
    FileWarning
        If the file is written, but a part of the EXIF data or of the colour information of a PNG file is
        lost.
    """
    kind = format_of(path)
    if kind.picture:
        image = fitted(image, kind, background)
    exif_loss = None
    colour_loss = metadata.lost_colorimetry(image, kind.name) if kind.picture and kind.name != "PNG" else None
    try:
        with replacing(path) as file:
            if not kind.picture:
                np.save(file, image.pixels, allow_pickle=False)
            elif kind.name == "TIFF":
                from ._files import tiff

                exif_loss = tiff.write(file, image)
            else:
                from ._files import pictures

                pictures.write(file, image, kind.name, quality)
    except FileError:
        raise
    except (ValueError, TypeError, OverflowError) as error:  # limits of the encoder
        raise FileError(f"{os.fspath(path)}: cannot be written as {kind.name}: {error}") from error
    for message in filter(None, (exif_loss, colour_loss)):
        warn(os.fspath(path), message)
