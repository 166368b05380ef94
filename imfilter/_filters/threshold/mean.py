"""The mean of the samples that are present."""

import math
from collections.abc import Callable, Iterable
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from imfilter._base import threads
from imfilter._base.program import address
from imfilter._filters.threshold import histogram
from imfilter._filters.threshold.kernels import histogram as kernels

#: Samples that are summed together. The sum does not depend on the number of threads.
_PART, _MANY = min(1 << 18, kernels.MOST_SMALL), 1 << 19


def mean(image: Any, mask: Any, nan: Any, workers: Any) -> float:
    """Return the mean. The sum of integers is exact."""
    if isinstance(image, histogram.Counted):  # the mean of its parts
        return cast(float, image.found)
    samples = histogram.present(image, mask, nan, workers)
    if samples is None or samples.weights is None:
        return of_parts([samples])
    values, weights = samples.values, samples.weights
    return _added(_parts(values, _weighed(values, weights), samples.workers)) / math.fsum(weights)


def of_parts(parts: Iterable[histogram.Samples | None]) -> float:
    """Return the mean of samples without weights that come in parts, one after the other.

    None in place of a part: one of its samples is NaN.
    """
    whole, count = 0, 0
    sums, rest = list[float](), None  # of real numbers: sums of `_PART` samples, and samples that are left
    for samples in parts:
        if samples is None:
            return math.nan
        values, workers = samples.values, samples.workers
        count += len(values)
        if samples.whole:
            whole += _whole(values, workers)
            continue
        values = values if rest is None or not len(rest) else np.concatenate([rest, values])
        stop = len(values) // _PART * _PART
        sums += _parts(values[:stop], _line(values), workers)
        rest = values[stop:].copy()
    if not count:
        raise ValueError("image must have at least one sample that is present, got none")
    if rest is None:
        return whole / count
    return _added(sums + _parts(rest, _line(rest), 1)) / count


def _parts(values: npt.NDArray, one: Any, workers: int | None) -> list[Any]:
    """Return ``one(start, stop)`` for each part of an array."""
    count = -(-len(values) // _PART)
    found: list[Any] = [None] * count

    def task(start: int, stop: int) -> None:
        for i in range(start, stop):
            found[i] = one(i * _PART, (i + 1) * _PART)

    if count:
        threads.run(task, count, workers if len(values) > _MANY else 1)
    return found


def _added(sums: list[float]) -> float:
    """Return the sum of the sums of all parts, which is exact if they are finite."""
    with np.errstate(all="ignore"):
        parts = np.array(sums)
        return math.fsum(parts) if np.isfinite(parts).all() else float(parts.sum())


def _weighed(values: npt.NDArray, weights: npt.NDArray[np.float64]) -> Callable[[int, int], float]:
    """Return a function that sums a part of an array with weights."""

    def one(start: int, stop: int) -> float:
        with np.errstate(all="ignore"):
            return float((values[start:stop].astype(np.float64) * weights[start:stop]).sum())

    return one


def _line(values: npt.NDArray) -> Callable[[int, int], float]:
    """Return a function that sums a part of an array."""
    small = values.dtype.kind in "iu" and values.itemsize <= 2
    kernel = (kernels.sum_small if small else kernels.sum_line).address(values.dtype)
    entry = kernels.sum_samples.entry()
    at, size = address(values), values.itemsize

    def one(start: int, stop: int) -> float:
        to = np.empty(2 * kernels.LANES)
        entry(kernel, at + start * size, min(stop, len(values)) - start, address(to))
        return float(to[0])

    return one


def _whole(values: npt.NDArray, workers: int | None) -> int:
    """Return the sum of integers, exactly: those of 64 bits in two halves."""
    if values.dtype.itemsize < 8:  # float64 holds the sum of a part
        return sum(map(int, _parts(values, _line(values), workers)))
    high, low = values >> 32, values & values.dtype.type(0xFFFFFFFF)

    def one(start: int, stop: int) -> int:
        return (int(high[start:stop].sum()) << 32) + int(low[start:stop].sum())

    return sum(_parts(values, one, workers))
