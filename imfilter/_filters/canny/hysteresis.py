"""Hysteresis: a sample above the low threshold is kept if it is connected to one above the high threshold."""

import functools
import itertools
import math

import numpy as np
import numpy.typing as npt

from imfilter._base import threads
from imfilter._base.program import address
from imfilter._filters.canny.kernels.flood_fill import STRONG, WEAK, flood

#: Largest number of samples of a map that one thread floods alone.
_ALONE = 1 << 20


def connected(
    weak: npt.NDArray[np.bool_], strong: npt.NDArray[np.bool_], steps: int
) -> npt.NDArray[np.bool_]:
    """Return the strong samples, and the weak ones connected to them through weak samples.

    Neighbours differ by one along at most `steps` axes.
    """
    # With an empty margin on all sides, every sample has all its neighbours.
    marks = empty_map(tuple(n + 2 for n in weak.shape))
    inner = marks[(slice(1, -1),) * weak.ndim]
    inner[...] = weak * np.uint8(WEAK)
    inner[strong] = STRONG
    spread(marks, steps, threads.requested(None))
    result: npt.NDArray[np.bool_] = inner == STRONG
    return result


def empty_map(shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Return an empty map. Some bytes follow it, because four neighbours are read together."""
    count = math.prod(shape)
    return np.zeros(-(-count // 8) * 8 + 8, np.uint8)[:count].reshape(shape)


@functools.lru_cache(maxsize=64)
def _neighbours(strides: tuple[int, ...], steps: int) -> npt.NDArray[np.int64]:
    """Return the offsets of the lines around a sample, and masks of their samples that are neighbours."""
    rows = []
    for move in itertools.product((-1, 0, 1), repeat=len(strides) - 1):
        along = [x for x in (-1, 0, 1) if 0 < sum(map(abs, (*move, x))) <= steps]
        mask = sum(WEAK << 8 * (x + 1) for x in along)
        rows.append((sum(m * s for m, s in zip(move, strides, strict=False)) - 1, mask))
    return np.array(rows, np.int64)


def spread(marks: npt.NDArray[np.uint8], steps: int, workers: int | None) -> None:
    """Mark weak samples as strong if they are connected to strong ones, in a map with an empty margin.

    The map comes from `empty_map`. Each thread floods one band. Then one thread floods across the
    borders of the bands. The result does not depend on the order.
    """
    table = _neighbours(marks.strides, steps)
    # Memory that is never written takes no space, and most of the stack is never written.
    stack = np.empty(marks.size, np.int64)
    samples, step, entry = address(marks), marks.strides[0], flood.entry()
    borders: list[int] = []

    def task(start: int, stop: int) -> None:
        low, high = start * step, stop * step
        borders.append(high)
        entry(samples, low, high, low, high, address(table), len(table), address(stack) + 8 * low)

    # In a 1-D map, the neighbour of a sample may belong to another thread.
    threads.run(task, len(marks), workers if marks.ndim > 1 and marks.size > _ALONE else 1)
    for border in borders:
        if border < marks.size:
            around = border - step, border + step
            entry(samples, *around, 0, marks.size, address(table), len(table), address(stack))
