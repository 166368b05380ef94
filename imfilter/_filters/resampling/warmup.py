"""Compilation ahead of time: sums of the usual element types."""

import functools
from collections.abc import Iterator

import numpy as np

from imfilter._base import dtypes
from imfilter._base.keywords import Common
from imfilter._base.plan import settled
from imfilter._filters.resampling import apply, columns_first, tables
from imfilter._filters.resampling.kernels import pairs, phases, row_sums, sums
from imfilter._simd import lane_transpose, lines, permutations, streaming
from imfilter._simd.jit import Combination

_U8, _U16, _F32, _F64 = map(np.dtype, ("u1", "u2", "f4", "f8"))


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types for which they are compiled."""
    yield sums.resample, ()
    for real in (_F32, _F64):
        yield sums.sum_columns, (real,)
        yield lane_transpose.to_lanes, (real,)
        yield lane_transpose.join, (real,)
    for real, source in ((_F32, _U8), (_F32, _U16), (_F64, _U16), (_F32, _F32)):
        yield row_sums.sum_rows, (real, source, real, 1)
        yield lines.place, (real, source)
        yield streaming.stream_line, (real, source)
        for write in (row_sums.sum_rows, row_sums.stream_rows):
            for relative in (0, 1):
                yield write, (real, real, source, relative)
    for real, source in ((_F32, _U8), (_F64, _U16), (_F32, _F32)):
        for window in permutations.windows(source):
            yield pairs.sum_pairs, (real, source, source, window, int(source != _F32))
    yield from _growing()


def _growing() -> Iterator[Combination]:
    """Yield the sums of lines of twice as many samples, whose weights are compiled."""
    for method in ("linear", "cubic"):
        table = tables.of((64, 128), method, "centres", "edge", antialias=True, sharpness=-0.5)
        for source in (_U8, _U16, _F32):
            image = dtypes.blank((64, 64), source)
            call = settled(functools.partial(apply.apply, image, apply.given, (table, table), Common()))
            taps, plain = apply.along_lines(call, whole=source != _F32)
            found = columns_first.Phases.of(taps)
            yield phases.sum_phases, (call.real, source, found.number, found.pattern, int(plain))
