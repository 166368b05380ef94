"""Minima of samples plus the weights of a symmetric element.

The weights depend on the distances along the axes, not on their signs. So the minimum of the rows at the same
distances is taken first, then that of the two samples at the same distance in it. Four samples of a plane
take three operations instead of eight. Adding a weight keeps the order, so the result has the same bits.

Floor of a ball of radius 25 in a plane: 500 times load, load, min, add, min, for each vector.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, inlined, kernel
from imfilter._simd.lanewise import smaller
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import invoke, load, load_one, peek, record, size_of, splat, store

#: Distances in bytes of the planes and rows of the padded image and of the result. Numbers of rows, columns
#: and tiles of a row; columns of a tile. Size of an element. `entries` lists the distances
#: along z and y in bytes, the largest distance along x, and the address of its weights.
BALL_JOB = np.dtype(
    [
        (name, np.int64)
        for name in (
            *("source_z", "source_y", "target_z", "target_y", "rows", "columns", "tiles", "tile", "size"),
            *("entries", "count", "erode"),
        )
    ]
)


@inlined
def _least(real, line, z, y, shift):
    """Return the least of the rows at the same distances z and y, as a vector."""
    found = load(real, line + shift, real)
    if y:
        found = smaller(load(real, line - 2 * y + shift, real), found)
    if z:
        found = smaller(load(real, line - 2 * z + shift, real), found)
        if y:
            found = smaller(load(real, line - 2 * z - 2 * y + shift, real), found)
    return found


@kernel("real")
def erode_tile(real, job_at, line, count, lines, totals):
    """Write the minima of `count` columns to `totals`, which has room for whole vectors.

    `line` is the address of the first sample, and `lines` memory for a line with its border.
    """
    job = record(BALL_JOB, job_at)
    size, lanes = size_of(real), BYTES // size_of(real)
    for x in range(0, count, lanes):
        store(totals + x * size, real, splat(real, real.type(np.inf)))
    for entry in range(job.count):
        at = job.entries + 32 * entry
        z, y, reach, weights = peek(at), peek(at + 8), peek(at + 16), peek(at + 24)
        start = line + z + y - reach * size
        for x in range(0, count + 2 * reach, lanes):
            store(lines + x * size, real, _least(real, start, z, y, x * size))
        middle = lines + reach * size
        for x in range(0, count, lanes):
            here = middle + x * size
            total = load(real, totals + x * size, real)
            total = smaller(load(real, here, real) + load_one(real, weights, real), total)
            for d in range(1, reach + 1):
                both = smaller(load(real, here - d * size, real), load(real, here + d * size, real))
                total = smaller(both + load_one(real, weights + d * size, real), total)
            store(totals + x * size, real, total)


@Driver
@denormals_as_numbers
def erode(job_at, image, target, workspace, start, stop):
    """Compute tiles `start` to `stop` of the rows of all planes."""
    job = record(BALL_JOB, job_at)
    workspace += -workspace % 64
    for number in range(start, stop):
        tile, row = number % job.tiles, number // job.tiles
        z, y = row // job.rows, row % job.rows
        first = tile * job.tile
        line = image + z * job.source_z + y * job.source_y + first * job.size
        to = target + z * job.target_z + y * job.target_y + first * job.size
        invoke(1, job.erode, (
            job_at, line, min(job.tile, job.columns - first), workspace, to))  # fmt: skip
