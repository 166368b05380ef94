"""Local extrema: plateaus all of whose neighbours are lower, or higher."""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments
from imfilter._base.plan import Plan
from imfilter._base.program import set_addresses
from imfilter._filters.morphology import neighbours as places
from imfilter._filters.morphology.family import Absent, Block, as_floats
from imfilter._filters.morphology.kernels.plateaus import (
    PLATEAUS_JOB,
    mark_plateaus,
    mark_rows,
    unmark_plateaus,
)
from imfilter._filters.morphology.reconstruction import extreme


class Extrema(NamedTuple):
    """The neighbours of a sample, and whether plateaus at the border count."""

    neighbours: npt.NDArray[np.bool_]
    borders: bool


class LocalExtrema:
    """The samples of plateaus without a better neighbour."""

    plan = Plan("plateaus", "a pass over the rows, and a queue for plateaus", math.nan)
    ordering = True

    def __init__(self, *, maxima: bool) -> None:
        self.maxima = maxima

    def checked(self, array: npt.NDArray, n: int, connectivity: Any, allow_borders: Any) -> Extrema:
        """Check the arguments."""
        return Extrema(places.checked(connectivity, n), arguments.flag(allow_borders, "allow_borders"))

    def dtype(self, dtype: np.dtype) -> np.dtype:
        """Return bool."""
        return np.dtype(bool)

    def fill(self, settings: Extrema, block: Block, to: Block, absent: Absent) -> None:
        """Find the extrema of a block."""
        block = block.view(np.uint8) if block.dtype.kind == "b" else block
        if absent is not None:
            block, _ = as_floats(block, absent)
        if not extreme(block, lowest=True) < extreme(block, lowest=False):
            to[...] = False
            return
        shape: tuple[int, int, int] = (1,) * (3 - block.ndim) + block.shape  # type: ignore[assignment]
        described, table = places.block(shape, settings.neighbours)
        queue, *memory = places.queue(block.size)
        job = np.zeros((), PLATEAUS_JOB)
        # Integers are equal if their bits are, so those of one size share the kernel.
        bits = block.dtype if block.dtype.kind == "f" else np.dtype(f"u{block.itemsize}")
        job["mark_rows"] = mark_rows.address(block.dtype, int(self.maxima))
        job["unmark_plateaus"] = unmark_plateaus.address(bits)
        job["borders"] = settings.borders
        owners = set_addresses(job, {"samples": block, "marks": to, "block": described, "queue": queue})
        mark_plateaus.entry()(job.ctypes.data)
        del owners, table, memory


LOCAL_MAXIMA, LOCAL_MINIMA = LocalExtrema(maxima=True), LocalExtrema(maxima=False)
