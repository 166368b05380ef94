"""What medians, quantiles and ranks of windows share: blocks of series, and the rank filter of images."""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from imfilter._base import threads
from imfilter._base.keywords import Common
from imfilter._filters.rank import apply as rank_apply
from imfilter._filters.series.pieces import Lines, Present, dense, place
from imfilter._filters.series.windows import Window

#: Number of windows that the rank filter computes together, and number of windows below which the sorted
#: window is faster. With blocks of 1 << 14, threads wait for the interpreter: 10 million samples with windows
#: of 5 take 100 ms instead of 37 ms.
_BLOCK, FEW = 1 << 18, 1 << 12
#: In long windows, moving this number of samples takes as long as ranking one sample.
_LONG = 300


def _at(n: int, rank: int) -> int:
    return rank


def ranked(lines: Lines, size: int, rank: int) -> Lines:
    """Return the samples of a rank, from 0, of windows of `size` samples around each sample."""
    common = Common(mode="edge", axes=(0,), workers=1)
    return rank_apply.apply(lines, _at, (size,), None, common, rank)


def worth_ranking(result: Lines, size: int) -> bool:
    """Tell whether the rank filter is faster than a sorted window for a block of results."""
    rows = len(result)
    return result.size > FEW and size > 2 and (rows > size or rows * size > _LONG * (rows + size))


@dataclass(frozen=True, eq=False)
class ByOrder(Window):
    """A result that depends on the order of the samples of a window only."""

    exact = True

    def compute(
        self, lines: Lines, present: Present | None, workers: int | None, out: Lines | None = None
    ) -> Lines:
        lines = np.ascontiguousarray(dense(lines))
        present = None if present is None else np.ascontiguousarray(present > 0)
        result = place(lines, self.size, out)
        count, rows, series = result.shape
        block = max(_BLOCK // max(series, 1), 4 * self.size)
        blocks = -(-rows // block)

        def task(start: int, stop: int) -> None:
            for i in range(start, stop):
                line, b = divmod(i, blocks)
                end = min((b + 1) * block, rows)
                reach = slice(b * block, end + self.size - 1)
                there = None if present is None or present[line, reach].all() else present[line, reach]
                self._fill(result[line, b * block : end], lines[line, reach], there)

        threads.run(task, count * blocks if result.size else 0, workers)
        return result

    def coverage(self, present: Present, workers: int | None) -> Lines:
        """Return the share of the samples of each window that is present, however much each counts."""
        return super().coverage(present > 0, workers)

    @abstractmethod
    def _fill(self, result: Lines, lines: Lines, present: Present | None) -> None:
        """Fill a block of results. `present` is None if all samples are present. They may still be NaN."""
