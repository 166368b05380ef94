"""Compilation ahead of time: the kernels of edge-preserving filters for the usual element types."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.edge_preserving.kernels import bilateral, bilateral_pairs, guided
from imfilter._filters.edge_preserving.kernels.guided_fit import SECOND
from imfilter._simd import lane_transpose
from imfilter._simd.jit import Combination

_F32, _F64 = np.dtype(np.float32), np.dtype(np.float64)


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types for which they are compiled."""
    yield bilateral.filter_lines, ()
    yield bilateral.grey_lines, (_F32,)
    yield bilateral.grey_lines, (_F64,)  # results of 16 bits
    for real in (_F32, _F64):
        yield bilateral_pairs.paired_lines, (real,)
        yield lane_transpose.to_lanes, (real,)
        yield lane_transpose.join, (real,)
    yield bilateral.lines, (_F32,)
    yield guided.run_pass, ()
    for form in (0, SECOND):
        yield guided.box_pass, (_F32, form)
