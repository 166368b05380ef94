"""Histograms as scikit-image counts them: a bin for each integer, or equal bins of floats."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import threads
from imfilter._compat import skimage_images as images
from imfilter._compat.serving import Elsewhere
from imfilter._filters.threshold.histogram import Histogram, Samples, of_samples

#: The largest range of integers whose bins are listed one by one.
_WIDEST = 1 << 16
_Array = npt.NDArray


def counted(image: Any, bins: Any) -> tuple[_Array, _Array] | None:
    """Return the counts and the centres of the bins, or None where all samples are equal."""
    array = images.image(image)
    if array.dtype.kind == "b" or array.dtype == np.float16:
        raise Elsewhere(f"the dtype is {array.dtype.name}")
    if type(bins) is not int or not 2 <= bins <= _WIDEST:
        raise Elsewhere("the number of bins is not usual")
    values = images.finite(array).reshape(-1)
    found = of_samples(Samples(values, None, threads.requested(None)), bins)
    if not isinstance(found, Histogram):
        return None
    if found.centres is None:
        length = int(found.places[-1]) + 1
        if length > _WIDEST:
            raise Elsewhere("the range of the integers is large")
        centres = np.arange(int(found.low), int(found.low) + length)
    else:
        length, centres = bins, found.centres
        limits = np.histogram_bin_edges(np.array([values.min(), values.max()]), bins)
        if not np.array_equal((limits[:-1] + limits[1:]) / 2.0, centres):
            raise Elsewhere("the limits of the bins are rounded in another way")
    counts = np.zeros(length, np.int64)
    counts[found.places] = found.counts
    return counts, centres


def chosen(image: Any, bins: Any, choose: Callable[..., Any], **options: Any) -> Any:
    """Return what scikit-image's criterion chooses from the histogram of an image."""
    found = counted(image, bins)
    if found is None:
        raise Elsewhere("all samples are equal")
    return choose(hist=found, **options)
