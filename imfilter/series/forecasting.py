"""Fitting forecasts: the causal kernel that best predicts what comes, by least squares."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from imfilter._base import arguments
from imfilter._base.keywords import hinted
from imfilter._filters.learn.least_squares import Undetermined
from imfilter.learn import fit_kernel
from imfilter.series.forecasts import Forecaster, ForecastErrors, examples
from imfilter.typing import ArrayLike


@hinted
def fit_forecaster(
    x: ArrayLike,
    size: int,
    *,
    bias: bool = True,
    ridge: float = 0.0,
    horizon: int = 1,
    axis: int = -1,
    workers: int | None = None,
) -> Forecaster:
    """Find the causal kernel and bias that best predict a series from its last samples, by least squares.

    The forecast made at sample t is ``sum(kernel[i] * x[t - i]) + bias``, and is about ``x[t + horizon]``.
    The sum of the squares of what all of them miss, plus `ridge` times that of the weights, is the least.

    Parameters
    ----------
    x : array_like
        Series, of bool, integers or finite floats. Many of them, along `axis`, are all examples for one
        kernel.
    size : int
        Samples that a forecast is made from.
    bias : bool, optional
        Whether to fit a number that is added to every forecast. Default True.
    ridge : float, optional
        Weight of the squares of the weights, not negative; the bias has none. It makes up for samples that
        are too few or too much alike. Default 0.
    horizon : int, optional
        How many samples ahead to forecast. Default 1: the next one.
    axis : int, optional
        Axis of time. Default -1, the last axis. Series along the other axes are filtered separately.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    Forecaster
        With `kernel`, the newest sample first, `bias`, `errors` and `residuals`; ``predict(x)``,
        ``forecast(steps)`` and ``evaluate(x)``. It is a filter for `Stream`.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value, or the samples are too few, not finite or so much alike that they
        leave weights open. The message says what would do.

    See Also
    --------
    imfilter.fit_kernel : A kernel from inputs and targets of any kind.
    numpy.linalg.lstsq : The same from a matrix with a row for each window.
    sklearn.linear_model.Ridge : The same from such a matrix, with ``alpha=ridge``.

    References
    ----------
    G. E. P. Box, G. M. Jenkins, G. C. Reinsel and G. M. Ljung, *Time Series Analysis: Forecasting and
    Control*, 5th ed., 2015, sections 5.1 and 7.5, for autoregressive models.

    Examples
    --------
    >>> import numpy as np
    >>> from imfilter import series
    >>> wave = 20 + np.sin(0.1 * np.arange(100))
    >>> found = series.fit_forecaster(wave, 2)
    >>> found.kernel.round(6)  # 2*cos(0.1) and -1
    array([ 1.990008, -1.      ])
    >>> found.errors.beats
    True
    >>> bool(abs(found.forecast(50)[-1] - (20 + np.sin(0.1 * 149))) < 1e-6)
    True
    """
    length, ahead = arguments.integer(size, "size", least=1), arguments.integer(horizon, "horizon", least=1)
    biased, weight = arguments.flag(bias, "bias"), arguments.number(ridge, "ridge")
    if weight < 0:
        raise ValueError(f"ridge must not be negative, got {weight}")
    lines = examples(x, axis, length, ahead, length + biased if not weight else 1)
    n, first = lines.shape[-1], length + ahead - 1
    try:
        found = fit_kernel(
            lines[..., : n - ahead],
            lines[..., first:],
            length,
            bias=biased,
            ridge=weight,
            padding="valid",
            axes=-1,
            workers=workers,
        )
    except Undetermined as error:
        raise ValueError(_open(error, biased)) from None
    kernel, mean = found.kernel[::-1].copy(), float(lines.mean(dtype=np.float64))
    tail = np.moveaxis(lines[..., n - first :], -1, axis).copy()
    unknown_yet = ForecastErrors(math.nan, math.nan, math.nan)
    model = Forecaster(kernel, found.bias, ahead, mean, axis, unknown_yet, tail, lines)
    return replace(model, errors=model.errors_in(lines))


def _open(error: Undetermined, biased: bool) -> str:
    """Return what is wrong with series that do not determine all weights."""
    if error.known:
        return (
            f"x must determine all {error.wanted} weights, got samples that determine {error.known} (others "
            "are sums of these, within rounding); use ridge > 0, a smaller size, or more varied samples"
        )
    what = "a constant series, whose kernel cannot be told from the bias" if biased else "zeros alone"
    return f"x must vary, got {what}; use ridge > 0 or another series"
