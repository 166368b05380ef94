"""Sums over long windows by recurrence: each term of a sum of cosines is an oscillator.

The weights are w[m] = sum of a*cos(f*(m - c)) over a few frequencies f; c is the centre of the window. The
window moves by one sample at a time. T[n] is the sum of one term over the window that begins at sample n.
Then

    T[n + 1] = 2 cos(f) T[n] - T[n - 1] + p (x[n + N] + x[n - 1]) - q (x[n + N - 1] + x[n])

with p = a*cos(f*c) and q = a*cos(f*(c + 1)), for any length of the window. All other samples cancel, because
cos(u + f) + cos(u - f) = 2 cos(f) cos(u). For sines, the samples that leave are subtracted instead. (Sugimoto
and Kamata, Efficient constant-time Gaussian filtering with sliding DCT/DST-5 and dual-domain error
minimization, ITE Transactions 3, 2015. Their frequencies are multiples of one frequency, these are not.)

The oscillators do not decay, so rounding errors stay. They are float64 for any type of samples.
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._simd.jit import kernel
from imfilter._simd.llvm import (
    WORD,
    after,
    element,
    from_real,
    multiply_add,
    read,
    spread,
    to_real,
    write,
)
from imfilter._simd.vector import register_lanes, size_of

#: Bytes of one register of oscillators.
REGISTER = register_lanes(types.float64) * 8
#: Registers of a state beyond the two of each term: the last sample that entered, and the last two that left.
CARRIED = 3


@intrinsic(prefer_literal=True)
def _oscillate(
    typingctx, real, terms, enter, enter_step, leave, leave_step, to, to_step, count, table, state
):
    """Advance one register of oscillators by `count` samples, and write the sum of their terms after each.

    enter: address of the first sample that enters. leave: address of the first sample that leaves after its
    sum is written. to: address of the first sum. Each has the distance to the next one. table: 2 cos(f), p
    and -q of each term, and then the sign of the samples that leave. state: T[n] of all terms, T[n - 1], and
    the carried samples.
    """
    n_terms = terms.literal_value
    lanes = register_lanes(types.float64)

    def codegen(context, builder, sig, args):
        enter, enter_step, leave, leave_step, to, to_step, count, table, state = args[2:]
        double = ir.DoubleType()
        kind, memory = ir.VectorType(double, lanes), ir.VectorType(element(real.dtype), lanes)

        def place(slot):
            return after(builder, state, slot, REGISTER)

        def number(index):
            return spread(builder, read(builder, after(builder, table, index, 8), double, 8), kind)

        slots = [cgutils.alloca_once(builder, kind) for _ in range(2 * n_terms + CARRIED)]
        for i, slot in enumerate(slots):
            builder.store(read(builder, place(i), kind, 8), slot)
        first, second = slots[:n_terms], slots[n_terms : 2 * n_terms]
        came, left, left_before = slots[2 * n_terms :]
        sign = number(3 * n_terms)

        def sample(base, step, i):
            at = builder.add(base, builder.mul(step, i))
            return to_real(builder, read(builder, at, memory), real.dtype, kind)

        def advance(i, now, before):
            """Advance to sample `i`: the terms `before` become the next terms."""
            new = sample(enter, enter_step, i)
            outer = multiply_add(builder, sign, builder.load(left_before), new)
            inner = multiply_add(builder, sign, builder.load(left), builder.load(came))
            sums = []
            for k in range(n_terms):
                rest = multiply_add(builder, number(3 * k + 2), inner, builder.fneg(builder.load(before[k])))
                rest = multiply_add(builder, number(3 * k + 1), outer, rest)
                value = multiply_add(builder, number(3 * k), builder.load(now[k]), rest)
                builder.store(value, before[k])
                sums.append(value)
            while len(sums) > 1:
                sums = [
                    builder.fadd(*sums[j : j + 2]) if j + 1 < len(sums) else sums[j]
                    for j in range(0, len(sums), 2)
                ]
            builder.store(new, came)
            builder.store(builder.load(left), left_before)
            builder.store(sample(leave, leave_step, i), left)
            at = builder.add(to, builder.mul(to_step, i))
            write(builder, at, from_real(builder, sums[0], real.dtype, memory))

        pairs = builder.udiv(count, WORD(2))
        with cgutils.for_range(builder, pairs) as loop:
            i = builder.mul(loop.index, WORD(2))
            advance(i, first, second)
            advance(builder.add(i, WORD(1)), second, first)
        odd = builder.trunc(count, ir.IntType(1))
        with builder.if_then(odd):
            advance(builder.sub(count, WORD(1)), first, second)
            for a, b in zip(first, second, strict=True):
                a_value, b_value = builder.load(a), builder.load(b)
                builder.store(b_value, a)
                builder.store(a_value, b)
        for i, slot in enumerate(slots):
            write(builder, place(i), builder.load(slot), 8)
        return context.get_dummy_value()

    return types.none(real, terms, *(types.int64,) * 9), codegen


@kernel("real", "terms")
def oscillate(real, terms, enter, enter_step, leave, leave_step, to, to_step, count, registers, table, state):
    """Advance `registers` neighbouring registers of oscillators by `count` samples; see `_oscillate`."""
    step = REGISTER // 8 * size_of(real)
    for r in range(registers):
        _oscillate(
            real, terms, enter + r * step, enter_step, leave + r * step, leave_step, to + r * step, to_step,
            count, table, state + r * (2 * terms + CARRIED) * REGISTER,
        )  # fmt: skip
