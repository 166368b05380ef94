"""Compilation ahead of time: the corner kernels for the usual element types."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.corners.kernels import structure_tensor
from imfilter._filters.corners.kernels.rows import slide_corner
from imfilter._filters.corners.kernels.spacing import keep_apart
from imfilter._simd import unrolled_sums
from imfilter._simd.jit import Combination

_F32 = np.dtype("f4")


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types for which they are compiled."""
    yield keep_apart, ()
    yield slide_corner, ()
    yield structure_tensor.products, (_F32, 3)
    yield structure_tensor.surround, (_F32,)
    for eigenvalue in (0, 1):
        yield structure_tensor.measure, (_F32, eigenvalue)
    for size in (2, 3):
        yield unrolled_sums.sum_window, (_F32, _F32, 1, 1, size, 0)
        yield unrolled_sums.sum_window, (_F32, _F32, 1, size, 1, 0)
