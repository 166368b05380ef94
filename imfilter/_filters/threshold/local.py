"""Local thresholds from the mean and the standard deviation of each window, which `local` computes."""

import math

import numpy as np

from imfilter._filters.local.spread import thresholds

__all__ = ["half_range", "thresholds"]


def half_range(dtype: np.dtype) -> float:
    """Return half of the range of a type: 1 for floats, which are from -1 to 1."""
    if dtype.kind == "f":
        return 1.0
    if dtype.kind == "b":
        return 0.5
    info = np.iinfo(dtype)
    return math.ldexp(float(int(info.max) - int(info.min)), -1)
