"""What short sums take beside the sums: differences of lines before, and outputs made of sums after.

Two neighbouring outputs y[0] and y[1] of a kernel of two taps h[0] and h[1] take three products, not four:

    y[0] = (h[0] + h[1]) x[1] + h[0] (x[0] - x[1])
    y[1] = (h[0] + h[1]) x[1] - h[1] (x[1] - x[2])

The same holds with every other tap of a long kernel for h[0] and h[1], and again for each of the three
shorter ones (S. Winograd, Arithmetic Complexity of Computations, 1980; Z.-J. Mou and P. Duhamel, Short-length
FIR filters and their use in fast nonrecursive filtering, IEEE Transactions on Signal Processing 39, 1991).
Samples lie in *layers*: layer 0 is the image, and layer l is layer l - s less itself s samples further
on, for the largest power of two s in l.

Every sum of an output reads samples of the output's own window only. So a large sample changes no bit of
an output that it is no part of. Zeros behind a kernel, to make its halves equal, would break this: the taps
that are left over are added one by one instead.
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._core.jit import kernel
from imfilter._kernels.simd import (
    BYTES,
    REGISTERS,
    element,
    load,
    multiply_add,
    pointer,
    register_lanes,
    size_of,
    spread,
    store,
)


@kernel("real")
def subtract(real, a, b, to, count):
    """Write the differences of two lines of `count` elements and more, in whole vectors."""
    for i in range(0, count * size_of(real), BYTES):
        store(to + i, real, load(real, a + i, real) - load(real, b + i, real))


@intrinsic(prefer_literal=True)
def _mix(typingctx, real, levels, parts, pitch, bias, to, step, lines, shift, weights, n_rest):
    """Make a register of each of the ``2**levels`` outputs, `step` bytes apart, of the ``3**levels`` sums.

    lines: for each output the addresses of `n_rest` lines, `shift` bytes from which lie the samples that are
    added with the `weights`.
    """
    lanes = register_lanes(real.dtype)

    def codegen(context, builder, sig, args):
        parts, pitch, bias, to, step, lines, shift, weights, n_rest = args[2:]
        scalar = element(real.dtype)
        kind, word = ir.VectorType(scalar, lanes), ir.IntType(64)
        size = real.dtype.bitwidth // 8
        start = spread(builder, builder.fptrunc(bias, scalar) if scalar == ir.FloatType() else bias, kind)

        def read(address, kind, align=1):
            return builder.load(pointer(builder, address, kind), align=align, typ=kind)

        def outputs(first, levels):
            if levels == 0:
                return [read(builder.add(parts, builder.mul(pitch, word(first))), kind)]
            both, even, odd = (outputs(first + i * 3 ** (levels - 1), levels - 1) for i in range(3))
            found = []
            for a, b, c in zip(both, even, odd, strict=True):
                found += [builder.fadd(a, b), builder.fsub(a, c)]
            return found

        totals = [cgutils.alloca_once_value(builder, value) for value in outputs(0, levels.literal_value)]
        with cgutils.for_range(builder, n_rest) as loop:
            weight = read(builder.add(weights, builder.mul(loop.index, word(size))), scalar, size)
            factor = spread(builder, weight, kind)
            for i, total in enumerate(totals):
                entry = builder.add(builder.mul(n_rest, word(i)), loop.index)
                line = read(builder.add(lines, builder.mul(entry, word(8))), word, 8)
                sample = read(builder.add(line, shift), kind)
                builder.store(multiply_add(builder, sample, factor, builder.load(total)), total)
        for i, total in enumerate(totals):
            at = builder.add(to, builder.mul(step, word(i)))
            value = builder.fadd(start, builder.load(total))
            builder.store(value, pointer(builder, at, kind), align=1)
        return context.get_dummy_value()

    scalars = (types.int64, types.int64, types.float64, *(types.int64,) * 6)
    return types.none(real, levels, *scalars), codegen


@kernel("real", "levels")
def mix(
    real, levels, parts, pitch, bias: float, channels, to, segment, samples, lines, weights, n_rest
):  # fmt: skip
    """Make the outputs of a dealt line of its sums, whose lines are `pitch` bytes apart.

    A sum has one pixel for each group of ``2**levels`` outputs, of which there are `segment`. To each output
    are added `n_rest` samples with `weights`; `lines` says for each output where they lie in the `samples`.
    """
    register = BYTES // REGISTERS
    pixel = channels * register
    for n in range(segment):
        for c in range(channels):
            here = n * pixel + c * register
            first = to + (n << levels) * pixel + c * register
            _mix(
                real, levels, parts + here, pitch, bias, first, pixel, lines, samples + here, weights, n_rest
            )
