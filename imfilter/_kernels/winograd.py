"""What short sums take beside the sums: differences of lines before, and outputs made of sums after.

Two neighbouring outputs y[0] and y[1] of a kernel of two taps h[0] and h[1] take three products, not four:

    y[0] = (h[0] + h[1]) x[1] + h[0] (x[0] - x[1])
    y[1] = (h[0] + h[1]) x[1] - h[1] (x[1] - x[2])

The same holds with every other tap of a long kernel for h[0] and h[1], and again for each of the three
shorter ones (S. Winograd, Arithmetic Complexity of Computations, 1980; Z.-J. Mou and P. Duhamel, Short-length
FIR filters and their use in fast nonrecursive filtering, IEEE Transactions on Signal Processing 39, 1991).
Samples lie in *layers*: layer 0 is the image, and layer l is layer l - s less itself s samples further
on, for the largest power of two s in l.
"""

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._core.jit import kernel
from imfilter._kernels.simd import (
    BYTES,
    REGISTERS,
    element,
    load,
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
def _mix(typingctx, real, levels, parts, pitch, bias, to, step):
    """Make a register of each of the ``2**levels`` outputs, `step` bytes apart, of the ``3**levels`` sums."""
    lanes = register_lanes(real.dtype)

    def codegen(context, builder, sig, args):
        parts, pitch, bias, to, step = args[2:]
        scalar = element(real.dtype)
        kind, word = ir.VectorType(scalar, lanes), ir.IntType(64)
        start = spread(builder, builder.fptrunc(bias, scalar) if scalar == ir.FloatType() else bias, kind)

        def outputs(first, levels):
            if levels == 0:
                at = builder.add(parts, builder.mul(pitch, word(first)))
                return [builder.load(pointer(builder, at, kind), align=1, typ=kind)]
            both, even, odd = (outputs(first + i * 3 ** (levels - 1), levels - 1) for i in range(3))
            found = []
            for a, b, c in zip(both, even, odd, strict=True):
                found += [builder.fadd(a, b), builder.fsub(a, c)]
            return found

        for i, value in enumerate(outputs(0, levels.literal_value)):
            at = builder.add(to, builder.mul(step, word(i)))
            builder.store(builder.fadd(start, value), pointer(builder, at, kind), align=1)
        return context.get_dummy_value()

    return types.none(
        real, levels, types.int64, types.int64, types.float64, types.int64, types.int64
    ), codegen


@kernel("real", "levels")
def mix(real, levels, parts, pitch, bias: float, channels, to, segment):
    """Make the outputs of a dealt line of its sums, whose lines are `pitch` bytes apart.

    A sum has one pixel for each group of ``2**levels`` outputs, of which there are `segment`.
    """
    register = BYTES // REGISTERS
    pixel = channels * register
    for n in range(segment):
        for c in range(channels):
            first = to + (n << levels) * pixel + c * register
            _mix(real, levels, parts + n * pixel + c * register, pitch, bias, first, pixel)
