"""A convolution layer: many input channels, many output channels, one band of output rows after the other.

The padded rows of all input channels that a band needs are copied one after the other. So a tap of the kernel
is a constant offset for all outputs of the band. With strides, rows and columns are first split into phases.
The rest is a matrix product, in vectors of outputs. Outputs between the end of one row and the start of the
next row are computed, but not used.
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._filters.layers.kernels.conv_job import LAYER_JOB
from imfilter._filters.layers.kernels.rows import copy_padded, copy_row
from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, kernel, part
from imfilter._simd.lines import fetch_line, place_line, source_index
from imfilter._simd.llvm import (
    WORD,
    after,
    constant,
    element,
    entry,
    multiply_add,
    read,
    spread,
    write,
)
from imfilter._simd.registers import BYTES, LINE, REGISTERS
from imfilter._simd.vector import invoke, peek, record, register_lanes, size_of


@intrinsic(prefer_literal=True)
def _accumulate(typingctx, real, outputs, at, step, channels, taps, n_taps, weights, to, to_step, bias):
    """Add products of samples and weights to sums of one vector for each of some neighbouring outputs.

    at: address of the vector in the first channel. The channels are `step` bytes apart. `taps` are offsets in
    bytes. weights: address of the weights of the first channel and tap, one for each output. to: address of
    the sums of the first output. The sums are `to_step` bytes apart. bias: address of the numbers, one for
    each output, that stand for the sums so far, or 0.
    """
    n_outputs = outputs.literal_value
    lanes = register_lanes(real.dtype) * REGISTERS

    def codegen(context, builder, sig, args):
        _, _, at, step, channels, taps, n_taps, weights, to, to_step, bias = args
        scalar = element(real.dtype)
        kind = ir.VectorType(scalar, lanes)
        size = real.dtype.bitwidth // 8
        sums = [cgutils.alloca_once(builder, kind) for _ in range(n_outputs)]
        weight = cgutils.alloca_once(builder, WORD)
        channel = cgutils.alloca_once(builder, WORD)
        builder.store(weights, weight)
        builder.store(at, channel)
        for s in sums:
            builder.store(constant(kind, 0.0), s)
        with cgutils.for_range(builder, channels):
            base = builder.load(channel)
            with cgutils.for_range(builder, n_taps) as loop:
                samples = read(builder, builder.add(base, entry(builder, taps, loop.index)), kind)
                first = builder.load(weight)
                for o, s in enumerate(sums):
                    factor = spread(builder, read(builder, after(builder, first, o, size), scalar), kind)
                    builder.store(multiply_add(builder, samples, factor, builder.load(s)), s)
                builder.store(after(builder, first, n_outputs, size), weight)
            builder.store(builder.add(base, step), channel)
        places = [builder.add(to, builder.mul(to_step, WORD(o))) for o in range(n_outputs)]
        with builder.if_else(builder.icmp_unsigned("!=", bias, WORD(0))) as (then, otherwise):
            with then:
                for o, (place, s) in enumerate(zip(places, sums, strict=True)):
                    shift = spread(builder, read(builder, after(builder, bias, o, size), scalar), kind)
                    write(builder, place, builder.fadd(shift, builder.load(s)))
            with otherwise:
                for place, s in zip(places, sums, strict=True):
                    write(builder, place, builder.fadd(read(builder, place, kind), builder.load(s)))
        return context.get_dummy_value()

    return types.none(real, outputs, *(types.int64,) * 9), codegen


@kernel("real", "block")
def convolve(real, block, job_at, workspace, group, first, stop):
    """Compute the sums of blocks `first` … `stop` of outputs of a group, from the copied rows.

    Each step computes one vector from some input channels, so the data stay in the first-level cache. The
    partial sums are added at the end of each step, because short sums round less than a long sum.
    """
    job = record(LAYER_JOB, job_at)
    size = size_of(real)
    rows, sums, step = workspace + job.rows_at, workspace + job.sums, job.sums_step
    weight_bytes = job.n_taps * block * size  # bytes of weights of an input channel
    for tile in range(job.tiles):
        at, to = rows + tile * BYTES, sums + tile * BYTES
        for c in range(0, job.inputs, job.channels_per_block):
            n_channels = min(job.channels_per_block, job.inputs - c)
            for b in range(first, stop):
                weights = job.weights + ((group * job.blocks + b) * job.inputs + c) * weight_bytes
                bias = 0 if c else job.bias + (group * job.blocks + b) * block * size
                _accumulate(real, block, at + c * job.channel_step, job.channel_step, n_channels, job.taps,
                    job.n_taps, weights, to + (b - first) * block * step, step, bias)  # fmt: skip


@part
def _lay_out(job, workspace, image_at, z, y, x):
    """Copy the padded rows that the band of outputs from plane z, row y and column x on needs."""
    for c in range(job.inputs):
        channel_at = image_at + c * job.source_k
        for i in range(job.window_z):
            padded = z * job.stride_z + i * job.dilation_z
            plane = source_index(job.border_z, job.before_z, job.samples_z, padded)
            to = workspace + job.rows_at + c * job.channel_step + i * job.plane_step
            for slot in range(job.n_slots):
                padded = y * job.stride_y + peek(job.slots + 8 * slot)
                row = source_index(job.border_y, job.before_y, job.samples_y, padded)
                inside = plane >= 0 and row >= 0
                start = channel_at + plane * job.source_z + row * job.source_y if inside else -1
                line = workspace + job.line if job.transpose_line else to
                if job.copied_in:
                    copy_padded(job, start, x * job.stride_x, job.span, line)
                else:
                    fetch_line(job, workspace, start, job.before_x, x * job.stride_x, job.span, line)
                if job.transpose_line:
                    invoke(1, job.transpose_line, (line, 0, job.span, job.to_lanes, to, 1))
                to += job.pitch


@Driver
@denormals_as_zeros
def slide_layer(job_at, source_at, target_at, memory, start, stop):
    """Compute units `start` … `stop`, counted over images, groups, planes, bands, columns, parts of outputs.

    All bands and ranges of columns have the same size. The last one starts earlier, and writes only the
    outputs that are not yet written.

    job_at: address of the `LAYER_JOB`. source_at, target_at: addresses of the image and the output.
    memory: workspace, divided as the job says.
    """
    job = record(LAYER_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    bands, column_ranges = (job.rows + job.band - 1) // job.band, (job.columns + job.wide - 1) // job.wide
    ready = -1  # the position whose rows are copied
    for unit in range(start, stop):
        portion, position = unit % job.parts, unit // job.parts
        x, y = position % column_ranges * job.wide, position // column_ranges % bands * job.band
        z = position // (column_ranges * bands) % job.planes
        group = position // (column_ranges * bands * job.planes) % job.groups
        image = position // (column_ranges * bands * job.planes * job.groups)
        first_x, first_y = min(x, job.columns - job.wide), min(y, job.rows - job.band)
        if position != ready:
            image_at = source_at + image * job.source_n + group * job.inputs * job.source_k
            _lay_out(job, workspace, image_at, z, first_y, first_x)
            ready = position
        first, stop_block = job.blocks * portion // job.parts, job.blocks * (portion + 1) // job.parts
        if job.correlate_rows:
            to = target_at + image * job.target_n + group * job.outputs * job.target_k
            to += first_y * job.target_y + first_x * job.size
            invoke(3, job.correlate_rows, (job_at, workspace, group, first, stop_block, to, y - first_y,
                x - first_x))  # fmt: skip
            continue
        invoke(2, job.convolve, (job_at, workspace, group, first, stop_block))
        for o in range(first * job.block, min(stop_block * job.block, job.outputs)):
            sums = workspace + job.sums + (o - first * job.block) * job.sums_step
            to = (
                target_at + image * job.target_n + (group * job.outputs + o) * job.target_k + z * job.target_z
            )
            for j in range(y - first_y, job.band):
                line = sums + (j * job.stretch + x - first_x) * job.size
                row = to + (first_y + j) * job.target_y + x * job.target_x
                if job.copied_out:
                    copy_row(row, line, (first_x + job.wide - x) * job.size)
                else:
                    place_line(job, workspace, line, row, first_x + job.wide - x)
