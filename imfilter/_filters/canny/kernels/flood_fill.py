"""Flood fill: strong samples make their weak neighbours strong, step by step."""

import numpy as np

from imfilter._simd.jit import Driver, part
from imfilter._simd.vector import load_one, peek, poke, store_one
from imfilter._simd.words import lowest_bit

_U8, _U32, _U64 = np.dtype(np.uint8), np.dtype(np.uint32), np.dtype(np.uint64)

#: Values of samples: a weak sample may become strong, and 0 is neither. Below: eight strong samples.
WEAK, STRONG = 1, 2
_EIGHT_STRONG = np.uint64(0x0202020202020202)


@part
def _spread(samples, i, low, high, rows, n_rows, stack, count):
    """Make the weak neighbours of sample `i` from `low` to `high` strong, and push them on the stack.

    The stack has `count` samples. Return the new number.
    """
    for n in range(n_rows):
        # Three adjacent neighbours, one byte each.
        first = i + peek(rows + 16 * n)
        if low <= first + 1 < high:
            weak = load_one(_U32, samples + first, _U32) & np.uint32(peek(rows + 16 * n + 8))
            while weak:
                j = first + (lowest_bit(weak) >> 3)
                store_one(samples + j, _U8, np.uint8(STRONG))
                poke(stack + 8 * count, j)
                count += 1
                weak = np.uint32(weak & (weak - np.uint32(1)))
    return count


@Driver
def flood(samples, start, stop, low, high, rows, n_rows, stack):
    """Make weak samples from `low` to `high` strong if they are connected to strong samples.

    The flood starts at the strong samples from `start` to `stop`. samples: address of bytes, which are read
    in words of 8. All neighbours of samples that are not 0 are in this memory. rows: address of a table with
    the offset of each row of adjacent neighbours, and the mask of the bits of weak neighbours. stack: address
    of memory with a word for each weak sample. Each sample is pushed once.
    """
    for word in range(start, stop, 8):
        strong = load_one(_U64, samples + word, _U64) & _EIGHT_STRONG
        while strong:
            i = word + (lowest_bit(strong) >> 3)
            strong &= strong - np.uint64(1)
            count = _spread(samples, i, low, high, rows, n_rows, stack, 0)
            while count:
                count -= 1
                count = _spread(samples, peek(stack + 8 * count), low, high, rows, n_rows, stack, count)
