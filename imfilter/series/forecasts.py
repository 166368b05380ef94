"""Forecasts of series with a fitted kernel, and their errors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from imfilter._base import arguments, dtypes
from imfilter._base.keywords import unknown
from imfilter.series.base import Call, Filter
from imfilter.series.causality import causal
from imfilter.series.streaming import Stream
from imfilter.typing import ArrayLike, DTypeLike, NDArray

#: Largest accepted sample: the sum of squares of larger samples could overflow.
_LARGEST = 1e150
#: Options of `Forecaster.predict`.
_OPTIONS = frozenset(("initial", "axis", "dtype", "out", "workers"))


class ForecastErrors(NamedTuple):
    """Root mean square errors of forecasts, in the unit of the series.

    Attributes
    ----------
    model : float
        Error of the forecasts.
    last : float
        Error of the baseline that forecasts the newest sample.
    mean : float
        Error of the baseline that forecasts the mean of the training series.

    Examples
    --------
    >>> import numpy as np
    >>> from imfilter import series
    >>> x = np.cumsum(np.random.default_rng(0).normal(size=300))
    >>> errors = series.fit_forecaster(x, 4).errors
    >>> errors.model < errors.last < errors.mean
    True
    """

    model: float
    last: float
    mean: float

    @property
    def beats(self) -> bool:
        """Whether the error of the forecasts is less than that of both baselines."""
        return self.model < min(self.last, self.mean)


@dataclass(frozen=True, eq=False, repr=False)
class Forecaster(Filter):
    """A kernel and bias fitted by `fit_forecaster`.

    `Stream`, `Cascade` and `timing` accept it as a filter. A pickle does not contain the training series, so
    the unpickled object has no `residuals`.

    Attributes
    ----------
    kernel : ndarray
        Weight of each sample, as for `causal`. The first weight belongs to the newest sample.
    bias : float
        Number added to every sum.
    horizon : int
        Number of samples that it forecasts ahead.
    size : int
        Number of samples that a forecast depends on.
    errors : ForecastErrors
        Errors in the training series, of the forecasts and of two baselines.
    mean : float
        Mean of all training series: the second baseline.
    axis : int
        Default axis of time of the methods.
    residuals : ndarray
        Samples of the training series minus their forecasts.
    """

    kernel: NDArray[np.float64]
    bias: float
    horizon: int
    mean: float
    axis: int
    errors: ForecastErrors
    _tail: NDArray  # the last samples, for forecasts after the end
    _training: NDArray | None  # the array of the caller, with time as its last axis

    @property
    def size(self) -> int:
        """Number of samples that a forecast depends on."""
        return len(self.kernel)

    @property
    def residuals(self) -> NDArray:
        """Samples of the training series minus their forecasts.

        A float64 array of the shape of the series. The axis of time is shorter by ``size + horizon - 1``,
        because the first samples have no forecast from a whole window. It is computed at each access from the
        training array itself, not from a copy. If you change that array, the residuals change, too.
        """
        if self._training is None:
            raise ValueError(
                "residuals must be read before the forecaster is pickled: a pickle has no training series"
            )
        return np.moveaxis(self._missed(self._training), -1, self.axis)

    def predict(
        self,
        x: ArrayLike,
        *,
        initial: Any = "edge",
        axis: int | None = None,
        dtype: DTypeLike | None = None,
        out: NDArray[Any] | None = None,
        workers: int | None = None,
    ) -> NDArray:
        """Forecast for each sample of a series the value `horizon` samples later.

        Result t is the forecast of ``x[t + horizon]`` from the samples up to ``x[t]``. The last `horizon`
        results are forecasts of samples after the end of the series.

        Parameters
        ----------
        x : array_like
            Series of bool, integers or floats, of any shape. An axis may be empty. The method does not change
            it.
        initial : {'edge', 'zero', 'valid'} or array_like, optional
            Samples before the first sample, as for `causal`. Default 'edge'. 'edge': copies of the first
            sample. 'zero': zeros. 'valid': none; the forecasts start at sample ``size - 1``. An array holds
            the last ``size - 1`` samples.
        axis : int, optional
            Axis of time. Default: that of the training series.
        dtype : dtype, optional
            Element type of the result. Values are rounded half to even and saturated.
        out : ndarray, optional
            Array for the result. Its dtype is the dtype of the result. It may be `x` or overlap it.
        workers : int, optional
            Number of threads. Default: every core that this process may use. The result does not depend on
            it.

        Returns
        -------
        ndarray
            Array of the shape of `x`. With ``initial='valid'``, the axis of time is shorter by ``size - 1``.
            Its dtype is `dtype`, or that of `out`. Default: float32 for bool, 8- and 16-bit integers, float16
            and float32; float64 for wider types. It is computed in float64.

        Raises
        ------
        TypeError, ValueError
            If an argument has the wrong type or value, as for `causal`.

        Examples
        --------
        >>> from imfilter import series
        >>> doubling = series.fit_forecaster([1.0, 2.0, 4.0, 8.0], 1, bias=False)
        >>> doubling.predict([3.0, 5.0])
        array([ 6., 10.])
        """
        along = self.axis if axis is None else axis
        return causal(
            arguments.series(x),
            self.kernel,
            self.bias,
            initial=initial,
            axis=along,
            dtype=dtype,
            out=out,
            workers=workers,
        )

    def forecast(self, steps: int, x: ArrayLike | None = None, *, axis: int | None = None) -> NDArray:
        """Forecast the samples after the end of a series.

        The first `horizon` values are forecast from samples. Later values are forecast from earlier
        forecasts, too.

        Parameters
        ----------
        steps : int
            Number of values to forecast.
        x : array_like, optional
            Series to continue, with at least ``size + horizon - 1`` samples. Default: the training series.
        axis : int, optional
            Axis of time of `x`. Default: that of the training series.

        Returns
        -------
        ndarray
            Array of the shape of the series with `steps` values along the axis of time. Its dtype is that of
            `predict`. It is computed in float64.

        Raises
        ------
        TypeError
            If an argument has the wrong type.
        ValueError
            If `steps` is negative, or `x` is too short.

        Examples
        --------
        >>> from imfilter import series
        >>> doubling = series.fit_forecaster([1.0, 2.0, 4.0, 8.0], 1, bias=False)
        >>> doubling.forecast(3)
        array([16., 32., 64.])
        """
        count = arguments.integer(steps, "steps", least=0)
        if x is None and axis is not None:
            raise ValueError(f"axis must be left out if x is left out, got {axis!r}")
        array = self._tail if x is None else arguments.series(x)
        along = arguments.axis_index(self.axis if axis is None else axis, array.ndim, "axis")
        held = self.size + self.horizon - 1
        if array.shape[along] < held:
            raise ValueError(
                f"x must have at least {held} samples for size={self.size} and horizon={self.horizon}, "
                f"got {array.shape[along]}"
            )
        lines = np.moveaxis(array, along, 0)[array.shape[along] - held :]
        result = dtypes.empty((count, *lines.shape[1:]), dtypes.FLOAT64)
        if result.size:
            next_ones = lines.astype(np.float64).reshape(held, -1)
            stream = Stream(self, initial="valid", channels=next_ones.shape[1])
            for first in range(0, count, self.horizon):
                next_ones = stream.push(next_ones)
                part = result[first : first + self.horizon]
                part[...] = next_ones[: len(part)].reshape(part.shape)
        rounded = dtypes.empty(result.shape, dtypes.derived(array.dtype))
        dtypes.place(result, rounded)
        return np.ascontiguousarray(np.moveaxis(rounded, 0, along))

    def evaluate(self, x: ArrayLike, *, axis: int | None = None) -> ForecastErrors:
        """Return the errors of the forecasts of a series, and of two baselines.

        All three errors are computed from the same samples: those with a forecast from a whole window.

        Parameters
        ----------
        x : array_like
            Series with at least ``size + horizon`` finite samples. It should not be the training series.
        axis : int, optional
            Axis of time. Default: that of the training series.

        Returns
        -------
        ForecastErrors
            Root mean square errors: `model` of the forecasts, `last` of the newest sample as forecast, and
            `mean` of the mean of the training series as forecast. `beats` is whether `model` is the smallest.

        Raises
        ------
        TypeError
            If an argument has the wrong type.
        ValueError
            If `x` is too short or not finite.

        Examples
        --------
        >>> from imfilter import series
        >>> doubling = series.fit_forecaster([1.0, 2.0, 4.0, 8.0], 1, bias=False)
        >>> doubling.evaluate([3.0, 6.0])
        ForecastErrors(model=0.0, last=3.0, mean=2.25)
        """
        lines = examples(x, self.axis if axis is None else axis, self.size, self.horizon)
        return self.errors_in(lines)

    def errors_in(self, lines: NDArray) -> ForecastErrors:
        """Return the errors of the forecasts of series whose last axis is time."""
        first = self.size + self.horizon - 1
        # In memory the numbers have the order of the axes, so that the sums do not depend on the layout.
        goals = lines[..., first:].astype(np.float64, order="C")
        last = lines[..., self.size - 1 : lines.shape[-1] - self.horizon].astype(np.float64, order="C")
        return ForecastErrors(_root(self._missed(lines)), _root(goals - last), _root(goals - self.mean))

    def _missed(self, lines: NDArray) -> NDArray:
        """Return samples minus their forecasts, for series whose last axis is time."""
        known = lines[..., : lines.shape[-1] - self.horizon]
        made = self.predict(known, initial="valid", axis=-1, dtype=float)
        return np.subtract(lines[..., self.size + self.horizon - 1 :], made, out=made, casting="same_kind")

    def call(self, options: dict[str, Any]) -> Call:
        """Return the call of `causal` with this kernel and the options."""
        unknown("Forecaster", options, _OPTIONS)
        return Call(causal, (), {"kernel": self.kernel, "bias": self.bias, "initial": "edge", **options})

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_training": None}

    def __repr__(self) -> str:
        return f"Forecaster(size={self.size}, horizon={self.horizon}, errors={self.errors})"


def examples(x: ArrayLike, axis: Any, size: int, horizon: int, unknowns: int = 1) -> NDArray:
    """Return series with time as the last axis. Check that they are long enough for the unknowns."""
    array = arguments.series(x)
    lines = np.moveaxis(array, arguments.axis_index(axis, array.ndim, "axis"), -1)
    count = math.prod(lines.shape[:-1])
    if not count:
        raise ValueError(f"x must contain at least one series, got shape {array.shape}")
    needed = size + horizon - 1 - (-unknowns // count)
    if lines.shape[-1] < needed:
        raise ValueError(
            f"x must have at least {needed} samples for size={size} and horizon={horizon}, "
            f"got {lines.shape[-1]}"
        )
    for value in (lines.min().item(), lines.max().item()):
        if not abs(value) < _LARGEST:
            what = "NaN; fill missing samples first" if math.isnan(value) else f"{value}"
            raise ValueError(f"x must be finite and below {_LARGEST:g}, got {what}")
    return lines


def _root(missed: NDArray) -> float:
    """Return the root mean square."""
    return math.sqrt(np.square(missed, out=missed).mean())
