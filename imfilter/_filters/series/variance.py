"""Variances and standard deviations of windows: the groups of samples that compose each window.

A window of 25 samples consists of three groups of 8 and a sample. A window of 1,000 samples consists of five
groups of 200, each of which has five groups of 40, which have five groups of 8.
"""

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base.program import address
from imfilter._filters.series.kernels import variance
from imfilter._filters.series.kernels.blocks import LANES
from imfilter._simd.vector import LINE

#: Largest numbers of samples, and of groups, that are merged to a group at once.
_SAMPLES, _GROUPS = 10, 8
#: Costs, in loads of a vector: a sample, a group, and a level.
_SAMPLE, _GROUP, _LEVEL = 2.0, 4.0, 5.0
#: From this size of a group on, only this number of groups is merged.
_LARGE, _USUAL = 512, 5
#: Number of rows of a block: smallest number of elements, multiple of a window and the largest number of
#: elements for it, and smallest multiple of a window. Standard deviations of 1,000 samples take 42 ms, and 48
#: ms in blocks of 3,000 rows (10 million samples, one thread, Zen 4).
_ROWS, _MULTIPLE, _MOST, _LEAST = 1024, 12, 12288, 2
#: Number of interleaved series that are processed together, and if windows are long.
COLUMNS, _FEW, _LONG = 64, 8, 64


def blocks(size: int, series: int) -> tuple[int, int]:
    """Return the numbers of rows and of series that are processed together."""
    columns = min(series, COLUMNS if size <= _LONG else _FEW)
    return max(_ROWS // columns, min(_MULTIPLE * size, _MOST // columns), _LEAST * size), columns


def parts_of(size: int, widths: tuple[int, ...]) -> list[int]:
    """Return the levels of the groups that compose `size` samples, the largest first."""
    found: list[int] = []
    for level in range(len(widths) - 1, -1, -1):
        found += [level] * (size // widths[level])
        size %= widths[level]
    return found


@functools.lru_cache(maxsize=1024)
def widths_of(size: int) -> tuple[int, ...]:
    """Return the numbers of samples of the groups of each level, for windows of `size` samples."""
    best: float = math.inf
    chosen: tuple[int, ...] = (1,)

    def add(widths: tuple[int, ...], cost: float) -> None:
        nonlocal best, chosen
        last = widths[-1]
        if size // last <= 16 * _GROUPS:
            parts = parts_of(size, widths)
            singles = parts.count(0)
            total = cost + _SAMPLE * singles + _GROUP * (len(parts) - singles)
            if total < best:
                best, chosen = total, widths
        most = _SAMPLES if last == 1 else _GROUPS
        for count in range(2, most + 1) if last < _LARGE else (_USUAL,):
            more = cost + _LEVEL + count * (_SAMPLE if last == 1 else _GROUP)
            if last * count <= size and more + _LEVEL < best:
                add((*widths, last * count), more)

    add((1,), 0.0)
    return chosen


class _Tables(NamedTuple):
    """Tables for the kernel."""

    levels: npt.NDArray[np.int64]
    parts: npt.NDArray[np.int64]


@functools.lru_cache(maxsize=1024)
def _tables(size: int) -> _Tables:
    widths = widths_of(size)
    composed = [(width, [level] * (width // widths[level])) for level, width in enumerate(widths[1:])]
    levels: list[tuple[int, int, int]] = []
    parts: list[tuple[int, int, int]] = []
    for width, members in (*composed, (size, parts_of(size, widths))):
        levels.append((width, len(members), len(parts)))
        row = 0
        for level in members:
            parts.append((level, row, int(np.float64(widths[level]).view(np.int64))))
            row += widths[level]
    return _Tables(np.array(levels, np.int64), np.array(parts, np.int64))


class Spreading:
    """The variances of windows of one size, or their roots."""

    def __init__(self, size: int, ddof: float, is_root: bool) -> None:
        self._size, self._ddof, self._is_root = size, ddof, is_root
        self._tables = _tables(size)

    def rows(self, source: int, target: int, rows: int, series: int, counts: int = 0) -> None:
        """Compute `rows` windows of interleaved series. `counts` is the address of how much samples count."""
        self._ready(rows, series, counts)(source, target)

    def one(self) -> Callable[[int, int], object]:
        """Return a function that computes a single window."""
        return self._ready(1, 1, 0)

    def _ready(self, rows: int, series: int, counts: int) -> Callable[[int, int], object]:
        size, tables = self._size, self._tables
        block, columns = blocks(size, series)
        block = min(block, rows)
        arrays = variance.COUNTED_ARRAYS if counts else 2 * len(tables.levels)
        buffer = np.zeros(arrays * ((block + size - 1) * columns + 2 * LANES) + LINE // 8)
        place = -(-address(buffer) // LINE) * LINE, block, columns
        if counts:
            counted = rows, series, size, counts, self._ddof, self._is_root, *place
            return functools.partial(_call, variance.counted_variance.entry(), counted, buffer)
        degrees = size - self._ddof
        levels, parts = address(tables.levels), address(tables.parts)
        numbers = (
            rows, series, size, levels, len(tables.levels), parts, degrees if degrees > 0 else math.nan,
            self._is_root, *place,
        )  # fmt: skip
        return functools.partial(_call, variance.variance.entry(), numbers, (buffer, tables))


def _call(entry: Any, numbers: tuple[Any, ...], owners: Any, source: int, target: int) -> None:
    """Call a kernel. `owners` keeps the memory alive whose addresses are among the numbers."""
    entry(source, target, *numbers)
