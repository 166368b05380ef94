"""How a window is composed of groups of samples, so that groups are computed once and used by many windows.

A window of 25 samples consists of three groups of 8 and a sample. A window of 1,000 samples consists of five
groups of 200, each of which has five groups of 40, which have five groups of 8.
"""

import functools
import math

#: Largest numbers of samples, and of groups, that are merged to a group at once.
_SAMPLES, _GROUPS = 10, 8
#: Costs, in loads of a vector: a sample, a group, and a level.
_SAMPLE, _GROUP, _LEVEL = 2.0, 4.0, 5.0
#: From this size of a group on, only this number of groups is merged.
_LARGE, _USUAL = 512, 5


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


def levels_of(size: int, widths: tuple[int, ...] = ()) -> list[tuple[int, list[tuple[int, int]]]]:
    """Return the levels above single samples. The last is the window.

    Each is the number of its samples, and its parts: the level, where 0 is a sample, and the first sample.
    widths: as from `widths_of`, which is the default.
    """
    widths = widths or widths_of(size)
    composed = [(width, [level] * (width // widths[level])) for level, width in enumerate(widths[1:])]
    found = []
    for width, members in (*composed, (size, parts_of(size, widths))):
        row, parts = 0, []
        for level in members:
            parts.append((level, row))
            row += widths[level]
        found.append((width, parts))
    return found
