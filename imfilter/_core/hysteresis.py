"""Hysteresis: what is above the low threshold counts where it is connected to what is above the high one."""

import itertools
import math

import numpy as np
import numpy.typing as npt

from imfilter._core.program import address
from imfilter._kernels.flood import STRONG, WEAK, flood


def connected(
    weak: npt.NDArray[np.bool_], strong: npt.NDArray[np.bool_], steps: int
) -> npt.NDArray[np.bool_]:
    """Return what is strong, or weak and connected to it by what is weak.

    Neighbours differ by one along at most `steps` axes.
    """
    # A margin of nothing all around, so that every sample has its neighbours.
    marks = room(tuple(n + 2 for n in weak.shape))
    inner = marks[(slice(1, -1),) * weak.ndim]
    inner[...] = weak * np.uint8(WEAK)
    inner[strong] = STRONG
    spread(marks, steps)
    result: npt.NDArray[np.bool_] = inner == STRONG
    return result


def room(shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Return a map of nothing, behind which there are some bytes more, for neighbours are read by fours."""
    count = math.prod(shape)
    return np.zeros(-(-count // 8) * 8 + 8, np.uint8)[:count].reshape(shape)


def spread(marks: npt.NDArray[np.uint8], steps: int) -> None:
    """Make strong what is weak and connected to it, in a map of `room` with nothing at its margin."""
    rows = []
    for move in itertools.product((-1, 0, 1), repeat=marks.ndim - 1):
        along = [x for x in (-1, 0, 1) if 0 < sum(map(abs, (*move, x))) <= steps]
        mask = sum(WEAK << 8 * (x + 1) for x in along)
        rows.append((sum(m * s for m, s in zip(move, marks.strides, strict=False)) - 1, mask))
    table = np.array(rows, np.int64)
    # Not touched before it is needed, and rarely is.
    stack = np.empty(marks.size, np.int64)
    count = -(-marks.size // 8) * 8
    flood.entry()(address(marks), count, address(table), len(table), address(stack))
