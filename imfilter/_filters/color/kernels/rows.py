"""Conversion between colour spaces, one tile of a line after the other. `conversion` has the formulas."""

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, part
from imfilter._simd.registers import LINE
from imfilter._simd.vector import invoke, peek, record

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
_FIELDS = (
    "length",  # pixels of a line of the image
    *("n_tiles", "tile"),  # number of tiles of a line, and pixels of a tile; the last may be shorter
    *("source_x", "source_c", "source_packed"),
    *("target_x", "target_c", "target_packed"),
    "channels",  # of the result
    "batch",  # table: offsets of lines in the image and in the result
    *("lines", "pitch", "spare"),  # workspace offset of the lines, and their distance; offset of spare memory
    "table",  # of decoded values, if samples are indices
    # Kernels that read pixels: `part` if they are interleaved, else `fetch`. A table of formulas, their
    # number and their parameters. Kernels that write pixels: `join` if they are interleaved, else `place`.
    *("part", "fetch", "steps", "n_steps", "numbers", "join", "place"),
    *("ahead", "places"),  # bytes per pixel to prefetch in the image and in the result, or 0
)
COLOR_JOB = np.dtype([(name, np.int64) for name in _FIELDS])


@part
def _fetch(job, start, count, lines):
    """Read `count` pixels into three lines."""
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
    """Write `count` pixels of one or three lines to the result."""
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

    job_at: address of the `COLOR_JOB`. source_at, target_at: addresses of the first pixels. memory: zeroed
    workspace, divided as the job says.
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
            # The first formula prefetches the next tile. The last one prefetches the place of this result.
            ahead, places = job.ahead if i == 0 else 0, job.places if i == last else 0
            invoke(2, peek(job.steps + 8 * i), (
                lines, job.pitch, count, job.numbers, start + count * job.source_x, ahead, to,
                places))  # fmt: skip
        _place(job, lines, count, to, workspace + job.spare)
