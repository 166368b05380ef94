"""Which lines are compared to find the sample of one rank in a window: networks of comparisons.

A comparison takes two lines and gives the smaller of each two samples, the larger, or both. The columns of a
window are sorted first, then sorted columns are merged into twice as many at a time: what is sorted for
one output is shifted and serves its neighbours (A. Adams, Fast Median Filters using Separable Sorting
Networks, ACM Transactions on Graphics 40, 2021). Lines are merged the odd-even way (K. E. Batcher, Sorting
Networks and Their Applications, AFIPS 1968). What can no longer have the rank is dropped, and so is
what nothing depends on.
"""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._kernels.order import STEP

#: A value, by number, so many pixels further on.
_Ref = tuple[int, int]


class Network(NamedTuple):
    """The comparisons for one rank in a window of so many `rows`, which are the first lines."""

    steps: npt.NDArray  # see `STEP`; shifts and extents are in pixels
    rows: int
    lines: int  # with the rows; the last is the result
    comparisons: int  # of which one gives either the smaller or the larger


class _Sorted(NamedTuple):
    """Sorted values of `count` samples, of which those before `first` and behind the last are dropped."""

    count: int
    first: int
    refs: list[_Ref]

    def shifted(self, by: int) -> "_Sorted":
        """Return the values so many pixels further on."""
        return self._replace(refs=[(value, shift + by) for value, shift in self.refs])

    def value(self, index: int) -> _Ref | None:
        """Return the value at an index, if it is kept."""
        at = index - self.first
        return self.refs[at] if 0 <= at < len(self.refs) else None


class _Builder:
    """A network in the making. Values are numbered: first the rows, then two for each comparison."""

    def __init__(self, rows: int, samples: int, rank: int) -> None:
        self.rows, self.samples, self.rank = rows, samples, rank
        self.pairs: list[tuple[_Ref, _Ref]] = []

    def compare(self, a: _Ref, b: _Ref) -> tuple[_Ref, _Ref]:
        """Return the smaller and the larger of two values."""
        number = self.rows + 2 * len(self.pairs)
        self.pairs.append((a, b))
        return (number, 0), (number + 1, 0)

    def sort(self, refs: Sequence[_Ref]) -> list[_Ref]:
        """Return values in order."""
        if len(refs) == 1:
            return list(refs)
        half = len(refs) // 2
        return self.merge(self.sort(refs[:half]), self.sort(refs[half:]))

    def merge(self, a: list[_Ref], b: list[_Ref]) -> list[_Ref]:
        """Return the values of two sorted lists in order."""
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
        """Return the smallest value (0) or the largest (1), halves before the whole: neighbours share them."""
        if len(refs) == 1:
            return refs[0]
        half = len(refs) // 2
        return self.compare(self.extreme(refs[:half], which), self.extreme(refs[half:], which))[which]

    def sorted(self, refs: Sequence[_Ref]) -> _Sorted:
        """Sort values as far as they may have the rank."""
        first, stop = self._possible(len(refs))
        if stop - first == 1 and self.rank in (0, self.samples - 1):
            return _Sorted(len(refs), first, [self.extreme(refs, int(self.rank > 0))])
        return self._kept(len(refs), 0, self.sort(refs))

    def merged(self, a: _Sorted, b: _Sorted) -> _Sorted:
        """Merge sorted values as far as they may have the rank."""
        return self._kept(a.count + b.count, a.first + b.first, self.merge(a.refs, b.refs))

    def _possible(self, count: int) -> tuple[int, int]:
        """Return which of so many sorted samples may have the rank, from the first to behind the last."""
        return max(0, count - self.samples + self.rank), min(count, self.rank + 1)

    def _kept(self, count: int, dropped: int, refs: list[_Ref]) -> _Sorted:
        first, stop = self._possible(count)
        first = max(first, dropped)
        return _Sorted(count, first, refs[first - dropped : stop - dropped])

    def select(self, a: _Sorted, b: _Sorted) -> _Ref:
        """Return the value of the rank among all samples, which are in one list or the other.

        So many of it and smaller ones are some of the first list and the rest of the second; it is
        the smallest that is the larger of the two last, over all ways to part them.
        """
        choices = []
        for i in range(max(0, self.rank + 1 - b.count), min(a.count, self.rank + 1) + 1):
            last = [v for v in (a.value(i - 1), b.value(self.rank - i)) if v is not None]
            choices.append(self.compare(*last)[1] if len(last) == 2 else last[0])
        return self.extreme(choices, 0)

    def finish(self, result: _Ref) -> Network:
        """Drop what the result does not depend on, and give the rest its lines."""
        extents = {result[0]: 1 + result[1]}  # pixels beside the outputs', and one
        needed = []
        for number in reversed(range(len(self.pairs))):
            low = self.rows + 2 * number
            used = [v in extents for v in (low, low + 1)]
            if any(used):
                extent = max(extents.get(low, 0), extents.get(low + 1, 0))
                needed.append((self.pairs[number], low, used, extent))
                for value, shift in self.pairs[number]:
                    extents[value] = max(extents.get(value, 0), extent + shift)
        needed.reverse()
        last = {value: i for i, (pair, *_) in enumerate(needed) for value, _ in pair}
        places = {row: row for row in range(self.rows)}
        free: list[int] = []
        lines = self.rows
        steps = np.zeros(len(needed), STEP)
        for i, (((a, shift_a), (b, shift_b)), low, used, extent) in enumerate(needed):
            written = [-1, -1]
            for k in range(2):
                if used[k]:
                    if not free:
                        free.append(lines)
                        lines += 1
                    written[k] = places[low + k] = free.pop()
            steps[i] = places[a], shift_a, places[b], shift_b, *written, extent
            free += [places[v] for v in {a, b} if last[v] == i and v >= self.rows]
        # The result has a line of its own.
        steps[-1]["low" if steps[-1]["low"] >= 0 else "high"] = lines
        comparisons = int((steps["low"] >= 0).sum() + (steps["high"] >= 0).sum())
        return Network(steps, self.rows, lines + 1, comparisons)



@functools.lru_cache(maxsize=64)
def rectangle(rows: int, columns: int, rank: int) -> Network:
    """Return the network for a window of so many rows, of one plane or several, and columns."""
    build = _Builder(rows, rows * columns, rank)
    lists = {1: build.sorted([(row, 0) for row in range(rows)])}
    if columns == 1:
        (result,) = lists[1].refs
        return build.finish(result)
    wide = 1
    while 2 * wide < columns:
        lists[2 * wide] = build.merged(lists[wide], lists[wide].shifted(wide))
        wide *= 2
    # What is left of the columns behind the widest list.
    rest, at = lists[wide], columns - wide
    if at != wide:
        parts, start = [], wide
        for power in sorted(lists, reverse=True):
            if (columns - wide) & power:
                parts.append(lists[power].shifted(start))
                start += power
        rest = parts.pop()
        while parts:
            rest = build.merged(parts.pop(), rest)
    else:
        rest = rest.shifted(wide)
    if rank in (0, rows * columns - 1):  # lists may overlap where only the first or the last counts
        return build.finish(build.extreme([*lists[wide].refs, *lists[wide].shifted(at).refs], int(rank > 0)))
    return build.finish(build.select(lists[wide], rest))


@functools.lru_cache(maxsize=64)
def scattered(rows: int, taps: tuple[_Ref, ...], rank: int) -> Network:
    """Return the network for samples anywhere in a window: of which row, and how many pixels on."""
    build = _Builder(rows, len(taps), rank)
    if rank in (0, len(taps) - 1):
        return build.finish(build.extreme(taps, int(rank > 0)))
    return build.finish(build.sort(taps)[rank])
