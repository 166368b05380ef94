"""Variances and standard deviations of windows: the tables of the groups that compose each window."""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base.grouping import levels_of, parts_of, widths_of
from imfilter._base.program import address
from imfilter._filters.series.kernels import groups, variance, variance_gaps
from imfilter._filters.series.kernels.blocks import LANES
from imfilter._filters.series.pieces import Prepared
from imfilter._simd.registers import LINE

#: Number of rows of a block: smallest number of elements, multiple of a window and the largest number of
#: elements for it, and smallest multiple of a window; see `_prefetch` in the kernel.
_ROWS, _MULTIPLE, _MOST, _LEAST = 1024, 24, 12288, 2
#: Number of interleaved series that are processed together, and if windows are long.
COLUMNS, _FEW, _LONG = 64, 8, 64

#: Groups start again after a stretch of at least this number of elements, and of windows. As in `_STRETCH` of
#: the means, the last stretch is computed first: windows of 999 samples take 20.7 ms, and 21.7 ms as one
#: stretch (10 million samples, two threads, Zen 4).
_STRETCH, _WINDOWS = 1 << 17, 64
#: From this size of a window on, its groups consist of groups of eight samples, which begin at whole
#: registers. A group has at most `_MERGED` parts, and exactly as many if they have `_LARGE` samples or more.
#: The window has at most `_MOST_PARTS` of the largest groups.
_ALIGNED, _MERGED, _LARGE, _MOST_PARTS = 256, 5, 512, 64
#: Costs, in groups of a window: a level, a part of the first groups of eights, stored groups of eight, and a
#: single sample. Windows of 999 samples take 39 ms, and 49 ms with groups of 9, 27, 81 and 243 (10 million
#: samples, one thread, Zen 4). If series are interleaved, windows of 500 take up to a sixth more.
_LEVEL_COST, _PART_COST, _STORED_COST, _SINGLE_COST = 5.4, 0.6, 2.0, 0.13


def blocks(size: int, series: int) -> tuple[int, int]:
    """Return the numbers of rows and of series that are processed together."""
    columns = min(series, COLUMNS if size <= _LONG else _FEW)
    return max(_ROWS // columns, min(_MULTIPLE * size, _MOST // columns), _LEAST * size), columns


class _Tables(NamedTuple):
    """Tables for the kernel."""

    levels: npt.NDArray[np.int64]
    parts: npt.NDArray[np.int64]


def widths(size: int) -> tuple[int, ...]:
    """Return the numbers of samples of the groups of each level, for windows of `size` samples."""
    if size < _ALIGNED:
        return widths_of(size)
    best: float = math.inf
    chosen: tuple[int, ...] = ()

    def add(widths: tuple[int, ...], cost: float) -> None:
        nonlocal best, chosen
        if size // widths[-1] <= _MOST_PARTS:
            parts = parts_of(size, widths)
            singles = parts.count(0)
            total = cost + len(parts) - singles + _SINGLE_COST * singles
            # Groups of eight that only the next level has stay in registers.
            total += _STORED_COST if 1 in parts else 0.0
            if total < best:
                best, chosen = total, widths
        for count in range(2, _MERGED + 1) if widths[-1] < _LARGE else (_MERGED,):
            if widths[-1] * count < size and cost + _LEVEL_COST < best:
                add((*widths, widths[-1] * count), cost + _LEVEL_COST)

    for count in range(_MERGED, 1, -1):
        add((1, 8, 8 * count), _PART_COST * count)
    return chosen


@functools.lru_cache(maxsize=1024)
def _tables(size: int) -> _Tables:
    composed = widths(size)
    levels: list[tuple[int, int, int, int]] = []
    parts: list[tuple[int, int, int]] = []
    for width, members in levels_of(size, composed):
        sizes = {composed[level] for level, _ in members}
        kind = groups.OTHERS if len(sizes) > 1 else groups.EQUALS if members[0][0] else groups.SAMPLES
        levels.append((width, len(members), len(parts), kind))
        parts += [(level, row, int(np.float64(composed[level]).view(np.int64))) for level, row in members]
    return _Tables(np.array(levels, np.int64), np.array(parts, np.int64))


class Spreading:
    """The variances of windows of one size, or their roots."""

    def __init__(self, size: int, ddof: float, is_root: bool) -> None:
        self._size, self._ddof, self._is_root = size, ddof, is_root
        self._tables = _tables(size)

    def ready(self, rows: int, series: int, counted: bool) -> Callable[[int, int, int], None]:
        """Return a function that computes `rows` windows of interleaved series.

        Its arguments are the addresses of samples, of results and, if `counted`, of how much samples count.
        """
        if counted:
            return self._counted(rows, series)
        stretch = max(_STRETCH // series, _WINDOWS * self._size)
        if rows <= stretch:
            return self._ready(rows, series)
        compute = self._ready(stretch, series)

        def call(source: int, target: int, _: int) -> None:
            for top in range((rows - 1) // stretch * stretch, -1, -stretch):
                number, start = min(stretch, rows - top), 8 * top * series
                ready = compute if number == stretch else self._ready(number, series)
                ready(source + start, target + start)

        return call

    def one(self) -> Callable[[int, int], object]:
        """Return a function that computes a single window."""
        return self._ready(1, 1).one()

    def _place(self, rows: int, series: int, arrays: int) -> tuple[npt.NDArray, tuple[int, int, int]]:
        """Return memory for arrays of a block of rows, its first cache line, and the size of the block."""
        block, columns = blocks(self._size, series)
        block = min(block, rows)
        buffer = np.zeros(arrays * ((block + self._size - 1) * columns + 2 * LANES) + LINE // 8)
        return buffer, (-(-address(buffer) // LINE) * LINE, block, columns)

    def _counted(self, rows: int, series: int) -> Callable[[int, int, int], None]:
        buffer, place = self._place(rows, series, variance_gaps.COUNTED_ARRAYS)
        entry = variance_gaps.counted_variance.entry()

        def call(source: int, target: int, counts: int, owner: npt.NDArray = buffer) -> None:
            entry(source, target, rows, series, self._size, counts, self._ddof, self._is_root, *place)

        return call

    def _ready(self, rows: int, series: int) -> Prepared:
        size, tables = self._size, self._tables
        buffer, place = self._place(rows, series, 2 * len(tables.levels))
        degrees, spots = float(size - self._ddof), np.empty_like(tables.parts)
        levels, parts = address(tables.levels), address(tables.parts)
        numbers = (
            rows, series, size, levels, len(tables.levels), parts, degrees if degrees > 0 else math.nan,
            self._is_root, address(spots), *place,
        )  # fmt: skip
        return Prepared(variance.variance, variance.variance_of, numbers, (buffer, spots, tables))

    def ready_for_gaps(self, rows: int, series: int, fewest: int) -> Prepared:
        """Return a function that computes `rows` windows in which NaN is absent.

        A window with fewer than `fewest` samples gives NaN.
        """
        size, tables = self._size, self._tables
        buffer, place = self._place(rows, series, 2 * len(tables.levels) + variance_gaps.PRESENT_ARRAYS)
        spots = np.empty_like(tables.parts)
        numbers = (
            rows, series, size, address(tables.levels), len(tables.levels), address(tables.parts),
            float(self._ddof), float(fewest), self._is_root, address(spots), *place,
        )  # fmt: skip
        owners = buffer, spots, tables
        return Prepared(variance_gaps.present_variance, variance_gaps.present_variance_of, numbers, owners)
