"""Series in pieces: kernels run on several threads, and other types are converted block by block.

Samples of other types than float64 are converted in the cache, and so are the results. An array of float64
beside each would take most of the time.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes, threads
from imfilter._base.program import address
from imfilter._filters.series.kernels import conversion
from imfilter._simd.jit import Driver, Kernel

Lines = npt.NDArray[np.float64]
Present = npt.NDArray[np.bool_ | np.float64]

#: Below this number of elements, one thread finishes before a second thread starts.
ALONE = 1 << 15
#: Number of elements between two checks for an interrupt.
_PIECE = 1 << 22
#: Number of results that are computed together if types are converted, in elements and in windows. Sums of
#: 1,000 samples take 15.6 ms, 16.4 with half as many and 16.8 with twice as many (10 million float32, one
#: thread, Zen 4).
_BLOCK, _BLOCK_WINDOWS = 1 << 16, 16


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


class Prepared:
    """A driver and its arguments, except the addresses of samples and of results.

    `of_job` is a kernel that calls the driver with these arguments from memory. `owners` keeps the memory
    alive whose addresses are among them.
    """

    def __init__(self, driver: Driver, of_job: Kernel, numbers: tuple[float, ...], owners: Any) -> None:
        self._driver, self._of_job, self._numbers, self._owners = driver, of_job, numbers, owners
        self._entry = driver.entry()

    def __call__(self, source: int, target: int, _: int = 0) -> None:
        """Compute windows."""
        self._entry(source, target, *self._numbers)

    def one(self) -> Callable[[int, int], object]:
        """Return a function that does the same. A call of it is faster."""
        entry, numbers = self._entry, self._numbers

        def call(source: int, target: int, owners: Any = self._owners) -> None:
            entry(source, target, *numbers)

        return call

    def job(self) -> tuple[int, npt.NDArray[np.float64]]:
        """Return the address of `of_job`, and the job for it."""
        words = [np.float64(n).view(np.int64) if isinstance(n, float) else n for n in self._numbers]
        job = np.array([self._driver.address(), *words], np.int64)
        return self._of_job.address(), job.view(np.float64)


def is_convertible(dtype: np.dtype) -> bool:
    """Return whether samples or results of a dtype are converted block by block."""
    return dtype.isnative and (dtype.kind in "iu" or (dtype.kind == "f" and dtype.itemsize in (4, 8)))


def slide(
    ready: Callable[[int], Callable[[int, int, int], object]], lines: npt.NDArray, size: int,
    result: npt.NDArray, workers: int | None, present: Present | None = None, *, exact: bool = False,
) -> None:  # fmt: skip
    """Fill the results of windows of lines. Samples and results have any dtype that float64 holds.

    ``ready(rows)`` returns a function that computes `rows` windows from the addresses of their samples, their
    results and how much the samples count, or 0. If `exact`, denormal numbers keep their values.
    """
    count, samples, series = lines.shape
    rows = samples - size + 1
    if lines.dtype != dtypes.FLOAT64 or result.dtype != dtypes.FLOAT64:
        _convert(ready, lines, size, result, workers, exact)
        return
    source, target = address(lines), address(result)
    mask, item = (0, 0) if present is None else (address(present), present.itemsize)
    if count * rows * series <= ALONE:
        compute = ready(rows)
        for i in range(count):
            first = i * samples * series * item
            compute(
                source + lines.strides[0] * i, target + result.strides[0] * i, mask + first if mask else 0
            )
        return

    def task(start: int, stop: int) -> None:
        while start < stop:
            line, row = divmod(start, rows)
            row_count = min(rows - row, stop - start)
            first = (line * samples + row) * series * item
            ready(row_count)(
                source + line * lines.strides[0] + 8 * row * series,
                target + line * result.strides[0] + 8 * row * series,
                mask + first if mask else 0,
            )
            start += row_count

    threads.run(task, count * rows, workers, max(1, count * rows * series // _PIECE))


def _convert(
    ready: Callable[[int], Callable[[int, int, int], object]], lines: npt.NDArray, size: int,
    result: npt.NDArray, workers: int | None, exact: bool,
) -> None:  # fmt: skip
    """Do what `slide` does, and convert the samples and the results of each block."""
    count, n_samples, series = lines.shape
    rows = n_samples - size + 1
    blocks = (conversion.blocks_with_denormals if exact else conversion.blocks_with_zeros).entry()
    widening = narrowing = 0
    if lines.dtype != dtypes.FLOAT64:
        widening = conversion.widen.address(lines.dtype)
    if result.dtype != dtypes.FLOAT64:
        narrowing = conversion.narrow.address(result.dtype)
    source, target = address(lines), address(result)

    def prepared(rows: int) -> Prepared:
        compute = ready(rows)
        assert isinstance(compute, Prepared)  # a block is not longer than a stretch of variances
        return compute

    def task(start: int, stop: int) -> None:
        block = min(max(_BLOCK // series, _BLOCK_WINDOWS * size), rows, stop - start)
        samples, results = np.empty((block + size - 1) * series), np.empty(block * series)
        compute = prepared(block)
        kernel, job = compute.job()
        while start < stop:
            line, row = divmod(start, rows)
            n = min(rows - row, stop - start)
            rest, rest_job = compute, job
            if n % block:
                rest = prepared(n % block)
                _, rest_job = rest.job()
            blocks(
                source + line * lines.strides[0] + lines.itemsize * row * series,
                target + line * result.strides[0] + result.itemsize * row * series,
                n, series, size, block, lines.itemsize, result.itemsize, widening, narrowing,
                address(samples), address(results), kernel, address(job), address(rest_job),
            )  # fmt: skip
            start += n

    threads.run(task, count * rows, workers, max(1, count * rows * series // _PIECE))
