"""Ranks in windows, block by block of the image, with the kernels of the job."""

import numpy as np

from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, part
from imfilter._simd.lines import source_index
from imfilter._simd.registers import LINE
from imfilter._simd.units import place_of
from imfilter._simd.vector import invoke, peek, record

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
#: *Padded* coordinates count from the first sample of the border.
_FIELDS = (
    *("planes", "rows", "columns", "channels"),  # of the output
    *("block_z", "block_y", "block_x"),  # outputs of a block
    *("padded_z", "padded_y", "padded_x"),  # padded samples of a block
    *("rank", "size"),  # size of a sample in bytes
    "flip",  # XOR with this maps bytes to unsigned bytes of the same order
    *("before_z", "before_y", "before_x"),  # padded samples before the image
    *("samples_z", "samples_y", "samples_x"),  # samples of the image
    *("source_z", "source_y", "source_x", "source_c"),
    *("target_z", "target_y", "target_x", "target_c"),
    "border_key",  # key of the border constant
    # Tables: offsets of the images of a batch; borders (see `source_index`); offsets in a block, from the
    # first sample of a window, of all its samples and of those that left and entered; see `histogram` for the
    # last.
    *("batch", "border_z", "border_y", "border_x"),
    *("taps", "n_taps", "leaving", "entering", "n_moved", "steps"),
    # Workspace offsets: keys of a block; sorting, see `sort`; bits, see `bitset`; histograms and the bytes of
    # one, see `histogram`.
    *("keys", "order", "other", "digits", "ranks", "values", "bits"),
    *("tables", "table", "window", "words", "found", "below", "flag"),
    *("fetch", "sort", "find"),  # kernels; the second is 0 for small keys
)
BLOCK_JOB = np.dtype([(name, np.int64) for name in _FIELDS])


@part
def _gather(job, workspace, image_at, z, y, x):
    """Copy the padded samples of the block that starts at z, y, x to its keys."""
    to, packed = workspace + job.keys, job.source_x == job.size
    for i in range(job.padded_z):
        plane = source_index(job.border_z, job.before_z, job.samples_z, z + i)
        for j in range(job.padded_y):
            row = source_index(job.border_y, job.before_y, job.samples_y, y + j)
            there = plane >= 0 and row >= 0
            start = image_at + plane * job.source_z + row * job.source_y if there else -1
            invoke(2, job.fetch, (
                start, job.source_x, 0, packed, 1, job.border_x, job.before_x, job.samples_x, x, job.padded_x,
                job.border_key, to, workspace + job.flag))  # fmt: skip
            to += job.padded_x * job.size


@Driver
@denormals_as_numbers
def slide_blocks(job_at, source_at, target_at, memory, start, stop):
    """Compute blocks `start` … `stop`, counted over batch, channel, plane, row and column in this order.

    All blocks have the same size. A block that would end after the last output starts earlier and writes only
    the missing outputs.

    job_at: address of the `BLOCK_JOB`. source_at, target_at: addresses of the image and the output.
    memory: workspace, divided as the job says.
    """
    job = record(BLOCK_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    wide = (job.columns + job.block_x - 1) // job.block_x
    high = (job.rows + job.block_y - 1) // job.block_y
    deep = (job.planes + job.block_z - 1) // job.block_z
    for unit in range(start, stop):
        column, row, plane, rest = place_of(unit, wide, high, deep)
        x, y, z = column * job.block_x, row * job.block_y, plane * job.block_z
        channel, image = rest % job.channels, rest // job.channels
        image_at = source_at + peek(job.batch + 16 * image) + channel * job.source_c
        first_z, first_y = min(z, job.planes - job.block_z), min(y, job.rows - job.block_y)
        first_x = min(x, job.columns - job.block_x)
        _gather(job, workspace, image_at, first_z, first_y, first_x)
        if job.sort:
            invoke(2, job.sort, (job_at, workspace))
        to = target_at + peek(job.batch + 16 * image + 8) + channel * job.target_c
        to += first_z * job.target_z + first_y * job.target_y + first_x * job.target_x
        block = job_at, workspace, to, z - first_z, y - first_y, x - first_x
        if job.table:
            invoke(3, job.find, block)
        else:
            invoke(0, job.find, block)
