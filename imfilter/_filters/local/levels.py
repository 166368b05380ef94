"""Tables of the levels of groups that compose a window, and of the parts of each group; see `BOX_JOB`."""

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base.grouping import levels_of
from imfilter._filters.local.kernels.box import LEVEL


@functools.lru_cache(maxsize=64)
def eights(size: int, step: int, unit: int = 8) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the tables of the levels above eights, in windows of `size` columns, and of their parts.

    step: bytes of a column. unit: 8, or the number of samples in place of it.
    """
    levels: list[tuple[int, ...]] = []
    parts: list[tuple[int, int, int, int]] = []
    for width, members in levels_of(size // unit) if size >= 8 else []:
        levels.append((unit * width, unit * width, len(members), len(parts), 0, 0))
        parts += [(level + 2 if level else 1, unit * step * column, 0, 0) for level, column in members]
    if levels and size % unit:
        *_, n_parts, first, _, _ = levels[-1]
        levels[-1] = size, size, n_parts + 1, first, 0, 0
        parts.append((2, size // unit * unit * step, 0, 0))
    return np.array(levels, np.int64).reshape(-1, LEVEL), np.array(parts, np.int64)


@functools.lru_cache(maxsize=64)
def groups(size: int, planes: int, step: int, samples: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the tables of the levels of windows of `size` rows and `planes`, and of their parts.

    step: of a row or column in the table. samples: of each row or column.
    """
    levels: list[tuple[int, ...]] = []
    parts: list[tuple[int, int, int, int]] = []

    def add(width: int, members: list[tuple[int, int, int]], counts: list[int]) -> None:
        levels.append((sum(counts) * samples, width, len(members), len(parts), 0, 0))
        for (level, row, plane), count in zip(members, counts, strict=True):
            parts.append((level, row * step, plane, int(np.float64(count * samples).view(np.int64))))

    if planes > 1:
        add(1, [(0, 0, plane) for plane in range(planes)], [1] * planes)
        if size == 1:
            return np.array(levels, np.int64), np.array(parts, np.int64)
    above = planes > 1
    widths = [1]
    for width, members in levels_of(size):
        add(
            width,
            [(level + above, row, 0) for level, row in members],
            [widths[level] * planes for level, _ in members],
        )
        widths.append(width)
    return _lasting(np.array(levels, np.int64), parts, step), np.array(parts, np.int64)


@functools.lru_cache(maxsize=64)
def fours(size: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the tables of the levels of windows of `size` rows, of which the first is four, and of parts."""
    levels: list[tuple[int, ...]] = [(4, 4, 0, 0, 0, 0)] if size >= 4 else []
    parts: list[tuple[int, int, int, int]] = []
    for width, members in levels_of(size // 4) if size >= 4 else []:
        levels.append((4 * width, 4 * width, len(members), len(parts), 0, 0))
        parts += [(level + 1, 4 * row, 0, 0) for level, row in members]
    if levels:
        levels[-1] = size, size, *levels[-1][2:]
    found = np.array(levels, np.int64).reshape(-1, LEVEL)
    return _lasting(found, parts, 1), np.array(parts, np.int64)


def _lasting(levels: npt.NDArray[Any], parts: list[tuple[int, int, int, int]], step: int) -> npt.NDArray[Any]:
    """Set how many groups of each level are kept: until the last group that contains one is complete."""
    for _, width, n_parts, first, _, _ in levels.tolist():
        for level, row, _, _ in parts[first : first + n_parts]:
            if level:
                delay = width - row // step - int(levels[level - 1, 1])
                levels[level - 1, 5] = max(levels[level - 1, 5], delay + 1)
    return levels


def placed(levels: npt.NDArray[Any], start: int, size: int) -> npt.NDArray[Any]:
    """Return levels down the columns whose groups, of `size` bytes, follow each other in the workspace."""
    placed = levels.copy()
    if len(levels):
        placed[1:, 4] = levels[:-1, 5].cumsum()
    placed[:, 4] = start + size * placed[:, 4]
    return placed
