"""Exponential means: a recursion along series, from a state that can be kept."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imfilter._core import bands
from imfilter._core.program import address
from imfilter._kernels import slide_series

_Lines = npt.NDArray[np.float64]

#: Below this gain the low parts of means are kept: a change of less than half a unit in the last place would
#: be lost, and with it up to 1/gain units.
_CAREFUL = 1 / 512
#: Elements below which one thread is done before a second has begun.
_ALONE = 1 << 15
#: Series side by side that one thread takes together.
_COLUMNS = 64


@dataclass(frozen=True, eq=False)
class Recursion:
    """The mean of all samples so far, by weights that fall by 1 - alpha from each to the one before."""

    alpha: float
    adjust: bool  # over the samples that there are, not after endless ones before
    ignore: bool  # what is not a number

    @property
    def how(self) -> int:
        """What the kernel is told."""
        how = slide_series.ADJUST * self.adjust + slide_series.IGNORE * self.ignore
        return how + slide_series.CAREFUL * (self.alpha < _CAREFUL)

    def state(self, lines: int, series: int, first: float | None) -> _Lines:
        """Return the state before the first sample, after endless ones of value `first`, or of its own."""
        state = np.zeros((lines, series, 4))
        state[..., 0] = np.nan if first is None else first
        state[..., 2] = -1.0 if first is None else 1.0
        return state

    def one(self, state: _Lines) -> Callable[[int, int], object]:
        """Return what takes a single sample of one series, from its address to that of the result."""
        entry, alpha, how = slide_series.recur.entry(), self.alpha, self.how

        def call(source: int, target: int) -> None:
            entry(source, target, 1, 1, 1, address(state), alpha, how, 1)

        return call

    def run(
        self,
        lines: _Lines,
        state: _Lines,
        workers: int | None,
        out: _Lines | None = None,
        *,
        backwards: bool = False,
    ) -> _Lines:
        """Return the means along some lines, from and to their state."""
        lines = np.ascontiguousarray(lines)
        # In place it goes well too: a sample is read before its mean is written.
        count, samples, series = lines.shape
        result = np.empty(lines.shape) if out is None else out
        if not lines.size:
            return result
        how = self.how
        if self.ignore and not np.isnan(lines).any():
            how -= slide_series.IGNORE  # 38 ms instead of 114 for 10 million samples (2.5 GHz Xeon, shared)
        first = (samples - 1) * series * 8 if backwards else 0
        source, target, where = address(lines) + first, address(result) + first, address(state)
        entry, turn = slide_series.recur.entry(), -1 if backwards else 1

        blocks = -(-series // _COLUMNS)

        def task(start: int, stop: int) -> None:
            while start < stop:
                # Blocks of one line that lie side by side are one call.
                i, block = divmod(start, blocks)
                end = min(block + stop - start, blocks)
                left, right = block * _COLUMNS, min(end * _COLUMNS, series)
                entry(
                    source + i * lines.strides[0] + 8 * left,
                    target + i * result.strides[0] + 8 * left,
                    samples,
                    right - left,
                    series,
                    where + i * state.strides[0] + left * state.strides[1],
                    self.alpha,
                    how,
                    turn,
                )
                start += end - block

        if lines.size <= _ALONE:
            task(0, count * blocks)
        else:
            bands.run(task, count * blocks, workers)
        return result
