"""Whether the scans of a JPEG file are whole: whether each has as many codes as the picture has coefficients.

A decoder fills in what is missing, skips what is too much, and says nothing of it.

Source: ITU-T T.81, annexes B, C, F and G.
"""

from __future__ import annotations

import re
import struct
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._core.program import address
from .._kernels import entropy
from . import jpeg

Array = NDArray[Any]

_RESTART_MARKER = re.compile(rb"\xff([\xd0-\xd7])")
_SEQUENTIAL, _PROGRESSIVE = (0xC0, 0xC1), 0xC2
_BLOCK = 8  # samples along each side
_FILLS = (b"\0", b"\xff")  # what programs put behind the codes of a scan


class Component(NamedTuple):
    """One of the colours: its blocks in a unit of all colours, its size in blocks, what of it is not zero."""

    across: int
    down: int
    width: int
    height: int
    known: Array


class Frame(NamedTuple):
    """The picture: its colours by number, and the units of all of them."""

    progressive: bool
    components: dict[int, Component]
    units: int


class Scan(NamedTuple):
    """What a scan begins with: colours with their tables, coefficients, and the bit above its own."""

    components: list[tuple[int, int]]
    low: int
    high: int
    above: int


def are_whole(data: bytes, parts: list[jpeg.Segment]) -> bool:
    """Tell whether the scans of a JPEG file are whole; True for kinds that are not looked at.

    Parameters
    ----------
    data : bytes
        The file.
    parts : list of Segment
        Its segments.
    """
    try:
        return _are_whole(data, parts)
    except (ValueError, IndexError, struct.error):  # a header that contradicts itself
        return False


def _are_whole(data: bytes, parts: list[jpeg.Segment]) -> bool:
    frame: Frame | None = None
    tables: dict[int, Array] = {}
    interval = 0
    for part in parts:
        body = data[part.start + 2 : part.stop]
        if part.marker in jpeg.FRAMES:
            frame = _frame(body, part.marker)
            if frame is None:
                return True
        elif part.marker == jpeg.HUFFMAN:
            tables.update(_tables(body))
        elif part.marker == jpeg.RESTART:
            (interval,) = struct.unpack_from(">H", body)
        elif part.marker == jpeg.SCAN:
            if frame is None or jpeg.has_false_markers(data, part):
                return False
            if not _is_whole(frame, tables, interval, body):
                return False
    return True


def _frame(body: bytes, marker: int) -> Frame | None:
    """Return what a frame says, None for arithmetic codes, lossless frames and heights that come later."""
    _, height, width, count = struct.unpack_from(">BHHB", body)
    parts = [struct.unpack_from("BB", body, 6 + 3 * number) for number in range(count)]
    if marker not in (*_SEQUENTIAL, _PROGRESSIVE) or not (height and width and parts):
        return None
    if any(not (sampling >> 4 and sampling & 15) for _, sampling in parts):
        return None
    across = max(sampling >> 4 for _, sampling in parts)
    down = max(sampling & 15 for _, sampling in parts)
    components = {}
    for name, sampling in parts:
        blocks = (
            -(-width * (sampling >> 4) // (across * _BLOCK)),
            -(-height * (sampling & 15) // (down * _BLOCK)),
        )
        known = np.zeros(blocks[0] * blocks[1] if marker == _PROGRESSIVE else 0, np.int64)
        components[name] = Component(sampling >> 4, sampling & 15, *blocks, known)
    units = -(-width // (across * _BLOCK)) * -(-height // (down * _BLOCK))
    return Frame(marker == _PROGRESSIVE, components, units)


def _tables(body: bytes) -> dict[int, Array]:
    """Return, by class and number, tables of the length and symbol of the code that some bits begin with."""
    tables = {}
    while len(body) > 17:
        counts = body[1:17]
        lengths = np.repeat(np.arange(1, 17), list(counts))
        symbols = np.frombuffer(body, np.uint8, len(lengths), 17)
        codes = (lengths << 8 | symbols).astype(np.uint16)
        table = np.zeros((1 << entropy.SHORT) + (1 << 16), np.uint16)
        for bits, place in ((entropy.SHORT, 0), (16, 1 << entropy.SHORT)):
            fits = lengths <= bits
            filled = np.repeat(codes[fits], 1 << (bits - lengths[fits]))[: 1 << bits]
            table[place : place + len(filled)] = filled
        tables[body[0]] = table
        body = body[17 + len(lengths) :]
    return tables


def _is_whole(frame: Frame, tables: dict[int, Array], interval: int, body: bytes) -> bool:
    """Tell whether a scan, given from its header on, has the codes that it should have."""
    count = body[0]
    named = [(body[1 + 2 * number], body[2 + 2 * number]) for number in range(count)]
    scan = Scan(named, low=body[1 + 2 * count], high=body[2 + 2 * count], above=body[3 + 2 * count] >> 4)
    if any(name not in frame.components for name, _ in scan.components):
        return False
    coded = body[4 + 2 * count :]
    alone = frame.components[scan.components[0][0]]
    units = alone.width * alone.height if count == 1 else frame.units
    parts = _RESTART_MARKER.split(coded)
    interval = interval or units
    turns = [0xD0 + number % 8 for number in range(len(parts) // 2)]
    if [ord(marker) for marker in parts[1::2]] != turns or len(parts[::2]) != -(-units // interval):
        return False
    plain = [part.replace(b"\xff\0", b"\xff") for part in parts[::2]]
    ends = _ends(frame, tables, scan, plain, interval, units)
    return ends is not None and all(
        _is_end(part, end) for part, end in zip(plain, ends.tolist(), strict=True)
    )


def _is_end(part: bytes, end: int) -> bool:
    """Tell whether codes that end at a bit are all there are."""
    rest = part[-(-end // 8) :]
    return 0 <= end <= 8 * len(part) and any(not rest.strip(fill) for fill in _FILLS)


def _ends(
    frame: Frame, tables: dict[int, Array], scan: Scan, plain: list[bytes], interval: int, units: int
) -> Array | None:
    """Return the bit at which the codes of each part end, below 0 for wrong codes; None without tables."""
    data = np.frombuffer(b"".join(plain) + bytes(entropy.BEHIND), np.uint8)
    starts = np.cumsum([0, *map(len, plain)], dtype=np.int64)
    ends = np.zeros(len(plain), np.int64)
    layout = (address(data), address(starts), len(plain), interval, units)
    components = [(frame.components[name], number) for name, number in scan.components]
    alone = len(components) == 1
    if frame.progressive and scan.low == 0 and scan.above:  # a bit for each block
        blocks = 1 if alone else sum(part.across * part.down for part, _ in components)
        sizes = np.minimum(interval, units - interval * np.arange(len(plain)))
        return sizes * blocks
    if frame.progressive and scan.low > 0:
        ((component, number),) = components
        table = tables.get(0x10 | number & 15)
        if table is None or not scan.low <= scan.high < _BLOCK * _BLOCK:
            return None
        read = entropy.refine_band if scan.above else entropy.read_band
        read.entry()(*layout, address(table), scan.low, scan.high, address(component.known), address(ends))
    else:
        chosen = []
        for component, number in components:
            first, others = tables.get(number >> 4), tables.get(0x10 | number & 15)
            if first is None or (others is None and not frame.progressive):
                return None
            pair = [address(first), 0 if frame.progressive or others is None else address(others)]
            chosen += pair * (1 if alone else component.across * component.down)
        found = np.array(chosen, np.int64)
        entropy.read_blocks.entry()(*layout, address(found), len(found) // 2, address(ends))
    return np.where(ends < 0, ends, ends - 8 * starts[:-1])
