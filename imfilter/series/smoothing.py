"""Moving averages: unweighted, weighted and Gaussian."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from imfilter import weights as kernels
from imfilter._base import arguments
from imfilter._filters.series.design import Timing, group_delay
from imfilter._filters.series.sliding import Sliding
from imfilter._filters.series.windows import ZERO_SUM, Mean, Weighted
from imfilter.series.base import Shared, of_window, run, series_filter, where
from imfilter.typing import Align, ArrayLike, DTypeLike, Mask, Nan, NDArray, SeriesMode


def _moving_average(size: Any, shared: Shared) -> Sliding:
    return of_window(Mean, size, shared)


@series_filter(_moving_average)
def moving_average(
    x: ArrayLike,
    size: int,
    *,
    align: Align = "centre",
    mode: SeriesMode = "edge",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axis: int = -1,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Replace each sample by the mean of a window.

    The lookahead is ``(size - 1) // 2`` samples. The delay is 0 for an odd size, and half a sample for an
    even size. With ``align='causal'`` the lookahead is 0 and the delay is ``(size - 1) / 2``. There is no
    running sum: rounding errors do not accumulate, and NaN affects only the windows that contain it.

    Parameters
    ----------
    x : array_like
        Series of bool, integers or floats, of any shape. An axis may be empty. The function does not change
        it.
    size : int
        Number of samples of the window.
    align : {'centre', 'causal'}, optional
        Position of the window. 'centre': the window is centred on the sample; an even window has one sample
        more before its centre than after it. 'causal': the window ends at the sample, so no result depends
        on a later sample. Default 'centre'.
    mode : str, optional
        How a series ``a b c d`` continues beyond its ends. Default 'edge'.

        - 'edge': ``a a a | a b c d | d d d``
        - 'zero': ``0 0 0 | a b c d | 0 0 0``
        - 'constant': ``k k k | a b c d | k k k`` with k = `cval`
        - 'mirror': ``d c b | a b c d | c b a``
        - 'symmetric': ``c b a | a b c d | d c b``
        - 'wrap': ``b c d | a b c d | a b c``
        - 'shrink': no continuation; near the ends a window contains fewer samples
        - 'valid': no continuation; the result contains only the values of whole windows

        A causal filter does not accept 'mirror', 'symmetric' and 'wrap', because they put later samples
        before the first sample.
    cval : float, optional
        Value beyond the ends with ``mode="constant"``. Default 0.
    mask : array_like, optional
        Samples that are present, in the shape of `x`, or one mask along `axis` for all series. Bool: True
        where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
        any value, and changes no result. Default: all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether NaN makes every result NaN whose window contains it (default), or is an absent sample.
    min_coverage : float, optional
        Smallest share of the window that must be present, from 0 to 1: of its samples, or of the magnitudes
        of its weights. Where less is present, or nothing, the result is NaN, or 0 if it is an integer.
        Default 0.
    axis : int, optional
        Axis of time. Default -1, the last axis. Series along the other axes are filtered separately.
    dtype : dtype, optional
        Element type of the result. Values are rounded half to even and saturated.
    out : ndarray, optional
        Array for the result. Its dtype is the dtype of the result. It may be `x` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the shape of `x`. With mode 'valid', a window of n samples makes the axis of time shorter
        by n - 1. Its dtype is `dtype`, or that of `out`. Default: the dtype of `x`, rounded half to even
        and saturated. With ``dtype=float`` the results are not rounded. It is computed in float64. A masked
        array gives a masked array, which is masked where the result is NaN.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    imfilter.box : The same along several axes, for images.
    scipy.ndimage.uniform_filter1d : The same for floats, with ``mode="nearest"``.
    pandas.Series.rolling : Its ``mean()`` is the same with ``align="causal"``; ``min_periods=1`` is 'shrink'.

    References
    ----------
    S. W. Smith, *The Scientist and Engineer's Guide to Digital Signal Processing*, 1997, chapter 15.

    Examples
    --------
    >>> from imfilter import series
    >>> series.moving_average([1.0, 2.0, 6.0, 4.0], 3)
    array([1.33333333, 3.        , 4.        , 4.66666667])
    >>> series.moving_average([1.0, 2.0, 6.0, 4.0], 3, align="causal", mode="shrink")
    array([1. , 1.5, 3. , 4. ])
    """
    shared = Shared(align, mode, cval, mask, nan, min_coverage, axis, dtype, out, workers)
    return run(x, _moving_average(size, shared), shared)


def _averaging(taps: NDArray[np.float64], shared: Shared) -> Sliding:
    how = where(shared)
    before = how.before(len(taps))
    timing = Timing(len(taps) - 1 - before, group_delay(taps, before))
    return Sliding(Weighted(len(taps), before, taps), how.ends, timing, preserves_dtype=True)


def _weighted_average(weights: Any, shared: Shared) -> Sliding:
    taps = arguments.taps(weights, "weights")
    if taps.ndim != 1:
        raise ValueError(f"weights must have 1 axis, got {taps.ndim} (shape {taps.shape})")
    try:
        total, size = math.fsum(taps), math.fsum(np.abs(taps))
    except OverflowError:
        raise ValueError("weights must have a sum below 1.8e308, got a larger sum") from None
    if abs(total) <= ZERO_SUM * size:
        raise ValueError(f"weights must have a sum other than 0, got {total}")
    return _averaging(taps / total, shared)


@series_filter(_weighted_average)
def weighted_average(
    x: ArrayLike,
    weights: ArrayLike,
    *,
    align: Align = "centre",
    mode: SeriesMode = "edge",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axis: int = -1,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Replace each sample by a weighted mean of a window.

    The lookahead is ``(len(weights) - 1) // 2`` samples, or 0 with ``align='causal'``. The delay is the
    distance from the centre of gravity of the weights to the sample; `timing` returns it. An absent sample
    counts as the mean of the present samples of its window, weighted with the magnitudes of the weights.

    Parameters
    ----------
    x : array_like
        Series of bool, integers or floats, of any shape. An axis may be empty. The function does not change
        it.
    weights : array_like
        Weight of each sample of the window. The first weight belongs to the oldest sample. The weights are
        divided by their sum.
    align : {'centre', 'causal'}, optional
        Position of the window. 'centre': the window is centred on the sample; an even window has one sample
        more before its centre than after it. 'causal': the window ends at the sample, so no result depends
        on a later sample. Default 'centre'.
    mode : str, optional
        How a series ``a b c d`` continues beyond its ends. Default 'edge'.

        - 'edge': ``a a a | a b c d | d d d``
        - 'zero': ``0 0 0 | a b c d | 0 0 0``
        - 'constant': ``k k k | a b c d | k k k`` with k = `cval`
        - 'mirror': ``d c b | a b c d | c b a``
        - 'symmetric': ``c b a | a b c d | d c b``
        - 'wrap': ``b c d | a b c d | a b c``
        - 'shrink': no continuation; near the ends a window contains fewer samples
        - 'valid': no continuation; the result contains only the values of whole windows

        A causal filter does not accept 'mirror', 'symmetric' and 'wrap', because they put later samples
        before the first sample.
    cval : float, optional
        Value beyond the ends with ``mode="constant"``. Default 0.
    mask : array_like, optional
        Samples that are present, in the shape of `x`, or one mask along `axis` for all series. Bool: True
        where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
        any value, and changes no result. Default: all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether NaN makes every result NaN whose window contains it (default), or is an absent sample.
    min_coverage : float, optional
        Smallest share of the window that must be present, from 0 to 1: of its samples, or of the magnitudes
        of its weights. Where less is present, or nothing, the result is NaN, or 0 if it is an integer.
        Default 0.
    axis : int, optional
        Axis of time. Default -1, the last axis. Series along the other axes are filtered separately.
    dtype : dtype, optional
        Element type of the result. Values are rounded half to even and saturated.
    out : ndarray, optional
        Array for the result. Its dtype is the dtype of the result. It may be `x` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the shape of `x`. With mode 'valid', a window of n samples makes the axis of time shorter
        by n - 1. Its dtype is `dtype`, or that of `out`. Default: the dtype of `x`, rounded half to even
        and saturated. With ``dtype=float`` the results are not rounded. It is computed in float64. A masked
        array gives a masked array, which is masked where the result is NaN.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    causal : A kernel that is not normalised. Its first weight belongs to the newest sample.
    scipy.ndimage.correlate1d : The same for floats and weights with sum 1, with ``mode="nearest"``.

    References
    ----------
    S. W. Smith, *The Scientist and Engineer's Guide to Digital Signal Processing*, 1997, chapter 15.

    Examples
    --------
    >>> from imfilter import series
    >>> series.weighted_average([0.0, 4.0, 0.0, 0.0], [1, 2, 1])
    array([1., 2., 1., 0.])
    """
    shared = Shared(align, mode, cval, mask, nan, min_coverage, axis, dtype, out, workers)
    return run(x, _weighted_average(weights, shared), shared)


def _gaussian(sigma: Any, truncate: Any, radius: Any, shared: Shared) -> Sliding:
    (taps,) = kernels.gaussians(arguments.sigmas(sigma, 1), (0,), truncate, radius, (1.0,))
    return _averaging(taps, shared)


@series_filter(_gaussian)
def gaussian(
    x: ArrayLike,
    sigma: float,
    *,
    truncate: float = 4.0,
    radius: int | None = None,
    align: Align = "centre",
    mode: SeriesMode = "edge",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axis: int = -1,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Smooth a series with a Gaussian filter.

    The lookahead is the radius and the delay is 0. With ``align='causal'`` the lookahead is 0 and the delay
    is the radius.

    Parameters
    ----------
    x : array_like
        Series of bool, integers or floats, of any shape. An axis may be empty. The function does not change
        it.
    sigma : float
        Standard deviation in samples. 0 does not smooth.
    truncate : float, optional
        Cut the kernel at this many standard deviations. Its radius is ``int(truncate*sigma + 0.5)`` samples.
        Default 4.
    radius : int, optional
        Radius of the kernel in samples, instead of `truncate`.
    align : {'centre', 'causal'}, optional
        Position of the window. 'centre': the window is centred on the sample; an even window has one sample
        more before its centre than after it. 'causal': the window ends at the sample, so no result depends
        on a later sample. Default 'centre'.
    mode : str, optional
        How a series ``a b c d`` continues beyond its ends. Default 'edge'.

        - 'edge': ``a a a | a b c d | d d d``
        - 'zero': ``0 0 0 | a b c d | 0 0 0``
        - 'constant': ``k k k | a b c d | k k k`` with k = `cval`
        - 'mirror': ``d c b | a b c d | c b a``
        - 'symmetric': ``c b a | a b c d | d c b``
        - 'wrap': ``b c d | a b c d | a b c``
        - 'shrink': no continuation; near the ends a window contains fewer samples
        - 'valid': no continuation; the result contains only the values of whole windows

        A causal filter does not accept 'mirror', 'symmetric' and 'wrap', because they put later samples
        before the first sample.
    cval : float, optional
        Value beyond the ends with ``mode="constant"``. Default 0.
    mask : array_like, optional
        Samples that are present, in the shape of `x`, or one mask along `axis` for all series. Bool: True
        where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
        any value, and changes no result. Default: all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether NaN makes every result NaN whose window contains it (default), or is an absent sample.
    min_coverage : float, optional
        Smallest share of the window that must be present, from 0 to 1: of its samples, or of the magnitudes
        of its weights. Where less is present, or nothing, the result is NaN, or 0 if it is an integer.
        Default 0.
    axis : int, optional
        Axis of time. Default -1, the last axis. Series along the other axes are filtered separately.
    dtype : dtype, optional
        Element type of the result. Values are rounded half to even and saturated.
    out : ndarray, optional
        Array for the result. Its dtype is the dtype of the result. It may be `x` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the shape of `x`. With mode 'valid', a window of n samples makes the axis of time shorter
        by n - 1. Its dtype is `dtype`, or that of `out`. Default: the dtype of `x`, rounded half to even
        and saturated. With ``dtype=float`` the results are not rounded. It is computed in float64. A masked
        array gives a masked array, which is masked where the result is NaN.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    imfilter.gaussian : The same along several axes, with derivatives.
    scipy.ndimage.gaussian_filter1d : The same for floats, with ``mode="nearest"``.

    References
    ----------
    S. W. Smith, *The Scientist and Engineer's Guide to Digital Signal Processing*, 1997, chapter 15.

    Examples
    --------
    >>> from imfilter import series
    >>> series.gaussian([0, 0, 100, 0, 0], 1.0, mode="zero")
    array([ 5, 24, 40, 24,  5])
    """
    shared = Shared(align, mode, cval, mask, nan, min_coverage, axis, dtype, out, workers)
    return run(x, _gaussian(sigma, truncate, radius, shared), shared)
