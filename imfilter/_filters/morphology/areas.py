"""Area openings and closings: components of fewer samples than an area are removed at each level."""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments
from imfilter._base.plan import Plan
from imfilter._base.program import set_addresses
from imfilter._filters.morphology import components
from imfilter._filters.morphology import neighbours as places
from imfilter._filters.morphology.family import Absent, Block, as_floats, of_ranks
from imfilter._filters.morphology.kernels.areas import AREA_JOB, join, open_areas, sort

#: Bits of a digit of the sort.
_DIGIT = 11


class Areas(NamedTuple):
    """The neighbours of a sample, and the least area that stays."""

    neighbours: npt.NDArray[np.bool_]
    area: int


class AreaFilter:
    """Components of high samples, or of low ones, are removed if their area is small."""

    plan = Plan("union-find", "over the samples in the order of their values", math.nan)
    ordering = True

    def __init__(self, *, opening: bool) -> None:
        self.opening = opening

    def checked(self, array: npt.NDArray, n: int, area: Any, connectivity: Any) -> Areas:
        """Check the arguments."""
        least = arguments.integer(area, "area", least=1)
        return Areas(places.checked(connectivity, n, 1), min(least, array.size + 1))

    def dtype(self, dtype: np.dtype) -> np.dtype:
        """Return the type of the image."""
        return dtype

    def fill(self, settings: Areas, block: Block, to: Block, absent: Absent) -> None:
        """Filter a block."""
        if block.dtype.kind == "b" and absent is None:
            to[...] = block
            # A component that is the whole block stays, as there is no other value.
            if to.all() == to.any():
                return
            components.small(to, settings.neighbours, settings.area, value=self.opening)
            return
        values = None
        source = block
        if absent is not None:
            source, values = as_floats(block, absent)
        found = _opened(source, settings, self.opening)
        if absent is None:
            to[...] = found
        elif values is None:
            found[absent] = 0
            to[...] = found
        else:
            to[...] = of_ranks(found, values)


def _opened(block: Block, settings: Areas, opening: bool) -> Block:
    """Return the filtered block. NaN stays NaN, and is in no component."""
    kind = np.dtype(f"u{block.dtype.itemsize}")
    shape = (1,) * (3 - block.ndim) + block.shape
    around = tuple(2 if place >= 3 - block.ndim else 0 for place in range(3))
    padded = tuple(n + more for n, more in zip(shape, around, strict=True))
    keys = np.zeros(padded, kind)
    inner = keys[tuple(slice(m // 2, m // 2 + n) for n, m in zip(shape, around, strict=True))]
    _write_keys(block.reshape(shape), opening, inner)
    index = np.dtype(np.int32 if keys.size < 1 << 31 else np.int64)
    steps = [padded[1] * padded[2], padded[2], 1]
    moves = np.ascontiguousarray((np.argwhere(places.in_three(settings.neighbours)) - 1) @ steps, np.int64)
    job = np.zeros((), AREA_JOB)
    tables = {
        "keys": keys,
        "order": np.empty(block.size, index),
        "parents": np.empty(keys.size, index),  # before there are any, one of the lists of the sort
        "counts": np.zeros(1 << _DIGIT, np.int64),
        "table": moves,
    }
    owners = set_addresses(job, tables)
    job["sort"], job["join"] = sort.address(kind, index), join.address(kind, index)
    job["n"], job["cells"] = len(moves), keys.size
    job["z"], job["y"], job["x"] = shape
    job["start"] = sum(m // 2 * s for m, s in zip(around, steps, strict=True))
    job["step_z"], job["step_y"] = steps[:2]
    job["digits"], job["area"] = -(-8 * kind.itemsize // _DIGIT), settings.area
    job["absent"] = 0 if block.dtype.kind != "f" else (1 << 32) - 1 if kind.itemsize == 4 else -1
    open_areas.entry()(job.ctypes.data)
    del owners, tables
    return _values(inner.reshape(block.shape), block.dtype, opening)


def _write_keys(block: Block, opening: bool, to: npt.NDArray) -> None:
    """Write unsigned integers that increase in the order in which samples are joined. NaN is the largest."""
    bits = to.dtype
    keys, top = block.view(bits), bits.type(1 << (8 * bits.itemsize - 1))
    if block.dtype.kind in "if":
        np.bitwise_xor(keys, top, out=to)
    else:
        to[...] = keys
    if block.dtype.kind == "f":
        np.invert(keys, out=to, where=np.signbit(block))
    if opening:
        np.invert(to, out=to)
    if block.dtype.kind == "f":
        to[np.isnan(block)] = np.iinfo(bits).max


def _values(keys: npt.NDArray, dtype: np.dtype, opening: bool) -> Block:
    """Return the samples of keys."""
    bits = keys.dtype
    top, found = bits.type(1 << (8 * bits.itemsize - 1)), keys.copy()
    if opening:
        np.invert(found, out=found)
    if dtype.kind == "f":
        negative = found < top
        np.invert(found, out=found, where=negative)
        np.bitwise_xor(found, top, out=found, where=np.logical_not(negative, out=negative))
    elif dtype.kind == "i":
        np.bitwise_xor(found, top, out=found)
    result = found.view(dtype)
    if dtype.kind == "f":
        result[keys == np.iinfo(bits).max] = np.nan
    return result


AREA_OPENING, AREA_CLOSING = AreaFilter(opening=True), AreaFilter(opening=False)
