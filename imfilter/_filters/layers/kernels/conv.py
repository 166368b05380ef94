"""A convolution layer: many channels in, many out, a band of output rows at a time.

The padded rows that a band needs of all input channels are laid out one behind the other, so that a tap of
the kernel is one distance for all outputs of the band, rows and columns alike; strides part rows and columns
into phases first. What is left is a product of matrices, in vectors of outputs. Outputs that are computed
between the end of one row and the beginning of the next are thrown away.
"""

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

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
from imfilter._simd.vector import (
    BYTES,
    LINE,
    REGISTERS,
    invoke,
    load_one,
    peek,
    record,
    register_lanes,
    size_of,
    splat,
    store,
)

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
#: *Padded* coordinates count from the first sample of the border.
_FIELDS = (
    *("planes", "rows", "columns"),  # of the output
    *("groups", "inputs", "outputs", "channels"),  # channels of a group; the last is 1, for lines
    *("stride_z", "stride_y", "stride_x", "dilation_z", "window_z", "window_y", "window_x"),
    *("before_z", "before_y", "before_x"),  # padded samples before the image
    *("samples_z", "samples_y", "samples_x"),  # samples of the image
    *("source_n", "source_k", "source_z", "source_y", "source_x", "source_c", "source_packed"),
    *("target_n", "target_k", "target_z", "target_y", "target_x", "target_c", "target_packed"),
    "size",  # of an element of the sums, in bytes
    "check_finite",  # nothing is
    # Rows and columns of outputs of a band; samples and bytes of a laid out row, samples of a fetched one.
    *("band", "wide", "stretch", "pitch", "span"),
    *("parts", "block", "blocks"),  # into which outputs of a group are cut; those computed together
    # Bytes of planes and channels that are laid out, and input channels that are summed at once.
    *("plane_step", "channel_step", "channels_per_block"),
    # Tables: borders (see `source_index`); which padded row a laid out one is, counted from the band's first;
    # where each tap is, and where samples of a line go, in bytes.
    *("border_z", "border_y", "border_x", "slots", "n_slots", "taps", "n_taps", "to_lanes"),
    *("weights", "bias"),  # for each block of outputs, input channel, tap and output of the block
    # Where in the workspace the laid out rows are, a line before it is dealt, sums, and what kernels need.
    *("rows_at", "line", "sums", "sums_step", "tiles", "spare", "flag"),
    *("fetch", "deal_line", "convolve", "place"),  # kernels; the second is 0 without strides along the line
)
LAYER_JOB = np.dtype([*((name, np.int64) for name in _FIELDS), ("cval", np.float64)])


@intrinsic(prefer_literal=True)
def _accumulate(typingctx, real, outputs, at, step, channels, taps, n_taps, weights, to, to_step):
    """Add products of samples and weights to sums of one vector for each of some neighbouring outputs.

    at: address of the vector in the first channel; channels follow each other by `step` bytes and are read
    at all `taps`, which are distances in bytes. weights: address of those of the first channel and tap, one
    for each output. to: address of the first output's sums, which follow each other by `to_step` bytes.
    """
    many = outputs.literal_value
    lanes = register_lanes(real.dtype) * REGISTERS

    def codegen(context, builder, sig, args):
        _, _, at, step, channels, taps, n_taps, weights, to, to_step = args
        scalar = element(real.dtype)
        kind = ir.VectorType(scalar, lanes)
        size = real.dtype.bitwidth // 8
        sums = [cgutils.alloca_once(builder, kind) for _ in range(many)]
        weight = cgutils.alloca_once(builder, WORD)
        here = cgutils.alloca_once(builder, WORD)
        builder.store(weights, weight)
        builder.store(at, here)
        for s in sums:
            builder.store(constant(kind, 0.0), s)
        with cgutils.for_range(builder, channels):
            base = builder.load(here)
            with cgutils.for_range(builder, n_taps) as loop:
                samples = read(builder, builder.add(base, entry(builder, taps, loop.index)), kind)
                first = builder.load(weight)
                for o, s in enumerate(sums):
                    factor = spread(builder, read(builder, after(builder, first, o, size), scalar), kind)
                    builder.store(multiply_add(builder, samples, factor, builder.load(s)), s)
                builder.store(after(builder, first, many, size), weight)
            builder.store(builder.add(base, step), here)
        for o, s in enumerate(sums):
            place = builder.add(to, builder.mul(to_step, WORD(o)))
            write(builder, place, builder.fadd(read(builder, place, kind), builder.load(s)))
        return context.get_dummy_value()

    return types.none(real, outputs, *(types.int64,) * 8), codegen


@kernel("real", "block")
def convolve(real, block, job_at, workspace, group, first, stop):
    """Compute the sums of the blocks of outputs `first` … `stop` of a group from what is laid out.

    Vector by vector, and some input channels at a time, so that what is read stays in the first-level cache.
    The sum of each time is put aside: short sums round less than a long one.
    """
    job = record(LAYER_JOB, job_at)
    size = size_of(real)
    rows, sums, step = workspace + job.rows_at, workspace + job.sums, job.sums_step
    each = job.n_taps * block * size  # bytes of weights of an input channel
    for tile in range(job.tiles):
        at, to = rows + tile * BYTES, sums + tile * BYTES
        for b in range(first, stop):
            for o in range(block):
                bias = load_one(real, job.bias + ((group * job.blocks + b) * block + o) * size, real)
                store(to + ((b - first) * block + o) * step, real, splat(real, bias))
        for c in range(0, job.inputs, job.channels_per_block):
            many = min(job.channels_per_block, job.inputs - c)
            for b in range(first, stop):
                weights = job.weights + ((group * job.blocks + b) * job.inputs + c) * each
                _accumulate(real, block, at + c * job.channel_step, job.channel_step, many, job.taps,
                    job.n_taps, weights, to + (b - first) * block * step, step)  # fmt: skip


@part
def _lay_out(job, workspace, image_at, z, y, x):
    """Fetch the padded rows that the band of outputs from plane z, row y and column x on needs."""
    for c in range(job.inputs):
        channel_at = image_at + c * job.source_k
        for i in range(job.window_z):
            padded = z * job.stride_z + i * job.dilation_z
            plane = source_index(job.border_z, job.before_z, job.samples_z, padded)
            to = workspace + job.rows_at + c * job.channel_step + i * job.plane_step
            for slot in range(job.n_slots):
                padded = y * job.stride_y + peek(job.slots + 8 * slot)
                row = source_index(job.border_y, job.before_y, job.samples_y, padded)
                there = plane >= 0 and row >= 0
                start = channel_at + plane * job.source_z + row * job.source_y if there else -1
                line = workspace + job.line if job.deal_line else to
                fetch_line(job, workspace, start, job.before_x, x * job.stride_x, job.span, line)
                if job.deal_line:
                    invoke(1, job.deal_line, (line, 0, job.span, job.to_lanes, to, 1))
                to += job.pitch


@Driver
@denormals_as_zeros
def slide_layer(job_at, source_at, target_at, memory, start, stop):
    """Compute units `start` … `stop`, counted over images, groups, planes, bands, columns, parts of outputs.

    Bands and stretches are all alike: one that would go beyond the last output begins earlier, and writes the
    rest.

    job_at: address of the `LAYER_JOB`. source_at, target_at: addresses of the image and the output.
    memory: memory, parted as the job says.
    """
    job = record(LAYER_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    high, across = (job.rows + job.band - 1) // job.band, (job.columns + job.wide - 1) // job.wide
    ready = -1  # what is laid out
    for unit in range(start, stop):
        portion, place = unit % job.parts, unit // job.parts
        x, y = place % across * job.wide, place // across % high * job.band
        z = place // (across * high) % job.planes
        group = place // (across * high * job.planes) % job.groups
        image = place // (across * high * job.planes * job.groups)
        first_x, first_y = min(x, job.columns - job.wide), min(y, job.rows - job.band)
        if place != ready:
            image_at = source_at + image * job.source_n + group * job.inputs * job.source_k
            _lay_out(job, workspace, image_at, z, first_y, first_x)
            ready = place
        first, end = job.blocks * portion // job.parts, job.blocks * (portion + 1) // job.parts
        invoke(2, job.convolve, (job_at, workspace, group, first, end))
        for o in range(first * job.block, min(end * job.block, job.outputs)):
            sums = workspace + job.sums + (o - first * job.block) * job.sums_step
            to = (
                target_at + image * job.target_n + (group * job.outputs + o) * job.target_k + z * job.target_z
            )
            for j in range(y - first_y, job.band):
                line = sums + (j * job.stretch + x - first_x) * job.size
                row = to + (first_y + j) * job.target_y + x * job.target_x
                place_line(job, workspace, line, row, first_x + job.wide - x)
