"""Flooding: what is marked spreads to neighbours that may be, from one to the next."""

import numpy as np

from imfilter._core.jit import Driver, part
from imfilter._kernels.simd import load_one, peek, poke, store_one

_U8, _U64 = np.dtype(np.uint8), np.dtype(np.uint64)

#: What a sample is: nothing, one that may be marked, or marked; the same eight times.
WEAK, STRONG = 1, 2
_EIGHT_STRONG = np.uint64(0x0202020202020202)


@part
def _spread(samples, i, offsets, n_offsets, stack, high):
    """Mark the neighbours of sample `i` that may be, and put them on the stack; return its new height."""
    for n in range(n_offsets):
        j = i + peek(offsets + 8 * n)
        if load_one(_U8, samples + j, _U8) == WEAK:
            store_one(samples + j, _U8, np.uint8(STRONG))
            poke(stack + 8 * high, j)
            high += 1
    return high


@Driver
def flood(samples, count, offsets, n_offsets, stack):
    """Mark what is connected to a marked sample by samples that may be.

    samples: address of `count` bytes, a multiple of 8; all have their neighbours, at `offsets`, among them.
    stack: address of as many words as there are samples that may be marked: each is put there once.
    """
    for word in range(0, count, 8):
        if not load_one(_U64, samples + word, _U64) & _EIGHT_STRONG:
            continue
        for i in range(word, word + 8):
            if load_one(_U8, samples + i, _U8) == STRONG:
                high = _spread(samples, i, offsets, n_offsets, stack, 0)
                while high:
                    high -= 1
                    high = _spread(samples, peek(stack + 8 * high), offsets, n_offsets, stack, high)
