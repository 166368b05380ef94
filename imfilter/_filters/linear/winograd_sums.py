"""Which long full kernels take short sums, and when that is worth it; see `linear.kernels.winograd`."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base.program import address
from imfilter._filters.linear.kernels.job import BLOCK_ALONG
from imfilter._filters.linear.operators import Operator, Taps
from imfilter._filters.linear.whole_numbers import BITS
from imfilter._simd.vector import in_register

#: How often rows are halved, by the least rows of a kernel for which it is a gain: once took 21x21 float32
#: from 13.3 to 12.1 ms, twice 31x31 from 36 to 26, three times 63x63 from 107 to 61 (540 rows of 1920, one
#: thread, Cascade Lake); 15x15 gained nothing by it.
_ROWS = ((40, 3), (25, 2), (20, 1))
#: Columns from which on it is one.
_COLUMNS = 5
#: How often a kernel along a line is halved, likewise: a million float32 samples of 160 taps took 6.9 ms
#: (9.3 tap by tap), of 256 7.2 (10.3), of 501 10.3 (19.0), of 1000 17.5 (36.5); of 100 it is no gain.
_LINE = ((900, 4), (320, 3), (130, 2))
#: What is further from zero could overflow where samples are subtracted from each other.
_LARGEST = 1e30


def fits(operator: Operator, cval: float, line: int, real: np.dtype) -> bool:
    """Tell whether this is for a kernel, large and full, and lines of so many samples of the output."""
    kernel = operator.dense
    if kernel is None or kernel.ndim > 2 or not abs(cval) < _LARGEST or not halvings(kernel.shape):
        return False
    long_enough = kernel.ndim == 2 or line >= shortest(kernel.shape, real)
    return long_enough and bool(kernel.all())


def exact(operator: Operator, peak: float, real: np.dtype) -> bool:
    """Tell whether sums of whole samples up to `peak` are as exact as the direct ones.

    Each halving multiplies samples that are differences, and up to twice as large, and adds up three sums.
    """
    most, held = operator.gain() * peak, 2.0 ** BITS[real.itemsize]
    return most > held or most * 3 ** halvings(operator.shape) <= held


def halvings(shape: tuple[int, ...]) -> int:
    """Return how often the rows of a kernel are halved, or a kernel along a line is."""
    if len(shape) == 2 and shape[1] < _COLUMNS:
        return 0
    table = _LINE if len(shape) == 1 else _ROWS
    return next((times for least, times in table if shape[0] >= least), 0)


def taps(shape: tuple[int, ...]) -> float:
    """Return how many taps all sums have together, for each output."""
    times = halvings(shape)
    whole, rest = divmod(shape[0], 2**times)
    return (whole * 1.5**times + rest) * math.prod(shape[1:])


def shortest(shape: tuple[int, ...], real: np.dtype) -> int:
    """Return how long a line must be, at least, to be filtered along with a kernel."""
    return in_register(real) * max(BLOCK_ALONG * 2 ** halvings(shape), shape[0])


class Sum(NamedTuple):
    """A sum over samples of a layer from `start` on, as far apart as outputs that share sums are."""

    layer: int
    start: int
    weights: Taps

    def split(self, step: int) -> tuple["Sum", "Sum", "Sum"]:
        """Return the sums over samples `step` apart, half as many, of which two outputs are made."""
        even, odd = self.weights[::2], self.weights[1::2]
        return (
            Sum(self.layer, self.start + step, even + odd),
            Sum(self.layer + step, self.start, even),
            Sum(self.layer + step, self.start + step, odd),
        )


def weighed(sums: list[Sum], real: np.dtype) -> tuple[npt.NDArray, npt.NDArray[np.int64]]:
    """Return the weights of sums, side by side, and where those of each lie."""
    weights = np.ascontiguousarray([s.weights for s in sums], real)
    return weights, address(weights) + np.arange(len(sums)) * weights[0].nbytes


#: For each output of a group which sums it adds, and their signs.
Mixes = list[list[tuple[int, float]]]


def halved(kernel: Taps, times: int) -> tuple[list[Sum], Mixes]:
    """Return the sums that stand for a kernel whose first axis is halved so many times.

    Its length must be a multiple of ``2**times``.
    """
    return _halved(Sum(0, 0, kernel), 1, times)


def _halved(whole: Sum, step: int, times: int) -> tuple[list[Sum], Mixes]:
    if times == 0:
        return [whole], [[(0, 1.0)]]
    sums: list[Sum] = []
    mixes: list[Mixes] = []
    for half in whole.split(step):
        own, mixed = _halved(half, 2 * step, times - 1)
        mixes.append([[(len(sums) + i, sign) for i, sign in row] for row in mixed])
        sums += own
    both, first, second = mixes
    rows: Mixes = []
    for a, b, c in zip(both, first, second, strict=True):
        rows += [a + b, a + [(i, -sign) for i, sign in c]]
    return sums, rows
