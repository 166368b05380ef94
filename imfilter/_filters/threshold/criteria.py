"""The criteria that choose a threshold from a histogram. Of equally good thresholds, the lowest is chosen."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base.program import address
from imfilter._filters.threshold.histogram import Histogram, Number
from imfilter._filters.threshold.kernels import classes as kernels
from imfilter._filters.threshold.kernels import split
from imfilter._simd.jit import Kernel

#: Largest number of bins of a histogram that is smoothed, and of repetitions.
_WIDEST, _MOST = 1 << 20, 10_000


def _chosen(h: Histogram, kernel: Kernel, form: int = 0, total: float = 0.0) -> npt.NDArray[np.float64]:
    """Return what a kernel finds in a histogram, as the first numbers. `corner` needs no lines of numbers."""
    places, bins = h.places, len(h.places)
    if places.dtype.itemsize < 8:
        places = places.astype(np.uint64)
    lines = np.empty(split.LINES * bins + split.MORE)
    code, entry = kernel.address(), split.choose.entry()
    entry(code, form, address(places), address(h.counts), bins, total, address(lines))
    return lines


def otsu(h: Histogram) -> Number:
    """Return the threshold with the largest variance between both classes."""
    return h.value(h.places[int(_chosen(h, split.split, split.VARIANCE)[0])])


def multi_otsu(h: Histogram, classes: int) -> list[Number]:
    """Return the thresholds with the largest variance between the classes."""
    bins = len(h.places)
    if bins <= classes:  # each value is a class, and classes without a value are the last
        return [h.value(h.places[min(i, bins - 1)]) for i in range(classes - 1)]
    positions = h.positions
    positions -= np.rint(np.average(positions, weights=h.counts))
    sums = np.zeros((bins + 1, 2))
    np.cumsum(h.counts, out=sums[1:, 0])
    np.cumsum(h.counts * positions, out=sums[1:, 1])
    gains, stops = np.empty((classes, bins + 1)), np.empty((classes, bins + 1), np.int64)
    kernels.divide.entry()(address(sums), bins, classes, address(gains), address(stops))
    found, first = list[Number](), 0
    for line in range(classes - 1, 0, -1):
        first = int(stops[line, first])
        found.append(h.value(h.places[first - 1]))
    return found


def li(h: Histogram) -> float:
    """Return the threshold with the smallest cross-entropy that is reached from the mean."""
    positions = h.positions + h.middle
    total, number = h.counts * positions, float(h.counts.sum())
    found = np.empty((4, len(total)))
    split.sum_both.entry()(address(h.counts), address(total), len(total), address(found))
    below, sums, _, _ = found
    # A threshold of integers is found to half a unit, as in scikit-image.
    tolerance, before, now = (0.5 if h.centres is None else 1e-6), -math.inf, float(sums[-1]) / number
    for _ in range(_MOST):
        if abs(now - before) <= tolerance:
            break
        before = now
        last = int(np.searchsorted(positions, now, side="right")) - 1
        low = float(sums[last] / below[last])
        if low == 0:
            break
        high = float((sums[-1] - sums[last]) / (number - below[last]))
        now = (low - high) / (math.log(low) - math.log(high))
    return h.at(now)


def yen(h: Histogram) -> Number:
    """Return the threshold with the largest correlation criterion of Yen."""
    total = float(h.counts.sum())
    return h.value(h.places[int(_chosen(h, split.split, split.CORRELATION, total)[0])])


def isodata(h: Histogram) -> Number:
    """Return the lowest threshold in the middle between the means of both classes."""
    return h.value(int(_chosen(h, split.split, split.MIDDLE)[0]))


def triangle(h: Histogram) -> Number:
    """Return the threshold farthest from the line between the peak and the end of the longer tail."""
    found = _chosen(h, split.corner)
    return h.value(int(h.places[int(found[0])]) + int(found[1]))


def minimum(h: Histogram) -> Number:
    """Return the lowest bin between the two maxima of the smoothed histogram."""
    bins = int(h.places[-1]) + 1
    if bins > _WIDEST:
        raise ValueError(f"image must have a range of at most {_WIDEST} integers, got {bins}")
    here, found = np.zeros(bins, np.float32), np.zeros(4, np.int64)
    here[h.places] = h.counts
    there = np.empty_like(here)
    kernels.smooth_to_two.entry()(address(here), address(there), bins, _MOST, address(found))
    first, second, number, swapped = found.tolist()
    if number != 2:
        raise ValueError(
            f"image must have a histogram with two maxima after smoothing, got {number}; use another method"
        )
    smooth = there if swapped else here
    return h.value(first + int(np.argmin(smooth[first : second + 1])))


def several(h: Any, classes: int) -> list[Number]:
    """Return the thresholds of a histogram, of a constant, or of NaN."""
    return multi_otsu(h, classes) if isinstance(h, Histogram) else [h] * (classes - 1)
