"""Windows that slide along series: the result of each window, with or without missing samples.

Lines are float64 of shape (lines, samples, series): the samples of several series are interleaved. The result
of a window depends only on its samples. So cutting a series into pieces does not change any bit of a result.
`present` has the same shape and says how much each sample counts: truth values, or floats of at least 0.
"""

import functools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base.denormals import as_zeros
from imfilter._base.program import address
from imfilter._filters.series.kernels import gaps, windows
from imfilter._filters.series.mean import Averaging
from imfilter._filters.series.per_sample import PerSampleFilter, Pushed
from imfilter._filters.series.pieces import Lines, Prepared, Present, dense, place, slide

#: Up to this number of interleaved series, the kernel treats them as one run.
_COLUMNS = 256
#: A sum of weights below this fraction of their sum of absolute values counts as zero.
ZERO_SUM = 1e-12
#: Number of results that are computed together if NaN is absent, in elements and in windows. Means of 1,000
#: samples take 9.6 ms, and 9.8 ms with a quarter as many (10 million samples, two threads, Zen 5). As in
#: `_STRETCH` of the means, the last are computed first.
_BLOCK, _BLOCK_WINDOWS = 1 << 15, 8
#: Number of samples of the windows with missing samples that are computed together.
_TOGETHER = 1 << 19


def _weigh(lines: Lines, taps: Lines, bias: float, workers: int | None, out: Lines | None = None) -> Lines:
    """Return the weighted sums of all windows."""
    lines, size, series = dense(lines), len(taps), lines.shape[2]
    result = place(lines, size, out)
    if result.size:
        at = address(taps)

        def ready(rows: int) -> Prepared:
            runs = (1, rows * series, 0) if series <= _COLUMNS else (rows, series, series)
            return Prepared(windows.weigh, windows.weigh_of, (*runs, series, at, size, float(bias)), taps)

        slide(ready, lines, size, result, workers)
    return result


def average(lines: Lines, size: int, divisor: float, workers: int | None, out: Lines | None = None) -> Lines:
    """Return the sums of all windows, divided by `divisor`."""
    lines, series = dense(lines), lines.shape[2]
    result = place(lines, size, out)
    if result.size:
        average = Averaging(size, divisor)
        slide(lambda rows: average.ready(rows, series), lines, size, result, workers)
    return result


def skip_nan(
    ready: Callable[[int, int], Prepared], lines: Lines, size: int, value: float,
    is_mean: bool, fewest: int, workers: int | None, out: Lines | None, exact: bool = False,
) -> Lines:  # fmt: skip
    """Return the results of all windows, in which NaN is absent: it counts as `value`.

    The result of a window with fewer than `fewest` present samples is NaN. With `is_mean`, a sum is divided
    by the number of present samples. ``ready(rows, series)`` returns a function that computes `rows` windows:
    their sums or their extremes.
    """
    lines, series = dense(lines), lines.shape[2]
    result = place(lines, size, out)

    def skipping(rows: int) -> Prepared:
        block = min(max(_BLOCK // series, _BLOCK_WINDOWS * size), rows)
        known, counts = np.empty((block + size - 1) * series), np.empty(max(series, 8))
        found, compute = np.zeros(1, np.int64), ready(block, series)
        kernel, job = compute.job()
        rest, rest_job = compute, job
        if rows % block:
            rest = ready(rows % block, series)
            _, rest_job = rest.job()
        numbers = (
            rows, series, size, block, float(value), float(fewest), is_mean, address(known), address(counts),
            address(found), gaps.fill.address(), gaps.mark.address(), kernel, address(job), address(rest_job),
        )  # fmt: skip
        owners = known, counts, found, compute, rest, job, rest_job
        return Prepared(gaps.skip, gaps.skip_of, numbers, owners)

    if result.size:
        slide(skipping, lines, size, result, workers, exact=exact)
    return result


def _weighing(taps: Lines, bias: float) -> Callable[[int, int], object]:
    """Return a function that computes the weighted sum of a single window."""
    entry, n_taps = windows.weigh.entry(), len(taps)

    def call(source: int, target: int) -> None:
        entry(source, target, 1, 1, 0, 1, address(taps), n_taps, bias)

    return call


_quotients: Any = as_zeros(np.errstate(invalid="ignore", over="ignore")(np.divide))  # sums may overflow


@as_zeros
@np.errstate(over="ignore", invalid="ignore")
def products(present: Present, lines: Lines) -> Lines:
    """Return how much each sample counts times the sample. An absent sample gives 0, whatever its value."""
    known: Lines = np.where(present > 0, lines, 0.0)
    return known if present.dtype == bool else present * known


def full_windows(present: Present, size: int, workers: int | None) -> npt.NDArray[np.bool_]:
    """Return which windows contain only samples that count 1."""
    full: npt.NDArray[np.bool_] = average((present == 1).astype(np.float64), size, 1.0, workers) == size
    return full


@dataclass(frozen=True, eq=False)
class Window(ABC):
    """Consecutive samples of a series. `before` of them precede the position of the result."""

    size: int
    before: int
    exact = False  # denormal numbers are zero

    def computes_any_dtype(self, skips_nan: bool) -> bool:
        """Return whether `compute`, or `skip_nan`, takes samples and results of any dtype."""
        return False

    @abstractmethod
    def compute(
        self, lines: Lines, present: Present | None, workers: int | None, out: Lines | None = None
    ) -> Lines:
        """Return the result of each window of lines, from all samples or from the `present` ones."""

    def skip_nan(self, lines: Lines, fewest: int, workers: int | None, out: Lines | None) -> Lines | None:
        """Return the result of each window from all samples but NaN, or None if `compute` is the only way.

        The result of a window with fewer than `fewest` samples is NaN.
        """
        return None

    def coverage(self, present: Present, workers: int | None) -> Lines:
        """Return the share of each window that is present."""
        return average(present.astype(np.float64), self.size, float(self.size), workers)

    @abstractmethod
    def per_sample(self, history: npt.NDArray[np.float64]) -> Pushed:
        """Return an object that filters one series sample by sample, after ``size - 1`` earlier samples."""


class Mean(Window):
    """The mean."""

    def computes_any_dtype(self, skips_nan: bool) -> bool:
        return True

    def compute(
        self, lines: Lines, present: Present | None, workers: int | None, out: Lines | None = None
    ) -> Lines:
        if present is None:
            return average(lines, self.size, float(self.size), workers, out)
        known = products(present, lines)
        counts = average(present.astype(np.float64), self.size, 1.0, workers)
        counts[counts == 0] = math.nan
        result: Lines = _quotients(average(known, self.size, 1.0, workers), counts, out=out)
        # Full windows must be bit-identical to those of a series without gaps. The quotients of very small
        # numbers would differ.
        whole = average(known, self.size, float(self.size), workers)
        np.copyto(result, whole, where=full_windows(present, self.size, workers))
        return result

    def skip_nan(self, lines: Lines, fewest: int, workers: int | None, out: Lines | None) -> Lines | None:
        ready = Averaging(self.size, 1.0).ready
        return skip_nan(ready, lines, self.size, 0.0, True, fewest, workers, out)

    def per_sample(self, history: npt.NDArray[np.float64]) -> Pushed:
        return PerSampleFilter(history, Averaging(self.size, float(self.size)).one())


@dataclass(frozen=True, eq=False)
class Weighted(Window):
    """A weighted sum plus a bias.

    An absent sample counts as the mean of the others, weighted with the magnitudes of the weights.
    """

    taps: Lines
    bias: float = 0.0

    def computes_any_dtype(self, skips_nan: bool) -> bool:
        return not skips_nan

    def compute(
        self, lines: Lines, present: Present | None, workers: int | None, out: Lines | None = None
    ) -> Lines:
        if present is None:
            return _weigh(lines, self.taps, self.bias, workers, out)
        known = products(present, lines)
        result = self._with_means(known, present.astype(np.float64), workers)
        # The sum of all weights is only nearly 1. Dividing by it would change the bits of full windows.
        whole = _weigh(known, self.taps, self.bias, workers, out)
        np.copyto(whole, result, where=~full_windows(present, self.size, workers))
        return whole

    @as_zeros
    def _with_means(self, known: Lines, counts: Lines, workers: int | None) -> Lines:
        """Return the weighted sums of windows from products of samples with what they count."""
        sizes = np.abs(self.taps)
        weights = _weigh(counts, sizes, 0.0, workers)
        weights[weights == 0] = math.nan
        sums = _weigh(known, self.taps, 0.0, workers)
        with np.errstate(invalid="ignore", over="ignore"):  # infinite samples, and sums that overflow
            if (self.taps >= 0).all():
                return sums / (weights / math.fsum(self.taps)) + self.bias
            absent = _weigh(1.0 - counts, self.taps, 0.0, workers)
            return sums + absent * (_weigh(known, sizes, 0.0, workers) / weights) + self.bias

    def coverage(self, present: Present, workers: int | None) -> Lines:
        """Return the share of the weights of each window that is present."""
        sizes = np.abs(self.taps)
        total = math.fsum(sizes) or 1.0
        shares = _weigh(present.astype(np.float64), sizes / total, 0.0, workers)
        # A full window has the result of a series without gaps, also if the sum of the shares is not 1: of
        # 100,000 weights it is 2e-12 less, and of weights of 0 it is 0.
        shares[full_windows(present, self.size, workers)] = 1.0
        return shares

    def per_sample(self, history: npt.NDArray[np.float64]) -> Pushed:
        return PerSampleFilter(history, _weighing(self.taps, self.bias))


def polynomial_taps(counts: Present, order: int, deriv: int, at: float) -> Lines:
    """Return taps for a derivative at `at` of the least-squares polynomial of each window, as rows.

    `counts` has a row for each window, and says how much its samples count. A window with fewer samples than
    coefficients has the highest order that the samples allow. The taps are NaN if this order is less than the
    order of the derivative.
    """
    if deriv > order:
        return np.zeros(counts.shape)
    weights = counts.astype(np.longdouble)
    offsets = np.arange(counts.shape[1], dtype=np.longdouble) - at
    known, degree = weights > 0, np.count_nonzero(weights > 0, axis=1) - 1
    # A polynomial through all samples does not depend on how much each counts.
    weights[known & (degree <= order)[:, None]] = 1
    reach = np.maximum(np.where(known, abs(offsets), 0).max(axis=1), 1.0)[:, None]
    # Polynomials that are orthogonal over the samples, by Stieltjes' three-term recurrence, and their
    # derivatives at the position `at`. Normal equations of powers would lose half of the digits.
    x = offsets / reach
    last, this = np.zeros_like(x), np.ones_like(x)
    derived_last = np.zeros((len(x), deriv + 1), np.longdouble)
    derived = np.zeros_like(derived_last)
    derived[:, 0] = 1.0
    total, norm = np.zeros_like(x), np.ones_like(reach)
    for p in range(min(order, int(degree.max(initial=-1))) + 1):
        fits = (degree >= p)[:, None]
        square = np.where(fits, _row_sums(weights * this * this), 1.0)
        total += np.where(fits, this * (derived[:, deriv:] / square), 0.0)
        shift = _row_sums(weights * x * this * this) / square
        back = square / norm if p else np.zeros_like(square)
        # With t = 0 at this position, (t - shift) * q has the k-th derivative k*q^(k-1) - shift*q^(k).
        raised = -shift * derived - back * derived_last
        raised[:, 1:] += np.arange(1, deriv + 1) * derived[:, :-1]
        last, this = this, (x - shift) * this - back * last
        derived_last, derived, norm = derived, raised, square
    taps = (weights * total / reach**deriv).astype(np.float64)
    taps[degree < deriv] = math.nan
    return taps


def _row_sums(terms: npt.NDArray[np.longdouble]) -> npt.NDArray[np.longdouble]:
    """Return the sum of each row as a column. The order of the additions does not depend on other rows."""
    return np.cumsum(terms, axis=1)[:, -1:]


@functools.lru_cache(maxsize=256)
def _full_taps(size: int, order: int, deriv: int, at: int) -> Lines:
    """Return the taps of a window whose samples all count 1."""
    return polynomial_taps(np.ones((1, size), bool), order, deriv, at)[0]


@dataclass(frozen=True, eq=False)
class Polynomial(Window):
    """A derivative of the least-squares polynomial of the present samples, at the position of the result."""

    order: int
    deriv: int = 0
    spacing: float = 1.0

    def computes_any_dtype(self, skips_nan: bool) -> bool:
        return not skips_nan

    @property
    def taps(self) -> Lines:
        """The taps of a window whose samples all count 1."""
        return _full_taps(self.size, self.order, self.deriv, self.before) / self.spacing**self.deriv

    def compute(
        self, lines: Lines, present: Present | None, workers: int | None, out: Lines | None = None
    ) -> Lines:
        if present is None:
            return _weigh(lines, self.taps, 0.0, workers, out)
        known = np.where(present > 0, lines, 0.0)
        result = _weigh(known, self.taps, 0.0, workers, out)
        if result.size:
            gaps = np.argwhere(~full_windows(present, self.size, workers))
            together = max(1, _TOGETHER // self.size)
            for first in range(0, len(gaps), together):
                self._recompute(known, present, result, gaps[first : first + together])
        return result

    def per_sample(self, history: npt.NDArray[np.float64]) -> Pushed:
        return PerSampleFilter(history, _weighing(self.taps, 0.0))

    @as_zeros
    def _recompute(self, lines: Lines, present: Present, result: Lines, gaps: npt.NDArray[np.int64]) -> None:
        """Compute the windows with missing samples. Windows with the same pattern share their taps."""
        line, row, series = gaps.T
        indices = row[:, None] + np.arange(self.size)
        counts = present[line[:, None], indices, series[:, None]]
        if counts.dtype == bool:
            patterns, which = np.unique(counts, axis=0, return_inverse=True)
        else:
            patterns, which = counts, np.arange(len(counts))
        taps = polynomial_taps(patterns, self.order, self.deriv, self.before) / self.spacing**self.deriv
        weights = taps[which.reshape(-1)]
        total = np.zeros(len(gaps))
        for i in range(self.size):  # in a fixed order of additions
            with np.errstate(invalid="ignore", over="ignore"):  # infinities and overflow
                total += weights[:, i] * lines[line, indices[:, i], series]
        known = np.count_nonzero(counts, axis=1)
        total[known <= (self.deriv if self.deriv <= self.order else 0)] = math.nan
        result[line, row, series] = total
