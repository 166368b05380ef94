"""Variances in boxes from sums of samples and of their squares, at a cost that hardly grows with the box.

A reference sample is subtracted first. The rows of a column are summed in blocks of as many rows as the box
has. A sum is the end of one block plus the start of the next, so nothing is subtracted from a sum, and it
contains only samples of its own window. Sums along a line are sums of 2, 4, 8 and more neighbours.

The difference ``n*sum(d*d) - sum(d)**2`` loses digits where the variance is small beside the square of the
distance from the reference. It is used where it is more than `share` of its first term. The other windows
are computed again from their samples, twice: first the mean, then the squares of the distances from it.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, inlined, kernel
from imfilter._simd.lanewise import convert, count_lanes, fma, root, where
from imfilter._simd.vector import BYTES, invoke, load, load_one, peek, poke, record, size_of, splat, store

#: Pieces and results: addresses, numbers of batch elements, planes and rows of results, distances of batch
#: elements, planes and rows of the piece in elements, offsets of each row of results. The box: lengths, the
#: number of its samples, distance of neighbours along a line, offset of its centre. The tiles of columns:
#: their starts and the end of the last. The workspace, the size of a line in it, the number of sums along a
#: line, and the offsets of those that are added. `again`: whether inexact windows are computed again here.
#: Otherwise 1 is written to the address `refused`.
SUMS_JOB = np.dtype(
    [
        *(
            (name, np.int64)
            for name in (
                *("piece", "result", "places", "batch", "planes", "rows", "step_b", "step_z", "step_y"),
                *("taps_z", "taps_y", "taps_x", "beside", "centre", "tiles", "n_tiles", "workspace", "pitch"),
                *("levels", "parts", "n_parts", "root", "again", "refused", "sum"),
            )
        ),
        *((name, np.float64) for name in ("taps", "share")),
    ]
)
_F32, _F64 = np.dtype(np.float32), np.dtype(np.float64)
#: How results are rounded: by exact quotients and roots of float64; by products with 1/n, for float32; and by
#: roots of float32, which hold the squares of small integers.
EXACT, PRODUCTS, SHORT = range(3)


@inlined
def _add_row(source, job, at, reference, before, to, count):
    """Add a row of samples and their squares, summed over the planes of the box, to a row of sums."""
    lanes, own, size = BYTES // 8, splat(_F64, reference), size_of(source)
    planes, pitch, step = job.taps_z, job.pitch, size * job.step_z
    for i in range(0, count, lanes):
        value = load(_F64, at + size * i, source) - own
        sums = load(_F64, before + 8 * i, _F64) + value
        squares = fma(value, value, load(_F64, before + pitch + 8 * i, _F64))
        for z in range(1, planes):
            value = load(_F64, at + z * step + size * i, source) - own
            sums = sums + value
            squares = fma(value, value, squares)
        store(to + 8 * i, _F64, sums)
        store(to + pitch + 8 * i, _F64, squares)


@inlined
def _add(first, second, to, count):
    """Add two rows."""
    for i in range(0, count, BYTES // 8):
        store(to + 8 * i, _F64, load(_F64, first + 8 * i, _F64) + load(_F64, second + 8 * i, _F64))


@inlined
def _from_samples(source, job, at):
    """Return ``n*n`` times the variance of the windows whose first samples are at an address."""
    size = size_of(source)
    own, sums = load(_F64, at + size * job.centre, source), splat(_F64, 0.0)
    for z in range(job.taps_z):
        for y in range(job.taps_y):
            row = at + size * (z * job.step_z + y * job.step_y)
            for x in range(job.taps_x):
                sums = sums + (load(_F64, row + size * x * job.beside, source) - own)
    mean, squares = sums / job.taps, splat(_F64, 0.0)
    for z in range(job.taps_z):
        for y in range(job.taps_y):
            row = at + size * (z * job.step_z + y * job.step_y)
            for x in range(job.taps_x):
                away = (load(_F64, row + size * x * job.beside, source) - own) - mean
                squares = fma(away, away, squares)
    return squares * job.taps


@inlined
def _finish(source, target, rounding, job, at, to, count, sums):
    """Write the results of a row of a tile. `at`: address of the first sample of the first window."""
    lanes, size, again = BYTES // 8, size_of(source), job.again
    parts, n_parts, pitch, rooted = job.parts, job.n_parts, job.pitch, job.root
    taps, share = splat(_F64, job.taps), splat(_F64, job.share)
    exact = job.share < 0
    for block in range((count + lanes - 1) // lanes):
        i = min(block * lanes, count - lanes)
        total, squares = splat(_F64, 0.0), splat(_F64, 0.0)
        for part in range(n_parts):
            place = sums + peek(parts + 8 * part) + 8 * i
            total = total + load(_F64, place, _F64)
            squares = squares + load(_F64, place + pitch, _F64)
        scaled = squares * taps
        found = scaled - total * total
        if not exact:
            found = where(squares == 0, 0.0, found)
            good = (found > scaled * share) | (squares == 0)
            if count_lanes(good) != lanes:
                if again:
                    found = where(good, found, _from_samples(source, job, at + size * i))
                else:
                    poke(job.refused, 1)
        _place(target, rounding, found, taps, rooted, to + size_of(target) * i)


@inlined
def _place(target, rounding, found, taps, rooted, to):
    """Write results from ``n*n`` times the variances."""
    if rounding == EXACT:
        if rooted:
            store(to, target, root(found) / taps)
        else:
            store(to, target, found / (taps * taps))
        return
    share = 1.0 / taps
    found = found * (share * share)
    if rounding == SHORT and rooted:
        store(to, target, root(convert(_F32, found)))
    elif rooted:
        store(to, target, root(found))
    else:
        store(to, target, found)


@kernel("source", "target", "rounding")
def sum_boxes(source, target, rounding, job_at):
    """Write the variances, or their roots, of all boxes of a piece; see `SUMS_JOB`."""
    job = record(SUMS_JOB, job_at)
    size, line, taps_y = size_of(source), 2 * job.pitch, job.taps_y
    nothing, start = job.workspace, job.workspace + line
    ends, sums = start + line, start + line + line * taps_y
    zero = splat(_F64, 0.0)
    for i in range(0, line, BYTES):
        store(nothing + i, _F64, zero)
    for plane in range(job.batch * job.planes):
        begin = job.piece + size * (plane // job.planes * job.step_b + plane % job.planes * job.step_z)
        for tile in range(job.n_tiles):
            first, last = peek(job.tiles + 8 * tile), peek(job.tiles + 8 * tile + 8)
            count, wide = last - first, last - first + (job.taps_x - 1) * job.beside
            for top in range(0, job.rows, taps_y):
                at = begin + size * (top * job.step_y + first)
                reference = np.float64(
                    load_one(_F64, at + size * (taps_y // 2 * job.step_y + wide // 2), source)
                )
                if not abs(reference) < np.inf:
                    reference = 0.0
                before = nothing
                for y in range(taps_y - 1, -1, -1):
                    row = at + size * y * job.step_y
                    _add_row(source, job, row, reference, before, ends + line * y, wide)
                    before = ends + line * y
                before = nothing
                for y in range(min(taps_y, job.rows - top)):
                    if y:
                        row = at + size * (taps_y + y - 1) * job.step_y
                        _add_row(source, job, row, reference, before, start, wide)
                        before = start
                    for what in range(2):
                        skip = what * job.pitch
                        _add(ends + line * y + skip, before + skip, sums + skip, wide)
                        for level in range(1, job.levels):
                            gap = job.beside << (level - 1)
                            one = sums + line * (level - 1) + skip
                            length = wide - (job.beside * ((1 << level) - 1))
                            _add(one, one + 8 * gap, one + line, length)
                    number = plane * job.rows + top + y
                    to = job.result + size_of(target) * (peek(job.places + 8 * number) + first)
                    _finish(source, target, rounding, job, at + size * y * job.step_y, to, count, sums)


@Driver
@denormals_as_zeros
def sum_piece(job_at):
    """Run the kernel of a job."""
    invoke(3, record(SUMS_JOB, job_at).sum, (job_at,))
