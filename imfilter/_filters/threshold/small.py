"""Integers of 8 and 16 bits: each value has a bin. One call of compiled code counts them and chooses a bin.

A photograph of 80,000 bytes is counted in 14 us. So memory is kept, and Python does little.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import threads
from imfilter._base.program import address
from imfilter._filters.threshold.kernels import collect as kernels
from imfilter._filters.threshold.kernels import small_integers, split
from imfilter._filters.threshold.kernels.histogram import count_samples
from imfilter._simd.jit import Kernel
from imfilter._simd.registers import BYTES

#: The types, and their limits.
LIMITS: dict[np.dtype, tuple[int, int]] = {
    np.dtype(kind): (int(np.iinfo(kind).min), int(np.iinfo(kind).max)) for kind in ("u1", "i1", "u2", "i2")
}
#: Samples that a thread counts in a table, whose counts have 32 bits.
_PIECE = 1 << 30
#: Samples from which on threads share work. Between calls of other libraries, another core sleeps. Then two
#: threads take longer for 363,000 samples of 16 bits, 180 us, than one, 120 us.
MANY = 1 << 19
#: Most tables, and most records, of a size of integers that are kept.
_KEPT_TABLES, _KEPT = 4, 2
#: Size of a page of memory.
_PAGE = 4096
_WRITTEN = np.dtype(np.uint32)


class Criterion(NamedTuple):
    """What chooses a threshold from a histogram."""

    kernel: Kernel  # of `split`: for any histogram
    counted: Kernel  # the same for places and counts of 32 bits
    form: int  # of integers
    real: int  # the form for bins of real numbers
    place: Callable[[npt.NDArray, float, float], Any]  # of the threshold, from the places and what was found


class _Tables(NamedTuple):
    """Tables of counts, and the other memory of a kernel that counts, which has its own page."""

    counts: npt.NDArray[np.uint32]  # of bytes
    work: npt.NDArray[np.uint8]
    at: int  # address of the page
    line: int  # the address that `find` needs: of the table of bytes, or of the page


class _Record(NamedTuple):
    """The memory of a call. The job has the addresses of the others."""

    job: npt.NDArray[np.int64]
    at: int  # address of the job
    tables: _Tables
    lines: npt.NDArray[np.int64]
    places: npt.NDArray[np.uint32]
    counts: npt.NDArray[np.uint32]
    found: npt.NDArray[np.int64]  # the first bin that is not empty, and the number of such bins
    work: npt.NDArray[np.float64]
    chosen: npt.NDArray[np.float64]  # what a criterion has found


def count_in_pieces(
    count: Callable[[int, int], None], samples: int, workers: int | None, *pace: object
) -> None:
    """Call ``count(first, number)`` for pieces of all samples, in several threads if there are many."""

    def task(start: int, stop: int) -> None:
        for first in range(start, stop, _PIECE):
            count(first, min(stop - first, _PIECE))

    threads.run(task, samples, workers if samples > MANY else 1, pace=threads.pace_of(*pace))


@functools.cache
def kept_of(size: int) -> tuple[list[_Tables], list[_Record]]:
    """Return the tables and records that are kept for integers of a size, with signs and without."""
    return [], []


class Bins:
    """The bins of a type, and memory that earlier images left. New memory takes time.

    For 65,536 numbers of 8 bytes it takes a fifth of the time of counting.
    """

    def __init__(self, dtype: np.dtype) -> None:
        size, (low, high) = dtype.itemsize, LIMITS[dtype]
        self.low, self.number, self.size = low, high - low + 1, size
        kernel = small_integers.count_bytes if size == 1 else small_integers.count_words
        self.kernel = kernel.address(np.dtype(f"u{size}"))
        self.flip = -low  # the bit of the sign
        self.spare, self.records = kept_of(size)
        self.find = kernels.find.entry()

    def empty(self) -> _Tables:
        """Return tables of zeros."""
        try:
            return self.spare.pop()
        except IndexError:
            few = self.size == 1
            counts = np.zeros(self.number if few else 0, np.uint32)
            work = np.zeros(_PAGE + (small_integers.WORK if few else small_integers.RECORD), np.uint8)
            at = address(work) + -address(work) % _PAGE
            return _Tables(counts, work, at, address(counts) if few else at)

    def counted(self, values: npt.NDArray, workers: int | None) -> list[_Tables]:
        """Count samples in several threads. Return the tables of all of them."""
        found, at, entry = list[_Tables](), address(values), count_samples.entry()

        def count(first: int, number: int) -> None:
            tables = self.empty()
            samples = at + first * self.size
            entry(self.kernel, samples, number, self.flip, 0, tables.line, self.number, tables.at)
            found.append(tables)

        count_in_pieces(count, values.size, workers, self.kernel)
        return found

    def lines(self, tables: list[_Tables]) -> npt.NDArray[np.int64]:
        """Return the addresses that `find` needs, and space for those of all tables."""
        lines = np.zeros(len(tables) * (1 + small_integers.WORD_TABLES), np.int64)
        lines[: len(tables)] = [one.line for one in tables]
        return lines

    def record(self) -> _Record:
        """Return the memory of a call."""
        try:
            return self.records.pop()
        except IndexError:
            tables, width = self.empty(), self.number + BYTES // 4
            lines = self.lines([tables])
            places, counts = np.empty((2, width), _WRITTEN)
            found = np.empty(2 + BYTES // 4, np.int64)
            work = np.empty(split.COUNTED_LINES * self.number + split.MORE)
            job = np.zeros(kernels.FIELDS, np.int64)
            for field, value in (
                (kernels.COUNT, self.kernel),
                (kernels.TABLE, tables.line),
                (kernels.BINS, self.number),
                (kernels.MORE, tables.at),
                (kernels.LINES, address(lines)),
                (kernels.NUMBER, 1),
                (kernels.PLACES, address(places)),
                (kernels.COUNTS, address(counts)),
                (kernels.FOUND, address(found)),
                (kernels.WORK, address(work)),
            ):
                job[field // 8] = value
            return _Record(job, address(job), tables, lines, places, counts, found[:2], work, work[:2])

    def collect(
        self, record: _Record, values: npt.NDArray, workers: int | None, kernel: int = 0, form: int = 0
    ) -> tuple[int, int]:
        """Write the bins that are not empty, and what a kernel finds. Return the first, and their number.

        values: fewer than 1 << 32, as counts have 32 bits.
        """
        number = values.size
        record.job[kernels.FLIP // 8] = self.flip  # records are kept for both types of a size
        if number <= MANY:
            self.find(record.at, address(values), number, kernel, form, number)
        else:
            many = self.counted(values, workers)
            lines, job = self.lines(many), record.job.copy()
            job[kernels.LINES // 8], job[kernels.NUMBER // 8] = address(lines), len(many)
            self.find(address(job), 0, 0, kernel, form, number)
            self.spare += many[: max(_KEPT_TABLES - len(self.spare), 0)]
        first, count = record.found.tolist()
        return first + self.low, count

    def release(self, record: _Record) -> None:
        """Keep the memory of a call for another."""
        if len(self.records) < _KEPT:
            self.records.append(record)


of_type = functools.cache(Bins)


@functools.cache
def _address(kernel: Kernel) -> int:
    """Return the address of a kernel for what `Bins.collect` writes."""
    return kernel.address(_WRITTEN, _WRITTEN)


def threshold(values: npt.NDArray, workers: int | None, criterion: Criterion) -> Any:
    """Return the threshold of samples, or their value if they are equal."""
    bins = of_type(values.dtype)
    record = bins.record()
    first, number = bins.collect(record, values, workers, _address(criterion.counted), criterion.form)
    found = first if number == 1 else first + criterion.place(record.places, *record.chosen.tolist())
    bins.release(record)
    return found


def histogram(values: npt.NDArray, workers: int | None) -> tuple[int, npt.NDArray, npt.NDArray]:
    """Return the lowest sample, the places of bins, which are counted from it, and their counts."""
    bins = of_type(values.dtype)
    record = bins.record()
    first, number = bins.collect(record, values, workers)
    found = first, record.places[:number].astype(np.int64), record.counts[:number].astype(np.float64)
    bins.release(record)
    return found
