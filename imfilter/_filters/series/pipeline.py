"""Filters of series one after the other, as one filter; and what filters remember, as plain values."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments
from imfilter._filters.series import exact_median
from imfilter._filters.series.filters import Design, Recursive, Sliding, State, Timing
from imfilter._filters.series.per_sample import Pushed, Tickers

_Lines = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pipeline:
    """Filters, each of which is given the results of the one before, as float64."""

    stages: tuple[Sliding | Recursive, ...]

    @classmethod
    def of(cls, designs: list[Design]) -> "Pipeline":
        """Return a chain of filters, of which some may be chains."""
        stages: list[Any] = []
        for design in designs:
            stages += design.stages if isinstance(design, Pipeline) else [design]
        return cls(tuple(stages))

    @property
    def preserves_dtype(self) -> bool:
        """Whether the result's dtype is that of the series."""
        return all(stage.preserves_dtype for stage in self.stages)

    @property
    def timing(self) -> Timing:
        """When the filter knows what it says.

        What a filter says of a slow signal is a derivative of it, d samples late: with ``D`` that of the
        signal, ``m * D**k * (1 - d*D + ...)``. Of a product of such sums the delays add up, whatever k is.
        """
        timings = [stage.timing for stage in self.stages]
        return Timing(sum(t.lookahead for t in timings), sum(t.delay for t in timings))

    @property
    def size(self) -> float:
        """How many samples a result depends on."""
        return 1 + sum(stage.size - 1 for stage in self.stages)

    @property
    def exact(self) -> bool:
        """Whether denormals are numbers and not zeros, for some stage."""
        return any(stage.exact for stage in self.stages)

    @property
    def past(self) -> _Lines | None:
        """Samples before the first of some stage, if any has them."""
        return next((s.past for s in self.stages if s.past is not None), None)

    def length(self, n: int) -> int:
        """Return how many results `n` samples have."""
        for stage in self.stages:
            n = stage.length(n)
        return n

    def after(self, along: int, shape: tuple[int, ...]) -> "Pipeline":
        """Return the same for series of a shape along an axis, with samples before the first of each."""
        stages, n = [], shape[along]
        for stage in self.stages:
            stages.append(stage.after(along, (*shape[:along], n, *shape[along + 1 :])))
            n = stage.length(n)
        return Pipeline(tuple(stages))

    def whole(self, lines: _Lines, workers: int | None, out: _Lines | None = None) -> _Lines:
        """Filter whole series, into `out` if there is one, which they do not overlap."""
        for stage in self.stages[:-1]:
            lines = stage.whole(lines, workers)
        return self.stages[-1].whole(lines, workers, out)

    def begin(self, series: int, first: _Lines) -> State:
        """Return the state before samples of which these are the first."""
        return _chained((None,) * len(self.stages))

    def advance(self, state: State, lines: _Lines) -> tuple[_Lines, State]:
        """Filter the next samples; return the results and the state after them."""
        after: list[State | None] = []
        for stage, history in zip(self.stages, state.stages, strict=True):
            if lines.shape[1]:
                if history is None:
                    history = stage.begin(lines.shape[2], lines)
                lines, history = stage.advance(history, lines)
            after.append(history)
        return lines, _chained(tuple(after))

    def per_sample(self, state: State) -> Pushed | None:
        """Return what takes the samples of one series one by one from a state on, where that can be."""
        # What one stage says may be no number, which the ticker of a next one does not ignore.
        if any(isinstance(s, Sliding) and s.ends.ignore for s in self.stages[1:]):
            return None
        tickers: list[Pushed] = []
        for stage, history in zip(self.stages, state.stages, strict=True):
            per_sample = None if history is None else stage.per_sample(history)
            if per_sample is None:
                return None
            tickers.append(per_sample)
        return Tickers(tickers)

    def after_ticks(self, state: State, per_sample: Any) -> State:
        """Return the state after those that a ticker has taken from one on."""
        each = zip(self.stages, state.stages, per_sample.each, strict=True)
        return _chained(tuple(s.after_ticks(h, t) if h is not None else None for s, h, t in each))


def _chained(stages: tuple[State | None, ...]) -> State:
    return State(np.empty((1, 0, 0)), None, stages)


def packed(state: State | None) -> Any:
    """Return what a filter remembers as plain tuples of copies."""
    if state is None:
        return None
    if state.stages:
        return tuple(map(packed, state.stages))
    return state.values.copy(), None if state.present is None else state.present.copy()


def restored(design: Any, history: Any, series: int) -> State | None:
    """Return what a filter of so many series remembers from what `packed` returned.

    Raises ValueError if it cannot be that of this filter.
    """
    if history is None:
        return None
    if not isinstance(history, tuple | list):
        raise ValueError(f"state['held'] must be a tuple from Stream.state, got {type(history).__name__}")
    if isinstance(design, Pipeline):
        if len(history) != len(design.stages):
            raise ValueError(
                "state['held'] must have an entry for each of "
                f"{len(design.stages)} stages, got {len(history)}"
            )
        parts = zip(design.stages, history, strict=True)
        return _chained(tuple(restored(stage, part, series) for stage, part in parts))
    if len(history) != 2:
        raise ValueError(
            f"state['held'] must be the samples and which of them count, got {len(history)} entries"
        )
    values, present = history
    if not isinstance(values, np.ndarray) or not _fits(design, values, series):
        raise ValueError(
            f"state['held'] must be samples of {series} series that this filter keeps, got {_shown(values)}"
        )
    if present is not None and (
        not isinstance(present, np.ndarray) or present.dtype != bool or present.shape != values.shape
    ):
        raise ValueError(
            f"state['held'] must say which of its samples count, bool of shape {values.shape}, "
            f"got {_shown(present)}"
        )
    return State(values.copy(), None if present is None else present.copy())


def _shown(part: Any) -> str:
    if isinstance(part, np.ndarray):
        return f"shape {part.shape} of dtype {part.dtype}"
    return arguments.brief(part)


def _fits(design: Sliding | Recursive, values: npt.NDArray, series: int) -> bool:
    """Tell whether a filter of so many series remembers such samples."""
    wanted = design.begin(series, np.zeros((1, 1, series))).values.shape
    exact = exact_median.takes(design, values.dtype)
    if not exact and values.dtype != np.float64:
        return False
    # Until its window is full; exact medians count what is a constant before the first sample.
    growing = ("valid", "zero", "constant") if exact else ("valid",)
    if isinstance(design, Sliding) and design.ends.mode in growing and values.ndim == 3:
        return values.shape[::2] == wanted[::2] and values.shape[1] < design.size
    return values.shape == wanted
