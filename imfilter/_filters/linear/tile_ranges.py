"""How far samples differ in size within a block, and for which windows that matters.

Algorithms that share work between outputs share rounding errors too: these are as large as the largest sample
that any of the outputs reads. Where all samples of a window are much smaller than that, the window's result
must be computed without the large ones.
"""

import functools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base.program import address
from imfilter._filters.linear.kernels import sample_ranges
from imfilter._simd.vector import BYTES

Marks = npt.NDArray[np.bool_]

#: Cells along a window, at least: parts of cells at the window's ends do not count.
_CELLS = 6


class Survey(NamedTuple):
    """The sizes of the samples in a block, of which windows have so many taps."""

    taps: tuple[int, ...]
    cell: tuple[int, ...]  # samples of a cell along each axis
    cells: npt.NDArray  # the largest magnitude in each cell; NaN is larger than all
    peak: float  # the largest of all, NaN where a sample is
    squares: float  # their sum
    least: float  # of the largest samples of windows, at least

    def doubtful(self, size: float, outputs: tuple[int, ...]) -> tuple[slice, ...] | None:
        """Return a part of so many outputs beyond which a sample of at least this size is in every window."""
        if self.least >= size:
            return None
        found = np.nonzero(~any_within(self.cells >= size, _within(self.taps, self.cell)))
        # A window that begins in cell i - 1, behind its first sample, or with cell i has cell i as its first.
        return tuple(
            slice(max(0, (int(i.min()) - 1) * c + 1), min(n, int(i.max()) * c + 1))
            for i, c, n in zip(found, self.cell, outputs, strict=True)
        )


def _within(taps: tuple[int, ...], cell: tuple[int, ...]) -> tuple[int, ...]:
    """Return how many neighbouring cells lie in every window, along each axis."""
    return tuple((k + 1) // c - 1 if c > 1 else k for k, c in zip(taps, cell, strict=True))


class _Layout(NamedTuple):
    """How blocks of one shape are looked at."""

    cell: tuple[int, ...]
    cells: tuple[int, ...]  # how many there are along each axis
    strip: int  # elements
    numbers: tuple[int, ...]  # lengths, cells and windows, as the kernel has them
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
    """Look at blocks of floats, along the last axis side by side, and windows of so many `taps` in them."""
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
    """Return for each window of so many `taps` along the first axes whether a mark is in it."""
    for axis, k in enumerate(taps):
        width = 1
        while width < k:
            step = min(width, k - width)
            first, second = (
                marks[(slice(None),) * axis + (cut,)] for cut in (slice(None, -step), slice(step, None))
            )
            marks, width = first | second, width + step
    return marks
