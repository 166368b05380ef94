"""The structure of JPEG files: segments and scans, found without decoding.

Source: ITU-T T.81, annex B.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_ALONE = {0x01, *range(0xD0, 0xD8)}
# In a scan, a byte of 255 is followed by 0, and restart markers may stand between its parts.
_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")


class Segment(NamedTuple):
    """A marker and what belongs to it, from its first byte on: in a scan, the coded data too."""

    marker: int
    start: int
    stop: int


def segments(data: bytes) -> Iterator[Segment]:
    """Yield the segments of a JPEG file; the last has the end marker if the file has one."""
    place = 0
    while found := _MARKER.search(data, place):
        marker, start = data[found.end() - 1], found.end()
        if marker in (_START, _END) or marker in _ALONE:
            yield Segment(marker, start, start)
            if marker == _END:
                return
            place = start
            continue
        if start + 2 > len(data):
            return
        (length,) = struct.unpack_from(">H", data, start)
        place = start + max(2, length)
        if marker == _SCAN:
            following = _MARKER.search(data, place)
            place = following.start() if following else len(data)
        yield Segment(marker, start, min(place, len(data)))


def size(data: bytes) -> tuple[int, int]:
    """Return the width and height that a JPEG file says."""
    for segment in segments(data):
        if segment.marker in _FRAMES and segment.stop - segment.start >= 7:
            height, width = struct.unpack_from(">HH", data, segment.start + 3)
            return width, height
    raise ValueError("JPEG data without a size")
