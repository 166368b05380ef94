"""Area openings by union-find over the samples in order of value (Meijster and Wilkinson, 2002)."""

import numpy as np

from imfilter._simd.jit import Driver, inlined, kernel
from imfilter._simd.vector import invoke, load_one, peek, record, size_of, store_one

#: Addresses of the codes; of the `cells` keys, unsigned integers with a margin; of the places in order, of
#: the parents of all cells and of the counts of 2048 digits; of the distances of `n` neighbours. The block
#: starts at `start` and has rows at `step_z` and `step_y`. Keys are sorted in increasing order by `digits`
#: digits of 11 bits. Keys of -1 are left out if `absent`. Components of fewer samples than `area` are
#: removed.
AREA_JOB = np.dtype(
    [
        (name, np.int64)
        for name in (
            *("sort", "join", "keys", "order", "parents", "counts", "table", "n"),
            *("z", "y", "x", "start", "step_z", "step_y", "digits", "absent", "area", "number", "cells"),
        )
    ]
)
_I64, _U64 = np.dtype(np.int64), np.dtype(np.uint64)
_BITS, _MASK = 11, 2047


@inlined
def _digit(key, job, place, number):
    """Return a digit of the key at a place."""
    value = load_one(key, job.keys + size_of(key) * place, key)
    return np.int64((np.uint64(value) >> np.uint64(_BITS * number)) & np.uint64(_MASK))


@inlined
def _starts(job):
    """Turn the counts of digits into the places of the first of each."""
    total = 0
    for digit in range(_MASK + 1):
        count = load_one(_I64, job.counts + 8 * digit, _I64)
        store_one(job.counts + 8 * digit, _I64, total)
        total += count
    return total


@inlined
def _put(index, job, to, digit, place):
    """Append a place to those with the same digit."""
    at = load_one(_I64, job.counts + 8 * digit, _I64)
    store_one(job.counts + 8 * digit, _I64, at + 1)
    store_one(to + size_of(index) * at, index, _as(index, place))


@inlined
def _as(index, value):
    """Return a number as an index."""
    if size_of(index) == 4:
        return np.int32(value)
    return np.int64(value)


@inlined
def _zeros(job):
    for digit in range(_MASK + 1):
        store_one(job.counts + 8 * digit, _I64, 0)


@kernel("key", "index")
def sort(key, index, job_at):
    """Write the places of the block in the order of their keys. Equal keys stay in the order of places.

    The memory of the parents holds the places after every second digit.
    """
    job = record(AREA_JOB, job_at)
    size = size_of(index)
    # If the number of digits is even, the places after the first one are in the spare memory.
    to, spare = job.order, job.parents
    if job.digits % 2 == 0:
        to, spare = spare, to
    _zeros(job)
    for turn in range(2):
        for z in range(job.z):
            for y in range(job.y):
                row = job.start + z * job.step_z + y * job.step_y
                for x in range(job.x):
                    if job.absent:
                        value = np.uint64(load_one(key, job.keys + size_of(key) * (row + x), key))
                        if value == np.uint64(job.absent):
                            continue
                    digit = _digit(key, job, row + x, 0)
                    if turn:
                        _put(index, job, to, digit, row + x)
                    else:
                        at = job.counts + 8 * digit
                        store_one(at, _I64, load_one(_I64, at, _I64) + 1)
        if turn == 0:
            job.number = _starts(job)
    for number in range(1, job.digits):
        _zeros(job)
        for i in range(job.number):
            at = job.counts + 8 * _digit(key, job, np.int64(load_one(index, to + size * i, index)), number)
            store_one(at, _I64, load_one(_I64, at, _I64) + 1)
        _starts(job)
        for i in range(job.number):
            place = np.int64(load_one(index, to + size * i, index))
            _put(index, job, spare, _digit(key, job, place, number), place)
        to, spare = spare, to


@inlined
def _parent(index, job, place):
    """Return the parent of a place: negative numbers are minus the area of a component."""
    return np.int64(load_one(index, job.parents + size_of(index) * place, index))


@inlined
def _set_parent(index, job, place, parent):
    store_one(job.parents + size_of(index) * place, index, _as(index, parent))


@inlined
def _root(index, job, place):
    """Return the root of a component, and shorten the way to it."""
    parent = _parent(index, job, place)
    while parent > 0:
        above = _parent(index, job, parent)
        if above > 0:
            _set_parent(index, job, place, above)
        place, parent = parent, above
    return place


@kernel("key", "index")
def join(key, index, job_at):
    """Remove small components: replace the keys of their samples by those of the component that takes them.

    The parents are 0 at first, also those of the margin and of absent samples.
    """
    job = record(AREA_JOB, job_at)
    size, wide = size_of(index), size_of(key)
    for cell in range(job.cells):
        _set_parent(index, job, cell, 0)
    for i in range(job.number):
        place = np.int64(load_one(index, job.order + size * i, index))
        value, area = load_one(key, job.keys + wide * place, key), 1
        _set_parent(index, job, place, -1)
        for n in range(job.n):
            beside = place + peek(job.table + 8 * n)
            if _parent(index, job, beside) == 0:
                continue
            root = _root(index, job, beside)
            if root == place:
                continue
            other = -_parent(index, job, root)
            if other < job.area or load_one(key, job.keys + wide * root, key) == value:
                area = min(area + other, job.area)
                _set_parent(index, job, root, place)
            else:
                area = job.area
            _set_parent(index, job, place, -area)
    for i in range(job.number - 1, -1, -1):
        place = np.int64(load_one(index, job.order + size * i, index))
        parent = _parent(index, job, place)
        if parent > 0:
            # Later places are done: the key of the parent is the result.
            store_one(job.keys + wide * place, key, load_one(key, job.keys + wide * parent, key))


@Driver
def open_areas(job_at):
    """Run the codes of a job."""
    job = record(AREA_JOB, job_at)
    invoke(2, job.sort, (job_at,))
    invoke(2, job.join, (job_at,))
