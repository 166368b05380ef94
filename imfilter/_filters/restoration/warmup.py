"""Compilation ahead of time: the kernels of the usual element types."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.restoration.kernels import ball
from imfilter._simd.jit import Combination


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types for which they are compiled."""
    yield ball.erode, ()
    yield ball.erode_tile, (np.dtype(np.float32),)
