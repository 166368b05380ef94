"""Sums and means of windows of series: the parts of each sum, and the size of the blocks of a series.

A sum consists of sums of 1, 2, 4 ... 64 samples: one for each bit of its size. A large sum consists of
several equal sums and a remainder, which are composed in the same way. Each level keeps the sums that the
next levels need. So no sum is computed twice, except at the start of a stretch. A mean of 100 samples has 3
parts. A mean of 1,000 samples has 5 parts of 200 samples, with 4 parts each. To store and load a sum takes as
long as 2 or 3 more parts.
"""

import functools
import math
from collections.abc import Callable
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base.program import address
from imfilter._filters.series.kernels import doubling_sums, mean
from imfilter._filters.series.pieces import Prepared
from imfilter._simd.registers import LINE

_Parts = tuple[int, ...]

#: Windows with fewer samples than this are summed sample by sample.
_DIRECT = 12
#: Sizes of sums that are computed in registers. Number of these sizes for interleaved series, and for few
#: interleaved series.
_LOW, _ACROSS, _NONE = tuple(doubling_sums.LAGS), 4, 1
#: Smallest size of a sum of larger sums, largest number of its parts, and the cost of a level in parts.
_LEAST, _PARTS, _LEVEL = 192, 16, 2.5
#: From this size on, only this number of parts is considered.
_MANY, _USUAL = 1 << 16, 5
#: Number of samples of one series in a block. The data of their sums stay in the first-level cache. Sums of
#: 1,000 samples take 7.3 ms, and with 256 samples in a block 8.3 (10 million samples, two threads, Zen 5).
_BLOCK = 512
#: The same for interleaved series: columns, the limit below which series are few, and rows.
_COLUMNS, _FEW, _ROWS = 64, 16, 16
#: The kept sums of a level move to the front after this multiple of their number: of one series, and of
#: interleaved series, which need more memory. Sums of 999 samples take 16.7 ms, and 17.6 ms with 4 (10
#: million samples, one thread, Zen 4).
_APART, _APART_ACROSS = 8, 4
#: Number of columns if samples are summed one by one, and largest number of elements of the windows.
_NEAR, _ROOM = 256, 1 << 22
#: Sums start again after a stretch of at least this number of elements, and of windows. The last stretch is
#: computed first, because the system clears a large page of a new result at the first access. Then the end of
#: the page is in the cache. Means of 3 samples take 6.2 ms, and 7.9 ms if the first stretch is computed first
#: (10 million samples, two threads, Zen 4).
_STRETCH, _WINDOWS = 1 << 16, 16


def _low(size: int) -> _Parts:
    """Return the sizes of sums of up to 64 samples that compose a sum of `size`, largest first."""
    parts: list[int] = []
    for width in reversed(_LOW):
        parts += [width] * (size // width)
        size %= width
    return tuple(parts)


@functools.lru_cache(maxsize=4096)
def parts_of(size: int) -> tuple[float, tuple[tuple[int, _Parts], ...], _Parts]:
    """Return the cost of a sum of `size` samples, the larger sums that it needs, and its parts."""
    best: tuple[float, tuple[tuple[int, _Parts], ...], _Parts] = math.inf, (), ()
    if size <= _PARTS * _LOW[-1]:
        parts = _low(size)
        best = len(parts), (), parts
    if size < _LEAST:
        return best
    counts = range(2, min(_PARTS, 2 * size // _LEAST) + 1) if size < _MANY else (_USUAL,)
    for count in counts:
        width, rest = divmod(size, count)
        cost, levels, parts = parts_of(width)
        cost += _LEVEL + count + len(_low(rest))
        if cost < best[0]:
            best = (cost, (*levels, (width, parts)), (width,) * count + _low(rest))
    return best


class _Layout(NamedTuple):
    """Tables for the kernel."""

    levels: npt.NDArray[np.int64]
    parts: npt.NDArray[np.int64]
    first: int  # index of the first part of a window
    lag: int
    rows: int  # of the buffer


@functools.lru_cache(maxsize=1024)
def _layout(size: int, block: int, low: int) -> _Layout:
    """Return the tables for windows of `size` samples, with `low` levels of sums of samples."""
    if size < _DIRECT:
        return _Layout(np.empty(0, np.int64), np.empty(0, np.int64), 0, size - 1, 0)
    _, composed, window_parts = parts_of(size)
    # A sum that is used once is not stored. The additions are the same.
    if window_parts[0] in _LOW[low:] and window_parts[0] not in window_parts[1:]:
        window_parts = (window_parts[0] // 2,) * 2 + window_parts[1:]
    composed_of, single = dict(composed), low == len(_LOW)
    lags = dict(doubling_sums.LAGS) if single else {width: width - 1 for width in _LOW}
    most = max(part for parts in (window_parts, *composed_of.values()) for part in parts if part in lags)
    composed_of = {width: (width // 2,) * 2 for width in _LOW[low:] if width <= most} | composed_of
    whole = doubling_sums.OCTET if single else 1  # numbers of rows are a multiple of it
    apart = _APART if single else _APART_ACROSS
    largest_delay: dict[int, int] = {}

    def delayed(parts: _Parts) -> tuple[int, list[tuple[int, int]]]:
        """Return the lag of a sum, and its parts, each with the delay until the sum needs it."""
        starts = [0, *accumulate(parts)]
        ready = [start + lags[part] for start, part in zip(starts, parts, strict=False)]
        lag = -(-max(ready) // whole) * whole
        delays = [(part, lag - at) for part, at in zip(parts, ready, strict=True)]
        for part, delay in delays:
            largest_delay[part] = max(largest_delay.get(part, 0), delay)
        return lag, delays

    entries: dict[int, list[tuple[int, int]]] = {}
    for width, parts in composed_of.items():
        lags[width], entries[width] = delayed(parts)
    lag, windows = delayed(window_parts)
    widths = (*_LOW, *dict(composed))
    levels: list[tuple[int, ...]] = []
    table: list[tuple[int, int]] = []
    rows = whole  # a start of 0 means: no level
    for width in widths:
        history = -(-largest_delay.get(width, 0) // whole) * whole
        span = max(-(-apart * history // block), 1) * block
        parts_here = entries.get(width, [])
        start = rows + history if width in largest_delay else 0
        levels.append((start, history, span, len(parts_here), len(table)))
        table += parts_here
        rows += history + span if start else 0
    numbered = [(widths.index(width), delay) for width, delay in (*table, *windows)]
    return _Layout(np.array(levels, np.int64), np.array(numbered, np.int64), len(table), lag, rows)


class Averaging:
    """The sums of windows of one size, divided by a number."""

    def __init__(self, size: int, divisor: float) -> None:
        self._size, self._divisor = size, divisor

    def one(self) -> Callable[[int, int], object]:
        """Return a function that computes a single window."""
        return self.ready(1, 1).one()

    def ready(self, rows: int, series: int) -> Prepared:
        """Return a function that computes `rows` windows of interleaved series."""
        size, direct = self._size, self._size < _DIRECT
        is_single, is_few = series == 1, 1 < series < _FEW
        low = len(_LOW) if is_single else _NONE if is_few else _ACROSS
        most = _NEAR if direct else max(min(_COLUMNS, _ROOM // size), 2 * doubling_sums.REGISTER)
        columns = series if is_single or is_few else min(series, most)
        block = _BLOCK if is_single else max(_ROWS, _ROWS * _COLUMNS // columns)
        layout = _layout(size, block, low)
        stretch = max(_STRETCH // series, 2 * _ROWS if direct else _WINDOWS * size)
        buffer = np.empty(doubling_sums.HELD + 2 * mean.MOST + (block if is_single else 0))
        sums = np.empty(layout.rows * (1 if is_single else columns + doubling_sums.REGISTER) + LINE // 8)
        levels, parts = layout.levels, layout.parts
        numbers = (
            rows, series, size, float(self._divisor), address(buffer), -(-address(sums) // LINE) * LINE,
            stretch, columns, block, layout.lag, low,
            address(levels), len(levels), address(parts), len(parts) - layout.first, layout.first,
        )  # fmt: skip
        return Prepared(mean.average, mean.average_of, numbers, (buffer, sums, layout))
