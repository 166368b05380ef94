"""Otsu's threshold of gradients."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

#: Bins of the histogram of gradients.
_BINS = 256


def of_values(values: npt.NDArray) -> float:
    """Return Otsu's threshold of the values (N. Otsu, IEEE Transactions SMC 9, 1979)."""
    values = values[np.isfinite(values)]
    if not len(values) or values.min() == values.max():
        return float(values[0]) if len(values) else math.inf
    return of_counts(counted(values, (values.min(), values.max())), bin_edges(values.min(), values.max()))


def bin_edges(low: Any, high: Any) -> npt.NDArray:
    """Return the limits of the bins of `counted`."""
    return np.histogram_bin_edges(np.array([low, high]), _BINS)


def counted(values: npt.NDArray, limits: tuple[Any, Any]) -> npt.NDArray:
    """Return the number of values in each bin between the smallest and the largest of all."""
    counts, _ = np.histogram(values, _BINS, limits)
    return counts


def of_counts(counts: npt.NDArray, edges: npt.NDArray) -> float:
    """Return Otsu's threshold of a histogram."""
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    above = counts.sum() - below
    first = np.cumsum(counts * middles)[:-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = below * above * (first / below - ((counts * middles).sum() - first) / above) ** 2
    return float(edges[1 + np.nanargmax(apart)])
