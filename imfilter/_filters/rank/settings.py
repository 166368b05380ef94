"""The settings of a rank filter: its window, and the type in which samples are compared."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, dtypes
from imfilter._filters.rank import repeats
from imfilter._filters.rank.footprint import Neighbourhood, box_of
from imfilter._filters.rank.keys import Number, exact

#: Largest number of samples that a listed window may span.
_MOST_SAMPLES = 1 << 24
#: Bytes of the arrays of each sample that is compared by a key: places in sorted order, keys and results.
_KEYS = 40


def window_of(
    array: npt.NDArray,
    axes: tuple[int, ...],
    size: Any,
    footprint: Any,
    pick: Callable[..., int],
    own: tuple[Any, ...],
) -> tuple[Neighbourhood, repeats.Box | None]:
    """Return the window and its rank, and also a box if the window is longer than the image."""
    window = arguments.window(size, footprint, len(axes))
    if isinstance(window, np.ndarray):
        if window.size > _MOST_SAMPLES:
            raise ValueError(f"footprint must span at most {_MOST_SAMPLES} samples, got shape {window.shape}")
        return Neighbourhood(window, pick(int(np.count_nonzero(window)), *own)), None
    lengths = [array.shape[a] for a in axes]
    count = math.prod(window)
    if max(window) > repeats.LONGEST:
        raise ValueError(f"size must be at most {repeats.LONGEST}, got {arguments.brief(max(window))}")
    box = repeats.Box(window, pick(count, *own))
    if count > _MOST_SAMPLES or box.longer(lengths):
        if not box.extreme and count > repeats.MOST:
            raise ValueError(f"size must span at most {repeats.MOST} samples, got {window}")
        return box_of((1,) * len(axes), 0), box
    return box_of(window, box.rank), None


def bytes_of_comparison(dtype: np.dtype, compared: np.dtype | None) -> int:
    """Return the bytes of the other arrays for each sample: samples and results as they are compared."""
    if compared is None:
        return _KEYS
    return 0 if compared == dtype else 2 * compared.itemsize


def compared_as(array: npt.NDArray, cval: Number, dtype: np.dtype) -> tuple[Number, np.dtype | None]:
    """Return the border constant, and the type that holds it and all samples, or None."""
    native = array.dtype.newbyteorder("=")
    if dtype.newbyteorder("=") == native and (cval == cval or native.kind == "f"):
        # Rounding the constant to the samples' type keeps its place among them. The result is rounded anyway.
        cval = dtypes.rounded(native, cval) if cval else cval
        if native in dtypes.NATIVE:
            return cval, native
    if exact(native):
        own = dtypes.readable(array[(slice(1),) * array.ndim]).dtype
        # If samples have fewer bits, float64 holds all of them, and more constants than their own type.
        wider = (own, dtypes.FLOAT64) if own.itemsize < 8 else (own,)
        for compared in wider:
            if dtypes.holds(compared, cval):
                return cval, compared
    return cval, None
