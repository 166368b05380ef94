"""Moving sums, variances and standard deviations."""

from __future__ import annotations

from typing import Any

from imfilter._base import arguments
from imfilter._filters.series.moving import Sum, Variance
from imfilter._filters.series.sliding import Sliding
from imfilter.series.base import Shared, of_window, run, series_filter
from imfilter.typing import Align, ArrayLike, DTypeLike, Mask, Nan, NDArray, SeriesMode


def _sum(size: Any, shared: Shared) -> Sliding:
    return of_window(Sum, size, shared, preserves_dtype=False)


def _spread(size: Any, ddof: Any, shared: Shared, root: bool) -> Sliding:
    degrees = arguments.number(ddof, "ddof")
    return of_window(Variance, size, shared, degrees, root, preserves_dtype=False)


def _variance(size: Any, ddof: Any, shared: Shared) -> Sliding:
    return _spread(size, ddof, shared, root=False)


def _std(size: Any, ddof: Any, shared: Shared) -> Sliding:
    return _spread(size, ddof, shared, root=True)


@series_filter(_sum)
def moving_sum(
    x: ArrayLike,
    size: int,
    *,
    align: Align = "centre",
    mode: SeriesMode = "edge",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    min_count: int | None = None,
    axis: int = -1,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Replace each sample by the sum of a window.

    The lookahead is ``(size - 1) // 2`` samples, and 0 with ``align='causal'``. There is no running sum:
    rounding errors do not accumulate, and NaN affects only the windows that contain it. An absent sample adds
    nothing. A number in `mask` multiplies its sample. Sums of integers are exact up to 2**53.

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
    min_count : int, optional
        Smallest number of samples of the window that must be present, from 1 to `size`, instead of
        `min_coverage`. A sample is present if it is more than 0 in `mask`.
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
        by n - 1. Its dtype is `dtype`, or that of `out`. Default: float32 for bool, 8- and 16-bit integers,
        float16 and float32; float64 for wider types. It is computed in float64. A masked array gives a masked
        array, which is masked where the result is NaN.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    moving_average : The sum over the number of samples.
    numpy.convolve : The same with a kernel of ones.
    pandas.Series.rolling : Its ``sum()`` is the same with ``align="causal"``, ``mode="shrink"`` and
        ``nan="ignore"``. ``min_periods`` is `min_count`, and its default is `size`.
    bottleneck.move_sum : The same as that of pandas.

    References
    ----------
    N. J. Higham, "The accuracy of floating point summation", *SIAM Journal on Scientific Computing* 14 (4),
    1993, pp. 783-799.

    Examples
    --------
    >>> from imfilter import series
    >>> series.moving_sum([1.0, 2.0, 6.0, 4.0], 3)
    array([ 4.,  9., 12., 14.])
    >>> series.moving_sum([1.0, 2.0, 6.0, 4.0], 2, align="causal", mode="valid")
    array([ 3.,  8., 10.])
    """
    shared = Shared(align, mode, cval, mask, nan, min_coverage, axis, dtype, out, workers, min_count)
    return run(x, _sum(size, shared), shared)


@series_filter(_variance)
def moving_variance(
    x: ArrayLike,
    size: int,
    ddof: float = 0,
    *,
    align: Align = "centre",
    mode: SeriesMode = "edge",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    min_count: int | None = None,
    axis: int = -1,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Replace each sample by the variance of a window.

    The lookahead is ``(size - 1) // 2`` samples, and 0 with ``align='causal'``.

    Only differences between samples of the window enter. So an offset of the series costs no digits, the
    result is never negative, and it is 0 for a window of equal samples. There is no running sum. Absent
    samples are left out. A number in `mask` says how often its sample counts.

    Parameters
    ----------
    x : array_like
        Series of bool, integers or floats, of any shape. An axis may be empty. The function does not change
        it.
    size : int
        Number of samples of the window.
    ddof : float, optional
        Number that is subtracted from the number of samples: the sum of squares is divided by the
        difference. Where it is not positive, the result is NaN. Default 0. With 1, the variance of
        independent samples has no bias.
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
    min_count : int, optional
        Smallest number of samples of the window that must be present, from 1 to `size`, instead of
        `min_coverage`. A sample is present if it is more than 0 in `mask`.
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
        by n - 1. Its dtype is `dtype`, or that of `out`. Default: float32 for bool, 8- and 16-bit integers,
        float16 and float32; float64 for wider types. It is computed in float64. A masked array gives a masked
        array, which is masked where the result is NaN.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    moving_std : The square root.
    numpy.var : The same for one window.
    pandas.Series.rolling : Its ``var()`` is the same with ``align="causal"``, ``mode="shrink"`` and
        ``nan="ignore"``. ``min_periods`` is `min_count`, and its default is `size`. Its ``ddof`` is 1 by
        default.
    bottleneck.move_var : The same as that of pandas, with ``ddof=0`` by default.

    References
    ----------
    T. F. Chan, G. H. Golub and R. J. LeVeque, "Algorithms for computing the sample variance: analysis and
    recommendations", *The American Statistician* 37 (3), 1983, pp. 242-247.

    Examples
    --------
    >>> from imfilter import series
    >>> series.moving_variance([1.0, 2.0, 6.0, 4.0], 2, align="causal", mode="valid")
    array([0.25, 4.  , 1.  ])
    >>> series.moving_variance([1e9, 1e9 + 2.0, 1e9 + 4.0], 3, ddof=1, mode="valid")
    array([4.])
    """
    shared = Shared(align, mode, cval, mask, nan, min_coverage, axis, dtype, out, workers, min_count)
    return run(x, _variance(size, ddof, shared), shared)


@series_filter(_std)
def moving_std(
    x: ArrayLike,
    size: int,
    ddof: float = 0,
    *,
    align: Align = "centre",
    mode: SeriesMode = "edge",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    min_count: int | None = None,
    axis: int = -1,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Replace each sample by the standard deviation of a window.

    The lookahead is ``(size - 1) // 2`` samples, and 0 with ``align='causal'``.

    Only differences between samples of the window enter. So an offset of the series costs no digits, the
    result is never negative, and it is 0 for a window of equal samples. There is no running sum. Absent
    samples are left out. A number in `mask` says how often its sample counts. The result is the square root
    of `moving_variance`.

    Parameters
    ----------
    x : array_like
        Series of bool, integers or floats, of any shape. An axis may be empty. The function does not change
        it.
    size : int
        Number of samples of the window.
    ddof : float, optional
        Number that is subtracted from the number of samples: the sum of squares is divided by the
        difference. Where it is not positive, the result is NaN. Default 0. With 1, the variance of
        independent samples has no bias.
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
    min_count : int, optional
        Smallest number of samples of the window that must be present, from 1 to `size`, instead of
        `min_coverage`. A sample is present if it is more than 0 in `mask`.
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
        by n - 1. Its dtype is `dtype`, or that of `out`. Default: float32 for bool, 8- and 16-bit integers,
        float16 and float32; float64 for wider types. It is computed in float64. A masked array gives a masked
        array, which is masked where the result is NaN.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    moving_variance : The square.
    numpy.std : The same for one window.
    pandas.Series.rolling : Its ``std()`` is the same with ``align="causal"``, ``mode="shrink"`` and
        ``nan="ignore"``. ``min_periods`` is `min_count`, and its default is `size`. Its ``ddof`` is 1 by
        default.
    bottleneck.move_std : The same as that of pandas, with ``ddof=0`` by default.

    References
    ----------
    T. F. Chan, G. H. Golub and R. J. LeVeque, "Algorithms for computing the sample variance: analysis and
    recommendations", *The American Statistician* 37 (3), 1983, pp. 242-247.

    Examples
    --------
    >>> from imfilter import series
    >>> series.moving_std([1.0, 2.0, 6.0, 4.0], 2, align="causal", mode="valid")
    array([0.5, 2. , 1. ])
    >>> series.moving_std([1e9, 1e9 + 2.0, 1e9 + 4.0], 3, ddof=1, mode="valid")
    array([2.])
    """
    shared = Shared(align, mode, cval, mask, nan, min_coverage, axis, dtype, out, workers, min_count)
    return run(x, _std(size, ddof, shared), shared)
