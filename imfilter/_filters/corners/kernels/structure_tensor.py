"""Lines of products of derivatives, and corner measures of their sums."""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._simd.jit import kernel
from imfilter._simd.lanewise import fma, root
from imfilter._simd.llvm import (
    WORD,
    after,
    constant,
    element,
    entry,
    read,
    spread,
    spread_real,
    weighed,
    write,
)
from imfilter._simd.registers import BYTES, REGISTERS
from imfilter._simd.vector import (
    load,
    load_one,
    move_one,
    peek,
    register_lanes,
    size_of,
    splat,
    store,
    store_one,
)

#: Taps of the Sobel operator by aperture, from the outside to the middle: for smoothing and for differences.
SOBEL = {
    3: ((1, 2), (1,)),
    5: ((1, 4, 6), (1, 2)),
    7: ((1, 6, 15, 20), (1, 4, 5)),
}


@intrinsic(prefer_literal=True)
def _products(typingctx, real, aperture, lines, count, scale, xx, xy, yy):
    lanes, (smooth, difference) = register_lanes(real.dtype), SOBEL[aperture.literal_value]
    width, half = aperture.literal_value, aperture.literal_value // 2

    def codegen(context, builder, sig, args):
        lines, count, scale, *places = args[2:]
        kind, size = ir.VectorType(element(real.dtype), lanes), real.dtype.bitwidth // 8
        factor = spread_real(builder, scale, kind)
        bases = [entry(builder, lines, i) for i in range(width)]

        def weigh(total, value, tap):
            return weighed(builder, value, constant(kind, float(tap)), total)

        def differentiate(line):
            """Sum the differences of samples at equal distances from the middle, the outer samples first."""
            total = None
            for i in range(half):
                total = weigh(total, builder.fsub(line[-1 - i], line[i]), difference[i])
            return total

        def smoothed(pairs, middle):
            """Sum pairs at equal distances from the middle, the outer pairs first, and then the middle."""
            total = None
            for (first, last), tap in zip(pairs, smooth, strict=False):
                total = weigh(total, builder.fadd(first, last), tap)
            return builder.fmul(weigh(total, middle, smooth[half]), factor)

        def derivatives(x):
            """Return the derivatives at x. Differences come first: they are 0 in flat areas."""

            def samples(row):
                start = builder.add(bases[row], x)
                return [read(builder, after(builder, start, s, size), kind) for s in range(width)]

            # Process pairs of rows one by one. Otherwise there are more vectors than registers.
            across, down = [], [None] * width
            for i in range(half):
                above, below = samples(i), samples(width - 1 - i)
                across.append((differentiate(above), differentiate(below)))
                for s in range(width):
                    down[s] = weigh(down[s], builder.fsub(below[s], above[s]), difference[i])
            dx = smoothed(across, differentiate(samples(half)))
            return dx, smoothed([(down[s], down[-1 - s]) for s in range(half)], down[half])

        with cgutils.for_range_slice(builder, WORD(0), count, WORD(lanes), WORD) as (index, _):
            x = builder.mul(index, WORD(size))
            dx, dy = derivatives(x)
            for place, (a, b) in zip(places, ((dx, dx), (dx, dy), (dy, dy)), strict=True):
                write(builder, builder.add(place, x), builder.fmul(a, b))
        return context.get_dummy_value()

    scalars = types.int64, types.int64, types.float64, *(types.int64,) * 3
    return types.none(real, aperture, *scalars), codegen


@kernel("real", "aperture")
def products(real, aperture, lines, count, scale: float, xx, xy, yy):
    """Write the products of the Sobel derivatives, times `scale`, of `count` samples.

    Results are written in whole registers. lines: address of the addresses of `aperture` lines. They start
    half an aperture before the first sample.
    """
    _products(real, aperture, lines, count, scale, xx, xy, yy)


#: Number of pairs in a partial sum: short sums round less than a long sum.
_GROUP = 32


@intrinsic(prefer_literal=True)
def _window(typingctx, real, taps, lines, weights, count, to):
    lanes, n_taps = register_lanes(real.dtype) * REGISTERS, taps.literal_value

    def codegen(context, builder, sig, args):
        if not n_taps:  # this is compiled even if it is not called
            return context.get_dummy_value()
        lines, weights, count, to = args[2:]
        scalar, size = element(real.dtype), real.dtype.bitwidth // 8
        kind = ir.VectorType(scalar, lanes)
        bases = [entry(builder, lines, i) for i in range(n_taps)]
        starts = [after(builder, weights, i, size) for i in range((n_taps + 1) // 2)]
        factors = [spread(builder, read(builder, start, scalar), kind) for start in starts]
        with cgutils.for_range_slice(builder, WORD(0), count, WORD(lanes), WORD) as (index, _):
            x = builder.mul(index, WORD(size))
            total = None
            for i, factor in enumerate(factors):
                value, last = (read(builder, builder.add(bases[j], x), kind) for j in (i, n_taps - 1 - i))
                if i < n_taps // 2:
                    value = builder.fadd(value, last)
                total = weighed(builder, value, factor, total)
            write(builder, builder.add(to, x), total)
        return context.get_dummy_value()

    return types.none(real, taps, *(types.int64,) * 4), codegen


@kernel("real", "taps")
def sum_pairs(real, taps, lines, weights, n_lines, count, to):
    """Write `count` weighted sums of `n_lines` lines, in whole vectors.

    Lines at the same distance from the middle have the same weight. They are added first, the outer
    lines first. So the sum of the reversed lines is the same. lines: address of their addresses. If `taps` is
    not 0, straight-line code sums that number of taps.
    """
    if taps:
        _window(real, taps, lines, weights, count, to)
        return
    size, half = size_of(real), n_lines // 2
    zero = splat(real, real.type(0))
    for offset in range(0, count * size, BYTES):
        total, i = zero, 0
        while i < half:
            stop, part = min(i + _GROUP, half), zero
            while i < stop:
                pair = load(real, peek(lines + 8 * i) + offset, real)
                pair = pair + load(real, peek(lines + 8 * (n_lines - 1 - i)) + offset, real)
                part = fma(pair, splat(real, load_one(real, weights + i * size, real)), part)
                i += 1
            total = total + part
        if n_lines % 2:
            weight = splat(real, load_one(real, weights + half * size, real))
            total = fma(load(real, peek(lines + 8 * half) + offset, real), weight, total)
        store(to + offset, real, total)


@kernel("real")
def surround(real, line, border, before, samples, after):
    """Fill both borders of a line with its own samples or with 0. The first border has `before` samples."""
    size = size_of(real)
    for i in range(before + after):
        column = peek(border + 8 * i)
        to = line + (i if i < before else i + samples) * size
        if column < 0:
            store_one(to, real, real.type(0))
        else:
            move_one(to, line + (before + column) * size, real)


@kernel("real", "eigenvalue")
def measure(real, eigenvalue, xx, xy, yy, count, k: float, to):
    """Write the corner measures of `count` sums, at least a whole vector.

    A measure is the determinant minus `k` times the square of the trace, or the smaller `eigenvalue`.
    """
    zero, half = splat(real, real.type(0)), splat(real, real.type(0.5))
    minus_k = splat(real, real.type(-k))
    for first in range(0, count * size_of(real), BYTES):
        offset = max(
            min(first, count * size_of(real) - BYTES), 0
        )  # the last vector overlaps the previous one
        a, b, c = load(real, xx + offset, real), load(real, xy + offset, real), load(real, yy + offset, real)
        if eigenvalue:
            half_difference = fma(a - c, half, zero)
            result = fma(a + c, half, zero) - root(fma(half_difference, half_difference, fma(b, b, zero)))
        else:
            trace = a + c
            result = fma(minus_k, fma(trace, trace, zero), fma(a, c, zero) - fma(b, b, zero))
        store(to + offset, real, result)
