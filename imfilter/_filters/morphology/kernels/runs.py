"""Components of binary images, from the runs of equal samples in each row, with union-find."""

import numpy as np

from imfilter._simd.jit import Driver, inlined, part
from imfilter._simd.vector import load_one, peek, poke, record, store_one
from imfilter._simd.words import lowest_bit

#: Addresses of the samples, which are 0 or 1, of the runs and of the first run of each row; the shape; the
#: value of the samples of runs, and the space for runs. `rows` is a table of rows above with components in
#: common: distance along z and y, and whether diagonal samples touch. A run has four words: its start, its
#: end, a run that is its parent, and the amount of its component. If `touch`, the amount is the number of
#: runs at the border of the block, along z and y only with `deep` and `high`; otherwise, the number of
#: samples. Samples of components with an amount from `low` to `high_amount` - 1 are changed.
RUNS_JOB = np.dtype(
    [
        (name, np.int64)
        for name in (
            *("samples", "runs", "firsts", "z", "y", "x", "value", "space", "rows", "n_rows"),
            *("touch", "deep", "high", "low", "high_amount"),
            *("row", "count"),
        )
    ]
)
_U8, _U64 = np.dtype(np.uint8), np.dtype(np.uint64)
#: Eight samples of 1.
_ONES = np.uint64(0x0101010101010101)


@inlined
def _next(row, x, stop, value):
    """Return the first place from `x` on of a sample that has not this value."""
    same = _ONES * np.uint64(value)
    while x + 8 <= stop:
        differ = load_one(_U64, row + x, _U64) ^ same
        if differ:
            return x + (lowest_bit(differ) >> 3)
        x += 8
    while x < stop and load_one(_U8, row + x, _U8) == value:
        x += 1
    return x


@inlined
def _root(runs, i):
    """Return the first run of the component, and shorten the way to it."""
    parent = peek(runs + 32 * i + 16)
    while parent != i:
        above = peek(runs + 32 * parent + 16)
        poke(runs + 32 * i + 16, above)
        i, parent = parent, above
    return i


@part
def _join(runs, first, end, other, other_end, reach):
    """Join the runs of a row with those of a row above that touch them."""
    while first < end and other < other_end:
        start, stop = peek(runs + 32 * first), peek(runs + 32 * first + 8)
        above, below = peek(runs + 32 * other), peek(runs + 32 * other + 8)
        if start < below + reach and above < stop + reach:
            a, b = _root(runs, first), _root(runs, other)
            if a < b:
                poke(runs + 32 * b + 16, a)
            elif b < a:
                poke(runs + 32 * a + 16, b)
        if stop < below:
            first += 1
        else:
            other += 1


@Driver
def find_runs(job_at):
    """Find the runs of rows from `row` on, and join them. Stop before a row that may need more space."""
    job = record(RUNS_JOB, job_at)
    runs, count = job.runs, job.count
    for row in range(job.row, job.z * job.y):
        job.row, job.count = row, count
        if count + (job.x + 1) // 2 > job.space:
            return
        poke(job.firsts + 8 * row, count)
        samples = job.samples + row * job.x
        x = _next(samples, 0, job.x, 1 - job.value)
        z = row // job.y
        y = row - z * job.y
        outer = (job.deep and (z == 0 or z == job.z - 1)) or (job.high and (y == 0 or y == job.y - 1))
        while x < job.x:
            stop = _next(samples, x, job.x, job.value)
            amount = stop - x
            if job.touch:
                amount = np.int64(outer or x == 0 or stop == job.x)
            at = runs + 32 * count
            poke(at, x)
            poke(at + 8, stop)
            poke(at + 16, count)
            poke(at + 24, amount)
            count += 1
            x = _next(samples, stop, job.x, 1 - job.value)
        poke(job.firsts + 8 * (row + 1), count)
        for i in range(job.n_rows):
            at = job.rows + 24 * i
            dz, dy = peek(at), peek(at + 8)
            if z + dz >= 0 and 0 <= y + dy < job.y:
                other = row + dz * job.y + dy
                first = peek(job.firsts + 8 * row)
                begin, end = peek(job.firsts + 8 * other), peek(job.firsts + 8 * (other + 1))
                _join(runs, first, count, begin, end, peek(at + 16))
    job.row, job.count = job.z * job.y, count


@Driver
def change_runs(job_at):
    """Change the samples of components whose amount is in the range of the job. All runs must be found."""
    job = record(RUNS_JOB, job_at)
    runs = job.runs
    for i in range(job.count):
        root = _root(runs, i)
        if root != i:
            at = runs + 32 * root + 24
            poke(at, peek(at) + peek(runs + 32 * i + 24))
    for row in range(job.z * job.y):
        samples = job.samples + row * job.x
        for i in range(peek(job.firsts + 8 * row), peek(job.firsts + 8 * (row + 1))):
            amount = peek(runs + 32 * _root(runs, i) + 24)
            if job.low <= amount < job.high_amount:
                for x in range(peek(runs + 32 * i), peek(runs + 32 * i + 8)):
                    store_one(samples + x, _U8, np.uint8(1 - job.value))
