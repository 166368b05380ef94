"""The neighbours of a sample: the check of the argument, and the tables that the kernels read."""

import functools
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments
from imfilter._base.program import address
from imfilter._filters.morphology.kernels.queue import BLOCK, QUEUE

#: Bits of the columns -1, 0 and 1.
_COLUMNS = np.array([1, 2, 4])


def checked(connectivity: Any, n: int, default: int | None = None) -> npt.NDArray[np.bool_]:
    """Return the neighbours of a sample in `n` axes that differ from it along few of them.

    The default of None is all axes.
    """
    steps = n if default is None else min(default, n)
    if connectivity is not None:
        steps = arguments.integer(connectivity, "connectivity", least=1, most=n)
    return _connected(n, steps)


@functools.cache
def _connected(n: int, steps: int) -> npt.NDArray[np.bool_]:
    distance = np.abs(np.indices((3,) * n) - 1).sum(axis=0)
    return (distance <= steps) & (distance > 0)


def of_footprint(footprint: Any, connectivity: Any, n: int) -> npt.NDArray[np.bool_]:
    """Return the neighbours of a sample from a footprint of 3 samples along each axis, or by connectivity."""
    if footprint is None:
        return checked(connectivity, n)
    if connectivity is not None:
        raise ValueError(
            f"connectivity must be left out if footprint is given, got {arguments.brief(connectivity)}"
        )
    found = arguments.window(3, footprint, n)
    inside = np.ones(found, bool) if isinstance(found, tuple) else found.copy()
    if inside.shape != (3,) * n:
        raise ValueError(f"footprint must have shape {(3,) * n}, got {inside.shape}")
    inside[(1,) * n] = False
    return inside


def rows(inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return the rows of a neighbourhood of 3 axes: distance along z and y, and the bits of columns."""
    found = [
        (z - 1, y - 1, int(_COLUMNS @ inside[z, y])) for z in range(3) for y in range(3) if inside[z, y].any()
    ]
    return np.array(found, np.int64).reshape(-1, 3)


class Passes(NamedTuple):
    """The rows that a row reads in both passes of a reconstruction, and those that it may improve later."""

    down: npt.NDArray[np.int64]
    up: npt.NDArray[np.int64]
    after: npt.NDArray[np.int64]
    along_down: bool
    along_up: bool


def passes(neighbours: npt.NDArray[np.bool_]) -> Passes:
    """Return the tables of both passes. A sample reaches the places of `neighbours`."""
    inside = in_three(neighbours)
    order = np.arange(27).reshape(3, 3, 3)
    later = order > 13
    read = inside[::-1, ::-1, ::-1]  # the places that reach a sample
    other = np.ones((3, 3, 3), bool)
    other[1, 1] = False
    return Passes(
        rows(read & ~later & other),
        rows(read & later & other),
        rows(inside & later),
        bool(read[1, 1, 0]),
        bool(read[1, 1, 2]),
    )


def in_three(neighbours: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return a neighbourhood of 1 to 3 axes as one of 3 axes."""
    whole = np.zeros((3, 3, 3), bool)
    whole[(1,) * (3 - neighbours.ndim)] = neighbours
    return whole


def block(shape: tuple[int, int, int], neighbours: npt.NDArray[np.bool_]) -> tuple[npt.NDArray, ...]:
    """Return the `BLOCK` of the kernels, and the table that must outlive it."""
    moves = np.argwhere(in_three(neighbours)) - 1
    bits = [max(1, (n - 1).bit_length()) for n in shape]
    steps, entries = [shape[1] * shape[2], shape[2], 1], [1 << (bits[1] + bits[2]), 1 << bits[2], 1]
    table = np.ascontiguousarray(np.column_stack([moves @ steps, moves @ entries, moves]), np.int64)
    found = np.zeros((), BLOCK)
    found["z"], found["y"], found["x"] = shape
    found["bits_y"], found["bits_x"] = bits[1:]
    found["table"], found["n"] = address(table), len(table)
    found["flat_z"], found["flat_y"] = not moves[:, 0].any(), not moves[:, 1].any()
    return found, table


def queue(count: int) -> tuple[npt.NDArray, ...]:
    """Return an empty `QUEUE`, and the arrays that must outlive it: 1/4 to 3/8 byte a sample."""
    words = -(-count // 64)
    length = max(256, 1 << (words - 1).bit_length()) if words > 1 else 256
    bits, ring = np.zeros(words, np.uint64), np.empty(length, np.int64)
    found = np.zeros((), QUEUE)
    found["bits"], found["words"] = address(bits), words
    found["ring"], found["last"] = address(ring), length - 1
    return found, bits, ring
