"""The operations of short sums: differences of lines before the sums, and outputs made of sums after them.

Two neighbouring outputs y[0] and y[1] of a kernel of two taps h[0] and h[1] need three products, not four:

    y[0] = (h[0] + h[1]) x[1] + h[0] (x[0] - x[1])
    y[1] = (h[0] + h[1]) x[1] - h[1] (x[1] - x[2])

The same holds for a long kernel, whose even and odd taps take the place of h[0] and h[1], and again for each
of the three shorter kernels (S. Winograd, Arithmetic Complexity of Computations, 1980; Z.-J. Mou and P.
Duhamel, Short-length FIR filters and their use in fast nonrecursive filtering, IEEE Transactions on Signal
Processing 39, 1991). Samples are in *layers*. Layer 0 is the image. Let s be the largest power of two that
divides l. Then sample n of layer l is sample n of layer l - s minus sample n + s of that layer.

Every sum of an output reads samples of the output's own window only. So a large sample changes no bit of an
output whose window does not contain it. Zeros after a kernel, to make its halves equal, would break this
rule. The taps that are left over are added one by one instead.
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._simd.jit import kernel
from imfilter._simd.lines import copy
from imfilter._simd.llvm import (
    WORD,
    after,
    constant,
    element,
    entry,
    multiply_add,
    read,
    spread,
    spread_real,
    write,
)
from imfilter._simd.registers import BYTES, REGISTERS
from imfilter._simd.vector import load, peek, poke, register_lanes, size_of, store


@kernel("real")
def subtract(real, a, b, to, count):
    """Write the differences of two lines of `count` elements and more, in whole vectors."""
    for i in range(0, count * size_of(real), BYTES):
        store(to + i, real, load(real, a + i, real) - load(real, b + i, real))


@intrinsic(prefer_literal=True)
def _mix(typingctx, real, levels, parts, pitch, bias, to, step, lines, shift, weights, n_rest):
    """Make a register of each of the ``2**levels`` outputs, `step` bytes apart, from the ``3**levels`` sums.

    lines: for each output the addresses of `n_rest` lines. The samples that are `shift` bytes after these
    addresses are added with the `weights`.
    """
    lanes = register_lanes(real.dtype)

    def codegen(context, builder, sig, args):
        parts, pitch, bias, to, step, lines, shift, weights, n_rest = args[2:]
        scalar, size = element(real.dtype), real.dtype.bitwidth // 8
        kind = ir.VectorType(scalar, lanes)
        start = spread_real(builder, bias, kind)

        def outputs(first, levels):
            if levels == 0:
                return [read(builder, builder.add(parts, builder.mul(pitch, WORD(first))), kind)]
            both, even, odd = (outputs(first + i * 3 ** (levels - 1), levels - 1) for i in range(3))
            found = []
            for a, b, c in zip(both, even, odd, strict=True):
                found += [builder.fadd(a, b), builder.fsub(a, c)]
            return found

        totals = [cgutils.alloca_once_value(builder, value) for value in outputs(0, levels.literal_value)]
        with cgutils.for_range(builder, n_rest) as loop:
            weight = read(builder, after(builder, weights, loop.index, size), scalar, size)
            factor = spread(builder, weight, kind)
            for i, total in enumerate(totals):
                line = entry(builder, lines, builder.add(builder.mul(n_rest, WORD(i)), loop.index))
                sample = read(builder, builder.add(line, shift), kind)
                builder.store(multiply_add(builder, sample, factor, builder.load(total)), total)
        for i, total in enumerate(totals):
            at = builder.add(to, builder.mul(step, WORD(i)))
            write(builder, at, builder.fadd(start, builder.load(total)))
        return context.get_dummy_value()

    scalars = (types.int64, types.int64, types.float64, *(types.int64,) * 6)
    return types.none(real, levels, *scalars), codegen


@kernel("real", "levels")
def mix(
    real, levels, parts, pitch, bias: float, channels, to, segment, samples, lines, weights, n_rest
):  # fmt: skip
    """Make the outputs of a line in the lane layout from its sums. Lines of sums are `pitch` bytes apart.

    A sum has one pixel for each group of ``2**levels`` outputs, and there are `segment` groups. `n_rest`
    samples are added to each output with `weights`. `lines` says for each output where these samples are in
    `samples`.
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


#: Lines of a partial sum.
_GROUP = 4


@intrinsic(prefer_literal=True)
def _sums(typingctx, real, outputs, rows, parts, signs, phases, lines, step, n, weights, bias, shift, to):
    """Make a vector of each of some neighbouring rows, `shift` elements after their beginnings.

    The code is unrolled for so many `rows` and outputs: 31x31 took 26.8 instead of 27.7 ms.

    parts, signs: for each output the addresses of `phases` sums, and the signs with which they are added.
    lines: addresses of ``rows + outputs - 1`` lines. Output o reads those from line o on, `n` times and each
    time `step` bytes further, with the `weights`. to: addresses of the results.
    """
    many, height = outputs.literal_value, rows.literal_value
    lanes = register_lanes(real.dtype) * REGISTERS

    def codegen(context, builder, sig, args):
        parts, signs, phases, lines, step, n, weights, bias, shift, to = args[3:]
        scalar = element(real.dtype)
        kind, size = ir.VectorType(scalar, lanes), real.dtype.bitwidth // 8
        start = spread_real(builder, bias, kind)
        behind = builder.mul(shift, WORD(size))

        def factor(table, index):
            return spread(builder, read(builder, after(builder, table, index, size), scalar, size), kind)

        def add(total, samples, by):
            builder.store(multiply_add(builder, samples, by, builder.load(total)), total)

        zero = constant(kind, 0.0)
        totals = [cgutils.alloca_once_value(builder, start) for _ in range(many)]
        rests = [cgutils.alloca_once_value(builder, zero) for _ in range(many)]
        for line in range(height + many - 1 if height else 0):
            base = builder.add(entry(builder, lines, line), behind)
            active = range(max(0, line - height + 1), min(many, line + 1))
            for o in active:
                if line > o and (line - o) % _GROUP == 0:  # short sums have smaller rounding errors
                    builder.store(builder.fadd(builder.load(totals[o]), builder.load(rests[o])), totals[o])
                    builder.store(zero, rests[o])
            with cgutils.for_range(builder, n) as loop:
                samples = read(builder, builder.add(base, builder.mul(step, loop.index)), kind)
                for o in active:
                    row = builder.mul(n, WORD(line - o))
                    add(rests[o], samples, factor(weights, builder.add(row, loop.index)))
        with cgutils.for_range(builder, phases) as loop:
            for o, total in enumerate(totals):
                index = builder.add(builder.mul(phases, WORD(o)), loop.index)
                samples = read(builder, builder.add(entry(builder, parts, index), behind), kind)
                add(total, samples, factor(signs, index))
        for o, (total, rest) in enumerate(zip(totals, rests, strict=True)):
            value = builder.fadd(builder.load(total), builder.load(rest))
            write(builder, builder.add(entry(builder, to, o), behind), value)
        return context.get_dummy_value()

    scalars = (*(types.int64,) * 7, types.float64, types.int64, types.int64)
    return types.none(real, outputs, rows, *scalars), codegen


@kernel("real", "outputs", "rows")
def sum_lines(
    real, outputs, rows, parts, signs, phases, lines, step, n, weights, bias: float, to, count, overhang
):
    """Make `outputs` rows of `count` elements, each from `phases` parts and from `rows` lines; see `_sums`.

    The last vector overlaps the one before. Rows shorter than a vector go through `overhang`.
    """
    lanes = BYTES // size_of(real)
    if count < lanes:
        places = overhang + outputs * BYTES
        for o in range(outputs):
            poke(places + 8 * o, overhang + o * BYTES)
        _sums(real, outputs, rows, parts, signs, phases, lines, step, n, weights, bias, 0, places)
        for o in range(outputs):
            copy(real, peek(to + 8 * o), overhang + o * BYTES, count)
        return
    x = 0
    while x < count:
        shift = min(x, count - lanes)
        _sums(real, outputs, rows, parts, signs, phases, lines, step, n, weights, bias, shift, to)
        x += lanes
