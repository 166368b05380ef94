"""Weighted sums of neighbouring lines for several neighbouring outputs at a time.

Adjacent outputs read nearly the same lines. Every line is loaded once and multiplied into all outputs. Loads
limit the speed of a long sum: they come from the second-level cache if the window does not fit into the
first. Sharing divides the number of loads by the number of outputs.
"""

import contextlib

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
    to_real,
    write,
)
from imfilter._simd.prefetch import prefetch_rows
from imfilter._simd.registers import BYTES, REGISTERS
from imfilter._simd.vector import peek, poke, register_lanes, size_of

#: Registers per step in a sum along a line, where the outputs are adjacent vectors.
_ONE = 1


@contextlib.contextmanager
def _while(builder, condition):
    """Repeat the code built in the ``with`` block while the `condition`, built before it, is true."""
    head, body = builder.append_basic_block("while"), builder.append_basic_block("do")
    end = builder.append_basic_block("done")
    builder.branch(head)
    with builder.goto_block(head):
        builder.cbranch(condition(), body, end)
    with builder.goto_block(body):
        yield
        builder.branch(head)
    builder.position_at_end(end)


#: Lines that are summed without a check in between.
_UNROLLED = 4


@intrinsic(prefer_literal=True)
def _sums(
    typingctx,
    real,
    source,
    outputs,
    registers,
    single,
    lines,
    offsets,
    n,
    weights,
    rows,
    group,
    bias,
    shift,
    to,
):
    """Sum `rows` lines of `source` elements for each of `outputs` neighbouring outputs.

    Output o starts with line o. lines: address of the addresses of ``rows + outputs - 1`` lines. Each line is
    read at `n` `offsets`, `shift` elements further on. If `single`, there is one offset. weights: address of
    the weights of the taps, `n` per line. to: address of the addresses of the results.

    After each `group` of its lines, the partial sum of an output is added to its total, because short sums
    round less than a long sum. A group has at least as many lines as there are outputs. So each output adds
    in the same order, whatever its position among its neighbours.
    """
    many, alone = outputs.literal_value, bool(single.literal_value)
    lanes = register_lanes(real.dtype) * registers.literal_value
    scalars = (*(types.int64,) * 6, types.float64, *(types.int64,) * 2)

    def codegen(context, builder, sig, args):
        lines, offsets, n, weights, rows, group, bias, shift, to = args[5:]
        scalar = element(real.dtype)
        kind, memory = ir.VectorType(scalar, lanes), ir.VectorType(element(source.dtype), lanes)
        zero = constant(kind, 0.0)
        size = WORD(real.dtype.bitwidth // 8)
        row_bytes = size if alone else builder.mul(n, size)
        inside, behind = (builder.mul(shift, WORD(t.dtype.bitwidth // 8)) for t in (source, real))
        parts = [cgutils.alloca_once(builder, kind) for _ in range(many)]
        wholes = [cgutils.alloca_once(builder, kind) for _ in range(many)]
        line = cgutils.alloca_once(builder, WORD)  # index of the next line
        place = cgutils.alloca_once(builder, WORD)  # index of the next line in its group
        start = to_real(builder, bias, types.float64, scalar)

        def read_samples(base, index):
            found = read(builder, builder.add(base, entry(builder, offsets, index)), memory)
            return to_real(builder, found, source.dtype, kind)

        def weight(first, o):
            """Return the weight of output `o` if the weight of the first output is at `first`."""
            at = builder.sub(first, builder.mul(row_bytes, WORD(o)))
            return spread(builder, read(builder, at, scalar), kind)

        def add(o, samples, factor):
            builder.store(multiply_add(builder, samples, factor, builder.load(parts[o])), parts[o])

        def add_line(r, active):
            """Add line `r` to the sums of the `active` outputs. It is tap r - o of output o."""
            base = builder.add(entry(builder, lines, r), inside)
            first = builder.add(weights, builder.mul(r, row_bytes))
            if alone:
                samples = read_samples(base, WORD(0))
                for o in active:
                    add(o, samples, weight(first, o))
                return
            with cgutils.for_range(builder, n) as loop:
                here = builder.add(first, builder.mul(loop.index, size))
                samples = read_samples(base, loop.index)
                for o in active:
                    add(o, samples, weight(here, o))

        def add_lines(r):
            """Add a few lines of one tap each, from line `r` on. The lines share most of their weights."""
            first = builder.add(weights, builder.mul(r, size))
            shared = {j: weight(first, -j) for j in range(1 - many, _UNROLLED)}
            for u in range(_UNROLLED):
                base = builder.add(entry(builder, lines, after(builder, r, u)), inside)
                samples = read_samples(base, WORD(0))
                for o in range(many):
                    add(o, samples, shared[u - o])

        def put_aside(o):
            builder.store(builder.fadd(builder.load(wholes[o]), builder.load(parts[o])), wholes[o])
            builder.store(zero, parts[o])

        def begin_group(active):
            """Add the partial sum of the output that starts a new group with the next line, if any."""
            for o in active:
                with builder.if_then(builder.icmp_signed("==", builder.load(place), WORD(o)), likely=False):
                    put_aside(o)

        def go_on(by):
            builder.store(builder.add(builder.load(line), by), line)
            moved = builder.add(builder.load(place), by)
            wrapped = builder.select(builder.icmp_signed("==", moved, group), WORD(0), moved)
            builder.store(wrapped, place)

        for sums in (*parts, *wholes):
            builder.store(zero, sums)
        for r in range(many - 1):
            add_line(WORD(r), range(r + 1))
        for counter in (line, place):
            builder.store(WORD(many - 1), counter)
        with _while(builder, lambda: builder.icmp_signed("<", builder.load(line), rows)):
            begins = builder.icmp_signed("<", builder.load(place), WORD(many))
            with builder.if_else(begins, likely=False) as (slowly, fast):
                with slowly:
                    begin_group(range(many))
                    add_line(builder.load(line), range(many))
                    go_on(WORD(1))
                with fast:
                    first = builder.load(line)
                    left, rest = builder.sub(rows, first), builder.sub(group, builder.load(place))
                    count = builder.select(builder.icmp_signed("<", left, rest), left, rest)
                    done = WORD(0)
                    if alone:
                        blocks = builder.udiv(count, WORD(_UNROLLED))
                        with cgutils.for_range(builder, blocks) as loop:
                            add_lines(builder.add(first, builder.mul(loop.index, WORD(_UNROLLED))))
                        done = builder.mul(blocks, WORD(_UNROLLED))
                    with cgutils.for_range(builder, builder.sub(count, done)) as loop:
                        add_line(builder.add(builder.add(first, done), loop.index), range(many))
                    go_on(count)
        for o in range(1, many):
            active = range(o, many)
            begin_group(active)
            add_line(builder.load(line), active)
            go_on(WORD(1))
        for o, whole in enumerate(wholes):
            put_aside(o)
            total = builder.fadd(spread(builder, start, kind), builder.load(whole))
            write(builder, builder.add(entry(builder, to, o), behind), total)
        return context.get_dummy_value()

    return types.none(real, source, outputs, registers, single, *scalars), codegen


@kernel("real", "source", "outputs", "single")
def sum_rows(
    real,
    source,
    outputs,
    single,
    lines,
    offsets,
    n,
    weights,
    rows,
    group,
    bias: float,
    to,
    count,
    overhang,
    ahead,
):
    """Write `outputs` rows of `count` sums to the addresses at `to`; see `_sums`.

    The last vector overlaps the previous one. Rows shorter than a vector go through `overhang`. `ahead` is
    the table for prefetching; see `prefetch`.
    """
    lanes = BYTES // size_of(real)
    places, last = to, count - lanes  # one call for both cases: its code takes long to compile
    if count < lanes:
        places, last, ahead = overhang + outputs * BYTES, 0, 0
        for o in range(outputs):
            poke(places + 8 * o, overhang + o * BYTES)
    x = 0
    while x < count:
        shift = min(x, last)
        prefetch_rows(real, REGISTERS, ahead, shift)
        _sums(
            real,
            source,
            outputs,
            REGISTERS,
            single,
            lines,
            offsets,
            n,
            weights,
            rows,
            group,
            bias,
            shift,
            places,
        )
        x += lanes
    if count < lanes:
        for o in range(outputs):
            copy(real, peek(to + 8 * o), overhang + o * BYTES, count)


@kernel("real", "outputs")
def sum_along(real, outputs, lines, offsets, weights, taps, group, channels, to, segment, bias: float):
    """Write the sums along a line in the lane layout. Its segments have `segment` pixels, at least `outputs`.

    lines: address of the addresses of the first pixel of the line and the following pixels. to: the same
    for the result. The last block overlaps the previous one.
    """
    lanes = BYTES // REGISTERS // size_of(real)
    for c in range(channels):
        x = 0
        while x < segment:
            shift = (min(x, segment - outputs) * channels + c) * lanes
            _sums(real, real, outputs, _ONE, _ONE, lines, offsets, 1, weights, taps, group, bias, shift, to)
            x += outputs
