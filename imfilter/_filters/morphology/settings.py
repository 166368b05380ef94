"""What the stages of a call have in common, and which samples each of them sees."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import bands, dtypes
from imfilter._base.keywords import Common
from imfilter._base.missing import Presence

Found = bands.Found

#: Number of samples that are compared at once. Different arrays mostly differ in the first ones.
_CHUNK = 1 << 16


class Settings(NamedTuple):
    """The axes, the border and the number of threads of all stages."""

    axes: tuple[int, ...]
    mode: str
    cval: Any
    workers: int | None

    def common(self, dtype: np.dtype | None = None, out: npt.NDArray | None = None) -> Common:
        """Return the keywords of a filter."""
        return Common(self.mode, self.cval, self.axes, None, dtype, out, self.workers)


def without(presence: Presence | None, array: npt.NDArray, few: npt.NDArray[np.bool_] | None) -> Presence:
    """Return the presence of the samples of `array` that are present and not among the `few`."""
    there = np.ones(array.shape, bool) if presence is None else presence.present(array)
    there = there if few is None else there & ~few
    shrink, least = (False, 0.0) if presence is None else (presence.shrink, presence.min_coverage)
    return Presence(None if there.all() else there, False, shrink, least)


def new(array: npt.NDArray, dtype: np.dtype, out: npt.NDArray | None) -> npt.NDArray:
    """Return `out`, or a new array for a result."""
    return dtypes.empty(array.shape, dtype) if out is None else out


def same(a: npt.NDArray, b: npt.NDArray) -> bool:
    """Tell whether all samples of two arrays of one shape and type are the same: NaN, and signs of 0, too."""
    flat = [np.ascontiguousarray(side).reshape(-1) for side in (a, b)]
    for start in range(0, a.size, _CHUNK):
        one, other = (side[start : start + _CHUNK] for side in flat)
        if a.dtype.kind != "f":
            equal = one == other
        else:
            equal = (one == other) & (np.signbit(one) == np.signbit(other)) | np.isnan(one) & np.isnan(other)
        if not equal.all():
            return False
    return True


def equal(a: npt.NDArray[np.bool_] | None, b: npt.NDArray[np.bool_] | None) -> bool:
    """Tell whether samples are missing in the same places."""
    if a is None or b is None:
        return a is b
    return same(a, b)
