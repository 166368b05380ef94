"""Minima and maxima of truth values: many rows of a tile in one call.

See `bit_lines` for lines of bits, and `chords` for sets. The last set of a row begins with the bit of the
first byte of a cache line of the output. So each cache line is one word of bits. Bits that had to be moved on
their way to a cache line took a quarter of the time of a small element.
"""

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._filters.rank.kernels.bit_lines import (
    ALL,
    ANY,
    WITHOUT,
    combine_line,
    unpacked,
)
from imfilter._filters.rank.kernels.chords import CHORD_JOB, SET, advance_entries, bound, fetch_row
from imfilter._simd.jit import inlined, kernel
from imfilter._simd.lines import place_line
from imfilter._simd.llvm import call_llvm, pointer
from imfilter._simd.prefetch import prefetch
from imfilter._simd.registers import FEATURES, LINE
from imfilter._simd.streaming import stream
from imfilter._simd.vector import invoke, move_one, peek, record, store

_SET = SET.itemsize
#: The distance to places that are prefetched, if results go past the caches instead.
PAST = -1


@intrinsic
def _store_some(typingctx, address, word, inside):
    """Write the bits of a word as bytes to an address, where bits of `inside` are 1. Needs AVX-512."""

    def codegen(context, builder, sig, args):
        bits = ir.VectorType(ir.IntType(1), 64)
        value = builder.zext(builder.bitcast(args[1], bits), ir.VectorType(ir.IntType(8), 64))
        to = pointer(builder, args[0], value.type)
        mask = builder.bitcast(args[2], bits)
        name = "llvm.masked.store.v64i8.p0"
        call_llvm(builder, name, ir.VoidType(), value, to, ir.IntType(32)(1), mask)
        return context.get_dummy_value()

    return types.none(types.int64, types.int64, types.int64), codegen


@inlined
def _place_masked(kind, line, to, first, stop, spare):
    """Write bits `first` to before `stop` of a word of a line as bytes to a cache line at address `to`."""
    _store_some(to, peek(line), ((1 << (stop - first)) - 1) << first)


@inlined
def _place_each(kind, line, to, first, stop, spare):
    """Do what `_place_masked` does, byte by byte."""
    store(spare, kind, unpacked(peek(line)))
    for i in range(first, stop):
        move_one(to + i, spare + i, kind)


_place_part = _place_masked if FEATURES.get("avx512bw") else _place_each


@inlined
def _place_words(kind, line, to, count, ahead, spare):
    """Write a line to a contiguous output, from its bit ``to % LINE`` on.

    If `ahead` is not 0, the places so many bytes further on are prefetched. If it is `PAST`, whole cache
    lines go past the caches. The parts of one at both ends are written as usual.
    """
    first = to % LINE
    base, end, i = to - first, first + count, 0
    if first:
        _place_part(kind, line, base, first, min(end, LINE), spare)
        i = LINE
    if ahead == PAST:
        while i + LINE <= end:
            stream(base + i, kind, unpacked(peek(line + (i >> 3))))
            i += LINE
    else:
        while i + LINE <= end:
            if ahead:
                prefetch(base + i + ahead, 1)
            store(base + i, kind, unpacked(peek(line + (i >> 3))))
            i += LINE
    if i < end:
        _place_part(kind, line + (i >> 3), base + i, 0, end - i, spare)


@inlined
def _combine(word, which, at, count, offset, to, extent):
    """Combine lines of bits, as the number `which` says; see `combine_line`."""
    if which == ALL:
        combine_line(word, ALL, at, count, offset, to, extent)
    elif which == ANY:
        combine_line(word, ANY, at, count, offset, to, extent)
    else:
        combine_line(word, WITHOUT, at, count, offset, to, extent)


@kernel("kind", "word", "entry")
def bit_rows(
    kind, word, entry, job_at, workspace, image_at, z, y, x, wide, begin, fresh, count, to,
    first_tile, tile, tiles):  # fmt: skip
    """Compute `count` rows from row `y` on, of the tile from column `x` on; see `extreme_rows`.

    `kind` is the type of a sample, `word` that of a word of bits and `entry` that of an address.
    """
    job = record(CHORD_JOB, job_at)
    table, sets, last = workspace + job.table, job.sets, job.n_sets - 1
    steps, ends, spans = workspace + job.steps, workspace + job.ends, workspace + job.spans
    for row in range(begin, count):
        advance_entries(entry, table, steps, ends, spans, job.entries)
        for i in range(job.n_sets):
            own = record(SET, sets + i * _SET)
            if row < own.begin:
                continue
            line, columns, p = peek(table + 8 * i), wide + own.more, y + row + own.lead
            if own.plane >= 0:
                fetch_row(job, workspace, image_at, z, x, p, columns, own, line)
                continue
            if own.bounded and not 0 <= p - own.before_y < job.samples_y:
                invoke(1, job.fill, (line, 0, columns, own.border_key))
                continue
            at = table + 8 * own.entry
            if i == last and job.target_packed:
                place = to + row * job.target_y
                first, found = place % LINE, workspace + job.aside
                _combine(word, own.combine, at, own.count, -first, found, (first + columns + 7) >> 3)
                _place_words(kind, found, place, columns, job.target_c, workspace + job.spare)
                continue
            _combine(word, own.combine, at, own.count, 0, line, (columns + 7) >> 3)
            if own.bounded:
                bound(job, own, line, x, columns)
            if i == last:
                place_line(job, workspace, line, to + row * job.target_y, wide)
