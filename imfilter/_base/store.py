"""Memory of pieces: arrays that vectors may be read and written beyond, and that later pieces use again."""

import math

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.program import address
from imfilter._simd.registers import BYTES, LINE


def roomy(shape: tuple[int, ...], kind: npt.DTypeLike = np.float64) -> npt.NDArray:
    """Return a new contiguous array. Vectors may be read and written beyond its end."""
    count, kind = math.prod(shape), np.dtype(kind)
    return dtypes.empty((count + BYTES // kind.itemsize,), kind)[:count].reshape(shape)


class Store:
    """Memory that one piece after another uses: the system takes as long to give new memory as to fill it."""

    def __init__(self) -> None:
        self._kept: dict[str, npt.NDArray[np.uint8]] = {}

    def array(self, name: str, shape: tuple[int, ...], kind: npt.DTypeLike) -> npt.NDArray:
        """Return an array as `roomy` does, which starts at a cache line.

        The earlier array of the same name is overwritten.
        """
        kind = np.dtype(kind)
        size = math.prod(shape) * kind.itemsize
        kept = self._kept.get(name)
        if kept is None or len(kept) < size + BYTES:
            memory = dtypes.empty((size + BYTES + LINE,), np.dtype(np.uint8))
            kept = self._kept[name] = memory[-address(memory) % LINE :]
        return kept[:size].view(kind).reshape(shape)
