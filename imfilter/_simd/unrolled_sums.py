"""Weighted sums over small windows, unrolled: straight-line code for all taps of all outputs.

The overhead of loops over three lines of three taps is larger than the time of the taps: a 3x3 correlation
took 13 cycles for 16 float32 samples, although nine multiply-adds take 4.5.
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._simd.jit import kernel
from imfilter._simd.llvm import (
    WORD,
    after,
    constant,
    element,
    entry,
    from_real,
    lanewise,
    multiply_add,
    read,
    spread,
    spread_real,
    write,
)
from imfilter._simd.prefetch import prefetch_sums
from imfilter._simd.registers import REGISTERS
from imfilter._simd.short_rows import whole_vectors
from imfilter._simd.vector import register_lanes

#: Largest number of taps summed in straight-line code: in a window with all its kernels, and in a line or
#: column. The code for each number takes 0.2 to 0.5 s to compile. It made a column of 25 taps a sixth
#: faster, one of 9 taps a quarter.
STRAIGHT, STRAIGHT_LINE = 27, 17


@intrinsic(prefer_literal=True)
def _sums(
    typingctx,
    real,
    target,
    outputs,
    rows,
    taps,
    norm,
    lines,
    offsets,
    weights,
    bias,
    to,
    count,
    overhang,
    ahead,
):
    """Sum `rows` lines of `taps` each for `outputs` neighbouring outputs. Output o starts with line o.

    lines: address of the addresses of ``rows + outputs - 1`` lines of at least a vector, each read at the
    `offsets`. weights: address of the weights of the taps, line by line. to: address of the addresses of the
    results, which are of type `target`.

    If `norm` is not 0, `norm` kernels read the same samples, and the root of the sum of squares is written.
    """
    many, height, width = outputs.literal_value, rows.literal_value, taps.literal_value
    kernels = max(norm.literal_value, 1)
    # As many sums as there are registers, apart from those for weights.
    lanes = register_lanes(real.dtype) * max(REGISTERS // kernels, 1)

    def codegen(context, builder, sig, args):
        lines, offsets, weights, bias, *rows_to = args[6:]
        with whole_vectors(
            builder, REGISTERS * register_lanes(real.dtype), target.dtype, many, *rows_to
        ) as chosen:
            emit(builder, lines, offsets, weights, bias, *chosen)
        return context.get_dummy_value()

    def emit(builder, lines, offsets, weights, bias, to, count, ahead):
        scalar = element(real.dtype)
        kind, memory = ir.VectorType(scalar, lanes), ir.VectorType(element(target.dtype), lanes)
        size = real.dtype.bitwidth // 8

        def entries(table, number):
            return [entry(builder, table, i) for i in range(number)]

        def weight(index):
            return spread(builder, read(builder, after(builder, weights, index, size), scalar), kind)

        bases, steps, places = entries(lines, height + many - 1), entries(offsets, width), entries(to, many)
        factors = [weight(i) for i in range(kernels * height * width)]
        start = spread_real(builder, bias, kind)

        def sums(shift):
            """Return the sums of each output over the samples at `shift`, one for each kernel."""
            found = [[constant(kind, 0.0)] * kernels for _ in range(many)]
            for r, base in enumerate(bases):
                for t, step in enumerate(steps):
                    samples = read(builder, builder.add(builder.add(base, step), shift), kind)
                    for o in range(max(0, r - height + 1), min(r + 1, many)):
                        for k in range(kernels):
                            factor = factors[(k * height + r - o) * width + t]
                            found[o][k] = multiply_add(builder, samples, factor, found[o][k])
            return found

        last = builder.sub(count, WORD(lanes))
        vectors = builder.udiv(builder.add(count, WORD(lanes - 1)), WORD(lanes))
        with cgutils.for_range(builder, vectors) as loop:
            x = builder.mul(loop.index, WORD(lanes))
            x = builder.select(builder.icmp_signed("<", x, last), x, last)
            written = target.dtype.bitwidth // 8
            prefetch_sums(builder, ahead, x, lanes, places, written)
            behind = builder.mul(x, WORD(written))
            for place, found in zip(places, sums(builder.mul(x, WORD(size))), strict=True):
                if norm.literal_value:
                    total = start
                    for value in found:
                        total = multiply_add(builder, value, value, total)
                    total = lanewise(builder, "sqrt", total)
                else:
                    total = builder.fadd(start, found[0])
                total = from_real(builder, total, target.dtype, memory)
                write(builder, builder.add(place, behind), total)

    scalars = (*(types.int64,) * 3, types.float64, *(types.int64,) * 4)
    return types.none(real, target, outputs, rows, taps, norm, *scalars), codegen


@kernel("real", "target", "outputs", "rows", "taps", "norm", straight=True)
def sum_window(
    real, target, outputs, rows, taps, norm, lines, offsets, weights, bias: float, to, count, overhang, ahead
):
    """Write `outputs` rows of `count` sums, as `target`, to the addresses at `to`; see `_sums`.

    The last vector overlaps the previous one. Rows shorter than a vector go through `overhang`. `ahead` is
    the table for prefetching; see `prefetch`.
    """
    _sums(real, target, outputs, rows, taps, norm, lines, offsets, weights, bias, to, count, overhang, ahead)
