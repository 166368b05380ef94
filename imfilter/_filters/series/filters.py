"""Filters of series: over a whole series with its two ends, or piece by piece."""

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, borders, denormals, dtypes, threads
from imfilter._filters.rank.keys import Number
from imfilter._filters.series import exact_median
from imfilter._filters.series.exponential import Recursion
from imfilter._filters.series.per_sample import PerSampleFilter, Pushed
from imfilter._filters.series.windows import ZERO_SUM, Polynomial, Window

_Lines = npt.NDArray[np.float64]
_Present = npt.NDArray[np.bool_]

#: Highest order of a derivative that a kernel may respond to.
_MOMENTS = 64


class Timing(NamedTuple):
    """The lookahead and the delay of a filter.

    Attributes
    ----------
    lookahead : int or float
        Number of later samples that a result needs, away from the ends. ``math.inf`` if it needs all.
    delay : float
        Delay of the result for a slow signal, such as a ramp, in samples. It is negative if the result is
        ahead, and NaN for a kernel of zeros.
    """

    lookahead: float
    delay: float


class Ends(NamedTuple):
    """The treatment of samples beyond the ends of a series, and of missing samples."""

    mode: str
    cval: Number = 0.0
    ignore: bool = False  # skip NaN

    @property
    def constant(self) -> float:
        """The value beyond the ends."""
        return float(self.cval) if self.mode == "constant" else 0.0


class State(NamedTuple):
    """The state of a filter after the samples so far."""

    values: _Lines  # the last samples, or the state of a recursion
    present: _Present | None  # mask of the samples that are used; None: all
    stages: tuple["State | None", ...] = ()  # of the filters of a pipeline; None: not started


class Design(Protocol):
    """A filter, ready for any series."""

    @property
    def preserves_dtype(self) -> bool:
        """Whether the result's dtype is that of the series."""

    @property
    def timing(self) -> Timing:
        """The lookahead and the delay."""

    @property
    def size(self) -> float:
        """The number of samples that a result depends on."""

    @property
    def exact(self) -> bool:
        """Whether denormal numbers keep their values. Otherwise they are zero."""

    @property
    def past(self) -> _Lines | None:
        """The given samples before the first one, or None."""

    def length(self, n: int) -> int:
        """Return the number of results for `n` samples."""

    def after(self, along: int, shape: tuple[int, ...]) -> "Design":
        """Return the filter for series of a shape along an axis, with initial samples for each series."""

    def whole(self, lines: _Lines, workers: int | None, out: _Lines | None = None) -> _Lines:
        """Filter whole series, into `out` if given. `out` must not overlap `lines`."""

    def begin(self, series: int, first: _Lines) -> State:
        """Return the state before the `first` samples."""

    def advance(self, state: State, lines: _Lines) -> tuple[_Lines, State]:
        """Filter the next samples. Return the results and the state after them."""

    def per_sample(self, state: State) -> Pushed | None:
        """Return an object that filters one series sample by sample from a state on, or None."""

    def after_per_sample(self, state: State, per_sample: Any) -> State:
        """Return the state after the samples that `per_sample` has filtered, starting from `state`."""


@dataclass(frozen=True, eq=False)
class Sliding:
    """A filter that slides a window along series."""

    window: Window
    ends: Ends
    timing: Timing
    preserves_dtype: bool
    past: _Lines | None = None  # samples before the first, oldest first: for all series or for each

    @property
    def size(self) -> int:
        """The number of samples that a result depends on."""
        return self.window.size

    @property
    def exact(self) -> bool:
        """Whether denormal numbers keep their values. Otherwise they are zero."""
        return self.window.exact

    def length(self, n: int) -> int:
        """Return the number of results for `n` samples."""
        return max(0, n - self.size + 1) if self.ends.mode == "valid" else n

    def whole(self, lines: _Lines, workers: int | None, out: _Lines | None = None) -> _Lines:
        """Filter whole series, into `out` if given. `out` must not overlap `lines`."""
        (count, n, series), size, before = lines.shape, self.window.size, self.window.before
        after = size - 1 - before
        mode = self.ends.mode
        if n == 0:
            return np.empty(lines.shape)
        if mode == "valid":
            return self._within(lines, None, workers, out)
        if self.past is not None:
            return self._within(np.concatenate([self._past(lines), lines], axis=1), None, workers, out)
        gaps = self.ends.ignore and (math.isnan(self.ends.constant) or bool(np.isnan(lines).any()))
        if (gaps or n < size) and mode != "fit":
            return self._within(*self._extended(lines, -before, n + after), workers, out)
        result = dtypes.empty(lines.shape, dtypes.FLOAT64) if out is None else out
        if n >= size:
            # Filter all series as one line. Windows that span two series are overwritten by the results of
            # the ends.
            inside = result.reshape(1, -1, series)[:, before : count * n - after]
            self._compute(lines.reshape(1, -1, series), None, workers, inside)
        if mode == "fit":
            self._fit(lines, result)
            return result
        if before:
            result[:, :before] = self._within(*self._extended(lines, -before, size - 1), workers)
        if after:
            beyond = self._extended(lines, n - size + 1, n + after)
            result[:, n - after :] = self._within(*beyond, workers)
        return result

    def _within(
        self, lines: _Lines, present: _Present | None, workers: int | None, out: _Lines | None = None
    ) -> _Lines:
        """Compute the windows of each line. All lines are joined, because one call per line is slower."""
        count, n, series = lines.shape
        size = self.window.size
        if count == 1 or n < size:
            return self._compute(lines, present, workers, out)
        result = dtypes.empty(lines.shape, dtypes.FLOAT64)
        inside = result.reshape(1, -1, series)[:, : count * n - size + 1]
        mask = None if present is None else present.reshape(1, -1, series)
        self._compute(lines.reshape(1, -1, series), mask, workers, inside)
        if out is None:
            return result[:, : n - size + 1]
        out[...] = result[:, : n - size + 1]
        return out

    def _compute(
        self, lines: _Lines, present: _Present | None, workers: int | None, out: _Lines | None = None
    ) -> _Lines:
        if self.ends.ignore:
            numbers = ~np.isnan(lines)
            present = numbers if present is None else numbers & present
        if present is not None and present.all():
            present = None
        result = self.window.compute(lines, present, workers, out)
        if out is not None and result is not out:
            out[...] = result
        return result

    def _extended(self, lines: _Lines, start: int, stop: int) -> tuple[_Lines, _Present | None]:
        """Return the samples from `start` to `stop`, also beyond the ends, and a mask of existing samples."""
        count, n, series = lines.shape
        before, after = max(0, -start), max(0, stop - n)
        mode = "zero" if self.ends.mode == "shrink" else self.ends.mode
        outside = borders.outside(n, before, after, mode)
        inside = slice(before, stop - start - after)
        result = dtypes.empty((count, stop - start, series), dtypes.FLOAT64)
        result[:, inside] = lines[:, max(0, start) : min(n, stop)]
        for positions, indices in (
            (slice(0, before), outside[:before]),
            (slice(stop - start - after, None), outside[before:]),
        ):
            result[:, positions] = lines[:, indices] if (indices >= 0).all() else self.ends.constant
        if self.ends.mode != "shrink":
            return result, None
        present = np.zeros(result.shape, bool)
        present[:, inside] = True
        return result, present

    def _fit(self, lines: _Lines, result: _Lines) -> None:
        """Fill both ends from the polynomials of the first and of the last window."""
        window = self.window
        assert isinstance(window, Polynomial)  # only polynomials have this mode
        n, size, before = lines.shape[1], min(window.size, lines.shape[1]), window.before
        after = window.size - 1 - before
        for t in (*range(min(before, n)), *range(max(n - after, min(before, n)), n)):
            first = min(max(t - before, 0), n - size)
            polynomial = Polynomial(size, t - first, window.order, window.deriv, window.spacing)
            samples = lines[:, first : first + size]
            present = ~np.isnan(samples) if self.ends.ignore else None
            result[:, t : t + 1] = polynomial.compute(samples, present, 1)

    def after(self, along: int, shape: tuple[int, ...]) -> "Sliding":
        """Return the filter for series of a shape along an axis, with initial samples for each series."""
        if self.past is None or self.past.ndim == 1:
            return self
        history = self.window.size - 1
        wanted = (*shape[:along], history, *shape[along + 1 :])
        if self.past.shape != wanted:
            raise ValueError(f"initial must have shape ({history},) or {wanted}, got {self.past.shape}")
        lines = self.past.reshape(math.prod(shape[:along]), history, math.prod(shape[along + 1 :]))
        return replace(self, past=lines)

    def _past(self, lines: _Lines) -> _Lines:
        """Return the initial samples of every series."""
        assert self.past is not None
        past = self.past[:, None] if self.past.ndim == 1 else self.past
        return np.broadcast_to(past, (lines.shape[0], past.shape[-2], lines.shape[2]))

    def begin(self, series: int, first: _Lines) -> State:
        """Return the state before the `first` samples."""
        history, mode = self.window.size - 1, self.ends.mode
        if self.past is not None:
            return State(self._past(np.empty((1, 0, series))).copy(), None)
        if mode == "valid":
            return State(np.empty((1, 0, series)), None)
        if mode == "edge":
            return State(np.repeat(first[:, :1], history, axis=1), None)
        present = np.zeros((1, history, series), bool) if mode == "shrink" else None
        return State(np.full((1, history, series), self.ends.constant), present)

    def advance(self, state: State, lines: _Lines) -> tuple[_Lines, State]:
        """Filter the next samples. Return the results and the state after them."""
        values = np.concatenate([state.values, lines], axis=1)
        present = None
        if state.present is not None:
            present = np.concatenate([state.present, np.ones(lines.shape, bool)], axis=1)
        if values.shape[1] < self.window.size:
            return np.empty((1, 0, values.shape[2])), State(values, present)
        result = self._compute(values, present, 1)
        first = values.shape[1] - self.window.size + 1
        mask = None if present is None or present[:, first:].all() else present[:, first:].copy()
        return result, State(values[:, first:].copy(), mask)

    def per_sample(self, state: State) -> Pushed | None:
        """Return an object that filters one series sample by sample, or None if samples are missing."""
        values = state.values.reshape(-1)
        if state.present is not None or len(values) != self.window.size - 1 or values.dtype != dtypes.FLOAT64:
            return None
        if self.ends.ignore and np.isnan(values).any():
            return None
        return self.window.per_sample(values)

    def after_per_sample(self, state: State, per_sample: Pushed) -> State:
        """Return the state after the samples that `per_sample` has filtered, starting from `state`."""
        return State(per_sample.history().reshape(1, -1, 1), None)


@dataclass(frozen=True, eq=False)
class Recursive:
    """An exponential mean: forwards from a state, or forwards and then backwards."""

    recursion: Recursion
    ends: Ends
    both: bool
    preserves_dtype: bool = True
    size = math.inf  # number of samples that a result depends on
    past = None  # samples before the first
    exact = False  # denormal numbers are zero

    @property
    def timing(self) -> Timing:
        """The lookahead and the delay."""
        if self.both:
            return Timing(math.inf, 0.0)
        return Timing(0, (1.0 - self.recursion.alpha) / self.recursion.alpha)

    def length(self, n: int) -> int:
        """Return the number of results for `n` samples."""
        return n

    def after(self, along: int, shape: tuple[int, ...]) -> "Recursive":
        """Return the filter for series of a shape along an axis."""
        return self

    def _state(self, count: int, series: int) -> _Lines:
        first = None if self.ends.mode in ("edge", "shrink") else self.ends.constant
        return self.recursion.state(count, series, first)

    def whole(self, lines: _Lines, workers: int | None, out: _Lines | None = None) -> _Lines:
        """Filter whole series, into `out` if given. `out` must not overlap `lines`."""
        count, _, series = lines.shape
        state = self._state(count, series)
        if not self.both:
            return self.recursion.run(lines, state, workers, out)
        forth = self.recursion.run(lines, state.copy(), workers)
        return self.recursion.run(forth, state, workers, out, backwards=True)

    def begin(self, series: int, first: _Lines) -> State:
        """Return the state before the `first` samples."""
        return State(self._state(1, series), None)

    def advance(self, state: State, lines: _Lines) -> tuple[_Lines, State]:
        """Filter the next samples. Return the results and the state after them."""
        values = state.values.copy()
        return self.recursion.run(lines, values, 1), State(values, None)

    def per_sample(self, state: State) -> Pushed | None:
        """Return an object that filters one series sample by sample and changes `state`, or None."""
        return PerSampleFilter(np.empty(0), self.recursion.one(state.values))

    def after_per_sample(self, state: State, per_sample: Pushed) -> State:
        """Return the state after the samples that `per_sample` has filtered, starting from `state`."""
        return state


def group_delay(weights: npt.ArrayLike, before: int) -> float:
    """Return the delay of a window's weights, oldest first, for a slow signal.

    Compute the moments of the weights about the position of the result. The first moment that is not 0 is the
    response to a derivative of the signal. The delay follows from its order and its ratio to the next moment.
    """
    taps = np.asarray(weights, np.longdouble)
    positions = np.arange(len(taps), dtype=np.longdouble) - before
    reach = max(float(np.abs(positions).max(initial=1.0)), 1.0)
    positions /= reach
    response, parts = 0.0, taps
    for d in range(min(len(taps), _MOMENTS) + 1):
        moment = 0.0 if abs(parts.sum()) <= ZERO_SUM * np.abs(parts).sum() else float(parts.sum())
        if response:
            return round(-reach * moment / response / d, 12) + 0.0
        response, parts = moment, parts * positions
    return math.nan


def _is_writable(array: npt.NDArray) -> bool:
    """Return whether kernels can write directly to an array."""
    flags = array.flags
    return array.dtype == dtypes.FLOAT64 and array.dtype.isnative and flags.c_contiguous and flags.aligned


def filtered(x: npt.ArrayLike, design: Any, axis: Any, dtype: Any, out: Any, workers: Any) -> npt.NDArray:
    """Return a series filtered along an axis, or fill `out`."""
    array = arguments.series(x)
    along = arguments.axis_index(axis, array.ndim, "axis")
    target = arguments.out(out)
    default = array.dtype.newbyteorder("=") if design.preserves_dtype else dtypes.derived(array.dtype)
    wanted = arguments.dtype(dtype, target, default)
    workers = threads.requested(workers)
    n = array.shape[along]
    length = design.length(n)
    shape = (*array.shape[:along], length, *array.shape[along + 1 :])
    arguments.fitting(target, shape)
    if 0 in shape:
        return dtypes.empty(shape, wanted) if target is None else target
    line_shape = math.prod(array.shape[:along]), n, math.prod(array.shape[along + 1 :])
    if exact_median.takes(design, array.dtype):
        lines = np.ascontiguousarray(array, array.dtype.newbyteorder("=")).reshape(line_shape)
        medians = exact_median.whole(design, lines, wanted, workers).reshape(shape)
        if target is None:
            return medians
        target[...] = medians
        return target
    lines = denormals.widened(array, exact=design.exact).reshape(line_shape)
    if target is not None and _is_writable(target) and not np.may_share_memory(target, array):
        design.whole(lines, workers, target.reshape(len(lines), length, lines.shape[2]))
        return target
    result = design.whole(lines, workers).reshape(shape)
    if target is None:
        if wanted == result.dtype:
            return result
        target = dtypes.empty(shape, wanted)
    denormals.place(result, target, exact=design.exact)
    return target
