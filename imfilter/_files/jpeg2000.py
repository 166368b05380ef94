"""The header of JPEG 2000: how many bits a sample has.

Source: ITU-T T.800, A.5.1: the marker segment SIZ.
"""

from __future__ import annotations

import struct
from typing import IO

from .image import FileError

_SIZ = b"\xff\x4f\xff\x51"  # the markers at the start of the data
_SEARCHED = 1 << 20  # bytes
_COMPONENTS = 42  # bytes from the markers to the first component


def check(path: str, file: IO[bytes]) -> None:
    """Raise an error if Pillow would change the samples: it reads 8 bits, and 16 bits in grey only."""
    place = file.tell()
    file.seek(0)
    data = file.read(_SEARCHED)
    file.seek(place)
    start = data.find(_SIZ)
    if start < 0 or len(data) < start + _COMPONENTS + 3:
        return
    (count,) = struct.unpack_from(">H", data, start + _COMPONENTS - 2)
    bits = [(data[at] & 0x7F) + 1 for at in range(start + _COMPONENTS, len(data), 3)[:count]]
    if max(bits, default=8) > 8 and count > 1:
        raise FileError(
            f"{path}: has {count} channels of {max(bits)} bits; JPEG 2000 is read with 8 bits in colour"
        )
