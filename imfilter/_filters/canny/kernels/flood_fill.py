"""Flood fill: marks spread from marked samples to their weak neighbours, step by step."""

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._simd.jit import Driver, part
from imfilter._simd.vector import load_one, peek, poke, store_one

_U8, _U32, _U64 = np.dtype(np.uint8), np.dtype(np.uint32), np.dtype(np.uint64)

#: Values of samples (0 is neither): weak, which may be marked, and strong, which is marked. Strong eight
#: times.
WEAK, STRONG = 1, 2
_EIGHT_STRONG = np.uint64(0x0202020202020202)


@intrinsic
def _lowest_bit(typingctx, word):
    """Return the position of the lowest set bit. At least one bit must be set."""

    def codegen(context, builder, sig, args):
        return builder.zext(builder.cttz(args[0], ir.IntType(1)(1)), ir.IntType(64))

    return types.int64(word), codegen


@part
def _spread(samples, i, low, high, rows, n_rows, stack, count):
    """Mark the weak neighbours of sample `i` from `low` to `high`, and push them on the stack of `count`.

    Return the new number of samples on the stack.
    """
    for n in range(n_rows):
        # Three adjacent neighbours, one byte each.
        first = i + peek(rows + 16 * n)
        if low <= first + 1 < high:
            found = load_one(_U32, samples + first, _U32) & np.uint32(peek(rows + 16 * n + 8))
            while found:
                j = first + (_lowest_bit(found) >> 3)
                store_one(samples + j, _U8, np.uint8(STRONG))
                poke(stack + 8 * count, j)
                count += 1
                found = np.uint32(found & (found - np.uint32(1)))
    return count


@Driver
def flood(samples, start, stop, low, high, rows, n_rows, stack):
    """Mark samples from `low` to `high` that weak ones connect to marked ones from `start` to `stop`.

    samples: address of bytes, which are read in words of 8. All neighbours of samples that are not 0 lie in
    this memory. rows: address of a table with the offset of each row of adjacent neighbours, and the mask of
    the bits of weak neighbours. stack: address of as many words as there are weak samples. Each sample is
    pushed once.
    """
    for word in range(start, stop, 8):
        strong = load_one(_U64, samples + word, _U64) & _EIGHT_STRONG
        while strong:
            i = word + (_lowest_bit(strong) >> 3)
            strong &= strong - np.uint64(1)
            count = _spread(samples, i, low, high, rows, n_rows, stack, 0)
            while count:
                count -= 1
                count = _spread(samples, peek(stack + 8 * count), low, high, rows, n_rows, stack, count)
