"""Filters that fit a polynomial to each window: Savitzky-Golay filter and finite differences."""

from __future__ import annotations

import math
from typing import Any

from imfilter._base import arguments
from imfilter._filters.series.design import Timing, group_delay
from imfilter._filters.series.sliding import Sliding
from imfilter._filters.series.windows import Polynomial
from imfilter.series.base import Shared, Where, run, series_filter, where, window_size
from imfilter.typing import Align, ArrayLike, DTypeLike, Mask, Nan, NDArray, SeriesMode

#: Largest accepted power of ten for the scale of a derivative.
_POWERS = 300


def _fitted(how: Where, before: int, size: int, degree: int, deriv: int, spacing: Any) -> Sliding:
    (step,) = arguments.spacings(spacing, 1)
    if deriv <= degree and abs(deriv * math.log10(step)) > _POWERS:
        raise ValueError(f"spacing**{deriv} must be from 1e-{_POWERS} to 1e{_POWERS}, got spacing={step}")
    window = Polynomial(size, before, degree, deriv, step if deriv <= degree else 1.0)
    timing = Timing(size - 1 - before, group_delay(window.taps, before))
    return Sliding(window, how.ends, timing, preserves_dtype=deriv == 0)


def _savgol(size: Any, order: Any, deriv: Any, spacing: Any, shared: Shared) -> Sliding:
    length = window_size(size)
    degree = arguments.integer(order, "order", least=0)
    if degree >= length:
        raise ValueError(f"order must be less than size={length}, got {degree}")
    derived = arguments.integer(deriv, "deriv", least=0)
    how = where(shared, more=("valid", "shrink", "fit"))
    return _fitted(how, how.before(length), length, degree, derived, spacing)


@series_filter(_savgol)
def savgol(
    x: ArrayLike,
    size: int,
    order: int,
    deriv: int = 0,
    *,
    spacing: float = 1.0,
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
    """Smooth or differentiate a series with a Savitzky-Golay filter.

    A polynomial is fitted to each window by least squares. The result is its value, or its derivative.

    The lookahead is ``(size - 1) // 2`` samples. With ``align='causal'`` it is 0, and the polynomial is
    evaluated at the newest sample of its window. Then the delay is 0 for order 1 and higher; `timing` returns
    it. If samples are absent, the polynomial is fitted to those present, with the order that they allow.

    Parameters
    ----------
    x : array_like
        Series of bool, integers or floats, of any shape. An axis may be empty. The function does not change
        it.
    size : int
        Number of samples of the window.
    order : int
        Order of the polynomial, less than `size`.
    deriv : int, optional
        Order of the derivative. Default 0: no derivative.
    spacing : float, optional
        Time between samples. Derivatives are per unit of time. Default 1: per sample.
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
        Array of the shape of `x`. With mode 'valid', the axis of time is shorter by ``size - 1``. Its dtype
        is `dtype`, or that of `out`. Default for smoothing: the dtype of `x`, rounded half to even and
        saturated. Default for derivatives: float32 for bool, 8- and 16-bit integers, float16 and float32;
        float64 for wider types. It is computed in float64.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    scipy.signal.savgol_filter : The same for floats with ``mode="nearest"``. Its ``mode="interp"`` is 'fit'
        here.

    Notes
    -----
    There is one more mode, 'fit': the polynomials of the first and the last window give the results at the
    ends. With missing samples, the polynomial is fitted to the other samples. If they are too few, its order
    is lower.

    References
    ----------
    A. Savitzky and M. J. E. Golay, Smoothing and differentiation of data by simplified least squares
    procedures, Analytical Chemistry 36 (8), 1964.

    Examples
    --------
    >>> from imfilter import series
    >>> series.savgol([0.0, 1.0, 4.0, 9.0, 16.0], 3, 2, mode="fit").round(9)
    array([ 0.,  1.,  4.,  9., 16.])
    >>> series.savgol([0.0, 1.0, 4.0, 9.0, 16.0], 3, 2, deriv=1, mode="fit").round(9)
    array([0., 2., 4., 6., 8.])
    """
    shared = Shared(align, mode, cval, mask, nan, min_coverage, axis, dtype, out, workers)
    return run(x, _savgol(size, order, deriv, spacing, shared), shared)


def _difference(order: Any, spacing: Any, shared: Shared) -> Sliding:
    derived = arguments.integer(order, "order", least=1, most=2)
    # The slope of a line fitted to three samples is that between the outer two samples.
    how = where(shared)
    return _fitted(how, how.before(3), 3, derived, derived, spacing)


@series_filter(_difference)
def difference(
    x: ArrayLike,
    order: int = 1,
    spacing: float = 1.0,
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
    """Differentiate a series with the kernel [-1 0 1]/2 or [1 -2 1].

    The lookahead is 1 sample and the delay is 0. With ``align='causal'`` the lookahead is 0 and the delay is
    1 sample. If one of three samples is absent, the slope is that between the other two.

    Parameters
    ----------
    x : array_like
        Series of bool, integers or floats, of any shape. An axis may be empty. The function does not change
        it.
    order : {1, 2}, optional
        Order of the derivative. Default 1.
    spacing : float, optional
        Time between samples. Derivatives are per unit of time, or per unit squared for order 2. Default 1:
        per sample. With 0.5, the kernel of order 1 is [-1 0 1].
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
    savgol : Derivatives of a smoothed series.
    numpy.gradient : The same for order 1, with mode 'shrink' at the ends.

    References
    ----------
    M. Abramowitz and I. A. Stegun, *Handbook of Mathematical Functions*, 1964, section 25.3.

    Examples
    --------
    >>> from imfilter import series
    >>> series.difference([0.0, 1.0, 4.0, 9.0], mode="shrink")
    array([1., 2., 4., 5.])
    >>> series.difference([0.0, 1.0, 4.0, 9.0], 2, spacing=0.5, mode="valid")
    array([8., 8.])
    """
    shared = Shared(align, mode, cval, mask, nan, min_coverage, axis, dtype, out, workers)
    return run(x, _difference(order, spacing, shared), shared)
