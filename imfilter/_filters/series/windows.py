"""Windows that slide along series: the result of each window, with or without missing samples.

Lines are float64 of shape (lines, samples, series): the samples of several series are interleaved. The result
of a window depends only on its samples. So cutting a series into pieces does not change any bit of a result.
"""

import functools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes, threads
from imfilter._base.denormals import as_zeros
from imfilter._base.program import address
from imfilter._filters.series.kernels import windows
from imfilter._filters.series.mean import Averaging
from imfilter._filters.series.per_sample import PerSampleFilter, Pushed

Lines = npt.NDArray[np.float64]
Present = npt.NDArray[np.bool_]

#: Up to this number of interleaved series, the kernel treats them as one run.
_COLUMNS = 256
#: A sum of weights below this fraction of their sum of absolute values counts as zero.
ZERO_SUM = 1e-12
#: Below this number of elements, one thread finishes before a second thread starts.
_ALONE = 1 << 15
#: Number of elements between two checks for an interrupt, and number of windows with missing samples that are
#: computed together.
_PIECE, _TOGETHER = 1 << 22, 1 << 15


def _slide(
    call: Any, lines: Lines, size: int, result: Lines, workers: int | None, present: Present | None = None
) -> None:
    """Call a kernel for pieces of lines: addresses of samples and results, number of windows, mask."""
    count, samples, series = lines.shape
    rows = samples - size + 1
    source, target = address(lines), address(result)
    mask = address(present) if present is not None else 0
    if count * rows * series <= _ALONE:
        for i in range(count):
            first = i * samples * series
            call(
                source + lines.strides[0] * i,
                target + result.strides[0] * i,
                rows,
                mask + first if mask else 0,
            )
        return

    def task(start: int, stop: int) -> None:
        while start < stop:
            line, row = divmod(start, rows)
            row_count = min(rows - row, stop - start)
            first = (line * samples + row) * series
            call(
                source + line * lines.strides[0] + 8 * row * series,
                target + line * result.strides[0] + 8 * row * series,
                row_count,
                mask + first if mask else 0,
            )
            start += row_count

    threads.run(task, count * rows, workers, max(1, count * rows * series // _PIECE))


def dense(lines: Lines) -> Lines:
    """Return lines with contiguous samples. Copy only if they are not contiguous."""
    _, samples, series = lines.shape
    wanted = (8 * series, 8)
    scattered = any(
        n > 1 and s != w for n, s, w in zip((samples, series), lines.strides[1:], wanted, strict=True)
    )
    return np.ascontiguousarray(lines) if scattered else lines


def place(lines: Lines, size: int, out: Lines | None) -> Lines:
    """Return the array for the results: `out`, or a new array."""
    if out is not None:
        return out
    return dtypes.empty((lines.shape[0], max(0, lines.shape[1] - size + 1), lines.shape[2]), dtypes.FLOAT64)


def _weigh(lines: Lines, taps: Lines, bias: float, workers: int | None, out: Lines | None = None) -> Lines:
    """Return the weighted sums of all windows."""
    lines, size, series = dense(lines), len(taps), lines.shape[2]
    result = place(lines, size, out)
    if result.size:
        entry, at = windows.weigh.entry(), address(taps)

        def call(source: int, target: int, rows: int, _: int) -> None:
            if series <= _COLUMNS:
                entry(source, target, 1, rows * series, 0, series, at, size, bias)
            else:
                entry(source, target, rows, series, series, series, at, size, bias)

        _slide(call, lines, size, result, workers)
    return result


def _average(lines: Lines, size: int, divisor: float, workers: int | None, out: Lines | None = None) -> Lines:
    """Return the sums of all windows, divided by `divisor`."""
    lines, series = dense(lines), lines.shape[2]
    result = place(lines, size, out)
    if result.size:
        average = Averaging(size, divisor)

        def call(source: int, target: int, rows: int, _: int) -> None:
            average.rows(source, target, rows, series)

        _slide(call, lines, size, result, workers)
    return result


def _weighing(taps: Lines, bias: float) -> Callable[[int, int], object]:
    """Return a function that computes the weighted sum of a single window."""
    entry, n_taps = windows.weigh.entry(), len(taps)

    def call(source: int, target: int) -> None:
        entry(source, target, 1, 1, 0, 1, address(taps), n_taps, bias)

    return call


_quotients: Any = as_zeros(np.divide)


@dataclass(frozen=True, eq=False)
class Window(ABC):
    """Consecutive samples of a series. `before` of them precede the position of the result."""

    size: int
    before: int
    exact = False  # denormal numbers are zero

    @abstractmethod
    def compute(
        self, lines: Lines, present: Present | None, workers: int | None, out: Lines | None = None
    ) -> Lines:
        """Return the result of each window of lines, from all samples or from the `present` ones."""

    @abstractmethod
    def per_sample(self, history: npt.NDArray[np.float64]) -> Pushed:
        """Return an object that filters one series sample by sample, after ``size - 1`` earlier samples."""


class Mean(Window):
    """The mean."""

    def compute(
        self, lines: Lines, present: Present | None, workers: int | None, out: Lines | None = None
    ) -> Lines:
        if present is None:
            return _average(lines, self.size, float(self.size), workers, out)
        lines = np.where(present, lines, 0.0)
        sums = _average(lines, self.size, 1.0, workers)
        counts = _average(present.astype(np.float64), self.size, 1.0, workers)
        counts[counts == 0] = math.nan
        result = _quotients(sums, counts, out=out)
        # Full windows must be bit-identical to those of a series without gaps. The quotients of very small
        # numbers would differ.
        np.copyto(result, _average(lines, self.size, float(self.size), workers), where=counts == self.size)
        return result

    def per_sample(self, history: npt.NDArray[np.float64]) -> Pushed:
        return PerSampleFilter(history, Averaging(self.size, float(self.size)).one())


@dataclass(frozen=True, eq=False)
class Weighted(Window):
    """A weighted sum plus a bias. If samples are missing, it is divided by the sum of the other weights."""

    taps: Lines
    bias: float = 0.0

    def compute(
        self, lines: Lines, present: Present | None, workers: int | None, out: Lines | None = None
    ) -> Lines:
        if present is None:
            return _weigh(lines, self.taps, self.bias, workers, out)
        sums = _weigh(np.where(present, lines, 0.0), self.taps, self.bias, workers)
        ones = present.astype(np.float64)
        weights = _weigh(ones, self.taps, 0.0, workers)
        # Weights of both signs may have a sum of zero, or of a rounding error instead of zero.
        most = _weigh(ones, np.abs(self.taps), 0.0, workers)
        weights[np.abs(weights) <= ZERO_SUM * most] = math.nan
        # The sum of all weights is only nearly 1. Dividing by it would change the bits of full windows.
        weights[_average(ones, self.size, 1.0, workers) == self.size] = 1.0
        return _quotients(sums, weights, out=out)

    def per_sample(self, history: npt.NDArray[np.float64]) -> Pushed:
        return PerSampleFilter(history, _weighing(self.taps, self.bias))


@functools.lru_cache(maxsize=4096)
def polynomial_taps(places: tuple[int, ...], order: int, deriv: int, at: float) -> Lines:
    """Return the taps at `places` for a derivative at `at` of the least-squares polynomial of the samples.

    If there are fewer samples than coefficients, the order is as high as the samples allow. The taps are NaN
    if this order is less than the order of the derivative.
    """
    degree = min(order, len(places) - 1)
    if deriv > order:
        return np.zeros(len(places))
    if deriv > degree:
        return np.full(len(places), math.nan)
    offsets = np.array(places, np.longdouble) - at
    reach = max(float(np.abs(offsets).max()), 1.0)
    # Polynomials that are orthogonal over the samples, by Stieltjes' three-term recurrence, and their
    # derivatives at the position `at`. Normal equations of powers would lose half of the digits.
    x = offsets / reach
    last, this = np.zeros_like(x), np.ones_like(x)
    derived_last = np.zeros(deriv + 1, np.longdouble)
    derived = np.zeros(deriv + 1, np.longdouble)
    derived[0] = 1.0
    total, norm = np.zeros_like(x), np.longdouble(1.0)
    for p in range(degree + 1):
        square = (this * this).sum()
        total += this * (derived[deriv] / square)
        shift, back = (x * this * this).sum() / square, square / norm if p else np.longdouble(0.0)
        # With t = 0 at this position, (t - shift) * q has the k-th derivative k*q^(k-1) - shift*q^(k).
        raised = -shift * derived - back * derived_last
        raised[1:] += np.arange(1, deriv + 1) * derived[:-1]
        last, this = this, (x - shift) * this - back * last
        derived_last, derived, norm = derived, raised, square
    return (total / np.longdouble(reach) ** deriv).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Polynomial(Window):
    """A derivative of the least-squares polynomial of the existing samples, at the position of the result."""

    order: int
    deriv: int = 0
    spacing: float = 1.0

    def taps(self, places: tuple[int, ...], at: int) -> Lines:
        """Return the taps of the samples at `places` in the window, for a result at position `at`."""
        return polynomial_taps(places, self.order, self.deriv, at) / self.spacing**self.deriv

    def compute(
        self, lines: Lines, present: Present | None, workers: int | None, out: Lines | None = None
    ) -> Lines:
        taps = self.taps(tuple(range(self.size)), self.before)
        if present is None:
            return _weigh(lines, taps, 0.0, workers, out)
        lines = np.where(present, lines, 0.0)
        result = _weigh(lines, taps, 0.0, workers, out)
        if result.size:
            missing = _average((~present).astype(np.float64), self.size, 1.0, workers) > 0
            gaps = np.argwhere(missing)
            for first in range(0, len(gaps), _TOGETHER):
                self._recompute(lines, present, result, gaps[first : first + _TOGETHER])
        return result

    def per_sample(self, history: npt.NDArray[np.float64]) -> Pushed:
        return PerSampleFilter(history, _weighing(self.taps(tuple(range(self.size)), self.before), 0.0))

    @as_zeros
    def _recompute(self, lines: Lines, present: Present, result: Lines, gaps: npt.NDArray[np.int64]) -> None:
        """Compute the windows with missing samples. Windows with the same pattern share their taps."""
        line, row, series = gaps.T
        indices = row[:, None] + np.arange(self.size)
        mask = present[line[:, None], indices, series[:, None]]
        patterns, pattern_of_window = np.unique(mask, axis=0, return_inverse=True)
        table = np.full(patterns.shape, 0.0)
        for pattern, taps in zip(patterns, table, strict=True):
            positions = np.flatnonzero(pattern)
            taps[positions] = self.taps(tuple(map(int, positions)), self.before)
        weights = table[pattern_of_window.reshape(-1)]
        total = np.zeros(len(gaps))
        for i in range(self.size):  # in a fixed order of additions
            with np.errstate(invalid="ignore", over="ignore"):  # infinities and overflow
                total += weights[:, i] * lines[line, indices[:, i], series]
        total[mask.sum(axis=1) <= (self.deriv if self.deriv <= self.order else 0)] = math.nan
        result[line, row, series] = total
