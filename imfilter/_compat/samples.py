"""Searches for samples that are not finite, which take little time for small images."""

import math

import numpy as np
import numpy.typing as npt

#: Samples up to which a product takes less time than a sum: 0.6 us and not 1.1 us for 576.
_FEW = 4096


def all_finite(array: npt.NDArray) -> bool:
    """Tell whether an image has neither NaN nor infinity."""
    if array.dtype.kind != "f":
        return True
    # If the sum or the product is finite, all samples are. A sum takes a fifth of the time of a search.
    if array.size <= _FEW:
        total = np.vdot(array, array)
    else:
        with np.errstate(all="ignore"):
            total = array.sum()
    return math.isfinite(total) or bool(np.isfinite(array).all())


def has_nan(array: npt.NDArray) -> bool:
    """Tell whether an image has NaN. No square is negative, so infinities do not make the product NaN."""
    if array.dtype.kind != "f":
        return False
    return math.isnan(np.vdot(array, array) if array.size <= _FEW else np.minimum.reduce(array, None))
