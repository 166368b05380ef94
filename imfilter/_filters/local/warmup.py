"""Compilation ahead of time: the kernels of local statistics for the usual element types."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.local.kernels import box, histograms, merge, real, sums, whole
from imfilter._simd.jit import Combination

_U8, _U16, _I32, _F32, _F64 = map(np.dtype, ("u1", "u2", "i4", "f4", "f8"))


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types for which they are compiled."""
    yield box.sum_piece, ()
    for form in (box.DEVIATION | box.SHORT, box.THRESHOLD | box.SHORT):
        yield whole.whole_boxes, (_U8, _F32, _I32, form | box.NARROW)
        yield whole.whole_boxes, (_U8, _F32, _I32, form)
        yield sums.sum_boxes, (_F32, _F32, form)
        yield real.real_boxes, (_F32, _F32, form | box.FILL)
    yield merge.merge_lines, ()
    for source in (_U8, _F32):
        for form in (0, merge.COUNTED):
            yield merge.merge, (source, _F64, form)
    for form in (0, merge.COUNTED):
        yield merge.merge, (_F64, _F32, merge.RESTS | merge.SPREADS | form)
    yield histograms.measure_lines, ()
    for code in (_U8, _U16):
        yield histograms.measure, (code,)
