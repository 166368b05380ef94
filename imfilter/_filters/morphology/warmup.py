"""Compilation ahead of time: the kernels of morphology for the usual element types."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.morphology.kernels import combine, distance_lines, nearest, thinning
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
