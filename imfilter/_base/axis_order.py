"""The order of axes in which windows of one to three axes are computed."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

#: The lengths of the batch, of z, y and x, and of the samples that follow each x.
Shape = tuple[int, int, int, int, int]


class Order(NamedTuple):
    """The order of the axes of an image: batch, z, y, x, and the samples that follow each x."""

    axes: tuple[int, ...]
    before: int  # number of batch axes
    filtered: int

    @classmethod
    def of(cls, ndim: int, axes: tuple[int, ...]) -> "Order":
        """Return the order for the filtered `axes`."""
        last = max(axes)
        before = [a for a in range(last) if a not in axes]
        return cls((*before, *sorted(axes), *range(last + 1, ndim)), len(before), len(axes))

    def shape(self, shape: tuple[int, ...]) -> Shape:
        """Return the shape of five axes of an array of the given shape."""
        moved = [shape[a] for a in self.axes]
        middle = self.before + self.filtered
        z, y, x = [1] * (3 - self.filtered) + moved[self.before : middle]
        return math.prod(moved[: self.before]), z, y, x, math.prod(moved[middle:])

    def places(self, axes: tuple[int, ...]) -> tuple[int, ...]:
        """Return which of the five axes each filtered axis is."""
        return tuple(4 - self.filtered + sorted(axes).index(a) for a in axes)

    def ordered(self, array: npt.NDArray) -> npt.NDArray:
        """Return an array as one of five axes. Share the memory if possible."""
        return array.transpose(self.axes).reshape(self.shape(array.shape))

    def back(self, view: npt.NDArray, target: npt.NDArray) -> None:
        """Bring results of five axes to an array, unless they are there."""
        if not np.may_share_memory(view, target):
            target.transpose(self.axes)[...] = view.reshape([target.shape[a] for a in self.axes])

    def packed(self, array: npt.NDArray) -> npt.NDArray:
        """Return an array as one of five axes, with contiguous lines. Share the memory if possible."""
        view = self.ordered(array)
        step = view.itemsize
        for axis in (4, 3):
            if view.shape[axis] > 1 and view.strides[axis] != step:
                return np.ascontiguousarray(view)
            step *= view.shape[axis]
        return view
