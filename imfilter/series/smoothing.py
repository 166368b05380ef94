"""Filters that smooth series: moving and weighted averages, Gaussian, median and exponential means."""

import math
from typing import Any, Unpack

import numpy as np
import numpy.typing as npt

from imfilter import weights as kernels
from imfilter._base import arguments
from imfilter._filters.series.exponential import Recursion
from imfilter._filters.series.filters import Recursive, Sliding, Timing, moments
from imfilter._filters.series.median import Median
from imfilter._filters.series.windows import NOTHING, Mean, Weighted, Window
from imfilter.series.base import Shared, run, series_filter, where, window_size


def _of_window(window: type[Window], size: Any, shared: Any) -> Sliding:
    """Return the design of a filter to which all samples of its window are alike."""
    length, how = window_size(size), where(shared)
    before = how.before(length)
    timing = Timing(length - 1 - before, before - (length - 1) / 2)
    return Sliding(window(length, before), how.ends, timing, keeps=True)


def _moving_average(size: Any, shared: Any) -> Sliding:
    return _of_window(Mean, size, shared)


@series_filter(_moving_average)
def moving_average(x: npt.ArrayLike, size: int, **shared: Unpack[Shared]) -> npt.NDArray:
    """Replace each sample by the mean over a window.

    Its lookahead is ``(size - 1) // 2`` samples and its delay 0, or half a sample for an even size; with
    ``align='causal'`` they are 0 and ``(size - 1) / 2``. Each mean has a sum of its own, of sums of eight
    samples and more: nothing drifts, and what is no number stays in its windows.

    Parameters
    ----------
    {{x}}
    size : int
        Samples of the window.
    {{shared}}

    Returns
    -------
    {{keeps}}

    Raises
    ------
    {{errors}}

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
    return run(x, _moving_average(size, shared), shared)


def _averaging(taps: npt.NDArray[np.float64], shared: Any) -> Sliding:
    how = where(shared)
    before = how.before(len(taps))
    timing = Timing(len(taps) - 1 - before, moments(taps, before))
    return Sliding(Weighted(len(taps), before, taps), how.ends, timing, keeps=True)


def _weighted_average(weights: Any, shared: Any) -> Sliding:
    taps = arguments.taps(weights, "weights")
    if taps.ndim != 1:
        raise ValueError(f"weights must have 1 axis, got {taps.ndim} (shape {taps.shape})")
    try:
        total, size = math.fsum(taps), math.fsum(np.abs(taps))
    except OverflowError:
        raise ValueError("weights must add up to less than 1.8e308, got more") from None
    if abs(total) <= NOTHING * size:
        raise ValueError(f"weights must not add up to 0, got {total}")
    return _averaging(taps / total, shared)


@series_filter(_weighted_average)
def weighted_average(x: npt.ArrayLike, weights: npt.ArrayLike, **shared: Unpack[Shared]) -> npt.NDArray:
    """Replace each sample by a weighted mean over a window.

    Its lookahead is ``(len(weights) - 1) // 2`` samples, or 0 with ``align='causal'``; its delay is the
    distance from the centre of gravity of the weights to the sample, which `timing` tells.

    Parameters
    ----------
    {{x}}
    weights : array_like
        Weight of each sample of the window, the oldest first. They are divided by their sum.
    {{shared}}

    Returns
    -------
    {{keeps}}

    Raises
    ------
    {{errors}}

    See Also
    --------
    causal : A kernel as it is, the newest sample first.
    scipy.ndimage.correlate1d : The same for floats and weights of sum 1, with ``mode="nearest"``.

    References
    ----------
    S. W. Smith, *The Scientist and Engineer's Guide to Digital Signal Processing*, 1997, chapter 15.

    Examples
    --------
    >>> from imfilter import series
    >>> series.weighted_average([0.0, 4.0, 0.0, 0.0], [1, 2, 1])
    array([1., 2., 1., 0.])
    """
    return run(x, _weighted_average(weights, shared), shared)


def _gaussian(sigma: Any, truncate: Any, radius: Any, shared: Any) -> Sliding:
    return _averaging(
        kernels.gaussians(arguments.sigmas(sigma, 1), (0,), truncate, radius, (1.0,))[0], shared
    )


@series_filter(_gaussian)
def gaussian(
    x: npt.ArrayLike,
    sigma: float,
    *,
    truncate: float = 4.0,
    radius: int | None = None,
    **shared: Unpack[Shared],
) -> npt.NDArray:
    """Smooth with a Gaussian.

    Its lookahead is its radius and its delay 0; with ``align='causal'`` it is the other way round.

    Parameters
    ----------
    {{x}}
    sigma : float
        Standard deviation in samples. 0 leaves a series as it is.
    truncate : float, optional
        Cut the kernel at this many standard deviations: its radius is ``int(truncate*sigma + 0.5)``
        samples. Default 4.
    radius : int, optional
        Radius of the kernel in samples, instead of `truncate`.
    {{shared}}

    Returns
    -------
    {{keeps}}

    Raises
    ------
    {{errors}}

    See Also
    --------
    imfilter.gaussian : The same along several axes, and its derivatives.
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
    return run(x, _gaussian(sigma, truncate, radius, shared), shared)


def _median(size: Any, shared: Any) -> Sliding:
    return _of_window(Median, size, shared)


@series_filter(_median)
def median(x: npt.ArrayLike, size: int, **shared: Unpack[Shared]) -> npt.NDArray:
    """Replace each sample by the median over a window, which removes spikes and keeps steps.

    Its lookahead is ``(size - 1) // 2`` samples and its delay 0, or half a sample for an even size; with
    ``align='causal'`` they are 0 and ``(size - 1) / 2``. Integers of 64 bits and long doubles are not
    rounded to float64.

    Parameters
    ----------
    {{x}}
    size : int
        Samples of the window. Of an even number the mean of the two in the middle is taken.
    {{shared}}

    Returns
    -------
    {{keeps}}

    Raises
    ------
    {{errors}}

    See Also
    --------
    imfilter.median : The same along several axes; of an even number it takes the upper one.
    scipy.ndimage.median_filter : The same for odd sizes, with ``mode="nearest"``.
    pandas.Series.rolling : Its ``median()`` is the same with ``align="causal"``.

    References
    ----------
    J. W. Tukey, *Exploratory Data Analysis*, 1977, chapter 7.

    Examples
    --------
    >>> from imfilter import series
    >>> series.median([1.0, 1.0, 9.0, 1.0, 2.0], 3)
    array([1., 1., 1., 2., 2.])
    """
    return run(x, _median(size, shared), shared)


def _exponential(alpha: Any, span: Any, halflife: Any, adjust: Any, shared: Any) -> Recursive:
    given = {n: v for n, v in (("alpha", alpha), ("span", span), ("halflife", halflife)) if v is not None}
    if len(given) != 1:
        names = " and ".join(given) if given else "none"
        raise ValueError(f"alpha, span or halflife must be given, one of the three, got {names}")
    ((name, value),) = given.items()
    number = arguments.number(value, name)
    if name == "alpha" and not 0 < number <= 1:
        raise ValueError(f"alpha must be more than 0 and at most 1, got {number}")
    if name == "span" and number < 1:
        raise ValueError(f"span must be at least 1, got {number}")
    if name == "halflife" and number <= 0:
        raise ValueError(f"halflife must be positive, got {number}")
    gain = {
        "alpha": lambda: number,
        "span": lambda: 2.0 / (number + 1.0),
        "halflife": lambda: -math.expm1(-math.log(2.0) / number),
    }[name]()
    how = where({"align": "causal", **shared}, more=("shrink",))
    if how.ends.mode in ("mirror", "symmetric", "wrap"):
        raise ValueError(
            "mode must be 'edge', 'zero', 'constant' or 'shrink' for a filter that never forgets, "
            f"got {how.ends.mode!r}"
        )
    ends = how.ends
    if arguments.flag(adjust, "adjust"):
        if ends.mode in ("zero", "constant"):
            raise ValueError(
                f"adjust must be False with mode={ends.mode!r}: it counts nothing before the first"
            )
        ends = ends._replace(mode="shrink")
    elif ends.ignore and math.isnan(ends.constant):
        ends = ends._replace(mode="shrink")  # what is missing does not count there either
    return Recursive(Recursion(gain, ends.mode == "shrink", ends.ignore), ends, both=not how.causal)


@series_filter(_exponential, align="causal")
def exponential(
    x: npt.ArrayLike,
    *,
    alpha: float | None = None,
    span: float | None = None,
    halflife: float | None = None,
    adjust: bool = False,
    **shared: Unpack[Shared],
) -> npt.NDArray:
    """Replace each sample by the mean of all so far, by weights that fall exponentially into the past.

    It looks at no later sample, and its delay is ``(1 - alpha) / alpha`` samples. With ``align='centre'`` it
    goes back again over its own results: it then looks ahead to the end, and has no delay.

    Parameters
    ----------
    {{x}}
    alpha : float, optional
        Share of the newest sample, more than 0 and at most 1. One of `alpha`, `span` and `halflife` is given.
    span : float, optional
        Size of a moving average of the same delay, at least 1: alpha is ``2 / (span + 1)``.
    halflife : float, optional
        Samples after which a weight has fallen by half: alpha is ``1 - 2**(-1/halflife)``.
    adjust : bool, optional
        Whether weights are over the samples that there are, as in mode 'shrink'; not after endless
        repetitions of the first one, as in mode 'edge'. Default False.
    {{shared}}

    Returns
    -------
    {{keeps}}

    Raises
    ------
    {{errors}}

    See Also
    --------
    scipy.signal.lfilter : The same with ``b=[alpha], a=[1, alpha - 1]`` and ``mode="zero"``.
    pandas.Series.ewm : Its ``mean()`` is the same with ``nan="ignore"``; its default is ``adjust=True``.

    Notes
    -----
    The modes are 'edge', 'zero', 'constant' and 'shrink'. A sample that is missing keeps its place in time,
    where the last mean stands. Infinities and, if not ignored, NaN are never forgotten.

    References
    ----------
    C. C. Holt, Forecasting seasonals and trends by exponentially weighted moving averages, International
    Journal of Forecasting 20 (1), 2004 (written in 1957).

    Examples
    --------
    >>> from imfilter import series
    >>> series.exponential([0.0, 4.0, 4.0, 4.0], alpha=0.5)
    array([0. , 2. , 3. , 3.5])
    """
    return run(x, _exponential(alpha, span, halflife, adjust, shared), shared)
