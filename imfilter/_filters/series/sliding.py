"""Filters of series that slide a window: over a whole series with its two ends, or piece by piece."""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from imfilter._base import borders, denormals, dtypes
from imfilter._filters.series import pieces
from imfilter._filters.series.design import Ends, State, Timing
from imfilter._filters.series.per_sample import Pushed
from imfilter._filters.series.pieces import Lines, Present
from imfilter._filters.series.windows import Polynomial, Window, average


@dataclass(frozen=True, eq=False)
class Sliding:
    """A filter that slides a window along series."""

    window: Window
    ends: Ends
    timing: Timing
    preserves_dtype: bool
    past: Lines | None = None  # samples before the first, oldest first: for all series or for each

    @property
    def size(self) -> int:
        """The number of samples that a result depends on."""
        return self.window.size

    @property
    def exact(self) -> bool:
        """Whether denormal numbers keep their values. Otherwise they are zero."""
        return self.window.exact

    @property
    def takes_any_dtype(self) -> bool:
        """Whether `whole` takes samples and results of any dtype that float64 holds, without a mask."""
        return (
            self.past is None and self.ends.mode != "fit" and self.window.computes_any_dtype(self.ends.ignore)
        )

    def length(self, n: int) -> int:
        """Return the number of results for `n` samples."""
        return max(0, n - self.size + 1) if self.ends.mode == "valid" else n

    def whole(
        self, lines: Lines, present: Present | None, workers: int | None, out: Lines | None = None
    ) -> Lines:
        """Filter whole series, into `out` if given. `out` must not overlap `lines` or `present`."""
        (count, n, series), size, before = lines.shape, self.window.size, self.window.before
        after = size - 1 - before
        mode = self.ends.mode
        if n == 0:
            return np.empty(lines.shape)
        if mode == "valid":
            return self._within(lines, present, workers, out)
        if self.past is not None:
            past = self._past(lines)
            if present is not None:
                present = np.concatenate([np.ones(past.shape, present.dtype), present], axis=1)
            return self._within(np.concatenate([past, lines], axis=1), present, workers, out)
        if mode != "fit" and (n < size or present is not None or self._has_few_gaps(lines)):
            return self._within(*self._extended(lines, present, -before, n + after), workers, out)
        result = dtypes.empty(lines.shape, dtypes.FLOAT64) if out is None else out
        if n >= size:
            # Filter all series as one line. Windows that span two series are overwritten by the results of
            # the ends.
            inside = result.reshape(1, -1, series)[:, before : count * n - after]
            self._compute(*_joined(lines, present), workers, inside)
        if mode == "fit":
            self._fit(lines, present, result)
            return result
        if before:
            first = self._within(*self._extended(lines, present, -before, size - 1), workers)
            denormals.place(first, result[:, :before], exact=self.exact)
        if after:
            beyond = self._extended(lines, present, n - size + 1, n + after)
            denormals.place(self._within(*beyond, workers), result[:, n - after :], exact=self.exact)
        return result

    def _has_few_gaps(self, lines: Lines) -> bool:
        """Return whether a series of few samples has gaps. Its ends then take as long as one call for all.

        A moving average of 200 samples, 5 at a time, took 87 us in one call, and 172 with calls for the ends.
        """
        if not self.ends.ignore or lines.size > pieces.ALONE:
            return False
        return math.isnan(self.ends.constant) or bool(np.isnan(lines).any())

    def _within(
        self, lines: Lines, present: Present | None, workers: int | None, out: Lines | None = None
    ) -> Lines:
        """Compute the windows of each line. All lines are joined, because one call per line is slower."""
        count, n, series = lines.shape
        size = self.window.size
        if count == 1 or n < size:
            return self._compute(lines, present, workers, out)
        result = dtypes.empty(lines.shape, dtypes.FLOAT64 if out is None else out.dtype)
        inside = result.reshape(1, -1, series)[:, : count * n - size + 1]
        self._compute(*_joined(lines, present), workers, inside)
        if out is None:
            return result[:, : n - size + 1]
        out[...] = result[:, : n - size + 1]
        return out

    def _compute(
        self, lines: Lines, present: Present | None, workers: int | None, out: Lines | None = None
    ) -> Lines:
        if present is None and self.ends.ignore:
            skipped = self.window.skip_nan(lines, self.ends.fewest(self.size), workers, out)
            if skipped is not None:
                return skipped
        counts = self.ends.counts(lines, present)
        result = self.window.compute(lines, counts, workers, out)
        if counts is not None and self.ends.least:
            result[self.window.coverage(counts, workers) < self.ends.least] = math.nan
        if counts is not None and self.ends.min_count:
            present_count = average((counts > 0).astype(np.float64), self.window.size, 1.0, workers)
            result[present_count < self.ends.min_count] = math.nan
        if out is not None and result is not out:
            out[...] = result
        return result

    def _extended(
        self, lines: Lines, present: Present | None, start: int, stop: int
    ) -> tuple[Lines, Present | None]:
        """Return the samples from `start` to `stop`, also beyond the ends, and how much they count."""
        count, n, series = lines.shape
        before, after = max(0, -start), max(0, stop - n)
        mode = "zero" if self.ends.mode == "shrink" else self.ends.mode
        outside = borders.outside(n, before, after, mode)
        inside, known = slice(before, stop - start - after), slice(max(0, start), min(n, stop))
        result = dtypes.empty((count, stop - start, series), dtypes.FLOAT64)
        result[:, inside] = self._widened(lines[:, known])
        counts = None
        if present is not None or self.ends.mode == "shrink":
            counts = np.zeros(result.shape, bool if present is None else present.dtype)
            counts[:, inside] = True if present is None else present[:, known]
        for positions, indices in (
            (slice(0, before), outside[:before]),
            (slice(stop - start - after, None), outside[before:]),
        ):
            copied = bool((indices >= 0).all())
            result[:, positions] = self._widened(lines[:, indices]) if copied else self.ends.constant
            if present is not None and counts is not None and self.ends.mode != "shrink":
                counts[:, positions] = present[:, indices] if copied else True
        return result, counts

    def _widened(self, samples: npt.NDArray) -> Lines:
        """Return samples as float64."""
        return samples if samples.dtype == dtypes.FLOAT64 else denormals.widened(samples, exact=self.exact)

    def _fit(self, lines: Lines, present: Present | None, result: Lines) -> None:
        """Fill both ends from the polynomials of the first and of the last window."""
        window = self.window
        assert isinstance(window, Polynomial)  # only polynomials have this mode
        n, size, before = lines.shape[1], min(window.size, lines.shape[1]), window.before
        after = window.size - 1 - before
        for t in (*range(min(before, n)), *range(max(n - after, min(before, n)), n)):
            first = min(max(t - before, 0), n - size)
            polynomial = Polynomial(size, t - first, window.order, window.deriv, window.spacing)
            reach = slice(first, first + size)
            counts = None if present is None else present[:, reach]
            result[:, t : t + 1] = replace(self, window=polynomial)._compute(lines[:, reach], counts, 1)

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

    def _past(self, lines: Lines) -> Lines:
        """Return the initial samples of every series."""
        assert self.past is not None
        past = self.past[:, None] if self.past.ndim == 1 else self.past
        return np.broadcast_to(past, (lines.shape[0], past.shape[-2], lines.shape[2]))

    def begin(self, series: int, first: Lines, present: Present | None) -> State:
        """Return the state before the `first` samples."""
        history, mode = self.window.size - 1, self.ends.mode
        if self.past is not None:
            return State(self._past(np.empty((1, 0, series))).copy(), None)
        if mode == "valid":
            return State(np.empty((1, 0, series)), None)
        if mode == "edge":
            counts = None if present is None else np.repeat(present[:, :1], history, axis=1)
            return State(np.repeat(first[:, :1], history, axis=1), counts)
        counts = np.zeros((1, history, series), bool) if mode == "shrink" else None
        return State(np.full((1, history, series), self.ends.constant), counts)

    def advance(self, state: State, lines: Lines, present: Present | None) -> tuple[Lines, State]:
        """Filter the next samples. Return the results and the state after them."""
        values = np.concatenate([state.values, lines], axis=1)
        counts = None
        if state.present is not None or present is not None:
            parts = ((state.present, state.values), (present, lines))
            ones = (np.ones(samples.shape, bool) if part is None else part for part, samples in parts)
            counts = np.concatenate(list(ones), axis=1)
        if values.shape[1] < self.window.size:
            return np.empty((1, 0, values.shape[2])), State(values, counts)
        result = self._compute(values, counts, 1)
        first = values.shape[1] - self.window.size + 1
        if counts is not None:
            counts = None if (counts[:, first:] == 1).all() else counts[:, first:].copy()
        return result, State(values[:, first:].copy(), counts)

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


def _joined(lines: Lines, present: Present | None) -> tuple[Lines, Present | None]:
    """Return all lines as one line, and how much its samples count."""
    series = lines.shape[2]
    return lines.reshape(1, -1, series), None if present is None else present.reshape(1, -1, series)
