"""The entropy of windows, from a histogram that moves along a line.

The sum of n*log2(n) over the counts n is kept as a whole number: the terms are rounded to a fixed fraction.
So a sample that leaves takes away exactly what it brought, and no error grows along the line.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, kernel
from imfilter._simd.vector import invoke, load_one, peek, record, size_of, store_one

#: Addresses of the codes of samples and of the results; of the offsets of the first window of each line in
#: both, in elements; of the offsets of the samples of a window, and of those that enter and leave when it
#: moves by `step`; of the counts of each code, which are 0 before and after; of the terms of each count, and
#: of their differences. `terms_scale` is the unit of the terms. `absent` and `nan` are codes, or -1. The
#: result is NaN where at most `least` samples are present, or where one is `nan`.
ENTROPY_JOB = np.dtype(
    [
        *(
            (name, np.int64)
            for name in (
                *("codes", "to", "starts", "places", "offsets", "enter", "leave", "counts", "terms", "rises"),
                *("lines", "count", "step", "taps", "moves", "absent", "nan", "measure", "presents"),
            )
        ),
        ("unit", np.float64),
        ("least", np.float64),
    ]
)
_I32, _F64 = np.dtype(np.int32), np.dtype(np.float64)


@kernel("code")
def measure(code, job_at):
    """Write the entropy of each window; see `ENTROPY_JOB`."""
    job = record(ENTROPY_JOB, job_at)
    size, counts, rises = size_of(code), job.counts, job.rises
    offsets, enter, leave, moves, step = job.offsets, job.enter, job.leave, job.moves, job.step
    for line in range(job.lines):
        start = job.codes + size * peek(job.starts + 8 * line)
        place = peek(job.places + 8 * line)
        total = 0
        for tap in range(job.taps):
            at = counts + 4 * np.int64(load_one(code, start + size * peek(offsets + 8 * tap), code))
            n = np.int64(load_one(_I32, at, _I32))
            total += peek(rises + 8 * n)
            store_one(at, _I32, np.int32(n + 1))
        for x in range(job.count):
            here = start + size * step * x
            if x:
                before = here - size * step
                for tap in range(moves):
                    at = counts + 4 * np.int64(load_one(code, before + size * peek(leave + 8 * tap), code))
                    n = np.int64(load_one(_I32, at, _I32)) - 1
                    total -= peek(rises + 8 * n)
                    store_one(at, _I32, np.int32(n))
                    at = counts + 4 * np.int64(load_one(code, before + size * peek(enter + 8 * tap), code))
                    n = np.int64(load_one(_I32, at, _I32))
                    total += peek(rises + 8 * n)
                    store_one(at, _I32, np.int32(n + 1))
            present, terms = job.taps, total
            if job.absent >= 0:
                absent = np.int64(load_one(_I32, counts + 4 * job.absent, _I32))
                present -= absent
                terms -= peek(job.terms + 8 * absent)
            found = np.nan
            if present > job.least:
                found = np.float64(peek(job.terms + 8 * present) - terms) / (present * job.unit)
            if job.nan >= 0 and load_one(_I32, counts + 4 * job.nan, _I32) > 0:
                found = np.nan
            store_one(job.to + 8 * (place + step * x), _F64, found)
            if job.presents:
                store_one(job.presents + 8 * (place + step * x), _F64, np.float64(present))
        end = start + size * step * (job.count - 1)
        for tap in range(job.taps):
            at = counts + 4 * np.int64(load_one(code, end + size * peek(offsets + 8 * tap), code))
            store_one(at, _I32, np.int32(0))


@Driver
@denormals_as_numbers
def measure_lines(job_at):
    """Run the kernel of a job."""
    invoke(1, record(ENTROPY_JOB, job_at).measure, (job_at,))
