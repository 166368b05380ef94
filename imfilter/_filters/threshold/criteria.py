"""The criteria that choose a threshold from a histogram. Of equally good thresholds, the lowest is chosen."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base.program import address
from imfilter._filters.threshold.histogram import Histogram, Number
from imfilter._filters.threshold.kernels import classes as kernels

_Reals = npt.NDArray[np.float64]

#: Values of a criterion that differ by less, relative to them, are equal.
_ROUNDED = 1e-12
#: The smallest normal number.
_TINY = float(np.finfo(float).tiny)
#: Largest number of bins of a histogram that is smoothed, and of repetitions.
_WIDEST, _MOST = 1 << 20, 10_000


def _first(values: _Reals) -> int:
    """Return the place of the largest value: of equal values, the first."""
    best = float(values.max())
    if math.isinf(best):
        return int(np.argmax(values))
    return int(np.argmax(values >= best - abs(best) * _ROUNDED))


def _sums(h: Histogram, values: _Reals) -> _Reals:
    """Return the sums of counts and of values up to each bin, and of both from each bin to the last."""
    found = np.empty((4, len(values)))
    kernels.sum_both.entry()(address(h.counts), address(values), len(values), address(found))
    return found


def _split(h: Histogram, values: _Reals) -> tuple[_Reals, _Reals, _Reals, _Reals]:
    """Return the sums of both classes for a threshold at each bin but the last.

    They are the number of the samples up to the bin, of those above it, and the sums of `values` likewise.
    """
    counts, totals, later_counts, later_totals = _sums(h, values)
    return counts[:-1], later_counts[1:], totals[:-1], later_totals[1:]


def _means(h: Histogram) -> tuple[_Reals, _Reals, _Reals, _Reals]:
    """Return the numbers of the samples of both classes for a threshold at each bin, and their means."""
    products = h.positions
    products *= h.counts
    below, above, low, high = _split(h, products)
    low /= below
    high /= above
    return below, above, low, high


def otsu(h: Histogram) -> Number:
    """Return the threshold with the largest variance between both classes."""
    below, above, low, high = _means(h)
    high -= low
    high *= high
    below *= above
    below *= high
    return h.value(h.places[_first(below)])


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
    below, sums, _, _ = _sums(h, total)
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
    shares = h.counts / total
    shares *= shares
    below, above, lower, upper = _split(h, shares)
    # In place: new memory takes longer than the arithmetic.
    for number, squares in ((below, lower), (above, upper)):
        number /= total
        np.maximum(squares, _TINY, out=squares)  # a class of tiny weights is never chosen
        number /= np.sqrt(squares, out=squares)
    below *= above
    below *= below  # the criterion is the logarithm of this
    return h.value(h.places[_first(below)])


def isodata(h: Histogram) -> Number:
    """Return the lowest threshold in the middle between the means of both classes."""
    _, _, middle, high = _means(h)
    middle += high
    middle /= 2
    whole = np.maximum(middle, 1)
    whole *= _ROUNDED
    whole += middle
    np.floor(whole, out=whole)
    positions = h.positions
    # A threshold between two bins that are not empty divides like the lower of them.
    fits = (whole >= positions[:-1]) & (whole < positions[1:])
    return h.value(int(whole[int(np.argmax(fits))]))


def triangle(h: Histogram) -> Number:
    """Return the threshold farthest from the line between the peak and the end of the longer tail."""
    places, counts = h.places, h.counts
    peak, last = int(np.argmax(counts)), len(places) - 1
    flipped = float(places[peak] - places[0]) < float(places[last] - places[peak])
    if flipped:
        peak = last - peak
        places, counts = places[last] - places[::-1], counts[::-1]
    # Along a row of empty bins, the last is the farthest.
    gaps = np.flatnonzero(np.diff(places[: peak + 1]) > 1) + 1
    where = np.concatenate([places[:peak], places[gaps] - places.dtype.type(1)])
    heights = np.concatenate([counts[:peak], np.zeros(len(gaps))])
    order = np.argsort(where, kind="stable")
    where, heights = where[order], heights[order]
    width = float(places[peak])
    best = where[int(np.argmax(counts[peak] * where.astype(np.float64) - width * heights))]
    return h.value(h.places[last] - best if flipped else best)


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
