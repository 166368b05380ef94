"""Missing data, one contiguous piece at a time: load samples and how much they count, and combine the sums.

All arrays have at least as many samples as a vector. The last vector overlaps the one before it.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, inlined, kernel
from imfilter._simd.lanewise import any_nan, fma, where
from imfilter._simd.lines import MUCH, UNUSUAL
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import invoke, load, poke, record, size_of, splat, store

#: Kinds of masks: none, truth values, and numbers.
NO_MASK, BOOLS, NUMBERS = range(3)
_U8 = np.dtype(np.uint8)

#: Loading: addresses of `count` samples of the image and of its mask, and of what is written: the samples
#: times how much they count, and how much they count. `flag` is set if one is so large that sums could
#: overflow, or infinite.
LOAD_JOB = np.dtype(
    [
        (name, np.int64)
        for name in ("image", "mask", "kind", "ignore_nan", "samples", "counts", "flag", "count")
    ]
)

#: Combining: addresses of the sums of samples over the positive and the negative part of the kernel, of the
#: sums of counts over both, and of the result. Where at most `least` is counted, the result is NaN.
COMBINE_JOB = np.dtype(
    [
        *((name, np.int64) for name in ("positive", "negative", "more", "less", "to", "count")),
        *((name, np.float64) for name in ("total", "least", "bias")),
    ]
)


@inlined
def result_of_one(sums, counts, total):
    """Return the result of a kernel of one sign: the weighted mean times the sum of the weights."""
    return sums / counts * total


@inlined
def result_of_both(positive, negative, more, less, total):
    """Return the result from sums over the positive and the negative part of a kernel."""
    absent = total - (more - less)
    mean = (positive + negative) / (more + less)
    # Where nothing is absent, an infinite mean must not become NaN.
    return positive - negative + where(absent == 0, absent, mean * absent)


@kernel("real", "source")
def load_samples(real, source, job_at):
    """Load a piece of an image; see `LOAD_JOB`."""
    job = record(LOAD_JOB, job_at)
    size, lanes = size_of(real), BYTES // size_of(real)
    ones, zeros, much = splat(real, 1.0), splat(real, 0.0), splat(real, MUCH)
    checked = zeros
    for block in range((job.count + lanes - 1) // lanes):
        at = min(block * lanes, job.count - lanes)
        samples = load(real, job.image + at * size_of(source), source)
        counts = ones
        if job.kind == BOOLS:
            counts = load(real, job.mask + at, _U8)
        elif job.kind == NUMBERS:
            counts = load(real, job.mask + at * size, real)
        if job.ignore_nan:
            counts = where(samples == samples, counts, zeros)
        samples = where(counts > 0, samples * counts, zeros)
        checked = fma(samples, much, checked)
        store(job.samples + at * size, real, samples)
        store(job.counts + at * size, real, counts)
    if any_nan(checked - checked):
        poke(job.flag, UNUSUAL)


@kernel("real", "target")
def combine_one(real, target, job_at):
    """Combine the sums over a kernel of one sign; see `COMBINE_JOB`."""
    job = record(COMBINE_JOB, job_at)
    size, lanes = size_of(real), BYTES // size_of(real)
    total, least, bias = splat(real, job.total), splat(real, job.least), splat(real, job.bias)
    nothing = splat(real, np.nan)
    for block in range((job.count + lanes - 1) // lanes):
        at = min(block * lanes, job.count - lanes)
        sums, counts = load(real, job.positive + at * size, real), load(real, job.more + at * size, real)
        result = result_of_one(sums, counts, total) + bias
        store(job.to + at * size_of(target), target, where(counts > least, result, nothing))


@kernel("real", "target")
def combine_both(real, target, job_at):
    """Combine the sums over both parts of a kernel; see `COMBINE_JOB`."""
    job = record(COMBINE_JOB, job_at)
    size, lanes = size_of(real), BYTES // size_of(real)
    total, least, bias = splat(real, job.total), splat(real, job.least), splat(real, job.bias)
    nothing = splat(real, np.nan)
    for block in range((job.count + lanes - 1) // lanes):
        at = min(block * lanes, job.count - lanes)
        positive, negative = (
            load(real, job.positive + at * size, real),
            load(real, job.negative + at * size, real),
        )
        more, less = load(real, job.more + at * size, real), load(real, job.less + at * size, real)
        result = result_of_both(positive, negative, more, less, total) + bias
        store(job.to + at * size_of(target), target, where(more + less > least, result, nothing))


@Driver
@denormals_as_zeros
def over_piece(kernel_at, job_at):
    """Run one of the kernels above."""
    invoke(2, kernel_at, (job_at,))
