"""Kernels that sum lines with symmetric or antisymmetric weights; see `symmetric_sums`."""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._filters.linear.kernels.symmetric_sums import Block
from imfilter._simd.jit import kernel
from imfilter._simd.prefetch import prefetch_sums
from imfilter._simd.registers import BYTES, REGISTERS
from imfilter._simd.short_rows import whole_vectors
from imfilter._simd.vector import register_lanes, size_of

_WORD = ir.IntType(64)
#: Vector registers for sums and references. Others hold samples and weights.
_MOST_REGISTERS = 10


def _registers(outputs):
    """Return how many registers of sums each output has. There are as many of references."""
    most = min(REGISTERS, _MOST_REGISTERS // 2 // outputs)
    return 1 << most.bit_length() - 1 if most else 1


@intrinsic(prefer_literal=True)
def _rows(
    typingctx,
    real,
    source,
    target,
    outputs,
    number,
    norm,
    step,
    biased,
    lines,
    base,
    halves,
    n,
    weights,
    bias,
    to,
    count,
    overhang,
    ahead,
):
    """Write rows of `count` sums for `outputs` neighbours; see `sum_symmetric`."""
    many = outputs.literal_value
    registers = _registers(many)
    facts = step.literal_value, bool(biased.literal_value)
    literals = many, number.literal_value, bool(norm.literal_value), registers, *facts

    def codegen(context, builder, sig, args):
        *arguments, to, count, overhang, ahead = args[8:]
        lanes = register_lanes(real.dtype) * registers
        rows_to = to, count, overhang, ahead
        with whole_vectors(builder, lanes, target.dtype, many, *rows_to) as (to, count, ahead):
            emit(builder, lanes, [*arguments, to], count, ahead)
        return context.get_dummy_value()

    def emit(builder, lanes, arguments, count, ahead):
        block = Block(builder, (real, source, target), literals, arguments)
        word = _WORD
        last = builder.sub(count, word(lanes))
        vectors = builder.udiv(builder.add(count, word(lanes - 1)), word(lanes))
        with cgutils.for_range(builder, vectors) as loop:
            x = builder.mul(loop.index, word(lanes))
            x = builder.select(builder.icmp_signed("<", x, last), x, last)
            prefetch_sums(builder, ahead, x, lanes, block.places, target.dtype.bitwidth // 8)
            block.write(x)

    scalars = (*(types.int64,) * 5, types.float64, *(types.int64,) * 4)
    return types.none(real, source, target, outputs, number, norm, step, biased, *scalars), codegen


@intrinsic(prefer_literal=True)
def _at(typingctx, real, outputs, number, norm, lines, halves, n, weights, bias, to, shift):
    """Write one register of sums for each of `outputs` outputs, `shift` elements along the lines."""
    literals = outputs.literal_value, number.literal_value, bool(norm.literal_value), 1, 0, True

    def codegen(context, builder, sig, args):
        lines, *arguments, shift = args[4:]
        Block(builder, (real, real, real), literals, [lines, _WORD(0), *arguments]).write(shift)
        return context.get_dummy_value()

    scalars = (*(types.int64,) * 4, types.float64, *(types.int64,) * 2)
    return types.none(real, outputs, number, norm, *scalars), codegen


@kernel("real", "source", "target", "outputs", "number", "norm", "step", "biased", straight=True)
def sum_symmetric(
    real,
    source,
    target,
    outputs,
    number,
    norm,
    step,
    biased,
    lines,
    base,
    halves,
    n,
    weights,
    bias: float,
    to,
    count,
    overhang,
    ahead,
):
    """Write `outputs` rows of `count` sums of `source` lines, as `target`, to the addresses at `to`.

    lines: address of the positions of lines, in bytes from the address `base`; output o begins with line o.
    halves: address of `n` records of `HALF`. Their weights are after the address `weights`. `number` says how
    they are summed (`written_out`, `looped`). With `norm` the root of the sum of the layers' squares is
    written. If `step` is not 0, the lines of the only output are positions on one line of the type `real`,
    so many elements apart. The bias is added if the sums are `biased`.

    The last vector overlaps the one before. Rows shorter than a vector go through `overhang`. The lines that
    are needed next are prefetched, as `ahead` says; see there.
    """
    _rows(
        real,
        source,
        target,
        outputs,
        number,
        norm,
        step,
        biased,
        lines,
        base,
        halves,
        n,
        weights,
        bias,
        to,
        count,
        overhang,
        ahead,
    )


@kernel("real", "outputs", "number")
def sum_symmetric_along(real, outputs, number, lines, halves, n, weights, bias: float, to, segment, channels):
    """Write the sums along a line in the lane layout. Segments have `segment` pixels, at least `outputs`.

    lines: address of the addresses of the first pixel of the line and the pixels after it. to: the same for
    the result. The last block overlaps the one before.
    """
    lanes = BYTES // REGISTERS // size_of(real)
    for c in range(channels):
        x = 0
        while x < segment:
            shift = (min(x, segment - outputs) * channels + c) * lanes
            _at(real, outputs, number, 0, lines, halves, n, weights, bias, to, shift)
            x += outputs
