"""Smoothing and sharpening of `skimage.filters`, and hysteresis thresholding."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import skimage.filters

from imfilter._base.call_cache import Calls, remembered
from imfilter._compat import skimage_images as images
from imfilter._compat.serving import Elsewhere, here, like
from imfilter._filters.canny.hysteresis import connected
from imfilter.compat import ndimage
from imfilter.typing import ArrayLike, NDArray


@like(skimage.filters.gaussian, "skimage.filters.gaussian")
def gaussian(
    image: NDArray,
    sigma: float | Sequence[float] = 1.0,
    *,
    mode: str = "nearest",
    cval: float = 0,
    preserve_range: bool = False,
    truncate: float = 4.0,
    channel_axis: int | None = None,
    out: NDArray | None = None,
) -> NDArray:
    """Smooth with a Gaussian, as `skimage.filters.gaussian` does."""
    array = images.image(image)
    sigmas = deviations(array, sigma, channel_axis)
    if out is not None and (not isinstance(out, np.ndarray) or out.dtype.kind != "f"):
        raise Elsewhere("out is not an array of floats")
    converted = images.floats(array, preserve_range=preserve_range)
    return _smooth(converted, sigmas, out, mode, cval, truncate)


def deviations(array: NDArray, sigma: Any, channel_axis: Any) -> Any:
    """Return the standard deviations along all axes, or one for each of them."""
    sigmas: Any = sigma
    if channel_axis is not None:
        sigmas = list(sigma) if isinstance(sigma, Iterable) else [sigma] * (array.ndim - 1)
        if len(sigmas) == array.ndim - 1:
            sigmas.insert(channel_axis % array.ndim, 0)
    if sigmas < 0 if type(sigmas) in (int, float) else np.any(np.asarray(sigmas) < 0.0):
        raise Elsewhere("sigma is negative")
    return sigmas


def _smooth(array: NDArray, sigma: Any, out: Any, mode: Any, cval: Any, truncate: Any = 4.0) -> NDArray:
    smooth = here(ndimage.gaussian_filter)
    return smooth(array, sigma, output=out, mode=mode, cval=cval, truncate=truncate)


@like(skimage.filters.difference_of_gaussians, "skimage.filters.difference_of_gaussians")
def difference_of_gaussians(
    image: NDArray,
    low_sigma: float | Sequence[float],
    high_sigma: float | Sequence[float] | None = None,
    *,
    mode: str = "nearest",
    cval: float = 0,
    channel_axis: int | None = None,
    truncate: float = 4.0,
) -> NDArray:
    """Subtract a wide Gaussian from a narrow one, as `skimage.filters.difference_of_gaussians` does."""
    array = images.image(image)
    converted = images.floats(array)
    pair = remembered(_deviations, _two_deviations, array, (low_sigma, high_sigma, channel_axis))
    narrow, wide = (_smooth(converted, sigmas, None, mode, cval, truncate) for sigmas in pair)
    return np.subtract(narrow, wide, out=narrow)


#: Standard deviations along all axes, by the arguments that they are made of.
_deviations: Calls[list[Any]] = Calls()


def _two_deviations(array: NDArray, low_sigma: Any, high_sigma: Any, channel_axis: Any) -> list[Any]:
    """Return the standard deviations of both Gaussians of a difference."""
    count = array.ndim - (channel_axis is not None)
    low = np.array(low_sigma, np.float64, ndmin=1)
    high = low * 1.6 if high_sigma is None else np.array(high_sigma, np.float64, ndmin=1)
    if low.shape not in ((1,), (count,)) or high.shape not in ((1,), (count,)) or not (low >= 0).all():
        raise Elsewhere("sigma is not usual")
    low, high = np.broadcast_to(low, count), np.broadcast_to(high, count)
    if not (high >= low).all():
        raise Elsewhere("high_sigma is smaller than low_sigma")
    found = []
    for sigma in (low, high):
        sigmas = [float(s) for s in sigma]
        if channel_axis is not None:
            sigmas.insert(channel_axis % array.ndim, 0.0)
        found.append(sigmas)
    return found


@like(skimage.filters.unsharp_mask, "skimage.filters.unsharp_mask")
def unsharp_mask(
    image: NDArray,
    radius: float | Sequence[float] = 1.0,
    amount: float = 1.0,
    preserve_range: bool = False,
    *,
    channel_axis: int | None = None,
) -> NDArray:
    """Add details to an image, as `skimage.filters.unsharp_mask` does.

    A negative `channel_axis` counts from the last axis. scikit-image 0.26 returns memory that it has not
    written for it.
    """
    array = images.image(image)
    factor = images.real(amount, "amount")
    radii = remembered(_deviations, _radii, array, (radius, channel_axis))
    converted = images.floats(array, preserve_range=preserve_range)
    result = _smooth(converted, radii, None, "reflect", 0)
    np.subtract(converted, result, out=result)
    result *= factor
    result += converted
    if not preserve_range:
        least = -1.0 if array.dtype.kind in "if" and (converted < 0).any() else 0.0
        result.clip(np.array(least, result.dtype), np.array(1, result.dtype), out=result)
    return result


def _radii(array: NDArray, radius: Any, channel_axis: Any) -> list[Any]:
    """Return a standard deviation for each axis."""
    radii: Any = list(radius) if isinstance(radius, Iterable) else [radius] * array.ndim
    if channel_axis is not None:
        # For a negative axis, scikit-image 0.26 filters a part of the image and does not write the rest.
        if not -array.ndim <= operator.index(channel_axis) < array.ndim:
            raise Elsewhere("channel_axis is not usual")
        if not isinstance(radius, Iterable):
            radii.pop()
        radii.insert(channel_axis % array.ndim, 0.0)
    if len(radii) != array.ndim or not (np.asarray(radii) >= 0).all():
        raise Elsewhere("radius is not usual")
    return radii


@like(skimage.filters.median, "skimage.filters.median")
def median(
    image: NDArray,
    footprint: ArrayLike | None = None,
    out: NDArray | None = None,
    mode: str = "nearest",
    cval: float = 0.0,
    behavior: str = "ndimage",
) -> NDArray:
    """Take the medians of windows, as `skimage.filters.median` does with ``behavior="ndimage"``."""
    if behavior == "rank":
        raise Elsewhere("the behaviour is that of ranks of bytes")
    array = images.image(image)
    size = 3 if footprint is None else None
    return here(ndimage.median_filter)(array, size, footprint, output=out, mode=mode, cval=cval)


@like(skimage.filters.apply_hysteresis_threshold, "skimage.filters.apply_hysteresis_threshold")
def apply_hysteresis_threshold(image: NDArray, low: float | NDArray, high: float | NDArray) -> NDArray:
    """Find weak samples that are connected to strong ones, as `apply_hysteresis_threshold` does."""
    array = images.image(image)
    with np.errstate(invalid="ignore"):
        weak, strong = array > np.clip(low, a_min=None, a_max=high), array > high
    if weak.shape != array.shape or strong.shape != array.shape or (strong > weak).any():
        raise Elsewhere("the thresholds are not usual")
    return connected(weak, strong, 1)
