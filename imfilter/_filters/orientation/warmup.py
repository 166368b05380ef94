"""Compilation ahead of time: the kernels of orientation and ridges for float32 arithmetic."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.orientation.kernels import angles, directions, eigenvalues, job, ridges
from imfilter._simd.jit import Combination

_F32 = np.dtype("f4")


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types for which they are compiled."""
    yield job.over_matrices, ()
    yield angles.angles, (_F32,)
    yield directions.directions, (_F32,)
    for ndim in (2, 3):
        yield eigenvalues.eigenvalues, (_F32, ndim)
        yield ridges.measure, (_F32, ndim)
