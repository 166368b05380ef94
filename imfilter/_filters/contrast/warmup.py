"""Compilation ahead of time: the kernels of the usual element types."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.contrast.kernels import histograms, mapping
from imfilter._simd import lines
from imfilter._simd.jit import Combination

_U8, _U16, _F32, _F64 = map(np.dtype, ("u1", "u2", "f4", "f8"))


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types for which they are compiled."""
    yield histograms.count_tiles, ()
    yield mapping.map_lines, ()
    yield histograms.count_tile, (_U8,)
    for source in (_U16, _F32):
        yield histograms.count_tile, (source,)
        yield mapping.map_line, (source,)
        yield lines.place, (_F64, source)
