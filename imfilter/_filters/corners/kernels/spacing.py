"""Non-maximum suppression by distance: a point is kept if no point that is kept before it is too near."""

import numpy as np

from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, part
from imfilter._simd.vector import peek, poke, record

#: One call, all int64: number of points and of axes; length of a cell, at least the distance; points with a
#: smaller distance, or squared distance, are too near; largest number of points to keep.
_FIELDS = (
    *("count", "axes", "side", "near", "squared", "most"),
    # Addresses: coordinates of points; number of cells along each axis, and its stride; the last point of
    # each cell and the point before each point, counted from 1; points that are kept, and their number.
    *("points", "cells", "steps", "last", "before", "kept", "n_kept"),
    *("low", "high", "at"),  # range and position of the cells around a point, for each axis
)
APART_JOB = np.dtype([(name, np.int64) for name in _FIELDS])


@part
def _is_near(job, one, other):
    """Return whether two points, given by the addresses of their coordinates, are too near."""
    distance = 0
    for a in range(job.axes):
        step = abs(peek(one + 8 * a) - peek(other + 8 * a))
        distance = distance + step * step if job.squared else max(distance, step)
    return distance < job.near


@part
def _crowded(job, point):
    """Return whether a point is too near to a kept point in its cell or in the adjacent cells."""
    cell = 0
    for a in range(job.axes):
        here = peek(point + 8 * a) // job.side
        low, high = max(here - 1, 0), min(here + 1, peek(job.cells + 8 * a) - 1)
        poke(job.low + 8 * a, low)
        poke(job.at + 8 * a, low)
        poke(job.high + 8 * a, high)
        cell += low * peek(job.steps + 8 * a)
    a = 0
    while a >= 0:
        other = peek(job.last + 8 * cell)
        while other:
            if _is_near(job, point, job.points + 8 * job.axes * (other - 1)):
                return True
            other = peek(job.before + 8 * (other - 1))
        a = job.axes - 1
        while a >= 0:  # advance to the next cell; the last axis is the fastest
            at, step = peek(job.at + 8 * a), peek(job.steps + 8 * a)
            if at < peek(job.high + 8 * a):
                poke(job.at + 8 * a, at + 1)
                cell += step
                break
            low = peek(job.low + 8 * a)
            poke(job.at + 8 * a, low)
            cell -= (at - low) * step
            a -= 1
    return False


@Driver
@denormals_as_numbers
def keep_apart(job_at):
    """Keep the first point, and each later one that is not too near to a kept point; see `APART_JOB`."""
    job = record(APART_JOB, job_at)
    count = 0
    for i in range(job.count):
        if count == job.most:
            break
        point = job.points + 8 * job.axes * i
        if _crowded(job, point):
            continue
        cell = 0
        for a in range(job.axes):
            cell += peek(point + 8 * a) // job.side * peek(job.steps + 8 * a)
        poke(job.before + 8 * i, peek(job.last + 8 * cell))
        poke(job.last + 8 * cell, i + 1)
        poke(job.kept + 8 * count, i)
        count += 1
    poke(job.n_kept, count)
