"""The structure of JPEG files: segments and scans, found without decoding.

Source: ITU-T T.81, annex B.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from . import limits
from .image import FileError

END = b"\xff\xd9"
_END, SCAN = 0xD9, 0xDA
_HUFFMAN, _QUANTISATION, _LINES, _RESTART, _TEXTS = 0xC4, 0xDB, 0xDC, 0xDD, {*range(0xE0, 0xF0), 0xFE}
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_ALONE = {0x01, *range(0xD0, 0xDA)}  # including restart markers, start and end
# In a scan, 0 follows each byte of 255, and restart markers may separate parts of the scan. Additional bytes
# of 255 may precede a marker.
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_RESTARTS = re.compile(rb"\xff[\xd0-\xd7]")
_PIXELS_PER_BYTE = 512  # a block of 64 pixels takes one bit if later scans have its coefficients
_SEGMENTS = 10_000
# The decoder visits every pixel once per scan. A file may have more scans than this if it has few pixels.
_SCANS, _PIXELS_OF_SCANS = 32, 1 << 31


class Segment(NamedTuple):
    """A marker and its data, from the first byte on. A scan includes its coded data."""

    marker: int
    start: int
    stop: int


def segments(data: bytes) -> list[Segment]:
    """Return the segments of a JPEG file. The last one has the end marker if the file has one.

    In a scan, a marker with an invalid segment is treated as damaged data of the scan.

    Raises
    ------
    ValueError
        If there are more than 10,000 segments. No valid file needs so many.
    """
    result: list[Segment] = []
    position = 0
    while match := _MARKER.search(data, position):
        marker, start = data[match.end() - 1], match.end()
        stop = start
        if marker not in _ALONE:
            stop += max(2, _length(data, start))
        if marker == SCAN:
            stop = _end_of_scan(data, stop)
        position = stop
        result.append(Segment(marker, start, min(stop, len(data))))
        if len(result) > _SEGMENTS:
            raise ValueError(f"it has more than {_SEGMENTS} segments")
        if marker == _END:
            break
    return result


def _end_of_scan(data: bytes, position: int) -> int:
    """Return the start of the next segment that can follow a scan."""
    while match := _MARKER.search(data, position):
        position = match.end()
        if _is_sound(data, data[position - 1], position):
            return match.start()
    return len(data)


def size(data: bytes) -> tuple[int, int]:
    """Return the width and height in the header of a JPEG file."""
    for segment in segments(data):
        if segment.marker in _FRAMES and segment.stop - segment.start >= 7:
            height, width = struct.unpack_from(">HH", data, segment.start + 3)
            return width, height
    raise ValueError("it has no frame header")


def check(path: str, data: bytes, parts: list[Segment]) -> bool:
    """Raise an error if a JPEG file is too short for its picture. Return whether it has an end marker.

    Raises
    ------
    FileError
        If the file is too short for the number of pixels, or if there are too many scans.
    """
    scans = [part for part in parts if part.marker == SCAN]
    width, height = size(data)
    coded = sum(scan.stop - scan.start for scan in scans)
    if width * height > _PIXELS_PER_BYTE * coded:
        limits.refuse(path, coded, width, height)
    if len(scans) > _SCANS and len(scans) * width * height > _PIXELS_OF_SCANS:
        raise FileError(f"{path}: has {len(scans)} scans of {width} x {height} pixels, more than {_SCANS}")
    return parts[-1].marker == _END


def has_sound_markers(data: bytes, parts: list[Segment]) -> bool:
    """Return whether all markers in scans are allowed there, and restart markers are in order."""
    interval = 0
    for part in parts:
        if part.marker == _RESTART:
            interval = _length(data, part.start + 2)
        elif part.marker == SCAN:
            restarts = [match[0][1] for match in _RESTARTS.finditer(data, part.start, part.stop)]
            in_order = restarts == [0xD0 + number % 8 for number in range(len(restarts))]
            if not in_order or (restarts and not interval) or _has_false_markers(data, part):
                return False
    return True


def _has_false_markers(data: bytes, scan: Segment) -> bool:
    return _MARKER.search(data, scan.start, scan.stop) is not None


def repaired(data: bytes, parts: list[Segment]) -> Iterator[bytes]:
    """Yield versions of a JPEG file for the decoder: first the whole file, then with fewer scans.

    Markers that are not allowed in a scan become data of the scan. Bytes between segments are left out. They
    have no meaning, and Pillow reads them one by one: a million fill bytes took 2 s.
    """
    pieces, position, length, starts = [], 0, 0, []
    for part in parts:
        if part.marker == SCAN:
            starts.append(length)
        content = data[part.start : part.stop]
        if part.marker == SCAN and _has_false_markers(data, part):
            content = _MARKER.sub(b"\xff\0", content)
        pieces.append(data[part.start - 2 : part.start] + content)
        length += len(pieces[-1])
        position = part.stop
    fixed = b"".join([*pieces, data[position:]])
    yield fixed
    for count in sorted({len(starts) - 1, len(starts) // 2, 1} - {0, len(starts)}, reverse=True):
        yield fixed[: starts[count]] + END


def _length(data: bytes, position: int) -> int:
    return int.from_bytes(data[position : position + 2], "big")


def _is_sound(data: bytes, marker: int, position: int) -> bool:
    """Return whether a segment can follow a scan: its content must agree with its length."""
    if marker == _END:
        return True
    length = _length(data, position)
    body = data[position + 2 : position + length]
    if len(body) != length - 2:
        return False
    if marker == SCAN:
        return len(body) > 0 and body[0] in range(1, 5) and length == 6 + 2 * body[0]
    if marker == _HUFFMAN:
        while len(body) > 17 and body[0] & 0xEC == 0:
            body = body[17 + sum(body[1:17]) :]
        return not body
    if marker == _QUANTISATION:
        while body and body[0] & 0xEC == 0:
            body = body[129 if body[0] & 0x10 else 65 :]
        return not body
    return length == 4 if marker in (_LINES, _RESTART) else marker in _TEXTS
