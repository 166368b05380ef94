"""Correlations over windows of any number of axes, in pieces of the image that are padded one at a time."""

import math

import numpy as np
import numpy.typing as npt

from imfilter._base import borders, threads
from imfilter._base.program import address
from imfilter._filters.ordered import taps
from imfilter._filters.ordered.rounding import truncated
from imfilter._simd.registers import BYTES

#: About the number of samples of a padded piece.
_PIECE = 1 << 17
_LANES = BYTES // 8


def correlate(
    image: npt.NDArray,
    weights: npt.NDArray,
    out: npt.NDArray,
    before: tuple[int, ...],
    mode: str,
    cval: float,
    workers: int | None,
) -> None:
    """Correlate over all axes into `out`, which may share memory with the image.

    `before` is the number of samples before the sample along each axis that a window reads.
    """
    source = image.copy() if np.may_share_memory(image, out) else image
    shape, spans = image.shape, weights.shape
    padded_shape = tuple(n + k - 1 for n, k in zip(shape, spans, strict=True))
    rest = math.prod(padded_shape[1:])
    rows = max(1, min(shape[0], _PIECE // rest - spans[0] + 1))
    used = np.argwhere(np.abs(weights) > taps.EPSILON)
    strides = np.array([math.prod(padded_shape[a + 1 :]) for a in range(len(shape))])
    positions = tuple((used @ strides).tolist())
    order = taps.Order(positions, (), weights[tuple(used.T)].astype(np.float64).tobytes())
    program = taps.program(order, 1)
    tables = [_positions(n, b, k - 1 - b, mode) for n, k, b in zip(shape, spans, before, strict=True)]
    window = math.prod(spans) and int((np.array(spans) - 1) @ strides)

    def task(start: int, stop: int) -> None:
        memory = np.zeros((rows + spans[0] - 1) * rest + _LANES)
        result = np.empty(memory.shape)
        for piece in range(start, stop):
            first = piece * rows
            lines = min(rows, shape[0] - first)
            count = (lines + spans[0] - 1) * rest
            padded = memory[:count].reshape(-1, *padded_shape[1:])
            _fetch(source, padded, [tables[0][first : first + lines + spans[0] - 1], *tables[1:]], cval)
            program.call(address(memory), address(result), 0, 8 * max(count - window, 0))
            sums = result[:count].reshape(padded.shape)
            truncated(sums[tuple(slice(n) for n in (lines, *shape[1:]))], out[first : first + lines])

    threads.run(task, -(-shape[0] // rows), workers)


def _positions(n: int, before: int, after: int, mode: str) -> npt.NDArray:
    """Return the index of the sample at each padded coordinate of an axis; -1 is the constant."""
    outer = borders.outside(n, before, after, mode)
    return np.concatenate([outer[:before], np.arange(n), outer[before:]])


def _fetch(source: npt.NDArray, padded: npt.NDArray, tables: list[npt.NDArray], cval: float) -> None:
    """Write a padded piece of the image as float64."""
    values = source
    for axis, table in enumerate(tables):
        values = values.take(np.maximum(table, 0), axis)
    np.copyto(padded, values, casting="unsafe")
    for axis, table in enumerate(tables):
        if (table < 0).any():
            padded[(slice(None),) * axis + (table < 0,)] = cval
