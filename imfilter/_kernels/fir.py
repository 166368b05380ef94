"""Weighted sums of neighbouring lines for several neighbouring outputs at a time.

Outputs that lie side by side read nearly the same lines. Every line is loaded once and multiplied into
all of them: what a long sum waits for are loads, from the second-level cache where the window does not
fit the first, and this divides them by the number of outputs.
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._core.jit import kernel, part
from imfilter._kernels.simd import (
    BYTES,
    REGISTERS,
    call_llvm,
    element,
    mangle,
    move_one,
    peek,
    pointer,
    poke,
    register_lanes,
    size_of,
    spread,
)

#: Registers of one line at a time in a sum along it, where outputs are neighbouring vectors.
_ONE = 1


@intrinsic(prefer_literal=True)
def _sums(typingctx, real, outputs, registers, lines, offsets, n, weights, rows, group, bias, shift, to):
    """Sum `rows` lines for each of `outputs` neighbouring outputs; output o begins with line o.

    lines: address of the addresses of ``rows + outputs - 1`` lines, each read at `n` `offsets` and `shift`
    bytes further. weights: of the taps, `n` a line. to: address of the addresses of the results.

    After each `group` of its lines, no fewer than there are outputs, an output's sum is put aside, for
    short sums round less than a long one. Each output thus sums in the same order, wherever it lies
    among its neighbours.
    """
    many = outputs.literal_value
    lanes = register_lanes(real.dtype) * registers.literal_value
    sig = types.none(real, outputs, registers, *(types.int64,) * 6, types.float64, *(types.int64,) * 2)

    def codegen(context, builder, sig, args):
        lines, offsets, n, weights, rows, group, bias, shift, to = args[3:]
        scalar = element(real.dtype)
        kind = ir.VectorType(scalar, lanes)
        word, zero = ir.IntType(64), ir.Constant(kind, [0.0] * lanes)
        size = word(real.dtype.bitwidth // 8)
        row_bytes = builder.mul(n, size)
        parts = [cgutils.alloca_once(builder, kind) for _ in range(many)]
        wholes = [cgutils.alloca_once(builder, kind) for _ in range(many)]
        start = builder.fptrunc(bias, scalar) if scalar == ir.FloatType() else bias

        def read(address, kind, align):
            return builder.load(pointer(builder, address, kind), align=align, typ=kind)

        def entry(table, index):
            return read(builder.add(table, builder.mul(index, word(8))), word, 8)

        def add_line(r, active):
            """Multiply line `r` into the sums of the outputs `active`, one of which may begin a group."""
            if not isinstance(r, ir.Constant):
                place = builder.load(counter)  # of the line in its group
                with builder.if_then(builder.icmp_signed("<", place, word(many)), likely=False):
                    for o in active:
                        with builder.if_then(builder.icmp_signed("==", place, word(o))):
                            put_aside(o)
                place = builder.add(place, word(1))
                place = builder.select(builder.icmp_signed("==", place, group), word(0), place)
                builder.store(place, counter)
            base = builder.add(entry(lines, r), shift)
            # The weights of output o are those of tap r - o.
            first = builder.add(weights, builder.mul(r, row_bytes))
            with cgutils.for_range(builder, n) as loop:
                samples = read(builder.add(base, entry(offsets, loop.index)), kind, 1)
                here = builder.add(first, builder.mul(loop.index, size))
                for o in active:
                    at = builder.sub(here, builder.mul(row_bytes, word(o)))
                    weight = spread(builder, read(at, scalar, 1), kind)
                    total = call_llvm(
                        builder, f"llvm.fmuladd.{mangle(kind)}", kind, samples, weight, builder.load(parts[o])
                    )
                    builder.store(total, parts[o])

        def put_aside(o):
            builder.store(builder.fadd(builder.load(wholes[o]), builder.load(parts[o])), wholes[o])
            builder.store(zero, parts[o])

        counter = cgutils.alloca_once(builder, word)
        builder.store(word(many - 1), counter)
        for sums in (*parts, *wholes):
            builder.store(zero, sums)
        for r in range(many - 1):
            add_line(word(r), range(r + 1))
        with cgutils.for_range(builder, builder.sub(rows, word(many - 1))) as loop:
            add_line(builder.add(loop.index, word(many - 1)), range(many))
        for o in range(1, many):
            add_line(builder.add(rows, word(o - 1)), range(o, many))
        for o, whole in enumerate(wholes):
            put_aside(o)
            total = builder.fadd(spread(builder, start, kind), builder.load(whole))
            place = builder.add(entry(to, word(o)), shift)
            builder.store(total, pointer(builder, place, kind), align=1)
        return context.get_dummy_value()

    return sig, codegen


@kernel("real", "outputs")
def sum_rows(real, outputs, lines, offsets, n, weights, rows, group, bias: float, to, count, spill):
    """Write `outputs` rows of `count` sums to the addresses at `to`; see `_sums`.

    The last vector overlaps the one before; rows shorter than a vector go through `spill`.
    """
    lanes, size = BYTES // size_of(real), size_of(real)
    if count < lanes:
        places = spill + outputs * BYTES
        for o in range(outputs):
            poke(places + 8 * o, spill + o * BYTES)
        _sums(real, outputs, REGISTERS, lines, offsets, n, weights, rows, group, bias, 0, places)
        for o in range(outputs):
            _copy(real, peek(to + 8 * o), spill + o * BYTES, count)
        return
    x = 0
    while x < count:
        shift = min(x, count - lanes) * size
        _sums(real, outputs, REGISTERS, lines, offsets, n, weights, rows, group, bias, shift, to)
        x += lanes


@part
def _copy(real, to, start, count):
    for i in range(count):
        move_one(to + i * size_of(real), start + i * size_of(real), real)


@kernel("real", "outputs")
def sum_along(real, outputs, lines, offsets, weights, taps, group, channels, to, segment, bias: float):
    """Write the sums along a dealt line whose segments have `segment` pixels, no fewer than `outputs`.

    lines: address of the addresses of the first pixel of the line and those after it; to: of the
    result's. The last block overlaps the one before.
    """
    register = BYTES // REGISTERS
    for c in range(channels):
        x = 0
        while x < segment:
            shift = (min(x, segment - outputs) * channels + c) * register
            _sums(real, outputs, _ONE, lines, offsets, 1, weights, taps, group, bias, shift, to)
            x += outputs
