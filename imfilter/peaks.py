"""Peaks of a response: the strongest samples around, no two of them too near."""

import numpy as np
import numpy.typing as npt

from imfilter._core import check


def corner_peaks(
    response: npt.ArrayLike,
    *,
    min_distance: float = 1,
    threshold: float | None = None,
    relative: float = 0.0,
    exclude_border: int = 0,
    count: int | None = None,
    refine: bool = False,
) -> npt.NDArray:
    """Find the peaks of a response, such as that of `harris`, strongest first.

    A peak is no smaller than any of its neighbours, diagonal ones too. Neighbours that are equally high are
    one peak, the one nearest to their middle; unless a higher one is next to them.

    Parameters
    ----------
    response : array_like
        Response of any number of axes, which are all spatial. Bool, integers or floats. It is not changed.
        NaN is no peak.
    min_distance : float, optional
        Least distance between two peaks in samples: of those that are nearer to each other the stronger
        one is kept. Default 1: all are.
    threshold : float, optional
        What a peak must exceed. By default nothing, but that no peak is the smallest of all samples.
    relative : float, optional
        What share of the highest peak a peak must exceed, from 0 to 1. Default 0.
    exclude_border : int, optional
        Samples at each end of each axis that are not searched. Default 0.
    count : int, optional
        How many peaks to return at most. By default all.
    refine : bool, optional
        Whether to move each peak to the top of the parabola through it and its neighbours along each
        axis, by at most half a sample. Default False.

    Returns
    -------
    ndarray
        Indices of the peaks, one row for each and one column for each axis: int64, or float64 if refined.

    Raises
    ------
    TypeError
        If an argument has the wrong type: complex or object arrays, a float for an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, what came and what would do.

    See Also
    --------
    harris, shi_tomasi : Responses of corners.
    skimage.feature.peak_local_max : The same idea; it keeps every sample of a plateau.

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
    """
    array = check.image(response, "response")
    distance = check.number(min_distance, "min_distance")
    if distance < 0:
        raise ValueError(f"min_distance must not be negative, got {distance}")
    share = check.number(relative, "relative")
    if not 0 <= share <= 1:
        raise ValueError(f"relative must be from 0 to 1, got {share}")
    margin = check.integer(exclude_border, "exclude_border", least=0)
    most = None if count is None else check.integer(count, "count", least=1)
    refined = check.flag(refine, "refine")
    least = None if threshold is None else check.number(threshold, "threshold", finite=False)
    values = array.astype(np.float64 if array.dtype.kind == "f" else array.dtype)
    where = _tops(values, _searched(array, margin), least, share)
    heights = values[tuple(where.T)]
    # Strongest first, and of equals the first one.
    where = where[np.lexsort((*where.T[::-1], -heights.astype(np.float64)))]
    where = _apart(where, distance, most)
    return _refined(values.astype(np.float64), where) if refined else where


def _searched(array: npt.NDArray, margin: int) -> npt.NDArray[np.bool_]:
    """Return where peaks may be."""
    searched = np.zeros(array.shape, bool)
    searched[tuple(slice(margin, max(n - margin, margin)) for n in array.shape)] = True
    return searched


def _tops(
    values: npt.NDArray, searched: npt.NDArray[np.bool_], least: float | None, share: float
) -> npt.NDArray[np.int64]:
    """Return the indices of peaks, one for each that is flat."""
    import scipy.ndimage as ndi

    from imfilter._core.hysteresis import connected

    real = values if values.dtype.kind == "f" else values.astype(np.float64)
    low = np.where(np.isnan(real), -np.inf, real)
    tops = (low == _highest(low)) & (low > low.min())
    # A flat part that is next to a higher sample anywhere is no peak.
    slopes = _highest(np.where(tops, -np.inf, low))
    tops &= ~connected(tops, tops & (slopes == low) & (slopes > -np.inf), low.ndim)
    labels, many = ndi.label(tops, np.ones((3,) * low.ndim))
    if not many:
        return np.empty((0, low.ndim), np.int64)
    bound = -np.inf if least is None else least
    if share:
        bound = max(bound, share * float(low[tops].max()))
    places = np.argwhere(tops)
    owner = labels[tops]
    middles = np.stack(
        [np.bincount(owner, places[:, a])[1:] / np.bincount(owner)[1:] for a in range(low.ndim)], axis=1
    )
    far = ((places - middles[owner - 1]) ** 2).sum(axis=1)
    order = np.lexsort((far, owner))
    first = order[np.r_[True, np.diff(owner[order]) > 0]]
    chosen = places[first]
    kept = (low[tuple(chosen.T)] > bound) & searched[tuple(chosen.T)]
    return np.asarray(chosen[kept], np.int64)


def _highest(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the largest of each sample and its neighbours."""
    from imfilter.rank import maximum

    if values.ndim <= 3:
        return maximum(values, 3, mode="edge")
    for axis in range(values.ndim):
        values = maximum(values, 3, axes=axis, mode="edge")
    return values


def _apart(where: npt.NDArray[np.int64], distance: float, most: int | None) -> npt.NDArray[np.int64]:
    """Keep what is not too near to what was kept before, in the order given, and no more than so many."""
    if distance > 1 and len(where) > 1:
        from scipy.spatial import KDTree

        near = KDTree(where).query_ball_point(where, np.nextafter(distance, 0.0))
        kept: set[int] = set()
        for i, others in enumerate(near):
            if most is not None and len(kept) == most:
                break
            if kept.isdisjoint(others):  # of those before it, for it is kept last
                kept.add(i)
        where = where[sorted(kept)]
    return where[:most]


def _refined(values: npt.NDArray[np.float64], where: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Move peaks to the tops of parabolas along each axis."""
    moved = where.astype(np.float64)
    here = values[tuple(where.T)]
    for axis, n in enumerate(values.shape):
        step = np.zeros(where.shape[1], np.int64)
        step[axis] = 1
        inner = (where[:, axis] > 0) & (where[:, axis] < n - 1)
        before = values[tuple((where[inner] - step).T)]
        after = values[tuple((where[inner] + step).T)]
        bend = before - 2 * here[inner] + after
        with np.errstate(all="ignore"):
            shift = (before - after) / (2 * bend)
        shift[~np.isfinite(shift) | (bend >= 0)] = 0.0
        moved[inner, axis] += np.clip(shift, -0.5, 0.5)
    return moved
