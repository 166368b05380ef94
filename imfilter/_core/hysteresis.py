"""Hysteresis: what is above the low threshold counts where it is connected to what is above the high one."""

import itertools

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
    padded = tuple(n + 2 for n in weak.shape)
    whole = np.zeros(padded, np.uint8)
    inner = whole[(slice(1, -1),) * weak.ndim]
    inner[...] = weak * np.uint8(WEAK)
    inner[strong] = STRONG
    spread(whole, steps)
    result: npt.NDArray[np.bool_] = inner == STRONG
    return result


def spread(whole: npt.NDArray[np.uint8], steps: int) -> None:
    """Make strong what is weak and connected to it, in a map with a margin of nothing all around."""
    moves = [m for m in itertools.product((-1, 0, 1), repeat=whole.ndim) if 0 < sum(map(abs, m)) <= steps]
    offsets = np.array(moves, np.int64) @ np.array(whole.strides, np.int64)
    stack = np.empty(max(1, int(np.count_nonzero(whole == WEAK))), np.int64)
    # The last bytes, fewer than eight, are of the margin.
    flood.entry()(address(whole), whole.size // 8 * 8, address(offsets), len(offsets), address(stack))
