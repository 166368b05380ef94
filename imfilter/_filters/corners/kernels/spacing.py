"""Non-maximum suppression by distance: points in order, each kept unless one that is kept is too near."""

import numpy as np

from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, part
from imfilter._simd.vector import peek, poke, record

#: One call, all int64: points and their axes; the length of a cell, which is no less than the distance; below
#: which square of a distance, or which distance, two points are too near; how many are kept at most.
_FIELDS = (
    *("count", "axes", "side", "near", "squared", "most"),
    # Addresses. The coordinates of points; cells along each axis, and from one to the next; the last point
    # of each cell and the one before each point, counted from 1; points that are kept, and how many.
    *("points", "cells", "steps", "last", "before", "kept", "n_kept"),
    *("low", "high", "at"),  # of cells around a point, for each axis
)
APART_JOB = np.dtype([(name, np.int64) for name in _FIELDS])


@part
def _is_near(job, one, other):
    """Tell whether two points are too near, whose coordinates lie at addresses."""
    distance = 0
    for a in range(job.axes):
        step = abs(peek(one + 8 * a) - peek(other + 8 * a))
        distance = distance + step * step if job.squared else max(distance, step)
    return distance < job.near


@part
def _crowded(job, point):
    """Tell whether a point is too near to one that is kept, in its cell or in those around it."""
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
        while a >= 0:  # the next cell, like the hand of a counter
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
    """Keep the first point, and each next one that is not too near to those kept. See `APART_JOB`."""
    job = record(APART_JOB, job_at)
    kept = 0
    for i in range(job.count):
        if kept == job.most:
            break
        point = job.points + 8 * job.axes * i
        if _crowded(job, point):
            continue
        cell = 0
        for a in range(job.axes):
            cell += peek(point + 8 * a) // job.side * peek(job.steps + 8 * a)
        poke(job.before + 8 * i, peek(job.last + 8 * cell))
        poke(job.last + 8 * cell, i + 1)
        poke(job.kept + 8 * kept, i)
        kept += 1
    poke(job.n_kept, kept)
