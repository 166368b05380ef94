"""How long the file of a film is by its headers. A decoder stops at the end of a cut file without an error.

Source: ISO/IEC 14496-12, section 4.2 (boxes of MP4 and MOV); RFC 8794 (EBML) and RFC 9559 (Matroska); the
specification of RIFF.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import IO

_EBML, _SEGMENT = b"\x1aE\xdf\xa3", b"\x18\x53\x80\x67"
_START = 4096  # bytes in which the segment of Matroska is looked for
_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot")  # with which an MP4 or a MOV starts
#: Other boxes of a file. What follows the last box of a whole file may be text, for example tags of ID3.
_OTHERS = (b"moof", b"mfra", b"sidx", b"ssix", b"styp", b"uuid", b"meta", b"udta", b"prft", b"emsg")
_OPEN = (1 << 32) - 1  # size of a RIFF that is a stream
_COUNTED_TWICE = 8  # bytes of the header, which some writers of RIFF count as a part of the contents


def missing(path: str) -> int:
    """Return how many bytes are missing at the end of a film, by the sizes in its headers.

    Parameters
    ----------
    path : str
        The file: MP4, MOV, Matroska, WebM or AVI. For others, and where no size is known, 0.
    """
    with open(path, "rb") as file:
        start = file.read(_START)
        length = file.seek(0, 2)
        if start[4:8] in _BOXES:
            said = _end(file, length, _of_box)
        elif start.startswith(b"RIFF"):
            said = _end(file, length, _of_riff)
            said = said if said - length > _COUNTED_TWICE else 0
        else:
            said = _of_matroska(start)
    return max(said - length, 0)


def lacking(missing: int) -> str:
    """Return the words of a message about bytes that are missing."""
    return "1 byte is missing at its end" if missing == 1 else f"{missing} bytes are missing at its end"


def _end(file: IO[bytes], length: int, size_of: Callable[[bytes, int], int]) -> int:
    """Return the end of the last of the parts that follow each other in a file."""
    place = 0
    while place + 8 <= length:
        file.seek(place)
        size = size_of(file.read(16), length - place)
        if not size:
            break
        place += size
    return place


def _of_box(header: bytes, left: int) -> int:
    """Return the size of a box of MP4, or 0 if what follows is none."""
    size, kind = int.from_bytes(header[:4]), header[4:8]
    if size == 0 and kind.isalnum():  # it goes to the end
        return left
    if size == 1:
        size = int.from_bytes(header[8:16])
    known = kind in _BOXES + _OTHERS or (kind.isalnum() and size <= left)
    return size if size >= 8 and known else 0


def _of_riff(header: bytes, left: int) -> int:
    """Return the size of a RIFF, or 0 if what follows is none. A file of more than 1 GB has several."""
    size = int.from_bytes(header[4:8], "little")
    if not header.startswith(b"RIFF"):
        return 0
    return left if size == _OPEN else 8 + size + size % 2


def _of_matroska(start: bytes) -> int:
    """Return the end of the segment, or 0 if it is not known."""
    place = start.find(_SEGMENT) + len(_SEGMENT)
    if not start.startswith(_EBML) or not len(_SEGMENT) <= place < len(start) or not start[place]:
        return 0
    width = 9 - start[place].bit_length()  # the number of bytes, by the first bit that is set
    size, unknown = int.from_bytes(start[place : place + width]), 1 << 7 * width
    if size == 2 * unknown - 1:  # a stream, whose end was not known
        return 0
    return place + width + (size & unknown - 1)
