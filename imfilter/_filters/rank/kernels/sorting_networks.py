"""Sorting networks: which lines are compared to find the sample of one rank in a window.

A comparison takes two lines and gives the smaller of each two samples, the larger, or both. First the columns
of a window are sorted. Then pairs of sorted columns are merged repeatedly. The sorted columns of one output
are shifted and reused for its neighbours (A. Adams, Fast Median Filters using Separable Sorting Networks, ACM
Transactions on Graphics 40, 2021). Lines are merged by odd-even merging (K. E. Batcher, Sorting Networks and
Their Applications, AFIPS 1968). Values that can no longer have the rank are dropped. Values on which no
result depends are dropped too.
"""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._filters.rank.kernels.ordered_keys import STEP

#: The number of a value, and a shift in pixels.
_Ref = tuple[int, int]


class Comparison(NamedTuple):
    """A comparison of two values. It gives the smaller and the larger. -1 marks a result not needed."""

    a: _Ref
    b: _Ref
    low: int
    high: int
    extent: int  # pixels that one output needs


class Network(NamedTuple):
    """The comparisons that find a rank. The first values are `rows` of the image."""

    rows: int
    comparisons: tuple[Comparison, ...]
    results: tuple[int, ...]  # one value for each row of outputs

    def cost(self) -> int:
        """Return the number of lines that are computed."""
        return sum((c.low >= 0) + (c.high >= 0) for c in self.comparisons)

    def steps(self) -> tuple[npt.NDArray, int]:
        """Return a table of `STEP`, in pixels, and the number of lines it needs: rows first, results last."""
        last = {value: i for i, c in enumerate(self.comparisons) for value, _ in (c.a, c.b)}
        places = {row: row for row in range(self.rows)}
        free: list[int] = []
        lines = self.rows
        steps = np.zeros(len(self.comparisons), STEP)
        for i, c in enumerate(self.comparisons):
            for value in (c.low, c.high):
                if value >= 0 and value not in self.results:
                    if not free:
                        free.append(lines)
                        lines += 1
                    places[value] = free.pop()
            written = [places.get(v, -1) for v in (c.low, c.high)]
            steps[i] = places.get(c.a[0], -1), c.a[1], places.get(c.b[0], -1), c.b[1], *written, c.extent
            free += [places[v] for v in {c.a[0], c.b[0]} if last[v] == i and self.rows <= v]
        for i, c in enumerate(self.comparisons):
            for name in ("low", "high"):
                if getattr(c, name) in self.results:
                    steps[name][i] = lines + self.results.index(getattr(c, name))
        return steps, lines + len(self.results)

    def stages(self) -> tuple[list[list[Comparison]], dict[int, int]]:
        """Return the comparisons in stages without dependence on neighbours, and the lines of stored values.

        Rows are the first lines. Values that another stage reads have a line each. The result is the last
        line.
        """
        level: dict[int, int] = {}
        stages: list[list[Comparison]] = []
        stored: dict[int, None] = {}
        for c in self.comparisons:
            mine = max(level.get(value, 0) + (value in level and shift > 0) for value, shift in (c.a, c.b))
            stored |= {v: None for v, _ in (c.a, c.b) if level.get(v, mine) < mine}
            level |= {value: mine for value in (c.low, c.high) if value >= 0}
            stages += [[] for _ in range(mine + 1 - len(stages))]
            stages[mine].append(c)
        lines = [*range(self.rows), *stored, *self.results]
        return stages, {value: i for i, value in enumerate(lines)}


class _Sorted(NamedTuple):
    """Sorted values of `size` samples. Those before index `first` and after the last kept one are dropped."""

    size: int
    first: int
    refs: list[_Ref]

    def shifted(self, by: int) -> "_Sorted":
        """Return the values shifted by a number of pixels."""
        return self._replace(refs=[(value, shift + by) for value, shift in self.refs])

    def value(self, index: int) -> _Ref | None:
        """Return the value at an index, or None if it is dropped."""
        at = index - self.first
        return self.refs[at] if 0 <= at < len(self.refs) else None


class _Builder:
    """A network under construction. Values are numbered: first the rows, then two for each comparison."""

    def __init__(self, rows: int, samples: int, rank: int) -> None:
        self.rows, self.samples, self.rank = rows, samples, rank
        self.pairs: list[tuple[_Ref, _Ref]] = []

    def compare(self, a: _Ref, b: _Ref) -> tuple[_Ref, _Ref]:
        """Return the smaller and the larger of two values."""
        number = self.rows + 2 * len(self.pairs)
        self.pairs.append((a, b))
        return (number, 0), (number + 1, 0)

    def sort(self, refs: Sequence[_Ref]) -> list[_Ref]:
        """Return the values in sorted order."""
        if len(refs) == 1:
            return list(refs)
        half = len(refs) // 2
        return self.merge(self.sort(refs[:half]), self.sort(refs[half:]))

    def merge(self, a: list[_Ref], b: list[_Ref]) -> list[_Ref]:
        """Return the values of two sorted lists in sorted order."""
        if not a or not b:
            return a or b
        if len(a) == len(b) == 1:
            return list(self.compare(a[0], b[0]))
        even, odd = self.merge(a[::2], b[::2]), self.merge(a[1::2], b[1::2])
        merged = even[:1]
        for i in range(max(len(odd), len(even) - 1)):
            if i >= len(odd):
                merged.append(even[i + 1])
            elif i + 1 >= len(even):
                merged.append(odd[i])
            else:
                merged += self.compare(odd[i], even[i + 1])
        return merged

    def extreme(self, refs: Sequence[_Ref], which: int) -> _Ref:
        """Return the smallest value (0) or the largest (1)."""
        if len(refs) == 1:
            return refs[0]
        half = len(refs) // 2
        return self.compare(self.extreme(refs[:half], which), self.extreme(refs[half:], which))[which]

    def sorted(self, refs: Sequence[_Ref]) -> _Sorted:
        """Sort values. Keep those that may have the rank."""
        return self._kept(len(refs), 0, self.sort(refs))

    def merged(self, a: _Sorted, b: _Sorted) -> _Sorted:
        """Merge sorted values. Keep those that may have the rank."""
        return self._kept(a.size + b.size, a.first + b.first, self.merge(a.refs, b.refs))

    def _possible(self, count: int) -> tuple[int, int]:
        """Return the range of indices, among `count` sorted samples, that may have the rank."""
        return max(0, count - self.samples + self.rank), min(count, self.rank + 1)

    def _kept(self, count: int, dropped: int, refs: list[_Ref]) -> _Sorted:
        first, stop = self._possible(count)
        first = max(first, dropped)
        return _Sorted(count, first, refs[first - dropped : stop - dropped])

    def select(self, a: _Sorted, b: _Sorted) -> _Ref:
        """Return the value of the rank among all samples, which are divided between two lists.

        The value and all smaller ones are the first values of both lists. For each possible division, take
        the larger of the last values of the two parts. The result is the minimum over all divisions.
        """
        choices = []
        for i in range(max(0, self.rank + 1 - b.size), min(a.size, self.rank + 1) + 1):
            last = [v for v in (a.value(i - 1), b.value(self.rank - i)) if v is not None]
            choices.append(self.compare(*last)[1] if len(last) == 2 else last[0])
        return self.extreme(choices, 0)

    def finish(self, *results: _Ref) -> Network:
        """Return the network without the comparisons on which no result depends."""
        extents = {value: 1 for value, _ in results}
        needed: list[Comparison] = []
        for number in reversed(range(len(self.pairs))):
            low = self.rows + 2 * number
            if low in extents or low + 1 in extents:
                a, b = self.pairs[number]
                extent = max(extents.get(low, 0), extents.get(low + 1, 0))
                used = tuple(v if v in extents else -1 for v in (low, low + 1))
                needed.append(Comparison(a, b, used[0], used[1], extent))
                for value, shift in (a, b):
                    extents[value] = max(extents.get(value, 0), extent + shift)
        return Network(self.rows, tuple(reversed(needed)), tuple(value for value, _ in results))


@functools.lru_cache(maxsize=64)
def extremes(planes: int, rows: int, columns: int, outputs: int, which: int) -> Network:
    """Return the network for the minimum (0) or maximum (1) in windows of neighbouring `outputs`.

    The extreme of twice as many rows or columns is that of two extremes. For other numbers the two overlap.
    The number of comparisons is logarithmic, but they run in vectors. M. van Herk's algorithm takes three
    comparisons for any number (A fast algorithm for local minimum and maximum filters, Pattern Recognition
    Letters 13, 1992).
    """
    high = rows + outputs - 1
    build = _Builder(planes * high, planes * rows * columns, 0)
    lines = [build.extreme([(i * high + j, 0) for i in range(planes)], which) for j in range(high)]
    if outputs == 1:  # no neighbour shares the work
        lines, rows = [build.extreme(lines, which)], 1
    wide = 1
    while 2 * wide <= rows:
        lines = [build.compare(a, b)[which] for a, b in zip(lines, lines[wide:], strict=False)]
        wide *= 2
    if wide < rows:
        lines = [build.compare(lines[o], lines[o + rows - wide])[which] for o in range(outputs)]
    results = []
    for value, _ in lines[:outputs]:
        if columns == 3:  # one stage, with the same number of comparisons
            results.append(build.extreme([(value, shift) for shift in range(3)], which))
            continue
        wide, line = 1, (value, 0)
        while 2 * wide <= columns:
            line = build.compare(line, (line[0], wide))[which]
            wide *= 2
        if wide < columns:
            line = build.compare(line, (line[0], columns - wide))[which]
        results.append(line)
    return build.finish(*results)


@functools.lru_cache(maxsize=64)
def rectangle(rows: int, columns: int, rank: int) -> Network:
    """Return the network for a rank in a window of rows, of one or several planes, and columns."""
    build = _Builder(rows, rows * columns, rank)
    if (rows, columns, rank) == (3, 3, 4):
        return build.finish(_middle_of_nine(build))
    lists = {1: build.sorted([(row, 0) for row in range(rows)])}
    if columns == 1:
        (result,) = lists[1].refs
        return build.finish(result)
    wide = 1
    while 2 * wide < columns:
        lists[2 * wide] = build.merged(lists[wide], lists[wide].shifted(wide))
        wide *= 2
    # The remaining columns after the widest list.
    parts, start = [], wide
    for power in sorted(lists, reverse=True):
        if (columns - wide) & power:
            parts.append(lists[power].shifted(start))
            start += power
    rest = parts.pop()
    while parts:
        rest = build.merged(parts.pop(), rest)
    return build.finish(build.select(lists[wide], rest))


def small(rows: int, columns: int, rank: int) -> Network:
    """Return the network for any rank in a small window; see `rectangle`."""
    if rank in (0, rows * columns - 1):
        return extremes(1, rows, columns, 1, int(rank > 0))
    return rectangle(rows, columns, rank)


def _middle_of_nine(build: _Builder) -> _Ref:
    """Return the median of 3x3 in 18 lines, where merging takes 22.

    It is the median of three values: the maximum of the columns' minima, the median of their medians, and the
    minimum of their maxima (A. W. Paeth, Median Finding on a 3x3 Grid, Graphics Gems, 1990).
    """

    def middle(a: _Ref, b: _Ref, c: _Ref) -> _Ref:
        low, high = build.compare(a, b)
        return build.compare(low, build.compare(high, c)[0])[1]

    def along(value: _Ref) -> list[_Ref]:
        return [(value[0], shift) for shift in range(3)]

    low, mid, high = map(along, build.sort([(row, 0) for row in range(3)]))
    return middle(build.extreme(low, 1), middle(*mid), build.extreme(high, 0))


@functools.lru_cache(maxsize=64)
def scattered(rows: int, taps: tuple[_Ref, ...], rank: int) -> Network:
    """Return the network for samples anywhere in a window, each given by its row and its shift in pixels."""
    build = _Builder(rows, len(taps), rank)
    if rank in (0, len(taps) - 1):
        return build.finish(build.extreme(taps, int(rank > 0)))
    return build.finish(build.sort(taps)[rank])


@functools.lru_cache(maxsize=64)
def smallest(samples: int, kept: int) -> Network:
    """Return the network for the smallest of some samples, in sorted order. Each sample is a row."""
    build = _Builder(samples, samples, 0)
    return build.finish(*build.sort([(sample, 0) for sample in range(samples)])[:kept])
