"""Moving minima and maxima."""

from __future__ import annotations

from typing import Any

from imfilter._filters.series.moving import Extreme
from imfilter._filters.series.sliding import Sliding
from imfilter.series.base import Shared, of_window, run, series_filter
from imfilter.typing import Align, ArrayLike, DTypeLike, Mask, Nan, NDArray, SeriesMode


def _minimum(size: Any, shared: Shared) -> Sliding:
    return of_window(Extreme, size, shared, False)


def _maximum(size: Any, shared: Shared) -> Sliding:
    return of_window(Extreme, size, shared, True)


@series_filter(_minimum)
def moving_minimum(
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
    """Replace each sample by the smallest sample of a window.

    The lookahead is ``(size - 1) // 2`` samples, and 0 with ``align='causal'``. The results are samples:
    64-bit integers and long doubles are not rounded to float64, and -0.0 is below 0.0. The time per sample
    grows with the logarithm of `size`.

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
    imfilter.minimum : The same along several axes, for images.
    scipy.ndimage.minimum_filter1d : The same, with ``mode="nearest"``.
    pandas.Series.rolling : Its ``min()`` is the same with ``align="causal"``, ``mode="shrink"`` and
        ``nan="ignore"``. ``min_periods`` is `min_count`, and its default is `size`.
    bottleneck.move_min : The same as that of pandas.

    References
    ----------
    M. van Herk, "A fast algorithm for local minimum and maximum filters on rectangular and octagonal
    kernels", *Pattern Recognition Letters* 13 (7), 1992, pp. 517-521.

    Examples
    --------
    >>> from imfilter import series
    >>> series.moving_minimum([4.0, 7.0, 1.0, 5.0, 2.0], 3)
    array([4., 1., 1., 1., 2.])
    """
    shared = Shared(align, mode, cval, mask, nan, min_coverage, axis, dtype, out, workers, min_count)
    return run(x, _minimum(size, shared), shared)


@series_filter(_maximum)
def moving_maximum(
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
    """Replace each sample by the largest sample of a window.

    The lookahead is ``(size - 1) // 2`` samples, and 0 with ``align='causal'``. The results are samples:
    64-bit integers and long doubles are not rounded to float64, and -0.0 is below 0.0. The time per sample
    grows with the logarithm of `size`.

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
    imfilter.maximum : The same along several axes, for images.
    scipy.ndimage.maximum_filter1d : The same, with ``mode="nearest"``.
    pandas.Series.rolling : Its ``max()`` is the same with ``align="causal"``, ``mode="shrink"`` and
        ``nan="ignore"``. ``min_periods`` is `min_count`, and its default is `size`.
    bottleneck.move_max : The same as that of pandas.

    References
    ----------
    M. van Herk, "A fast algorithm for local minimum and maximum filters on rectangular and octagonal
    kernels", *Pattern Recognition Letters* 13 (7), 1992, pp. 517-521.

    Examples
    --------
    >>> from imfilter import series
    >>> series.moving_maximum([4.0, 7.0, 1.0, 5.0, 2.0], 3)
    array([7., 7., 7., 5., 5.])
    """
    shared = Shared(align, mode, cval, mask, nan, min_coverage, axis, dtype, out, workers, min_count)
    return run(x, _maximum(size, shared), shared)
