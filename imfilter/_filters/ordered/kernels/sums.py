"""Weighted sums and running means in a fixed order. Each operation is rounded by itself.

Floor of a sum of n symmetric taps: n/2 times load, load, add, multiply, add, for each vector of samples.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, kernel
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import invoke, load, load_one, peek, record, size_of, splat, store, store_one

#: The kernel. Offsets in bytes of the taps below and above the centre, and their weights. `sign` is 1 if the
#: sample above is added to the one below, -1 if it is subtracted, and 0 if there are only the taps below.
#: Offset and weight of the centre, which is the first product; without `centred` the sum begins with 0.
SUMS_JOB = np.dtype(
    [
        *(
            (name, np.int64)
            for name in ("sums", "below", "above", "weights", "taps", "sign", "centred", "centre")
        ),
        ("weight", np.float64),
    ]
)
#: The kernel. Number of samples of a window, and of results along a line. Bytes from one sample of a line to
#: the next, and from one line to the next.
MEANS_JOB = np.dtype([(name, np.int64) for name in ("means", "size", "results", "step", "line")])

#: The kernel. Columns times channels, and channels. Bytes from one row of samples and of sums to the next.
TOTALS_JOB = np.dtype([(name, np.int64) for name in ("totals", "count", "channels", "source_y", "target_y")])

_F64 = np.dtype(np.float64)


@kernel(contract=False)
def sums(job_at, source, target, start, stop):
    """Write the sums at the bytes from `start` to `stop`, in whole vectors."""
    job = record(SUMS_JOB, job_at)
    for at in range(start, stop, BYTES):
        here = source + at
        total = splat(_F64, 0.0)
        if job.centred:
            total = load(_F64, here + job.centre, _F64) * job.weight
        for tap in range(job.taps):
            weight = load_one(_F64, job.weights + 8 * tap, _F64)
            value = load(_F64, here + peek(job.below + 8 * tap), _F64)
            if job.sign > 0:
                value = value + load(_F64, here + peek(job.above + 8 * tap), _F64)
            elif job.sign < 0:
                value = value - load(_F64, here + peek(job.above + 8 * tap), _F64)
            total = total + value * weight
        store(target + at, _F64, total)


@kernel(contract=False)
def means_of_columns(job_at, source, target, start, stop):
    """Write the running means of the columns at the bytes from `start` to `stop`, in whole vectors."""
    job = record(MEANS_JOB, job_at)
    size = float(job.size)
    for at in range(start, stop, BYTES):
        first, last = source + at, source + at + (job.size - 1) * job.step
        total = splat(_F64, 0.0)
        for i in range(job.size):
            total = total + load(_F64, first + i * job.step, _F64)
        store(target + at, _F64, total / size)
        for i in range(1, job.results):
            new, old = load(_F64, last + i * job.step, _F64), load(_F64, first + (i - 1) * job.step, _F64)
            total = total + (new - old)
            store(target + at + i * job.step, _F64, total / size)


@kernel(contract=False)
def means_of_lines(job_at, source, target, start, stop):
    """Write the running means of lines `start` to `stop`, whose samples are contiguous.

    The sums of four lines do not depend on each other, so they are computed in turns.
    """
    job = record(MEANS_JOB, job_at)
    size, lines = float(job.size), job.line
    line = start
    while line < stop:
        rest = stop - line - 1
        p, q = source + line * lines, source + (line + min(rest, 1)) * lines
        r, s = source + (line + min(rest, 2)) * lines, source + (line + min(rest, 3)) * lines
        back = target - source
        a, b, c, d = 0.0, 0.0, 0.0, 0.0
        for i in range(job.size):
            a += load_one(_F64, p + 8 * i, _F64)
            b += load_one(_F64, q + 8 * i, _F64)
            c += load_one(_F64, r + 8 * i, _F64)
            d += load_one(_F64, s + 8 * i, _F64)
        old, new = 0, 8 * job.size
        for _ in range(job.results):
            store_one(p + back + old, _F64, a / size)
            store_one(q + back + old, _F64, b / size)
            store_one(r + back + old, _F64, c / size)
            store_one(s + back + old, _F64, d / size)
            a += load_one(_F64, p + new, _F64) - load_one(_F64, p + old, _F64)
            b += load_one(_F64, q + new, _F64) - load_one(_F64, q + old, _F64)
            c += load_one(_F64, r + new, _F64) - load_one(_F64, r + old, _F64)
            d += load_one(_F64, s + new, _F64) - load_one(_F64, s + old, _F64)
            old, new = old + 8, new + 8
        line += 4


@Driver
@denormals_as_numbers
def write_sums(job_at, source, target, start, stop):
    """Write weighted sums of float64 samples."""
    invoke(0, record(SUMS_JOB, job_at).sums, (job_at, source, target, start, stop))


@Driver
@denormals_as_numbers
def write_means(job_at, source, target, start, stop):
    """Write running means of float64 samples."""
    invoke(0, record(MEANS_JOB, job_at).means, (job_at, source, target, start, stop))


@kernel("source", "sums", "real", contract=False)
def totals(source, sums, real, channels, samples, count, above, to):
    """Write the sums of the samples up to each one of a row, added to the sums of the row above."""
    size, wide = size_of(source), size_of(sums)
    for channel in range(channels):
        total = load_one(real, samples + channel * size, source)
        store_one(to + channel * wide, sums, total + load_one(real, above + channel * wide, sums))
        for i in range(channel + channels, count, channels):
            total += load_one(real, samples + i * size, source)
            store_one(to + i * wide, sums, total + load_one(real, above + i * wide, sums))


@Driver
@denormals_as_numbers
def write_totals(job_at, source, target, start, stop):
    """Write the sums of all samples above and to the left, from row `start` on. The row above has sums."""
    job = record(TOTALS_JOB, job_at)
    for y in range(start, stop):
        to = target + y * job.target_y
        invoke(3, job.totals, (job.channels, source + y * job.source_y, job.count, to - job.target_y, to))
