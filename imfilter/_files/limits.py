"""Check of the size of a picture against the length of its file.

A decoder allocates memory for all pixels before it knows whether the file has data for them. So a file of a
few bytes could need gigabytes or minutes. In each format, one byte can represent a limited number of pixels.
"""

from __future__ import annotations

import struct
from typing import IO, Any

from .image import FileError

_DEFLATE = 1040  # largest number of bytes from one byte of deflate
_PNG_ROWS = 1 << 24  # the decoder allocates a pointer for each row
_PNG_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # samples per pixel of each colour type
# Run lengths are decoded in Python. A run can end a row. Then each of the remaining pixels takes time.
_RUN_LENGTH_PIXELS = 1 << 23
# Lossless WebP can need no bits at all for a pixel that repeats the previous one.
_TRUSTED = "; if the file is trusted, give --max-pixels 0"
_WEBP_PIXELS, _WEBP_PIXELS_PER_BYTE = 1 << 25, 4096


def check(path: str, file: IO[bytes], picture: Any) -> None:
    """Raise an error if a PNG, BMP or WebP file is too short for its picture. Keep the file position.

    Parameters
    ----------
    path : str
        The file's name, for messages.
    file : binary file
        The file of the picture.
    picture : PIL.Image.Image
        The picture, not yet loaded.

    Raises
    ------
    FileError
        The message has the length of the file and the size of the picture.
    """
    place = file.tell()
    length = file.seek(0, 2)
    width, height = picture.size
    pixels = width * height
    if picture.format == "PNG":
        file.seek(24)
        bits, colour = struct.unpack("BB", file.read(2))
        row = 1 + -(-width * bits * _PNG_SAMPLES[colour] // 8)
        if height * row > _DEFLATE * length or height > _PNG_ROWS:
            refuse(path, length, width, height)
    elif picture.format == "WEBP" and pixels > max(_WEBP_PIXELS, _WEBP_PIXELS_PER_BYTE * length):
        raise FileError(f"{path}: {width} x {height} pixels of WebP in only {length} bytes{_TRUSTED}")
    elif picture.format in ("BMP", "DIB"):
        (tile,) = picture.tile
        if tile.codec_name == "bmp_rle" and pixels > _RUN_LENGTH_PIXELS:
            raise FileError(
                f"{path}: {width} x {height} pixels take minutes in a BMP with run lengths{_TRUSTED}"
            )
        if tile.codec_name == "raw" and height * tile.args[1] > length:
            refuse(path, length, width, height)
    file.seek(place)


def refuse(path: str, length: int, width: int, height: int) -> None:
    """Raise the error of a file that is too short for its picture."""
    raise FileError(f"{path}: is cut short or damaged: {length} bytes cannot hold {width} x {height} pixels")
