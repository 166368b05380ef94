"""Pixels from one colour space to another, a tile of a line after the other; `colors` has the formulas."""

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, part
from imfilter._simd.vector import LINE, invoke, peek, record

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
_FIELDS = (
    "length",  # pixels of a line of the image
    *("n_tiles", "tile"),  # how many tiles it is cut into, and pixels of each but the last
    *("source_x", "source_c", "source_packed"),
    *("target_x", "target_c", "target_packed"),
    "channels",  # of the result
    "batch",  # table: where lines of the image and of the result begin
    *("lines", "pitch", "spare"),  # where in the workspace lines are, and how far apart
    "table",  # of what samples stand for, if they are looked up
    # Kernels that fetch pixels, the first if they are interleaved; formulas, which are a table, and what they
    # are told; kernels that put pixels where they belong, the first if they are interleaved there.
    *("part", "fetch", "steps", "n_steps", "numbers", "join", "place"),
    *("ahead", "places"),  # bytes a pixel that memory is asked for ahead of their use, in image and result
)
COLOR_JOB = np.dtype([(name, np.int64) for name in _FIELDS])


@part
def _fetch(job, start, count, lines):
    """Fetch `count` pixels into three lines."""
    if job.part:
        invoke(2, job.part, (start, count, lines, job.pitch))
        return
    for c in range(3):
        at, line = start + c * job.source_c, lines + c * job.pitch
        if job.table:
            invoke(2, job.fetch, (at, job.source_x, count, job.table, line))
        else:
            invoke(2, job.fetch, (
                at, job.source_x, 0, job.source_packed, 1, 0, 0, count, 0, count, 0.0, line, 0))  # fmt: skip


@part
def _place(job, lines, count, to, spare):
    """Put `count` pixels of one or three lines where they belong."""
    if job.join:
        invoke(2, job.join, (lines, job.pitch, count, to))
        return
    for c in range(job.channels):
        invoke(2, job.place, (
            lines + c * job.pitch, to + c * job.target_c, count, 1, job.target_x, 0, job.target_packed,
            spare))  # fmt: skip


@Driver
@denormals_as_zeros
def slide_color(job_at, source_at, target_at, memory, start, stop):
    """Convert tiles `start` … `stop`, counted along lines.

    job_at: address of the `COLOR_JOB`. source_at, target_at: addresses of the first pixels. workspace: zeroed
    memory, parted as the job says.
    """
    job = record(COLOR_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    lines = workspace + job.lines
    for number in range(start, stop):
        row, x = number // job.n_tiles, number % job.n_tiles * job.tile
        count = min(job.tile, job.length - x)
        start = source_at + peek(job.batch + 16 * row) + x * job.source_x
        to = target_at + peek(job.batch + 16 * row + 8) + x * job.target_x
        _fetch(job, start, count, lines)
        last = job.n_steps - 1
        for i in range(job.n_steps):
            # The next tile is asked for with the first formula, room for this one with the last.
            ahead, places = job.ahead if i == 0 else 0, job.places if i == last else 0
            invoke(2, peek(job.steps + 8 * i), (
                lines, job.pitch, count, job.numbers, start + count * job.source_x, ahead, to,
                places))  # fmt: skip
        _place(job, lines, count, to, workspace + job.spare)
