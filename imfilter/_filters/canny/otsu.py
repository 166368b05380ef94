"""Otsu's threshold of gradients."""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._filters.canny.thresholds import Pass

#: Bins of the histogram of gradients.
_BINS = 256
_Limits = tuple[Any, Any]


class Otsu(NamedTuple):
    """Both thresholds are multiples of Otsu's (N. Otsu, IEEE Transactions SMC 9, 1979)."""

    low: float
    high: float

    def of_values(self, values: npt.NDArray) -> tuple[float, float]:
        """Return both thresholds of the values."""
        edges = _edges(_limits(values, None), None)
        return self._found(_counts(values, edges), edges)

    def passes(self) -> list[Pass]:
        """Return two passes: for the limits of the bins, and for the counts."""
        return [Pass(_limits, _outer, _edges), Pass(_counts, np.add, self._found)]

    def _found(self, counts: npt.NDArray, edges: npt.NDArray) -> tuple[float, float]:
        scale = _threshold(counts, edges)
        return self.low * scale, self.high * scale


def _limits(values: npt.NDArray, _: None) -> _Limits:
    """Return the smallest and the largest finite value."""
    values = values[np.isfinite(values)]
    return (values.min(), values.max()) if values.size else (math.inf, -math.inf)


def _outer(one: _Limits, other: _Limits) -> _Limits:
    return min(one[0], other[0]), max(one[1], other[1])


def _edges(limits: _Limits, _: None) -> npt.NDArray:
    """Return the limits of the bins, or the only value, or infinity if there is none."""
    low, high = limits
    if low < high:
        try:
            return np.histogram_bin_edges(np.array(limits), _BINS)
        except ValueError:
            # There are fewer floats than bins, so the values differ by rounding errors. None shall exceed the
            # threshold, and its square no square.
            low = high + 4 * np.spacing(high)
    return np.array([low])


def _counts(values: npt.NDArray, edges: npt.NDArray) -> npt.NDArray:
    """Return the histogram of the finite values."""
    if len(edges) == 1:
        return np.zeros(_BINS, np.int64)
    return np.histogram(values[np.isfinite(values)], _BINS, (edges[0], edges[-1]))[0]


def _threshold(counts: npt.NDArray, edges: npt.NDArray) -> float:
    """Return Otsu's threshold of a histogram."""
    if len(edges) == 1:
        return float(edges[0])
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    above = counts.sum() - below
    first = np.cumsum(counts * middles)[:-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = below * above * (first / below - ((counts * middles).sum() - first) / above) ** 2
    return float(edges[1 + np.nanargmax(apart)])
