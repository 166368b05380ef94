"""Compilation ahead of time: pooling kernels at a stride of two, for grey images and three channels."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.pooling.kernels import pixel_quads, pooled_lines, quads, quotients
from imfilter._filters.pooling.kernels.windows import slide_extremes, slide_means
from imfilter._simd import lines
from imfilter._simd.jit import Combination

_U8, _U16, _F32, _F64 = map(np.dtype, ("u1", "u2", "f4", "f8"))


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types for which they are compiled."""
    yield slide_means, ()
    yield slide_extremes, ()
    yield quads.slide_quads, ()
    for source in (_U8, np.dtype("u2"), _F32):
        yield quads.mean_quads, (source,)
        yield pixel_quads.mean_pixel_quads, (source, 3)
    for source, joined, real in ((_U8, _U16, _F32), (_F32, _F64, _F64)):
        yield pooled_lines.join_rows, (source, source, pooled_lines.LARGEST, 0)
        yield pooled_lines.join_rows, (joined, source, pooled_lines.SUM, 0)
        for kind, reduction in ((source, pooled_lines.LARGEST), (joined, pooled_lines.SUM)):
            yield pooled_lines.fold, (kind, reduction)
            for channels in (1, 3):
                yield pooled_lines.join_picked, (kind, reduction, 2, channels)
        yield lines.place, (source, source)
        yield quotients.divide, (real, joined, source, 1)
