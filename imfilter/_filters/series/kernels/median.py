"""Medians of windows that slide along series, over lines of float64 and one sample after the other."""

import numpy as np
from numba.extending import intrinsic

from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, inlined, part
from imfilter._simd.llvm import constant, strict
from imfilter._simd.vector import load_one, peek, poke, record, store_one

_F64, _U8 = np.dtype(np.float64), np.dtype(np.uint8)

#: Which of the two samples in the middle is taken of an even number, or their mean.
LOWER, UPPER, MEAN = 0, 1, 2


@intrinsic
def _between(typingctx, low, high):
    """Return the middle of two numbers, rounded once: half their sum, or of halves if that is infinite.

    Neither changes where a product and a sum are rounded as one.
    """

    def codegen(context, builder, sig, args):
        def formula(a, b):
            half, infinity = constant(a.type, 0.5), constant(a.type, float("inf"))
            total = builder.fadd(a, b)
            halves = builder.fadd(builder.fmul(half, a), builder.fmul(half, b))
            below = builder.fcmp_ordered("<", total, infinity)
            above = builder.fcmp_ordered(">", total, builder.fneg(infinity))
            return builder.select(builder.and_(below, above), builder.fmul(half, total), halves)

        return strict(builder, formula, *args)

    return low(low, high), codegen


@inlined
def _unsigned_zero(at):
    """Return a sample, 0.0 for -0.0: adding 0.0 would do that if the compiler let it."""
    return 0.0 if peek(at) == -(1 << 63) else load_one(_F64, at, _F64)


@inlined
def _write(to, low, high, which):
    """Write what is taken of two samples in the middle, 0.0 for -0.0, which half a denormal may be."""
    if low == high or which == LOWER:
        store_one(to, _F64, low)
    elif which == UPPER:
        store_one(to, _F64, high)
    else:
        store_one(to, _F64, _between(low, high))
        store_one(to, _F64, _unsigned_zero(to))


@inlined
def _sift(workspace, start, history):
    """Move a value down the heap of `history` ones until none below it is larger."""
    value, i = load_one(_F64, workspace + 8 * start, _F64), start
    while 2 * i + 1 < history:
        child = 2 * i + 1
        below = load_one(_F64, workspace + 8 * child, _F64)
        if child + 1 < history:
            other = load_one(_F64, workspace + 8 * (child + 1), _F64)
            if other > below:
                child, below = child + 1, other
        if below <= value:
            break
        store_one(workspace + 8 * i, _F64, below)
        i = child
    store_one(workspace + 8 * i, _F64, value)


@part
def _sort(workspace, history):
    """Put `history` numbers in order (J. W. J. Williams, Heapsort, Communications of the ACM 7, 1964)."""
    for i in range(history // 2, 0, -1):
        _sift(workspace, i - 1, history)
    for last in range(history - 1, 0, -1):
        largest = load_one(_F64, workspace, _F64)
        store_one(workspace, _F64, load_one(_F64, workspace + 8 * last, _F64))
        store_one(workspace + 8 * last, _F64, largest)
        _sift(workspace, 0, last)


@inlined
def _place(workspace, history, value):
    """Return where among `history` values in order `value` is, or would be."""
    low, high = 0, history
    while low < high:
        half = (low + high) >> 1
        if load_one(_F64, workspace + 8 * half, _F64) < value:
            low = half + 1
        else:
            high = half
    return low


@inlined
def _counts(present, at):
    """Tell whether a sample counts."""
    return present == 0 or load_one(_U8, present + at, _U8) != 0


@Driver
@denormals_as_numbers
def middle(source, target, rows, step, size, present, workspace, which):
    """Write the median of `size` samples from each of `rows` on, of each of `step` series.

    there: address of a byte for each sample, whether it counts, or 0 if all do. Of an even number `which` of
    the two in the middle; NaN if a sample is NaN, or if none counts. room: for `size` float64.
    """
    for series in range(step):
        history, non_finite = 0, 0
        for row in range(min(size - 1, rows + size - 1)):
            at = series + row * step
            if _counts(present, at):
                value = _unsigned_zero(source + 8 * at)
                if value != value:
                    non_finite += 1
                else:
                    store_one(workspace + 8 * history, _F64, value)
                    history += 1
        _sort(workspace, history)
        for row in range(size - 1, rows + size - 1):
            if row >= size:  # the oldest leaves
                at = series + (row - size) * step
                if _counts(present, at):
                    value = _unsigned_zero(source + 8 * at)
                    if value != value:
                        non_finite -= 1
                    else:
                        i = _place(workspace, history, value)
                        history -= 1
                        while i < history:
                            store_one(workspace + 8 * i, _F64, load_one(_F64, workspace + 8 * (i + 1), _F64))
                            i += 1
            at = series + row * step
            if _counts(present, at):
                value = _unsigned_zero(source + 8 * at)
                if value != value:
                    non_finite += 1
                else:
                    i = _place(workspace, history, value)
                    j = history
                    while j > i:
                        store_one(workspace + 8 * j, _F64, load_one(_F64, workspace + 8 * (j - 1), _F64))
                        j -= 1
                    store_one(workspace + 8 * i, _F64, value)
                    history += 1
            to = target + 8 * (series + (row - size + 1) * step)
            if non_finite == 0 and history > 0:
                low = load_one(_F64, workspace + 8 * ((history - 1) // 2), _F64)
                _write(to, low, load_one(_F64, workspace + 8 * (history // 2), _F64), which)
            else:
                store_one(to, _F64, np.nan)


#: A window that goes on sample by sample, all int64: its samples, the oldest of them, and how many are NaN;
#: the same in order, NaN as infinity, in blocks that are full but for the last; the first of each block,
#: which is a ring of ``1 << bits``; where the result goes.
_FIELDS = ("size", "oldest", "non_finite", "bits", "samples", "ordered", "first", "result")
LIVE_JOB = np.dtype([(name, np.int64) for name in _FIELDS])


@inlined
def _at(job, index):
    """Return the address of a place in order."""
    block, last = index >> job.bits, (1 << job.bits) - 1
    ring = (peek(job.first + 8 * block) + index) & last
    return job.ordered + 8 * ((block << job.bits) + ring)


@inlined
def _find(job, value):
    """Return how many samples of the window are less."""
    low, high = 0, job.size
    while low < high:
        half = (low + high) >> 1
        if load_one(_F64, _at(job, half), _F64) < value:
            low = half + 1
        else:
            high = half
    return low


@inlined
def _move(job, to, start):
    """Copy what stands at a place in order to another."""
    store_one(_at(job, to), _F64, load_one(_F64, _at(job, start), _F64))


@part
def _replace(job, old, value):
    """Take a sample out of the order and put another in: all between move by one.

    Whole blocks between turn by one: their first becomes their last, or the other way round.
    """
    i, j, last = _find(job, old), _find(job, value), (1 << job.bits) - 1
    if i < j:
        j -= 1
    step = 1 if i < j else -1
    before = 0 if i < j else last  # where in a block the first one that moves stands, if all of it do
    while i != j:
        if i & last == before and abs(j - i) > last:
            first = job.first + 8 * (i >> job.bits)
            poke(first, (peek(first) + step) & last)
            i += step * last
        _move(job, i, i + step)
        i += step
    store_one(_at(job, i), _F64, value)


@inlined
def _ranked(value):
    """Return a sample as it stands in order."""
    return np.inf if value != value else value


@Driver
@denormals_as_numbers
def push_median(job_at, sample: float):
    """Write the median of a window that the oldest sample leaves and another enters. See `LIVE_JOB`.

    Of an even number it is the mean of the two in the middle; NaN if a sample is NaN.
    """
    job = record(LIVE_JOB, job_at)
    at = job.samples + 8 * job.oldest
    old = _unsigned_zero(at)
    store_one(at, _F64, sample)
    value = _unsigned_zero(at)
    non_finite = job.non_finite + (value != value) - (old != old)
    _replace(job, _ranked(old), _ranked(value))
    poke(job_at + 8, (job.oldest + 1) % job.size)
    poke(job_at + 16, non_finite)
    if non_finite:
        store_one(job.result, _F64, np.nan)
    else:
        low = load_one(_F64, _at(job, (job.size - 1) // 2), _F64)
        _write(job.result, low, load_one(_F64, _at(job, job.size // 2), _F64), MEAN)
