"""Medians of windows that slide along series: by the ranks of images, or in order one by one."""

from collections.abc import Callable

import numpy as np

from imfilter._core import bands, ranks
from imfilter._core.common import Common
from imfilter._core.program import address
from imfilter._core.sliding import Lines, There, Window, dense, place
from imfilter._kernels import slide_series

#: Windows that are ranked together: with 1 << 14 threads wait for the interpreter, 100 ms instead of 37 for
#: 10 million samples and 5 of them. Fewer than the other number are put in order one by one sooner.
_BLOCK, _FEW = 1 << 18, 1 << 12


def _at(n: int, rank: int) -> int:
    return rank


class Median(Window):
    """The median, of an even number of samples the mean of the two in the middle."""

    exact = True

    def compute(
        self, lines: Lines, there: There | None, workers: int | None, out: Lines | None = None
    ) -> Lines:
        lines = np.ascontiguousarray(dense(lines))
        there = None if there is None else np.ascontiguousarray(there)
        result = place(lines, self.size, out)
        count, rows, series = result.shape
        block = max(_BLOCK // max(series, 1), 4 * self.size)
        blocks = -(-rows // block)

        def task(start: int, stop: int) -> None:
            for i in range(start, stop):
                line, b = divmod(i, blocks)
                end = min((b + 1) * block, rows)
                reach = slice(b * block, end + self.size - 1)
                mask = None if there is None else there[line, reach]
                self._fill(result[line, b * block : end], lines[line, reach], mask)

        bands.run(task, count * blocks if result.size else 0, workers)
        return result

    def _fill(self, result: Lines, lines: Lines, there: There | None) -> None:
        """Fill a block of results."""
        rows, size = len(result), self.size
        large = result.size > _FEW and rows > size > 2
        if large and (there is None or there.all()) and not np.isnan(lines).any():
            # 10 million samples, 5 of them: 37 ms instead of 260; 25: 67 instead of 480 (2.5 GHz Xeon).
            inside = slice(size // 2, size // 2 + rows)
            upper = self._ranked(lines, size // 2)[inside]
            if size % 2:
                np.add(upper, 0.0, out=result)  # which makes 0.0 of -0.0
                return
            lower = self._ranked(lines, size // 2 - 1)[inside]
            with np.errstate(invalid="ignore"):  # the middle between infinities
                np.copyto(result, np.where(lower == upper, lower, 0.5 * lower + 0.5 * upper) + 0.0)
            return
        entry, room = slide_series.middle.entry(), np.empty(size)
        beside = 0 if there is None else address(there)
        entry(address(lines), address(result), rows, lines.shape[1], size, beside, address(room))

    def _ranked(self, lines: Lines, rank: int) -> Lines:
        common: Common = {"axes": (0,), "mode": "edge", "workers": 1}
        return ranks.apply(lines, _at, (self.size,), None, common, rank)

    def one(self) -> Callable[[int, int], object]:
        entry, size, room = slide_series.middle.entry(), self.size, np.empty(self.size)

        def call(source: int, target: int) -> None:
            entry(source, target, 1, 1, size, 0, address(room))

        return call
