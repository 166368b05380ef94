"""Windows of series whose result is what a function of a user returns."""

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import threads
from imfilter._filters.generic import functions
from imfilter._filters.series.per_sample import PerSampleFilter, Pushed
from imfilter._filters.series.windows import Lines, Present, Window, dense, place

_Double = ctypes.c_double
#: Number of windows between two checks for an interrupt.
_PIECE = 1 << 18


@dataclass(frozen=True, eq=False)
class Applied(Window):
    """The result of ``function(window, *args)`` for the samples that are present."""

    function: Any
    args: tuple[Any, ...]
    compile: bool
    exact = True  # the function gets the samples as they are

    def compute(
        self, lines: Lines, present: Present | None, workers: int | None, out: Lines | None = None
    ) -> Lines:
        lines = np.ascontiguousarray(dense(lines))
        result = place(lines, self.size, out)
        there = None if present is None else np.ascontiguousarray(present > 0).view(np.uint8)
        count, rows, series = result.shape
        # Series are interleaved. So window i begins i samples after the first one, whatever its series.
        total, offsets = rows * series, 8 * series * np.arange(self.size)
        blocks = -(-total // _PIECE)

        def task(start: int, stop: int) -> None:
            for i in range(start, stop):
                line, b = divmod(i, blocks)
                first, last = b * _PIECE, min((b + 1) * _PIECE, total)
                needed = slice(first, last + (self.size - 1) * series)
                target = result[line].reshape(-1)[first:last]
                known = None if there is None else there[line].reshape(-1)[needed]
                self._fill(target, lines[line].reshape(-1)[needed], known, offsets, first, series)

        threads.run(task, count * blocks if result.size else 0, workers)
        return result

    def _fill(
        self,
        result: Lines,
        samples: Lines,
        present: npt.NDArray[np.uint8] | None,
        offsets: npt.NDArray[np.int64],
        first: int,
        series: int,
    ) -> None:
        """Write the results of consecutive windows."""
        at = np.zeros(2, np.int64)
        try:
            if self.compile:
                functions.run_line(self.function, self.size, self.args, samples, present, offsets, result, at)
            else:
                functions.run_line_in_python(self.function, self.args, samples, present, offsets, result, at)
        except Exception as error:
            name, sample = functions.name_of(self.function), (first + int(at[1])) // series
            error.add_note(
                f"imfilter.series.moving_apply: {name}() was called for the window from {sample} on"
            )
            raise

    def per_sample(self, history: npt.NDArray[np.float64]) -> Pushed:
        offsets, size = 8 * np.arange(self.size), self.size

        def call(source: int, target: int) -> None:
            samples = np.ctypeslib.as_array((_Double * size).from_address(source))
            result = np.ctypeslib.as_array((_Double * 1).from_address(target))
            self._fill(result, samples, None, offsets, 0, 1)

        return PerSampleFilter(history, call)
