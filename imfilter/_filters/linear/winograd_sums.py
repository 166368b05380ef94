"""The long full kernels for which short sums save time, and these sums; see `linear.kernels.winograd`."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base.program import address
from imfilter._filters.linear.kernels.job import BLOCK_ALONG
from imfilter._filters.linear.operators import Operator, Taps
from imfilter._filters.linear.whole_numbers import BITS
from imfilter._simd.registers import in_register

#: How often rows are halved, by the least number of rows for which that saves time. One halving took 21x21
#: float32 from 13.3 to 12.1 ms, two took 31x31 from 36 to 26, three 63x63 from 107 to 61 (540 rows of 1920,
#: one thread, Cascade Lake). 15x15 gained nothing.
_ROWS = ((40, 3), (25, 2), (20, 1))
#: Least number of columns for which that saves time.
_COLUMNS = 5
#: The same for a kernel along a line: a million float32 samples of 160 taps took 6.9 ms (9.3 tap by tap), of
#: 256 7.2 (10.3), of 501 10.3 (19.0), of 1000 17.5 (36.5). 100 taps gain nothing.
_LINE = ((900, 4), (320, 3), (130, 2))
#: A difference of samples beyond this could overflow.
_LARGEST = 1e30


def fits(operator: Operator, cval: float, line: int, real: np.dtype) -> bool:
    """Tell whether a kernel is large and full enough, for output lines of so many samples."""
    kernel = operator.dense
    if kernel is None or kernel.ndim > 2 or not abs(cval) < _LARGEST or not halvings(kernel.shape):
        return False
    long_enough = kernel.ndim == 2 or line >= shortest(kernel.shape, real)
    return long_enough and bool(kernel.all())


def exact(operator: Operator, peak: float, real: np.dtype) -> bool:
    """Tell whether sums of whole samples up to `peak` are as exact as the direct sums.

    Each halving multiplies differences of samples, which may be twice as large, and adds three sums.
    """
    most, held = operator.gain() * peak, 2.0 ** BITS[real.itemsize]
    return most > held or most * 3 ** halvings(operator.shape) <= held


def halvings(shape: tuple[int, ...]) -> int:
    """Return how often the rows of a kernel, or a kernel along a line, are halved."""
    if len(shape) == 2 and shape[1] < _COLUMNS:
        return 0
    table = _LINE if len(shape) == 1 else _ROWS
    return next((times for least, times in table if shape[0] >= least), 0)


def taps(shape: tuple[int, ...]) -> float:
    """Return the number of taps of all sums together, for each output."""
    times = halvings(shape)
    whole, rest = divmod(shape[0], 2**times)
    return (whole * 1.5**times + rest) * math.prod(shape[1:])


def shortest(shape: tuple[int, ...], real: np.dtype) -> int:
    """Return the least length of a line that can be filtered along with a kernel."""
    return in_register(real) * max(BLOCK_ALONG * 2 ** halvings(shape), shape[0])


class Sum(NamedTuple):
    """A sum over samples of a layer from `start` on, spaced by the number of outputs that share sums."""

    layer: int
    start: int
    weights: Taps

    def split(self, step: int) -> tuple["Sum", "Sum", "Sum"]:
        """Return the three sums over half of the samples, `step` apart, that make up two outputs."""
        even, odd = self.weights[::2], self.weights[1::2]
        return (
            Sum(self.layer, self.start + step, even + odd),
            Sum(self.layer + step, self.start, even),
            Sum(self.layer + step, self.start + step, odd),
        )


def weighed(sums: list[Sum], real: np.dtype) -> tuple[npt.NDArray, npt.NDArray[np.int64]]:
    """Return the weights of all sums in one array, and the address of each sum's weights."""
    weights = np.ascontiguousarray([s.weights for s in sums], real)
    return weights, address(weights) + np.arange(len(sums)) * weights[0].nbytes


#: For each output of a group, the sums that it adds, and their signs.
Mixes = list[list[tuple[int, float]]]


def halved(kernel: Taps, times: int) -> tuple[list[Sum], Mixes]:
    """Return the sums that replace a kernel whose first axis is halved so many times.

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
