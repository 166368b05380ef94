"""Exponential means: a recursion along series. Its state can be stored."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes, threads
from imfilter._base.program import address
from imfilter._filters.series.kernels import exponential
from imfilter._filters.series.pieces import Present

_Lines = npt.NDArray[np.float64]

#: Below this gain, the low parts of means are kept, which takes more than twice the time. Without them,
#: changes below half a unit in the last place would be lost. The error could reach half of 1/gain units,
#: which is 1.1e-13 of the mean at this gain.
_CAREFUL = 1 / 1024
#: Below this number of elements, one thread finishes before a second thread starts.
_ALONE = 1 << 15
#: Smallest and largest number of interleaved series per task, and number of samples that are processed
#: together to find a state.
_COLUMNS, _CHUNK = (32, 512), 4096
#: Number of elements between two checks for an interrupt.
_PIECE = 1 << 24
#: The state before the first sample.
_UNKNOWN = (np.nan, 0.0, -1.0, 0.0)


@dataclass(frozen=True, eq=False)
class Recursion:
    """The weighted mean of all samples so far. A weight is 1 - alpha times the weight of the next sample."""

    alpha: float
    adjust: bool  # normalise by the weights of existing samples; else assume infinitely many earlier samples
    ignore: bool  # skip NaN

    @property
    def flags(self) -> int:
        """The options for the kernel, as bits."""
        flags = exponential.ADJUST * self.adjust + exponential.IGNORE * self.ignore
        return flags + exponential.CAREFUL * (self.alpha < _CAREFUL)

    def state(self, lines: int, series: int, first: float | None) -> _Lines:
        """Return the initial state: infinitely many samples of value `first`. If it is None, no samples."""
        state = np.empty((lines, series, 4))
        state[...] = _UNKNOWN if first is None else (first, 0.0, 1.0, 0.0)
        return state

    def one(self, state: _Lines) -> Callable[[int, int], object]:
        """Return a function that processes one sample. Arguments: addresses of the sample and the result."""
        entry, alpha, flags = exponential.recur.entry(), self.alpha, self.flags

        def call(source: int, target: int) -> None:
            entry(source, target, 0, 1, 0, 1, 1, 1, address(state), alpha, flags, 1)

        return call

    def run(
        self,
        lines: _Lines,
        state: _Lines,
        present: Present | None,
        workers: int | None,
        out: _Lines | None = None,
        *,
        backwards: bool = False,
    ) -> _Lines:
        """Return the means along lines and update their state. `out` must not overlap `lines`.

        `present` says how much each sample counts; None: all samples count 1.
        """
        lines = np.ascontiguousarray(lines)
        counts = None if present is None else np.ascontiguousarray(present, np.float64)
        count, samples, series = lines.shape
        result = dtypes.empty(lines.shape, dtypes.FLOAT64) if out is None else out
        if not lines.size:
            return result
        flags = self.flags
        if self.ignore and not np.isnan(lines).any():
            flags -= exponential.IGNORE
        if counts is not None:
            flags += exponential.COUNT
        walk = _Walk(lines, result, counts, self.alpha, flags, -1 if backwards else 1)
        columns = min(max(-(-series // threads.most(workers)), _COLUMNS[0]), _COLUMNS[1])
        blocks = -(-series // columns)
        pieces = threads.most(workers) if count * blocks == 1 and lines.size > _ALONE else 1
        if pieces > 1 and samples > 2 * pieces * walk.memory:
            walk.pieces(state, pieces, workers)
            return result

        def task(start: int, stop: int) -> None:
            if blocks == 1:
                walk.go(state[start:stop], 0, samples, start)
                return
            for number in range(start, stop):
                line, block = divmod(number, blocks)
                left = block * columns
                walk.go(state[line : line + 1, left : left + columns], 0, samples, line, left)

        if lines.size <= _ALONE:
            task(0, count * blocks)
        else:
            threads.run(task, count * blocks, workers, max(1, lines.size // _PIECE))
        return result


@dataclass(frozen=True, eq=False)
class _Walk:
    """A recursion along lines, forwards or backwards, in one piece or in several pieces in parallel."""

    lines: _Lines
    result: _Lines
    counts: _Lines | None
    alpha: float
    flags: int
    turn: int

    @property
    def memory(self) -> float:
        """Number of samples after which the bits of a mean hardly depend on the samples before.

        Then the samples before have a weight far below 2**-53, or below 2**-106 if low parts are kept.
        """
        return (128 if self.flags & exponential.CAREFUL else 64) / self.alpha + 64

    def go(
        self, state: _Lines, start: int, stop: int, line: int = 0, left: int = 0, *, write: bool = True
    ) -> None:
        """Process the samples from `start` to `stop`, in the direction of the recursion.

        The shape of `state` gives the number of lines, from `line` on, and of series, from `left` on.
        """
        _, samples, series = self.lines.shape
        entry, count, series_count = exponential.recur.entry(), *state.shape[:2]
        unused = None if write else np.empty((_CHUNK, series_count))
        for first in range(start, stop, stop - start if unused is None else _CHUNK):
            rows = stop - start if unused is None else min(_CHUNK, stop - first)
            row = first if self.turn > 0 else samples - 1 - first
            offset = 8 * ((line * samples + row) * series + left)
            source, target = address(self.lines) + offset, address(self.result) + offset
            counts = 0 if self.counts is None else address(self.counts) + offset
            if unused is not None:
                target = address(unused) + (0 if self.turn > 0 else 8 * (rows - 1) * series_count)
            entry(
                source, target, counts, count, samples * series, rows, series_count, series,
                address(state), self.alpha, self.flags, self.turn,
            )  # fmt: skip

    def pieces(self, state: _Lines, pieces: int, workers: int | None) -> None:
        """Process one line in pieces in parallel. Each piece starts from an estimated state.

        The estimate comes from the samples just before the piece, without earlier samples. If it differs in
        any bit from the true state, the piece is processed again until both states agree. So the
        result is bit-identical to that of one piece. 10 million samples with two threads take 19 ms instead
        of 33 ms (2.5 GHz Xeon, shared).
        """
        samples = self.lines.shape[1]
        cuts = [samples * p // pieces for p in range(pieces + 1)]
        estimates = [state.copy() for _ in range(pieces)]
        ends = list(estimates)

        def task(start: int, stop: int) -> None:
            for p in range(start, stop):
                if p:
                    estimates[p][...] = _UNKNOWN
                    self.go(estimates[p], cuts[p] - int(self.memory), cuts[p], write=False)
                ends[p] = estimates[p].copy()
                self.go(ends[p], cuts[p], cuts[p + 1])

        threads.run(task, pieces, workers)
        true = ends[0]
        for p in range(1, pieces):
            at, estimate = cuts[p], estimates[p]
            while at < cuts[p + 1] and true.tobytes() != estimate.tobytes():
                end = min(at + _CHUNK, cuts[p + 1])
                self.go(estimate, at, end, write=False)
                self.go(true, at, end)
                at = end
            true = ends[p] if at < cuts[p + 1] else true
        state[...] = true
