"""Footprints as unions of shifted copies of smaller sets, for minima and maxima.

A run of samples of any length is the union of two runs whose length is a power of 2, and those are found by
doubling (E. R. Urbach and M. H. F. Wilkinson, "Efficient 2-D grayscale morphological transformations with
arbitrary flat structuring elements", *IEEE Transactions on Image Processing*, 17(1), 2008). Here runs have
any direction: those of a diagonal line, for example. The starts of equal runs are a set of their own, which
is divided in the same way. So a box is a run of runs.
"""

import functools
import itertools
from collections import Counter, defaultdict
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._filters.rank import paths

#: A position: row and column.
_Point = tuple[int, int]
#: A copy of a set: its number, and the position of its first row and first column.
Copy = tuple[int, int, int]

#: Largest number of samples of a plane for which all directions are tried, not only rows and columns, and of
#: those for which each distance between two of them is a direction. A disc of radius 64 takes 20 ms.
_MANY, _FEW = 3200, 400
#: Largest footprint, in samples, whose sets are kept for the next call.
_KEPT = 1 << 20
#: Number of distances that are tried, the most frequent first.
_TRIED = 8
#: The cost of a set beside that of its copies: a row is written and later read.
_SET = 1.5
#: So many runs of a length, which is no power of 2, are not copies of a set of their own.
_FEW_RUNS = 2
_ROWS, _COLUMNS = (0, 1), (1, 0)


class Union(NamedTuple):
    """Sets, of which the last is a footprint. The first ones are one sample in each plane."""

    planes: tuple[int, ...]  # planes of the footprint that have a sample
    copies: tuple[tuple[Copy, ...], ...]  # of smaller sets; empty for the first sets

    @property
    def operations(self) -> int:
        """The number of rows that are read for one row of outputs."""
        return sum(map(len, self.copies))


def of(inside: npt.NDArray[np.bool_]) -> Union:
    """Return the sets of a footprint of three axes."""
    found = _known if inside.size <= _KEPT else _known.__wrapped__
    return found(inside.shape, inside.tobytes())


@functools.lru_cache(64)
def _known(shape: tuple[int, ...], content: bytes) -> Union:
    """Return the sets of a footprint with the given content."""
    inside = np.frombuffer(content, bool).reshape(shape)
    planes = [p for p in range(len(inside)) if inside[p].any()]
    build = _Builder(len(planes))
    equal: defaultdict[bytes, list[int]] = defaultdict(list)
    for number, plane in enumerate(planes):
        equal[inside[plane].tobytes()].append(number)
    found: list[Copy] = []
    for numbers in equal.values():
        found += build.cover_all(numbers, inside[planes[numbers[0]]])
    return Union(tuple(planes), (*build.copies, tuple(sorted(found))))


class _Runs(NamedTuple):
    """Runs of points along a direction."""

    direction: _Point
    starts: dict[int, list[_Point]]  # by length

    @property
    def cost(self) -> float:
        """The number of sets that are read, and the cost of the sets that are made."""
        cost = _SET * 2 * (max(self.starts).bit_length() - 1)
        for length, starts in self.starts.items():
            made = self.made(length)
            cost += 2 * _SET if made else 0
            cost += len(starts) * (1 if made or not length & length - 1 else 2)
        return cost

    def made(self, length: int) -> bool:
        """Tell whether runs of a length, which is no power of 2, are copies of a set of their own."""
        return len(self.starts[length]) > _FEW_RUNS and bool(length & length - 1)


class _Builder:
    """Finds sets, and never the same set twice."""

    def __init__(self, planes: int) -> None:
        self.copies: list[tuple[Copy, ...]] = [()] * planes
        self._numbers: dict[tuple[Copy, ...], int] = {}

    def cover_all(self, numbers: list[int], inside: npt.NDArray[np.bool_]) -> list[Copy]:
        """Return copies whose union is several equal planes. `numbers` are those of their samples.

        The union of the samples of all planes is a set of its own, if this saves rows. So a ball needs the
        discs of half of its planes: one of radius 7 took 112 instead of 177 ms for float32 (128x256x256, one
        thread, beside other work).
        """
        if (len(numbers) - 1) * np.count_nonzero(inside) > len(numbers) + _SET:
            return self.cover(self._number(tuple((number, 0, 0) for number in numbers)), inside)
        return [copy for number in numbers for copy in self.cover(number, inside)]

    def cover(self, number: int, inside: npt.NDArray[np.bool_]) -> list[Copy]:
        """Return copies whose union is a plane. `number` is that of its samples."""
        if np.count_nonzero(inside) > _MANY:
            either = _along_columns(inside), _along_rows(inside)  # of equals, the first
            return self._divided(number, min(either, key=lambda runs: runs.cost), None)
        points = {(int(y), int(x)) for y, x in np.argwhere(inside)}
        path, before, known = paths.ordered(points), len(self.copies), self._numbers.copy()
        found = self._cover(number, points, points)
        cost = sum(len(copies) + _SET for copies in self.copies[before:]) + len(found)
        if path and paths.cheapest(paths.steps(path), _SET).cost < cost:
            del self.copies[before:]
            self._numbers = known
            found = self._along(number, path)
        return found

    def _along(self, number: int, path: list[paths.Point]) -> list[Copy]:
        """Return copies whose union is a path; see `paths`.

        A line of 31 samples at 30 degrees reads 11 rows and makes 2 sets beside it, in place of 14 and 3.
        """
        cover = paths.cheapest(paths.steps(path), _SET)
        found = [(number, *path[i]) for i in cover.single]
        if cover.length:
            part = path[: cover.length]
            top, left = (min(point[i] for point in part) for i in (0, 1))
            moved = [(y - top, x - left) for y, x in part]
            made = self._number(tuple(self._along(number, moved)))
            (first_y, first_x) = moved[0]
            found += [(made, path[i][0] - first_y, path[i][1] - first_x) for i in cover.starts]
        return found

    def _cover(self, number: int, points: set[_Point], allowed: set[_Point]) -> list[Copy]:
        """Return copies whose union is the copies of a set at `points`. More `allowed` points do no harm."""
        best, least = None, float(len(points))
        for direction in _directions(points):
            for among in (points,) if allowed is points else (points, allowed):
                runs = _runs(points, among, direction)
                if runs.cost < least:
                    best, least = runs, runs.cost
        if best is None:
            return [(number, *point) for point in points]
        return self._divided(number, best, allowed)

    def _divided(self, number: int, runs: _Runs, allowed: set[_Point] | None) -> list[Copy]:
        """Return copies of sets that are runs of a set."""
        v = runs.direction
        sets = {1: number}  # by length
        for k in range(max(runs.starts).bit_length() - 1):
            sets[2 << k] = self._joined(sets[1 << k], v, 1 << k)
        starts: defaultdict[int, set[_Point]] = defaultdict(set)
        for length, points in runs.starts.items():
            half = 1 << length.bit_length() - 1
            if half == length or runs.made(length):
                if half != length:
                    sets[length] = self._joined(sets[half], v, length - half)
                starts[length].update(points)
            else:
                for y, x in points:
                    starts[half] |= {(y, x), (y + (length - half) * v[0], x + (length - half) * v[1])}
        left = None if allowed is None else _left(allowed, v)
        found: list[Copy] = []
        for length, begun in starts.items():
            first = min(0, (length - 1) * v[1])  # the first column of a run
            at = {(y, x + first) for y, x in begun}
            free = at if left is None else {(y, x + first) for (y, x), n in left.items() if n >= length}
            if length == 1:
                found += [(number, *point) for point in at]
            elif len(at) > _MANY:
                found += [(sets[length], *point) for point in at]
            else:
                found += self._cover(sets[length], at, free)
        return found

    def _joined(self, number: int, v: _Point, further: int) -> int:
        """Return the union of a set with its copy `further` steps along a direction."""
        y, x = further * v[0], further * v[1]
        return self._number(((number, 0, max(0, -x)), (number, y, max(0, x))))

    def _number(self, copies: tuple[Copy, ...]) -> int:
        """Return the number of the set with these copies. Make it if it is new."""
        if copies not in self._numbers:
            self._numbers[copies] = len(self.copies)
            self.copies.append(copies)
        return self._numbers[copies]


def _along_rows(inside: npt.NDArray[np.bool_]) -> _Runs:
    """Return the runs along the rows of a plane."""
    change = np.diff(np.pad(inside, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    first, after = np.argwhere(change > 0), np.argwhere(change < 0)
    starts: defaultdict[int, list[_Point]] = defaultdict(list)
    for (y, x), length in zip(first.tolist(), (after - first)[:, 1].tolist(), strict=True):
        starts[length].append((y, x))
    return _Runs(_ROWS, dict(starts))


def _along_columns(inside: npt.NDArray[np.bool_]) -> _Runs:
    """Return the runs along the columns of a plane."""
    runs = _along_rows(inside.T)
    starts = {length: [(y, x) for x, y in points] for length, points in runs.starts.items()}
    return _Runs(_COLUMNS, starts)


def _directions(points: set[_Point]) -> list[_Point]:
    """Return the directions in which runs are sought."""
    if len(points) < 3:
        return []
    # Of equals, the first is taken. Copies of runs along columns are needed for the row of the output alone,
    # those of runs along rows until the last row has read them: a disc of radius 31 had 864 lines, and has
    # 162. Then it took 37 instead of 45 ms for float32 (4K, one thread), and one of radius 100 took 137
    # instead of 382.
    found = [_COLUMNS, _ROWS, (1, 1), (1, -1)]
    if len(points) <= _FEW:
        pairs = itertools.combinations(sorted(points), 2)
        often = Counter((b[0] - a[0], b[1] - a[1]) for a, b in pairs)
        found += [v for v, _ in often.most_common(_TRIED) if v not in found]
    return found


def _runs(points: set[_Point], allowed: set[_Point], v: _Point) -> _Runs:
    """Return runs along a direction that contain all points. Gaps are filled with points that are allowed."""
    starts: defaultdict[int, list[_Point]] = defaultdict(list)
    done: set[_Point] = set()
    for point in sorted(points):  # a run begins with its first point in this order
        if point in done:
            continue
        length, last, (y, x) = 0, 0, point
        while (y, x) in allowed:
            length += 1
            if (y, x) in points:
                done.add((y, x))
                last = length
            y, x = y + v[0], x + v[1]
        starts[last].append(point)
    return _Runs(v, dict(starts))


def _left(points: set[_Point], v: _Point) -> dict[_Point, int]:
    """Return for each point how many points follow it along a direction, itself included."""
    found: dict[_Point, int] = {}
    for y, x in sorted(points, reverse=True):
        found[y, x] = 1 + found.get((y + v[0], x + v[1]), 0)
    return found
