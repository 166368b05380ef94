"""Samples that are picked from a line: each lane of a vector reads any sample of a window, or of a word."""

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._simd.llvm import after, constant, element, entry, permuted, read, shuffle, to_real
from imfilter._simd.registers import FEATURES
from imfilter._simd.vector import Vector

#: Samples that are picked at once.
LANES = 16
#: Samples of a word, the window of one lane, by their size, and the most. Windows of all lanes are longer.
WORDS = {1: 4, 2: 2, 4: 2}
WORD = max(WORDS.values())
#: The instruction sets that types of samples need.
_NEEDED = {1: ("avx512bw", "avx512vbmi"), 2: ("avx512bw",), 4: ("avx512f",)}


def windows(source: np.dtype) -> tuple[int, ...]:
    """Return the lengths of windows from which this processor can pick samples of a type, in order.

    Up to `WORD` samples, each lane has its own window; see `pick_from_words`.
    """
    if source.kind not in "iuf" or source.itemsize > 4 or source == np.float16:
        return ()
    if source.itemsize == 4 and source.kind != "f":
        return ()
    if all(FEATURES.get(name) for name in _NEEDED[source.itemsize]):
        return (32, 64) if source.itemsize == 4 else (64,)
    return (WORDS[source.itemsize],) if FEATURES.get("avx2") else ()  # which shifts each lane by a number


@intrinsic(prefer_literal=True)
def pick(typingctx, real, source, window, start, places):
    """Return the samples at 16 places, which are bytes, of a window, as `real`. All of the window is read."""

    def codegen(context, builder, sig, args):
        item, size = element(source.dtype), source.dtype.bitwidth // 8
        lanes = 64 // size
        kind = ir.VectorType(item, lanes)
        starts = range(0, window.literal_value, lanes)
        parts = [read(builder, after(builder, args[3], i, size), kind) for i in starts]
        where = read(builder, args[4], ir.VectorType(ir.IntType(8), LANES))
        wide = ir.VectorType(ir.IntType(8 * size), LANES)
        where = builder.zext(where, wide) if size > 1 else where
        order = shuffle(builder, where, None, [i % LANES for i in range(lanes)]) if lanes > LANES else where
        found = permuted(builder, order, *parts[:2])
        if len(parts) == 4:
            beyond = builder.icmp_unsigned(">=", where, constant(wide, 2 * lanes))
            found = builder.select(beyond, permuted(builder, order, *parts[2:]), found)
        found = shuffle(builder, found, None, range(LANES)) if lanes > LANES else found
        return to_real(builder, found, source.dtype, ir.VectorType(element(real.dtype), LANES))

    return Vector(real.dtype, LANES)(real, source, window, types.int64, types.int64), codegen


@intrinsic
def pick_from_words(typingctx, real, source, line, windows, places):
    """Return 16 samples as `real`. The window of each is a word on a line, and its place there a byte.

    `windows` is the address of the numbers of the first samples of the words.
    """

    def codegen(context, builder, sig, args):
        line, windows, places = args[2:]
        size = source.dtype.bitwidth // 8
        item = ir.IntType(8 * size * WORDS[size])
        words = ir.Constant(ir.VectorType(item, LANES), ir.Undefined)
        for i in range(LANES):
            at = after(builder, line, entry(builder, windows, i), size)
            words = builder.insert_element(words, read(builder, at, item), ir.IntType(32)(i))
        shifts = read(builder, places, ir.VectorType(ir.IntType(8), LANES))
        shifts = builder.mul(builder.zext(shifts, words.type), constant(words.type, 8 * size))
        found = builder.trunc(builder.lshr(words, shifts), ir.VectorType(ir.IntType(8 * size), LANES))
        found = builder.bitcast(found, ir.VectorType(element(source.dtype), LANES))
        return to_real(builder, found, source.dtype, ir.VectorType(element(real.dtype), LANES))

    return Vector(real.dtype, LANES)(real, source, *(types.int64,) * 3), codegen


@intrinsic
def load_picked(typingctx, real, address):
    """Load a vector of as many `real` as are picked at once."""

    def codegen(context, builder, sig, args):
        return read(builder, args[1], ir.VectorType(element(real.dtype), LANES))

    return Vector(real.dtype, LANES)(real, types.int64), codegen
