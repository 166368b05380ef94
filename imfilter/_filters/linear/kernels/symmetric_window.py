"""Weighted sums over small windows that are symmetric or antisymmetric along each axis.

Samples at mirrored positions have the same weight. They are added or subtracted, and then multiplied by it:
over columns, then planes, then rows. So a mirrored image gives the mirrored bits. Positions of weight 0 are
not read.

With a tap in the centre the sum is relative to the centre sample; see `symmetric_sums`.
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._filters.linear.kernels.constants import LENGTH_BITS, kernels_of
from imfilter._filters.linear.kernels.reference import fits_reference
from imfilter._simd.jit import kernel
from imfilter._simd.llvm import call_llvm, element, from_real, mangle, multiply_add, pointer, spread, weighed
from imfilter._simd.prefetch import prefetch_sums
from imfilter._simd.registers import REGISTERS
from imfilter._simd.short_rows import whole_vectors
from imfilter._simd.vector import register_lanes

_WORD = ir.IntType(64)


class _Samples:
    """Sums and differences of mirrored samples around one output."""

    def __init__(self, builder, shape, read):
        self.builder, self.shape, self.read = builder, shape, read
        self.found = {}

    def get(self, odd, row, plane, column, fixed=0):
        """Return the samples at a position of the corner combined with the mirrored ones, axis by axis.

        Along the first `fixed` axes only the position itself is used. Each combination is computed once,
        because neighbouring outputs share those along columns.
        """
        place = [row, plane, column]
        key = odd, *place, fixed
        if key not in self.found:
            self.found[key] = self._get(odd, place, fixed)
        return self.found[key]

    def _get(self, odd, place, fixed):
        if fixed == 3:
            return self.read(*place)
        length = self.shape[fixed]
        near = self.get(odd, *place, fixed + 1)
        if 2 * place[fixed] + 1 == length:
            return near
        place[fixed] = length - 1 - place[fixed]
        far = self.get(odd, *place, fixed + 1)
        return self.builder.fsub(far, near) if odd[fixed] else self.builder.fadd(near, far)


def _registers(kernels):
    """Return how many registers of sums each output has, without the shared samples."""
    return 1 if kernels > 1 else REGISTERS // 2


@intrinsic(prefer_literal=True)
def _sums(
    typingctx,
    real,
    target,
    outputs,
    window,
    kernels,
    lines,
    offsets,
    weights,
    bias,
    to,
    count,
    overhang,
    ahead,
):
    """Write rows of `count` sums for `outputs` neighbouring outputs; see below."""
    many, shape = outputs.literal_value, window.literal_value
    most = (1 << LENGTH_BITS) - 1
    shape = shape >> 2 * LENGTH_BITS, shape >> LENGTH_BITS & most, shape & most
    parities, norm = kernels_of(kernels.literal_value)
    height, depth, width = shape
    lanes = register_lanes(real.dtype) * _registers(len(parities))
    corner = [
        (r, p, c)
        for r in range((height + 1) // 2)
        for p in range((depth + 1) // 2)
        for c in range((width + 1) // 2)
    ]

    def codegen(context, builder, sig, args):
        lines, offsets, weights, bias, *rows_to = args[5:]
        with whole_vectors(builder, lanes, target.dtype, many, *rows_to) as chosen:
            emit(builder, lines, offsets, weights, bias, *chosen)
        return context.get_dummy_value()

    def emit(builder, lines, offsets, weights, bias, to, count, ahead):
        scalar = element(real.dtype)
        kind, memory = ir.VectorType(scalar, lanes), ir.VectorType(element(target.dtype), lanes)
        size, written = real.dtype.bitwidth // 8, target.dtype.bitwidth // 8

        def entries(table, number):
            return [
                builder.load(pointer(builder, builder.add(table, _WORD(8 * i)), _WORD), align=8, typ=_WORD)
                for i in range(number)
            ]

        def weight(index):
            at = pointer(builder, builder.add(weights, _WORD(index * size)), scalar)
            return spread(builder, builder.load(at, align=1, typ=scalar), kind)

        bases, steps = entries(lines, height + many - 1), entries(offsets, depth * width)
        places = entries(to, many)
        each = 1 + len(corner)
        factors = [[weight(k * each + i) for i in range(each)] for k in range(len(parities))]
        start = spread(builder, builder.fptrunc(bias, scalar) if scalar == ir.FloatType() else bias, kind)
        zero = ir.Constant(kind, [0.0] * lanes)

        def total(samples, parity, factors):
            """Return the sum of one kernel around one output."""
            whole, *factors = factors
            reference = value = None
            if parity.about:
                centre = samples.get(parity.odd, *corner[-1])
                fits = fits_reference(builder, centre)
                reference = builder.select(fits, centre, zero)
            for place, factor, number in zip(corner, factors, range(len(corner)), strict=True):
                if not parity.places >> number & 1 or (parity.about and place == corner[-1]):
                    continue
                term = samples.get(parity.odd, *place)
                if parity.about:  # subtract as many references
                    alike = 1 << sum(2 * i + 1 < n for i, n in zip(place, shape, strict=True))
                    term = multiply_add(builder, reference, ir.Constant(kind, [-float(alike)] * lanes), term)
                value = weighed(builder, term, factor, value)
            if parity.about:
                value = weighed(builder, centre, builder.select(fits, whole, factors[-1]), value)
            return value or zero  # no weights

        last = builder.sub(count, _WORD(lanes))
        vectors = builder.udiv(builder.add(count, _WORD(lanes - 1)), _WORD(lanes))
        with cgutils.for_range(builder, vectors) as loop:
            x = builder.mul(loop.index, _WORD(lanes))
            x = builder.select(builder.icmp_signed("<", x, last), x, last)
            prefetch_sums(builder, ahead, x, lanes, places, written)
            shift, results = builder.mul(x, _WORD(size)), []
            for o in range(many):

                def read(row, plane, column, o=o):
                    at = builder.add(builder.add(bases[o + row], steps[plane * width + column]), shift)
                    return builder.load(pointer(builder, at, kind), align=1, typ=kind)

                samples = _Samples(builder, shape, read)
                values = [total(samples, *each) for each in zip(parities, factors, strict=True)]
                result = start
                for value in values:
                    result = weighed(builder, value, value, result) if norm else builder.fadd(result, value)
                if norm:
                    result = call_llvm(builder, f"llvm.sqrt.{mangle(kind)}", kind, result)
                results.append(from_real(builder, result, target.dtype, memory))
            for place, result in zip(places, results, strict=True):
                at = builder.add(place, builder.mul(x, _WORD(written)))
                builder.store(result, pointer(builder, at, memory), align=1)

    scalars = (*(types.int64,) * 3, types.float64, *(types.int64,) * 4)
    return types.none(real, target, outputs, window, kernels, *scalars), codegen


@kernel("real", "target", "outputs", "window", "kernels", straight=True)
def sum_symmetric_window(
    real, target, outputs, window, kernels, lines, offsets, weights, bias: float, to, count, overhang, ahead
):
    """Write `outputs` rows of `count` sums, as `target`, to the addresses at `to`.

    `window` and `kernels` are numbers of `window_number` and `kernels_number`. lines: address of the
    addresses of all lines that the outputs need, each read at the `offsets`, plane by plane; output o begins
    with line o. weights: for each kernel the sum of all weights, then those of the positions in the corner of
    the first row, plane and column.

    The last vector overlaps the one before. Rows shorter than a vector go through `overhang`. The lines that
    are needed next are prefetched, as `ahead` says; see there.
    """
    _sums(real, target, outputs, window, kernels, lines, offsets, weights, bias, to, count, overhang, ahead)
