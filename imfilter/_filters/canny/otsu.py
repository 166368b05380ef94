"""Otsu's threshold of gradients."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import threads

#: Bins of the histogram of gradients.
_BINS = 256


#: Tells which samples of the rows from the first to the end count for the threshold.
Counts = Callable[[int, int], npt.NDArray[np.bool_]]


def counting(
    allowed: npt.NDArray[np.bool_] | None, shape: tuple[int, ...], *, outermost: bool
) -> Counts | None:
    """Return which samples count: those that are `allowed` to be edges. None: all, also if none is allowed.

    The outermost samples are edges only if `outermost`.
    """
    inner = slice(None) if outermost else slice(1, -1)
    some = allowed is None or allowed[inner, inner].any()
    if not some or (allowed is None and (outermost or min(shape) < 3)):
        return None

    def counts(first: int, stop: int) -> npt.NDArray[np.bool_]:
        mask = np.ones((stop - first, shape[1]), bool) if allowed is None else allowed[first:stop]
        if not outermost:
            mask = mask.copy()
            mask[: max(1 - first, 0)] = mask[:, [0, -1]] = False
            mask[shape[0] - 1 - first :] = False
        return mask

    return counts


def of_values(values: npt.NDArray) -> float:
    """Return Otsu's threshold of the values (N. Otsu, IEEE Transactions SMC 9, 1979)."""
    values = values[np.isfinite(values)]
    if not len(values) or values.min() == values.max():
        return float(values[0]) if len(values) else math.inf
    return of_counts(counted(values, (values.min(), values.max())), bin_edges(values.min(), values.max()))


def of_rows(rows: Callable[[int, int], npt.NDArray], count: int, step: int, workers: int | None) -> float:
    """Return `of_values` of all values that ``rows(first, stop)`` returns, for strips of `step` rows.

    The strips are computed twice, for the limits of the bins and for the counts. So the values are never in
    memory together. Counts are integers, so their sum does not depend on the strips.
    """

    def strips(measure: Callable[[npt.NDArray], Any]) -> list[Any]:
        found: list[Any] = []

        def task(start: int, stop: int) -> None:
            for first in range(start * step, min(stop * step, count), step):
                values = rows(first, min(first + step, count))
                values = values[np.isfinite(values)]
                if values.size:
                    found.append(measure(values))

        threads.run(task, -(-count // step), workers)
        return found

    ends = np.array(strips(lambda values: (values.min(), values.max())))
    if not ends.size:
        return math.inf
    low, high = ends.min(), ends.max()
    if low == high:
        return float(low)
    counts = strips(lambda values: counted(values, (low, high)))
    return of_counts(np.sum(counts, axis=0), bin_edges(low, high))


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
