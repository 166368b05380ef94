"""Peaks of a response, with a minimum distance between them."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from imfilter._base import arguments, colour_warning, inside, missing
from imfilter._base.keywords import hinted
from imfilter._filters.detection.parabola import top_of_parabola
from imfilter.typing import ArrayLike, Mask, Nan, NDArray

#: Metrics for the distance between two peaks.
METRICS = ("euclidean", "chebyshev")
#: Number of samples in a strip of rows, and smallest height of a strip.
_STRIP, _LEAST = 1 << 19, 16


@hinted
def corner_peaks(
    response: ArrayLike,
    *,
    min_distance: float = 1,
    metric: Literal["euclidean", "chebyshev"] = "euclidean",
    threshold: float | None = None,
    relative: float = 0.0,
    exclude_border: int = 0,
    count: int | None = None,
    refine: bool = False,
    mask: Mask = None,
    nan: Nan = "propagate",
) -> NDArray:
    """Find the peaks of a response such as `harris`, strongest first.

    A peak is a sample that is not less than any of its neighbours, including diagonal neighbours. Connected
    samples of equal height are one plateau. A plateau is a peak if no neighbour is higher; its position is
    the sample nearest to its centroid.

    Parameters
    ----------
    response : array_like
        Response of any number of axes. Every axis is spatial. Bool, integers or floats. The function does not
        change it. NaN is less than every number, so it is never a peak.
    min_distance : float, optional
        Minimum distance between two peaks in samples. If two peaks are nearer, only the stronger one is kept.
        Default 1: all peaks are kept.
    metric : {'euclidean', 'chebyshev'}, optional
        Metric of the distance. 'euclidean': length of the straight line. 'chebyshev': largest distance along
        any axis, as for ``min_distance`` in scikit-image. Default 'euclidean'.
    threshold : float, optional
        Value that a peak must exceed. Default: no threshold. The smallest value of the response is never a
        peak.
    relative : float, optional
        Fraction of the highest peak that a peak must exceed, from 0 to 1. Default 0: no such threshold.
    exclude_border : int, optional
        Number of samples at both ends of each axis where no peaks are searched. Default 0.
    count : int, optional
        Maximum number of peaks. Default: all peaks are returned.
    refine : bool, optional
        Whether to refine the positions to fractions of a sample. A parabola through the peak and its two
        neighbours is fitted along each axis, and the peak moves to its maximum, by at most half a sample.
        Default False.
    mask : array_like, optional
        Samples that are present, in the shape of `image`, or in its shape without `channel_axis`. Bool: True
        where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
        any value, and changes no result. Default: all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether NaN makes every result NaN whose window contains it (default), or is an absent sample.

    Returns
    -------
    ndarray
        Indices of the peaks, with one row for each peak and one column for each axis. Its dtype is int64, or
        float64 with ``refine=True``.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    harris, shi_tomasi : Corner responses.
    skimage.feature.peak_local_max : The same distance as ``metric="chebyshev"``. It removes peaks near every
        higher sample, even if that sample is not a peak, and it returns every sample of a plateau.

    References
    ----------
    R. C. Gonzalez and R. E. Woods, *Digital Image Processing*, 4th ed., 2018, section 11.6.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.corner_peaks([0, 2, 1, 5, 5, 5, 1, 3, 0])
    array([[4],
           [7],
           [1]])
    >>> imfilter.corner_peaks([0, 2, 1, 5, 5, 5, 1, 3, 0], min_distance=4, count=1)
    array([[4]])
    >>> imfilter.corner_peaks([[2, 0, 0], [0, 0, 0], [0, 0, 1]], min_distance=2.5)
    array([[0, 0],
           [2, 2]])
    >>> imfilter.corner_peaks([[2, 0, 0], [0, 0, 0], [0, 0, 1]], min_distance=2.5, metric="chebyshev")
    array([[0, 0]])
    """
    bare, own = missing.split(response)
    array = arguments.image(bare, "response")
    colour_warning.of_colours(array, None, None, "response", all_axes=True)
    distance = arguments.number(min_distance, "min_distance")
    if distance < 0:
        raise ValueError(f"min_distance must not be negative, got {distance}")
    how = arguments.word(metric, "metric", METRICS)
    share = arguments.share(relative, "relative")
    margin = arguments.integer(exclude_border, "exclude_border", least=0)
    most = None if count is None else arguments.integer(count, "count", least=1)
    refined = arguments.flag(refine, "refine")
    least = None if threshold is None else arguments.constant(threshold, "threshold")
    from imfilter._base import dtypes
    from imfilter._filters.corners import spacing

    native = array.dtype.newbyteorder("=")
    # Wide types are not converted: float64 cannot represent all 64-bit integers and long doubles.
    values = array.astype(native, copy=False) if native.itemsize > 8 else dtypes.readable(array)
    found = inside.of(array, own, mask, nan)
    where = _tops(values, margin, least, share, found)
    heights = values[tuple(where.T)]
    # Strongest first. Of equal peaks, the first in the array comes first.
    where = where[len(where) - 1 - np.argsort(heights[::-1], kind="stable")[::-1]]
    where = spacing.select(where, array.shape, distance, how, most)
    return _refined(values, where, found) if refined else where


def _tops(
    values: NDArray,
    margin: int,
    least: float | np.longdouble | None,
    share: float,
    inside: NDArray[np.bool_] | None,
) -> NDArray[np.int64]:
    """Return the indices of the peaks in C order, one for each plateau."""
    from imfilter._base import strips
    from imfilter._filters.corners import plateaus

    size = math.prod(values.shape[1:])
    step = max(_STRIP // size, _LEAST)

    def ends(first: int, stop: int) -> tuple[Any, ...]:
        low = _low(values, inside, first, stop)
        present = low if inside is None else low[inside[first:stop]]
        return (present.min(), present.max()) if present.size else ()

    limits = list(itertools.chain(*strips.each(ends, len(values), step, None)))
    if not limits:
        return np.empty((0, values.ndim), np.int64)
    smallest, highest = min(limits), max(limits)

    def tops(first: int, stop: int) -> plateaus.Tops:
        # Whether a sample is a top depends on its neighbours, and its slope on whether they are.
        begin, end = max(first - 2, 0), min(stop + 2, len(values))
        low = _low(values, inside, begin, end)
        found = (low == _highest(low)) & (low > smallest)
        lowest = low.dtype.type(_lowest(low.dtype))
        # A plateau with a higher neighbour is not a peak. If it has tops, one of them is beside a sample of
        # the same height that is not a top.
        slopes = found & (_highest(np.where(found, lowest, low)) == low)
        rows = slice(first - begin, stop - begin)
        places = np.flatnonzero(found[rows])
        heights = low[rows].ravel()[places]
        if least is not None:
            places, heights = places[above := _above(heights, least)], heights[above]
        if share:
            places = places[_above(heights, _share(share, highest))]
        joined = plateaus.neighbours(found)[rows].ravel()[places] > 1
        sloped = slopes[rows].ravel()[places]
        places += first * size
        return plateaus.in_runs(places[~joined & ~sloped], places[joined], sloped[joined], values.shape[-1])

    chosen = plateaus.middles(strips.each(tops, len(values), step, None), values.shape)
    kept = np.ones(len(chosen), bool)
    for axis, n in enumerate(values.shape):
        kept &= (chosen[:, axis] >= margin) & (chosen[:, axis] < n - margin)
    return chosen[kept]


def _low(values: NDArray, inside: NDArray[np.bool_] | None, first: int, stop: int) -> NDArray:
    """Return some rows. What is absent or NaN has the smallest value of the type."""
    low, lowest = values[first:stop], values.dtype.type(_lowest(values.dtype))
    if inside is not None:
        low = np.where(inside[first:stop], low, lowest)
    if values.dtype.kind == "f" and (missing := np.isnan(low)).any():
        low = np.where(missing, lowest, low)
    return low


def _lowest(dtype: np.dtype) -> Any:
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def _share(share: float, highest: Any) -> Any:
    """Return a fraction of the highest peak, exactly for integers."""
    if highest.dtype.kind != "f":
        return Fraction(share) * int(highest.item())
    return share * (float(highest) if highest.itemsize <= 8 else highest)


def _above(heights: NDArray, bound: Any) -> NDArray[np.bool_]:
    """Return which heights exceed a bound, without rounding."""
    if heights.dtype.kind == "f":
        return heights > np.longdouble(bound)
    if not isinstance(bound, int | Fraction) and not np.isfinite(bound):
        return np.full(len(heights), bound < 0)
    return heights > math.floor(bound)


def _highest(values: NDArray) -> NDArray:
    """Return the maximum of each sample and its neighbours."""
    from imfilter.extremes import maximum

    if values.ndim <= 3:
        return maximum(values, 3, mode="edge", axes=tuple(range(values.ndim)))
    for axis in range(values.ndim):
        values = maximum(values, 3, axes=axis, mode="edge")
    return values


def _refined(
    values: NDArray, where: NDArray[np.int64], inside: NDArray[np.bool_] | None
) -> NDArray[np.float64]:
    """Move peaks to the tops of parabolas along each axis."""
    # Long double holds integers of 64 bits, whose differences are what counts.
    real = np.longdouble if values.dtype.itemsize >= 8 and values.dtype != np.float64 else np.float64
    moved = where.astype(np.float64)
    here = values[tuple(where.T)].astype(real)
    for axis, n in enumerate(values.shape):
        step = np.zeros(where.shape[1], np.int64)
        step[axis] = 1
        inner = (where[:, axis] > 0) & (where[:, axis] < n - 1)
        if inside is not None:  # a parabola needs both neighbours
            present = inside[tuple((where[inner] - step).T)] & inside[tuple((where[inner] + step).T)]
            inner[inner] = present
        before = values[tuple((where[inner] - step).T)].astype(real)
        after = values[tuple((where[inner] + step).T)].astype(real)
        moved[inner, axis] += top_of_parabola(before, here[inner], after)
    return moved
