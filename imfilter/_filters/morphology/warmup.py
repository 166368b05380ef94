"""Compilation ahead of time: distances in float32 and thinning."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.morphology.kernels import distance_lines, nearest, thinning
from imfilter._simd.jit import Combination

_I32, _I64, _F32 = np.dtype(np.int32), np.dtype(np.int64), np.dtype(np.float32)


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types for which they are compiled."""
    yield nearest.nearest_row, ()
    yield distance_lines.measure_distances, ()
    yield distance_lines.measure, (_I32, _I64, _F32, 0)
    yield thinning.thin_words, ()
