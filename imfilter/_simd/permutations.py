"""Samples that are picked from a line: each lane of a vector reads any sample of a window, or of a word."""

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._simd.llvm import (
    after,
    constant,
    element,
    entry,
    integer_like,
    permuted,
    read,
    shuffle,
    to_real,
)
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

    Up to `WORD` samples, each lane has its own window; see `pick_from_words`. A window of `LANES` samples
    is a vector; see `picked`.
    """
    if source.kind not in "iuf" or source.itemsize > 4 or source == np.float16:
        return ()
    if source.itemsize == 4 and source.kind != "f":
        return ()
    if all(FEATURES.get(name) for name in _NEEDED[source.itemsize]):
        return (LANES, 64) if source.itemsize == 1 else (LANES, 32, 64)
    return (WORDS[source.itemsize],) if FEATURES.get("avx2") else ()  # which shifts each lane by a number


@intrinsic
def picked(typingctx, vector, places):
    """Return the lanes of a vector of `LANES` at places that are bytes. Needs AVX-512."""

    def codegen(context, builder, sig, args):
        lanes = 64 * 8 // vector.dtype.bitwidth
        parts = [shuffle(builder, args[0], None, range(i, i + lanes)) for i in range(0, LANES, lanes)]
        found = []
        for i in range(0, LANES, lanes):
            where = read(builder, after(builder, args[1], i, 1), ir.VectorType(ir.IntType(8), lanes))
            order = builder.zext(where, integer_like(parts[0].type))
            found.append(permuted(builder, order, *parts))
        return found[0] if len(found) == 1 else shuffle(builder, *found, range(LANES))

    return vector(vector, types.int64), codegen


@intrinsic(prefer_literal=True)
def pick(typingctx, real, source, window, start, places):
    """Return the samples at 32 places, which are bytes, of a window, as `real`. All of the window is read.

    32 integers are picked at once: 16 of each would take as long.
    """

    def codegen(context, builder, sig, args):
        item, size = element(source.dtype), source.dtype.bitwidth // 8
        lanes = 64 // size
        kind = ir.VectorType(item, lanes)
        starts = range(0, window.literal_value, lanes)
        parts = [read(builder, after(builder, args[3], i, size), kind) for i in starts]
        step, picked = min(lanes, 2 * LANES), []
        for i in range(0, 2 * LANES, step):
            where = read(builder, after(builder, args[4], i, 1), ir.VectorType(ir.IntType(8), step))
            wide = ir.VectorType(ir.IntType(8 * size), step)
            where = builder.zext(where, wide) if size > 1 else where
            order = shuffle(builder, where, None, [k % step for k in range(lanes)]) if lanes > step else where
            found = permuted(builder, order, *parts[:2])
            if len(parts) == 4:
                beyond = builder.icmp_unsigned(">=", where, constant(wide, 2 * lanes))
                found = builder.select(beyond, permuted(builder, order, *parts[2:]), found)
            picked.append(shuffle(builder, found, None, range(step)) if lanes > step else found)
        found = shuffle(builder, *picked, range(2 * LANES)) if len(picked) > 1 else picked[0]
        return to_real(builder, found, source.dtype, ir.VectorType(element(real.dtype), 2 * LANES))

    return Vector(real.dtype, 2 * LANES)(real, source, window, types.int64, types.int64), codegen


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
