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
        limits = _limits(values, None)
        return self._found(_counts(values, limits), limits)

    def passes(self) -> list[Pass]:
        """Return two passes: for the limits of the bins, and for the counts."""
        return [Pass(_limits, _outer, _same), Pass(_counts, np.add, self._found)]

    def _found(self, counts: npt.NDArray, limits: _Limits) -> tuple[float, float]:
        scale = _threshold(counts, limits)
        return self.low * scale, self.high * scale


def _limits(values: npt.NDArray, _: None) -> _Limits:
    """Return the smallest and the largest finite value."""
    values = values[np.isfinite(values)]
    return (values.min(), values.max()) if values.size else (math.inf, -math.inf)


def _outer(one: _Limits, other: _Limits) -> _Limits:
    return min(one[0], other[0]), max(one[1], other[1])


def _same(limits: _Limits, _: None) -> _Limits:
    return limits


def _counts(values: npt.NDArray, limits: _Limits) -> npt.NDArray:
    """Return the histogram of the finite values."""
    if not limits[0] < limits[1]:
        return np.zeros(_BINS, np.int64)
    return np.histogram(values[np.isfinite(values)], _BINS, limits)[0]


def _threshold(counts: npt.NDArray, limits: _Limits) -> float:
    """Return Otsu's threshold of a histogram."""
    if not limits[0] < limits[1]:
        return float(limits[0])  # infinity if there are no values
    edges = np.histogram_bin_edges(np.array(limits), _BINS)
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    above = counts.sum() - below
    first = np.cumsum(counts * middles)[:-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = below * above * (first / below - ((counts * middles).sum() - first) / above) ** 2
    return float(edges[1 + np.nanargmax(apart)])
