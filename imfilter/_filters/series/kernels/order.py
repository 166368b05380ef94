"""Quantiles of windows that slide along series of float64, and ranks of a sample in its window.

A window is sorted and stays so: see `kernels.median`. NaN and absent samples have the key infinity. So the
first sorted samples are those that are present.
"""

import math

import numpy as np
from numba.extending import intrinsic

from imfilter._filters.series.kernels.median import (
    LIVE_JOB,
    LOWER,
    MEAN,
    UPPER,
    _at,
    _between,
    _find,
    _is_present,
    _ranked,
    _replace,
    _unsigned_zero,
)
from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, inlined
from imfilter._simd.lanewise import where
from imfilter._simd.llvm import constant, strict
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import load, load_one, poke, record, splat, store, store_one

_F64 = np.dtype(np.float64)
_LANES = BYTES // 8
#: Results besides those of medians: the sample at the nearest position, and of an even choice the one at the
#: even position; a mean of both neighbours, weighted by the position; the weight of the upper neighbour.
NEAREST, LINEAR, FRACTION, RANK = 3, 4, 5, 6


@intrinsic
def _along(typingctx, low, high, share):
    """Return ``low + (high - low)*share``, computed from the nearer end. Large numbers do not overflow."""

    def codegen(context, builder, sig, args):
        def formula(a, b, t):
            one, half, infinity = (constant(a.type, v) for v in (1.0, 0.5, float("inf")))
            rest, gap = builder.fsub(one, t), builder.fsub(b, a)
            from_low = builder.fadd(a, builder.fmul(gap, t))
            from_high = builder.fsub(b, builder.fmul(gap, rest))
            near = builder.select(builder.fcmp_ordered("<", t, half), from_low, from_high)
            parts = builder.fadd(builder.fmul(a, rest), builder.fmul(b, t))
            return builder.select(builder.fcmp_ordered("<", gap, infinity), near, parts)

        return strict(builder, formula, *args)

    return low(low, high, share), codegen


@inlined
def _blend(low, high, share, which):
    """Return a quantile from its two neighbours and its place between them, from 0 to 1."""
    if low == high or which == LOWER or share == 0.0:
        return low
    if which == UPPER:
        return high
    return _between(low, high) if which == MEAN else _along(low, high, share)


@inlined
def _chosen(position, which):
    """Return the positions of both neighbours, and the weight of the upper one, for a position."""
    if which == NEAREST:
        nearest = np.rint(position)
        return np.int64(nearest), np.int64(nearest), 0.0
    low = math.floor(position)
    return np.int64(low), np.int64(math.ceil(position)), position - low


@inlined
def _find_after(job, value, count):
    """Return the number of samples that are at most `value`, among the first `count`."""
    low, high = 0, count
    while low < high:
        half = (low + high) >> 1
        if load_one(_F64, _at(job, half), _F64) <= value:
            low = half + 1
        else:
            high = half
    return low


@inlined
def _write(job, to, count, bad, value, share, which):
    """Write the result of a window of `count` samples. value: the sample whose rank is asked for."""
    if bad or count == 0 or (which == RANK and value != value):
        store_one(to, _F64, np.nan)
    elif which == RANK:
        less, most = _find(job, value), _find_after(job, value, count)
        store_one(to, _F64, 0.5 * (less + most + 1))
    else:
        low, high, rest = _chosen(share * (count - 1), which)
        if which == FRACTION:
            store_one(to, _F64, rest)
        else:
            first = load_one(_F64, _at(job, low), _F64)
            result = _blend(first, load_one(_F64, _at(job, high), _F64), rest, which)
            store_one(to, _F64, result)
            store_one(to, _F64, _unsigned_zero(to))


@Driver
@denormals_as_numbers
def slide_sorted(job_at, source, target, rows, step, present, skipped, share: float, which):
    """Write quantiles or ranks of `rows` windows of each of `step` series. See `LIVE_JOB`.

    present: address of a byte for each sample, which is not 0 if the sample is present; or 0. skipped: number
    of samples of a window before the ranked one. share: the quantile, from 0 to 1. The result is NaN if a
    sample is NaN, if none is present, or if the ranked sample is absent.
    """
    job = record(LIVE_JOB, job_at)
    size, last = job.size, (1 << job.bits) - 1
    blocks = (size + last) >> job.bits
    for series in range(step):
        for i in range(blocks << job.bits):
            store_one(job.ordered + 8 * i, _F64, np.inf)
        for i in range(blocks):
            poke(job.first + 8 * i, 0)
        count, bad = 0, 0
        for row in range(rows + size - 1):
            at, old, value = series + row * step, np.inf, np.inf
            gone = at - size * step
            if row >= size and _is_present(present, gone):
                old = _unsigned_zero(source + 8 * gone)
                count -= 1
                bad -= old != old
            if _is_present(present, at):
                value = _unsigned_zero(source + 8 * at)
                count += 1
                bad += value != value
            _replace(job, _ranked(old), _ranked(value))
            if row >= size - 1:
                start = row - size + 1
                place = series + (start + skipped) * step
                asked = _unsigned_zero(source + 8 * place)
                if which == RANK and not _is_present(present, place):
                    asked = np.nan
                _write(job, target + 8 * (series + start * step), count, bad, asked, share, which)


@Driver
@denormals_as_numbers
def push_sorted(job_at, sample: float, share: float, which):
    """Replace the oldest sample of a full window. Write a quantile, or the rank of the new sample."""
    job = record(LIVE_JOB, job_at)
    at = job.samples + 8 * job.oldest
    old = _unsigned_zero(at)
    store_one(at, _F64, sample)
    value = _unsigned_zero(at)
    bad = job.non_finite + (value != value) - (old != old)
    _replace(job, _ranked(old), _ranked(value))
    poke(job_at + 8, (job.oldest + 1) % job.size)
    poke(job_at + 16, bad)
    _write(job, job.result, job.size, bad, value, share, which)


@Driver
@denormals_as_numbers
def blend_neighbours(lower, upper, target, count, share: float, which):
    """Write the quantiles from arrays of both neighbours. The result is 0.0 instead of -0.0."""
    for at in range(0, 8 * count, 8):
        low, high = load_one(_F64, lower + at, _F64), load_one(_F64, upper + at, _F64)
        store_one(target + at, _F64, _blend(low, high, share, which))
        store_one(target + at, _F64, _unsigned_zero(target + at))


@inlined
def _below(total, one, sample):
    """Add 1 for a sample below another one, and 1 for a sample that is at most the other one."""
    return total + where(one < sample, 1.0, splat(_F64, 0.0)) + where(one <= sample, 1.0, splat(_F64, 0.0))


@Driver
@denormals_as_numbers
def compare(source, target, count, step, size, skipped):
    """Write the ranks of samples in `count` windows, by comparison with every sample. No sample may be NaN.

    The samples of a window are `step` elements apart.
    """
    e = 0
    while e < count and count >= _LANES:
        e = min(e, count - _LANES)  # the last vector overlaps the previous one
        line = source + 8 * e
        sample, total = load(_F64, line + 8 * skipped * step, _F64), splat(_F64, 1.0)
        for i in range(size):
            total = _below(total, load(_F64, line + 8 * i * step, _F64), sample)
        store(target + 8 * e, _F64, total * 0.5)
        e += _LANES
    while e < count:
        line, twice = source + 8 * e, 1
        sample_one = load_one(_F64, line + 8 * skipped * step, _F64)
        for i in range(size):
            other = load_one(_F64, line + 8 * i * step, _F64)
            twice += (other < sample_one) + (other <= sample_one)
        store_one(target + 8 * e, _F64, 0.5 * twice)
        e += 1
