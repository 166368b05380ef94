"""Sums of a histogram whose counts have 32 bits, before each block of bins.

They are exact integers. A sum before each bin of 50,000 takes 12 us, and a sum before each block 4 (Zen 5).
"""

import numpy as np

from imfilter._simd.jit import inlined
from imfilter._simd.lanewise import lower, upper
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import load, load_one, size_of, splat, store, store_one

_U64 = np.dtype(np.uint64)
#: Bins of a block, a power of two.
BITS = 7
BLOCK = 1 << BITS
#: Bins from which on there are blocks.
MANY = 8 * BLOCK
#: Numbers of 64 bits in a vector.
_LANES = BYTES // 8


@inlined
def _total(vector, stage):
    """Return the sum of the lanes of a vector. stage: address of a quarter of a vector."""
    half = lower(vector) + upper(vector)
    quarter = lower(half) + upper(half)
    store(stage, _U64, quarter)
    total = np.uint64(0)
    for i in range(0, BYTES // 4, 8):
        total = np.uint64(total + load_one(_U64, stage + i, _U64))
    return total


@inlined
def sum_blocks(place, number, squares, places, counts, bins, sums, line):
    """Write the sums of counts and of products before each block of bins, and last those of all bins.

    A product is that of a count and its place, or with itself. sums: address of two lines, and of a quarter
    of a vector behind them. line: size of a line in bytes.
    """
    below, low, stage = np.uint64(0), np.uint64(0), sums + 2 * line
    whole = bins // BLOCK * BLOCK
    for first in range(0, whole, BLOCK):
        at = sums + first // BLOCK * 8
        store_one(at, _U64, below)
        store_one(at + line, _U64, low)
        numbers, products = splat(_U64, np.uint64(0)), splat(_U64, np.uint64(0))
        for i in range(first, first + BLOCK, _LANES):
            count = load(_U64, counts + size_of(number) * i, number)
            other = count if squares else load(_U64, places + size_of(place) * i, place)
            numbers, products = numbers + count, products + count * other
        below = np.uint64(below + _total(numbers, stage))
        low = np.uint64(low + _total(products, stage))
    at = sums + whole // BLOCK * 8
    store_one(at, _U64, below)
    store_one(at + line, _U64, low)
    if whole < bins:
        for i in range(whole, bins):
            only = load_one(_U64, counts + size_of(number) * i, number)
            also = only if squares else load_one(_U64, places + size_of(place) * i, place)
            below, low = np.uint64(below + only), np.uint64(low + only * also)
        store_one(at + 8, _U64, below)
        store_one(at + line + 8, _U64, low)
    return below, low
