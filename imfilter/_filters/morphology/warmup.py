"""Compilation ahead of time: the kernels of morphology for the usual element types."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.morphology.kernels import (
    areas,
    combine,
    distance_lines,
    nearest,
    plateaus,
    reconstruct,
    runs,
    thinning,
)
from imfilter._simd.jit import Combination


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types for which they are compiled."""
    for kind in map(np.dtype, ("u1", "u2", "f4")):
        yield combine.difference, (kind, 0)
    for kind in map(np.dtype, ("i4", "f4")):
        for which in (combine.SMALLEST, combine.LARGEST):
            yield combine.weighed, (kind, which)
    whole, wide, result = map(np.dtype, ("i4", "i8", "f4"))
    yield nearest.nearest_row, ()
    yield distance_lines.measure_distances, ()
    yield distance_lines.measure, (whole, wide, result, 0)
    yield thinning.thin_words, ()
    yield reconstruct.run_reconstruction, ()
    yield plateaus.mark_plateaus, ()
    yield runs.find_runs, ()
    yield runs.change_runs, ()
    yield areas.open_areas, ()
    for name in ("u1", "f4"):
        for sense in (reconstruct.ERODE, reconstruct.DILATE):
            yield reconstruct.sweep_rows, (np.dtype(name), sense)
            yield reconstruct.follow_queue, (np.dtype(name), sense)
            yield plateaus.mark_rows, (np.dtype(name), sense)
        yield plateaus.unmark_plateaus, (np.dtype(name),)
    for name in ("u1", "u4"):
        yield areas.sort, (np.dtype(name), np.dtype("i4"))
        yield areas.join, (np.dtype(name), np.dtype("i4"))
