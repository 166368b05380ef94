"""Regional extrema: plateaus without a better neighbour."""

import numpy as np

from imfilter._filters.morphology.kernels.queue import (
    BLOCK,
    QUEUE,
    entry_of,
    inner,
    inside,
    pop,
    push,
    x_of,
    y_of,
    z_of,
)
from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, kernel, nested
from imfilter._simd.lanewise import bytes_of, larger, smaller
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import invoke, load, load_one, peek, record, size_of, store, store_one

#: Addresses of the code, of the samples, of their marks (a byte for each), of a `BLOCK` and of a `QUEUE`;
#: whether plateaus at the border of the block count.
PLATEAUS_JOB = np.dtype(
    [
        (name, np.int64)
        for name in ("mark_rows", "unmark_plateaus", "samples", "marks", "block", "queue", "borders")
    ]
)
_U8 = np.dtype(np.uint8)


@nested
def _better(maxima, a, b):
    """Tell whether `a` is more than `b`, or less."""
    if maxima:
        return a > b
    return a < b


@nested
def _is_best(element, maxima, job, block, z, y, x, index, value):
    """Tell whether no neighbour of a sample is better than its `value`, which is not NaN."""
    size = size_of(element)
    free = inner(block, z, y, x)
    if not free and not job.borders and _outermost(block, z, y, x):
        return False
    for i in range(block.n):
        neighbour = block.table + 40 * i
        if free or inside(block, z, y, x, neighbour):
            other = load_one(element, job.samples + size * (index + peek(neighbour)), element)
            if _better(maxima, other, value):
                return False
    return value == value


@nested
def _outermost(block, z, y, x):
    """Tell whether a sample is at the border of the block. Axes of neighbours are those of the image."""
    return (
        x == 0
        or x == block.x - 1
        or (not block.flat_y and (y == 0 or y == block.y - 1))
        or (not block.flat_z and (z == 0 or z == block.z - 1))
    )


@nested
def _beside(element, job, block, z, y, x, index, mark):
    """Return the first neighbour of the same value that has a mark: its number in the table, or -1."""
    size = size_of(element)
    value, free = load_one(element, job.samples + size * index, element), inner(block, z, y, x)
    for i in range(block.n):
        neighbour = block.table + 40 * i
        if free or inside(block, z, y, x, neighbour):
            other = index + peek(neighbour)
            same = load_one(element, job.samples + size * other, element) == value
            if same and load_one(_U8, job.marks + other, _U8) == mark:
                return i
    return -1


@nested
def _mark_row(element, maxima, job, block, z, y):
    """Mark the samples of a row without a better neighbour."""
    size, row = size_of(element), (z * block.y + y) * block.x
    lanes, count, first = BYTES // size, block.x - 2, 1
    if count >= lanes and (job.borders or not _outermost(block, z, y, 1)):
        for part_of in range((count + lanes - 1) // lanes):
            # The last vector overlaps the one before it, which changes nothing.
            at = row + 1 + min(part_of * lanes, count - lanes)
            own = load(element, job.samples + size * at, element)
            best = own
            for i in range(block.n):
                neighbour = block.table + 40 * i
                if inside(block, z, y, 1, neighbour):
                    other = load(element, job.samples + size * (at + peek(neighbour)), element)
                    best = larger(other, best) if maxima else smaller(other, best)
            store(job.marks + at, _U8, bytes_of(best == own))
        first = block.x - 1
    x = 0
    while x < block.x:  # the first sample, and those from `first` on: one call, because its code is inlined
        _mark_one(element, maxima, job, block, z, y, x, row + x)
        x = max(x + 1, first)


@nested
def _mark_one(element, maxima, job, block, z, y, x, index):
    """Mark a sample if it has no better neighbour."""
    value = load_one(element, job.samples + size_of(element) * index, element)
    best = _is_best(element, maxima, job, block, z, y, x, index, value)
    store_one(job.marks + index, _U8, np.uint8(best))


@kernel("element", "maxima")
def mark_rows(element, maxima, job_at):
    """Mark the samples without a better neighbour."""
    job = record(PLATEAUS_JOB, job_at)
    block = record(BLOCK, job.block)
    for z in range(block.z):
        for y in range(block.y):
            _mark_row(element, maxima, job, block, z, y)


@kernel("element")
def unmark_plateaus(element, job_at):
    """Take the marks of plateaus where one sample has none. Samples are only tested for equality."""
    job = record(PLATEAUS_JOB, job_at)
    block, queue = record(BLOCK, job.block), record(QUEUE, job.queue)
    index = 0
    for z in range(block.z):
        for y in range(block.y):
            for x in range(block.x):
                marked = load_one(_U8, job.marks + index, _U8)
                if marked and _beside(element, job, block, z, y, x, index, 0) >= 0:
                    store_one(job.marks + index, _U8, np.uint8(0))
                    push(queue, index, entry_of(block, z, y, x))
                    _spread(element, job, block, queue)
                index += 1


@nested
def _spread(element, job, block, queue):
    """Take the marks of all samples that have the value of a neighbour which waits."""
    size = size_of(element)
    while True:
        entry = pop(queue, block)
        if entry < 0:
            return
        z, y, x = z_of(block, entry), y_of(block, entry), x_of(block, entry)
        index = (z * block.y + y) * block.x + x
        value, free = load_one(element, job.samples + size * index, element), inner(block, z, y, x)
        for i in range(block.n):
            neighbour = block.table + 40 * i
            if free or inside(block, z, y, x, neighbour):
                other = index + peek(neighbour)
                marked = load_one(_U8, job.marks + other, _U8)
                if marked and load_one(element, job.samples + size * other, element) == value:
                    store_one(job.marks + other, _U8, np.uint8(0))
                    push(queue, other, entry + peek(neighbour + 8))


@Driver
@denormals_as_numbers
def mark_plateaus(job_at):
    """Mark the samples of all plateaus without a better neighbour; see `PLATEAUS_JOB`.

    First, samples without a better neighbour get a mark. Then samples without a mark take it from neighbours
    of the same value, step by step.
    """
    job = record(PLATEAUS_JOB, job_at)
    invoke(2, job.mark_rows, (job_at,))
    invoke(1, job.unmark_plateaus, (job_at,))
