"""Medians of windows that slide along series of float64, for whole lines and sample by sample."""

import numpy as np
from numba.extending import intrinsic

from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, inlined, part
from imfilter._simd.llvm import constant, strict
from imfilter._simd.vector import load_one, peek, poke, record, store_one

_F64, _U8 = np.dtype(np.float64), np.dtype(np.uint8)

#: Median of an even number of samples: the lower or the upper middle sample, or their mean.
LOWER, UPPER, MEAN = 0, 1, 2


@intrinsic
def _between(typingctx, low, high):
    """Return the mean of two numbers, rounded once: half their sum, or the sum of halves if that overflows.

    A fused multiply-add does not change the result.
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
    """Return a sample, and 0.0 for -0.0. The compiler would remove an addition of 0.0."""
    return 0.0 if peek(at) == -(1 << 63) else load_one(_F64, at, _F64)


@inlined
def _write(to, low, high, which):
    """Write the median from two middle samples. The result is 0.0 instead of -0.0."""
    if low == high or which == LOWER:
        store_one(to, _F64, low)
    elif which == UPPER:
        store_one(to, _F64, high)
    else:
        store_one(to, _F64, _between(low, high))
        store_one(to, _F64, _unsigned_zero(to))


@inlined
def _sift(workspace, start, count):
    """Move a value down a heap of `count` values until no value below it is larger."""
    value, i = load_one(_F64, workspace + 8 * start, _F64), start
    while 2 * i + 1 < count:
        child = 2 * i + 1
        below = load_one(_F64, workspace + 8 * child, _F64)
        if child + 1 < count:
            other = load_one(_F64, workspace + 8 * (child + 1), _F64)
            if other > below:
                child, below = child + 1, other
        if below <= value:
            break
        store_one(workspace + 8 * i, _F64, below)
        i = child
    store_one(workspace + 8 * i, _F64, value)


@part
def _sort(workspace, count):
    """Sort `count` numbers (J. W. J. Williams, Heapsort, Communications of the ACM 7, 1964)."""
    for i in range(count // 2, 0, -1):
        _sift(workspace, i - 1, count)
    for last in range(count - 1, 0, -1):
        largest = load_one(_F64, workspace, _F64)
        store_one(workspace, _F64, load_one(_F64, workspace + 8 * last, _F64))
        store_one(workspace + 8 * last, _F64, largest)
        _sift(workspace, 0, last)


@inlined
def _place(workspace, count, value):
    """Return the position of `value` among `count` sorted values."""
    low, high = 0, count
    while low < high:
        half = (low + high) >> 1
        if load_one(_F64, workspace + 8 * half, _F64) < value:
            low = half + 1
        else:
            high = half
    return low


@inlined
def _is_present(present, at):
    """Return whether a sample is present."""
    return present == 0 or load_one(_U8, present + at, _U8) != 0


@Driver
@denormals_as_numbers
def middle(source, target, rows, step, size, present, workspace, which):
    """Write the medians of `rows` windows of `size` samples, for each of `step` series.

    present: address of a byte for each sample, which is not 0 if the sample is present; or 0 if all are
    present. which: median of an even number of samples. The result is NaN if a sample is NaN or if none is
    present. workspace: memory for `size` float64.
    """
    for series in range(step):
        count, non_finite = 0, 0
        for row in range(min(size - 1, rows + size - 1)):
            at = series + row * step
            if _is_present(present, at):
                value = _unsigned_zero(source + 8 * at)
                if value != value:
                    non_finite += 1
                else:
                    store_one(workspace + 8 * count, _F64, value)
                    count += 1
        _sort(workspace, count)
        for row in range(size - 1, rows + size - 1):
            if row >= size:  # remove the oldest sample
                at = series + (row - size) * step
                if _is_present(present, at):
                    value = _unsigned_zero(source + 8 * at)
                    if value != value:
                        non_finite -= 1
                    else:
                        i = _place(workspace, count, value)
                        count -= 1
                        while i < count:
                            store_one(workspace + 8 * i, _F64, load_one(_F64, workspace + 8 * (i + 1), _F64))
                            i += 1
            at = series + row * step
            if _is_present(present, at):
                value = _unsigned_zero(source + 8 * at)
                if value != value:
                    non_finite += 1
                else:
                    i = _place(workspace, count, value)
                    j = count
                    while j > i:
                        store_one(workspace + 8 * j, _F64, load_one(_F64, workspace + 8 * (j - 1), _F64))
                        j -= 1
                    store_one(workspace + 8 * i, _F64, value)
                    count += 1
            to = target + 8 * (series + (row - size + 1) * step)
            if non_finite == 0 and count > 0:
                low = load_one(_F64, workspace + 8 * ((count - 1) // 2), _F64)
                _write(to, low, load_one(_F64, workspace + 8 * (count // 2), _F64), which)
            else:
                store_one(to, _F64, np.nan)


#: A window that slides sample by sample, all int64: its size, the index of the oldest sample, the number of
#: NaN, and the addresses of tables: the samples in order of time; the sorted samples, with infinity for NaN,
#: in blocks; the first position of each block, which is a ring buffer of ``1 << bits`` samples; the result.
_FIELDS = ("size", "oldest", "non_finite", "bits", "samples", "ordered", "first", "result")
LIVE_JOB = np.dtype([(name, np.int64) for name in _FIELDS])


@inlined
def _at(job, index):
    """Return the address of the sorted sample at a position."""
    block, last = index >> job.bits, (1 << job.bits) - 1
    ring = (peek(job.first + 8 * block) + index) & last
    return job.ordered + 8 * ((block << job.bits) + ring)


@inlined
def _find(job, value):
    """Return the number of samples in the window that are less than `value`."""
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
    """Copy a sorted sample from one position to another."""
    store_one(_at(job, to), _F64, load_one(_F64, _at(job, start), _F64))


@part
def _replace(job, old, value):
    """Replace a sorted sample by another one. The samples between both positions move by one position.

    Whole blocks between them rotate by one: the first sample becomes the last one, or the last the first.
    """
    i, j, last = _find(job, old), _find(job, value), (1 << job.bits) - 1
    if i < j:
        j -= 1
    step = 1 if i < j else -1
    # If all samples of a block move, the first to move is at this position in the block.
    before = 0 if i < j else last
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
    """Return the sort key of a sample: infinity for NaN."""
    return np.inf if value != value else value


@Driver
@denormals_as_numbers
def push_median(job_at, sample: float):
    """Replace the oldest sample of a window, and write the median. See `LIVE_JOB`.

    The median of an even number of samples is the mean of both middle samples. It is NaN if a sample is NaN.
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
