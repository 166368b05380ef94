"""Pooling of lines: first the rows of a window are reduced to one line, then the samples along it.

Maxima and minima are computed in the samples' own type. They propagate NaN, and -0.0 sorts before 0.0. Sums
are computed in sufficiently wide floats. The widest integers have separate sums of high and low halves.
"""

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._simd.jit import inlined, kernel, part
from imfilter._simd.lanewise import dtype_of, maximum, minimum
from imfilter._simd.llvm import after, constant, element, read, shuffle
from imfilter._simd.vector import (
    BYTES,
    REGISTERS,
    Vector,
    load,
    load_like,
    load_one,
    register_lanes,
    size_of,
    splat,
    splat_register,
    store,
    store_one,
)
from imfilter._simd.vector import peek as entry

#: Reductions: the maximum, the minimum, the sum, or the sum of the high or low halves.
LARGEST, SMALLEST, SUM, HIGH, LOW = range(5)

#: Largest stride, and largest number of channels of a pixel, for which shuffles pick the samples.
MOST_STRIDE, MOST_CHANNELS = 8, 4


@intrinsic
def _total(typingctx, a, b):
    """Return the sum of two samples in their own type. The operator would widen scalar integers."""

    def codegen(context, builder, sig, args):
        real = isinstance(dtype_of(sig.return_type), types.Float)
        return builder.fadd(*args) if real else builder.add(*args)

    return a(a, b), codegen


@inlined
def _meet(what, a, b):
    """Return the larger or the smaller of two samples, or their sum, lane by lane."""
    if what == LARGEST:
        return maximum(a, b)
    if what == SMALLEST:
        return minimum(a, b)
    return _total(a, b)


@intrinsic(prefer_literal=True)
def _part(typingctx, what, source, value):
    """Return the part of the samples of a source type that is reduced: all, or half of their bits."""
    half = what.literal_value

    def codegen(context, builder, sig, args):
        value = args[2]
        if half not in (HIGH, LOW):
            return value
        if half == LOW:
            return builder.and_(value, constant(value.type, 2**32 - 1))
        shift = builder.ashr if source.dtype.signed else builder.lshr
        return shift(value, constant(value.type, 32))

    return value(what, source, value), codegen


@intrinsic(prefer_literal=True)
def _nothing(typingctx, what, real):
    """Return the neutral element of the maximum, the minimum or the sum."""
    what_for, dtype = what.literal_value, real.dtype

    def codegen(context, builder, sig, args):
        floating = isinstance(dtype, types.Float)
        if what_for == LARGEST:
            value = float("-inf") if floating else dtype.minval
        elif what_for == SMALLEST:
            value = float("inf") if floating else dtype.maxval
        else:
            value = 0.0 if floating else 0
        return ir.Constant(element(dtype), value)

    return real.dtype(what, real), codegen


@kernel("real", "source", "what")
def join_rows(real, source, what, at, rows, fresh, before, count, after, line):
    """Reduce `rows` lines of `count` samples, whose addresses are in the table `at`, to one line of `real`.

    Unless `fresh`, the previous content of the line is included. `before` and `after` samples beside it are
    set to the neutral element.
    """
    size, width = size_of(real), size_of(source)
    lanes, few = BYTES // size, BYTES // size // REGISTERS
    none = _nothing(what, real)
    for i in range(before):
        store_one(line + i * size, real, none)
    line += before * size
    for i in range(count, count + after):
        store_one(line + i * size, real, none)
    skipped = 0
    if fresh and rows == 0:
        for i in range(count):
            store_one(line + i * size, real, none)
        return
    if fresh:
        skipped = 1
    # In a fresh line the last vector overlaps the previous one. Otherwise samples would count twice.
    x = 0
    while x + lanes <= count or (fresh and lanes <= count and x < count):
        shift = min(x, count - lanes)
        if fresh:
            found = _part(what, source, load(real, entry(at) + shift * width, source))
        else:
            found = load(real, line + shift * size, real)
        for r in range(skipped, rows):
            values = _part(what, source, load(real, entry(at + 8 * r) + shift * width, source))
            found = _meet(what, found, values)
        store(line + shift * size, real, found)
        x += lanes
    like = splat_register(real, none)
    while x + few <= count or (fresh and few <= count and x < count):
        shift = min(x, count - few)
        if fresh:
            found_few = _part(what, source, load_like(like, entry(at) + shift * width, source))
        else:
            found_few = load_like(like, line + shift * size, real)
        for r in range(skipped, rows):
            values_few = _part(what, source, load_like(like, entry(at + 8 * r) + shift * width, source))
            found_few = _meet(what, found_few, values_few)
        store(line + shift * size, real, found_few)
        x += few
    for i in range(x, count):
        if fresh:
            one = _part(what, source, load_one(real, entry(at) + i * width, source))
        else:
            one = load_one(real, line + i * size, real)
        for r in range(skipped, rows):
            value = _part(what, source, load_one(real, entry(at + 8 * r) + i * width, source))
            one = _meet(what, one, value)
        store_one(line + i * size, real, one)


@kernel("real", "what")
def join_neighbours(real, what, line, taps, step, count, to):
    """Reduce `taps` samples of a line, `step` bytes apart, for each of `count` outputs at a stride of one."""
    size = size_of(real)
    lanes, few = BYTES // size, BYTES // size // REGISTERS
    x = 0
    while x < count and lanes <= count:
        shift = min(x, count - lanes) * size
        found = load(real, line + shift, real)
        for t in range(1, taps):
            found = _meet(what, found, load(real, line + shift + t * step, real))
        store(to + shift, real, found)
        x += lanes
    like = splat_register(real, _nothing(what, real))
    while x < count and few <= count:
        shift = min(x, count - few) * size
        found_few = load_like(like, line + shift, real)
        for t in range(1, taps):
            found_few = _meet(what, found_few, load_like(like, line + shift + t * step, real))
        store(to + shift, real, found_few)
        x += few
    for i in range(x, count):
        one = load_one(real, line + i * size, real)
        for t in range(1, taps):
            one = _meet(what, one, load_one(real, line + i * size + t * step, real))
        store_one(to + i * size, real, one)


@intrinsic(prefer_literal=True)
def _pick(typingctx, real, stride, channels, address):
    """Load a register of pixels of `channels` samples. The pixels are `stride` pixels apart in memory."""
    lanes = register_lanes(real.dtype)
    many, skip = channels.literal_value, stride.literal_value
    pixels = lanes // many
    wanted = [i // many * skip * many + i % many for i in range(pixels * many)]

    def codegen(context, builder, sig, args):
        kind, size = ir.VectorType(element(real.dtype), lanes), real.dtype.bitwidth // 8
        starts = (after(builder, args[3], i * lanes, size) for i in range(wanted[-1] // lanes + 1))
        registers = [read(builder, start, kind) for start in starts]
        # Shuffle two registers at a time: LLVM splits wider shuffles into single samples.
        found = registers[0]
        for number in range(1, max(len(registers), 2)):
            order = list(range(lanes))  # keeps the lanes that are set, or not yet needed
            for i, w in enumerate(wanted):
                if w // lanes == number or (number == 1 and w < lanes):
                    order[i] = w if w < lanes else w % lanes + lanes
            found = shuffle(builder, found, registers[min(number, len(registers) - 1)], order)
        return found

    return Vector(real.dtype, lanes)(real, stride, channels, address), codegen


@kernel("real", "what", "stride", "channels")
def join_picked(real, what, stride, channels, line, taps, step, count, to):
    """Reduce `taps` pixels of a line, `step` bytes apart, for each of `count` outputs at a small stride.

    Whole registers are written: outputs shorter than one, or of channels that do not fill one, need room.
    """
    size = size_of(real)
    pixels = BYTES // size // REGISTERS // channels
    x = 0
    while x < count:
        first = min(x, max(count - pixels, 0))
        start = line + first * stride * channels * size
        found = _pick(real, stride, channels, start)
        for t in range(1, taps):
            found = _meet(what, found, _pick(real, stride, channels, start + t * step))
        store(to + first * channels * size, real, found)
        x += pixels


@kernel("real", "what")
def join_apart(real, what, line, taps, step, stride, channels, count, to):
    """Reduce `taps` pixels, `step` bytes apart, for each of `count` outputs, `stride` bytes apart."""
    size = size_of(real)
    few = BYTES // size // REGISTERS
    like = splat_register(real, _nothing(what, real))
    for i in range(count):
        start = line + i * stride
        c = 0
        while c < channels and few <= channels:
            shift = min(c, channels - few) * size
            found = load_like(like, start + shift, real)
            for t in range(1, taps):
                found = _meet(what, found, load_like(like, start + shift + t * step, real))
            store(to + shift, real, found)
            c += few
        for k in range(c, channels):
            one = load_one(real, start + k * size, real)
            for t in range(1, taps):
                one = _meet(what, one, load_one(real, start + k * size + t * step, real))
            store_one(to + k * size, real, one)
        to += channels * size


@kernel("real", "what")
def fold(real, what, line, pixels, channels, to):
    """Reduce all `pixels` of a line to one: repeatedly its second half into its first, in place."""
    size = size_of(real)
    few = BYTES // size // REGISTERS
    like = splat_register(real, _nothing(what, real))
    while pixels > 1:
        half = (pixels + 1) // 2
        count, other = (pixels - half) * channels, line + half * channels * size
        x = 0
        while x + few <= count:
            found = _meet(
                what, load_like(like, line + x * size, real), load_like(like, other + x * size, real)
            )
            store(line + x * size, real, found)
            x += few
        for i in range(x, count):
            one = _meet(what, load_one(real, line + i * size, real), load_one(real, other + i * size, real))
            store_one(line + i * size, real, one)
        pixels = half
    for c in range(channels):
        store_one(to + c * size, real, load_one(real, line + c * size, real))


@kernel("real", "kind", "target", "inverse")
def divide(real, kind, target, inverse, sums, below, divisors, factor: float, count, to, spare):
    """Write the means of `count` sums, of a `kind`, as `target`: rounded, saturated.

    A sum is divided by its entry of the line of `divisors` times `factor`. If both types hold the integers,
    the quotient is rounded like the exact one. With `inverse` the sum is multiplied, which is as exact for
    powers of two. `below` is for `divide_wide`. Less than a register goes through `spare`.
    """
    size, wide, width = size_of(real), size_of(kind), size_of(target)
    lanes, few = BYTES // size, BYTES // size // REGISTERS
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
        shift = min(x, max(count - few, 0))
        total_few = load_like(like, sums + shift * wide, kind)
        by_few = load_like(like, divisors + shift * size, real) * like
        found = total_few * by_few if inverse else total_few / by_few
        store(to + shift * width if few <= count else spare, target, found)
        x += few
    if count < few:
        for i in range(count):
            store_one(to + i * width, target, load_one(target, spare + i * width, target))


_I64, _U64 = np.dtype(np.int64), np.dtype(np.uint64)


@part
def _quotient_wide(high, low, divisor):
    """Return the floor of the quotient of a sum in halves, in 64 bits, and the remainder."""
    quotient = high // divisor
    rest = (np.uint64(high - quotient * divisor) << np.uint64(32)) + low
    lower = rest // np.uint64(divisor)
    return (np.uint64(quotient) << np.uint64(32)) + lower, rest - lower * np.uint64(divisor)


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
        found, rest = _quotient_wide(high, low, divisor)
        by = np.uint64(divisor)
        if rest > by - rest or (rest == by - rest and found & one):
            found += one
        store_one(to + 8 * i, _U64, found)


#: Limits below which floats are rounded only once: high halves of sums, low halves, divisors.
_FEW_HIGH, _FEW_LOW, _FEW = 1 << 19, np.uint64(1 << 51), 1 << 24
#: An integer below this has room for eight more bits after the 53 of a float64 and the rounding bit.
_ROOM = np.uint64(1 << 54)


@kernel("real", "kind", "target", "inverse")
def divide_to_real(real, kind, target, inverse, sums, below, divisors, factor: float, count, to, spare):
    """Write the means of `count` sums of integers as floats: the exact quotients, rounded half to even.

    The arguments are those of `divide_wide`. The magnitude becomes an integer of at least 55 bits. If the
    quotient has more bits, the last bit is set. So the conversion rounds like that of the exact quotient.
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
        found, rest = _quotient_wide(high, low, divisor)
        by, scale = np.uint64(divisor), 1.0
        negative = high < 0 and np.int64(found) < 0  # a sum of at least 0 may have negative high halves
        if negative:
            found = zero - found
            if rest:
                found, rest = found - one, by - rest
        if rest:
            while found < _ROOM:
                rest = rest << byte
                digits = rest // by
                found, rest = (found << byte) + digits, rest - digits * by
                scale /= 256.0
            if rest:
                found |= one
        value = target.type(found) * target.type(scale)
        store_one(to + i * width, target, -value if negative else value)
