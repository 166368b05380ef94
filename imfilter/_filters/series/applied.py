"""Windows of series whose result is what a function of a user returns."""

import ctypes
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imfilter._base import threads
from imfilter._base.memo import once
from imfilter._filters.generic.functions import Compiled
from imfilter._filters.generic.user_function import Rows, UserFunction
from imfilter._filters.series.per_sample import PerSampleFilter, Pushed
from imfilter._filters.series.pieces import Lines, Present, dense, place
from imfilter._filters.series.windows import Window

#: Number of windows between two checks for an interrupt.
_PIECE = 1 << 18


@dataclass(frozen=True, eq=False)
class Applied(Window):
    """The result of a function of a user for the samples that are present."""

    function: UserFunction
    fewest: int = 1  # the function is not called for windows of fewer present samples
    exact = True  # the function gets the samples as they are

    @once
    def _loops(self) -> Compiled | None:
        return self.function.loops(self.size, 1)

    def compute(
        self, lines: Lines, present: Present | None, workers: int | None, out: Lines | None = None
    ) -> Lines:
        lines = np.ascontiguousarray(dense(lines))
        result = place(lines, self.size, out)
        there = None if present is None else np.ascontiguousarray(present > 0).view(np.uint8)
        if there is not None and self._loops is not None:
            self._loops.prepare()
        count, rows, series = result.shape
        total = rows * series
        blocks = -(-total // _PIECE)

        def task(start: int, stop: int) -> None:
            for i in range(start, stop):
                line, b = divmod(i, blocks)
                first, last = b * _PIECE, min((b + 1) * _PIECE, total)
                needed = slice(first, last + (self.size - 1) * series)
                target = result[line].reshape(-1)[first:last]
                known = None if there is None else there[line].reshape(-1)[needed]
                self._fill(target, lines[line].reshape(-1)[needed], known, first, series)

        threads.run(task, count * blocks if result.size else 0, workers)
        return result

    def _fill(
        self,
        result: Lines,
        samples: Lines,
        present: npt.NDArray[np.uint8] | None,
        first: int,
        series: int,
    ) -> None:
        """Write the results of consecutive windows, from number `first` on."""
        # Series are interleaved. So the next window begins at the next sample, maybe of another series.
        offsets = 8 * series * np.arange(self.size)
        row = Rows(samples, present, np.zeros(1, np.int64), offsets, len(result))

        def note(row: int, window: int) -> str:
            name, sample = self.function.name, (first + window) // series
            return f"imfilter.series.moving_apply: {name}() was called for the window from {sample} on"

        self.function.run(self._loops, row, result.reshape(1, 1, -1), self.fewest, note)

    def coverage(self, present: Present, workers: int | None) -> Lines:
        """Return the share of the samples of each window that are present."""
        return super().coverage(present > 0, workers)

    def per_sample(self, history: npt.NDArray[np.float64]) -> Pushed:
        def call(source: int, target: int) -> None:
            samples = np.ctypeslib.as_array((ctypes.c_double * self.size).from_address(source))
            result = np.ctypeslib.as_array((ctypes.c_double * 1).from_address(target))
            self._fill(result, samples, None, 0, 1)

        return PerSampleFilter(history, call)
