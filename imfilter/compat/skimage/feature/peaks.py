"""Local maxima of `skimage.feature`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.ndimage
import skimage.feature as theirs

from imfilter._compat import skimage_images as images
from imfilter._compat.serving import Elsewhere, here, like
from imfilter._filters.corners.spacing import select
from imfilter.compat import ndimage
from imfilter.typing import NDArray

#: Distances by the power of their norm.
_METRICS = {math.inf: "chebyshev", 2: "euclidean"}


def _most(given: Any) -> int | None:
    """Return the largest number of peaks. None: all."""
    if isinstance(given, float) and given == math.inf:
        return None
    if type(given) is not int or given < 1:
        raise Elsewhere("the number of peaks is not usual")
    return given


def _metric(power: Any) -> str:
    metric = _METRICS.get(power) if isinstance(power, int | float) else None
    if metric is None:
        raise Elsewhere("the norm is not that of a square or a circle")
    return metric


def _margins(array: NDArray, distance: int, given: Any) -> tuple[int, ...]:
    """Return the widths of the borders without peaks."""
    if isinstance(given, bool):
        return (distance if given else 0,) * array.ndim
    margins = given if isinstance(given, tuple) else (given,) * array.ndim
    if len(margins) != array.ndim or not all(type(n) is int and n >= 0 for n in margins):
        raise Elsewhere("exclude_border is not usual")
    return margins


def _clear_border(array: NDArray, margins: tuple[int, ...]) -> None:
    for axis, width in enumerate(margins):
        if width:
            lines = np.moveaxis(array, axis, 0)
            lines[:width] = 0
            lines[-width:] = 0


def _highest(
    array: NDArray, footprint: NDArray, threshold: Any, inside: NDArray | None = None
) -> NDArray[np.bool_]:
    """Tell which samples are the largest of their window and above the threshold."""
    if footprint.size == 1 or array.size == 1:
        return array > threshold
    found = array == here(ndimage.maximum_filter)(array, footprint=footprint, mode="nearest")
    if found.all() if inside is None else found[inside].all():  # all samples are equal
        found[:] = False
        if inside is not None:
            found |= inside ^ here(ndimage.binary_opening)(inside)
    found &= array > threshold
    return found


def _sorted(
    array: NDArray, found: NDArray[np.bool_], most: int | None, distance: int, metric: str
) -> NDArray[np.int64]:
    """Return the places of peaks, the highest first. Lower ones that are too near are left out."""
    places = np.nonzero(found)
    order = np.argsort(-array[places], kind="stable")
    points = np.ascontiguousarray(np.transpose(places)[order])
    return select(points, array.shape, distance, metric, most)


@like(theirs.peak_local_max, "skimage.feature.peak_local_max")
def peak_local_max(
    image: NDArray,
    min_distance: int = 1,
    threshold_abs: float | None = None,
    threshold_rel: float | None = None,
    exclude_border: int | tuple[int, ...] | bool = True,
    num_peaks: float = np.inf,
    footprint: NDArray | None = None,
    labels: NDArray | None = None,
    num_peaks_per_label: float = np.inf,
    p_norm: float = np.inf,
) -> NDArray:
    """Return the places of local maxima, as `skimage.feature.peak_local_max` does."""
    array, metric = images.finite(images.image(image)), _metric(p_norm)
    if type(min_distance) is not int or min_distance < 1 or array.dtype.kind == "b":
        raise Elsewhere("min_distance or the type of the image is not usual")
    margins = _margins(array, min_distance, exclude_border)
    lowest = array.min() if threshold_abs is None else threshold_abs
    if threshold_rel is not None:
        lowest = max(lowest, threshold_rel * array.max())
    window = np.ones((2 * min_distance + 1,) * array.ndim, bool) if footprint is None else footprint
    if type(window) is not np.ndarray or window.ndim != array.ndim:
        raise Elsewhere("the footprint is not a plain array of the image's axes")
    if labels is None:
        found = _highest(array, window, lowest)
        _clear_border(found, margins)
        return _sorted(array, found, _most(num_peaks), min_distance, metric)
    if type(labels) is not np.ndarray or labels.shape != array.shape or labels.dtype.kind not in "biu":
        raise Elsewhere("labels are not integers in a plain array of the image's shape")
    return _in_regions(
        array,
        labels,
        window,
        lowest,
        margins,
        (_most(num_peaks), _most(num_peaks_per_label)),
        min_distance,
        metric,
    )


def _in_regions(
    array: NDArray,
    labels: NDArray,
    window: NDArray,
    lowest: Any,
    margins: tuple[int, ...],
    most: tuple[int | None, int | None],
    distance: int,
    metric: str,
) -> NDArray:
    """Return the peaks of each region. The samples around it are lower than any other."""
    numbers = labels.astype(int, casting="safe")
    _clear_border(numbers, margins)
    least = (np.finfo if array.dtype.kind == "f" else np.iinfo)(array.dtype).min
    found = []
    for number, place in enumerate(scipy.ndimage.find_objects(numbers), 1):
        if place is None:
            continue
        inside = labels[place] == number
        part = np.where(inside, array[place], least).astype(array.dtype)
        points = _sorted(part, _highest(part, window, lowest, inside), most[1], distance, metric)
        found.append(points + [along.start for along in place])
    if not found:
        return np.empty((0, 2), int)
    points = np.vstack(found)
    if most[0] is not None and len(points) > most[0]:
        marks = np.zeros(array.shape, bool)
        marks[tuple(points.T)] = True
        points = _sorted(array, marks, most[0], distance, metric)
    return points


@like(theirs.corner_peaks, "skimage.feature.corner_peaks")
def corner_peaks(
    image: NDArray,
    min_distance: int = 1,
    threshold_abs: float | None = None,
    threshold_rel: float | None = None,
    exclude_border: int | tuple[int, ...] | bool = True,
    indices: bool = True,
    num_peaks: float = np.inf,
    footprint: NDArray | None = None,
    labels: NDArray | None = None,
    *,
    num_peaks_per_label: float = np.inf,
    p_norm: float = np.inf,
) -> NDArray:
    """Return local maxima that are farther from each other than a distance, as `corner_peaks` does."""
    metric, most = _metric(p_norm), _most(num_peaks)
    points = here(peak_local_max)(
        image,
        min_distance,
        threshold_abs,
        threshold_rel,
        exclude_border,
        footprint=footprint,
        labels=labels,
        num_peaks_per_label=num_peaks_per_label,
    )
    if len(points):
        # Squared distances are integers, so the next one is at least this far.
        apart = min_distance + 1 if metric == "chebyshev" else math.sqrt(min_distance**2 + 0.5)
        points = select(points, image.shape, apart, metric, most)
    if indices:
        return points
    marks = np.zeros(image.shape, bool)
    marks[tuple(points.T)] = True
    return marks
