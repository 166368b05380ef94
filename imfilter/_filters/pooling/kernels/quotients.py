"""The division of sums of windows: their means, as rounded and saturated samples."""

import numpy as np

from imfilter._simd.jit import kernel, part
from imfilter._simd.registers import BYTES, REGISTERS
from imfilter._simd.vector import load, load_like, load_one, size_of, splat, splat_register, store, store_one


@kernel("real", "kind", "target", "inverse")
def divide(real, kind, target, inverse, sums, below, divisors, factor: float, count, to, spare):
    """Write the means of `count` sums, of a `kind`, as `target`: rounded, saturated.

    A sum is divided by its entry of the line of `divisors` times `factor`. If both types hold the integers,
    the quotient is rounded like the exact one. With `inverse`, the sum is multiplied, which is as
    exact for powers of two. `below` is for `divide_wide`. An incomplete register is written to `spare`.
    """
    size, wide, width = size_of(real), size_of(kind), size_of(target)
    lanes, narrow_lanes = BYTES // size, BYTES // size // REGISTERS
    number = real.type(factor)
    x = 0
    while x < count and lanes <= count:
        shift = min(x, count - lanes)
        total = load(real, sums + shift * wide, kind)
        by = load(real, divisors + shift * size, real) * splat(real, number)
        store(to + shift * width, target, total * by if inverse else total / by)
        x += lanes
    like = splat_register(real, number)
    while x < count:
        shift = min(x, max(count - narrow_lanes, 0))
        total_few = load_like(like, sums + shift * wide, kind)
        by_few = load_like(like, divisors + shift * size, real) * like
        found = total_few * by_few if inverse else total_few / by_few
        store(to + shift * width if narrow_lanes <= count else spare, target, found)
        x += narrow_lanes
    if count < narrow_lanes:
        for i in range(count):
            store_one(to + i * width, target, load_one(target, spare + i * width, target))


_I64, _U64 = np.dtype(np.int64), np.dtype(np.uint64)


@part
def _quotient_wide(high, low, divisor):
    """Return the floor of the quotient of a sum in halves, in 64 bits, and the remainder."""
    quotient = high // divisor
    remainder = (np.uint64(high - quotient * divisor) << np.uint64(32)) + low
    lower = remainder // np.uint64(divisor)
    return (np.uint64(quotient) << np.uint64(32)) + lower, remainder - lower * np.uint64(divisor)


@kernel("real", "kind", "target", "inverse")
def divide_wide(real, kind, target, inverse, sums, below, divisors, factor: float, count, to, spare):
    """Write the means of `count` sums of integers, rounded half to even, as integers of 64 bits.

    `sums` are the sums of the high halves, `below` those of the low halves. The other arguments are those of
    `divide`, with integer divisors.
    """
    one = np.uint64(1)
    for i in range(count):
        high, low = load_one(_I64, sums + 8 * i, _I64), load_one(_U64, below + 8 * i, _U64)
        divisor = load_one(_I64, divisors + 8 * i, _I64) * np.int64(factor)
        if divisor == 0:
            store_one(to + 8 * i, _I64, np.int64(0))
            continue
        quotient, remainder = _quotient_wide(high, low, divisor)
        by = np.uint64(divisor)
        if remainder > by - remainder or (remainder == by - remainder and quotient & one):
            quotient += one
        store_one(to + 8 * i, _U64, quotient)


#: Limits below which floats are rounded only once: high halves of sums, low halves, divisors.
_FEW_HIGH, _FEW_LOW, _FEW = 1 << 19, np.uint64(1 << 51), 1 << 24
#: Integers below this limit are shifted by 8 bits, so that they have the 55 bits that the rounding needs.
_EXTENSIBLE = np.uint64(1 << 54)


@kernel("real", "kind", "target", "inverse")
def divide_to_real(real, kind, target, inverse, sums, below, divisors, factor: float, count, to, spare):
    """Write the means of `count` sums of integers as floats: the exact quotients, rounded half to even.

    The arguments are those of `divide_wide`. The magnitude becomes an integer of at least 55 bits. If the
    quotient has more bits, the last bit is set. So the conversion rounds like the exact quotient.
    """
    width, zero, one, byte = size_of(target), np.uint64(0), np.uint64(1), np.uint64(8)
    for i in range(count):
        high, low = load_one(_I64, sums + 8 * i, _I64), load_one(_U64, below + 8 * i, _U64)
        divisor = load_one(_I64, divisors + 8 * i, _I64) * np.int64(factor)
        if divisor == 0:
            store_one(to + i * width, target, target.type(np.nan))
            continue
        if -_FEW_HIGH <= high < _FEW_HIGH and low < _FEW_LOW and divisor < _FEW:  # float64 holds the sum
            total = (high << 32) + np.int64(low)
            store_one(to + i * width, target, target.type(float(total) / float(divisor)))
            continue
        quotient, remainder = _quotient_wide(high, low, divisor)
        by, scale = np.uint64(divisor), 1.0
        negative = high < 0 and np.int64(quotient) < 0  # a sum of at least 0 may have negative high halves
        if negative:
            quotient = zero - quotient
            if remainder:
                quotient, remainder = quotient - one, by - remainder
        if remainder:
            while quotient < _EXTENSIBLE:
                remainder = remainder << byte
                digits = remainder // by
                quotient, remainder = (quotient << byte) + digits, remainder - digits * by
                scale /= 256.0
            if remainder:
                quotient |= one
        value = target.type(quotient) * target.type(scale)
        store_one(to + i * width, target, -value if negative else value)
