"""Forecasts of series: what a fitted kernel says of the samples to come, and how far it is off."""

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

#: Samples whose squares can still be added up.
_LARGEST = 1e150
#: What `Forecaster.predict` can be told.
_OPTIONS = frozenset(("initial", "axis", "dtype", "out", "workers"))


class ForecastErrors(NamedTuple):
    """How far forecasts are off: roots of the mean squares, in the unit of the series.

    Attributes
    ----------
    model : float
        Of the forecasts.
    last : float
        Of the newest sample, were it the forecast.
    mean : float
        Of the mean of the training series, were it the forecast.
    """

    model: float
    last: float
    mean: float

    @property
    def beats(self) -> bool:
        """Whether the forecasts are better than both baselines."""
        return self.model < min(self.last, self.mean)


@dataclass(frozen=True, eq=False, repr=False)
class Forecaster(Filter):
    """A kernel and bias found by `fit_forecaster`, which say of each sample what comes after it.

    It stands wherever `Stream`, `Cascade` and `timing` want a filter. Pickled, it leaves the training series
    behind, and with it `residuals`.

    Attributes
    ----------
    kernel : ndarray
        Weight of each sample, the newest first, as `causal` has it.
    bias : float
        What is added to every sum.
    horizon : int
        How many samples ahead it forecasts.
    size : int
        Samples that a forecast is made from.
    errors : ForecastErrors
        How far it is off in the training series, beside two baselines.
    mean : float
        Mean of the training series, of all of them: the second baseline.
    axis : int
        The axis of time, if a method is not told another.
    residuals : ndarray
        What the forecasts miss in the training series.
    """

    kernel: NDArray[np.float64]
    bias: float
    horizon: int
    mean: float
    axis: int
    errors: ForecastErrors
    _tail: NDArray  # the last samples, from which what comes after the end is forecast
    _training: NDArray | None  # the caller's own, with time as its last axis

    @property
    def size(self) -> int:
        """Samples that a forecast is made from."""
        return len(self.kernel)

    @property
    def residuals(self) -> NDArray:
        """What the forecasts miss in the training series: samples less their forecasts.

        An array of float64 in the shape of the series, along the axis of time ``size + horizon - 1`` fewer:
        the first samples have no forecast of a whole window. It is computed each time from that very array,
        of which no copy is kept: it shows what has been changed in it since.
        """
        if self._training is None:
            raise ValueError("residuals must be read before a forecaster is pickled: the series stays behind")
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
        """Forecast at each sample of a series the value `horizon` samples later.

        Result t is about ``x[t + horizon]``, from the samples up to ``x[t]``: the last `horizon` results are
        about what is still to come.

        Parameters
        ----------
        x : array_like
            Series, of bool, integers or floats; any of it may be empty. It is not changed.
        initial : {'edge', 'zero', 'valid'} or array_like, optional
            What came before the first sample, as for `causal`: the first sample, again and again, the
            default; zeros; nothing, so that the forecasts begin at sample ``size - 1``; or the last
            ``size - 1`` samples.
        axis : int, optional
            The axis of time, by default that of the training series.
        dtype : dtype, optional
            Element type of the result, rounded half to even and saturated.
        out : ndarray, optional
            Where to put the result, whose dtype it determines. It may be `x` itself or overlap it.
        workers : int, optional
            Number of threads, by default every core this process may use. It does not change the result.

        Returns
        -------
        ndarray
            Array of the shape of `x`, along the axis of time ``size - 1`` fewer with ``initial='valid'``. Its
            dtype is float32 for bool, 8- and 16-bit integers, float16 and float32, float64 for wider types;
            or `dtype` or that of `out`. Computed in float64.

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
            x, self.kernel, self.bias, initial=initial, axis=along, dtype=dtype, out=out, workers=workers
        )

    def forecast(self, steps: int, x: ArrayLike | None = None, *, axis: int | None = None) -> NDArray:
        """Forecast what comes after the end of a series.

        The first `horizon` values are forecast from samples, those after them from forecasts too.

        Parameters
        ----------
        steps : int
            How many values.
        x : array_like, optional
            Series that goes on, at least ``size + horizon - 1`` samples. By default the training series.
        axis : int, optional
            The axis of time of `x`, by default that of the training series.

        Returns
        -------
        ndarray
            Array of the shape of the series, along the axis of time with `steps` values. Its dtype is that of
            `predict`; computed in float64 to the end.

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
            raise ValueError(f"axis must be left out where x is, got {axis!r}")
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
        """Return how far the forecasts are off in a series, beside two baselines.

        All three are about the same samples: those that have a forecast from a whole window of the series.

        Parameters
        ----------
        x : array_like
            Series, best one that was not learned from: at least ``size + horizon`` finite samples.
        axis : int, optional
            The axis of time, by default that of the training series.

        Returns
        -------
        ForecastErrors
            The roots of the mean squares of what is missed by the forecasts as `model`, by the newest sample
            as `last`, by the mean of the training series as `mean`; `beats` says whether the first is the
            smallest.

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
        """Return how far the forecasts are off in series whose last axis is time."""
        first = self.size + self.horizon - 1
        goals = lines[..., first:].astype(np.float64)
        last = lines[..., self.size - 1 : lines.shape[-1] - self.horizon].astype(np.float64)
        return ForecastErrors(_root(self._missed(lines)), _root(goals - last), _root(goals - self.mean))

    def _missed(self, lines: NDArray) -> NDArray:
        """Return samples less their forecasts, of series whose last axis is time."""
        known = lines[..., : lines.shape[-1] - self.horizon]
        made = self.predict(known, initial="valid", axis=-1, dtype=float)
        return np.subtract(lines[..., self.size + self.horizon - 1 :], made, out=made, casting="same_kind")

    def call(self, options: dict[str, Any]) -> Call:
        """Return the filter that it is, `causal`, with what more is said of it."""
        unknown("Forecaster", options, _OPTIONS)
        return Call(causal, (), {"kernel": self.kernel, "bias": self.bias, "initial": "edge", **options})

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_training": None}

    def __repr__(self) -> str:
        return f"Forecaster(size={self.size}, horizon={self.horizon}, errors={self.errors})"


def examples(x: ArrayLike, axis: Any, size: int, horizon: int, unknowns: int = 1) -> NDArray:
    """Return series that say enough for so many unknowns, with time as the last axis."""
    array = arguments.series(x)
    lines = np.moveaxis(array, arguments.axis_index(axis, array.ndim, "axis"), -1)
    count = math.prod(lines.shape[:-1])
    if not count:
        raise ValueError(f"x must hold a series, got shape {array.shape}")
    needed = size + horizon - 1 - (-unknowns // count)
    if lines.shape[-1] < needed:
        raise ValueError(
            f"x must have at least {needed} samples for size={size} and horizon={horizon}, "
            f"got {lines.shape[-1]}"
        )
    for value in (lines.min().item(), lines.max().item()):
        if not abs(value) < _LARGEST:
            what = "NaN, which can be filled in first" if math.isnan(value) else f"{value}"
            raise ValueError(f"x must be finite and below {_LARGEST:g}, got {what}")
    return lines


def _root(missed: NDArray) -> float:
    """Return the root of the mean square."""
    return math.sqrt(np.square(missed, out=missed).mean())
