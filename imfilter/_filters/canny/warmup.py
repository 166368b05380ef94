"""Compilation ahead of time: the Canny kernels for the usual element types."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.canny.kernels import non_maximum_suppression
from imfilter._filters.canny.kernels.flood_fill import flood
from imfilter._filters.canny.kernels.rows import slide_canny
from imfilter._simd.jit import Combination

_F32 = np.dtype("f4")


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types for which they are compiled."""
    yield flood, ()
    yield slide_canny, ()
    for measure in (non_maximum_suppression.L1, non_maximum_suppression.SQUARED, non_maximum_suppression.L2):
        yield non_maximum_suppression.gradients, (_F32, measure)
    for interpolated in (0, 1):
        yield non_maximum_suppression.thin, (_F32, interpolated)
