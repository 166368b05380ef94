"""Layers with one input channel for each group: some output rows at a time, straight to the output.

Four output rows are computed together. A row of samples then serves up to three of them: 18 loads for 36
multiply-adds of 3x3.
"""

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._filters.layers.kernels.conv_job import LAYER_JOB
from imfilter._simd.jit import kernel
from imfilter._simd.llvm import WORD, after, constant, element, multiply_add, read, spread, write
from imfilter._simd.vector import load_one, record, register_lanes, size_of


@intrinsic
def _lanes_of(typingctx, real):
    """Return how many elements one register holds, as a constant."""
    lanes = register_lanes(real.dtype)

    def codegen(context, builder, sig, args):
        return WORD(lanes)

    return types.int64(real), codegen


@intrinsic(prefer_literal=True)
def _correlate(
    typingctx, real, height, width, rows, share, at, pitch, weights, weight_step, bias, to, to_step
):
    """Write a register of outputs of some neighbouring rows, or a `share` of it: 2 is a half.

    at: address of the samples of the first tap of the first output. Their rows are `pitch` bytes apart.
    weights: address of the first weight. The weights are `weight_step` bytes apart. to: address of the first
    output. The output rows are `to_step` bytes apart.
    """
    tall, wide, many = height.literal_value, width.literal_value, rows.literal_value

    def codegen(context, builder, sig, args):
        at, pitch, weights, weight_step, bias, to, to_step = args[5:]
        scalar, size = element(real.dtype), real.dtype.bitwidth // 8
        kind = ir.VectorType(scalar, register_lanes(real.dtype) // share.literal_value)

        def offset(start, step, k):
            return builder.add(start, builder.mul(step, WORD(k)))

        factors = [
            spread(builder, read(builder, offset(weights, weight_step, k), scalar, size), kind)
            for k in range(tall * wide)
        ]
        sums = [constant(kind, 0.0)] * many
        for i in range(many + tall - 1):
            row = offset(at, pitch, i)
            for j in range(wide):
                samples = read(builder, after(builder, row, j, size), kind, size)
                for r in range(many):
                    if 0 <= i - r < tall:
                        sums[r] = multiply_add(builder, samples, factors[(i - r) * wide + j], sums[r])
        shift = spread(builder, bias, kind)
        for r, total in enumerate(sums):
            write(builder, offset(to, to_step, r), builder.fadd(shift, total), size)
        return context.get_dummy_value()

    words = (types.int64,) * 4
    return types.none(real, height, width, rows, share, *words, real.dtype, *words[:2]), codegen


@kernel("real", "height", "width")
def correlate_rows(real, height, width, job_at, workspace, group, first, stop, to, row, column):
    """Write rows from `row` on of a band, of blocks `first` … `stop` of outputs of a group.

    to: address of the first sample of the band in the first channel of the group. Columns before `column` are
    already written. The last register of a row starts earlier, and writes the same values there again.
    """
    job = record(LAYER_JOB, job_at)
    size, lanes = size_of(real), _lanes_of(real)
    for o in range(first * job.block, min(stop * job.block, job.outputs)):
        entry = (group * job.blocks + o // job.block) * job.block
        weights = job.weights + (entry * job.n_taps + o % job.block) * size
        bias = load_one(real, job.bias + (entry + o % job.block) * size, real)
        step = job.block * size
        y = row
        while y < job.band:
            at = workspace + job.rows_at + y * job.pitch
            out = to + o * job.target_k + y * job.target_y
            x = column
            while x < job.wide:
                shift, few = min(x, job.wide - lanes) * size, 2 * (job.wide - x) <= lanes
                if y + 4 > job.band:
                    _correlate(real, height, width, 1, 1, at + shift, job.pitch, weights, step, bias,
                        out + shift, job.target_y)  # fmt: skip
                elif few:
                    shift = (job.wide - lanes // 2) * size
                    _correlate(real, height, width, 4, 2, at + shift, job.pitch, weights, step, bias,
                        out + shift, job.target_y)  # fmt: skip
                else:
                    _correlate(real, height, width, 4, 1, at + shift, job.pitch, weights, step, bias,
                        out + shift, job.target_y)  # fmt: skip
                x += lanes
            y += 4 if y + 4 <= job.band else 1
