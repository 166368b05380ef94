"""Ranks in boxes that are longer than the image and read its samples several times each.

Samples are replaced by their places in sorted order. A table counts how often a window reads each place, and
another sums these counts over blocks of places. The rank is found by walking from block to block. When the
window moves by one column of samples, one column leaves and one enters, whatever the length of the window is.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, part
from imfilter._simd.registers import LINE
from imfilter._simd.vector import load_one, peek, poke, record, store_one

_I32 = np.dtype(np.int32)

#: Geometry of one call, all int64: addresses in bytes, everything else in samples.
_FIELDS = (
    *("planes", "rows", "columns"),  # of an image
    *("count", "constant"),  # places of an image; whether the last one is of the border constant
    "rank",
    # Tables for each axis: offsets of a window and the number of its samples at each offset; the sample at
    # each offset from the first, starting `reach` before it, or -1.
    *("offsets_z", "repeats_z", "n_z", "at_z", "reach_z"),
    *("offsets_y", "repeats_y", "n_y", "at_y", "reach_y"),
    *("offsets_x", "repeats_x", "n_x", "at_x", "reach_x"),
    *("leaves", "enters"),  # offsets along the line, from the next output
    "each",  # number of samples of the window in a column
    # Workspace offsets of counts: how often each place, each block of places, each plane, row and column of
    # the image is read; and the samples of a column that are read, with their counts.
    *("places", "blocks", "by_plane", "by_row", "by_column", "by_sample"),
)
REPEATED_JOB = np.dtype([(name, np.int64) for name in _FIELDS])

#: Number of bits of an index within a block of places.
BLOCK_BITS = 6


@part
def _add(places, blocks, place, many):
    """Add `many` to the count of a place. Return its block."""
    block = place >> BLOCK_BITS
    at, total = places + 8 * place, blocks + 8 * block
    poke(at, peek(at) + many)
    poke(total, peek(total) + many)
    return block


@part
def _read(to, length, offsets, repeats, n, at, reach, position):
    """Write how often a window at a position reads each of `length` samples of an axis."""
    for i in range(length):
        poke(to + 8 * i, 0)
    for i in range(n):
        sample = peek(at + 8 * (position + peek(offsets + 8 * i) + reach))
        if sample >= 0:
            poke(to + 8 * sample, peek(to + 8 * sample) + peek(repeats + 8 * i))


@part
def _column(job, workspace, image, listed, column, sign, pivot):
    """Add the `listed` samples of a column, or the constant (-1), to the counts. `sign` 1 adds, -1 subtracts.

    Return the change of the number of samples before block `pivot`.
    """
    places, blocks, by_sample = workspace + job.places, workspace + job.blocks, workspace + job.by_sample
    below, wide = 0, job.planes * job.rows
    missing = sign * job.each
    if column >= 0:
        at = image + 4 * column * wide
        for i in range(listed):
            many = sign * peek(by_sample + 16 * i + 8)
            place = np.int64(load_one(_I32, at + 4 * peek(by_sample + 16 * i), _I32))
            if _add(places, blocks, place, many) < pivot:
                below += many
            missing -= many
    if job.constant and missing:
        place = np.int64(load_one(_I32, image + 4 * job.columns * wide, _I32))
        if _add(places, blocks, place, missing) < pivot:
            below += missing
    return below


@Driver
@denormals_as_numbers
def slide_repeated(job_at, source, target, memory, start, stop):
    """Compute lines `start` … `stop`, counted over images, planes and rows.

    job_at: address of the `REPEATED_JOB`. source: address of the places of the samples of all images, as
    int32: columns, each with its planes and their rows, and last the constant. target: address of the places
    of the ranks, in the same order. memory: workspace, divided as the job says.
    """
    job = record(REPEATED_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    places, blocks, by_sample = workspace + job.places, workspace + job.blocks, workspace + job.by_sample
    wide = job.planes * job.rows
    for unit in range(start, stop):
        row, plane = unit % job.rows, unit // job.rows % job.planes
        number = unit // wide
        image = source + 4 * number * (wide * job.columns + job.constant)
        to = target + 4 * (number * wide * job.columns + plane * job.rows + row)
        _read(
            workspace + job.by_plane,
            job.planes,
            job.offsets_z,
            job.repeats_z,
            job.n_z,
            job.at_z,
            job.reach_z,
            plane,
        )
        _read(
            workspace + job.by_row,
            job.rows,
            job.offsets_y,
            job.repeats_y,
            job.n_y,
            job.at_y,
            job.reach_y,
            row,
        )
        _read(
            workspace + job.by_column,
            job.columns,
            job.offsets_x,
            job.repeats_x,
            job.n_x,
            job.at_x,
            job.reach_x,
            0,
        )
        listed = 0
        for i in range(job.planes):
            for j in range(job.rows):
                many = peek(workspace + job.by_plane + 8 * i) * peek(workspace + job.by_row + 8 * j)
                if many:
                    poke(by_sample + 16 * listed, i * job.rows + j)
                    poke(by_sample + 16 * listed + 8, many)
                    listed += 1
        for i in range(job.count):
            poke(places + 8 * i, 0)
        for i in range((job.count >> BLOCK_BITS) + 1):
            poke(blocks + 8 * i, 0)
        inside, pivot, below = 0, 0, 0
        for x in range(job.columns):
            many = peek(workspace + job.by_column + 8 * x)
            if many:
                _column(job, workspace, image, listed, x, many, 0)
                inside += many
        total = 0
        for i in range(job.n_x):
            total += peek(job.repeats_x + 8 * i)
        if total > inside:
            _column(job, workspace, image, listed, -1, total - inside, 0)
        for x in range(job.columns):
            if x:
                out = peek(job.at_x + 8 * (x + job.leaves + job.reach_x))
                new = peek(job.at_x + 8 * (x + job.enters + job.reach_x))
                if out != new:
                    below += _column(job, workspace, image, listed, out, -1, pivot)
                    below += _column(job, workspace, image, listed, new, 1, pivot)
            while below > job.rank:
                pivot -= 1
                below -= peek(blocks + 8 * pivot)
            many = peek(blocks + 8 * pivot)
            while below + many <= job.rank:
                below += many
                pivot += 1
                many = peek(blocks + 8 * pivot)
            place = pivot << BLOCK_BITS
            many = below + peek(places + 8 * place)
            while many <= job.rank:
                place += 1
                many += peek(places + 8 * place)
            store_one(to + 4 * x * wide, _I32, np.int32(place))
