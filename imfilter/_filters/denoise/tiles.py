"""Tiles of an image with their borders. Their places depend on the shape alone, not on threads or memory."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base.missing import rows_of, taken

#: Largest lengths of a tile of one, two and three axes. The sums of a tile and its samples with their borders
#: are in the cache of second level: for windows of 21 and patches of 7 these are 200 and 210 KB of float32.
_LENGTHS = ((1, 1, 8192), (1, 64, 384), (16, 32, 96))

Range = tuple[int, int]


class Frame(NamedTuple):
    """The order of axes in which tiles are computed: batch, channels, z, y and x."""

    batch: tuple[int, ...]  # axes of the image
    channel: int | None
    spatial: tuple[int, ...]  # in increasing order
    shape: tuple[int, int, int]  # lengths of z, y and x

    @classmethod
    def of(cls, shape: tuple[int, ...], axes: tuple[int, ...], channel: int | None) -> "Frame":
        """Return the frame of an image that is filtered over its `axes`."""
        spatial = tuple(sorted(axes))
        batch = tuple(a for a in range(len(shape)) if a not in axes and a != channel)
        z, y, x = (1,) * (3 - len(spatial)) + tuple(shape[a] for a in spatial)
        return cls(batch, channel, spatial, (z, y, x))

    def ordered(self, array: npt.NDArray) -> npt.NDArray:
        """Return a view of an array of the shape of the image in the order of the frame."""
        some = () if self.channel is None else (self.channel,)
        view = array.transpose(*self.batch, *some, *self.spatial)
        index = (slice(None),) * len(self.batch) + (slice(None) if some else None,)
        return view[index + (None,) * (3 - len(self.spatial))]

    def padded(self, values: tuple[int, ...], axes: tuple[int, ...], fill: int) -> tuple[int, int, int]:
        """Return a value for each of z, y and x, from those of the filtered axes."""
        places = [values[axes.index(a)] for a in self.spatial]
        z, y, x = (fill,) * (3 - len(places)) + tuple(places)
        return z, y, x


def cuts(shape: tuple[int, int, int], n: int) -> list[tuple[Range, Range, Range]]:
    """Return the ranges of all tiles of an image of `n` filtered axes."""
    ranges = []
    for length, most in zip(shape, _LENGTHS[n - 1], strict=True):
        count = -(-length // most)
        ranges.append([(i * length // count, (i + 1) * length // count) for i in range(count)])
    return [(z, y, x) for z in ranges[0] for y in ranges[1] for x in ranges[2]]


def fill(
    block: npt.NDArray,
    cut: tuple[Range, Range, Range],
    halo: tuple[int, int, int],
    mode: str,
    constant: float | None,
    to: npt.NDArray,
) -> None:
    """Write a tile of a block with its border. Where the border is a constant that is None, it is any sample.

    block: channels, z, y and x. `to` has the lengths of the tile with `halo` samples on each side.
    """
    indices = [
        rows_of(n, before, before, mode, start, stop + 2 * before)
        for n, before, (start, stop) in zip(block.shape[1:], halo, cut, strict=True)
    ]
    at_z, at_y, at_x = map(taken, indices)
    with np.errstate(over="ignore"):
        to[...] = block[:, at_z][:, :, at_y][..., at_x]
    if constant is not None:
        for place, index in enumerate(indices):
            if index.min() < 0:
                to[(slice(None),) * (place + 1) + (index < 0,)] = constant
