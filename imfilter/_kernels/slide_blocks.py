"""Ranks in windows over one block of the image after the other, by the kernel that the job names."""

import numpy as np

from imfilter._core.jit import Driver, inlined
from imfilter._kernels.lines import source_index
from imfilter._kernels.order import to_key
from imfilter._kernels.simd import LINE, invoke, load_one, peek, record, size_of, store_one

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
#: *Padded* coordinates count from the first sample of the border.
_FIELDS = (
    *("planes", "rows", "columns", "channels"),  # of the output
    *("block_z", "block_y", "block_x"),  # outputs of a block
    *("padded_z", "padded_y", "padded_x"),  # padded samples of a block
    "rank",
    *("before_z", "before_y", "before_x"),  # padded samples before the image
    *("samples_z", "samples_y", "samples_x"),  # samples of the image
    *("source_z", "source_y", "source_x", "source_c"),
    *("target_z", "target_y", "target_x", "target_c"),
    "beyond",  # what stands for no sample
    # Tables: offsets of the images of a batch, borders (see `source_index`); where in a block, from the first
    # sample of a window, all of them lie, and those that left and entered as it moved there.
    *("batch", "border_z", "border_y", "border_x"),
    *("taps", "n_taps", "leaving", "entering", "n_moved"),
    # Where in the workspace the samples of a block are; their order, another one, how many there are of each
    # digit, the places in that order, and the bits; or how many there are of each in columns and in a window.
    *("keys", "order", "other", "digits", "ranks", "bits", "tables", "window"),
    "kernel",
)
BLOCK_JOB = np.dtype([(name, np.int64) for name in _FIELDS])


@inlined
def gather(kind, floating, job, room, image_at, z, y, x):
    """Copy the padded samples of the block that begins at z, y, x to its keys."""
    to, size = room + job.keys, size_of(kind)
    for i in range(job.padded_z):
        plane = source_index(job.border_z, job.before_z, job.samples_z, z + i)
        for j in range(job.padded_y):
            row = source_index(job.border_y, job.before_y, job.samples_y, y + j)
            start = image_at + plane * job.source_z + row * job.source_y
            absent = plane < 0 or row < 0
            for k in range(job.padded_x):
                column = x + k - job.before_x
                if column < 0 or column >= job.samples_x:
                    column = source_index(job.border_x, job.before_x, job.samples_x, x + k)
                value = kind.type(job.beyond)
                if column >= 0 and not absent:
                    value = load_one(kind, start + column * job.source_x, kind)
                    if floating:
                        value = to_key(value)
                store_one(to, kind, value)
                to += size


@Driver
def slide_blocks(job_at, source_at, target_at, workspace, start, stop):
    """Compute blocks `start` … `stop`, counted over batch, channel, plane, row and column in this order.

    job_at: address of the `BLOCK_JOB`. source_at, target_at: addresses of the image and the output.
    workspace: memory, parted as the job says.
    """
    job = record(BLOCK_JOB, job_at)
    room = (workspace + LINE - 1) // LINE * LINE
    wide = (job.columns + job.block_x - 1) // job.block_x
    high = (job.rows + job.block_y - 1) // job.block_y
    deep = (job.planes + job.block_z - 1) // job.block_z
    for unit in range(start, stop):
        x = unit % wide * job.block_x
        y = unit // wide % high * job.block_y
        z = unit // (wide * high) % deep * job.block_z
        channel = unit // (wide * high * deep) % job.channels
        image = unit // (wide * high * deep * job.channels)
        image_at = source_at + peek(job.batch + 16 * image) + channel * job.source_c
        place = target_at + peek(job.batch + 16 * image + 8) + channel * job.target_c
        invoke(2, job.kernel, (job_at, room, image_at, place, z, y, x))
