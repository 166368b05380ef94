"""Sums, extremes and variances of windows that slide along series."""

import math
from dataclasses import dataclass

import numpy as np

from imfilter._base.program import address
from imfilter._filters.series.kernels import extremes
from imfilter._filters.series.kernels.blocks import LANES
from imfilter._filters.series.mean import Averaging
from imfilter._filters.series.per_sample import PerSampleFilter, Pushed
from imfilter._filters.series.pieces import Lines, Prepared, Present, dense, place, slide
from imfilter._filters.series.variance import Spreading, blocks
from imfilter._filters.series.windows import Window, average, products, skip_nan


class Sum(Window):
    """The sum. An absent sample is 0."""

    def computes_any_dtype(self, skips_nan: bool) -> bool:
        return True

    def compute(
        self, lines: Lines, present: Present | None, workers: int | None, out: Lines | None = None
    ) -> Lines:
        if present is None:
            return average(lines, self.size, 1.0, workers, out)
        result = average(products(present, lines), self.size, 1.0, workers, out)
        result[average((present > 0).astype(np.float64), self.size, 1.0, workers) == 0] = math.nan
        return result

    def skip_nan(self, lines: Lines, fewest: int, workers: int | None, out: Lines | None) -> Lines | None:
        ready = Averaging(self.size, 1.0).ready
        return skip_nan(ready, lines, self.size, 0.0, False, fewest, workers, out)

    def per_sample(self, history: Lines) -> Pushed:
        return PerSampleFilter(history, Averaging(self.size, 1.0).one())


@dataclass(frozen=True, eq=False)
class Extreme(Window):
    """The minimum, or the maximum if `upper`."""

    upper: bool = False

    exact = True

    def computes_any_dtype(self, skips_nan: bool) -> bool:
        return True

    def compute(
        self, lines: Lines, present: Present | None, workers: int | None, out: Lines | None = None
    ) -> Lines:
        if present is None:
            return self._extremes(lines, workers, out)
        worst = -math.inf if self.upper else math.inf
        result = self._extremes(np.where(present > 0, lines, worst), workers, out)
        result[average((present > 0).astype(np.float64), self.size, 1.0, workers) == 0] = math.nan
        return result

    def skip_nan(self, lines: Lines, fewest: int, workers: int | None, out: Lines | None) -> Lines | None:
        worst = -math.inf if self.upper else math.inf
        return skip_nan(self._call, lines, self.size, worst, False, fewest, workers, out, True)

    def coverage(self, present: Present, workers: int | None) -> Lines:
        """Return the share of the samples of each window that is present, however much each counts."""
        return super().coverage(present > 0, workers)

    def _extremes(self, lines: Lines, workers: int | None, out: Lines | None) -> Lines:
        lines, series = dense(lines), lines.shape[2]
        result = place(lines, self.size, out)
        if result.size:
            slide(lambda rows: self._call(rows, series), lines, self.size, result, workers, exact=True)
        return result

    def _call(self, rows: int, series: int) -> Prepared:
        """Return a function that computes `rows` windows of interleaved series."""
        block, columns = blocks(self.size, series)
        block = min(block, rows)
        buffer = np.zeros((block + self.size - 1) * columns + LANES)
        numbers = rows, series, self.size, self.upper, address(buffer), block, columns

        return Prepared(extremes.extreme, extremes.extreme_of, numbers, buffer)

    def per_sample(self, history: Lines) -> Pushed:
        return PerSampleFilter(history, self._call(1, 1).one())


@dataclass(frozen=True, eq=False)
class Variance(Window):
    """The sum of squares of differences to the mean, over the number of samples minus `ddof`, or its root."""

    ddof: float = 0.0
    root: bool = False

    def computes_any_dtype(self, skips_nan: bool) -> bool:
        return True

    def compute(
        self, lines: Lines, present: Present | None, workers: int | None, out: Lines | None = None
    ) -> Lines:
        if present is None:
            return self._spreads(lines, None, workers, out)
        shares = (present > 0) & (present != 1)
        if not shares.any():
            return self._whole(lines, present > 0, workers, out)
        counts = np.ascontiguousarray(present, np.float64)
        counted = self._spreads(np.where(present > 0, lines, 0.0), counts, workers, out)
        have_shares = average(shares.astype(np.float64), self.size, 1.0, workers) > 0
        if not have_shares.all():
            np.copyto(counted, self._whole(lines, present > 0, workers, None), where=~have_shares)
        return counted

    def _whole(self, lines: Lines, present: Present, workers: int | None, out: Lines | None) -> Lines:
        """Return the results of samples that count as 1, with the bits of NaN in place of the others."""
        result = self._present(np.where(present, lines, math.nan), 1, workers, out)
        unknown = np.isnan(lines) & present
        if unknown.any():
            result[average(unknown.astype(np.float64), self.size, 1.0, workers) > 0] = math.nan
        return result

    def skip_nan(self, lines: Lines, fewest: int, workers: int | None, out: Lines | None) -> Lines | None:
        return self._present(lines, fewest, workers, out)

    def _present(self, lines: Lines, fewest: int, workers: int | None, out: Lines | None) -> Lines:
        """Return the results of all windows, in which NaN is absent."""
        lines, series = dense(lines), lines.shape[2]
        result, spreading = place(lines, self.size, out), Spreading(self.size, self.ddof, self.root)
        if result.size:
            slide(
                lambda rows: spreading.ready_for_gaps(rows, series, fewest), lines, self.size, result, workers
            )
        return result

    def _spreads(self, lines: Lines, counts: Lines | None, workers: int | None, out: Lines | None) -> Lines:
        lines, series = dense(lines), lines.shape[2]
        result, spreading = place(lines, self.size, out), Spreading(self.size, self.ddof, self.root)
        if result.size:
            slide(
                lambda rows: spreading.ready(rows, series, counts is not None),
                lines, self.size, result, workers, counts,
            )  # fmt: skip
        return result

    def per_sample(self, history: Lines) -> Pushed:
        return PerSampleFilter(history, Spreading(self.size, self.ddof, self.root).one())
