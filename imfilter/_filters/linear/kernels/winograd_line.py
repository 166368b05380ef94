"""Long kernels along a line with fewer multiplications: neighbours along it share their sums; see `winograd`.

A line is put into the lane layout (see `to_lanes`) as for a stride of as many samples as a group has outputs.
So the samples that one sum reads are contiguous.
"""

import numpy as np

from imfilter._filters.linear.kernels.job import BLOCK_ALONG
from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, part
from imfilter._simd.lines import fetch_line, place_line
from imfilter._simd.registers import LINE
from imfilter._simd.units import place_of
from imfilter._simd.vector import invoke, peek, poke, record

#: A line of differences and its two operands, as positions in the workspace.
DIFFERENCE = np.dtype([(name, np.int64) for name in ("to", "a", "b")])
#: A sum over neighbours in a line: the position of the line in the workspace, and the address of its weights.
LINE_SUM = np.dtype([(name, np.int64) for name in ("line", "weights")])
_DIFFERENCE, _SUM = DIFFERENCE.itemsize, LINE_SUM.itemsize

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
#: *Padded* coordinates count from the first sample of the border.
_FIELDS = (
    *("planes", "rows", "channels"),  # of the output; channels are interleaved in a line
    *("span_x", "size"),  # padded columns that one output needs; bytes of an element
    *("before_x", "samples_x"),  # padded samples before the image, samples of the image
    *("source_z", "source_y", "source_x", "source_c", "source_packed"),
    *("target_z", "target_y", "target_x", "target_c", "target_packed"),
    "straight",  # whether sums are written to the output directly
    # Groups of outputs in a segment; elements of a segment; elements of a padded segment and the distance of
    # these in bytes; elements of each line of differences.
    *("lanes", "groups", "segment", "segment_count", "segment_step", "differing"),
    *("taps", "group"),  # of each sum, and of each partial sum
    # Tables: offsets of the images of a batch, borders (see `source_index`), where tiles of output columns
    # begin; differences, sums; see `to_lanes`; an offset of 0.
    *("n_tiles", "batch", "border_x", "tiles", "n_differences", "differences", "n_sums", "sums"),
    *("lane_places", "line_places", "zero"),
    # Taps that are left over: their weights, and their positions for each output of a group.
    *("n_rest", "rest_weights", "rests"),
    # Positions of lines in the workspace, and the distance of sums; addresses of samples and of results; the
    # flag that is set if a sample is not finite, if that is checked.
    *(
        "scratch",
        "lane_layout",
        "parts",
        "pitch",
        "mixed",
        "joined",
        "spare",
        "at",
        "at_to",
        "flag",
        "check_finite",
    ),
    *("fetch", "to_lanes", "subtract", "sum_along", "mix", "join", "place"),  # kernels
)
LINE_JOB = np.dtype([(n, np.int64) for n in _FIELDS] + [("bias", np.float64), ("cval", np.float64)])


@part
def _sum(job, workspace):
    """Compute the sums of a line in the lane layout, each for all groups."""
    pixel = job.channels * job.lanes * job.size
    at, at_to = workspace + job.at, workspace + job.at_to
    for s in range(job.n_sums):
        mine = record(LINE_SUM, job.sums + s * _SUM)
        for t in range(job.taps + BLOCK_ALONG - 1):
            poke(at + 8 * t, workspace + mine.line + t * pixel)
        for o in range(BLOCK_ALONG):
            poke(at_to + 8 * o, workspace + job.parts + s * job.pitch + o * pixel)
        invoke(2, job.sum_along, (
            at, job.zero, mine.weights, job.taps, job.group, job.channels, at_to, job.groups,
            0.0))  # fmt: skip


@Driver
@denormals_as_zeros
def line_winograd(job_at, source_at, target_at, memory, start, stop):
    """Compute tiles of rows `start` … `stop`, counted over batch, plane, row and tile in this order.

    job_at: address of the `LINE_JOB`. source_at, target_at: addresses of the image and the output.
    memory: zeroed memory, divided as the job says.
    """
    job = record(LINE_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    for unit in range(start, stop):
        tile, y, z, image = place_of(unit, job.n_tiles, job.rows, job.planes)
        x = peek(job.tiles + 8 * tile)
        wide = peek(job.tiles + 8 * tile + 8) - x
        base = source_at + peek(job.batch + 16 * image) + z * job.source_z + y * job.source_y
        to = target_at + peek(job.batch + 16 * image + 8) + z * job.target_z + y * job.target_y
        to += x * job.target_x
        fetch_line(job, workspace, base, job.before_x, x, wide + job.span_x - 1, workspace + job.scratch)
        invoke(1, job.to_lanes, (
            workspace + job.scratch, job.segment_step, job.segment_count, job.lane_places,
            workspace + job.lane_layout,
            job.lanes))  # fmt: skip
        for d in range(job.n_differences):
            mine = record(DIFFERENCE, job.differences + d * _DIFFERENCE)
            invoke(
                1, job.subtract, (workspace + mine.a, workspace + mine.b, workspace + mine.to, job.differing)
            )
        _sum(job, workspace)
        invoke(2, job.mix, (
            workspace + job.parts, job.pitch, job.bias, job.channels, workspace + job.mixed, job.groups,
            workspace, job.rests, job.rest_weights, job.n_rest))  # fmt: skip
        joined = to if job.straight else workspace + job.joined
        invoke(1, job.join, (workspace + job.mixed, job.segment, job.line_places, joined, job.lanes))
        if not job.straight:
            place_line(job, workspace, joined, to, wide)
