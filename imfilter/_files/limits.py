"""Check of the size of a picture against the length of its file.

A decoder allocates memory for all pixels before it knows whether the file has data for them. So a file of a
few bytes could need gigabytes or minutes. Each format has a largest number of pixels per byte.
"""

from __future__ import annotations

import struct
from typing import IO, Any

from .image import FileError

_DEFLATE = 1040  # largest number of bytes from one byte of deflate
_PNG_ROWS = 1 << 24  # the decoder allocates a pointer for each row
_PNG_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # samples per pixel of each colour type
# Run lengths are decoded in Python. A code can end a row, and then each remaining pixel takes time.
_RUN_LENGTH_PIXELS = 1 << 23
_TRUSTED = "; if you trust the file, give --max-pixels 0"
#: Pixels that are always accepted, and pixels of each byte, of formats whose data can be very short. In
#: lossless WebP, a pixel that repeats the previous pixel may take no bits. A code of GIF has 12 bits.
_SHORT = {"WEBP": (1 << 25, 4096), "GIF": (1 << 24, 2731)}
_SHORT |= {"JPEG2000": (1 << 24, 4096), "AVIF": (1 << 24, 4096)}


def check(path: str, file: IO[bytes], picture: Any) -> None:
    """Raise an error if a file is too short for its picture. Keep the file position.

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
    elif picture.format in _SHORT:
        accepted, per_byte = _SHORT[picture.format]
        if pixels > max(accepted, per_byte * length):
            kind = {"WEBP": "WebP", "JPEG2000": "JPEG 2000"}.get(picture.format, picture.format)
            raise FileError(
                f"{path}: is {kind} with {width} x {height} pixels in only {length} bytes{_TRUSTED}"
            )
    elif picture.format in ("BMP", "DIB"):
        (tile,) = picture.tile
        if tile.codec_name == "bmp_rle" and pixels > _RUN_LENGTH_PIXELS:
            raise FileError(
                f"{path}: a BMP with run lengths and {width} x {height} pixels takes minutes{_TRUSTED}"
            )
        if tile.codec_name == "raw" and height * tile.args[1] > length:
            refuse(path, length, width, height)
    file.seek(place)


def refuse(path: str, length: int, width: int, height: int) -> None:
    """Raise the error for a file that is too short for its picture."""
    raise FileError(f"{path}: is incomplete or damaged: {length} bytes cannot hold {width} x {height} pixels")
