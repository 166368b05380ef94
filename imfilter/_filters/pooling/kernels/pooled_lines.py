"""Pooling of lines: reduce the rows of a window to one line, then the samples along this line.

Maxima and minima are computed in the samples' own type. They propagate NaN, and -0.0 sorts before 0.0. Sums
are computed in wide types. If float64 cannot hold a sum of integers, their halves are summed separately.
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._simd.jit import kernel
from imfilter._simd.lanewise import dtype_of
from imfilter._simd.llvm import WORD, after, constant, element, extreme, read, shuffle, write
from imfilter._simd.registers import BYTES, REGISTERS
from imfilter._simd.vector import (
    load,
    load_like,
    load_one,
    register_lanes,
    size_of,
    splat_register,
    store,
    store_one,
)
from imfilter._simd.vector import peek as entry

#: Reductions: the maximum, the minimum, the sum, or the sum of the high or low halves.
LARGEST, SMALLEST, SUM, HIGH, LOW = range(5)

#: Largest stride, and largest number of channels of a pixel, for which shuffles pick the samples.
MOST_STRIDE, MOST_CHANNELS = 8, 4


def _combine(builder, reduction, kind, a, b):
    """Return the larger or the smaller of two samples of Numba type `kind`, or their sum, lane by lane."""
    if reduction in (LARGEST, SMALLEST):
        return extreme(builder, dtype_of(kind), "max" if reduction == LARGEST else "min", a, b)
    return builder.fadd(a, b) if isinstance(dtype_of(kind), types.Float) else builder.add(a, b)


@intrinsic(prefer_literal=True)
def _meet(typingctx, op, a, b):
    """Do the same in a kernel, in the type of the samples. The operator would widen scalar integers."""
    reduction = op.literal_value

    def codegen(context, builder, sig, args):
        return _combine(builder, reduction, a, *args[1:])

    return a(op, a, b), codegen


@intrinsic(prefer_literal=True)
def _part(typingctx, op, source, value):
    """Return the part of samples to reduce: all their bits, or the high or low half of them."""
    reduction = op.literal_value

    def codegen(context, builder, sig, args):
        value = args[2]
        if reduction not in (HIGH, LOW):
            return value
        if reduction == LOW:
            return builder.and_(value, constant(value.type, 2**32 - 1))
        shift = builder.ashr if source.dtype.signed else builder.lshr
        return shift(value, constant(value.type, 32))

    return value(op, source, value), codegen


@intrinsic(prefer_literal=True)
def _neutral(typingctx, op, real):
    """Return the neutral element of the maximum, the minimum or the sum."""
    reduction, dtype = op.literal_value, real.dtype

    def codegen(context, builder, sig, args):
        floating = isinstance(dtype, types.Float)
        if reduction == LARGEST:
            value = float("-inf") if floating else dtype.minval
        elif reduction == SMALLEST:
            value = float("inf") if floating else dtype.maxval
        else:
            value = 0.0 if floating else 0
        return ir.Constant(element(dtype), value)

    return real.dtype(op, real), codegen


@kernel("real", "source", "op", "grouped")
def join_rows(real, source, op, grouped, at, rows, first, group, fresh, before, count, after, line):
    """Reduce `rows` lines of `count` samples, whose addresses are in the table `at`, to one line of `real`.

    If `grouped`, only the `first` lines are reduced one after the other. The lines after them are reduced in
    groups of `group` lines first. Unless `fresh`, the previous content of the line is included. `before` and
    `after` samples beside it are set to the neutral element.
    """
    size, width = size_of(real), size_of(source)
    lanes, narrow_lanes = BYTES // size, BYTES // size // REGISTERS
    neutral = _neutral(op, real)
    for i in range(before):
        store_one(line + i * size, real, neutral)
    line += before * size
    for i in range(count, count + after):
        store_one(line + i * size, real, neutral)
    skipped = 0
    if fresh and rows == 0:
        for i in range(count):
            store_one(line + i * size, real, neutral)
        return
    if fresh:
        skipped = 1
    # Without groups, the compiler leaves their loops out: maxima of 2x2 RGB bytes took 1.15 times as long.
    first = min(first, rows) if grouped else rows
    # In a fresh line the last vector overlaps the previous one. Otherwise samples would count twice.
    x = 0
    while x + lanes <= count or (fresh and lanes <= count and x < count):
        shift = min(x, count - lanes)
        if fresh:
            result = _part(op, source, load(real, entry(at) + shift * width, source))
        else:
            result = load(real, line + shift * size, real)
        for r in range(skipped, first):
            values = _part(op, source, load(real, entry(at + 8 * r) + shift * width, source))
            result = _meet(op, result, values)
        g = first  # the length of a range would be divided by its step for each vector
        while g < rows:
            values = _part(op, source, load(real, entry(at + 8 * g) + shift * width, source))
            for r in range(g + 1, min(g + group, rows)):
                more = _part(op, source, load(real, entry(at + 8 * r) + shift * width, source))
                values = _meet(op, values, more)
            result = _meet(op, result, values)
            g += group
        store(line + shift * size, real, result)
        x += lanes
    like = splat_register(real, neutral)
    while x + narrow_lanes <= count or (fresh and narrow_lanes <= count and x < count):
        shift = min(x, count - narrow_lanes)
        if fresh:
            narrow_result = _part(op, source, load_like(like, entry(at) + shift * width, source))
        else:
            narrow_result = load_like(like, line + shift * size, real)
        for r in range(skipped, first):
            narrow_values = _part(op, source, load_like(like, entry(at + 8 * r) + shift * width, source))
            narrow_result = _meet(op, narrow_result, narrow_values)
        g = first
        while g < rows:
            narrow_values = _part(op, source, load_like(like, entry(at + 8 * g) + shift * width, source))
            for r in range(g + 1, min(g + group, rows)):
                narrow_more = _part(op, source, load_like(like, entry(at + 8 * r) + shift * width, source))
                narrow_values = _meet(op, narrow_values, narrow_more)
            narrow_result = _meet(op, narrow_result, narrow_values)
            g += group
        store(line + shift * size, real, narrow_result)
        x += narrow_lanes
    for i in range(x, count):
        if fresh:
            one = _part(op, source, load_one(real, entry(at) + i * width, source))
        else:
            one = load_one(real, line + i * size, real)
        for r in range(skipped, first):
            value = _part(op, source, load_one(real, entry(at + 8 * r) + i * width, source))
            one = _meet(op, one, value)
        g = first
        while g < rows:
            value = _part(op, source, load_one(real, entry(at + 8 * g) + i * width, source))
            for r in range(g + 1, min(g + group, rows)):
                another = _part(op, source, load_one(real, entry(at + 8 * r) + i * width, source))
                value = _meet(op, value, another)
            one = _meet(op, one, value)
            g += group
        store_one(line + i * size, real, one)


@kernel("real", "op")
def join_neighbours(real, op, line, taps, step, count, to):
    """Reduce `taps` samples of a line, `step` bytes apart, for each of `count` outputs at a stride of one."""
    size = size_of(real)
    lanes, narrow_lanes = BYTES // size, BYTES // size // REGISTERS
    x = 0
    while x < count and lanes <= count:
        shift = min(x, count - lanes) * size
        result = load(real, line + shift, real)
        for t in range(1, taps):
            result = _meet(op, result, load(real, line + shift + t * step, real))
        store(to + shift, real, result)
        x += lanes
    like = splat_register(real, _neutral(op, real))
    while x < count and narrow_lanes <= count:
        shift = min(x, count - narrow_lanes) * size
        narrow_result = load_like(like, line + shift, real)
        for t in range(1, taps):
            narrow_result = _meet(op, narrow_result, load_like(like, line + shift + t * step, real))
        store(to + shift, real, narrow_result)
        x += narrow_lanes
    for i in range(x, count):
        one = load_one(real, line + i * size, real)
        for t in range(1, taps):
            one = _meet(op, one, load_one(real, line + i * size + t * step, real))
        store_one(to + i * size, real, one)


@intrinsic(prefer_literal=True)
def _picked(typingctx, real, op, stride, channels, line, taps, step, count, to):
    """Reduce pixels of `channels` samples that are `stride` pixels apart in memory; see `join_picked`."""
    lanes, size = register_lanes(real.dtype), real.dtype.bitwidth // 8
    n_channels, n_stride, reduction = channels.literal_value, stride.literal_value, op.literal_value
    pixels = lanes // n_channels
    wanted = [i // n_channels * n_stride * n_channels + i % n_channels for i in range(pixels * n_channels)]

    def pick(builder, address):
        """Load a register of pixels."""
        kind = ir.VectorType(element(real.dtype), lanes)
        starts = (after(builder, address, i * lanes, size) for i in range(wanted[-1] // lanes + 1))
        registers = [read(builder, start, kind) for start in starts]
        # Shuffle two registers at a time: LLVM splits wider shuffles into single samples.
        picked = registers[0]
        for number in range(1, max(len(registers), 2)):
            order = list(range(lanes))  # the default keeps each lane
            for i, w in enumerate(wanted):
                if w // lanes == number or (number == 1 and w < lanes):
                    order[i] = w if w < lanes else w % lanes + lanes
            picked = shuffle(builder, picked, registers[min(number, len(registers) - 1)], order)
        return picked

    def codegen(context, builder, sig, args):
        line, taps, step, count, to = args[4:]
        last = builder.sub(count, WORD(pixels))
        last = builder.select(builder.icmp_signed(">", last, WORD(0)), last, WORD(0))
        with cgutils.for_range_slice(builder, WORD(0), count, WORD(pixels), WORD) as (x, _):
            first = builder.select(builder.icmp_signed("<", x, last), x, last)
            start = after(builder, line, first, n_stride * n_channels * size)
            result = cgutils.alloca_once_value(builder, pick(builder, start))
            with cgutils.for_range_slice(builder, WORD(1), taps, WORD(1), WORD) as (tap, _):
                value = pick(builder, builder.add(start, builder.mul(tap, step)))
                total = _combine(builder, reduction, real.dtype, builder.load(result), value)
                builder.store(total, result)
            write(builder, after(builder, to, first, n_channels * size), builder.load(result))
        return context.get_dummy_value()

    return types.none(real, op, stride, channels, *(types.int64,) * 5), codegen


@kernel("real", "op", "stride", "channels", straight=True)
def join_picked(real, op, stride, channels, line, taps, step, count, to):
    """Reduce `taps` pixels of a line, `step` bytes apart, for each of `count` outputs at a small stride.

    Whole registers are written. So shorter outputs, and pixels that do not fill a register, need more space.
    The loops are emitted, because Python statements took twice as long to compile for each stride.
    """
    _picked(real, op, stride, channels, line, taps, step, count, to)


@kernel("real", "op")
def join_apart(real, op, line, groups, taps, step, stride, channels, count, to):
    """Reduce `groups` of `taps` pixels for each of `count` outputs, `stride` bytes apart.

    Neighbouring pixels are `step` bytes apart. The pixels of each group are reduced first, as in two passes
    of `join_picked`.
    """
    size = size_of(real)
    narrow_lanes = BYTES // size // REGISTERS
    like = splat_register(real, _neutral(op, real))
    for i in range(count):
        start = line + i * stride
        c = 0
        while c < channels and narrow_lanes <= channels:
            shift = min(c, channels - narrow_lanes) * size
            result = like
            for g in range(groups):
                here = start + shift + g * taps * step
                part = load_like(like, here, real)
                for t in range(1, taps):
                    part = _meet(op, part, load_like(like, here + t * step, real))
                result = _meet(op, result, part) if g else part
            store(to + shift, real, result)
            c += narrow_lanes
        for k in range(c, channels):
            one = real.type(0)
            for g in range(groups):
                there = start + k * size + g * taps * step
                some = load_one(real, there, real)
                for t in range(1, taps):
                    some = _meet(op, some, load_one(real, there + t * step, real))
                one = _meet(op, one, some) if g else some
            store_one(to + k * size, real, one)
        to += channels * size


@kernel("real", "op")
def fold(real, op, line, pixels, channels, to):
    """Reduce all `pixels` of a line to one pixel. Each step combines its two halves, in place."""
    size = size_of(real)
    narrow_lanes = BYTES // size // REGISTERS
    like = splat_register(real, _neutral(op, real))
    while pixels > 1:
        half = (pixels + 1) // 2
        count, other = (pixels - half) * channels, line + half * channels * size
        x = 0
        while x + narrow_lanes <= count:
            result = _meet(
                op, load_like(like, line + x * size, real), load_like(like, other + x * size, real)
            )
            store(line + x * size, real, result)
            x += narrow_lanes
        for i in range(x, count):
            one = _meet(op, load_one(real, line + i * size, real), load_one(real, other + i * size, real))
            store_one(line + i * size, real, one)
        pixels = half
    for c in range(channels):
        store_one(to + c * size, real, load_one(real, line + c * size, real))
