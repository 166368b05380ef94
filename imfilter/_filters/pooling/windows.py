"""Windows of pooling: the samples of each window of an axis, and the divisor of its mean."""

from typing import NamedTuple, Self

import numpy as np

from imfilter._base.memo import remembered
from imfilter._base.padding import Padding
from imfilter._filters.pooling.kernels.windows import WINDOW

#: Smallest length of windows along a line that are reduced one by one.
_LONG = 64


class Windows(NamedTuple):
    """The windows along one axis: windows of one length at a stride, or the cells of a division."""

    samples: int  # of the image
    length: int  # number of windows
    taps: int = 1  # length of the longest window, or slightly more
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    count_padding: bool = False  # whether the divisor counts positions in the padding
    cells: bool = False

    @classmethod
    def divided(cls, samples: int, cells: int) -> Self:
        """Return an axis divided into `cells` cells of whole samples. Neighbours may share samples."""
        longest = samples // cells + (2 if samples % cells else 0)
        return cls(samples, cells, min(longest, samples), cells=True)

    @property
    def padded(self) -> Padding:
        """The padding for the loops over an image."""
        return Padding(self.padding, self.padding, self.length)

    @property
    def one_by_one(self) -> bool:
        """Whether the windows are reduced one by one, each to a chunk first."""
        long = self.taps > self.samples or (
            self.taps >= max(_LONG, self.stride // 2) and 2 * self.stride > self.taps
        )
        return self.cells or (long and self.dilation == 1)

    def stage(self, most: int) -> int:
        """Return the stride of a first pass over adjacent windows, so that both strides are at most `most`.

        Return 1 if this is not necessary, 0 if it is not possible. Two passes with shuffles replace a loop
        over single samples: maxima of 1x16 float32 at 4K took 8 ms instead of 24 (Cascade Lake, one thread).
        """
        if self.stride <= most:
            return 1
        if self.taps != self.stride or self.dilation > 1:
            return 0
        return next((n for n in range(2, most + 1) if self.stride % n == 0 and self.stride // n <= most), 0)


@remembered(lambda along: along.length)
def table(along: Windows) -> np.ndarray:
    """Return the table of `WINDOW`s. It is shared and must not be changed."""
    entries, number = np.zeros(along.length, WINDOW), np.arange(along.length)
    if along.cells:
        first = number * along.samples // along.length
        entries["first"], stop = first, -(-(number + 1) * along.samples // along.length)
        entries["count"] = entries["divisor"] = stop - first
        return entries
    start, step = number * along.stride - along.padding, along.dilation

    def positions_before(stop: int) -> np.ndarray:
        """Return the number of positions of each window that are before a sample."""
        return np.minimum(np.maximum(-((start - stop) // step), 0), along.taps)

    skipped, stop = positions_before(0), positions_before(along.samples)
    entries["first"], entries["count"] = start + skipped * step, stop - skipped
    entries["divisor"] = (
        positions_before(along.samples + along.padding) if along.count_padding else entries["count"]
    )
    return entries
