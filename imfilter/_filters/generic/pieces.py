"""Pieces of an image with their border, as float64, in the layout that the loops over windows read."""

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base.missing import Presence, rows_of
from imfilter._base.padding import Padding
from imfilter._filters.generic.kernels.windows import LANES

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

    def rows(self, axis: int, first: int, last: int) -> npt.NDArray[np.int64]:
        """Return the samples along an axis that results `first` to `last` need. -1 is the constant."""
        pad, step, span = self.paddings[axis], self.stride[axis], self.inside.shape[axis]
        begin, end = first * step, (last - 1) * step + span
        if axis:  # all samples are there, also those after the last window: the border may repeat them
            begin, end = 0, max(end, pad.before + self.lengths[axis])
        return rows_of(self.lengths[axis], pad.before, pad.after, self.mode, begin, end)

    @functools.cached_property
    def columns(self) -> list[npt.NDArray[np.int64]]:
        """The samples along the other axes, with their border."""
        return [self.rows(axis, 0, self.shape[axis]) for axis in range(1, len(self.stride))]


@dataclass(frozen=True, eq=False)
class Piece:
    """Samples of consecutive results: flat, with the places of windows in bytes."""

    where: tuple[Any, ...]  # index of the results
    shape: tuple[int, ...]  # of the results
    samples: npt.NDArray[np.float64]
    present: npt.NDArray[np.uint8] | None
    starts: npt.NDArray[np.int64]  # of the first window of each row of windows
    offsets: npt.NDArray[np.int64]  # of the samples of a window

    @property
    def count(self) -> int:
        """The number of windows of a row."""
        return self.shape[-1]

    @property
    def pitch(self) -> int:
        """The number of results that are kept for a row: at least a vector."""
        return max(self.count, LANES)


def bands(windows: Windows, batch: tuple[int, ...]) -> list[tuple[tuple[int, ...], int, int]]:
    """Return the pieces of the results: a batch index, and a range along the first filtered axis."""
    length, others = windows.shape[0], max(1, math.prod(windows.shape[1:]))
    step = max(1, _PIECE // others, min(length, windows.inside.shape[0]) if others < _WIDE else 1)
    cuts = [(first, min(first + step, length)) for first in range(0, length, step)]
    return [(index, first, last) for index in np.ndindex(batch) for first, last in cuts]


class Memory:
    """Memory that the pieces of a thread use one after the other."""

    def __init__(self) -> None:
        self._kept: dict[str, npt.NDArray] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: Any, slack: int = 0) -> npt.NDArray:
        """Return an array with `slack` elements behind it, which are finite."""
        size = math.prod(shape)
        kept = self._kept.get(name)
        if kept is None or kept.size < size + slack:
            kept = self._kept[name] = np.zeros(size + slack, dtype)
        return kept[:size].reshape(shape)


def piece(
    image: npt.NDArray,
    mask: npt.NDArray | None,
    presence: Presence | None,
    windows: Windows,
    memory: Memory,
    index: tuple[int, ...],
    first: int,
    last: int,
) -> Piece:
    """Return the samples that results `first` to `last` along the first filtered axis need."""
    indices = [windows.rows(0, first, last), *windows.columns]
    padded = tuple(map(len, indices))
    stride = windows.stride[-1]
    # The last vector may read beyond the last window.
    values = memory.array("samples", padded, np.float64, LANES)
    _fill(values, image[index], windows, indices, windows.cval)
    present = None
    if presence is not None:
        there = np.empty(padded, bool)
        known = np.broadcast_to(np.True_, windows.lengths) if mask is None else mask[index] > 0
        _fill(there, known, windows, indices, windows.mode != "shrink")
        if presence.ignore_nan:
            there &= ~np.isnan(values)
        present = np.ascontiguousarray(_by_phase(there, stride)).reshape(-1).view(np.uint8)
    if stride > 1:
        ordered = _by_phase(values, stride)
        values = memory.array("phases", ordered.shape, np.float64, LANES)
        values[...] = ordered
    width = -(-padded[-1] // stride)
    lines = (*padded[1:-1], width * stride)
    steps = [math.prod(lines[i:]) for i in range(len(padded) - 1)]
    shape = (last - first, *windows.shape[1:])
    starts = np.zeros(shape[:-1], np.int64)
    for axis, (n, step) in enumerate(zip(shape[:-1], steps, strict=True)):
        line = np.arange(n) * windows.stride[axis] * step
        starts += line.reshape([-1 if a == axis else 1 for a in range(starts.ndim)])
    taps = np.argwhere(windows.inside)
    offsets = taps[:, :-1] @ np.array(steps, np.int64) + taps[:, -1] % stride * width + taps[:, -1] // stride
    where = (*index, slice(first, last))
    return Piece(where, shape, values.reshape(-1), present, 8 * starts.reshape(-1), 8 * offsets.reshape(-1))


def _fill(
    padded: npt.NDArray,
    source: npt.NDArray,
    windows: Windows,
    indices: list[npt.NDArray[np.int64]],
    constant: float | bool,
) -> None:
    """Write samples and their border into `padded`. `indices` are the samples along each axis."""
    rows, inner = (
        indices[0],
        [
            slice(pad.before, pad.before + n)
            for pad, n in zip(windows.paddings[1:], source.shape[1:], strict=True)
        ],
    )
    known = np.flatnonzero(rows >= 0)
    if len(known) < len(rows):
        padded[rows < 0] = constant
    if len(known):
        low, high = int(known[0]), int(known[-1]) + 1
        near = rows[low:high]
        regular = near[-1] - near[0] == len(near) - 1 and bool((np.diff(near) == 1).all())
        part = source[near[0] : near[-1] + 1] if regular else source[near]
        padded[(slice(low, high), *inner)] = part
    for axis in range(1, source.ndim):
        before, length = windows.paddings[axis].before, padded.shape[axis]
        for outside in (slice(0, before), slice(inner[axis - 1].stop, length)):
            columns, to = indices[axis][outside], (*(slice(None),) * axis, outside)
            if len(columns):
                copied = columns[0] >= 0
                padded[to] = np.take(padded, before + columns, axis) if copied else constant


def _by_phase(padded: npt.NDArray, stride: int) -> npt.NDArray:
    """Return samples in an order in which the same sample of neighbouring windows is a neighbour."""
    if stride == 1:
        return padded
    *others, n = padded.shape
    width = -(-n // stride)
    whole = np.zeros((*others, width * stride), padded.dtype)
    whole[..., :n] = padded
    return whole.reshape(*others, width, stride).swapaxes(-1, -2)
