"""Thresholds of `skimage.filters` for each sample, from its neighbourhood."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import skimage.filters
from skimage.util import dtype_limits

from imfilter import threshold
from imfilter._base.call_cache import Calls, remembered
from imfilter._compat import skimage_images as images
from imfilter._compat.prepared import Run, run_of
from imfilter._compat.serving import Elsewhere, here, like
from imfilter.compat import ndimage
from imfilter.typing import NDArray


def _odd(given: Any, array: NDArray) -> tuple[int, ...]:
    """Return an odd length for each axis."""
    lengths = tuple(given) if isinstance(given, Iterable) else (given,) * array.ndim
    if len(lengths) != array.ndim or any(type(n) is not int or n < 1 or n % 2 == 0 for n in lengths):
        raise Elsewhere("the lengths of the window are not odd numbers, one for each axis")
    return lengths


@like(skimage.filters.threshold_local, "skimage.filters.threshold_local")
def threshold_local(
    image: NDArray,
    block_size: int | Sequence[int] = 3,
    method: str = "gaussian",
    offset: float = 0,
    mode: str = "reflect",
    param: Any = None,
    cval: float = 0,
) -> NDArray:
    """Return a mean or median of each neighbourhood, as `skimage.filters.threshold_local` does."""
    array = images.image(image)
    lengths, level = _odd(block_size, array), images.real(offset, "offset")
    converted = images.floats(array, preserve_range=True)
    if method == "gaussian":
        sigma = [(n - 1) / 6.0 for n in lengths] if param is None else param
        if param is not None and not (np.asarray(sigma) >= 0).all():
            raise Elsewhere("sigma is negative")
        result = here(ndimage.gaussian_filter)(converted, sigma, mode=mode, cval=cval)
    elif method == "mean":
        result = here(ndimage.uniform_filter)(converted, lengths, mode=mode, cval=cval)
    elif method == "median":
        result = here(ndimage.median_filter)(converted, lengths, mode=mode, cval=cval)
    else:
        raise Elsewhere("the method is another function")
    return result - level if level else result


@like(skimage.filters.threshold_niblack, "skimage.filters.threshold_niblack")
def threshold_niblack(image: NDArray, window_size: int | Sequence[int] = 15, k: float = 0.2) -> NDArray:
    """Return means minus multiples of standard deviations, as `skimage.filters.threshold_niblack` does."""
    array = _wide(image)
    return remembered(_kept, _niblack, array, (window_size, k))(array, None)


#: Thresholds by the arguments that they are made of.
_kept: Calls[Run] = Calls()


def _niblack(array: NDArray, window_size: Any, k: Any) -> Run:
    lengths, factor = _odd(window_size, array), images.real(k, "k")
    return run_of(threshold.niblack, array, lengths, factor, dtype=np.float64)


@like(skimage.filters.threshold_sauvola, "skimage.filters.threshold_sauvola")
def threshold_sauvola(
    image: NDArray, window_size: int | Sequence[int] = 15, k: float = 0.2, r: float | None = None
) -> NDArray:
    """Return means that standard deviations lower, as `skimage.filters.threshold_sauvola` does."""
    array = _wide(image)
    return remembered(_kept, _sauvola, array, (window_size, k, r))(array, None)


def _sauvola(array: NDArray, window_size: Any, k: Any, r: Any) -> Run:
    lengths, factor = _odd(window_size, array), images.real(k, "k")
    largest = images.real(_half_range(array.dtype) if r is None else r, "r")
    return run_of(threshold.sauvola, array, lengths, factor, largest, dtype=np.float64)


def _half_range(kind: np.dtype) -> float:
    """Return half of the range of a type, as scikit-image sees it."""
    least, most = dtype_limits(np.empty(0, kind), clip_negative=False)
    return 0.5 * (int(most) - int(least))


def _wide(image: Any) -> NDArray:
    """Return an image whose thresholds are float64. In float32, scikit-image cancels too many digits."""
    array = images.image(image)
    if array.dtype.kind == "f" and array.dtype != np.float64:
        raise Elsewhere(f"the dtype is {array.dtype.name}")
    return images.finite(array)
