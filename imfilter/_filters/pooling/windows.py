"""Windows of pooling: which samples of an axis are in each, and by what a mean over them is divided."""

from typing import NamedTuple, Self

import numpy as np

from imfilter._base.memo import remembered
from imfilter._base.padding import Padding
from imfilter._filters.pooling.kernels.windows import WINDOW


class Windows(NamedTuple):
    """The windows along one axis: at a stride and all of one length, or the cells of a division."""

    samples: int  # of the image
    length: int  # how many windows there are
    taps: int = 1  # samples of the longest one, or a little more
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    count_padding: bool = False  # whether places of the padding count
    cells: bool = False

    @classmethod
    def divided(cls, samples: int, cells: int) -> Self:
        """Return the cells of an axis cut in so many: whole samples, which neighbours may share."""
        longest = samples // cells + (2 if samples % cells else 0)
        return cls(samples, cells, min(longest, samples), cells=True)

    @property
    def padded(self) -> Padding:
        """The same for the loops over an image."""
        return Padding(self.padding, self.padding, self.length)

    def stage(self, most: int) -> int:
        """Return by how much windows side by side are shortened first, so that both strides are at most that.

        1 where it need not be, 0 where it cannot. By shuffles twice instead of sample by sample, maxima of
        1x16 float32 at 4K took 8 ms instead of 24 (Cascade Lake, one thread).
        """
        if self.stride <= most:
            return 1
        if self.taps != self.stride or self.dilation > 1:
            return 0
        return next((n for n in range(2, most + 1) if self.stride % n == 0 and self.stride // n <= most), 0)


@remembered(lambda along: along.length)
def table(along: Windows) -> np.ndarray:
    """Return the table of `WINDOW`s, not to be written to."""
    entries, number = np.zeros(along.length, WINDOW), np.arange(along.length)
    if along.cells:
        first = number * along.samples // along.length
        entries["first"], stop = first, -(-(number + 1) * along.samples // along.length)
        entries["count"] = entries["divisor"] = stop - first
        return entries
    start, step = number * along.stride - along.padding, along.dilation

    def places(stop: int) -> np.ndarray:
        """Return how many places of each window lie before a sample."""
        return np.minimum(np.maximum(-((start - stop) // step), 0), along.taps)

    skipped, stop = places(0), places(along.samples)
    entries["first"], entries["count"] = start + skipped * step, stop - skipped
    entries["divisor"] = places(along.samples + along.padding) if along.count_padding else entries["count"]
    return entries
