"""Compilation in advance: the kernels of oriented gradients for the usual element types."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.hog.kernels import blocks, orientation_votes
from imfilter._filters.hog.kernels.cells import slide_cells
from imfilter._simd import lines
from imfilter._simd.jit import Combination

_U8, _F64 = map(np.dtype, ("u1", "f8"))


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types that they are compiled for."""
    yield slide_cells, ()
    yield lines.fetch, (_F64, _U8)
    yield orientation_votes.gradients, (_F64, 1)
    yield orientation_votes.gradients, (_F64, 0)
    yield orientation_votes.vote, ()
    yield blocks.slide_descriptor, ()
    yield blocks.normalize, (_F64, blocks.L2_HYS)
