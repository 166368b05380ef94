"""Compilation ahead of time: sums of the usual element types."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.resampling.kernels import pairs, row_sums, sums
from imfilter._simd import lane_transpose, lines, permutations
from imfilter._simd.jit import Combination

_U8, _F32 = map(np.dtype, ("u1", "f4"))


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types for which they are compiled."""
    yield sums.resample, ()
    yield sums.sum_columns, (_F32,)
    for relative in (0, 1):
        yield row_sums.sum_rows, (_F32, _F32, _U8, relative)
    yield lane_transpose.to_lanes, (_F32,)
    yield lane_transpose.join, (_F32,)
    for source in (_U8, _F32):
        yield row_sums.sum_rows, (_F32, source, _F32, 1)
        yield lines.place, (_F32, source)
        for window in permutations.windows(source):
            yield pairs.sum_pairs, (_F32, source, source, window, int(source != _F32))
