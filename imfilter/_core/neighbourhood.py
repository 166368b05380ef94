"""A rank in the neighbourhood of each sample, and the integers in which samples are compared."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._core import dtypes
from imfilter._core.geometry import Loops
from imfilter._core.remembered import remembered


class Neighbourhood(NamedTuple):
    """Which samples around one count, and the rank among them that is asked for."""

    inside: npt.NDArray[np.bool_]
    rank: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Neighbourhood) and self._value() == other._value()

    def __hash__(self) -> int:
        return hash(self._value())

    def _value(self) -> tuple[tuple[int, ...], bytes, int]:
        return self.inside.shape, self.inside.tobytes(), self.rank

    @property
    def taps(self) -> int:
        """How many samples count."""
        return int(np.count_nonzero(self.inside))

    @property
    def full(self) -> bool:
        """Whether all do: whether it is a box."""
        return self.taps == self.inside.size

    @property
    def extreme(self) -> bool:
        """Whether the smallest or the largest is asked for."""
        return self.rank in (0, self.taps - 1)

    def along(self, loops: Loops) -> "Neighbourhood":
        """Return the same with the axes of the loops: planes, rows, columns."""
        where = [part.axis for part in loops[:3] if part.axis is not None]
        return self._replace(inside=self.inside.transpose(where).reshape([part.taps for part in loops[:3]]))

    def edges(self) -> tuple[npt.NDArray, npt.NDArray]:
        """Return where samples left, and where they entered, as it moved to here along the last axis."""
        padded = np.pad(self.inside, ((0, 0), (0, 0), (1, 1))).astype(np.int8)
        change = np.diff(padded, axis=2)
        return np.argwhere(change > 0) - (0, 0, 1), np.argwhere(change < 0) - (0, 0, 1)


#: Keeps what a function works out for a neighbourhood, its first argument.
for_neighbourhoods = remembered(lambda around: around.inside.size)


def kind(dtype: np.dtype) -> np.dtype:
    """Return the integers that stand for samples of a type; see `imfilter._kernels.order`."""
    return np.dtype(f"i{dtype.itemsize}") if dtype.kind == "f" else dtype


def key(dtype: np.dtype, value: float, *, turned: bool = True) -> int:
    """Return the integer that stands for a value: its bits, for floats `turned` so that they compare."""
    sample = _rounded(dtype, value)
    if dtype.kind == "f":
        bits = sample.view(kind(dtype))
        most = np.iinfo(bits.dtype).max
        if turned:
            return int(most if np.isnan(sample[0]) else bits[0] ^ (most if bits[0] < 0 else 0))
        return int(bits[0])
    return int(sample.astype(np.int64)[0])


def strange(value: float) -> bool:
    """Tell whether a value is not a number, or -0.0, which floats are not ordered by."""
    return math.isnan(value) or (value == 0 and math.copysign(1.0, value) < 0)


def holds(dtype: np.dtype, value: float) -> bool:
    """Tell whether a type has a value among its own."""
    return bool(_rounded(dtype, value)[0] == value)


def _rounded(dtype: np.dtype, value: float) -> npt.NDArray:
    """Return a value, rounded and saturated to a type."""
    sample = np.zeros(1, dtype)
    dtypes.place(np.array([value]), sample)
    return sample
