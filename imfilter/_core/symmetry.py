"""Which kernels along an axis are symmetric or antisymmetric about a tap, and how they are summed."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._core.operators import Taps
from imfilter._kernels.symmetric import ABOUT, EVEN, HALF, ODD, looped, written_out

#: What taps may differ from their mirror images, and sums from 0 and 1, relative to the largest and to all of them.
_ROUNDING = 1e-15


#: Taps, of one layer and of several, and layers that are summed in straight code.
_STRAIGHT, _STRAIGHT_LAYERS, _MOST_LAYERS = 17, 27, 3


class Half(NamedTuple):
    """One half of a kernel along an axis: `taps` are those before the centre, the outermost first."""

    first: int  # of the kernel's taps that are not zero
    form: int
    taps: tuple[float, ...]
    centre: float

    @property
    def count(self) -> int:
        """Taps from the first to the last."""
        return 2 * len(self.taps) + 1

    @property
    def whole(self) -> float:
        """The sum of all taps; 0 or 1 where that is meant."""
        if self.form == ODD:
            return 0.0
        total = math.fsum((*self.taps, *self.taps, self.centre))
        size = 2 * math.fsum(map(abs, self.taps)) + abs(self.centre)
        meant = round(total) if -0.5 <= total <= 1.5 else total
        return meant if abs(total - meant) <= 16 * _ROUNDING * size else total


def halved(taps: Taps) -> Half | None:
    """Return the half of a kernel that is symmetric or antisymmetric about a tap, None for others.

    None also where a tap is zero, but in the centre: it must not be read.
    """
    values = taps.tolist()
    first, stop = 0, len(values)
    while first < stop and values[first] == 0:
        first += 1
    while stop > first and values[stop - 1] == 0:
        stop -= 1
    values = values[first:stop]
    if len(values) % 2 == 0:
        return None
    half = len(values) // 2
    low, centre, high = values[:half], values[half], values[:half:-1]
    if 0.0 in low:
        return None
    limit = _ROUNDING * max(map(abs, values))
    if all(abs(a - b) <= limit for a, b in zip(low, high, strict=True)):
        return Half(first, ABOUT if centre != 0 else EVEN, tuple(low), centre)
    if centre == 0 and all(abs(a + b) <= limit for a, b in zip(low, high, strict=True)):
        return Half(first, ODD, tuple(high), 0.0)
    return None


def tables(
    halves: list[Half], firsts: list[int], *, summed: bool, real: np.dtype
) -> tuple[npt.NDArray, npt.NDArray]:
    """Return the records of layers whose lines begin at `firsts`, and their weights, for `symmetric`.

    If they are `summed`, the first layer about a reference has the sum of all taps of such layers.
    """
    records, weights = np.zeros(len(halves), HALF), []
    about = [half for half in halves if half.form == ABOUT]
    for record, half, first in zip(records, halves, firsts, strict=True):
        record["first"], record["half"], record["form"] = first, len(half.taps), half.form
        record["weights"] = len(weights) * real.itemsize
        whole = half.whole
        if summed and len(about) > 1 and half is about[0]:
            whole = Half(0, ABOUT, (), math.fsum(other.whole for other in about)).whole
        weights += [whole, half.centre, *half.taps]
    return records, np.array(weights, real)


def number(halves: list[Half], firsts: list[int]) -> int:
    """Return the number that says how the sum of such layers is compiled."""
    most = _STRAIGHT if len(halves) == 1 else _STRAIGHT_LAYERS
    if len(halves) > _MOST_LAYERS or sum(half.count for half in halves) > most:
        return looped({half.form for half in halves})
    return written_out([(f, len(h.taps), h.form) for f, h in zip(firsts, halves, strict=True)])
