"""Integer keys for samples that the kernels cannot compare exactly, and the way back from keys to samples.

Kernels compare integers and floats of up to 64 bits. They cannot compare long doubles. They also cannot
compare samples with a border constant that the samples' type cannot represent, such as NaN or 0.5 among
64-bit integers.
"""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes

#: A border constant: an integer of any size, a float, or a NumPy long double.
Number = int | float | np.longdouble


class Keys(NamedTuple):
    """Integers that have the same order as the samples of an image and its border constant."""

    values: npt.NDArray
    border_key: int  # the key of the constant
    constant: Number | None
    samples: Callable[[npt.NDArray], npt.NDArray]  # samples of keys other than the constant's

    def place(self, found: npt.NDArray, out: npt.NDArray) -> None:
        """Write the samples of keys to `out`, rounded and saturated."""
        dtypes.place(self.samples(found), out)
        if self.constant is not None:
            out[found == self.border_key] = dtypes.rounded(out.dtype, self.constant)


def exact(dtype: np.dtype) -> bool:
    """Tell whether kernels can compare samples of a type, or of a type that holds all of its values."""
    return dtype.kind != "f" or dtype.itemsize <= dtypes.FLOAT64.itemsize


def keys_of(image: npt.NDArray, constant: Number | None = None, *, nan_first: bool = False) -> Keys:
    """Return the keys of an image and of its border constant, if it has one. NaN sorts last, or first."""
    native = image.dtype.newbyteorder("=")
    samples = dtypes.readable(image) if exact(native) else image.astype(native, copy=False)
    if constant is not None and samples.dtype.kind in "iu":
        moved = _moved(samples, constant)
        if moved is not None:
            return moved
    keys = places(samples, constant)
    if nan_first:
        keys.values[np.isnan(samples)] = -2  # sorts first; -2 >> 1 is the last place, a NaN
    return keys


def _below(kind: np.dtype, constant: Number) -> int:
    """Return the largest integer of a type that is not above a constant, or the smallest minus 1."""
    low, high = int(np.iinfo(kind).min), int(np.iinfo(kind).max)
    if math.isnan(constant) or constant > high:
        return high
    if constant < low:
        return low - 1
    return -1 if dtypes.negative_zero(constant) else math.floor(constant)


def _moved(samples: npt.NDArray, constant: Number) -> Keys | None:
    """Return the samples, shifted on one side of the constant to free a key for it. None: no key is free.

    A constant that sorts first or last needs no shift, unless the smallest or largest integer is a sample.
    """
    bounds, below = np.iinfo(samples.dtype), _below(samples.dtype, constant)
    if below == bounds.max and samples.max() < bounds.max:
        return Keys(samples, int(bounds.max), constant, lambda found: found)
    if below < bounds.min < samples.min():
        return Keys(samples, int(bounds.min), constant, lambda found: found)
    if samples.max() < bounds.max:
        border_key = below + 1
        return Keys(
            samples + (samples > below), border_key, constant, lambda found: found - (found > border_key)
        )
    if samples.min() > bounds.min:
        return Keys(samples - (samples <= below), below, constant, lambda found: found + (found < below))
    return None


def places(samples: npt.NDArray, constant: Number | None) -> Keys:
    """Return keys that are twice the places of samples in sorted order. The key of the constant is odd."""
    flat = samples.reshape(-1)
    order = np.argsort(flat, kind="stable")
    ordered, place, kind = flat[order], 0, flat.dtype.type
    if flat.dtype.kind == "f":
        first, last = ordered.searchsorted(kind(0), "left"), ordered.searchsorted(kind(0), "right")
        zeros = slice(int(first), int(last))
        signs = np.argsort(~np.signbit(ordered[zeros]), kind="stable")  # -0.0 sorts before 0.0
        order[zeros], ordered[zeros] = order[zeros][signs], ordered[zeros][signs]
        if constant is not None:
            value = np.longdouble(constant)  # long double holds all floats
            side: Literal["left", "right"] = "left" if np.signbit(value) else "right"
            place = int(ordered.astype(np.longdouble).searchsorted(value, side))
    elif constant is not None and (below := _below(flat.dtype, constant)) >= ordered[0]:
        # Search with the samples' type. Otherwise NumPy would compare floats.
        place = int(ordered.searchsorted(kind(below), "right"))
    small = 2 * len(flat) <= np.iinfo(np.int32).max
    keys = np.empty(len(flat), np.int32 if small else np.int64)
    keys[order] = np.arange(0, 2 * len(flat), 2, dtype=keys.dtype)
    return Keys(keys.reshape(samples.shape), 2 * place - 1, constant, lambda found: ordered[found >> 1])
