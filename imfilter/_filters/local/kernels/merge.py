"""Means and variances of windows, merged from those of their parts.

A part has a sample, the mean of the part minus this sample, its variance, and how much of it is present. The
result has the same four. Its sample is one of the window. Differences of samples are rounded once, so an
offset that all samples share changes no result. All terms of the variance are at least 0.
"""

import numpy as np

from imfilter._filters.local.kernels.box import DEVIATION, THRESHOLD
from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, inlined, kernel
from imfilter._simd.lanewise import fma, larger, root, where
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import invoke, load, load_one, peek, record, size_of, splat, store

#: What parts have besides their samples: rests, variances, and counts. Without counts, all is present.
RESTS, SPREADS, COUNTED = 1, 2, 4
#: Addresses of the parts and of what is written; tables of the offsets of each line in the parts, in what is
#: written and in the result, and of the taps, in elements; the weights; the number of lines, of their results
#: and of taps. `centre` is the number of the tap whose sample is kept if all are present. If `result` is not
#: 0, only the results are written there, see `box.VARIANCE`, and NaN where at most `least` is counted. The
#: counts are written if `to_counts` is not 0.
MERGE_JOB = np.dtype(
    [
        *(
            (name, np.int64)
            for name in (
                *("sample", "rest", "spread", "counts", "to_sample", "to_rest", "to_spread", "to_counts"),
                *(
                    "result",
                    "starts",
                    "spots",
                    "places",
                    "offsets",
                    "weights",
                    "lines",
                    "count",
                    "taps",
                    "centre",
                ),
                *("form", "merge"),
            )
        ),
        *((name, np.float64) for name in ("total", "least", "a", "b", "c")),
    ]
)
_F64 = np.dtype(np.float64)


@inlined
def _weight(form, job, at, tap):
    """Return the weight of a tap, times how much is present."""
    weight = splat(_F64, load_one(_F64, job.weights + 8 * tap, _F64))
    if form & COUNTED:
        return weight * load(_F64, job.counts + 8 * (at + peek(job.offsets + 8 * tap)), _F64)
    return weight


@inlined
def _apart(source, form, job, at, tap, own, beside, weight):
    """Return the mean of a part minus a part that is the sample `own` and the rest `beside`."""
    place = at + peek(job.offsets + 8 * tap)
    value = load(_F64, job.sample + size_of(source) * place, source) - own
    if form & RESTS:
        value = value + (load(_F64, job.rest + 8 * place, _F64) - beside)
    if form & COUNTED:
        return where(weight > 0, value, 0.0)
    return value


@inlined
def _own(source, form, job, at):
    """Return the sample and the rest of a part that is present: the centre, or the largest one."""
    zero = splat(_F64, 0.0)
    if form & COUNTED:
        least = splat(_F64, -np.inf)
        found, beside = least, zero
        for tap in range(job.taps):
            place = at + peek(job.offsets + 8 * tap)
            value = load(_F64, job.sample + size_of(source) * place, source)
            value = where(load(_F64, job.counts + 8 * place, _F64) > 0, value, least)
            if form & RESTS:
                beside = where(value > found, load(_F64, job.rest + 8 * place, _F64), beside)
            found = larger(value, found)
        return where(found == least, 0.0, found), beside
    place = at + peek(job.offsets + 8 * job.centre)
    beside = zero
    if form & RESTS:
        beside = load(_F64, job.rest + 8 * place, _F64)
    return load(_F64, job.sample + size_of(source) * place, source), beside


@kernel("source", "target", "form")
def merge(source, target, form, job_at):
    """Merge parts; see `MERGE_JOB`. Samples are of type `source`, results of type `target`."""
    job = record(MERGE_JOB, job_at)
    lanes, zero = BYTES // 8, splat(_F64, 0.0)
    total, nothing = splat(_F64, job.total), splat(_F64, np.nan)
    for line in range(job.lines):
        start, spot = peek(job.starts + 8 * line), peek(job.spots + 8 * line)
        for block in range((job.count + lanes - 1) // lanes):
            column = min(block * lanes, max(job.count - lanes, 0))
            at, to = start + column, spot + column
            own, beside = _own(source, form, job, at)
            sums, counts = zero, zero
            for tap in range(job.taps):
                weight = _weight(form, job, at, tap)
                sums = fma(_apart(source, form, job, at, tap, own, beside, weight), weight, sums)
                if form & COUNTED:
                    counts = counts + weight
            if not form & COUNTED:
                counts = total
            mean = sums / counts
            if form & COUNTED:
                mean = where(counts > 0, mean, zero)
            squares = zero
            for tap in range(job.taps):
                weight = _weight(form, job, at, tap)
                away = _apart(source, form, job, at, tap, own, beside, weight) - mean
                away = away * away
                if form & SPREADS:
                    away = away + load(_F64, job.spread + 8 * (at + peek(job.offsets + 8 * tap)), _F64)
                if form & COUNTED:
                    away = where(weight > 0, away, zero)
                squares = fma(away, weight, squares)
            spread = squares / counts
            if job.result:
                if job.form == THRESHOLD:
                    deviation = root(spread)
                    middle = own + (beside + mean)
                    spread = middle * (deviation * job.b + job.a) + deviation * job.c
                elif job.form == DEVIATION:
                    spread = root(spread)
                known = spread == spread
                if form & COUNTED:
                    known = known & (counts > job.least)
                spread = where(known, spread, nothing)  # one NaN, as in `real.py`
                place = peek(job.places + 8 * line) + column
                store(job.result + size_of(target) * place, target, spread)
            else:
                if form & COUNTED:
                    spread = where(counts > 0, spread, zero)
                store(job.to_sample + 8 * to, _F64, own)
                store(job.to_rest + 8 * to, _F64, beside + mean)
                store(job.to_spread + 8 * to, _F64, spread)
            if form & COUNTED and job.to_counts:
                store(job.to_counts + 8 * to, _F64, counts)


@Driver
@denormals_as_zeros
def merge_lines(job_at):
    """Run the kernel of a job."""
    invoke(3, record(MERGE_JOB, job_at).merge, (job_at,))
