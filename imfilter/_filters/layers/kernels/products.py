"""Matrix products in registers: some outputs times some vectors of positions, summed over channels."""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._simd.llvm import WORD, after, constant, element, multiply_add, read, spread, write
from imfilter._simd.prefetch import prefetch_line
from imfilter._simd.registers import BYTES, LINE, REGISTERS
from imfilter._simd.vector import register_lanes


@intrinsic(prefer_literal=True)
def multiply(typingctx, real, outputs, vectors, at, step, channels, weights, to, to_step, bias):
    """Write sums over channels of samples times weights: `vectors` registers for each of some outputs.

    at: address of the samples of the first channel. The channels are `step` bytes apart. weights: address of
    the weights of the first channel, one for each output; those of the next channel follow. to: address of
    the sums of the first output. The sums are `to_step` bytes apart. bias: address of the numbers, one for
    each output, that the products are added to; 0: they are added to what is there.

    With 24 registers of sums, a channel takes 24 multiply-adds for 10 loads: 52 GMA/s of 54 (Zen 4).
    """
    n_outputs, lanes = outputs.literal_value, register_lanes(real.dtype) * vectors.literal_value

    def codegen(context, builder, sig, args):
        at, step, channels, weights, to, to_step, bias = args[3:]
        scalar, size = element(real.dtype), real.dtype.bitwidth // 8
        kind = ir.VectorType(scalar, lanes)
        sums = [cgutils.alloca_once(builder, kind) for _ in range(n_outputs)]
        places = [builder.add(to, builder.mul(to_step, WORD(o))) for o in range(n_outputs)]
        for s in sums:
            builder.store(constant(kind, 0.0), s)
        with cgutils.for_range(builder, channels) as loop:
            samples = read(builder, builder.add(at, builder.mul(loop.index, step)), kind, size)
            first = after(builder, weights, loop.index, n_outputs * size)
            for o, s in enumerate(sums):
                factor = spread(builder, read(builder, after(builder, first, o, size), scalar, size), kind)
                builder.store(multiply_add(builder, samples, factor, builder.load(s)), s)
        with builder.if_else(builder.icmp_unsigned("!=", bias, WORD(0))) as (then, otherwise):
            with then:
                for o, (place, s) in enumerate(zip(places, sums, strict=True)):
                    shift = spread(builder, read(builder, after(builder, bias, o, size), scalar, size), kind)
                    write(builder, place, builder.fadd(shift, builder.load(s)), size)
            with otherwise:
                for place, s in zip(places, sums, strict=True):
                    previous = read(builder, place, kind, size)
                    write(builder, place, builder.fadd(previous, builder.load(s)), size)
        return context.get_dummy_value()

    words = (types.int64,) * 7
    return types.none(real, outputs, vectors, *words), codegen


@intrinsic(prefer_literal=True)
def prefetch_outputs(typingctx, outputs, vectors, to, to_step):
    """Prefetch `vectors` registers of each of some outputs, `to_step` bytes apart, for writing."""
    n_outputs, n_lines = outputs.literal_value, max(1, vectors.literal_value * BYTES // REGISTERS // LINE)

    def codegen(context, builder, sig, args):
        for o in range(n_outputs):
            row = builder.add(args[2], builder.mul(args[3], WORD(o)))
            for i in range(n_lines):
                prefetch_line(builder, after(builder, row, i, LINE), True)
        return context.get_dummy_value()

    return types.none(outputs, vectors, types.int64, types.int64), codegen
