"""Full kernels of many rows with fewer multiplications: output rows share sums; see `winograd`.

The window has a layer of rows for the image, and a layer for each kind of difference of rows.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, part
from imfilter._simd.lines import fetch_row, place_line
from imfilter._simd.registers import LINE
from imfilter._simd.units import place_of
from imfilter._simd.vector import invoke, peek, poke, record

#: A sum over rows of a layer at equal distances, from row `start` on, with weights at an address.
SUM = np.dtype([(name, np.int64) for name in ("layer", "start", "weights")])
_SUM = SUM.itemsize

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
#: *Padded* coordinates count from the first sample of the border.
_FIELDS = (
    *("planes", "rows", "channels"),  # of the output; channels are interleaved in a line
    *("window_y", "span_x", "size"),  # padded rows and columns that one output needs; bytes of an element
    *("phases", "outputs"),  # rows that share their sums; number of such groups that are computed together
    "height",  # rows of each sum
    *("rest", "rows_per_sum"),  # rows that are left over; output rows that are finished together
    *("depth", "n_layers", "n_sums", "n_columns"),  # rows of the window; taps along a line
    *("before_y", "before_x"),  # padded samples before the image
    *("samples_y", "samples_x"),  # samples of the image
    *("source_z", "source_y", "source_x", "source_c", "source_packed"),
    *("target_z", "target_y", "target_x", "target_c", "target_packed"),
    "straight",  # whether sums are written to the output directly
    # Tables: offsets of the images of a batch, borders (see `source_index`), where tiles of output columns
    # begin; the sums (see `SUM`), for each phase of the output the sums that are added, and their signs for
    # each row of a block.
    *("n_tiles", "batch", "border_y", "border_x", "tiles", "sums", "mixes", "signs"),
    # Positions and distances of lines in the workspace; addresses of lines and of results; the flag that is
    # set if a sample is not finite, if that is checked.
    *(
        "window",
        "parts",
        "result",
        "pitch",
        "spare",
        "overhang",
        "at",
        "at_to",
        "at_parts",
        "flag",
        "check_finite",
    ),
    "weights",  # of the rows that are left over
    *("fetch", "subtract", "sum", "finish", "place"),  # kernels
)
WINOGRAD_JOB = np.dtype([(n, np.int64) for n in _FIELDS] + [("bias", np.float64), ("cval", np.float64)])


@part
def _line(job, workspace, layer, row):
    """Return the address of a padded row of a layer of the window. The rows form a ring."""
    return workspace + job.window + (layer * job.depth + row % job.depth) * job.pitch


@part
def _prepare(job, workspace, image_at, p, top, first, count):
    """Fetch padded row `p`, and compute the differences that it completes, from row `top` on."""
    fetch_row(job, workspace, image_at, p, job.before_x, first, count, _line(job, workspace, 0, p))
    step = 1
    for layer in range(1, min(job.n_layers, p - top + 1)):
        if layer == 2 * step:
            step = layer
        upper = _line(job, workspace, layer - step, p - layer)
        lower = _line(job, workspace, layer - step, p - layer + step)
        invoke(1, job.subtract, (upper, lower, _line(job, workspace, layer, p - layer), count * job.channels))


@part
def _sum(job, workspace, top, many, span):
    """Compute the sums of a block of `many` rows from `top` on, into the parts."""
    at, at_to = workspace + job.at, workspace + job.at_to
    for s in range(job.n_sums):
        mine = record(SUM, job.sums + s * _SUM)
        for r in range(job.height + job.outputs - 1):
            # Outputs after the last are computed from existing lines, and discarded.
            row = min(mine.start + r * job.phases, job.window_y + many - 2)
            poke(at + 8 * r, _line(job, workspace, mine.layer, top + row))
        for o in range(job.outputs):
            poke(at_to + 8 * o, workspace + job.parts + (s * job.outputs + o) * job.pitch)
        invoke(3, job.sum, (
            0, 0, 0, at, job.channels * job.size, job.n_columns, mine.weights, 0.0, at_to, span,
            workspace + job.overhang))  # fmt: skip


@part
def _finish(job, workspace, top, first, many, span, to):
    """Make some rows of a block of `many`, from row `first` on, of their sums and of the left-over rows."""
    at, at_to, at_parts = workspace + job.at, workspace + job.at_to, workspace + job.at_parts
    for r in range(job.rest + job.rows_per_sum - 1):
        # Outputs after the last are computed from existing lines, and discarded.
        row = min(first + job.height * job.phases + r, job.window_y + many - 2)
        poke(at + 8 * r, _line(job, workspace, 0, top + row))
    for o in range(job.rows_per_sum):
        row = min(first + o, many - 1)
        n, phase = row // job.phases, row % job.phases
        for i in range(job.phases):
            s = peek(job.mixes + 8 * (phase * job.phases + i))
            poke(
                at_parts + 8 * (o * job.phases + i), workspace + job.parts + (s * job.outputs + n) * job.pitch
            )
        straight = job.straight and first + o < many
        poke(at_to + 8 * o, to + row * job.target_y if straight else workspace + job.result + o * job.pitch)
    invoke(3, job.finish, (
        at_parts, job.signs + first * job.phases * job.size, job.phases, at, job.channels * job.size,
        job.n_columns, job.weights, job.bias, at_to, span, workspace + job.overhang))  # fmt: skip


@Driver
@denormals_as_zeros
def slide_winograd(job_at, source_at, target_at, memory, start, stop):
    """Compute blocks of rows `start` … `stop`, counted over batch, plane, tile and row in this order.

    A block begins at a multiple of its height, for any worker.

    job_at: address of the `WINOGRAD_JOB`. source_at, target_at: addresses of the image and the output.
    memory: zeroed memory, divided as the job says.
    """
    job = record(WINOGRAD_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    height = job.phases * job.outputs
    blocks = (job.rows + height - 1) // height
    ready = 0  # the first padded row that is not in the window yet
    for unit in range(start, stop):
        block, tile, z, image = place_of(unit, blocks, job.n_tiles, job.planes)
        top = block * height
        x = peek(job.tiles + 8 * tile)
        wide = peek(job.tiles + 8 * tile + 8) - x
        many = min(height, job.rows - top)
        if unit == start or top == 0:
            ready = top
        image_at = source_at + peek(job.batch + 16 * image) + z * job.source_z
        for p in range(ready, top + job.window_y + many - 1):
            _prepare(job, workspace, image_at, p, top, x, wide + job.span_x - 1)
        ready = top + job.window_y + many - 1
        span = wide * job.channels
        _sum(job, workspace, top, many, span)
        to = target_at + peek(job.batch + 16 * image + 8) + z * job.target_z + x * job.target_x
        to += top * job.target_y
        for first in range(0, many, job.rows_per_sum):
            _finish(job, workspace, top, first, many, span, to)
            if not job.straight:
                for o in range(min(job.rows_per_sum, many - first)):
                    place_line(
                        job, workspace, workspace + job.result + o * job.pitch,
                        to + (first + o) * job.target_y, wide
                    )  # fmt: skip
