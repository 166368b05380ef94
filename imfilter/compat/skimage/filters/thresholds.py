"""Thresholds of `skimage.filters` from the histogram of the whole image.

The samples are counted here, in parallel. scikit-image's criterion chooses a bin, so thresholds are equal.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import skimage.filters

from imfilter._compat import skimage_images as images
from imfilter._compat.serving import Elsewhere, like
from imfilter._compat.skimage_histograms import chosen, counted
from imfilter.compat.ndimage import uniform_filter1d
from imfilter.threshold import mean
from imfilter.typing import NDArray

#: A histogram: counts, or counts and the centres of bins.
Hist = NDArray | tuple[NDArray, NDArray] | None
_otsu, _yen = skimage.filters.threshold_otsu, skimage.filters.threshold_yen
_isodata, _multiotsu = skimage.filters.threshold_isodata, skimage.filters.threshold_multiotsu
#: SciPy's own function, also where it is patched.
_smooth = uniform_filter1d.original  # type: ignore[attr-defined]  # set by `like`


def _gray(image: Any, hist: Any) -> NDArray:
    array = _given(image, hist)
    if array.ndim > 2 and array.shape[-1] in (3, 4):
        raise Elsewhere("the image looks like a colour image")
    return array


@like(_otsu, "skimage.filters.threshold_otsu")
def threshold_otsu(image: NDArray | None = None, nbins: int = 256, *, hist: Hist = None) -> Any:
    """Return Otsu's threshold, as `skimage.filters.threshold_otsu` does."""
    array = _gray(image, hist)
    found = counted(array, nbins)
    return array.reshape(-1)[0] if found is None else _otsu(hist=found)


@like(_multiotsu, "skimage.filters.threshold_multiotsu")
def threshold_multiotsu(
    image: NDArray | None = None, classes: int = 3, nbins: int = 256, *, hist: Hist = None
) -> NDArray:
    """Return Otsu's thresholds for several classes, as `skimage.filters.threshold_multiotsu` does."""
    found = counted(_gray(image, hist), nbins)
    if found is None:
        raise Elsewhere("all samples are equal")
    counts, centres = found
    return _multiotsu(classes=classes, hist=(counts / np.sum(counts), centres))


@like(_yen, "skimage.filters.threshold_yen")
def threshold_yen(image: NDArray | None = None, nbins: int = 256, *, hist: Hist = None) -> Any:
    """Return Yen's threshold, as `skimage.filters.threshold_yen` does."""
    return _chosen(image, nbins, hist, _yen)


@like(_isodata, "skimage.filters.threshold_isodata")
def threshold_isodata(
    image: NDArray | None = None, nbins: int = 256, return_all: bool = False, *, hist: Hist = None
) -> Any:
    """Return the threshold between two means, as `skimage.filters.threshold_isodata` does."""
    return _chosen(image, nbins, hist, _isodata, return_all=return_all)


@like(skimage.filters.threshold_minimum, "skimage.filters.threshold_minimum")
def threshold_minimum(
    image: NDArray | None = None, nbins: int = 256, max_num_iter: int = 10000, *, hist: Hist = None
) -> Any:
    """Return the lowest bin between two peaks, as `skimage.filters.threshold_minimum` does.

    The histogram is smoothed by SciPy: the rounding of its sums decides between bins that are equally low.
    """
    if type(max_num_iter) is not int or max_num_iter < 1:
        raise Elsewhere("max_num_iter is not usual")
    found = counted(_given(image, hist), nbins)
    if found is None:
        raise Elsewhere("all samples are equal")
    counts, centres = found
    smooth = counts.astype(np.float32)
    for _ in range(max_num_iter - 1):  # the last step is an error
        smooth = _smooth(smooth, 3)
        peaks = _peaks(smooth)
        if len(peaks) < 3:
            break
    else:
        raise Elsewhere("the histogram has more than two peaks")
    if len(peaks) != 2:
        raise Elsewhere("the histogram does not have two peaks")
    first, last = peaks
    return centres[first + smooth[first : last + 1].argmin()]


def _peaks(heights: NDArray) -> NDArray:
    """Return where heights begin to fall: the last place of each plateau that is higher than both sides."""
    steps = np.sign(heights[1:] - heights[:-1])
    (places,) = steps.nonzero()
    falls = steps[places] < 0
    return places[falls & np.append(True, ~falls[:-1])[: len(falls)]]


def _given(image: Any, hist: Any) -> NDArray:
    if hist is not None or image is None:
        raise Elsewhere("the histogram is given")
    return images.image(image)


def _chosen(image: Any, bins: Any, hist: Any, choose: Any, **options: Any) -> Any:
    return chosen(_given(image, hist), bins, choose, **options)


@like(skimage.filters.threshold_triangle, "skimage.filters.threshold_triangle")
def threshold_triangle(image: NDArray, nbins: int = 256) -> Any:
    """Return the threshold of the triangle method, as `skimage.filters.threshold_triangle` does."""
    found = counted(image, nbins)
    if found is None:
        return image.reshape(-1)[0]
    counts, centres = found
    peak = int(counts.argmax())
    last = len(counts) - 1  # both ends are not empty
    flipped = peak < last - peak  # the tail of high values is longer
    if flipped:
        counts, centres, peak = counts[::-1], centres[::-1], last - peak
    # In scikit-image's order of operations: equally far bins are told apart by rounding.
    norm = np.sqrt(counts[peak] ** 2 + peak**2)
    height, width = counts[peak] / norm, peak / norm
    distances = height * np.arange(peak) - width * counts[:peak]
    return centres[distances.argmax()]


@like(skimage.filters.threshold_mean, "skimage.filters.threshold_mean")
def threshold_mean(image: NDArray) -> Any:
    """Return the mean of an image of integers, as `skimage.filters.threshold_mean` does."""
    array = images.image(image)
    if array.dtype.kind == "f" or array.dtype.itemsize > 2:
        raise Elsewhere(f"the dtype is {array.dtype.name}")
    return np.float64(mean(array))


@like(skimage.filters.threshold_li, "skimage.filters.threshold_li")
def threshold_li(
    image: NDArray, *, tolerance: float | None = None, initial_guess: Any = None, iter_callback: Any = None
) -> Any:
    """Return the threshold of the smallest cross-entropy, as `skimage.filters.threshold_li` does."""
    if initial_guess is not None or iter_callback is not None:
        raise Elsewhere("the iteration is followed or has a start")
    array = images.image(image)
    if array.dtype.kind not in "iu" or array.dtype.itemsize > 2:
        raise Elsewhere(f"the dtype is {array.dtype.name}")
    found = counted(array, 256)
    if found is None:
        return array.reshape(-1)[0]
    counts, centres = found
    least = array.dtype.type(centres[0])
    values = centres - centres[0]
    if values[-1] > np.iinfo(array.dtype).max:
        raise Elsewhere("differences of samples are wider than their type")
    step: Any = tolerance or 0.5
    weights = counts.astype(np.float32)
    following = np.float64(int((counts * values).sum()) / int(counts.sum()))
    current: Any = -2 * step
    while abs(following - current) > step:
        current = following
        above = values > current
        high = np.average(values[above], weights=weights[above])
        low = np.average(values[~above], weights=weights[~above])
        if low == 0:
            break
        following = (low - high) / (np.log(low) - np.log(high))
    return following + least
