"""The mean of the samples that are present."""

import contextlib
import functools
import math
import sys
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from imfilter._base import colour_warning, threads
from imfilter._base.program import address
from imfilter._filters.threshold import histogram, small
from imfilter._filters.threshold.kernels import histogram as kernels

Key = TypeVar("Key")

#: Samples that are summed together, so that the sum of floats does not depend on the number of threads.
_PART = 1 << 18
#: Factor of samples whose sum overflows.
_UNIT = 2.0**-60
_LARGEST = Fraction(sys.float_info.max)
#: Bytes of small integers from which on threads share work. One thread sums as many in 0.5 to 1.5 ms. On a
#: busy machine, another thread begins later than that: there, 16 MB take 2.4 ms with one and 6.8 with two.
_MANY_BYTES = 1 << 25


def mean(image: Any, mask: Any, nan: Any, workers: Any) -> float:
    """Return the mean. The sum of integers is exact."""
    colour_warning.of_counted_colours(image)
    if histogram.plain(image, mask, nan):
        return _small(image, threads.requested(workers)) / cast(int, image.size)
    if isinstance(image, histogram.Counted):  # the mean of its parts
        return cast(float, image.found)
    samples = histogram.present(image, mask, nan, workers)
    if samples is None or samples.weights is None:
        if samples is not None and samples.whole:  # as `of_parts` for one part, without the time of a `Sum`
            return _whole(samples.values, samples.workers) / len(samples.values)
        return of_parts([samples])
    values, weights = samples.values, samples.weights
    return _mean(_parts(values, _weighed(values, weights), samples.workers), math.fsum(weights))


class Sum:
    """The sum and the number of samples without weights that come in parts, one after the other."""

    def __init__(self) -> None:
        self._whole = self._count = 0  # the sum of integers, and the number of all samples
        self._sums = list[float | Fraction]()  # of real numbers: sums of `_PART` samples
        self._rest: npt.NDArray | None = None  # real numbers that are not in a sum yet
        self._nan = False

    def add(self, samples: histogram.Samples | None) -> None:
        """Add a part. None: one of its samples is NaN."""
        if samples is None or self._nan:
            self._nan = True
            return
        values, workers, rest = samples.values, samples.workers, self._rest
        self._count += len(values)
        if samples.whole:
            self._whole += _whole(values, workers)
            return
        values = values if rest is None or not len(rest) else np.concatenate([rest, values])
        stop = len(values) // _PART * _PART
        self._sums += _parts(values[:stop], _line(values), workers)
        self._rest = values[stop:].copy()

    def mean(self) -> float:
        """Return the mean of all parts."""
        if self._nan:
            return math.nan
        if not self._count:
            raise ValueError("image must have at least one sample that is present, got none")
        if self._rest is None:
            return self._whole / self._count
        return _mean(self._sums + _parts(self._rest, _line(self._rest), 1), self._count)


def of_parts(parts: Iterable[histogram.Samples | None]) -> float:
    """Return the mean of samples that come in parts: see `Sum`."""
    found = Sum()
    for samples in parts:
        found.add(samples)
    return found.mean()


def of_groups(parts: Iterable[tuple[Key, histogram.Samples | None]]) -> dict[Key, float]:
    """Return the mean of each of several images, whose parts come with the key of their image."""
    found: dict[Key, Sum] = {}
    for key, samples in parts:
        found.setdefault(key, Sum()).add(samples)
    return {key: one.mean() for key, one in found.items()}


def _parts(values: npt.NDArray, one: Any, workers: int | None) -> list[Any]:
    """Return ``one(start, stop)`` for each part of an array."""
    count = -(-len(values) // _PART)
    found: list[Any] = [None] * count

    def task(start: int, stop: int) -> None:
        for i in range(start, stop):
            found[i] = one(i * _PART, (i + 1) * _PART)

    if count:
        if len(values) <= small.MANY:
            task(0, count)
        else:
            threads.run(task, count, workers, pace=threads.pace_of(one.__code__, values.dtype))
    return found


def _mean(sums: list[float | Fraction], count: float) -> float:
    """Return the sum of the sums of all parts, which is exact if they are finite, by a number of samples."""
    beyond = [part for part in sums if isinstance(part, float) and not math.isfinite(part)]
    if not beyond:
        with contextlib.suppress(OverflowError):
            total = math.fsum(sums)
            if math.isfinite(total):
                return total / count
        mean = sum(Fraction(part) for part in sums) / Fraction(count)
        return float(max(-_LARGEST, min(mean, _LARGEST)))  # the sums of parts are rounded
    return sum(beyond)


def _in_range(total: float, values: npt.NDArray, weights: npt.NDArray[np.float64] | None) -> float | Fraction:
    """Return a sum of values. If it overflowed, sum smaller ones."""
    if math.isfinite(total) or not np.isfinite(values).all():
        return total
    small = np.multiply(values, _UNIT, dtype=np.float64)
    return Fraction(float((small if weights is None else small * weights).sum())) / Fraction(_UNIT)


def _weighed(values: npt.NDArray, weights: npt.NDArray[np.float64]) -> Callable[[int, int], float | Fraction]:
    """Return a function that sums a part of an array with weights."""

    def one(start: int, stop: int) -> float | Fraction:
        with np.errstate(all="ignore"):
            total = float((values[start:stop].astype(np.float64) * weights[start:stop]).sum())
            return _in_range(total, values[start:stop], weights[start:stop])

    return one


def _line(values: npt.NDArray) -> Callable[[int, int], float | Fraction]:
    """Return a function that sums a part of an array."""
    kernel, entry = kernels.sum_line.address(values.dtype), kernels.sum_samples.entry()
    at, size = address(values), values.itemsize

    def one(start: int, stop: int) -> float | Fraction:
        to = np.empty(2 * kernels.LANES)
        entry(kernel, at + start * size, min(stop, len(values)) - start, address(to))
        return _in_range(float(to[0]), values[start:stop], None)

    return one


def _whole(values: npt.NDArray, workers: int | None) -> int:
    """Return the sum of integers, exactly: those of 64 bits in two halves."""
    if values.dtype.itemsize <= 2 and values.dtype.kind != "b":
        return _small(values, workers)
    if values.dtype.itemsize < 8:  # float64 holds the sum of a part
        return sum(map(int, _parts(values, _line(values), workers)))
    high, low = values >> 32, values & values.dtype.type(0xFFFFFFFF)

    def one(start: int, stop: int) -> int:
        return (int(high[start:stop].sum()) << 32) + int(low[start:stop].sum())

    return sum(_parts(values, one, workers))


@functools.cache
def _sum_small(dtype: np.dtype) -> Callable[[int, int], int]:
    """Return a function that sums integers of 8 or 16 bits at an address. To find it takes a microsecond."""
    kernel, entry = kernels.sum_small.address(dtype), kernels.sum_samples.entry()

    def one(samples: int, count: int) -> int:
        to = np.empty(2 * kernels.LANES, np.int64)
        entry(kernel, samples, count, address(to))
        return to.item(0)

    return one


def _small(values: npt.NDArray, workers: int | None) -> int:
    """Return the sum of integers of 8 or 16 bits."""
    one, at, size = _sum_small(values.dtype), address(values), values.itemsize
    if values.nbytes <= _MANY_BYTES:
        return one(at, values.size)
    sums = list[int]()
    threads.run(lambda start, stop: sums.append(one(at + start * size, stop - start)), values.size, workers)
    return sum(sums)
