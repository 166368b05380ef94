"""Tables of sums of at most two rows and two columns, whose samples are picked from the rows."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._filters.resampling.tables import Table
from imfilter._simd.permutations import LANES, WORD, windows


class Pairs(NamedTuple):
    """Blocks of 16 outputs. A block reads a window, or each output a word. The last two may overlap."""

    window: int  # samples of a window
    outputs: npt.NDArray[np.int64]  # the first output of each block
    windows: npt.NDArray[np.int64]  # the first sample of each window
    places: npt.NDArray[np.uint8]  # of the first samples of its outputs in the window, and of the second
    weights: npt.NDArray  # of the same samples; 0: the sample does not count
    second: npt.NDArray  # 1 where the second sample is the reference, else 0

    @classmethod
    def of(
        cls, axes: tuple[Table, Table, Table], channels: int, source: np.dtype, real: np.dtype, *, whole: bool
    ) -> "Pairs | None":
        """Return the tables of the axes z, y and x, or None if the kernel does not apply.

        With `whole`, the reference is the first sample. It has no weight, because its difference is 0.
        """
        z, y, x = axes
        counts, total = np.diff(x.starts), x.outputs * channels
        if z.most * y.most > 2 or any(axis.constants.any() for axis in axes) or x.identity:
            return None
        if counts.max() > 2 or counts.min() < 1 or total < LANES:
            return None
        both, first, second = counts == 2, x.starts[:-1], x.starts[1:] - 1
        weights = np.stack([x.weights[first], np.where(both, x.weights[second], 0)])
        samples = np.stack([x.samples[first], x.samples[second]])
        beyond = both & (samples[1] == x.about)
        if whole:
            samples = np.where(beyond, samples[::-1], samples)
            weights = np.stack([np.zeros(x.outputs), np.where(both, np.where(beyond, *weights), 0)])
            beyond = np.zeros_like(beyond)
        samples = (samples[..., None] * channels + np.arange(channels)).reshape(2, -1)
        outputs = np.minimum(np.arange(0, total, LANES), total - LANES)
        index = outputs[:, None] + np.arange(LANES)
        read = samples[:, index].swapaxes(0, 1)  # block, first or second, output
        for window in windows(source):
            lanes = (1, 2) if window > WORD else 1
            starts = np.minimum(read.min(lanes, keepdims=True), x.length * channels - window)
            places = read - starts
            if starts.min() >= 0 and places.max() < window:
                break
        else:
            return None
        of_blocks = np.repeat(weights, channels, 1)[:, index].swapaxes(0, 1).astype(real)
        flags = np.repeat(beyond, channels)[index].astype(real)
        return cls(window, outputs, starts.reshape(-1), places.astype(np.uint8), of_blocks, flags)
