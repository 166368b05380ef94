"""Fit of linear forecasts (autoregressive models) by least squares."""

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
    """Fit a causal kernel and bias that forecast a series, by least squares.

    The forecast of ``x[t + horizon]`` at sample t is ``sum(kernel[i] * x[t - i]) + bias``. The fit minimises
    the sum of the squared errors plus `ridge` times the sum of the squared weights.

    Parameters
    ----------
    x : array_like
        Series of bool, integers or finite floats. Several series along the other axes are examples for one
        kernel.
    size : int
        Number of samples that a forecast depends on.
    bias : bool, optional
        Whether to fit a bias that is added to every forecast. Default True.
    ridge : float, optional
        Ridge (L2) regularisation: weight of the squared weights, at least 0. The bias is not regularised. Use
        it if the samples are too few or too similar. Default 0.
    horizon : int, optional
        Number of samples to forecast ahead. Default 1: the next sample.
    axis : int, optional
        Axis of time. Default -1, the last axis. Series along the other axes are filtered separately.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    Forecaster
        Object with the attributes `kernel`, `bias`, `errors` and `residuals`, and the methods ``predict(x)``,
        ``forecast(steps)`` and ``evaluate(x)``. The first weight of the kernel belongs to the newest sample.
        `Stream` accepts the object as a filter.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value, if the samples are too few or not finite, or if they do not
        determine all weights. The message names the next step.

    See Also
    --------
    imfilter.fit_kernel : Fit of a kernel to pairs of inputs and targets.
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
    kernel, mean = found.kernel[::-1].copy(), float(np.ascontiguousarray(lines).mean(dtype=np.float64))
    tail = np.moveaxis(lines[..., n - first :], -1, axis).copy()
    unknown_yet = ForecastErrors(math.nan, math.nan, math.nan)
    model = Forecaster(kernel, found.bias, ahead, mean, axis, unknown_yet, tail, lines)
    return replace(model, errors=model.errors_in(lines))


def _open(error: Undetermined, biased: bool) -> str:
    """Return the message for a series that does not determine all weights."""
    if error.known:
        return (
            f"x must determine all {error.wanted} weights, got samples that determine {error.known} (others "
            "are sums of these, within rounding); use ridge > 0, a smaller size, or more varied samples"
        )
    what = "a constant series, for which kernel and bias are not unique" if biased else "zeros alone"
    return f"x must vary, got {what}; use ridge > 0 or another series"
