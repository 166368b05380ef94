"""Scaled samples as integers of a file: the values that NumPy's operations give, in one pass."""

import os

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.program import address
from imfilter._simd.tones import scale, scale_samples

#: Fewer samples take less time with NumPy than the code takes to load.
_MANY = 1 << 16


def scaled(
    values: npt.NDArray,
    dtype: np.dtype,
    *,
    black: float = 0.0,
    factor: float = 1.0,
    offset: float = 0.0,
    hollow: float = 0.0,
    magnitude: bool = False,
) -> npt.NDArray | None:
    """Return ``(values - black) * factor + offset``, rounded half to even and saturated to an integer type.

    NaN becomes `hollow`, which the type must hold. With `magnitude` the absolute values are scaled. Each
    operation is rounded to the type of the values.

    Return None if there are few samples, if compiling is switched off, or if their types need other
    operations: only float32 and float64 become integers of at most 16 bits here.
    """
    if os.environ.get("NUMBA_DISABLE_JIT", "0") != "0":  # files need no compiled code
        return None
    if values.size < _MANY or values.dtype not in (dtypes.FLOAT32, dtypes.FLOAT64):
        return None
    if dtype.kind not in "ui" or dtype.itemsize > 2 or not values.dtype.isnative or not dtype.isnative:
        return None
    samples = np.ascontiguousarray(values)
    result = dtypes.empty(samples.shape, dtype)
    with np.errstate(over="ignore"):
        rounded = np.array([black, factor, offset, hollow], samples.dtype)  # as NumPy rounds a scalar
    numbers = rounded.astype(np.float64)
    kernel = scale_samples.address(samples.dtype, dtype)
    scale.entry()(kernel, address(samples), address(result), samples.size, int(magnitude), address(numbers))
    return result
