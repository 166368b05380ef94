"""Canny edges of `skimage.feature`."""

from __future__ import annotations

from typing import Any

import numpy as np
import skimage.feature as theirs
from skimage.util.dtype import dtype_limits

from imfilter._compat import skimage_images as images
from imfilter._compat import skimage_sums as sums
from imfilter._compat.serving import Elsewhere, here, like
from imfilter._filters.canny.hysteresis import connected
from imfilter.compat import ndimage
from imfilter.typing import NDArray


@like(theirs.canny, "skimage.feature.canny")
def canny(
    image: NDArray,
    sigma: float = 1.0,
    low_threshold: float | None = None,
    high_threshold: float | None = None,
    mask: NDArray | None = None,
    use_quantiles: bool = False,
    *,
    mode: str = "constant",
    cval: float = 0.0,
) -> NDArray[np.bool_]:
    """Find edges, as `skimage.feature.canny` does."""
    array = images.finite(images.plane(image))
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8:
        raise Elsewhere("scikit-image takes no integers of 64 bits")
    scale: Any = 1 if use_quantiles else dtype_limits(array, clip_negative=False)[1]
    low = 0.1 if low_threshold is None else low_threshold / scale
    high = 0.2 if high_threshold is None else high_threshold / scale
    if high < low or (use_quantiles and not (low >= 0 and high <= 1)):
        raise Elsewhere("the thresholds are not usual")
    smooth, inside = _smoothed(array, mask, sums.sigmas(sigma, array), mode, cval)
    across, down = sums.sobel(smooth, 1), sums.sobel(smooth, 0)
    magnitude = down * down
    magnitude += across * across
    np.sqrt(magnitude, out=magnitude)
    if use_quantiles:
        low, high = np.percentile(magnitude, [100.0 * low, 100.0 * high])
    suppress = images.step("feature._canny_cy", "_nonmaximum_suppression_bilinear")
    thin = suppress(down, across, magnitude, inside, low)
    weak = thin > 0
    return connected(weak, weak & (thin >= high), 2)


def _smoothed(
    array: NDArray, mask: Any, sigma: tuple[float, ...], mode: Any, cval: Any
) -> tuple[NDArray, NDArray[np.bool_]]:
    """Return the image as a mean of the samples in the mask, and where edges may be."""
    if mask is None:
        inside = np.zeros(array.shape, bool)
        inside[1:-1, 1:-1] = True
        smooth = sums.gaussian(images.floats(array), sigma, mode, cval)
        if mode == "constant":
            smooth /= _of_ones(smooth, sigma, cval) + np.finfo(smooth.dtype).eps
        return smooth, inside
    if type(mask) is not np.ndarray or mask.shape != array.shape or mask.dtype.kind not in "biuf":
        raise Elsewhere("the mask is not a plain array of the image's shape")
    present = mask.astype(bool)
    inside = here(ndimage.binary_erosion)(present, np.ones((3, 3), bool), border_value=0)
    smooth = sums.gaussian(images.floats(np.where(present, array, array.dtype.type(0))), sigma, mode, cval)
    smooth /= sums.gaussian(present.astype(smooth.dtype), sigma, mode, cval) + np.finfo(smooth.dtype).eps
    return smooth, inside


def _of_ones(array: NDArray, sigma: tuple[float, ...], cval: Any) -> NDArray:
    """Return the Gaussian of an image of ones with a constant border. Only its margins differ."""
    reaches = [int(4.0 * s + 0.5) for s in sigma]
    shape = [min(n, 2 * r + 1) for n, r in zip(array.shape, reaches, strict=True)]
    small = sums.gaussian(np.ones(shape, array.dtype), sigma, "constant", cval)
    places = []
    for n, m, r in zip(array.shape, shape, reaches, strict=True):
        along = np.full(n, r)
        along[: min(r, m)] = np.arange(min(r, m))
        along[n - (m - min(r, m)) :] = np.arange(min(r, m), m)
        places.append(along)
    return small[np.ix_(*places)]
