"""A rank in the neighbourhood of each sample, and the integer keys by which samples are compared."""

import functools
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.loops import Loops
from imfilter._base.memo import once, remembered
from imfilter._filters.rank.keys import Number


class Neighbourhood:
    """The samples of a window that count, and the requested rank among them."""

    def __init__(self, inside: npt.NDArray[np.bool_], rank: int) -> None:
        self.inside, self.rank = inside, rank

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Neighbourhood) and self._value == other._value

    def __hash__(self) -> int:
        return self._hash

    @once
    def _hash(self) -> int:
        return hash(self._value)

    @once
    def _value(self) -> tuple[tuple[int, ...], str, bytes, int]:
        return self.inside.shape, self.inside.dtype.str, self.inside.tobytes(), self.rank

    @once
    def taps(self) -> int:
        """The number of samples that count."""
        return int(np.count_nonzero(self.inside))

    @property
    def full(self) -> bool:
        """Whether all samples count, so that it is a box."""
        return self.taps == self.inside.size

    @property
    def extreme(self) -> bool:
        """Whether the minimum or the maximum is requested."""
        return self.rank in (0, self.taps - 1)

    def along(self, loops: Loops) -> "Neighbourhood":
        """Return the neighbourhood with the axes of the loops: planes, rows, columns."""
        z, y, x, *_ = loops
        return _along(self, (z.axis, y.axis, x.axis), (z.taps, y.taps, x.taps))

    def edges(self) -> tuple[npt.NDArray, npt.NDArray]:
        """Return the offsets of the samples that left and entered when it moved here along the last axis."""
        padded = np.pad(self.inside, ((0, 0), (0, 0), (1, 1))).astype(np.int8)
        change = np.diff(padded, axis=2)
        return np.argwhere(change > 0) - (0, 0, 1), np.argwhere(change < 0) - (0, 0, 1)


#: Caches the results of a function by its first argument, a neighbourhood.
for_neighbourhoods = remembered(lambda around: around.inside.size)


@remembered(math.prod)
def box_of(lengths: tuple[int, ...], rank: int) -> Neighbourhood:
    """Return a neighbourhood in which all samples count."""
    inside = np.ones(lengths, bool)
    inside.flags.writeable = False
    return Neighbourhood(inside, rank)


@for_neighbourhoods
def _along(around: Neighbourhood, axes: tuple[int | None, ...], taps: tuple[int, ...]) -> Neighbourhood:
    """Return the neighbourhood with other axes. An axis that is None has one sample."""
    where = [axis for axis in axes if axis is not None]
    return Neighbourhood(around.inside.transpose(where).reshape(taps), around.rank)


def kind(dtype: np.dtype) -> np.dtype:
    """Return the integer type of the keys of samples of a type; see `kernels.ordered_keys`."""
    return np.dtype(f"i{dtype.itemsize}") if dtype.kind == "f" else dtype


def key(dtype: np.dtype, value: Number, *, turned: bool = True) -> int:
    """Return the key of a value: its bits. For floats, `turned` gives negative values the right order."""
    if value == 0 and not dtypes.negative_zero(value):  # the usual case
        return 0
    sample = np.array([dtypes.rounded(dtype, value)], dtype)
    if dtype.kind == "f":
        bits = sample.view(kind(dtype))
        most = np.iinfo(bits.dtype).max
        if turned:
            return int(most if np.isnan(sample[0]) else bits[0] ^ (most if bits[0] < 0 else 0))
        return int(bits[0])
    return int(sample.astype(np.int64)[0])


@functools.cache  # of few types
def absent_key(dtype: np.dtype, *, largest: bool, turned: bool) -> int:
    """Return the key of a sample that changes no maximum (`largest`) or no minimum."""
    value = dtypes.neutral(dtype, largest=largest)
    last = dtype.kind == "f" and turned and not largest  # NaN sorts after infinity
    return key(dtype, math.nan if last else value.item(), turned=turned)


def non_finite(value: Number) -> bool:
    """Tell whether a value is NaN or -0.0, for which comparisons of floats give no order."""
    return math.isnan(value) or dtypes.negative_zero(value)


def radii(ndim: int, axes: Sequence[int], lengths: Sequence[int]) -> list[int]:
    """Return for each axis of an image the number of samples on each side that a window needs."""
    found = [0] * ndim
    for axis, taps in zip(axes, lengths, strict=True):
        found[axis] = taps // 2
    return found
