"""What a filter of series is: over a whole series with its two ends, or piece by piece."""

import math
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from imfilter._base import missing
from imfilter._filters.rank.keys import Number
from imfilter._filters.series.per_sample import Pushed
from imfilter._filters.series.pieces import Lines, Present
from imfilter._filters.series.windows import ZERO_SUM

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

    Examples
    --------
    >>> from functools import partial
    >>> from imfilter import series
    >>> series.timing(partial(series.moving_average, size=5))
    Timing(lookahead=2, delay=0.0)
    >>> series.timing(partial(series.moving_average, size=5, align="causal"))
    Timing(lookahead=0, delay=2.0)
    """

    lookahead: float
    delay: float


class Ends(NamedTuple):
    """The treatment of samples beyond the ends of a series, and of missing samples."""

    mode: str
    cval: Number = 0.0
    ignore: bool = False  # skip NaN
    min_coverage: float = 0.0
    min_count: int = 0  # the smallest number of samples of a window that must be present

    @property
    def constant(self) -> float:
        """The value beyond the ends."""
        return float(self.cval) if self.mode == "constant" else 0.0

    @property
    def least(self) -> float:
        """The smallest share of a window that must be present. Rounding errors do not count."""
        return self.min_coverage * (1 - missing.ROUNDED)

    def fewest(self, size: int) -> int:
        """Return the smallest number of samples of a window that must be present, and at least 1."""
        number = int(self.least * size)
        number += number / size < self.least
        return max(number, self.min_count, 1)

    def counts(self, lines: Lines, present: Present | None) -> Present | None:
        """Return how much each sample counts, and NaN nothing if it is skipped. None: all samples count 1."""
        if self.ignore:
            numbers = ~np.isnan(lines)
            present = numbers if present is None else np.where(numbers, present, present.dtype.type(0))
        return None if present is None or (present == 1).all() else present


class State(NamedTuple):
    """The state of a filter after the samples so far."""

    values: Lines  # the last samples, or the state of a recursion
    # How much each of these samples counts; None: 1. Of a recursion: the state of its coverage; None: unused.
    present: Present | None
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
    def past(self) -> Lines | None:
        """The given samples before the first one, or None."""

    @property
    def takes_any_dtype(self) -> bool:
        """Whether `whole` takes samples and results of any dtype that float64 holds, without a mask."""

    def length(self, n: int) -> int:
        """Return the number of results for `n` samples."""

    def after(self, along: int, shape: tuple[int, ...]) -> "Design":
        """Return the filter for series of a shape along an axis, with initial samples for each series."""

    def whole(
        self, lines: Lines, present: Present | None, workers: int | None, out: Lines | None = None
    ) -> Lines:
        """Filter whole series, into `out` if given. `out` must not overlap `lines` or `present`."""

    def begin(self, series: int, first: Lines, present: Present | None) -> State:
        """Return the state before the `first` samples."""

    def advance(self, state: State, lines: Lines, present: Present | None) -> tuple[Lines, State]:
        """Filter the next samples. Return the results and the state after them."""

    def per_sample(self, state: State) -> Pushed | None:
        """Return an object that filters one series sample by sample from a state on, or None."""

    def after_per_sample(self, state: State, per_sample: Any) -> State:
        """Return the state after the samples that `per_sample` has filtered, starting from `state`."""


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
