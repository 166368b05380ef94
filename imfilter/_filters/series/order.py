"""Quantiles and ranks of windows that slide along series."""

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from imfilter._base.program import address, set_addresses
from imfilter._filters.series.by_order import ByOrder, ranked, worth_ranking
from imfilter._filters.series.kernels import order
from imfilter._filters.series.kernels.median import LIVE_JOB, LOWER, MEAN, UPPER
from imfilter._filters.series.median import LEAST_BITS
from imfilter._filters.series.per_sample import Pushed
from imfilter._filters.series.pieces import Lines, Present

#: How a quantile between two samples is computed.
METHODS = {
    "linear": order.LINEAR,
    "lower": LOWER,
    "higher": UPPER,
    "nearest": order.NEAREST,
    "midpoint": MEAN,
}
#: Up to this number of samples, a sample is compared with all others of its window. Otherwise the window is
#: kept sorted. Windows of 1,000 samples take 85 ns and 340 ns for each sample (one thread, Zen 4).
_COMPARED = 4096


@dataclass(frozen=True, eq=False)
class _Ordered(ByOrder):
    """A quantile or a rank."""

    share: float = 0.0
    which: int = order.RANK

    def _fill(self, result: Lines, lines: Lines, present: Present | None) -> None:
        if present is None and not np.isnan(lines).any() and self._at_once(result, lines):
            return
        (rows, series), size = result.shape, self.size
        job, _tables = _sorted_window(size)
        mask = 0 if present is None else address(present)
        order.slide_sorted.entry()(
            address(job), address(lines), address(result), rows, series, mask, self.before, self.share,
            self.which,
        )  # fmt: skip

    @abstractmethod
    def _at_once(self, result: Lines, lines: Lines) -> bool:
        """Fill a block of results of whole windows by a faster way. Return whether there is one."""

    def per_sample(self, history: Lines) -> Pushed:
        return _Live(history, self.share, self.which)


@dataclass(frozen=True, eq=False)
class Quantile(_Ordered):
    """The quantile `share`. `which` chooses among the samples beside it."""

    def neighbours(self) -> tuple[int, int, float]:
        """Return the positions of both neighbours in a sorted window, and the weight of the upper one."""
        position = self.share * (self.size - 1)
        if self.which == order.NEAREST:
            nearest = round(position)
            return nearest, nearest, 0.0
        low = math.floor(position)
        return low, math.ceil(position), position - low

    def _at_once(self, result: Lines, lines: Lines) -> bool:
        rows, size = len(result), self.size
        if not worth_ranking(result, size):
            return False
        inside = slice(size // 2, size // 2 + rows)
        low, high, rest = self.neighbours()
        wanted = {LOWER: (low,), UPPER: (high,)}.get(self.which, (low, high) if rest else (low,))
        found = [np.ascontiguousarray(ranked(lines, size, rank)[inside]) for rank in wanted]
        order.blend_neighbours.entry()(
            address(found[0]), address(found[-1]), address(result), result.size, rest, self.which
        )
        return True


class Rank(_Ordered):
    """The rank of the sample at the position of the result, from 1. Equal samples have their mean rank."""

    def _at_once(self, result: Lines, lines: Lines) -> bool:
        if self.size > _COMPARED:
            return False
        series = result.shape[1]
        order.compare.entry()(address(lines), address(result), result.size, series, self.size, self.before)
        return True


def _sorted_window(size: int, samples: Lines | None = None) -> tuple[Any, dict[str, Any]]:
    """Return the job of a sorted window, and its tables."""
    bits = max(size.bit_length() // 2, LEAST_BITS)
    blocks = -(-size >> bits)
    ordered = np.full(blocks << bits, math.inf)
    job = np.zeros(1, LIVE_JOB)
    job["size"], job["bits"] = size, bits
    tables = {"ordered": ordered, "first": np.zeros(blocks, np.int64), "result": np.empty(1)}
    if samples is not None:
        ordered[:size] = np.sort(np.where(np.isnan(samples), math.inf, samples)) + 0.0
        job["non_finite"] = np.isnan(samples).sum()
        tables["samples"] = samples
    set_addresses(job, tables)
    return job, tables


class _Live:
    """A sorted window to which samples are added one by one."""

    def __init__(self, history: Lines, share: float, which: int) -> None:
        # The first push removes this first sample.
        self._samples = np.concatenate([[0.0], history])
        self._job, self._tables = _sorted_window(len(self._samples), self._samples)
        self._numbers, self._push = (share, which), order.push_sorted.entry()

    def push(self, sample: float) -> float:
        """Add the next sample and return the result."""
        self._push(address(self._job), sample, *self._numbers)
        return float(self._tables["result"][0])

    def history(self) -> Lines:
        """Return a copy of the last samples."""
        return np.roll(self._samples, -int(self._job["oldest"][0]))[1:]
