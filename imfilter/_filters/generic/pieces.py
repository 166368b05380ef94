"""Pieces of an image with their border, as float64, in the layout that the loops over windows read."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import bordered
from imfilter._base.loops import places_of
from imfilter._base.memo import once
from imfilter._base.missing import Presence
from imfilter._base.padding import Padding
from imfilter._base.store import Store
from imfilter._filters.generic.user_function import Rows

#: Results of a piece, and results of a row from which on a piece may be lower than a window. A piece costs
#: 0.1 ms beside its samples. A range of 5x5 at 1920x1080 takes 9.5 ms with pieces of 1 << 15, 7.7 ms with
#: 1 << 17 and 9.2 ms with 1 << 19; with two threads 9.7, 5.2 and 6.4 ms.
_PIECE, _WIDE = 1 << 17, 1 << 13


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows over the last axes of an image whose first axes are batch axes."""

    inside: npt.NDArray[np.bool_]  # the footprint
    paddings: tuple[Padding, ...]
    stride: tuple[int, ...]
    mode: str
    cval: float
    lengths: tuple[int, ...]  # of the image

    @property
    def size(self) -> int:
        """The number of samples of a window."""
        return int(np.count_nonzero(self.inside))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the results along the filtered axes."""
        return tuple(pad.length for pad in self.paddings)

    def rows(self, axis: int, first: int, last: int) -> bordered.Runs:
        """Return the samples along an axis that results `first` to `last` need."""
        pad, step, span = self.paddings[axis], self.stride[axis], self.inside.shape[axis]
        begin, end = first * step, (last - 1) * step + span
        if axis:  # all samples are there, also those after the last window: the border may repeat them
            begin, end = 0, max(end, pad.before + self.lengths[axis])
        return bordered.runs(self.lengths[axis], pad.before, pad.after, self.mode, begin, end)

    @once
    def columns(self) -> list[bordered.Runs]:
        """The samples along the other axes, with their border."""
        return [self.rows(axis, 0, self.shape[axis]) for axis in range(1, len(self.stride))]


class Piece(NamedTuple):
    """Windows of consecutive results: the index and the shape of the results, and rows of windows."""

    where: tuple[Any, ...]
    shape: tuple[int, ...]
    rows: Rows


def bands(windows: Windows, batch: tuple[int, ...]) -> list[tuple[tuple[int, ...], int, int]]:
    """Return the pieces of the results: a batch index, and a range along the first filtered axis."""
    length, others = windows.shape[0], max(1, math.prod(windows.shape[1:]))
    step = max(1, _PIECE // others, min(length, windows.inside.shape[0]) if others < _WIDE else 1)
    cuts = [(first, min(first + step, length)) for first in range(0, length, step)]
    return [(index, first, last) for index in np.ndindex(batch) for first, last in cuts]


def piece(
    image: npt.NDArray,
    mask: npt.NDArray | None,
    presence: Presence | None,
    windows: Windows,
    store: Store,
    index: tuple[int, ...],
    first: int,
    last: int,
) -> Piece:
    """Return the samples that results `first` to `last` along the first filtered axis need."""
    along = [windows.rows(0, first, last), *windows.columns]
    padded = tuple(map(bordered.length, along))
    stride = windows.stride[-1]
    values = store.array("samples", padded, np.float64)
    bordered.copy(image[index], along, windows.cval, values)
    present = None
    if presence is not None:
        there = np.empty(padded, bool)
        known = np.broadcast_to(np.True_, windows.lengths) if mask is None else mask[index] > 0
        bordered.copy(known, along, windows.mode != "shrink", there)
        if presence.ignore_nan:
            there &= ~np.isnan(values)
        present = np.ascontiguousarray(_by_phase(there, stride)).reshape(-1).view(np.uint8)
    if stride > 1:
        ordered = _by_phase(values, stride)
        values = store.array("phases", ordered.shape, np.float64)
        values[...] = ordered
    width = -(-padded[-1] // stride)
    lines = (*padded[1:-1], width * stride)
    steps = [math.prod(lines[i:]) for i in range(len(padded) - 1)]
    shape = (last - first, *windows.shape[1:])
    strides = [step * n for step, n in zip(steps, windows.stride, strict=False)]
    taps = np.argwhere(windows.inside)
    offsets = taps[:, :-1] @ np.array(steps, np.int64) + taps[:, -1] % stride * width + taps[:, -1] // stride
    starts = places_of(shape[:-1], strides)
    rows = Rows(values.reshape(-1), present, 8 * starts, 8 * offsets, shape[-1])
    return Piece((*index, slice(first, last)), shape, rows)


def _by_phase(padded: npt.NDArray, stride: int) -> npt.NDArray:
    """Return samples in an order in which the same sample of neighbouring windows is a neighbour."""
    if stride == 1:
        return padded
    *others, n = padded.shape
    width = -(-n // stride)
    whole = np.zeros((*others, width * stride), padded.dtype)
    whole[..., :n] = padded
    return whole.reshape(*others, width, stride).swapaxes(-1, -2)
