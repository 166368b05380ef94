"""Pipelines of filters of series as one filter, and states of filters as tuples of arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments
from imfilter._filters.series import exact_order
from imfilter._filters.series.design import Design, State, Timing
from imfilter._filters.series.per_sample import PipelinePerSample, Pushed
from imfilter._filters.series.pieces import Lines, Present
from imfilter._filters.series.recursive import Recursive
from imfilter._filters.series.sliding import Sliding


@dataclass(frozen=True, eq=False)
class Pipeline:
    """Filters in sequence. Each filter gets the results of the previous one, as float64."""

    stages: tuple[Sliding | Recursive, ...]
    takes_any_dtype = False

    @classmethod
    def of(cls, designs: list[Design]) -> "Pipeline":
        """Return a pipeline of filters, some of which may be pipelines."""
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
        """The lookahead and the delay.

        For a slow signal, the result of a filter is a derivative of the signal with a delay of d samples:
        ``m * D**k * (1 - d*D + ...)``, where ``D`` is the derivative. In a product of such operators
        the delays are added, for every k.
        """
        timings = [stage.timing for stage in self.stages]
        return Timing(sum(t.lookahead for t in timings), sum(t.delay for t in timings))

    @property
    def size(self) -> float:
        """The number of samples that a result depends on."""
        return 1 + sum(stage.size - 1 for stage in self.stages)

    @property
    def exact(self) -> bool:
        """Whether some stage keeps the values of denormal numbers. Otherwise they are zero."""
        return any(stage.exact for stage in self.stages)

    @property
    def past(self) -> Lines | None:
        """The given samples before the first one, of a stage that has them, or None."""
        return next((s.past for s in self.stages if s.past is not None), None)

    def length(self, n: int) -> int:
        """Return the number of results for `n` samples."""
        for stage in self.stages:
            n = stage.length(n)
        return n

    def after(self, along: int, shape: tuple[int, ...]) -> "Pipeline":
        """Return the filter for series of a shape along an axis, with initial samples for each series."""
        stages, n = [], shape[along]
        for stage in self.stages:
            stages.append(stage.after(along, (*shape[:along], n, *shape[along + 1 :])))
            n = stage.length(n)
        return Pipeline(tuple(stages))

    def whole(
        self, lines: Lines, present: Present | None, workers: int | None, out: Lines | None = None
    ) -> Lines:
        """Filter whole series, into `out` if given. `out` must not overlap `lines` or `present`."""
        for stage in self.stages[:-1]:
            lines, present = stage.whole(lines, present, workers), None
        return self.stages[-1].whole(lines, present, workers, out)

    def begin(self, series: int, first: Lines, present: Present | None) -> State:
        """Return the state before the `first` samples."""
        return _pipeline_state((None,) * len(self.stages))

    def advance(self, state: State, lines: Lines, present: Present | None) -> tuple[Lines, State]:
        """Filter the next samples. Return the results and the state after them."""
        after: list[State | None] = []
        for stage, current in zip(self.stages, state.stages, strict=True):
            if lines.shape[1]:
                if current is None:
                    current = stage.begin(lines.shape[2], lines, present)
                lines, current = stage.advance(current, lines, present)
            present = None
            after.append(current)
        return lines, _pipeline_state(tuple(after))

    def per_sample(self, state: State) -> Pushed | None:
        """Return an object that filters one series sample by sample from a state on, or None."""
        # A stage may return NaN, and the object of the next stage would not ignore it.
        if any(isinstance(s, Sliding) and s.ends.ignore for s in self.stages[1:]):
            return None
        filters: list[Pushed] = []
        for stage, current in zip(self.stages, state.stages, strict=True):
            per_sample = None if current is None else stage.per_sample(current)
            if per_sample is None:
                return None
            filters.append(per_sample)
        return PipelinePerSample(filters)

    def after_per_sample(self, state: State, per_sample: Any) -> State:
        """Return the state after the samples that `per_sample` has filtered, starting from `state`."""
        each = zip(self.stages, state.stages, per_sample.each, strict=True)
        return _pipeline_state(tuple(s.after_per_sample(h, t) if h is not None else None for s, h, t in each))


def _pipeline_state(stages: tuple[State | None, ...]) -> State:
    return State(np.empty((1, 0, 0)), None, stages)


def packed(state: State | None) -> Any:
    """Return the state of a filter as plain tuples of copies."""
    if state is None:
        return None
    if state.stages:
        return tuple(map(packed, state.stages))
    return state.values.copy(), None if state.present is None else state.present.copy()


def restored(design: Any, history: Any, series: int) -> State | None:
    """Return the state of a filter of `series` series from the result of `packed`.

    Raise ValueError if it cannot be a state of this filter.
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
        return _pipeline_state(tuple(restored(stage, part, series) for stage, part in parts))
    if len(history) != 2:
        raise ValueError(f"state['held'] must have 2 entries, samples and a mask, got {len(history)}")
    values, present = history
    if not isinstance(values, np.ndarray) or not _fits(design, values, series):
        raise ValueError(
            f"state['held'] must have samples of {series} series for this filter, got {_shown(values)}"
        )
    if not _counts(design, values, present, series):
        raise ValueError(
            f"state['held'] must have a mask of shape {values.shape} for this filter, or None, "
            f"got {_shown(present)}"
        )
    return State(values.copy(), None if present is None else present.copy())


def _shown(part: Any) -> str:
    if isinstance(part, np.ndarray):
        return f"shape {part.shape} of dtype {part.dtype}"
    return arguments.brief(part)


def _fits(design: Sliding | Recursive, values: npt.NDArray, series: int) -> bool:
    """Return whether the state of a filter of `series` series can have these samples."""
    shape = design.begin(series, np.zeros((1, 1, series)), None).values.shape
    exact = exact_order.takes(design, values.dtype)
    if not exact and values.dtype != np.float64:
        return False
    # The number of samples grows until the window is full. Exact medians store no border constants, so their
    # number also grows with a constant border.
    growing = ("valid", "zero", "constant") if exact else ("valid",)
    if isinstance(design, Sliding) and design.ends.mode in growing and values.ndim == 3:
        return values.shape[::2] == shape[::2] and values.shape[1] < design.size
    return values.shape == shape


def _counts(design: Sliding | Recursive, values: npt.NDArray, present: Any, series: int) -> bool:
    """Return whether the samples of a state can count this much."""
    if isinstance(design, Recursive):
        first = design.begin(series, np.zeros((1, 1, series)), None).present
        if first is None or present is None:
            return first is None and present is None
    elif present is None:
        return True
    if not isinstance(present, np.ndarray) or present.shape != values.shape:
        return False
    if isinstance(design, Recursive):
        return present.dtype == np.float64
    return present.dtype == bool or (present.dtype == np.float64 and bool((present >= 0).all()))
