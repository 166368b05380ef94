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
    inner[...] = _keys(block, opening).reshape(shape)
    index = np.dtype(np.int32 if keys.size < 1 << 31 else np.int64)
    steps = [padded[1] * padded[2], padded[2], 1]
    moves = np.ascontiguousarray((np.argwhere(places.in_three(settings.neighbours)) - 1) @ steps, np.int64)
    job = np.zeros((), AREA_JOB)
    tables = {
        "keys": keys,
        "order": np.empty(block.size, index),
        "other": np.empty(block.size, index),
        "parents": np.zeros(keys.size, index),
        "counts": np.zeros(1 << _DIGIT, np.int64),
        "table": moves,
    }
    owners = set_addresses(job, tables)
    job["sort"], job["join"] = sort.address(kind, index), join.address(kind, index)
    job["n"] = len(moves)
    job["z"], job["y"], job["x"] = shape
    job["start"] = sum(m // 2 * s for m, s in zip(around, steps, strict=True))
    job["step_z"], job["step_y"] = steps[:2]
    job["digits"], job["area"] = -(-8 * kind.itemsize // _DIGIT), settings.area
    job["absent"] = 0 if block.dtype.kind != "f" else (1 << 32) - 1 if kind.itemsize == 4 else -1
    open_areas.entry()(job.ctypes.data)
    del owners
    return _values(np.ascontiguousarray(inner).reshape(block.shape), block.dtype, opening)


def _keys(block: Block, opening: bool) -> npt.NDArray:
    """Return unsigned integers that increase in the order in which samples are joined. NaN is the largest."""
    bits = np.dtype(f"u{block.dtype.itemsize}")
    keys = block.view(bits)
    top = bits.type(1 << (8 * bits.itemsize - 1))
    if block.dtype.kind == "i":
        keys = keys ^ top
    elif block.dtype.kind == "f":
        keys = np.where(keys & top, ~keys, keys ^ top)
    keys = ~keys if opening else keys.copy()
    if block.dtype.kind == "f":
        keys[np.isnan(block)] = np.iinfo(bits).max
    return keys


def _values(keys: npt.NDArray, dtype: np.dtype, opening: bool) -> Block:
    """Return the samples of keys."""
    bits = keys.dtype
    top, nan = bits.type(1 << (8 * bits.itemsize - 1)), keys == np.iinfo(bits).max
    found = ~keys if opening else keys
    if dtype.kind == "i":
        found = found ^ top
    elif dtype.kind == "f":
        found = np.where(found & top, found ^ top, ~found)
    result = found.view(dtype)
    if dtype.kind == "f":
        result[nan] = np.nan
    return result


AREA_OPENING, AREA_CLOSING = AreaFilter(opening=True), AreaFilter(opening=False)
