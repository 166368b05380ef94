"""Ranks in windows by a network of comparisons, a row of outputs at a time; see `order`.

Rows of the image slide through a window of lines. The network is run over tiles so narrow that all of its
lines are in the first-level cache.
"""

import numpy as np

from imfilter._core.jit import Driver, part
from imfilter._kernels.lines import place_line, source_index
from imfilter._kernels.simd import LINE, invoke, peek, poke, record

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
#: *Padded* coordinates count from the first sample of the border.
_FIELDS = (
    *("planes", "rows", "columns", "channels"),  # of the output; channels are interleaved in a line
    *("window_z", "window_y", "padded"),  # padded planes and rows of one output, columns of a line of them
    "size",  # of an element, in bytes
    "tile",  # elements of a line that go through the network at a time
    *("before_z", "before_y", "before_x"),  # padded samples before the image
    *("samples_z", "samples_y", "samples_x"),  # samples of the image
    *("source_z", "source_y", "source_x", "source_c", "source_packed"),
    *("target_z", "target_y", "target_x", "target_c", "target_packed"),
    "beyond",  # what stands for no sample
    # Tables: offsets of the images of a batch, borders (see `source_index`), the network (see `STEP`), whose
    # first lines are rows of the window and whose last is the result.
    *("batch", "border_z", "border_y", "border_x", "steps", "n_steps", "n_lines"),
    # Where in the workspace lines are, and how far apart; addresses of lines.
    *("window", "pitch", "lines", "line_step", "result", "spare", "at"),
    *("fetch", "compare", "restore", "place"),  # kernels; the third for floats
)
RANK_JOB = np.dtype([(name, np.int64) for name in _FIELDS])


@part
def _row(job, room, plane, padded):
    """Return the address of a padded row in a plane of the window; rows follow each other in a ring."""
    return room + job.window + (plane * job.window_y + padded % job.window_y) * job.pitch


@part
def _fetch(job, room, image_at, z, p):
    """Fetch padded row `p` of every plane of the window for plane `z`."""
    row = source_index(job.border_y, job.before_y, job.samples_y, p)
    for i in range(job.window_z):
        plane = source_index(job.border_z, job.before_z, job.samples_z, z + i)
        start = -1
        if row >= 0 and plane >= 0:
            start = image_at + plane * job.source_z + row * job.source_y
        invoke(2, job.fetch, (
            start, job.source_x, job.source_c, job.source_packed, job.channels, job.border_x, job.before_x,
            job.samples_x, job.padded, job.beyond, _row(job, room, i, p)))  # fmt: skip


@Driver
def slide_rank(job_at, source_at, target_at, workspace, start, stop):
    """Compute rows `start` … `stop` of the output, counted over batch, plane and row in this order.

    job_at: address of the `RANK_JOB`. source_at, target_at: addresses of the image and the output.
    workspace: zeroed memory, parted as the job says.
    """
    job = record(RANK_JOB, job_at)
    room = (workspace + LINE - 1) // LINE * LINE
    at, rows = room + job.at, job.window_z * job.window_y
    total = job.columns * job.channels
    for i in range(rows, job.n_lines):
        poke(at + 8 * i, room + job.lines + (i - rows) * job.line_step)
    ready = 0  # the first padded row that is not in the window yet
    for unit in range(start, stop):
        y = unit % job.rows
        z = unit // job.rows % job.planes
        image = unit // (job.rows * job.planes)
        image_at = source_at + peek(job.batch + 16 * image)
        if unit == start or y == 0:
            ready = y
        for p in range(ready, y + job.window_y):
            _fetch(job, room, image_at, z, p)
        ready = y + job.window_y
        result = room + job.result
        for x in range(0, total, job.tile):
            for r in range(rows):
                line = _row(job, room, r // job.window_y, y + r % job.window_y)
                poke(at + 8 * r, line + x * job.size)
            poke(at + 8 * (job.n_lines - 1), result + x * job.size)
            cut = max(x + job.tile - total, 0) * job.size
            invoke(1, job.compare, (job.steps, job.n_steps, at, cut))
        if job.restore:
            invoke(1, job.restore, (result, total))
        to = target_at + peek(job.batch + 16 * image + 8) + z * job.target_z + y * job.target_y
        place_line(job, room, result, to, job.columns)
