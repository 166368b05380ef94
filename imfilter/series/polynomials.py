"""Filters that fit polynomials to windows of a series: Savitzky-Golay and differences."""

from __future__ import annotations

import math
from typing import Any

from imfilter._base import arguments
from imfilter._filters.series.filters import Sliding, Timing, group_delay
from imfilter._filters.series.windows import Polynomial
from imfilter.series.base import Shared, Where, run, series_filter, where, window_size
from imfilter.typing import Align, ArrayLike, DTypeLike, Nan, NDArray, SeriesMode

#: Powers of ten between which derivatives are scaled.
_POWERS = 300


def _fitted(how: Where, before: int, size: int, degree: int, deriv: int, spacing: Any) -> Sliding:
    (step,) = arguments.spacings(spacing, 1)
    if deriv <= degree and abs(deriv * math.log10(step)) > _POWERS:
        raise ValueError(
            f"spacing must be such that spacing**{deriv} is from 1e-{_POWERS} to 1e{_POWERS}, got {step}"
        )
    window = Polynomial(size, before, degree, deriv, step if deriv <= degree else 1.0)
    taps = window.taps(tuple(range(size)), before)
    timing = Timing(size - 1 - before, group_delay(taps, before))
    return Sliding(window, how.ends, timing, preserves_dtype=deriv == 0)


def _savgol(size: Any, order: Any, deriv: Any, spacing: Any, shared: Shared) -> Sliding:
    length = window_size(size)
    degree = arguments.integer(order, "order", least=0)
    if degree >= length:
        raise ValueError(f"order must be less than size, which is {length}, got {degree}")
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
    nan: Nan = "propagate",
    axis: int = -1,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Smooth with the polynomial that is nearest to each window, or differentiate it.

    Its lookahead is ``(size - 1) // 2`` samples. With ``align='causal'`` it is 0: the polynomial is then
    taken at the newest sample of its window, so that the delay, which `timing` tells, is 0 from order 1 on.

    Parameters
    ----------
    x : array_like
        Series of bool, integers or floats, of any shape. An axis may be empty. The function does not change
        it.
    size : int
        Samples of the window.
    order : int
        Order of the polynomial, less than `size`.
    deriv : int, optional
        Order of the derivative. Default 0: smooth.
    spacing : float, optional
        Time between samples. Derivatives are then per its unit. Default 1: per sample.
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
    nan : {'propagate', 'ignore'}, optional
        'propagate': the result is NaN for every window that contains NaN. 'ignore': NaN is a missing sample.
        The result is computed from the other samples, and it is NaN if they are too few. Default
        'propagate'.
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
        Array of the shape of `x`, along the axis of time as many fewer as a window has samples before its
        last in mode 'valid'. Its dtype is that of `x`, rounded half to even and saturated; for a derivative
        float32 for bool, 8- and 16-bit integers, float16 and float32, float64 for wider types; or `dtype` or
        that of `out`. Computed in float64.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    scipy.signal.savgol_filter : The same for floats, with ``mode="nearest"``; its ``mode="interp"`` is 'fit'.

    Notes
    -----
    One more mode, 'fit', takes the ends from the polynomials of the first and of the last window. Where
    samples are missing, the polynomial is that of the others, of a lower order if they are too few.

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
    shared = Shared(align, mode, cval, nan, axis, dtype, out, workers)
    return run(x, _savgol(size, order, deriv, spacing, shared), shared)


def _difference(order: Any, spacing: Any, shared: Shared) -> Sliding:
    derived = arguments.integer(order, "order", least=1, most=2)
    # Of a line through three samples the slope is that between the outer two.
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
    nan: Nan = "propagate",
    axis: int = -1,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Differentiate with the kernels [-1 0 1]/2 and [1 -2 1].

    Its lookahead is 1 sample and its delay 0; with ``align='causal'`` it is the other way round.

    Parameters
    ----------
    x : array_like
        Series of bool, integers or floats, of any shape. An axis may be empty. The function does not change
        it.
    order : {1, 2}, optional
        Order of the derivative. Default 1.
    spacing : float, optional
        Time between samples: the result is per its unit, or per its square. Default 1: per sample. With 0.5
        order 1 is the plain kernel [-1 0 1].
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
    nan : {'propagate', 'ignore'}, optional
        'propagate': the result is NaN for every window that contains NaN. 'ignore': NaN is a missing sample.
        The result is computed from the other samples, and it is NaN if they are too few. Default
        'propagate'.
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
        float16 and float32; float64 for wider types. It is computed in float64.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    savgol : Derivatives of smoother series.
    numpy.gradient : The same for order 1 within; at the ends it is that of mode 'shrink'.

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
    shared = Shared(align, mode, cval, nan, axis, dtype, out, workers)
    return run(x, _difference(order, spacing, shared), shared)
