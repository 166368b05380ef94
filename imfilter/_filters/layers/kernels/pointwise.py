"""Layers of 1x1 kernels: matrix products of all channels at some pixels, whatever images they belong to.

The samples of a unit are put one channel after the other. They stay in the first-level cache for all outputs.
Sums go straight to the output where its samples are contiguous.
"""

import numpy as np

from imfilter._filters.layers.kernels.products import multiply, prefetch_outputs
from imfilter._filters.layers.kernels.rows import clear_row, copy_row
from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, kernel, part
from imfilter._simd.lines import fetch_line, place_line
from imfilter._simd.registers import BYTES, LINE, REGISTERS
from imfilter._simd.vector import invoke, record, size_of

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
_FIELDS = (
    *("columns", "pixels"),  # of an image, and of all images
    *("groups", "inputs", "outputs", "channels"),  # channels of a group; `channels` of a line is 1
    *("before_x", "samples_x", "border_x"),
    *("source_n", "source_k", "source_x", "source_c", "source_packed"),
    *("target_n", "target_k", "target_x", "target_c", "target_packed"),
    *("size", "check_finite"),  # size of an element; 0: samples are not checked
    *("copied_in", "copied_out"),  # whether samples and outputs are copied as they are
    # Pixels of a unit; units of pixels; parts of the outputs of a group, one for each unit; outputs that are
    # summed together; their number; channels of a partial sum.
    *("together", "positions", "parts", "block", "blocks", "channels_per_block"),
    *("weights", "bias"),  # for each block of outputs, input channel and output of the block
    # Workspace offsets: samples of the unit, sums that do not go straight to the output.
    *("samples", "sums", "spare", "flag"),
    *("multiply", "fetch", "place"),  # kernels
)
POINTWISE_JOB = np.dtype([*((name, np.int64) for name in _FIELDS), ("cval", np.float64)])

_REGISTER = BYTES // REGISTERS


@part
def _gather(job, workspace, source_at, group, first, stop):
    """Copy the samples of pixels `first` … `stop`: all channels of a group."""
    step = job.together * job.size
    pixel = first
    while pixel < stop:
        image, column = pixel // job.columns, pixel % job.columns
        count = min(job.columns - column, stop - pixel)
        start = source_at + image * job.source_n + group * job.inputs * job.source_k
        to = workspace + job.samples + (pixel - first) * job.size
        for _ in range(job.inputs):
            if job.copied_in:
                copy_row(to, start + column * job.size, count * job.size)
            else:
                fetch_line(job, workspace, start, 0, column, count, to)
            start += job.source_k
            to += step
        pixel += count
    unused = (job.together - stop + first) * job.size
    if unused:
        for c in range(job.inputs):
            clear_row(workspace + job.samples + c * step + (stop - first) * job.size, unused)


@kernel("real", "vectors", "block")
def multiply_pixels(real, vectors, block, job_at, workspace, group, first, stop, to, to_step):
    """Compute blocks `first` … `stop` of outputs, `to_step` bytes apart from the address `to` on."""
    job = record(POINTWISE_JOB, job_at)
    size = size_of(real)
    step = vectors * _REGISTER
    for c in range(0, job.inputs, job.channels_per_block):
        n_channels = min(job.channels_per_block, job.inputs - c)
        at = workspace + job.samples + c * step
        for b in range(first, stop):
            entry = group * job.blocks + b
            weights = job.weights + (entry * job.inputs + c) * block * size
            bias = 0 if c else job.bias + entry * block * size
            if c == 0 and to != workspace + job.sums:
                # Behind the last block are the next pixels of the first ones.
                ahead, beyond = b - first + 2, b + 2 - stop
                at_next = to + (ahead if beyond < 0 else beyond) * block * to_step
                prefetch_outputs(block, vectors, at_next if beyond < 0 else at_next + step, to_step)
            multiply(real, block, vectors, at, step, n_channels, weights, to + (b - first) * block * to_step,
                to_step, bias)  # fmt: skip


@part
def _scatter(job, workspace, target_at, group, first_output, stop_output, first, stop):
    """Copy sums to the outputs of pixels `first` … `stop`."""
    step = job.together * job.size
    pixel = first
    while pixel < stop:
        image, column = pixel // job.columns, pixel % job.columns
        count = min(job.columns - column, stop - pixel)
        to = target_at + image * job.target_n + column * job.target_x
        line = workspace + job.sums + (pixel - first) * job.size
        for o in range(group * job.outputs + first_output, group * job.outputs + stop_output):
            if job.copied_out:
                copy_row(to + o * job.target_k, line, count * job.size)
            else:
                place_line(job, workspace, line, to + o * job.target_k, count)
            line += step
        pixel += count


@Driver
@denormals_as_zeros
def slide_pixels(job_at, source_at, target_at, memory, start, stop):
    """Compute units `start` … `stop`, counted over groups, ranges of pixels, parts of outputs.

    job_at: address of the `POINTWISE_JOB`. source_at, target_at: addresses of the images and the outputs.
    memory: workspace, divided as the job says.
    """
    job = record(POINTWISE_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    ready = -1  # the position whose samples are copied
    for unit in range(start, stop):
        portion, position = unit % job.parts, unit // job.parts
        group, first = position // job.positions, position % job.positions * job.together
        last = min(first + job.together, job.pixels)
        if position != ready:
            _gather(job, workspace, source_at, group, first, last)
            ready = position
        b, end = job.blocks * portion // job.parts, job.blocks * (portion + 1) // job.parts
        image, column = first // job.columns, first % job.columns
        if job.copied_out and last - first == job.together and column + job.together <= job.columns:
            straight = min(end, job.outputs // job.block)  # blocks whose outputs all exist
            to = target_at + image * job.target_n + column * job.size
            to += (group * job.outputs + b * job.block) * job.target_k
            invoke(3, job.multiply, (job_at, workspace, group, b, straight, to, job.target_k))
            b = straight
        if b < end:
            sums, step = workspace + job.sums, job.together * job.size
            invoke(3, job.multiply, (job_at, workspace, group, b, end, sums, step))
            stop_output = min(end * job.block, job.outputs)
            _scatter(job, workspace, target_at, group, b * job.block, stop_output, first, last)
