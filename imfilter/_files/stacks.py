"""Stacks: files with several pages, frames or planes, which are read and written one by one."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imfilter._base import dtypes

from .image import FileError, Image, check_size

Array = NDArray[Any]
Blocks = Iterator[Array]


@dataclass(frozen=True)
class Stack:
    """An open file whose planes are read one by one.

    Parameters
    ----------
    header : Image
        The whole stack without its samples: shape, type, axes and metadata. See `dtypes.blank`.
    spatial : str
        Letters of the axes that a filter works on, if the user does not name them.
    planes : callable or None
        Returns an iterator of all planes, in the order of the file. A plane has the last two spatial axes
        and the channels.
    read : callable or None
        Returns an iterator of the blocks for each index of a number of leading axes. It replaces `planes`.
    close : callable
        Closes the file.
    physical : bool
        Whether filters take the spacing of the header, as in medical volumes.
    count : callable or None
        Counts the planes, if the header has only an estimate of their number.
    streamed : bool
        Whether the stack may be larger than the memory, so that its pixels are not limited in all.
    """

    header: Image
    spatial: str
    planes: Callable[[], Blocks] | None = None
    read: Callable[[int], Blocks] | None = None
    close: Callable[[], None] = field(default=lambda: None)
    physical: bool = False
    count: Callable[[], int] | None = None
    streamed: bool = False

    def blocks(self, leading: int) -> Blocks:
        """Yield the samples in blocks: one for each index of the first `leading` axes."""
        if self.read is not None:
            yield from self.read(leading)
            return
        assert self.planes is not None
        planes, header = self.planes(), self.header
        shape = header.pixels.shape[leading:]
        size = header.pixels.shape[-2 - header.channels :]
        if shape == size:
            yield from planes
            return
        if len(shape) < len(size):  # blocks are smaller than a plane
            for plane in planes:
                yield from plane.reshape(-1, *shape)
            return
        for plane in planes:
            block = np.empty(shape, header.pixels.dtype)
            flat = block.reshape(-1, *size)
            flat[0], count = plane, 1
            for place, following in zip(flat[1:], planes, strict=False):
                place[...] = following
                count += 1
            if count < len(flat):
                raise ValueError(f"it has {count} planes, and its header says {len(flat)}")
            yield block

    def counted(self) -> Stack:
        """Return the stack with the exact number of planes in its header."""
        if self.count is None:
            return self
        shape = (self.count(), *self.header.pixels.shape[1:])
        pixels = dtypes.blank(shape, self.header.pixels.dtype)
        return dataclasses.replace(self, header=dataclasses.replace(self.header, pixels=pixels), count=None)

    def whole(self, path: str, max_pixels: int | None) -> Image:
        """Return the stack in memory, and close the file.

        Parameters
        ----------
        path : str
            The file's name, for messages.
        max_pixels : int or None
            Largest accepted number of pixels of all planes together.
        """
        stack = self.counted()
        header = stack.header
        try:
            spatial = header.pixels.shape[: header.pixels.ndim - header.channels]
            if len(spatial) > 1:
                check_total(path, spatial, max_pixels)
            (pixels,) = stack.blocks(0)
        finally:
            self.close()
        return dataclasses.replace(header, pixels=pixels)


def check_total(path: str, shape: Sequence[int], max_pixels: int | None) -> None:
    """Raise an error if all planes of a stack together have more pixels than the limit.

    Parameters
    ----------
    path : str
        The file's name, for messages.
    shape : sequence of int
        The shape without the channels of colour.
    max_pixels : int or None
        The limit.
    """
    count = math.prod(shape[:-2])
    check_size(path, shape[-1], shape[-2], max_pixels)
    if max_pixels is not None and count * shape[-1] * shape[-2] > max_pixels:
        raise FileError(
            f"{path}: {count} planes of {shape[-1]} x {shape[-2]} pixels are more than the limit of "
            f"{max_pixels} pixels in all; if you trust the file, set a larger limit with --max-pixels"
        )
