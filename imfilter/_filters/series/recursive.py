"""Exponential means as filters of series: over a whole series with its two ends, or piece by piece."""

import math
from dataclasses import dataclass

import numpy as np

from imfilter._filters.series.design import Ends, State, Timing
from imfilter._filters.series.exponential import Recursion
from imfilter._filters.series.per_sample import PerSampleFilter, Pushed
from imfilter._filters.series.pieces import Lines, Present


@dataclass(frozen=True, eq=False)
class Recursive:
    """An exponential mean: forwards from a state, or forwards and then backwards."""

    recursion: Recursion
    ends: Ends
    both: bool
    preserves_dtype: bool = True
    size = math.inf  # number of samples that a result depends on
    past = None  # samples before the first
    takes_any_dtype = False
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

    def _first(self) -> float | None:
        """Return the value of the samples before the first one, or None if there are none."""
        return None if self.ends.mode in ("edge", "shrink") else self.ends.constant

    def whole(
        self, lines: Lines, present: Present | None, workers: int | None, out: Lines | None = None
    ) -> Lines:
        """Filter whole series, into `out` if given. `out` must not overlap `lines` or `present`."""
        count, _, series = lines.shape
        counts = self._counts(lines, present)
        state = self.recursion.state(count, series, self._first())
        if not self.both:
            result = self.recursion.run(lines, state, counts, workers, out)
        else:
            forth = self.recursion.run(lines, state.copy(), counts, workers)
            known = None if counts is None else np.maximum.accumulate(counts > 0, axis=1)
            if known is not None and self._first() is not None:
                known = None  # the samples before the first one are present
            result = self.recursion.run(forth, state, known, workers, out, backwards=True)
        share = self._share(count, series)
        if share is not None:
            counts = np.ones(lines.shape) if counts is None else counts
            shares = self._coverage(counts, share.copy(), workers)
            if self.both:
                shares = self._coverage(shares, share, workers, backwards=True)
            result[shares < self.ends.least] = math.nan
        return result

    def _counts(self, lines: Lines, present: Present | None) -> Present | None:
        """Return how much each sample counts. NaN is left to the recursion if no coverage is computed."""
        if self._share(1, 1) is None:
            return present
        return self.ends.counts(lines, present)

    def _share(self, count: int, series: int) -> Lines | None:
        """Return the initial state of the coverage: the share of the weights that is present."""
        if not self.ends.least:
            return None
        if self.ends.mode == "edge":
            return self._covering.state(count, series, None)
        return self._covering.state(count, series, 0.0 if self.ends.mode == "shrink" else 1.0)

    @property
    def _covering(self) -> Recursion:
        """The recursion for the coverage. The weights of all samples have the sum 1."""
        return Recursion(self.recursion.alpha, adjust=False, ignore=False)

    def _coverage(
        self, counts: Present, state: Lines, workers: int | None, *, backwards: bool = False
    ) -> Lines:
        return self._covering.run(counts.astype(np.float64), state, None, workers, backwards=backwards)

    def begin(self, series: int, first: Lines, present: Present | None) -> State:
        """Return the state before the `first` samples."""
        return State(self.recursion.state(1, series, self._first()), self._share(1, series))

    def advance(self, state: State, lines: Lines, present: Present | None) -> tuple[Lines, State]:
        """Filter the next samples. Return the results and the state after them."""
        values, counts = state.values.copy(), self._counts(lines, present)
        result = self.recursion.run(lines, values, counts, 1)
        if state.present is None:
            return result, State(values, None)
        share = state.present.astype(np.float64)
        shares = self._coverage(np.ones(lines.shape) if counts is None else counts, share, 1)
        result[shares < self.ends.least] = math.nan
        return result, State(values, share)

    def per_sample(self, state: State) -> Pushed | None:
        """Return an object that filters one series sample by sample and changes `state`, or None."""
        if state.present is not None:
            return None
        return PerSampleFilter(np.empty(0), self.recursion.one(state.values))

    def after_per_sample(self, state: State, per_sample: Pushed) -> State:
        """Return the state after the samples that `per_sample` has filtered, starting from `state`."""
        return state
