"""Portable anymaps: PBM, PGM and PPM, as text or binary.

Source: the manual pages pbm(5), pgm(5) and ppm(5) of Netpbm.
"""

from __future__ import annotations

import re
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from .image import FileError, Image, check_size
from .lazy import write_rows

MAGICS = tuple(b"P%d" % number for number in range(1, 7))
#: White space and comments, then a number.
_NUMBER = re.compile(rb"(?:\s|#[^\r\n]*[\r\n])+(\d{1,9})")
_HEADER = 1 << 16  # bytes


def is_pnm(start: bytes) -> bool:
    """Return whether a file starts like a portable anymap."""
    return start[:2] in MAGICS and start[2:3] in (b" ", b"\t", b"\n", b"\r", b"#")


def read(path: str, file: IO[bytes], max_pixels: int | None) -> Image:
    """Read an open portable anymap. Values from 256 to 65535 keep their values in 16 bits."""
    start = file.read(_HEADER)
    kind = int(start[1:2])
    bitmap, colour, text = kind in (1, 4), kind in (3, 6), kind < 4
    numbers, place = [], 2
    for _ in range(2 if bitmap else 3):
        found = _NUMBER.match(start, place)
        if found is None:
            raise FileError(f"{path}: is damaged: its header has no size")
        numbers.append(int(found[1]))
        place = found.end()
    width, height, white = (*numbers, 1)[:3]
    if min(width, height) < 1 or not 1 <= white <= 65535:
        raise FileError(f"{path}: is damaged: its header has the numbers {numbers}")
    check_size(path, width, height, max_pixels)
    shape = (height, width, 3) if colour else (height, width)
    row = -(-width // 8) if bitmap else width * (3 if colour else 1) * (2 if white > 255 else 1)
    left = file.seek(0, 2) - place - 1
    if (left < width * height * (3 if colour else 1)) if text else (left < row * height):
        raise FileError(
            f"{path}: is incomplete or damaged: {left} bytes cannot hold {width} x {height} pixels"
        )
    file.seek(place + (0 if text else 1))
    if text:
        values = _of_text(path, file.read(), shape, bits=bitmap)
    elif bitmap:
        data = np.frombuffer(file.read(row * height), np.uint8).reshape(height, row)
        values = np.unpackbits(data, axis=1)[:, :width]
    else:
        stored = np.dtype(">u2" if white > 255 else "u1")
        values = np.frombuffer(file.read(row * height), stored).reshape(shape)
    if bitmap:
        pixels = (1 - values.astype(np.uint8)) * np.uint8(255)
    elif white < 255:
        pixels = np.rint(np.minimum(values, white) * (255 / white)).astype(np.uint8)
    else:
        pixels = values.astype(np.uint16 if white > 255 else np.uint8)
    return Image(pixels, colour)


def _of_text(path: str, data: bytes, shape: tuple[int, ...], *, bits: bool) -> NDArray[Any]:
    """Read numbers in text. The digits of a bitmap need no space between them."""
    data = re.sub(rb"#[^\r\n]*", b"", data)
    count = int(np.prod(shape))
    if bits:
        digits = np.frombuffer(data, np.uint8)
        values = digits[(digits == ord("0")) | (digits == ord("1"))].astype(np.uint32) - ord("0")
    else:
        try:
            values = np.array(data.split(), np.uint32)
        except ValueError as error:
            raise FileError(f"{path}: is damaged: its samples are not numbers") from error
    if len(values) < count:
        raise FileError(f"{path}: is incomplete: it has {len(values)} of {count} samples")
    return np.minimum(values[:count], 65535).reshape(shape)


def write(file: IO[bytes], image: Image, suffix: str) -> None:
    """Write a binary portable anymap: PPM for colour or the suffix .ppm, else PGM."""
    pixels = image.pixels
    if pixels.ndim == 3 and suffix == ".pgm":
        raise ValueError("PGM is grey, and the picture has colours; write .ppm")
    if pixels.ndim == 2 and suffix == ".ppm":
        pixels = np.repeat(pixels[..., None], 3, axis=-1)
    height, width = pixels.shape[:2]
    kind, white = 6 if pixels.ndim == 3 else 5, int(np.iinfo(pixels.dtype).max)
    file.write(b"P%d\n%d %d\n%d\n" % (kind, width, height, white))
    write_rows(file, np.ascontiguousarray(pixels, pixels.dtype.newbyteorder(">")))
