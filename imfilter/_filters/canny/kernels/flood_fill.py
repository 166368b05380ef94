"""Flooding: what is marked spreads to neighbours that may be, from one to the next."""

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._simd.jit import Driver, part
from imfilter._simd.vector import load_one, peek, poke, store_one

_U8, _U32, _U64 = np.dtype(np.uint8), np.dtype(np.uint32), np.dtype(np.uint64)

#: What a sample is: nothing, one that may be marked, or marked; the same eight times.
WEAK, STRONG = 1, 2
_EIGHT_STRONG = np.uint64(0x0202020202020202)


@intrinsic
def _lowest_bit(typingctx, word):
    """Return the place of the lowest bit that is set, of one at least."""

    def codegen(context, builder, sig, args):
        return builder.zext(builder.cttz(args[0], ir.IntType(1)(1)), ir.IntType(64))

    return types.int64(word), codegen


@part
def _spread(samples, i, low, high, rows, n_rows, stack, count):
    """Mark the neighbours of sample `i` that may be, from `low` to `high`; put them on the stack of `count`.

    Return how many are there then.
    """
    for n in range(n_rows):
        # Three neighbours side by side, one byte each.
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
    """Mark what is connected to marked samples from `start` to `stop` by samples from `low` to `high`.

    samples: address of bytes, of which words of 8 are read; all that are not 0 have their neighbours among
    them. rows: address of where neighbours begin that lie side by side, and of the bits of those that count
    and may be marked. stack: address of as many words as there are samples that may be: each is put there
    once.
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
