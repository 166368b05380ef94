"""Ranks in boxes of any size by cumulative histograms of columns and windows.

Every column of a block has a cumulative histogram. From row to row, samples enter and leave it. From output
to output, one column is added to the histogram of the window and one is subtracted. Vectors do this at a cost
that does not depend on the size (S. Perreault and P. Hebert, Median Filtering in Constant Time, IEEE
Transactions on Image Processing 16, 2007). A bin counts all samples up to its value. So one comparison of
whole vectors finds a rank.

One-byte samples are counted by their values. Others are sorted first (`sort`), and their places in the order
of the block are counted in bins of 64. A word of bits per bin and column tells which of the 64 places are
present.
"""

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._filters.rank.kernels.bitset import copy_sample, find_bit
from imfilter._filters.rank.kernels.blocks import BLOCK_JOB
from imfilter._simd.jit import inlined, kernel
from imfilter._simd.lanewise import count_lanes
from imfilter._simd.llvm import call_llvm, constant, element, mangle
from imfilter._simd.registers import BYTES, in_register
from imfilter._simd.vector import (
    Vector,
    load,
    load_like,
    load_one,
    record,
    size_of,
    splat,
    splat_register,
    store,
    store_one,
)

_U8, _U32, _U64 = map(np.dtype, ("u1", "u4", "u8"))
_LANES = in_register(_U64)

#: What is counted: values, or places in sorted order.
VALUES, PLACES = 0, 1
#: Number of places in one word of bits.
WORD = 64


@intrinsic
def _nothing(typingctx, counted, summed):
    """Return sums of no counts: a vector of zeros with a lane for each count of a `Vector`."""
    lanes = BYTES * 8 // counted.dtype.bitwidth

    def codegen(context, builder, sig, args):
        return constant(ir.VectorType(element(summed.dtype), lanes), 0)

    return Vector(summed.dtype, lanes)(counted, summed), codegen


@intrinsic
def _exchange(typingctx, sums, entering, leaving):
    """Add the difference of two vectors of counts to sums, which may have more bits."""

    def codegen(context, builder, sig, args):
        whole, new, old = args
        change = builder.sub(new, old)
        return builder.add(whole, change if change.type == whole.type else builder.sext(change, whole.type))

    return sums(sums, entering, leaving), codegen


@intrinsic
def _any(typingctx, words):
    """Return the bits that are set in at least one lane."""

    def codegen(context, builder, sig, args):
        return call_llvm(builder, f"llvm.vector.reduce.or.{mangle(args[0].type)}", ir.IntType(64), *args)

    return types.uint64(words), codegen


@inlined
def _bin(what, flip, start, index):
    """Return the bin of the sample at an index."""
    if what == PLACES:
        return np.int64(load_one(_U32, start + 4 * index, _U32)) // WORD
    return np.int64(load_one(_U8, start + index, _U8)) ^ flip


@inlined
def _flip(words, pitch, start, column, index):
    """Flip the bit of the sample at an index in the words of its column."""
    place = np.int64(load_one(_U32, start + 4 * index, _U32))
    at = words + 8 * (place // WORD * pitch + column)
    store_one(at, _U64, load_one(_U64, at, _U64) ^ (np.uint64(1) << np.uint64(place % WORD)))


@inlined
def _word(start, taps):
    """Return the bits that are set in at least one of `taps` words."""
    found, lanes = np.uint64(0), _LANES
    if taps < lanes:
        for c in range(taps):
            found |= load_one(_U64, start + 8 * c, _U64)
        return found
    like = splat_register(_U64, np.uint64(0))
    whole = load_like(like, start + 8 * (taps - lanes), _U64)
    for c in range(0, taps - lanes, lanes):
        whole = whole | load_like(like, start + 8 * c, _U64)
    return _any(whole)


@kernel("counted", "summed", "what")
def rank_counts(counted, summed, what, job_at, workspace, target_at, skip_z, skip_y, skip_x):
    """Write the outputs of a block, except the skipped ones at its start along each axis.

    target_at: address of the first output of the block.
    """
    job = record(BLOCK_JOB, job_at)
    deep, sum_size, wide = size_of(counted), size_of(summed), job.table
    taps_z, taps_y = job.padded_z - job.block_z + 1, job.padded_y - job.block_y + 1
    row, plane, taps_x = job.padded_x, job.padded_x * job.padded_y, job.padded_x - job.block_x + 1
    start, before = workspace + (job.ranks if what == PLACES else job.keys), taps_x * wide
    tables = workspace + job.tables + before  # the tables before it stay empty
    words, window, found, belows = (
        workspace + job.words,
        workspace + job.window,
        workspace + job.found,
        workspace + job.below,
    )
    outputs, rank, step_x, flip = job.block_x, job.rank, job.target_x, job.flip
    size, values = job.size, workspace + job.values
    for i in range(skip_z, job.block_z):
        for at in range(tables - before, tables + row * wide, BYTES):
            store(at, counted, splat(counted, counted.type(0)))
        if what == PLACES:
            for at in range(words, words + wide // deep * row * 8, BYTES):
                store(at, _U64, splat(_U64, np.uint64(0)))
        for j in range(1 - taps_y, job.block_y):
            leaving, entering = (i * job.padded_y + j - 1) * row, (i * job.padded_y + j + taps_y - 1) * row
            if what == PLACES:
                for p in range(0, taps_z * plane, plane):
                    for c in range(row):
                        _flip(words, row, start, c, entering + p + c)
                        if j > 0:
                            _flip(words, row, start, c, leaving + p + c)
            for at in range(0, wide, BYTES):
                # From the bin of a sample on, the table of steps has ones; before it, zeros.
                steps = job.steps + wide + at
                whole, table = _nothing(counted, summed), tables + at
                for c in range(row):
                    counts = load(counted, table, counted)
                    for p in range(c, c + taps_z * plane, plane):
                        new = steps - deep * _bin(what, flip, start, entering + p)
                        counts = counts + load(counted, new, counted)
                        if j > 0:
                            old = steps - deep * _bin(what, flip, start, leaving + p)
                            counts = counts - load(counted, old, counted)
                    store(table, counted, counts)
                    whole = _exchange(whole, counts, load(counted, table - before, counted))
                    table += wide
                    k = c - taps_x + 1
                    if k < 0 or j < 0:
                        continue
                    many = count_lanes(whole <= rank)
                    if what == PLACES:
                        store(window, summed, whole)
                        below = load_one(_U32, belows + 4 * k, _U32) if at else np.uint32(0)
                        if many:
                            below = np.uint32(load_one(summed, window + (many - 1) * sum_size, summed))
                        store_one(belows + 4 * k, _U32, below)
                    if at:
                        many += np.int64(load_one(_U32, found + 4 * k, _U32))
                    store_one(found + 4 * k, _U32, np.uint32(many))
            if j < skip_y:
                continue
            to = target_at + i * job.target_z + j * job.target_y + skip_x * step_x
            for k in range(skip_x, outputs):
                many = np.int64(load_one(_U32, found + 4 * k, _U32))
                if what == PLACES:
                    below = np.int64(load_one(_U32, belows + 4 * k, _U32))
                    place = many * WORD + find_bit(_word(words + 8 * (many * row + k), taps_x), rank - below)
                    copy_sample(size, to, values + place * size)
                else:
                    store_one(to, _U8, np.uint8(many ^ flip))
                to += step_x
