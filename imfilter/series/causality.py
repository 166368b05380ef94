"""Causal filters, and tests whether a filter is causal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from imfilter._base import arguments, missing
from imfilter._filters.series.design import Ends, Timing, group_delay
from imfilter._filters.series.sliding import Sliding
from imfilter._filters.series.windows import Weighted
from imfilter.series.base import Call, Shared, run, series_filter
from imfilter.typing import ArrayLike, DTypeLike, Mask, Nan, NDArray

__all__ = ["Causality", "Timing", "causal", "check_causal", "timing"]

_INITIAL = ("zero", "edge", "valid")


def _causal(kernel: Any, bias: Any, initial: Any, shared: Shared) -> Sliding:
    newest_first = arguments.taps(kernel, "kernel")
    if newest_first.ndim != 1:
        raise ValueError(f"kernel must have 1 axis, got {newest_first.ndim} (shape {newest_first.shape})")
    offset = arguments.number(bias, "bias")
    taps = newest_first[::-1].copy()
    size, past, mode = len(taps), None, "zero"
    if isinstance(initial, str):
        mode = arguments.word(initial, "initial", _INITIAL)
    else:
        if initial is None:
            raise TypeError("initial must be 'zero', 'edge', 'valid' or an array of samples, got None")
        past = arguments.series(initial, "initial").astype(np.float64)
        if size - 1 not in past.shape or (past.ndim == 1 and len(past) != size - 1):
            raise ValueError(
                f"initial must have {size - 1} samples, one fewer than kernel, got shape {past.shape}"
            )
    window = Weighted(size, size - 1, taps, offset)
    timing = Timing(0, group_delay(taps, size - 1))
    ends = Ends(mode, 0.0, *missing.policy(shared.nan, shared.min_coverage))
    return Sliding(window, ends, timing, preserves_dtype=False, past=past)


@series_filter(_causal)
def causal(
    x: ArrayLike,
    kernel: ArrayLike,
    bias: float = 0.0,
    *,
    initial: Any = "zero",
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    axis: int = -1,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Filter a series with a causal kernel: ``y[t] = sum(kernel[i] * x[t - i]) + bias``.

    No result depends on a later sample. The delay is the centre of gravity of the kernel; `timing` returns
    it. An absent sample counts as the mean of the present samples of its window, weighted with the magnitudes
    of the weights.

    Parameters
    ----------
    x : array_like
        Series of bool, integers or floats, of any shape. An axis may be empty. The function does not change
        it.
    kernel : array_like
        Weight of each sample. The first weight belongs to the newest sample.
    bias : float, optional
        Number added to every result. Default 0.
    initial : {'zero', 'edge', 'valid'} or array_like, optional
        Samples before the first sample. Default 'zero'. 'zero': zeros. 'edge': copies of the first sample.
        'valid': none; the first result is that of the first whole window. An array holds the last
        ``len(kernel) - 1`` samples, the oldest first. It is used for all series, or has the axes of `x` for
        separate samples.
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
        Array of the shape of `x`. With ``initial='valid'``, the axis of time is shorter by
        ``len(kernel) - 1``. Its dtype is `dtype`, or that of `out`. Default: float32 for bool, 8- and 16-bit
        integers, float16 and float32; float64 for wider types. It is computed in float64. A masked array
        gives a masked array, which is masked where the result is NaN.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    weighted_average : A weighted mean. Its first weight belongs to the oldest sample.
    scipy.signal.lfilter : The same with ``b=kernel, a=1``; ``zi=lfiltic(b, 1, [], past[::-1])`` is `initial`.
    numpy.convolve : The first ``len(x)`` results are the same.

    References
    ----------
    A. V. Oppenheim and R. W. Schafer, *Discrete-Time Signal Processing*, 3rd ed., 2009, section 2.4.

    Examples
    --------
    >>> from imfilter import series
    >>> series.causal([1.0, 2.0, 4.0, 8.0], [1, -1])
    array([1., 1., 2., 4.])
    >>> series.causal([1.0, 2.0, 4.0, 8.0], [1, -1], initial=[3.0])
    array([-2.,  1.,  2.,  4.])
    """
    shared = Shared(
        mask=mask, nan=nan, min_coverage=min_coverage, axis=axis, dtype=dtype, out=out, workers=workers
    )
    return run(x, _causal(kernel, bias, initial, shared), shared)


def timing(filter: Any, *args: Any, **options: Any) -> Timing:  # noqa: A002  (what it is)
    """Return the lookahead and the delay of a series filter.

    Parameters
    ----------
    filter : callable
        A filter of `imfilter.series`, a `functools.partial` of one with keyword arguments, a `Cascade` or a
        `Forecaster`.
    *args, **options
        The arguments of the filter, without the series.

    Returns
    -------
    Timing
        Tuple of `lookahead` and `delay`, in samples. The lookahead is the number of later samples that a
        result needs, ``inf`` if it needs all. The ends are not considered. The delay is the lag of the result
        behind a slow signal.

    Raises
    ------
    TypeError, ValueError
        If `filter` is not a series filter, or if the filter would raise it.

    See Also
    --------
    check_causal : Test any function.

    References
    ----------
    The delay is the group delay at frequency 0: A. V. Oppenheim and R. W. Schafer, *Discrete-Time Signal
    Processing*, 3rd ed., 2009, section 5.1.

    Examples
    --------
    >>> from imfilter import series
    >>> series.timing(series.moving_average, 5)
    Timing(lookahead=2, delay=0.0)
    >>> series.timing(series.moving_average, 5, align="causal")
    Timing(lookahead=0, delay=2.0)
    """
    return Call.of(filter, args, options).design().timing


class Causality(NamedTuple):
    """Result of `check_causal`. Its truth value is `causal`.

    Attributes
    ----------
    causal : bool
        Whether no result depended on a later sample.
    sample : int or None
        The first sample whose result depends on a later sample, or None.
    lookahead : int
        Largest number of later samples that a result depends on.

    Examples
    --------
    >>> from imfilter import series
    >>> series.check_causal(lambda x: series.moving_average(x, 3), 100)
    Causality(causal=False, sample=0, lookahead=1)
    """

    causal: bool
    sample: int | None
    lookahead: int

    def __bool__(self) -> bool:
        return self.causal


def check_causal(
    f: Callable[[NDArray], ArrayLike],
    n: int,
    *,
    x: ArrayLike | None = None,
    tolerance: float = 1e-9,
) -> Causality:
    """Test whether a function is causal, by truncating its input after each sample.

    The results of a causal function for the first samples do not depend on the samples after them. The
    function is called with the first 1, 2, ..., n samples, and the results are compared. This is a proof for
    the given series. For a linear filter with a shorter kernel, it is a proof for every series.

    Parameters
    ----------
    f : callable
        Function of a 1-D series. It returns one number for each sample, or a constant number of results
        fewer. Then the results belong to the last samples, so a centred filter with mode 'valid' is causal
        with a delay.
    n : int
        Number of samples of the series.
    x : array_like, optional
        The series. Default: random numbers, which are the same in every call.
    tolerance : float, optional
        Accepted difference between results, relative to the largest result. Results of a Fourier transform
        depend slightly on its length. Default 1e-9.

    Returns
    -------
    Causality
        Tuple of `causal`, `sample` and `lookahead`. `causal` is whether no result depends on a later sample.
        `sample` is the first sample whose result does, or None. `lookahead` is the largest number of later
        samples that a result depends on.

    Raises
    ------
    TypeError
        If `f` is not callable, or another argument has the wrong type.
    ValueError
        If an argument has the wrong value, or if the result of `f` has the wrong length.

    See Also
    --------
    timing : The lookahead and the delay of a series filter.

    References
    ----------
    A. V. Oppenheim and R. W. Schafer, *Discrete-Time Signal Processing*, 3rd ed., 2009, section 2.2.4.

    Examples
    --------
    >>> import numpy as np
    >>> from imfilter import series
    >>> series.check_causal(lambda x: np.append(x[1:], 0.0), 50)
    Causality(causal=False, sample=0, lookahead=1)
    >>> bool(series.check_causal(np.cumsum, 50))
    True
    """
    if not callable(f):
        raise TypeError(f"f must be a function of a series, got {f!r}")
    count = arguments.integer(n, "n", least=1)
    share = arguments.number(tolerance, "tolerance")
    if share < 0:
        raise ValueError(f"tolerance must not be negative, got {share}")
    signal = np.random.default_rng(count).normal(size=count) if x is None else arguments.series(x)
    if signal.shape != (count,):
        raise ValueError(f"x must have shape ({count},) for n={count}, got {signal.shape}")
    whole = _results(f, signal, None)
    finite = np.abs(whole[np.isfinite(whole)])
    allowed = share * finite.max(initial=0.0)
    fewer = count - len(whole)
    sample, lookahead = None, 0
    for cut in range(1, count):
        part = _results(f, signal[:cut], max(0, cut - fewer))
        off = _differ(part, whole[: len(part)], allowed)
        if off is not None:
            at = off + fewer
            sample = at if sample is None else min(sample, at)
            lookahead = max(lookahead, cut - at)
    return Causality(sample is None, sample, lookahead)


def _results(f: Callable[[NDArray], ArrayLike], x: NDArray, length: int | None) -> NDArray:
    """Return the results of a function for a copy of a series, and check their number."""
    found = np.asarray(f(x.copy()))
    if found.ndim != 1 or found.dtype.kind not in "biuf" or (length is not None and len(found) != length):
        wanted = f"{len(x) if length is None else length} numbers of {len(x)} samples"
        raise ValueError(f"f must return {wanted}, got shape {found.shape} of dtype {found.dtype}")
    if len(found) > len(x):
        raise ValueError(f"f must return no more numbers than samples, got {len(found)} of {len(x)}")
    return found.astype(np.float64)


def _differ(part: NDArray, whole: NDArray, allowed: float) -> int | None:
    """Return the first index at which two series differ by more than `allowed`."""
    same = (part == whole) | (np.isnan(part) & np.isnan(whole))
    with np.errstate(invalid="ignore"):
        same |= np.abs(part - whole) <= allowed
    off = np.flatnonzero(~same)
    return int(off[0]) if len(off) else None
