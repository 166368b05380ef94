"""Compilation ahead of time: the kernels of local statistics for the usual element types."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.local.kernels import histograms, merge, sums
from imfilter._simd.jit import Combination

_U8, _U16, _F32, _F64 = map(np.dtype, ("u1", "u2", "f4", "f8"))


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types for which they are compiled."""
    yield sums.sum_piece, ()
    yield sums.sum_boxes, (_U8, _F32, sums.SHORT)
    yield sums.sum_boxes, (_F32, _F32, sums.PRODUCTS)
    yield merge.merge_lines, ()
    for source in (_U8, _F32):
        for form in (0, merge.COUNTED):
            yield merge.merge, (source, _F64, form)
    for form in (0, merge.COUNTED):
        yield merge.merge, (_F64, _F32, merge.RESTS | merge.SPREADS | form)
    yield histograms.measure_lines, ()
    for code in (_U8, _U16):
        yield histograms.measure, (code,)
