"""Reconstruction by two passes over the rows and a queue (L. Vincent, 1993), in place.

If many samples wait in the queue, the best ones are processed first. The result does not depend on the order.

Floats are compared so that NaN is never better than a number and no number is better than NaN. So NaN stays,
and no path leads through it.
"""

import numpy as np

from imfilter._filters.morphology.kernels.queue import (
    BLOCK,
    QUEUE,
    append,
    clear,
    entry_of,
    inner,
    inside,
    mark,
    pop,
    push,
    x_of,
    y_of,
    z_of,
)
from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, inlined, kernel, nested
from imfilter._simd.lanewise import count_lanes, larger, smaller
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import invoke, load, load_one, peek, poke, record, size_of, store, store_one
from imfilter._simd.words import lowest_bit

_U8, _U64 = np.dtype(np.uint8), np.dtype(np.uint64)

#: Values of `sense`: of two samples, the smaller or the larger one is better.
ERODE, DILATE = 0, 1
#: Sweeps stop if they improve fewer samples than this share of the block, 1 / `FEW`; if the last one improved
#: more than 3/4 of those of the sweep before; and after `MOST` sweeps. The queue stops if as many samples
#: left it as this share of the block, 1 / `SHARE`; then there are sweeps again. A sweep takes 3 to 5 ns a
#: sample of the block, and the queue 30 to 150 ns for each sample that leaves it.
FEW, MOST, SHARE = 64, 100, 4
#: If many samples wait, more than 1 / `MANY` of the block, the best of them are processed first: those from
#: the best one to a bound, this part of the way from the best one to their mean. A sample that a good
#: one has improved is improved again less often. In 1920 x 1080 samples of white noise, from one seed, 1.3
#: samples leave the queue for each sample of the block, and 3.7 without an order: 0.6 s and 1.6 s. A part of
#: 0.25 makes it 0.45 s. But each bound costs a search of the bits of all samples, and photographs with noise
#: take a tenth longer then.
MANY, WAY = 1024, 0.5
#: Addresses of the code, of the samples, of the limits, of a `BLOCK` and of a `QUEUE`; the tables of rows
#: that a row reads in the sweep down and in the sweep up, and of the rows that it may still improve after
#: them, each with its number; whether a row reads itself. A row of a table has three words: its distance
#: along z and y, and a bit for each of the columns -1, 0 and 1 beside a sample. `stamps` has a byte for each
#: row: the last sweep that changed the row. `near` has space for two words for each neighbour, and `done` for
#: one.
RECONSTRUCTION_JOB = np.dtype(
    [
        (name, np.int64)
        for name in (
            *("sweep_rows", "follow_queue", "samples", "limits", "block", "queue"),
            *("down", "n_down", "up", "n_up", "after", "n_after", "along_down", "along_up"),
            *("stamps", "near", "done"),
        )
    ]
)


@nested
def best(sense, a, b):
    """Return `a` where it is better than `b`, else `b`."""
    if sense:
        return larger(a, b)
    return smaller(a, b)


@nested
def worst(sense, a, b):
    """Return `a` where it is worse than `b`, else `b`."""
    if sense:
        return smaller(a, b)
    return larger(a, b)


@nested
def better(sense, a, b):
    """Tell whether `a` is better than `b`."""
    if sense:
        return a > b
    return a < b


@nested
def _near(element, job, block, z, y, table, n):
    """Write the neighbours in other rows: the distance in bytes, and along x. Return their number."""
    count = 0
    for i in range(n):
        at = table + 24 * i
        dz, dy, columns = peek(at), peek(at + 8), peek(at + 16)
        if 0 <= z + dz < block.z and 0 <= y + dy < block.y:
            for dx in range(-1, 2):
                if columns >> (dx + 1) & 1:
                    poke(job.near + 16 * count, size_of(element) * ((dz * block.y + dy) * block.x + dx))
                    poke(job.near + 16 * count + 8, dx)
                    count += 1
    return count


@nested
def _take_one(element, sense, job, block, near, count, at, x):
    """Let one sample take the best of its neighbours in other rows. Tell whether it is better."""
    own = load_one(element, job.samples + at, element)
    value = own
    for i in range(count):
        if 0 <= x + peek(near + 16 * i + 8) < block.x:
            value = best(sense, load_one(element, job.samples + at + peek(near + 16 * i), element), value)
    value = worst(sense, load_one(element, job.limits + at, element), value)
    store_one(job.samples + at, element, value)
    return better(sense, value, own)


@inlined
def _take(element, sense, job, block, row, count):
    """Let the samples of a row take the best of their neighbours in other rows, up to their limits.

    row: its first sample. Return how many samples are better than before.
    """
    size, near, found = size_of(element), job.near, 0
    lanes, inner_count = BYTES // size, block.x - 2
    first = 1
    if inner_count >= lanes:
        for part_of in range((inner_count + lanes - 1) // lanes):
            # The last vector overlaps the one before it, which changes nothing.
            at = size * (row + 1 + min(part_of * lanes, inner_count - lanes))
            own = load(element, job.samples + at, element)
            value = own
            for i in range(count):
                value = best(sense, load(element, job.samples + at + peek(near + 16 * i), element), value)
            value = worst(sense, load(element, job.limits + at, element), value)
            found += count_lanes(better(sense, value, own))
            store(job.samples + at, element, value)
        first = block.x - 1
    x = 0
    while x < block.x:  # the first sample, and those from `first` on: one call, because its code is inlined
        found += _take_one(element, sense, job, block, near, count, size * (row + x), x)
        x = max(x + 1, first)
    return found


@inlined
def _scan(element, sense, row, limits, first, step, count):
    """Let each sample of a row take the one before it, up to its limit. Return how many are better."""
    size, found = size_of(element), 0
    at = size * first
    value = load_one(element, row + at, element)
    for _ in range(count):
        own = load_one(element, row + at, element)
        value = worst(sense, load_one(element, limits + at, element), best(sense, value, own))
        found += better(sense, value, own)
        store_one(row + at, element, value)
        at += size * step
    return found


@nested
def _changed(job, block, z, y, table, n, since):
    """Tell whether a row, or one that it reads, changed in or after a sweep."""
    row = z * block.y + y
    if load_one(_U8, job.stamps + row, _U8) >= since:
        return True
    for i in range(n):
        at = table + 24 * i
        dz, dy = peek(at), peek(at + 8)
        there = 0 <= z + dz < block.z and 0 <= y + dy < block.y
        if there and load_one(_U8, job.stamps + row + dz * block.y + dy, _U8) >= since:
            return True
    return False


@nested
def _sweep(element, sense, job, block, number, up):
    """Improve all rows from their neighbours, one after another. Return how many samples are better."""
    size, found = size_of(element), 0
    table, n, along = job.down, job.n_down, job.along_down
    if up:
        table, n, along = job.up, job.n_up, job.along_up
    for place in range(block.z * block.y):
        row = block.z * block.y - 1 - place if up else place
        z = row // block.y
        y = row - z * block.y
        # The sweep before the last one had the same direction.
        if not _changed(job, block, z, y, table, n, number - 2):
            continue
        count = _near(element, job, block, z, y, table, n)
        changed = _take(element, sense, job, block, row * block.x, count)
        if along:
            at = size * row * block.x
            begin, step = (block.x - 1, -1) if up else (0, 1)
            changed += _scan(element, sense, job.samples + at, job.limits + at, begin, step, block.x)
        if changed:
            store_one(job.stamps + row, _U8, np.uint8(number))
            found += changed
    return found


@kernel("element", "sense")
def sweep_rows(element, sense, job_at):
    """Sweep down and up as long as this improves many samples."""
    job = record(RECONSTRUCTION_JOB, job_at)
    block = record(BLOCK, job.block)
    for row in range(block.z * block.y):
        store_one(job.stamps + row, _U8, np.uint8(2))
    before = block.z * block.y * block.x * 2
    for pair in range(MOST):
        found = 0
        for up in range(2):  # one call: two, each with a constant, would compile the code twice
            found += _sweep(element, sense, job, block, 2 * pair + 2 + up, up)
        if found * FEW < block.z * block.y * block.x or found > before - before // 4:
            return
        before = found


@inlined
def _improves(element, sense, row, other, limits, count):
    """Tell whether a sample of a row is better than one of another row that has not reached its limit."""
    size = size_of(element)
    lanes = BYTES // size
    if count >= lanes:
        for block in range((count + lanes - 1) // lanes):
            at = size * min(block * lanes, count - lanes)
            beside, limit = load(element, other + at, element), load(element, limits + at, element)
            own = load(element, row + at, element)
            if count_lanes(better(sense, own, beside) & better(sense, limit, beside)):
                return True
    else:
        for i in range(count):
            beside = load_one(element, other + size * i, element)
            if better(sense, load_one(element, row + size * i, element), beside) and better(
                sense, load_one(element, limits + size * i, element), beside
            ):
                return True
    return False


@nested
def _push_row(element, sense, job, block, queue, z, y, shift, dz, dy):
    """Let the samples of a row wait that improve the sample `shift` columns beside them in another row."""
    size = size_of(element)
    row = (z * block.y + y) * block.x
    other = row + (dz * block.y + dy) * block.x + shift
    first, stop = max(0, -shift), block.x - max(0, shift)
    lanes = BYTES // size
    for start in range(first, stop, lanes):
        count = min(lanes, stop - start)
        if not _improves(
            element,
            sense,
            job.samples + size * (row + start),
            job.samples + size * (other + start),
            job.limits + size * (other + start),
            count,
        ):
            continue
        for x in range(start, start + count):
            beside = load_one(element, job.samples + size * (other + x), element)
            if better(sense, load_one(element, job.samples + size * (row + x), element), beside) and better(
                sense, load_one(element, job.limits + size * (other + x), element), beside
            ):
                push(queue, row + x, entry_of(block, z, y, x))


@nested
def _collect(element, sense, job, block, queue):
    """Let all samples wait that improve a neighbour. The sweep up has improved those in rows above."""
    for z in range(block.z):
        for y in range(block.y):
            for i in range(job.n_after):
                row = job.after + 24 * i
                dz, dy, columns = peek(row), peek(row + 8), peek(row + 16)
                if 0 <= z + dz < block.z and 0 <= y + dy < block.y:
                    for shift in range(-1, 2):
                        if columns >> (shift + 1) & 1:
                            _push_row(element, sense, job, block, queue, z, y, shift, dz, dy)


@nested
def _bound(element, sense, job, queue):
    """Return a value between the best waiting sample and their mean, and whether few samples wait."""
    size, count, total = size_of(element), 0, 0.0
    top = load_one(element, job.samples, element)
    for word in range(queue.words):
        bits = load_one(_U64, queue.bits + 8 * word, _U64)
        while bits:
            value = load_one(element, job.samples + size * (64 * word + lowest_bit(bits)), element)
            bits &= bits - np.uint64(1)
            top = value if count == 0 else best(sense, value, top)
            total += value
            count += 1
    first = np.float64(top)
    return worst(sense, first + (total / max(count, 1) - first) * WAY, first), count < _many(queue)


@nested
def _many(queue):
    """Return the number of waiting samples from which on the best are processed first."""
    return 64 * queue.words // MANY


@nested
def _waits(sense, bound, every, value):
    """Tell whether a sample gets an entry. No number is better than NaN."""
    return every or not better(sense, bound, np.float64(value))


@nested
def _refill(element, sense, job, block, queue, bound, every):
    """Give entries to waiting samples that are not worse than a bound, or to all."""
    size, queue.more = size_of(element), 0
    for word in range(queue.words):
        bits = load_one(_U64, queue.bits + 8 * word, _U64)
        while bits:
            index = 64 * word + lowest_bit(bits)
            bits &= bits - np.uint64(1)
            value = load_one(element, job.samples + size * index, element)
            if queue.count > queue.last or not _waits(sense, bound, every, value):
                queue.more = 1
                continue
            row = index // block.x
            plane = row // block.y
            append(queue, entry_of(block, plane, row - plane * block.y, index - row * block.x))


@nested
def _empty(element, sense, job, block, queue, most):
    """Let samples improve their neighbours, which wait then. Tell whether none waits after `most`."""
    size, bound, every = size_of(element), 0.0, True
    if queue.count >= _many(queue):  # they get entries in another order
        queue.count, queue.more = 0, 1
    for _ in range(most):
        if queue.count == 0 and queue.more:
            bound, every = _bound(element, sense, job, queue)
            _refill(element, sense, job, block, queue, bound, every)
        entry = pop(queue, block)
        if entry < 0:
            return True
        z, y, x = z_of(block, entry), y_of(block, entry), x_of(block, entry)
        index = (z * block.y + y) * block.x + x
        value = load_one(element, job.samples + size * index, element)
        free = inner(block, z, y, x)
        for i in range(block.n):
            neighbour = block.table + 40 * i
            if not (free or inside(block, z, y, x, neighbour)):
                continue
            other = index + peek(neighbour)
            beside = load_one(element, job.samples + size * other, element)
            if better(sense, value, beside):
                limit = load_one(element, job.limits + size * other, element)
                if better(sense, limit, beside):
                    new = worst(sense, limit, value)
                    store_one(job.samples + size * other, element, new)
                    if _waits(sense, bound, every, new):
                        push(queue, other, entry + peek(neighbour + 8))
                    else:
                        mark(queue, other)
    return False


@kernel("element", "sense")
def follow_queue(element, sense, job_at, most, done):
    """Improve samples from a queue until `most` have left it. Write to address `done` whether it is empty."""
    job = record(RECONSTRUCTION_JOB, job_at)
    block, queue = record(BLOCK, job.block), record(QUEUE, job.queue)
    _collect(element, sense, job, block, queue)
    poke(done, _empty(element, sense, job, block, queue, most))


@Driver
@denormals_as_numbers
def run_reconstruction(job_at):
    """Reconstruct the samples of a block within their limits; see `RECONSTRUCTION_JOB`.

    The kernels of a type are called by address. As parts of one kernel, they took a third longer to compile.
    """
    job = record(RECONSTRUCTION_JOB, job_at)
    block, queue = record(BLOCK, job.block), record(QUEUE, job.queue)
    most = max(block.z * block.y * block.x // SHARE, 256)
    while True:
        invoke(2, job.sweep_rows, (job_at,))
        invoke(2, job.follow_queue, (job_at, most, job.done))
        if peek(job.done):
            return
        clear(queue)
