"""Moving quantiles and ranks."""

from __future__ import annotations

from typing import Any

from imfilter._base import arguments
from imfilter._filters.series.order import METHODS, Quantile, Rank
from imfilter._filters.series.sliding import Sliding
from imfilter.series.base import Shared, of_window, run, series_filter
from imfilter.typing import Align, ArrayLike, DTypeLike, Mask, Nan, NDArray, QuantileMethod, SeriesMode


def _quantile(size: Any, q: Any, method: Any, shared: Shared) -> Sliding:
    share = arguments.share(q, "q")
    which = METHODS[arguments.word(method, "method", tuple(METHODS))]
    return of_window(Quantile, size, shared, share, which)


def _rank(size: Any, shared: Shared) -> Sliding:
    return of_window(Rank, size, shared, preserves_dtype=False)


@series_filter(_quantile)
def moving_quantile(
    x: ArrayLike,
    size: int,
    q: float,
    method: QuantileMethod = "linear",
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
    """Replace each sample by a quantile of a window.

    The lookahead is ``(size - 1) // 2`` samples, and 0 with ``align='causal'``.

    The samples of a window are sorted. The quantile is at the position ``q * (n - 1)`` of n samples, from 0
    on. The results for ``q=0``, ``q=0.5`` and ``q=1`` are those of `moving_minimum`, `median` and
    `moving_maximum`, except that -0.0 is 0.0. 64-bit integers and long doubles are not rounded to float64.

    Parameters
    ----------
    x : array_like
        Series of bool, integers or floats, of any shape. An axis may be empty. The function does not change
        it.
    size : int
        Number of samples of the window.
    q : float
        The quantile, from 0 to 1.
    method : {'linear', 'lower', 'higher', 'nearest', 'midpoint'}, optional
        The result where the position is between two samples. 'linear' (default): between both, by the
        position. 'lower' and 'higher': one of them. 'nearest': the one that is nearer, and the one at the
        even position if both are equally near. 'midpoint': their mean.
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
    median : The quantile 0.5.
    numpy.quantile : The same for one window, with the same methods.
    pandas.Series.rolling : Its ``quantile(q, interpolation=method)`` is the same with ``align="causal"``,
        ``mode="shrink"`` and ``nan="ignore"``. ``min_periods`` is `min_count`, and its default is `size`.

    References
    ----------
    R. J. Hyndman and Y. Fan, "Sample quantiles in statistical packages", *The American Statistician* 50 (4),
    1996, pp. 361-365, definition 7.

    Examples
    --------
    >>> from imfilter import series
    >>> series.moving_quantile([4.0, 7.0, 1.0, 5.0, 2.0], 3, 0.25, mode="valid")
    array([2.5, 3. , 1.5])
    >>> series.moving_quantile([4, 7, 1, 5, 2], 3, 0.25, "lower", mode="valid")
    array([1, 1, 1])
    """
    shared = Shared(align, mode, cval, mask, nan, min_coverage, axis, dtype, out, workers, min_count)
    return run(x, _quantile(size, q, method, shared), shared)


@series_filter(_rank)
def moving_rank(
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
    """Replace each sample by its rank in a window.

    The lookahead is ``(size - 1) // 2`` samples, and 0 with ``align='causal'``.

    The rank is 1 for the smallest of n samples, and n for the largest. Equal samples have the mean of their
    ranks. With ``align='causal'`` it is the rank of the newest sample, otherwise that of the sample at the
    centre. It is NaN if this sample is absent. 64-bit integers and long doubles are compared exactly.

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
    moving_quantile : The sample of a rank.
    pandas.Series.rolling : Its ``rank()`` is the same with ``align="causal"``, ``mode="shrink"`` and
        ``nan="ignore"``. ``min_periods`` is `min_count`, and its default is `size`.
    bottleneck.move_rank : The same from -1 to 1: ``2 * (rank - 1) / (n - 1) - 1`` for n samples, and 0 for
        one sample.

    References
    ----------
    M. G. Kendall, "The treatment of ties in ranking problems", *Biometrika* 33 (3), 1945, pp. 239-251.

    Examples
    --------
    >>> from imfilter import series
    >>> series.moving_rank([4.0, 7.0, 1.0, 5.0, 5.0], 3, align="causal", mode="shrink")
    array([1. , 2. , 1. , 2. , 2.5])
    """
    shared = Shared(align, mode, cval, mask, nan, min_coverage, axis, dtype, out, workers, min_count)
    return run(x, _rank(size, shared), shared)
