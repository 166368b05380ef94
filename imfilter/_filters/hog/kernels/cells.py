"""Histograms of oriented gradients, one row of cells after the other.

`orientation_votes` has the operations on a line. The votes of all rows of a cell are summed for each column.
Then these sums are added along the row.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, part
from imfilter._simd.lines import fetch_row
from imfilter._simd.registers import BYTES, LINE
from imfilter._simd.vector import invoke, load_one, move_one, peek, record, splat, store, store_one

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
_FIELDS = (
    "channels",
    *("before_y", "before_x"),  # padded samples before the image: one
    *("samples_y", "samples_x"),  # samples of the image
    *("source_y", "source_x", "source_c", "source_packed"),
    *("border_y", "border_x"),  # tables, see `source_index`
    *("cell_y", "cell_x", "cells_y", "cells_x"),  # size of a cell, and number of cells
    # Rows and columns that vote for a cell: number of those before it, number of all, and their shares.
    *("before_cell_y", "before_cell_x", "reach_y", "reach_x", "shares_y", "shares_x"),
    *("tiles", "n_tiles"),  # table: first cell of each tile, and end of the last; number of tiles
    *("limits", "bins"),  # angles between orientations, see `vote`; number of orientations
    "height",  # number of rows that are read together
    # Workspace offsets of lines: of single channels, of interleaved channels (and the distance of lines),
    # gradients, votes (and the distance of lines).
    *("window", "mixed", "pitch", "across", "down", "strength", "votes", "step", "flag", "check_finite"),
    *("fetch", "gradients", "gradients_more", "roots", "vote"),  # kernels; `roots` may be 0
)
CELLS_JOB = np.dtype([(name, np.int64) for name in _FIELDS] + [("cval", np.float64)])

_F64 = np.dtype(np.float64)


@part
def _fetch(job, workspace, source_at, y, n_rows, x, count):
    """Read `n_rows` padded rows from `y` on, and split them into a line for each channel."""
    for p in range(y, y + n_rows):
        lines = workspace + job.window + (p - y) * job.channels * job.pitch
        mixed = lines if job.channels == 1 else workspace + job.mixed
        fetch_row(job, workspace, source_at, p, job.before_x, x, count, mixed)
        if job.roots:
            invoke(1, job.roots, (mixed, count * job.channels))
        if job.channels > 1:
            for c in range(job.channels):
                for i in range(count):
                    move_one(lines + c * job.pitch + 8 * i, mixed + (i * job.channels + c) * 8, _F64)


@part
def _sum_up(job, workspace, first, cells, x, stop_x, to):
    """Add the votes for some cells of a tile, from cell `first` on, and divide by the size of a cell.

    The votes are those of columns `x` to `stop_x`.
    """
    size = np.float64(job.cell_y * job.cell_x)
    for cell in range(first, first + cells):
        begin = cell * job.cell_x - job.before_cell_x
        start, stop = max(begin, x), min(begin + job.reach_x, stop_x)
        for b in range(job.bins):
            votes = workspace + job.votes + b * job.step - x * 8
            total = 0.0
            for i in range(start, stop):
                share = load_one(_F64, job.shares_x + 8 * (i - begin), _F64)
                total += share * load_one(_F64, votes + 8 * i, _F64)
            store_one(to + (cell * job.bins + b) * 8, _F64, total / size)


@Driver
@denormals_as_zeros
def slide_cells(job_at, source_at, target_at, memory, start, stop):
    """Compute the histograms of tiles `start` … `stop`, counted along rows of cells.

    job_at: address of the `CELLS_JOB`. source_at: address of the image. target_at: address of float64
    histograms. memory: zeroed workspace, divided as the job says.
    """
    job = record(CELLS_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    for number in range(start, stop):
        row, tile = number // job.n_tiles, number % job.n_tiles
        first = peek(job.tiles + 8 * tile)
        cells = peek(job.tiles + 8 * tile + 8) - first
        x = max(first * job.cell_x - job.before_cell_x, 0)
        begin = (first + cells - 1) * job.cell_x - job.before_cell_x
        stop_x = min(begin + job.reach_x, job.cells_x * job.cell_x)
        count = stop_x - x
        for i in range(0, job.bins * job.step, BYTES):
            store(workspace + job.votes + i, _F64, splat(_F64, 0.0))
        begin_y = row * job.cell_y - job.before_cell_y
        stop_y = min(begin_y + job.reach_y, job.cells_y * job.cell_y)
        for y in range(max(begin_y, 0), stop_y, job.height):
            n_rows = min(job.height, stop_y - y)
            _fetch(job, workspace, source_at, y, n_rows + 2, x, count + 2)
            for r in range(n_rows):
                for c in range(job.channels):
                    above = workspace + job.window + (r * job.channels + c) * job.pitch
                    here = above + job.channels * job.pitch
                    invoke(2, job.gradients if c == 0 else job.gradients_more, (
                        above, here, here + job.channels * job.pitch, count, workspace + job.across,
                        workspace + job.down, workspace + job.strength))  # fmt: skip
                share = load_one(_F64, job.shares_y + 8 * (y + r - begin_y), _F64)
                invoke(0, job.vote, (
                    workspace + job.across, workspace + job.down, workspace + job.strength, share,
                    count, job.limits,
                    job.bins, workspace + job.votes, job.step))  # fmt: skip
        _sum_up(job, workspace, first, cells, x, stop_x, target_at + row * job.cells_x * job.bins * 8)
