"""The criteria that choose a threshold from a histogram. Of equally good thresholds, the lowest is chosen."""

from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base.program import address
from imfilter._filters.threshold.histogram import Histogram, Number
from imfilter._filters.threshold.kernels import classes as kernels
from imfilter._filters.threshold.kernels import counted, split
from imfilter._filters.threshold.small import Criterion

#: Largest number of bins of a histogram that is smoothed, and of repetitions.
_WIDEST, _MOST = 1 << 20, 10_000


def _of_bin(places: npt.NDArray, number: float, _: float) -> int:
    """Return the place of a bin that is not empty."""
    return int(places.item(int(number)))


def _beside(places: npt.NDArray, number: float, step: float) -> int:
    """Return a place some steps from a bin that is not empty."""
    return int(places.item(int(number))) + int(step)


def _itself(places: npt.NDArray, place: float, _: float) -> int:
    """Return the place that the kernel found."""
    return int(place)


def _between(places: npt.NDArray, place: float, _: float) -> float:
    """Return a place that is not that of a bin."""
    return place


#: The largest variance between both classes.
OTSU = Criterion(split.split, counted.split_counted, split.VARIANCE, split.VARIANCE, _of_bin)
#: The largest correlation criterion of Yen.
YEN = Criterion(split.split, counted.split_counted, split.CORRELATION, split.CORRELATION, _of_bin)
#: The lowest threshold in the middle between the means of both classes.
ISODATA = Criterion(split.split, counted.split_counted, split.MIDDLE, split.MIDDLE, _itself)
#: The threshold farthest from the line between the peak and the end of the longer tail.
TRIANGLE = Criterion(split.corner, split.corner, 0, 0, _beside)
#: The smallest cross-entropy that is reached from the mean.
LI = Criterion(split.descend, counted.descend_counted, split.WHOLE, split.REAL, _between)


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
