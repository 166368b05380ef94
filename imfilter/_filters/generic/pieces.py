"""Pieces of an image with their border, as float64, in the layout that the loops over windows read."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base.missing import Presence, rows_of
from imfilter._base.padding import Padding
from imfilter._filters.generic.kernels.windows import LANES

#: Results of a piece.
_PIECE = 1 << 16


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows over the last axes of an image whose first axes are batch axes."""

    inside: npt.NDArray[np.bool_]  # the footprint
    paddings: tuple[Padding, ...]
    stride: tuple[int, ...]
    mode: str
    cval: float

    @property
    def size(self) -> int:
        """The number of samples of a window."""
        return int(np.count_nonzero(self.inside))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the results along the filtered axes."""
        return tuple(pad.length for pad in self.paddings)


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
        """The number of results that are kept for a row: whole vectors."""
        return -(-self.count // LANES) * LANES


def bands(windows: Windows, batch: tuple[int, ...]) -> list[tuple[tuple[int, ...], int, int]]:
    """Return the pieces of the results: a batch index, and a range along the first filtered axis."""
    length, others = windows.shape[0], max(1, math.prod(windows.shape[1:]))
    step = max(1, _PIECE // others)
    cuts = [(first, min(first + step, length)) for first in range(0, length, step)]
    return [(index, first, last) for index in np.ndindex(batch) for first, last in cuts]


def piece(
    image: npt.NDArray,
    mask: npt.NDArray | None,
    presence: Presence | None,
    windows: Windows,
    index: tuple[int, ...],
    first: int,
    last: int,
) -> Piece:
    """Return the samples that results `first` to `last` along the first filtered axis need."""
    values = _padded(image[index], windows, first, last, windows.cval, np.float64)
    there = None
    if presence is not None:
        beyond = windows.mode != "shrink"
        known = np.broadcast_to(np.True_, image[index].shape) if mask is None else mask[index] > 0
        there = _padded(known, windows, first, last, beyond, np.bool_)
        if presence.ignore_nan:
            there &= ~np.isnan(values)
    shape = (last - first, *windows.shape[1:])
    values, steps, column = _by_phase(values, windows.stride[-1])
    places = [np.arange(n) * s * step for n, s, step in zip(shape[:-1], windows.stride, steps, strict=False)]
    starts = np.zeros(shape[:-1], np.int64)
    for axis, line in enumerate(places):
        starts += line.reshape([-1 if a == axis else 1 for a in range(starts.ndim)])
    taps = np.argwhere(windows.inside)
    offsets = taps[:, :-1] @ np.array(steps, np.int64) + column[taps[:, -1]]
    slack = np.zeros(values.size + LANES)  # the last vector may read beyond the last window
    slack[: values.size] = values.reshape(-1)
    present = None
    if there is not None:
        present = np.ascontiguousarray(_by_phase(there, windows.stride[-1])[0]).reshape(-1).view(np.uint8)
    return Piece(
        (*index, slice(first, last)), shape, slack, present, 8 * starts.reshape(-1), 8 * offsets.reshape(-1)
    )


def _padded(
    source: npt.NDArray, windows: Windows, first: int, last: int, constant: float | bool, dtype: Any
) -> npt.NDArray:
    """Return the samples of some results with their border."""
    pads, stride = windows.paddings, windows.stride[0]
    spans = windows.inside.shape
    rows = rows_of(
        source.shape[0], pads[0].before, pads[0].after, windows.mode, first * stride,
        (last - 1) * stride + spans[0],
    )  # fmt: skip
    # All samples are here, also those after the last window, because the border may repeat them.
    lengths = [
        max((pad.length - 1) * step + span, pad.before + n)
        for pad, step, span, n in zip(pads, windows.stride, spans, source.shape, strict=True)
    ]
    padded = np.empty((len(rows), *lengths[1:]), dtype)
    inner = tuple(
        slice(pad.before, pad.before + n) for pad, n in zip(pads[1:], source.shape[1:], strict=True)
    )
    known = np.flatnonzero(rows >= 0)
    if len(known):
        low, high = known[0], known[-1] + 1
        near = rows[low:high]
        regular = len(near) == 1 or (np.diff(near) == 1).all()
        part = source[near[0] : near[-1] + 1] if regular else source[near]
        padded[(slice(low, high), *inner)] = part
    padded[rows < 0] = constant
    for axis in range(1, source.ndim):
        pad, length = pads[axis], lengths[axis]
        index = rows_of(source.shape[axis], pad.before, pad.after, windows.mode, 0, length)
        inside = inner[axis - 1]
        for outside in (slice(0, inside.start), slice(inside.stop, length)):
            to = (*(slice(None),) * axis, outside)
            columns = index[outside]
            if not len(columns):
                continue
            if columns[0] < 0:
                padded[to] = constant
            else:
                padded[to] = np.take(padded, pad.before + columns, axis)
    return padded


def _by_phase(padded: npt.NDArray, stride: int) -> tuple[npt.NDArray, list[int], npt.NDArray[np.int64]]:
    """Return samples in an order in which the same sample of neighbouring windows is a neighbour.

    Also return the distances between samples along the other axes, and the place of each column.
    """
    *others, n = padded.shape
    width = -(-n // stride)
    if stride > 1:
        whole = np.zeros((*others, width * stride), padded.dtype)
        whole[..., :n] = padded
        padded = np.ascontiguousarray(whole.reshape(*others, width, stride).swapaxes(-1, -2))
    lines = [*others[1:], width * stride]
    steps = [math.prod(lines[i:]) for i in range(len(others))] if others else []
    columns = np.arange(n)
    return padded, steps, columns % stride * width + columns // stride
