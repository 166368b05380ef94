"""Two passes of oscillators over an image: down its columns, then along its rows; see `cosine`.

Down the columns, neighbouring columns are the lanes. Along the rows, rows are the lanes: a block of rows is
transposed first. Only one block of rows is stored. Like `slide` this does not depend on element types.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.inexact_rows import inexact, rows_of
from imfilter._simd.jit import Driver, part
from imfilter._simd.lines import fetch_row, place_line, source_index
from imfilter._simd.registers import LINE
from imfilter._simd.units import place_of
from imfilter._simd.vector import invoke, load_one, peek, poke, record, store_one

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
#: *Padded* coordinates count from the first sample of the border.
_FIELDS = (
    *("planes", "rows", "columns", "channels"),  # of the output; channels are interleaved in a line
    *("taps_y", "taps_x"),
    "rows_per_task",  # rows that one thread computes in sequence
    *("block", "tile"),  # rows of a block, and columns of a tile, which are filtered down together
    *("lanes", "size"),  # rows side by side in a transposed line; bytes of an element
    *("before_y", "before_x"),  # padded samples before the image
    *("samples_y", "samples_x"),  # samples of the image
    *("source_z", "source_y", "source_x", "source_c", "source_packed"),
    *("target_z", "target_y", "target_x", "target_c", "target_packed"),
    # Tables: offsets of the images of a batch, borders (see `source_index`), the positions of a line's
    # samples and of a transposed line's rows, and the oscillators.
    *("batch", "border_y", "border_x", "lane_places", "line_places", "cosines_y", "cosines_x"),
    # Positions in the workspace: the lines that enter, a block of rows, transposed rows, a pixel of the
    # constant, a line of zeros, and a line that is never read; and the distances between rows.
    *("entering", "entering_step", "lines", "pitch", "lane_layout", "outside", "zeros", "sink", "spare"),
    # States of oscillators, how many registers of them the two passes have, bytes and samples of each; the
    # flag that is set if a sample is not finite, if that is checked.
    *("state_y", "state_x", "registers_y", "registers_x", "state", "lanes_y", "flag", "check_finite"),
    # Positions, if sizes are checked: `inexact`, see there; strips of the largest magnitudes, of some rows
    # each; the largest magnitude of all, and the least of those in windows.
    *("inexact", "strip", "strip_step", "strip_rows", "sizes"),
    "window_x",  # columns of the image that every window contains
    *("fetch", "oscillate", "to_lanes", "join", "place"),  # kernels
    *("widen", "close"),  # kernels that check samples, or 0
)
#: `border_value`: the value of a line outside the image after the pass down the columns. `least`: smallest
#: size of a window's largest sample that is exact enough, relative to the largest of all.
COSINE_JOB = np.dtype(
    [(name, np.int64) for name in _FIELDS]
    + [(name, np.float64) for name in ("cval", "border_value", "least")]
)

_FLOAT64 = np.dtype(np.float64)
#: Rows that are entered in a strip together. They divide the rows of a strip and fit the first-level cache.
_AT_ONCE = 4


@part
def _clear(address, size):
    """Write zeros to `size` bytes, a multiple of 8."""
    for i in range(0, size, 8):
        poke(address + i, 0)


@part
def _close(job, workspace, many):
    """Check the strips that contain rows. Strips that are not full only give the largest magnitude."""
    whole = job.samples_x * job.channels
    for first in range(0, many, job.strip_rows):
        strip = workspace + job.strip + first // job.strip_rows * job.strip_step
        window = job.window_x if first + job.strip_rows <= many else 0
        invoke(1, job.close, (strip, whole, job.channels, window, workspace + job.sizes))


@part
def _down(job, workspace, image_at, row, many, warm, looking):
    """Filter `many` rows from `row` on down the columns, into the block. If not `warm`, keep no results."""
    entering, x = workspace + job.entering, 0
    while x < job.samples_x:
        count = min(job.tile, job.samples_x - x)
        offset = x * job.channels
        leaving = workspace + job.lines + offset * job.size
        for i in range(many):
            line = entering + i * job.entering_step
            fetch_row(job, workspace, image_at, row + job.taps_y - 1 + i, 0, x, count, line)
            if looking and (i % _AT_ONCE == _AT_ONCE - 1 or i == many - 1):
                first = i // _AT_ONCE * _AT_ONCE
                strip = workspace + job.strip + i // job.strip_rows * job.strip_step + offset * job.size
                invoke(1, job.widen, (
                    entering + first * job.entering_step, job.entering_step, i + 1 - first,
                    count * job.channels, strip, 0, 0))  # fmt: skip
            if warm:
                fetch_row(job, workspace, image_at, row + i, 0, x, count, leaving + i * job.pitch)
        registers = (count * job.channels + job.lanes_y - 1) // job.lanes_y
        # A sum is written over the sample that leaves after it.
        invoke(2, job.oscillate, (
            entering, job.entering_step, leaving if warm else workspace + job.zeros, job.pitch if warm else 0,
            leaving if warm else workspace + job.sink, job.pitch if warm else 0, many, registers,
            job.cosines_y,
            workspace + job.state_y + offset // job.lanes_y * job.state))  # fmt: skip
        x += count
    if looking:
        _close(job, workspace, many)


@part
def _border(job, workspace, padded, pixel, inside):
    """Write pixel `padded` of the border of a transposed line whose first sample is at `inside`."""
    column = source_index(job.border_x, job.before_x, job.samples_x, padded)
    start = inside + column * pixel if column >= 0 else workspace + job.outside
    to = inside + (padded - job.before_x) * pixel
    for i in range(0, pixel, 8):
        poke(to + i, peek(start + i))


@part
def _along(job, workspace, block, many, to):
    """Filter the rows of the `block` at an address along their lines, and write the first `many` to `to`."""
    pixel = job.channels * job.lanes * job.size
    lane_layout = workspace + job.lane_layout
    inside = lane_layout + job.before_x * pixel
    invoke(1, job.to_lanes, (
        block, job.pitch, job.samples_x * job.channels, job.lane_places, inside, job.lanes))  # fmt: skip
    for p in range(job.before_x):
        _border(job, workspace, p, pixel, inside)
    for p in range(job.before_x + job.samples_x, job.columns + job.taps_x - 1):
        _border(job, workspace, p, pixel, inside)
    state = workspace + job.state_x
    _clear(state, job.registers_x * job.state)
    zeros, sink, last = workspace + job.zeros, workspace + job.sink, job.taps_x - 1
    invoke(2, job.oscillate, (
        lane_layout, pixel, zeros, 0, sink, 0, last, job.registers_x, job.cosines_x, state))  # fmt: skip
    invoke(2, job.oscillate, (
        lane_layout + last * pixel, pixel, lane_layout, pixel, lane_layout, pixel, job.columns,
        job.registers_x, job.cosines_x, state))  # fmt: skip
    invoke(1, job.join, (lane_layout, job.columns * job.channels, job.line_places, block, job.lanes))
    for i in range(many):
        place_line(job, workspace, block + i * job.pitch, to + i * job.target_y, job.columns)


@Driver
@denormals_as_zeros
def slide_cosine(job_at, source_at, target_at, memory, start, stop):
    """Compute tasks of rows `start` … `stop`, counted over batch, plane and row in this order.

    Oscillators start anew in each task, so results do not depend on the worker. Their rounding errors stay.
    A task whose samples differ so much in size that this may matter is reported by `inexact`.

    job_at: address of the `COSINE_JOB`. source_at, target_at: addresses of the image and the output.
    memory: zeroed memory, divided as the job says.
    """
    job = record(COSINE_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    invoke(2, job.fetch, (
        -1, 0, 0, 0, job.channels, 0, 0, 0, 0, job.lanes, job.border_value, workspace + job.outside,
        0))  # fmt: skip
    tasks = (job.rows + job.rows_per_task - 1) // job.rows_per_task
    for unit in range(start, stop):
        task, z, image, _ = place_of(unit, tasks, job.planes, unit + 1)
        y = task * job.rows_per_task
        image_at = source_at + peek(job.batch + 16 * image) + z * job.source_z
        to = target_at + peek(job.batch + 16 * image + 8) + z * job.target_z
        _clear(workspace + job.state_y, job.registers_y * job.state)
        y, stop_row, looking = rows_of(job, workspace, y)
        looking = looking and job.widen > 0
        row, sizes = y - (job.taps_y - 1), workspace + job.sizes
        if looking:
            store_one(sizes, _FLOAT64, abs(job.cval))
            store_one(sizes + 8, _FLOAT64, np.inf)
        while row < stop_row:
            warm = row >= y  # all samples of the first sum have entered
            many = min(job.block, (stop_row if warm else y) - row)
            _down(job, workspace, image_at, row, many, warm, looking)
            if warm:
                for first in range(0, many, job.lanes):
                    block = workspace + job.lines + first * job.pitch
                    _along(
                        job, workspace, block, min(job.lanes, many - first), to + (row + first) * job.target_y
                    )
            row += many
        if looking:
            least = job.least * load_one(_FLOAT64, sizes, _FLOAT64)
            if not load_one(_FLOAT64, sizes + 8, _FLOAT64) >= least:
                inexact(job, workspace, unit, y)
                return
