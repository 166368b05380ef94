"""Medians of windows that slide along series: by the ranks of images, or in order one by one."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imfilter._base import threads
from imfilter._base.keywords import Common
from imfilter._base.program import address, set_addresses
from imfilter._filters.rank import apply as rank_apply
from imfilter._filters.series.kernels import median
from imfilter._filters.series.per_sample import Pushed
from imfilter._filters.series.windows import Lines, There, Window, dense, place

#: Windows that are ranked together: with 1 << 14 threads wait for the interpreter, 100 ms instead of 37 for
#: 10 million samples and 5 of them. Fewer than the other number are put in order one by one sooner.
_BLOCK, _FEW = 1 << 18, 1 << 12
#: How many samples that move, one by one, take as long as one that is ranked, of windows that are long.
_LONG = 300
#: Bits of the places of the smallest block of a window in order.
_LEAST_BITS = 5


def _at(n: int, rank: int) -> int:
    return rank


def between(lower: Lines, upper: Lines) -> Lines:
    """Return the middle of samples, as `medians` computes it, 0.0 for -0.0."""
    with np.errstate(invalid="ignore", over="ignore"):  # infinities, and sums that are infinite
        middle = lower + upper
        middle *= 0.5
        middle += 0.0
        finite = np.isfinite(middle)
        if not finite.all():
            beyond = ~finite
            middle[beyond] = 0.5 * lower[beyond] + 0.5 * upper[beyond]
    return middle


@dataclass(frozen=True, eq=False)
class Median(Window):
    """The median, of an even number of samples the mean of the two in the middle, or `which` of them."""

    which: int = median.MEAN

    exact = True

    def compute(
        self, lines: Lines, present: There | None, workers: int | None, out: Lines | None = None
    ) -> Lines:
        lines = np.ascontiguousarray(dense(lines))
        present = None if present is None else np.ascontiguousarray(present)
        result = place(lines, self.size, out)
        count, rows, series = result.shape
        block = max(_BLOCK // max(series, 1), 4 * self.size)
        blocks = -(-rows // block)

        def task(start: int, stop: int) -> None:
            for i in range(start, stop):
                line, b = divmod(i, blocks)
                end = min((b + 1) * block, rows)
                reach = slice(b * block, end + self.size - 1)
                mask = None if present is None else present[line, reach]
                self._fill(result[line, b * block : end], lines[line, reach], mask)

        threads.run(task, count * blocks if result.size else 0, workers)
        return result

    def _fill(self, result: Lines, lines: Lines, present: There | None) -> None:
        """Fill a block of results."""
        rows, size = len(result), self.size
        large = result.size > _FEW and size > 2 and (rows > size or rows * size > _LONG * (rows + size))
        if large and (present is None or present.all()) and not np.isnan(lines).any():
            # 10 million samples, 5 of them: 37 ms instead of 260; 25: 67 instead of 480 (2.5 GHz Xeon).
            inside = slice(size // 2, size // 2 + rows)
            if size % 2 or self.which != median.MEAN:
                one = self._ranked(lines, (size - (self.which == median.LOWER)) // 2)
                np.add(one[inside], 0.0, out=result)  # which makes 0.0 of -0.0
                return
            upper = self._ranked(lines, size // 2)[inside]
            lower = self._ranked(lines, size // 2 - 1)[inside]
            np.copyto(result, between(lower, upper))
            return
        entry, buffer = median.middle.entry(), np.empty(size)
        beside = 0 if present is None else address(present)
        where = address(lines), address(result), rows, lines.shape[1], size, beside, address(buffer)
        entry(*where, self.which)

    def _ranked(self, lines: Lines, rank: int) -> Lines:
        common = Common(mode="edge", axes=(0,), workers=1)
        return rank_apply.apply(lines, _at, (self.size,), None, common, rank)

    def per_sample(self, history: npt.NDArray[np.float64]) -> Pushed:
        return _Live(history)


class _Live:
    """A window in order, which the oldest sample leaves and the next one enters.

    Both change places with the samples between them, of which whole blocks are turned at once: a push takes a
    microsecond of 5 samples, and 2 of 5,001.
    """

    def __init__(self, history: npt.NDArray[np.float64]) -> None:
        size = len(history) + 1
        bits = max(size.bit_length() // 2, _LEAST_BITS)
        # The first sample is one that leaves at once.
        self._samples = np.concatenate([[0.0], history])
        blocks = -(-size >> bits)
        ordered = np.empty(blocks << bits)
        ordered[:size] = np.sort(np.where(np.isnan(self._samples), math.inf, self._samples)) + 0.0
        self._result = np.empty(1)
        job = np.zeros(1, median.LIVE_JOB)
        job["size"], job["bits"], job["non_finite"] = size, bits, np.isnan(history).sum()
        tables = {"samples": self._samples, "ordered": ordered, "first": np.zeros(blocks, np.int64)}
        self._tables = set_addresses(job, {**tables, "result": self._result})
        self._job, self._at, self._push = job, address(job), median.push_median.entry()

    def push(self, sample: float) -> float:
        """Return the median at the next sample."""
        self._push(self._at, sample)
        return self._result.item()

    def history(self) -> npt.NDArray[np.float64]:
        """Return a copy of the last samples."""
        return np.roll(self._samples, -int(self._job["oldest"][0]))[1:]
