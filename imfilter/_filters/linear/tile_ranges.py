"""The range of sample sizes within a block, and the windows for which it matters.

Algorithms that share work between outputs also share rounding errors. Such an error is proportional to the
largest sample that any of the outputs reads. If all samples of a window are much smaller than that, the
window's result must be computed without the large samples.
"""

import functools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base.program import address
from imfilter._filters.linear.kernels import sample_ranges
from imfilter._simd.registers import BYTES

Marks = npt.NDArray[np.bool_]

#: Least number of cells along a window. Cells that only partly lie in the window do not count.
_CELLS = 6


class Survey(NamedTuple):
    """The sizes of the samples in a block, for windows of so many taps."""

    taps: tuple[int, ...]
    cell: tuple[int, ...]  # samples of a cell along each axis
    cells: npt.NDArray  # the largest magnitude in each cell; NaN is larger than all
    peak: float  # the largest of all; NaN if a sample is NaN
    squares: float  # sum of the squares
    least: float  # least size of the largest sample in a window

    def doubtful(self, size: float, outputs: tuple[int, ...]) -> tuple[slice, ...] | None:
        """Return a part of so many outputs. Every window outside it has a sample of at least this size."""
        if self.least >= size:
            return None
        found = np.nonzero(~any_within(self.cells >= size, _within(self.taps, self.cell)))
        # Cell i is the first whole cell of windows that begin in cell i - 1 after its first sample, or with
        # cell i.
        return tuple(
            slice(max(0, (int(i.min()) - 1) * c + 1), min(n, int(i.max()) * c + 1))
            for i, c, n in zip(found, self.cell, outputs, strict=True)
        )


def _within(taps: tuple[int, ...], cell: tuple[int, ...]) -> tuple[int, ...]:
    """Return how many neighbouring cells lie in every window, along each axis."""
    return tuple((k + 1) // c - 1 if c > 1 else k for k, c in zip(taps, cell, strict=True))


class _Layout(NamedTuple):
    """The cells and tables of blocks of one shape."""

    cell: tuple[int, ...]
    cells: tuple[int, ...]  # number of cells along each axis
    strip: int  # elements
    numbers: tuple[int, ...]  # lengths, cells and windows, in the order of the kernel's arguments
    kernels: tuple[int, ...]


@functools.lru_cache(maxsize=64)
def _layout(shape: tuple[int, ...], taps: tuple[int, ...], real: np.dtype) -> _Layout:
    cell = tuple(1 << max(0, ((k + 1) // _CELLS).bit_length() - 1) for k in taps)
    ones = (1,) * (3 - len(shape))
    return _Layout(
        cell,
        tuple(n // c for n, c in zip(shape, cell, strict=True)),
        shape[-1] + cell[-1] + BYTES // real.itemsize,
        (real.itemsize, *ones, *cell, *ones, *_within(taps, cell)),
        tuple(
            kernel.address(real)
            for kernel in (sample_ranges.widen_strip, sample_ranges.close_strip, sample_ranges.finish)
        ),
    )


def surveyed(blocks: npt.NDArray, taps: tuple[int, ...]) -> list[Survey]:
    """Measure blocks of floats that are contiguous along the last axis, for windows of so many `taps`."""
    count, *shape = blocks.shape
    layout, real = _layout(tuple(shape), taps, blocks.dtype), blocks.dtype
    vectors = 2 * BYTES // real.itemsize
    cells, strip = np.empty((count + 1, *layout.cells), real), np.zeros(vectors + layout.strip, real)
    totals = np.empty((count, 3))
    more, at = 3 - len(shape), address(strip)
    sample_ranges.survey.entry()(
        *(address(blocks), count, blocks.strides[0], *(1,) * more, *shape),
        *((0,) * more + blocks.strides[1:])[:2],
        *(*layout.numbers, at + 2 * BYTES, at),
        *(address(cells), address(cells) + count * cells.strides[0], address(totals)),
        *layout.kernels,
    )
    return [
        Survey(taps, layout.cell, own, *numbers) for own, numbers in zip(cells, totals.tolist(), strict=False)
    ]


def any_within(marks: Marks, taps: tuple[int, ...]) -> Marks:
    """Return for each window of so many `taps` along the first axes whether it contains a mark."""
    for axis, k in enumerate(taps):
        width = 1
        while width < k:
            step = min(width, k - width)
            first, second = (
                marks[(slice(None),) * axis + (cut,)] for cut in (slice(None, -step), slice(step, None))
            )
            marks, width = first | second, width + step
    return marks
