"""The rows of a box filter, one after the other; `box` computes one row.

Like `slide` it does not depend on element types: the job gives the addresses of the kernels.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.inexact_rows import inexact, rows_of
from imfilter._simd.jit import Driver, part
from imfilter._simd.lines import source_index
from imfilter._simd.registers import LINE
from imfilter._simd.units import place_of
from imfilter._simd.vector import invoke, load_one, peek, poke, record, size_of, store_one

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
#: *Padded* coordinates count from the first sample of the border.
_FIELDS = (
    *("planes", "rows", "channels"),  # of the output; channels are interleaved in a line
    *("box_z", "box_y", "box_x"),
    "rows_per_task",  # rows that one thread computes in sequence
    "size",  # of a total, in bytes
    "far",  # bytes from a row to the next, if rows are prefetched
    "shift",  # see `box_along`, also for `scale` and `bias`
    *("before_z", "before_y", "before_x"),  # padded samples before the image
    *("samples_z", "samples_y", "samples_x"),  # samples of the image
    *("source_z", "source_y", "source_x"),
    *("target_z", "target_y", "target_x", "target_c", "target_packed"),
    # Tables: offsets of the images of a batch, borders (see `source_index`), where tiles of output columns
    # begin. A line of more than one tile has a box of one row. Other lines have all samples, also those
    # that are in no box, because the border repeats them.
    *("n_tiles", "batch", "border_z", "border_y", "border_x", "tiles"),
    # Positions in the workspace of lines, addresses of rows, and a flag that is set if a sample is not
    # finite.
    *("totals", "prefix", "spare", "addresses", "flag"),
    # Positions of: `inexact`, see there; the largest magnitude so far, and whether a sum is small beside it.
    *("inexact", "sizes"),
    "looking",  # whether these are checked
    # Kernels. Without `along_prefix`, sums along the line are computed directly.
    *("down", "border", "along_prefix", "along"),
)
#: least: smallest size of a sum that is exact enough, relative to the largest sample.
BOX_JOB = np.dtype(
    [(name, np.int64) for name in _FIELDS]
    + [(name, np.float64) for name in ("scale", "bias", "cval", "least")]
)

_FLOAT64, _FLOAT32 = np.dtype(np.float64), np.dtype(np.float32)
#: Samples of a box that are checked in the search for a large one, by columns and by rows.
_ACROSS, _DOWN = 5, 3


@part
def _enter(job, workspace, image_at, z, p, entry):
    """Write the addresses of a padded row in every plane of the box to the table. Return how many are -1."""
    absent = 0
    row = source_index(job.border_y, job.before_y, job.samples_y, p)
    for i in range(job.box_z):
        plane = source_index(job.border_z, job.before_z, job.samples_z, z + i)
        address = -1
        if row < 0 or plane < 0:
            absent += 1
        else:
            address = image_at + plane * job.source_z + row * job.source_y
        poke(workspace + job.addresses + 8 * (entry + i), address)
    return absent


@part
def _found(job, image_at, z, row, column, channel, least):
    """Tell whether a checked sample of the box at padded coordinates is as large as `least`."""
    plane = source_index(job.border_z, job.before_z, job.samples_z, z + job.box_z // 2)
    for i in range(_DOWN):
        p = source_index(
            job.border_y, job.before_y, job.samples_y, row + (job.box_y - 1) * i // (_DOWN - 1)
        )  # fmt: skip
        for j in range(_ACROSS):
            q = source_index(
                job.border_x, job.before_x, job.samples_x, column + (job.box_x - 1) * j // (_ACROSS - 1)
            )  # fmt: skip
            sample = job.cval
            if plane >= 0 and p >= 0 and q >= 0:
                at = image_at + plane * job.source_z + p * job.source_y + q * job.source_x
                sample = load_one(_FLOAT64, at + channel * size_of(_FLOAT32), _FLOAT32)
            if abs(sample) >= least:
                return True
    return False


@part
def _doubtful(job, workspace, image_at, z, row, column, wide, sums):
    """Tell whether a sum of a row is so small that the rounding error of the totals may matter.

    If a sample in the box is large, the sum is small because samples cancel, and then the error does not
    matter.
    """
    least = job.least * load_one(_FLOAT64, workspace + job.sizes, _FLOAT64)
    samples = job.box_z * job.box_y * job.box_x
    for i in range(wide * job.channels):
        at = sums + i * job.size
        end = at + job.box_x * job.channels * job.size
        if abs(load_one(_FLOAT64, end, _FLOAT64) - load_one(_FLOAT64, at, _FLOAT64)) < least:
            x, c = i // job.channels, i % job.channels
            if not _found(job, image_at, z, row, column + x, c, least / samples):
                return True
    return False


@Driver
@denormals_as_zeros
def slide_box(job_at, source_at, target_at, memory, start, stop):
    """Compute tasks of rows `start` … `stop`, counted over batch, plane, tile and row in this order.

    Totals start anew in each task, so results do not depend on the worker. Totals of float32 are rounded. A
    task whose samples differ so much in size that this may matter is reported by `inexact`.

    job_at: address of the `BOX_JOB`. source_at, target_at: addresses of the image and the output.
    memory: zeroed memory, divided as the job says.
    """
    job = record(BOX_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    tasks = (job.rows + job.rows_per_task - 1) // job.rows_per_task
    whole = job.cval * job.box_z * job.box_y
    for unit in range(start, stop):
        task, tile, z, image = place_of(unit, tasks, job.n_tiles, job.planes)
        y = task * job.rows_per_task
        x = peek(job.tiles + 8 * tile)
        wide = peek(job.tiles + 8 * tile + 8) - x
        count = wide + job.box_x - 1  # padded columns, some of them inside the image
        inner, outer = job.before_x, job.before_x + job.samples_x
        if job.n_tiles > 1:
            inner = min(max(inner - x, 0), count)
            outer = max(min(outer - x, count), inner)
        image_at = source_at + peek(job.batch + 16 * image)
        inside_at = image_at + (x + inner - job.before_x) * job.source_x
        line = workspace + job.totals
        y, end, looking = rows_of(job, workspace, y)
        sizes = workspace + job.sizes if looking and job.looking else 0
        least = job.least
        if sizes:
            store_one(sizes, _FLOAT64, abs(job.cval))
            store_one(sizes + 8, _FLOAT64, 0.0)
        for row in range(y, end):
            fresh = row == y or job.box_y == 1
            gained, lost, absent = 0, 0, 0
            for p in range(row if fresh else row + job.box_y - 1, row + job.box_y):
                absent += _enter(job, workspace, inside_at, z, p, gained)
                gained += job.box_z
            if not fresh:
                absent -= _enter(job, workspace, inside_at, z, row - 1, gained)
                lost = job.box_z
            constant = absent * job.cval if absent else 0.0
            inside = line + inner * job.channels * job.size
            invoke(2, job.down, (
                inside, workspace + job.addresses, gained, lost, fresh, constant,
                (outer - inner) * job.channels,
                job.far, sizes,
            ))  # fmt: skip
            only = peek(workspace + job.addresses)
            if only >= 0:
                only += image_at - inside_at
            invoke(2, job.border, (
                line, job.border_x, job.before_x, job.samples_x, x, count, inner, outer, job.channels, only,
                job.source_x, whole,
            ))  # fmt: skip
            if sizes and job.n_tiles > 1:  # samples beside a tile may be anywhere in the line
                for i in range(count * job.channels):
                    if i < inner * job.channels or i >= outer * job.channels:
                        size = abs(load_one(_FLOAT64, line + 8 * i, _FLOAT64))
                        store_one(sizes, _FLOAT64, max(size, load_one(_FLOAT64, sizes, _FLOAT64)))
            sums = line
            if job.along_prefix:
                sums = workspace + job.prefix
                invoke(2, job.along_prefix, (line, count * job.channels, sums, job.channels))
            to = target_at + peek(job.batch + 16 * image + 8)
            to += z * job.target_z + row * job.target_y + x * job.target_x
            invoke(4, job.along, (
                sums, job.box_x, job.along_prefix > 0, job.scale, job.bias, job.shift, wide, job.channels, to,
                job.target_x, job.target_c, job.target_packed, workspace + job.spare,
                job.far, least, sizes,
            ))  # fmt: skip
            if sizes and least > 0.0 and load_one(_FLOAT64, sizes + 8, _FLOAT64) != 0.0:
                store_one(sizes + 8, _FLOAT64, 0.0)
                if _doubtful(job, workspace, image_at, z, row, x, wide, sums):
                    least = 0.0  # one call is enough
                    inexact(job, workspace, unit, row)
        if sizes and not np.isfinite(load_one(_FLOAT64, sizes, _FLOAT64)):
            poke(workspace + job.flag, 1)
        if peek(workspace + job.inexact):
            return
