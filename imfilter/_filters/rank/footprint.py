"""A rank in the neighbourhood of each sample, and the integers in which samples are compared."""

import math
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.loops import Loops
from imfilter._base.memo import remembered
from imfilter._filters.rank.keys import Number


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

    @classmethod
    def box(cls, lengths: tuple[int, ...], rank: int) -> Self:
        """Return a neighbourhood of which all samples count."""
        return cls(np.ones(lengths, bool), rank)

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
    """Return the integers that stand for samples of a type; see `kernels.ordered_keys`."""
    return np.dtype(f"i{dtype.itemsize}") if dtype.kind == "f" else dtype


def key(dtype: np.dtype, value: Number, *, turned: bool = True) -> int:
    """Return the integer that stands for a value: its bits, for floats `turned` so that they compare."""
    sample = np.array([dtypes.rounded(dtype, value)], dtype)
    if dtype.kind == "f":
        bits = sample.view(kind(dtype))
        most = np.iinfo(bits.dtype).max
        if turned:
            return int(most if np.isnan(sample[0]) else bits[0] ^ (most if bits[0] < 0 else 0))
        return int(bits[0])
    return int(sample.astype(np.int64)[0])


def non_finite(value: Number) -> bool:
    """Tell whether a value is not a number, or -0.0, which floats are not ordered by."""
    return math.isnan(value) or dtypes.negative_zero(value)
