"""Sums over boxes. Their cost does not depend on the size of the box.

Down the rows, a line of totals adds the row that enters the box and subtracts the row that leaves it. Along
the line, the sum over a box is the difference of two prefix sums. Totals are integers or float64. Integers
may wrap around, and the difference is still exact. NaN and infinity would never leave a float64 total, so
they are reported instead.
"""

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._filters.linear.kernels.magnitudes import (
    any_below,
    any_beyond,
    further,
    largest_of,
    nearer,
)
from imfilter._filters.linear.kernels.quotient import quotient
from imfilter._simd.jit import inlined, kernel, nested
from imfilter._simd.lanewise import full_like
from imfilter._simd.lines import source_index
from imfilter._simd.llvm import (
    WORD,
    after,
    constant,
    element,
    from_real,
    multiply_add,
    read,
    shuffle,
    spread,
    spread_real,
    to_real,
    write,
)
from imfilter._simd.prefetch import DISTANCE, prefetch
from imfilter._simd.registers import BYTES, LINE, REGISTERS
from imfilter._simd.vector import (
    load_like,
    load_one,
    move_one,
    peek,
    register_lanes,
    size_of,
    splat,
    splat_register,
    store,
    store_one,
)

#: Registers whose prefix sums are computed together: the carry passes through all of them in one addition.
_UNROLLED = 4
_F64 = np.dtype(np.float64)


@nested
def _down(sums, source, start, lanes, totals, rows, gained, lost, fresh, count, far, sizes):
    """Do what `box_down` does, in vectors of so many lanes, like `start`."""
    size, width = size_of(sums), size_of(source)
    kept, most = start, full_like(start, source, 0.0)
    if sizes:
        most = full_like(start, source, load_one(_F64, sizes, _F64))
    if not fresh:  # the last vector overlaps the one before, and must not be added twice
        kept = start + load_like(start, totals + (count - lanes) * size, sums)
    for first in range(0, count, lanes):
        x = min(first, count - lanes)
        total = start
        if x < first:
            total = kept
        elif not fresh:
            total = start + load_like(start, totals + x * size, sums)
        for r in range(gained + lost):
            row = peek(rows + 8 * r)
            if row >= 0:
                samples = load_like(start, row + x * width, source)
                if far:
                    for i in range(0, lanes * width, LINE):
                        prefetch(row + x * width + far + i, 0)
                if r < gained:
                    most = further(most, load_like(most, row + x * width, source))
                total = total + samples if r < gained else total - samples
        store(totals + x * size, sums, total)
    if sizes and any_beyond(most, load_one(_F64, sizes, _F64)):
        store_one(sizes, _F64, largest_of(most))


@kernel("sums", "source")
def box_down(sums, source, totals, rows, gained, lost, fresh, constant: float, count, far, sizes):
    """Add `gained` rows to the `totals` and subtract `lost` rows. If `fresh`, there are no totals yet.

    rows: address of the addresses of the rows, gained rows first. An address of -1 is a row of the border
    constant, which adds `constant`. Each row has `count` elements. If `far` is not 0, the data `far` bytes on
    is prefetched, because it is needed next. sizes: address of the largest magnitude of float samples gained
    so far, or 0.
    """
    lanes, size = BYTES // size_of(sums), size_of(sums)
    start = sums.type(constant)
    few = lanes // REGISTERS
    if count >= lanes:
        begin = splat(sums, start)
        _down(sums, source, begin, lanes, totals, rows, gained, lost, fresh, count, far, sizes)
        return
    if count >= few:
        begin_few = splat_register(sums, start)
        _down(sums, source, begin_few, few, totals, rows, gained, lost, fresh, count, far, sizes)
        return
    for i in range(count):
        one = start
        if not fresh:
            one = sums.type(one + load_one(sums, totals + i * size, sums))
        for r in range(gained + lost):
            row = peek(rows + 8 * r)
            if row >= 0:
                sample = load_one(sums, row + i * size_of(source), source)
                if sizes and r < gained:
                    store_one(sizes, _F64, max(load_one(_F64, sizes, _F64), abs(float(sample))))
                one = sums.type(one + sample) if r < gained else sums.type(one - sample)
        store_one(totals + i * size, sums, one)


@kernel("sums", "source")
def box_border(
    sums,
    source,
    line,
    border,
    before,
    samples,
    first,
    count,
    inner,
    outer,
    channels,
    row,
    step_x,
    constant: float,
):
    """Fill in the border of a padded `line` of totals: columns `first` … `first + count`.

    Columns from `inner` to `outer`, counted from `first`, are totals of samples. Totals of samples of the
    line are copied from it. In a line that is cut into tiles, other totals come from the only `row` of the
    box, unless it is -1. Columns without a sample are `constant`.
    """
    size, missing = size_of(sums), sums.type(constant)
    pixel = channels * size
    if channels == 1 and first == 0 and outer - inner == samples:
        # The whole line, which is the usual case: 100 columns took 0.85 us otherwise.
        inside = line + before * size
        for i in range(max(min(before, count), 0) + max(count - outer, 0)):
            column = peek(border + 8 * i)
            to = line + (i if i < before else i + samples) * size
            if column >= 0:
                move_one(to, inside + column * size, sums)
            else:
                store_one(to, sums, missing)
        return
    p = 0
    while p < count:
        if p == inner and inner < outer:
            p = outer
            continue
        column = source_index(border, before, samples, first + p)
        here = column + before - first
        to, end, start = line + p * pixel, line + (p + 1) * pixel, line + here * pixel
        if column >= 0 and inner <= here < outer:
            while to < end:
                move_one(to, start, sums)
                to += size
                start += size
        else:
            start = row + column * step_x
            while to < end:
                value = missing
                if column >= 0 and row >= 0:
                    value = load_one(sums, start, source)
                store_one(to, sums, value)
                to += size
                start += size_of(source)
        p += 1


@intrinsic(prefer_literal=True)
def _prefix(typingctx, sums, channels, line, count, to):
    """Write the prefix sums of `count` elements of `channels` interleaved lines, the sum of nothing first."""
    lanes, step = register_lanes(sums.dtype), channels.literal_value

    def codegen(context, builder, sig, args):
        line, count, to = args[2:]
        kind = ir.VectorType(element(sums.dtype), lanes)
        real = isinstance(sums.dtype, types.Float)
        zero = constant(kind, 0.0 if real else 0)
        size = sums.dtype.bitwidth // 8

        def add(a, b):
            return builder.fadd(a, b) if real else builder.add(a, b)

        write(builder, to, zero)
        start = after(builder, to, step, size)
        carried = cgutils.alloca_once(builder, kind)
        builder.store(zero, carried)
        # The values that a register adds to the next one, and the positions of its carry's channels there.
        last = [lanes - step + i % step for i in range(lanes)]
        turned = [(lanes + i) % step for i in range(lanes)]
        block = WORD(_UNROLLED * lanes)
        with cgutils.for_range_slice(builder, WORD(0), count, block, WORD) as (index, _):
            carry = builder.load(carried)
            for u in range(_UNROLLED):
                here = builder.add(index, WORD(u * lanes))
                sums_here = read(builder, after(builder, line, here, size), kind)
                shift = step
                while shift < lanes:
                    order = [lanes + i - shift if i >= shift else 0 for i in range(lanes)]
                    sums_here = add(sums_here, shuffle(builder, zero, sums_here, order))
                    shift *= 2
                write(builder, after(builder, start, here, size), add(sums_here, carry))
                carry = carry if lanes % step == 0 else shuffle(builder, carry, carry, turned)
                carry = add(carry, shuffle(builder, sums_here, sums_here, last))
            builder.store(carry, carried)
        return context.get_dummy_value()

    return types.none(sums, channels, *(types.int64,) * 3), codegen


@kernel("sums", "channels")
def box_prefix(sums, channels, line, count, to, step):
    """Write the prefix sums of a line of `count` elements, and zeros before them; see `_prefix`.

    `step` is the number of channels too; see `box_prefix_apart`.
    """
    _prefix(sums, channels, line, count, to)


@inlined
def _prefix_column(sums, total, start, end, step, to):
    """Write the prefix sums of vectors `step` bytes apart, from `total` on."""
    for at in range(start, end, step):
        total = total + load_like(total, at, sums)
        store(to, sums, total)
        to += step


@kernel("sums", "channels")
def box_prefix_apart(sums, channels, line, count, to, step):
    """Do what `box_prefix` does for any number of channels, `step`, in vectors of neighbouring channels."""
    size = size_of(sums)
    lanes, few, pixel = BYTES // size, BYTES // size // REGISTERS, step * size
    end, nothing = line + count * size, sums.type(0)
    for i in range(step):
        store_one(to + i * size, sums, nothing)
    c = 0
    while c < step and lanes <= step:  # the last vector overlaps the previous one
        shift = min(c, step - lanes) * size
        _prefix_column(sums, splat(sums, nothing), line + shift, end, pixel, to + pixel + shift)
        c += lanes
    while c < step and few <= step:
        shift = min(c, step - few) * size
        _prefix_column(sums, splat_register(sums, nothing), line + shift, end, pixel, to + pixel + shift)
        c += few
    for i in range(c, step):
        one = nothing
        place = to + pixel + i * size
        for at in range(line + i * size, end, pixel):
            one = sums.type(one + load_one(sums, at, sums))
            store_one(place, sums, one)
            place += pixel


@intrinsic(prefer_literal=True)
def _place(typingctx, real, target, exact, place, whole, scale, bias, shift):
    """Store a vector of sums as `target`: times `scale` plus `bias` if `real` is a floating type.

    If `real` is the unsigned type of the sums, of 16 bits, the sum is divided as an integer: `bias` is added
    first, and the upper half of the product is shifted right. If a quotient may be half-way between two whole
    numbers, it must be `exact`. Then `bias` is the divisor of floats, and half the divisor of integers.
    """

    def codegen(context, builder, sig, args):
        place, whole, scale, bias, shift = args[3:]
        lanes = whole.type.count
        kind, memory = (ir.VectorType(element(t.dtype), lanes) for t in (real, target))
        if isinstance(real.dtype, types.Float):
            scale, bias = spread_real(builder, scale, kind), spread_real(builder, bias, kind)
            value = to_real(builder, whole, sig.args[4].dtype, kind)
            if exact.literal_value:
                value = quotient(builder, value, bias, scale)
            else:
                value = multiply_add(builder, value, scale, bias)
            value = from_real(builder, value, target.dtype, memory)
        else:
            short, wide = ir.IntType(16), ir.VectorType(ir.IntType(32), lanes)
            half, shift = spread(builder, builder.fptoui(bias, short), kind), builder.trunc(shift, short)
            whole = builder.add(whole, half)
            factor = spread(builder, builder.zext(builder.fptoui(scale, short), ir.IntType(32)), wide)
            product = builder.mul(builder.zext(whole, wide), factor)
            upper = builder.trunc(builder.lshr(product, constant(wide, 16)), kind)
            value = builder.lshr(upper, spread(builder, shift, kind))
            if exact.literal_value:  # a half was rounded up, which is correct if the result is even
                back = builder.mul(value, builder.add(half, half))
                tie = builder.zext(builder.icmp_unsigned("==", back, whole), kind)
                value = builder.sub(value, builder.and_(value, tie))
            value = builder.trunc(value, memory)
        write(builder, place, value)
        return context.get_dummy_value()

    return types.none(
        real, target, exact, types.int64, whole, types.float64, types.float64, types.int64
    ), codegen


@nested
def _box(sums, zeros, at, taps, prefixes, pixel):
    """Return a vector, like `zeros`, of sums over boxes. The first box begins at an address."""
    if prefixes:
        return load_like(zeros, at + taps * pixel, sums) - load_like(zeros, at, sums)
    whole = zeros
    for t in range(taps):
        whole = whole + load_like(zeros, at + t * pixel, sums)
    return whole


@kernel("sums", "real", "target", "exact")
def box_along(
    sums,
    real,
    target,
    exact,
    line,
    taps,
    prefixes,
    scale: float,
    bias: float,
    shift,
    count,
    channels,
    to,
    step_x,
    step_c,
    packed,
    spare,
    far,
    least: float,
    sizes,
):
    """Write `count` pixels of sums over boxes of `taps`, scaled as `_place` says, as `target`.

    Each is a difference of two `prefixes` of a line, or a sum of totals. Outputs that are not `packed`, or
    are shorter than a register, go through `spare`. If `far` is not 0, the places of outputs are prefetched.
    sizes: 0, or the address of the largest magnitude of samples and of a number. The number becomes 1 if a
    sum is smaller than `least` times that magnitude, or if a value after a short line is.
    """
    lanes = BYTES // size_of(sums)
    few, total = lanes // REGISTERS, count * channels
    direct = packed and total >= few
    place, pixel = to if direct else spare, channels * size_of(sums)
    wide = total >= lanes or not direct  # values after a line may be read, and written to `spare`
    nothing, limit = sums.type(0), sums.type(0)
    if sizes:
        limit = sums.type(least * load_one(_F64, sizes, _F64))
    if wide:
        low = splat(sums, limit)
        for x in range(0, total, lanes):
            first = min(x, max(total - lanes, 0))
            at, here = line + first * size_of(sums), place + first * size_of(target)
            if far:
                for i in range(0, lanes * size_of(target), LINE):
                    prefetch(here + DISTANCE + i, 1)
            whole = _box(sums, splat(sums, nothing), at, taps, prefixes, pixel)
            low = nearer(low, whole)
            _place(real, target, exact, here, whole, scale, bias, shift)
        if sizes and any_below(low, float(limit)):
            store_one(sizes + 8, _F64, 1.0)
    else:
        low_few = splat_register(sums, limit)
        for x in range(0, total, few):
            first = min(x, total - few)
            at, here = line + first * size_of(sums), place + first * size_of(target)
            whole_few = _box(sums, splat_register(sums, nothing), at, taps, prefixes, pixel)
            low_few = nearer(low_few, whole_few)
            _place(real, target, exact, here, whole_few, scale, bias, shift)
        if sizes and any_below(low_few, float(limit)):
            store_one(sizes + 8, _F64, 1.0)
    if not direct:
        for x in range(count):
            for c in range(channels):
                start = spare + (x * channels + c) * size_of(target)
                move_one(to + x * step_x + c * step_c, start, target)
