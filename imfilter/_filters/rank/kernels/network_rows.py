"""Ranks in windows by a sorting network, one row of outputs at a time; see `ordered_keys`.

Rows of the image slide through a window of lines. The network processes tiles. A tile is so narrow that all
lines of the network fit into the first-level cache.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, part
from imfilter._simd.lines import place_line, source_index
from imfilter._simd.registers import LINE
from imfilter._simd.units import place_of
from imfilter._simd.vector import invoke, peek, poke, record

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
#: *Padded* coordinates count from the first sample of the border.
_FIELDS = (
    *("planes", "rows", "channels"),  # of the output; channels are interleaved in a line
    *("window_z", "window_y", "span_x"),  # padded planes, rows and columns that one output needs
    *("outputs", "depth"),  # neighbouring rows computed together, and rows of the ring buffer
    "size",  # of an element, in bytes
    *("tile", "least"),  # elements of a tile, and its smallest size in bytes
    "direct",  # whether results are written directly to the output
    *("before_z", "before_y", "before_x"),  # padded samples before the image
    *("samples_z", "samples_y", "samples_x"),  # samples of the image
    *("source_z", "source_y", "source_x", "source_c", "source_packed"),
    *("target_z", "target_y", "target_x", "target_c", "target_packed"),
    "border_key",  # key of the border constant
    # Tables: offsets of the images of a batch; borders (see `source_index`); the steps of the network (see
    # `STEP`), whose first lines are rows of the window and whose last are the results. A small network is a
    # kernel and has no steps.
    *("batch", "border_z", "border_y", "border_x", "steps", "n_steps", "n_lines"),
    *("tiles", "n_tiles"),  # start columns of the tiles of the output
    # Workspace offsets of lines, and the distance between them; addresses of lines.
    *("window", "pitch", "lines", "line_step", "result", "spare", "at", "flag"),
    *("fetch", "compare", "restore", "place"),  # kernels; the third is for floats
)
RANK_JOB = np.dtype([(name, np.int64) for name in _FIELDS])


@part
def _row(job, workspace, plane, slot):
    """Return the address of a row of the window. The rows of a plane are a ring buffer."""
    turned = slot if slot < job.depth else slot - job.depth
    return workspace + job.window + (plane * job.depth + turned) * job.pitch


@part
def _source(job, image_at, z, i, p):
    """Return the address of padded row `p` in plane `i` of the window for plane `z`, or -1."""
    row = source_index(job.border_y, job.before_y, job.samples_y, p)
    plane = source_index(job.border_z, job.before_z, job.samples_z, z + i)
    return image_at + plane * job.source_z + row * job.source_y if row >= 0 and plane >= 0 else -1


@part
def _compare(job, workspace, first_slot, many, wide, to, ahead):
    """Find the ranks for `many` rows of `wide` outputs. Write them to the address `to`, or to the results."""
    at, results = workspace + job.at, job.n_lines - job.outputs
    total, pixel = wide * job.channels, job.channels * job.size
    extent = max(min(job.tile, total) * job.size, job.least)
    for first in range(0, total, job.tile):
        x = max(min(first, total - job.tile), 0)  # the last tile overlaps the previous one
        entry = at
        for plane in range(job.window_z):
            for j in range(job.depth):
                # Outputs beyond the last are computed from existing rows and discarded.
                slot = first_slot + min(j, job.window_y + many - 2)
                poke(entry, _row(job, workspace, plane, slot) + x * job.size)
                entry += 8
        for o in range(job.outputs):
            line = to if job.direct else workspace + job.result + o * job.pitch
            poke(at + 8 * (results + o), line + x * job.size)
        if job.n_steps:
            invoke(1, job.compare, (job.steps, job.n_steps, at, extent, pixel))
        else:
            invoke(5, job.compare, (at, pixel, extent, ahead + x * job.size))


@Driver
@denormals_as_numbers
def slide_rank(job_at, source_at, target_at, memory, start, stop):
    """Compute blocks of rows `start` … `stop`, counted over batch, plane, tile and row in this order.

    job_at: address of the `RANK_JOB`. source_at, target_at: addresses of the image and the output.
    memory: zeroed workspace, divided as the job says.
    """
    job = record(RANK_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    rows = job.window_z * job.depth
    for i in range(rows, job.n_lines - job.outputs):
        poke(workspace + job.at + 8 * i, workspace + job.lines + (i - rows) * job.line_step)
    blocks = (job.rows + job.outputs - 1) // job.outputs
    ready = 0  # the first padded row that is not yet in the window
    for unit in range(start, stop):
        block, tile, z, image = place_of(unit, blocks, job.n_tiles, job.planes)
        y = block * job.outputs
        image_at = source_at + peek(job.batch + 16 * image)
        x = peek(job.tiles + 8 * tile)
        wide = peek(job.tiles + 8 * tile + 8) - x
        many = min(job.outputs, job.rows - y)
        if unit == start or y == 0:
            ready = y
        first_slot = y % job.depth
        for p in range(ready, y + job.window_y + many - 1):
            for i in range(job.window_z):
                invoke(2, job.fetch, (
                    _source(job, image_at, z, i, p), job.source_x, job.source_c, job.source_packed,
                    job.channels, job.border_x, job.before_x, job.samples_x, x, wide + job.span_x - 1,
                    job.border_key, _row(job, workspace, i, first_slot + p - y),
                    workspace + job.flag))  # fmt: skip
        if peek(workspace + job.flag):  # the whole image must be computed again
            return
        ready = y + job.window_y + many - 1
        ahead = _source(job, image_at, z, job.window_z - 1, ready) if y + many < job.rows else 0
        to = target_at + peek(job.batch + 16 * image + 8)
        to += z * job.target_z + y * job.target_y + x * job.target_x
        _compare(job, workspace, first_slot, many, wide, to, ahead + x * job.source_x)
        for o in range(0 if job.direct else many):
            line = workspace + job.result + o * job.pitch
            if job.restore:
                invoke(1, job.restore, (line, wide * job.channels))
            place_line(job, workspace, line, to + o * job.target_y, wide)
