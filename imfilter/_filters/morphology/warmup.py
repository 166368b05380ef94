"""Compilation ahead of time: the kernels of morphology for the usual element types."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.morphology.kernels import areas, plateaus, reconstruct, runs
from imfilter._simd.jit import Combination


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types for which they are compiled."""
    yield reconstruct.run_reconstruction, ()
    yield plateaus.mark_plateaus, ()
    yield runs.find_runs, ()
    yield runs.change_runs, ()
    yield areas.open_areas, ()
    for name in ("u1", "f4"):
        for sense in (reconstruct.ERODE, reconstruct.DILATE):
            yield reconstruct.reconstruct, (np.dtype(name), sense)
            yield plateaus.mark, (np.dtype(name), sense)
    for name in ("u1", "u4"):
        yield areas.sort, (np.dtype(name), np.dtype("i4"))
        yield areas.join, (np.dtype(name), np.dtype("i4"))
