"""Sums over the windows of a bilateral filter: each lane of a vector is one result.

A tap takes one load, and for float32: a difference and its multiple, the exponent, 8 operations for the power
of two, and two sums. That is 13 operations for 16 samples. Zen 4 runs one of 512 bits each cycle on the
multipliers and one on the adders. The adders are busy for 7 cycles, of which the last step of the power takes
2. A window of 17 x 17 takes 289 * 7 / 16 = 126 cycles for a sample. With a polynomial for the power it was
163 cycles, on the multipliers.

A sum contains the differences to a reference, the centre of the window. So flat images stay flat, and an
offset costs no digits.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, inlined, kernel
from imfilter._simd.lanewise import absolute, count_lanes, fma, tabulated_power_of_two, where
from imfilter._simd.lines import copy
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import invoke, load, load_one, peek, record, size_of, splat, store

#: Addresses of lists of addresses: the channels of the image, of the guide, and of the results. Addresses of
#: how much each sample counts, and of whether its guide is known, or 0. The offsets of each line of results
#: in the image and, channel by channel, in the results, in elements. The number of lines and of elements of
#: a line. The taps: their number, their offsets in bytes, and the binary logarithms of their weights.
#: `manhattan`: whether distances of colours are sums of magnitudes. The workspace. `scale`: of distances.
#: For pairs: the lines of a plane, and their distance in bytes; the bytes of a line of a tile of columns; the
#: number of rows below, and for each the first tap and the number of taps; memory for sums and weights of the
#: tile; the bytes of a line of weights, and those before the first one of the tile.
BILATERAL_JOB = np.dtype(
    [
        *(
            (name, np.int64)
            for name in (
                *("images", "guides", "results", "n_images", "n_guides", "counts", "known", "starts"),
                *("places", "lines", "count", "taps", "offsets", "weights", "manhattan", "stage", "kernel"),
                *("rows", "pitch", "line", "groups", "pairs", "memory", "kept", "margin"),
            )
        ),
        ("scale", np.float64),
    ]
)


@inlined
def _number(real, value):
    """Return a vector of float64 `value` rounded to `real`."""
    return splat(real, real.type(value))


@kernel("real")
def grey_lines(real, job_at):
    """Filter lines of an image of one channel that is its own guide, whose samples are all present."""
    job = record(BILATERAL_JOB, job_at)
    size, lanes = size_of(real), BYTES // size_of(real)
    image, result, count, taps = peek(job.images), peek(job.results), job.count, job.taps
    offsets, logarithms, last = job.offsets, job.weights, max(job.count - lanes, 0)
    scale = _number(real, job.scale)
    for line in range(job.lines):
        start = image + size * peek(job.starts + 8 * line)
        to = result + size * peek(job.places + 8 * line)
        for block in range(0, count, lanes):
            i = size * min(block, last)
            at = start + i
            own = load(real, at, real)
            total = own - own  # NaN where a sample is not finite
            weights = total
            for tap in range(taps):
                exponent = splat(real, load_one(real, logarithms + size * tap, real))
                change = load(real, at + peek(offsets + 8 * tap), real) - own
                distance = change * scale
                weight = tabulated_power_of_two(fma(-distance, distance, exponent))
                weights, total = weights + weight, fma(weight, change, total)
            if count >= lanes:
                store(to + i, real, own + total / weights)
            else:
                store(job.stage, real, own + total / weights)
                copy(real, to, job.stage, count)


@inlined
def _references(real, job, at, absent):
    """Write the reference of each channel to the workspace, and zeros for its sum.

    It is the centre. Where the centre is absent, it is the last sample of the window that is present.
    """
    zero, some = _number(real, 0.0), count_lanes(absent)
    for channel in range(job.n_images):
        here = peek(job.images + 8 * channel) + at
        own = load(real, here, real)
        if some:
            for tap in range(job.taps):
                offset = peek(job.offsets + 8 * tap)
                there = load(real, job.counts + at + offset, real) > zero
                own = where(absent & there, load(real, here + offset, real), own)
        store(job.stage + 2 * BYTES * channel, real, own)
        store(job.stage + 2 * BYTES * channel + BYTES, real, zero)


@inlined
def _exponent(real, job, at, offset, scale, exponent):
    """Return the binary logarithms of the weights of a tap, from that of its position."""
    if not job.manhattan:
        for channel in range(job.n_guides):
            here = peek(job.guides + 8 * channel) + at
            distance = (load(real, here + offset, real) - load(real, here, real)) * scale
            exponent = fma(-distance, distance, exponent)
        return exponent
    total = _number(real, 0.0)
    for channel in range(job.n_guides):
        here = peek(job.guides + 8 * channel) + at
        total = total + absolute(load(real, here + offset, real) - load(real, here, real))
    total = total * scale
    return fma(-total, total, exponent)


@kernel("real")
def lines(real, job_at):
    """Filter lines of an image of any number of channels, with any guide, of which samples may be absent.

    Where the guide of a result is not known, all distances count as 0.
    """
    job = record(BILATERAL_JOB, job_at)
    size, lanes = size_of(real), BYTES // size_of(real)
    count, zero, scale = job.count, _number(real, 0.0), _number(real, job.scale)
    for line in range(job.lines):
        start = size * peek(job.starts + 8 * line)
        for block in range((count + lanes - 1) // lanes):
            i = size * min(block * lanes, max(count - lanes, 0))
            at = start + i
            absent, alone = zero != zero, zero != zero
            if job.counts:
                absent = ~(load(real, job.counts + at, real) > zero)
            if job.known:
                alone = ~(load(real, job.known + at, real) > zero)
            _references(real, job, at, absent)
            weights = zero
            for tap in range(job.taps):
                offset = peek(job.offsets + 8 * tap)
                position = splat(real, load_one(real, job.weights + size * tap, real))
                exponent = _exponent(real, job, at, offset, scale, position)
                weight = tabulated_power_of_two(where(alone, position, exponent))
                if job.counts:
                    counts = load(real, job.counts + at + offset, real)
                    weight = where(counts > zero, weight * counts, 0.0)
                weights = weights + weight
                for channel in range(job.n_images):
                    stage = job.stage + 2 * BYTES * channel
                    there = load(real, peek(job.images + 8 * channel) + at + offset, real)
                    total = fma(weight, there - load(real, stage, real), load(real, stage + BYTES, real))
                    store(stage + BYTES, real, total)
            for channel in range(job.n_images):
                stage = job.stage + 2 * BYTES * channel
                found = load(real, stage, real) + load(real, stage + BYTES, real) / weights
                to = size * peek(job.places + 8 * (channel * job.lines + line))
                to += peek(job.results + 8 * channel)
                if count >= lanes:
                    store(to + i, real, found)
                else:
                    store(stage, real, found)
                    copy(real, to, stage, count)


@Driver
@denormals_as_zeros
def filter_lines(job_at):
    """Run the kernel of a job."""
    invoke(1, record(BILATERAL_JOB, job_at).kernel, (job_at,))
