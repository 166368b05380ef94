"""Thin footprints, such as digital lines, as unions of copies of their own beginnings.

A digital line repeats itself: a short part of it, moved along the line, mostly covers the line. Copies may
overlap, because a minimum may read a sample twice. The part is covered in the same way.
"""

import functools
import itertools
from typing import NamedTuple

#: A position: row and column.
Point = tuple[int, int]

#: Largest number of points of a path, and how many points it may have for each row or column.
_LONGEST, _THICK = 64, 2


class Cover(NamedTuple):
    """How a path is covered: by copies of its first points, and by single points."""

    cost: float  # rows that are read, and the cost of the sets that are made
    length: int  # of the beginning that is copied; 0 if there are only single points
    starts: tuple[int, ...]  # numbers of the points at which copies begin
    single: tuple[int, ...]  # numbers of points


def ordered(points: set[Point]) -> list[Point]:
    """Return the points of a thin set along its longer side, or none if it is not thin or has many points."""
    height, width = (max(p[i] for p in points) - min(p[i] for p in points) + 1 for i in (0, 1))
    if not 4 <= len(points) <= min(_LONGEST, _THICK * max(height, width)):
        return []
    along = 0 if height > width else 1
    return sorted(points, key=lambda point: (point[along], point[1 - along]))


def steps(path: list[Point]) -> tuple[Point, ...]:
    """Return the distances from each point of a path to the next."""
    return tuple((b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(path))


@functools.lru_cache(4096)
def cheapest(path: tuple[Point, ...], made: float) -> Cover:
    """Return the cheapest cover of a path with the given steps. A set that is made costs `made` rows."""
    count = len(path) + 1
    best = Cover(count, 0, (), tuple(range(count)))
    for length in range(2, count):
        part = path[: length - 1]
        equal = [i for i in range(count - length + 1) if path[i : i + length - 1] == part]
        starts, single, end = [], [], 0
        while end < count:
            reaching = [i for i in equal if i <= end < i + length]
            if reaching:
                starts.append(reaching[-1])
                end = reaching[-1] + length
            else:
                single.append(end)
                end += 1
        cost = cheapest(part, made).cost + made + len(starts) + len(single)
        if cost < best.cost:
            best = Cover(cost, length, tuple(starts), tuple(single))
    return best
