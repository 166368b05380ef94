"""Weighted sums over small windows, unrolled: all taps of all outputs in one piece of straight code.

Loops over three lines of three taps take longer to go round than the taps themselves: a 3x3 correlation
took 13 cycles for 16 float32 samples where nine multiply-adds take 4.5.
"""

import functools

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._core.jit import kernel
from imfilter._kernels.ahead import prefetch_sums
from imfilter._kernels.lines import copy
from imfilter._kernels.reference import fits_reference
from imfilter._kernels.simd import (
    BYTES,
    REGISTERS,
    call_llvm,
    element,
    from_real,
    mangle,
    multiply_add,
    peek,
    pointer,
    poke,
    register_lanes,
    size_of,
    spread,
)



def form_of(norm: int = 0, planes: int = 1, *, about: bool = False) -> int:
    """Return the number of a sum over so many planes: normed kernels, if any, or one about its centre."""
    return (norm << 8 | planes - 1) << 1 | about


def _parts(form: int) -> tuple[int, int, bool]:
    """Return what `form_of` was given."""
    return form >> 9, (form >> 1) % 256 + 1, bool(form & 1)


#: Flags of a product that is rounded before it is added: fused with one of two sums it would be no longer
#: symmetric. An operation with flags of its own is not given the compiler's.
_ROUNDED = ("nsz",)


class _Window:
    """The code of the sums over a window for neighbouring outputs, at one place along the lines.

    Taps at the same distance from the middle are added up in the same order on both sides, first along the
    line, then over planes, then over rows: if the weights are symmetric, a mirrored image gives the mirrored bits.
    """

    def __init__(self, builder, kind, shape, factors, about):
        self.builder, self.kind, self.about = builder, kind, about
        self.rows, self.planes, self.columns = shape
        self.factors = factors  # weights of one kernel, row by row

    def row(self, k, samples, reference):
        """Return the sum over row `k` of the kernel; `samples` are those of its taps."""
        n = self.columns
        values = [
            self._line(k, plane * n, samples, reference) for plane in range(self.planes)
        ]
        return self._joined(values)

    def _line(self, k, begin, samples, reference):
        """Return the sum over the columns of a row in one plane, None for the tap in the centre alone."""
        builder, n = self.builder, self.columns
        factors = self.factors[k * self.planes * n + begin :][:n]
        samples, middle = samples[begin : begin + n], n // 2
        if self.about:
            total = None
            twice = builder.fadd(reference, reference)
            for t in range(middle):
                pair = builder.fsub(builder.fadd(samples[t], samples[n - 1 - t]), twice)
                total = self._plus(pair, factors[t], total)
            if 2 * k + 1 == self.rows and 2 * begin + n == self.planes * n:
                return total
            return self._plus(builder.fsub(samples[middle], reference), factors[middle], total)
        sides = [None, None]
        for t in range(middle):
            for side, index in enumerate((t, n - 1 - t)):
                sides[side] = self._plus(samples[index], factors[index], sides[side])
        total = builder.fadd(*sides) if middle else None
        return self._plus(samples[middle], factors[middle], total) if n % 2 else total

    def _plus(self, samples, factor, total):
        """Return a total with samples times a factor."""
        if total is None:
            return self.builder.fmul(samples, factor, flags=_ROUNDED)
        return multiply_add(self.builder, samples, factor, total)

    def _joined(self, values):
        """Return the sum of values, those at the same distance from the middle first."""
        n = len(values)
        pairs = [self.builder.fadd(values[i], values[n - 1 - i]) for i in range(n // 2)]
        middle = [values[n // 2]] if n % 2 and values[n // 2] is not None else []
        return functools.reduce(self.builder.fadd, pairs + middle) if pairs or middle else None


def _order(rows, outputs):
    """Return which row of the kernel is summed for which output, so that few sums are waited with.

    Both halves of the kernel are summed from outside in. Where they have one row each, lines come in order;
    otherwise first downwards for all upper halves, then upwards for the lower ones, then the middles.
    """
    lines = range(rows + outputs - 1)
    tasks = [(r - o, o) for r in lines for o in range(outputs) if 0 <= r - o < rows]
    if rows <= 3:
        return tasks
    upper = [(k, o) for k, o in tasks if k < rows // 2]
    lower = [(k, o) for k, o in tasks[::-1] if k >= rows - rows // 2]
    return upper + lower + [(k, o) for k, o in tasks if 2 * k + 1 == rows]


@intrinsic(prefer_literal=True)
def _sums(
    typingctx, real, target, outputs, rows, taps, form, lines, offsets, weights, bias, to, count, ahead
):
    """Sum `rows` lines of `taps` each for `outputs` neighbouring outputs; output o begins with line o.

    lines: address of the addresses of ``rows + outputs - 1`` lines of at least a vector, each read at the
    `offsets`. weights: of the taps, line by line. to: address of the addresses of the results, of `target`s.

    `form` is what `form_of` returns. With a norm that many kernels read the same samples, and the root of the
    sum of squares is written. About the centre the sum is one of differences from the sample there, as in
    `symmetric`, and the first weight is the sum of all.
    """
    many, height, width = outputs.literal_value, rows.literal_value, taps.literal_value
    norm, planes, about = _parts(form.literal_value)
    kernels = max(norm, 1)
    # As many sums as there are registers for, beside the weights.
    most = REGISTERS if height <= 3 and not about else REGISTERS // 2
    lanes = register_lanes(real.dtype) * max(most // kernels, 1)

    def codegen(context, builder, sig, args):
        lines, offsets, weights, bias, to, count, ahead = args[6:]
        scalar = element(real.dtype)
        kind, memory = ir.VectorType(scalar, lanes), ir.VectorType(element(target.dtype), lanes)
        word = ir.IntType(64)
        size = real.dtype.bitwidth // 8

        def entries(table, number):
            return [
                builder.load(pointer(builder, builder.add(table, word(8 * i)), word), align=8, typ=word)
                for i in range(number)
            ]

        def weight(index):
            at = pointer(builder, builder.add(weights, word(index * size)), scalar)
            return spread(builder, builder.load(at, align=1, typ=scalar), kind)

        bases, steps, places = entries(lines, height + many - 1), entries(offsets, width), entries(to, many)
        number = height * width
        factors = [weight(i) for i in range(about + kernels * number)]
        whole = factors.pop(0) if about else None
        windows = [
            _Window(builder, kind, (height, planes, width // planes), factors[k * number : (k + 1) * number], about)
            for k in range(kernels)
        ]
        start = spread(builder, builder.fptrunc(bias, scalar) if scalar == ir.FloatType() else bias, kind)
        centre = number // 2

        def sums(shift):
            """Return the sums of each output over the samples at `shift`, one for each kernel."""

            def read(line, tap):
                at = builder.add(builder.add(bases[line], steps[tap]), shift)
                return builder.load(pointer(builder, at, kind), align=1, typ=kind)

            references, levels = [None] * many, [None] * many
            if about:
                for o in range(many):
                    sample = read(o + height // 2, width // 2)
                    fits = fits_reference(builder, sample)
                    references[o] = builder.select(fits, sample, ir.Constant(kind, [0.0] * lanes))
                    levels[o] = builder.fmul(sample, builder.select(fits, whole, factors[centre]))
            halves = {}
            for k, o in _order(height, many):
                samples = [read(o + k, t) for t in range(width)]
                for q, window in enumerate(windows):
                    value = window.row(k, samples, references[o])
                    side = (o, q, (2 * k + 1 > height) - (2 * k + 1 < height))
                    if value is not None:
                        halves[side] = builder.fadd(halves[side], value) if side in halves else value
            found = []
            for o in range(many):
                found.append([])
                for q in range(kernels):
                    parts = [halves[o, q, side] for side in (-1, 1, 0) if (o, q, side) in halves]
                    found[o].append(functools.reduce(builder.fadd, parts) if parts else None)
                if about:
                    found[o] = [levels[o] if found[o][0] is None else builder.fadd(found[o][0], levels[o])]
            return found

        last = builder.sub(count, word(lanes))
        vectors = builder.udiv(builder.add(count, word(lanes - 1)), word(lanes))
        with cgutils.for_range(builder, vectors) as loop:
            x = builder.mul(loop.index, word(lanes))
            x = builder.select(builder.icmp_signed("<", x, last), x, last)
            written = target.dtype.bitwidth // 8
            prefetch_sums(builder, ahead, x, lanes, places, written)
            behind = builder.mul(x, word(written))
            for place, found in zip(places, sums(builder.mul(x, word(size))), strict=True):
                if norm:
                    total = start
                    for value in found:
                        total = multiply_add(builder, value, value, total)
                    total = call_llvm(builder, f"llvm.sqrt.{mangle(kind)}", kind, total)
                else:
                    total = builder.fadd(start, found[0])
                total = from_real(builder, total, target.dtype, memory)
                builder.store(total, pointer(builder, builder.add(place, behind), memory), align=1)
        return context.get_dummy_value()

    scalars = (*(types.int64,) * 3, types.float64, *(types.int64,) * 3)
    return types.none(real, target, outputs, rows, taps, form, *scalars), codegen


@kernel("real", "target", "outputs", "rows", "taps", "form")
def sum_window(
    real, target, outputs, rows, taps, form, lines, offsets, weights, bias: float, to, count, spill, ahead
):
    """Write `outputs` rows of `count` sums, as `target`, to the addresses at `to`; see `_sums`.

    The last vector overlaps the one before; rows shorter than a vector go through `spill`. What is needed
    next is asked for, as `ahead` says; see there.
    """
    lanes = BYTES // size_of(real)
    if count >= lanes:
        _sums(real, target, outputs, rows, taps, form, lines, offsets, weights, bias, to, count, ahead)
        return
    places = spill + outputs * BYTES
    for o in range(outputs):
        poke(places + 8 * o, spill + o * BYTES)
    _sums(real, target, outputs, rows, taps, form, lines, offsets, weights, bias, places, lanes, 0)
    for o in range(outputs):
        copy(target, peek(to + 8 * o), spill + o * BYTES, count)
