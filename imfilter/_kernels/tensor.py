"""Lines of products of derivatives, and what is made of their sums: measures of corners."""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._core.jit import kernel
from imfilter._kernels.simd import (
    BYTES,
    element,
    fma,
    load,
    move_one,
    multiply_add,
    peek,
    pointer,
    register_lanes,
    root,
    size_of,
    splat,
    spread,
    store,
    store_one,
)

#: Taps of Sobel's operator by its aperture: smoothing, and the difference.
SOBEL = {
    3: ((1, 2, 1), (-1, 0, 1)),
    5: ((1, 4, 6, 4, 1), (-1, -2, 0, 2, 1)),
    7: ((1, 6, 15, 20, 15, 6, 1), (-1, -4, -5, 0, 5, 4, 1)),
}


@intrinsic(prefer_literal=True)
def _products(typingctx, real, aperture, lines, count, scale, xx, xy, yy):
    lanes, (smooth, difference) = register_lanes(real.dtype), SOBEL[aperture.literal_value]

    def codegen(context, builder, sig, args):
        lines, count, scale, *places = args[2:]
        scalar, word = element(real.dtype), ir.IntType(64)
        kind, size = ir.VectorType(scalar, lanes), real.dtype.bitwidth // 8
        factor = builder.fptrunc(scale, scalar) if scalar == ir.FloatType() else scale
        factor = spread(builder, factor, kind)
        bases = [
            builder.load(pointer(builder, builder.add(lines, word(8 * i)), word), align=8, typ=word)
            for i in range(len(smooth))
        ]

        def weigh(values, taps):
            total = None
            for value, tap in zip(values, taps, strict=True):
                if tap:
                    weight = ir.Constant(kind, [float(tap)] * lanes)
                    first = builder.fmul(value, weight)
                    total = first if total is None else multiply_add(builder, value, weight, total)
            return total

        with cgutils.for_range_slice(builder, word(0), count, word(lanes), word) as (index, _):
            x = builder.mul(index, word(size))
            across, along = [], []
            for base in bases:
                values = []
                for shift in range(len(smooth)):
                    at = builder.add(builder.add(base, x), word(shift * size))
                    values.append(builder.load(pointer(builder, at, kind), align=1, typ=kind))
                across.append(weigh(values, difference))
                along.append(weigh(values, smooth))
            dx = builder.fmul(weigh(across, smooth), factor)
            dy = builder.fmul(weigh(along, difference), factor)
            for place, (a, b) in zip(places, ((dx, dx), (dx, dy), (dy, dy)), strict=True):
                to = pointer(builder, builder.add(place, x), kind)
                builder.store(builder.fmul(a, b), to, align=1)
        return context.get_dummy_value()

    scalars = types.int64, types.int64, types.float64, *(types.int64,) * 3
    return types.none(real, aperture, *scalars), codegen


@kernel("real", "aperture")
def products(real, aperture, lines, count, scale: float, xx, xy, yy):
    """Write the products of the derivatives of `count` samples and more, by Sobel's operator times `scale`.

    lines: address of the addresses of as many lines as its `aperture`, which begin half of it before.
    """
    _products(real, aperture, lines, count, scale, xx, xy, yy)


@kernel("real")
def surround(real, line, border, before, samples, after):
    """Fill in the border of a line whose samples begin `before` ones on: with its own, or with 0."""
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
    """Write the measures of `count` sums; of fewer than a vector, those of a whole one.

    They are the determinant less `k` times the square of the trace, or the smaller `eigenvalue`.
    """
    none, half = splat(real, real.type(0)), splat(real, real.type(0.5))
    less = splat(real, real.type(-k))
    for first in range(0, count * size_of(real), BYTES):
        at = max(min(first, count * size_of(real) - BYTES), 0)  # the last vector overlaps the one before
        a, b, c = load(real, xx + at, real), load(real, xy + at, real), load(real, yy + at, real)
        if eigenvalue:
            apart = fma(a - c, half, none)
            found = fma(a + c, half, none) - root(fma(apart, apart, fma(b, b, none)))
        else:
            trace = a + c
            found = fma(less, fma(trace, trace, none), fma(a, c, none) - fma(b, b, none))
        store(to + at, real, found)
