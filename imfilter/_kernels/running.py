"""Running sums: each output is the one before, plus the sample that enters, less the one that leaves.

The cost does not depend on their length. Sums are kept in a type in which they are exact, or that
has twice the digits of the samples; what is not finite would stay in a sum for ever, and is reported
instead: the caller then sums box by box.
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._core.jit import kernel
from imfilter._kernels.simd import (
    BYTES,
    REGISTERS,
    element,
    fma,
    from_real,
    load,
    pointer,
    register_lanes,
    size_of,
    splat,
    store,
    to_real,
)


@intrinsic
def _run(typingctx, sums, real, line, step, taps, to, count):
    """Write `count` sums of `taps` vectors, `step` bytes apart as the results are, from `line` to `to`."""
    lanes = register_lanes(real.dtype)

    def codegen(context, builder, sig, args):
        line, step, taps, to, count = args[2:]
        memory = ir.VectorType(element(real.dtype), lanes)
        kind = ir.VectorType(element(sums.dtype), lanes)

        def read(i):
            at = pointer(builder, builder.add(line, builder.mul(step, i)), memory)
            return to_real(builder, builder.load(at, align=1, typ=memory), real.dtype, kind)

        total = cgutils.alloca_once(builder, kind)
        builder.store(ir.Constant(kind, [0.0] * lanes), total)
        with cgutils.for_range(builder, taps) as loop:
            builder.store(builder.fadd(builder.load(total), read(loop.index)), total)
        with cgutils.for_range(builder, count) as loop:
            i = loop.index
            value = from_real(builder, builder.load(total), real.dtype, memory)
            at = builder.add(to, builder.mul(step, i))
            builder.store(value, pointer(builder, at, memory), align=1)
            # The difference first: it is not in the chain of sums that each wait for the one before.
            change = builder.fsub(read(builder.add(i, taps)), read(i))
            builder.store(builder.fadd(builder.load(total), change), total)
        return context.get_dummy_value()

    return types.none(sums, real, *(types.int64,) * 5), codegen


@kernel("sums", "real")
def run_along(sums, real, line, taps, channels, to, segment):
    """Write the sums of `taps` neighbours along a dealt line whose segments have `segment` pixels.

    One vector more than is summed is read.
    """
    register = BYTES // REGISTERS
    for c in range(channels):
        _run(sums, real, line + c * register, channels * register, taps, to + c * register, segment)


@kernel("sums", "real")
def run_rows(sums, real, totals, new, old, fresh, to, scale: float, bias: float, count, flags):
    """Add the line `new` to the `totals`, of which there are none yet if it is `fresh`, less the line `old`.

    An address `old` of 0 is no line. Unless `to` is 0, the totals times `scale` plus `bias` are written
    there, and `flags`, a vector, become NaN where one is not finite. Whole vectors are computed, beyond
    `count` too.
    """
    lanes, size, width = BYTES // size_of(sums), size_of(sums), size_of(real)
    factor, start = splat(sums, sums.type(scale)), splat(sums, sums.type(bias))
    zero = splat(sums, sums.type(0))
    flag = load(sums, flags, sums)
    for x in range(0, count, lanes):
        total = load(sums, new + x * width, real)
        if old:
            total = total - load(sums, old + x * width, real)
        if not fresh:
            total = load(sums, totals + x * size, sums) + total
        store(totals + x * size, sums, total)
        if to:
            result = fma(total, factor, start)
            store(to + x * width, real, result)
            flag = fma(result, zero, flag)
    store(flags, sums, flag)
