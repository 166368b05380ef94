"""Compilation ahead of time: the rank kernels for the usual element types."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.rank.kernels import (
    bit_lines,
    bitset,
    histogram,
    ordered_keys,
    present,
    radix_sort,
    unrolled_network,
)
from imfilter._filters.rank.kernels.bit_rows import bit_rows
from imfilter._filters.rank.kernels.blocks import slide_blocks
from imfilter._filters.rank.kernels.chord_rows import extreme_rows, slide_chord_rows
from imfilter._filters.rank.kernels.chords import (
    LARGEST,
    SMALLEST,
    advance,
    extreme,
    extreme_ahead,
    extremes,
    fill_key,
    slide_chords,
)
from imfilter._filters.rank.kernels.column_runs import extreme_columns, slide_columns
from imfilter._filters.rank.kernels.network_rows import slide_rank
from imfilter._simd import lines
from imfilter._simd.jit import Combination

_U8, _U16, _U64, _I32, _I64, _F32 = map(np.dtype, ("u1", "u2", "u8", "i4", "i8", "f4"))


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types for which they are compiled."""
    yield slide_rank, ()
    yield slide_blocks, ()
    yield slide_chords, ()
    yield slide_chord_rows, ()
    yield slide_columns, ()
    yield advance, (_I64,)
    for compared, kind, how in (
        (_U8, _U8, ordered_keys.INTEGERS),
        (_U16, _U16, ordered_keys.INTEGERS),
        (_F32, _I32, ordered_keys.CHECKED),
    ):
        yield ordered_keys.fetch_keys, (kind, how)
        yield ordered_keys.compare, (compared,)
        yield fill_key, (kind,)
        for which in (SMALLEST, LARGEST):
            for combine in (extreme, extreme_ahead, extremes):
                yield combine, (compared, which)
            yield extreme_rows, (compared, kind, _I64, which, how)
            yield extreme_columns, (compared, kind, which, how)
        yield lines.place, (kind, kind)
        yield unrolled_network.rank_window, (compared, 0, 5, 5, 12)
        for rank in (0, 4, 8):
            yield unrolled_network.rank_flow, (compared, 0, 3, 3, rank)
        if kind != _U8:
            turned = ordered_keys.TURNED if kind == _I32 else ordered_keys.INTEGERS
            yield ordered_keys.fetch_keys, (kind, turned)
            yield radix_sort.sort, (kind, turned)
    yield bit_rows, (_U8, _U64, _I64)
    yield bit_lines.fetch_bits, (_U8, ordered_keys.INTEGERS)
    yield bit_lines.fill_bits, (_U8,)
    yield bit_lines.place_bits, (_U8, _U8)
    yield bitset.rank_bits, ()
    for summed in (_U8, _U16):
        for what in (histogram.VALUES, histogram.PLACES):
            yield histogram.rank_counts, (_U8, summed, what)
    yield present.over_lines, ()
    yield present.over_windows, ()
    for kind, floating in ((_U8, 0), (_U16, 0), (_I32, 1)):
        yield present.load_lines, (kind, floating)
        for samples in (9, 25):
            yield present.sort_windows, (kind, floating, samples, samples // 2 + 1)
