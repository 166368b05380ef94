"""Sums over the windows of a bilateral filter: each lane of a vector is one result.

A tap takes one load, and for float32: a difference and its multiple, 7 operations for the weight, and two
sums. That is 11 operations for 16 samples. Zen 4 runs one of 512 bits each cycle on the multipliers and one
on the adders. The last step of the power takes two cycles of the adders. So a tap takes 6 cycles at least,
and a window of 17 x 17 takes 289 * 6 / 16 = 108 cycles for a sample, 30 ns. It is measured as 37 ns.

A sum contains the differences to a reference, the centre of the window. So flat images stay flat, and an
offset costs no digits.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, inlined, kernel
from imfilter._simd.lanewise import absolute, count_lanes, fma, power_of_parts, power_parts, where
from imfilter._simd.lines import copy
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import invoke, load, peek, poke, record, size_of, splat, store

#: Addresses of lists of addresses: the channels of the image, of the guide, and of the results. Addresses of
#: how much each sample counts, and of whether its guide is known, or 0. The offsets of each line of results
#: in the image and, channel by channel, in the results, in elements. The number of lines and of elements of
#: a line. The taps: their number, their offsets in bytes, and the addresses of rows of a `power_table`.
#: `manhattan`: whether distances of colours are sums of magnitudes. The workspace. `scale`: of distances.
#: For pairs: the lines of a plane, and their distance in bytes. A line in the lane layout: its bytes, the
#: samples of a segment, the bytes before the segment, the samples beside it, and the distance of neighbours.
#: The number of rows below. The number of taps of a row, and for each row below the first tap and half of
#: their number. The offsets of taps in the lane layout, in bytes. Memory for samples and sums of a tile of
#: columns; kernels, and the offsets of vectors of a line and of segments of the result. `found`: the address
#: of a number that becomes 1 if a result is not finite. `shrink`: see `lines_again`.
BILATERAL_JOB = np.dtype(
    [
        *(
            (name, np.int64)
            for name in (
                *("images", "guides", "results", "n_images", "n_guides", "counts", "known", "starts"),
                *("places", "lines", "count", "taps", "offsets", "weights", "manhattan", "stage", "kernel"),
                *("rows", "pitch", "line", "segment", "margin", "reach", "groups", "pairs", "shifts"),
                *("memory", "to_lanes", "join", "line_places", "lane_places", "found"),
            )
        ),
        ("scale", np.float64),
        ("shrink", np.float64),
    ]
)

#: Factor of samples whose differences are infinite.
SHRINK = 2.0**-4


@inlined
def _number(real, value):
    """Return a vector of float64 `value` rounded to `real`."""
    return splat(real, real.type(value))


@inlined
def weight_of(job, tap, a, b):
    """Return the weights of a tap where the square of the scaled distance is a*b."""
    rest, entry, steps = power_parts(a, b, peek(job.weights + 8 * tap))
    return power_of_parts(rest, entry, steps)


@inlined
def finite(real, value):
    """Tell which lanes are finite."""
    return value - value == _number(real, 0.0)


@inlined
def note(real, job, value):
    """Note that a lane is not finite."""
    if count_lanes(finite(real, value)) < BYTES // size_of(real):
        poke(job.found, 1)


@kernel("real")
def grey_lines(real, job_at):
    """Filter lines of an image of one channel that is its own guide, whose samples are all present."""
    job = record(BILATERAL_JOB, job_at)
    size, lanes = size_of(real), BYTES // size_of(real)
    image, result, count, taps = peek(job.images), peek(job.results), job.count, job.taps
    offsets, last = job.offsets, max(job.count - lanes, 0)
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
                change = load(real, at + peek(offsets + 8 * tap), real) - own
                distance = change * scale
                weight = weight_of(job, tap, distance, distance)
                weights, total = weights + weight, fma(weight, change, total)
            mean = own + total / weights
            note(real, job, mean)
            if count >= lanes:
                store(to + i, real, mean)
            else:
                store(job.stage, real, mean)
                copy(real, to, job.stage, count)


@inlined
def _sample(real, again, at):
    """Load samples of the image."""
    value = load(real, at, real)
    return value * _number(real, SHRINK) if again else value


@inlined
def _references(real, again, job, at, absent):
    """Write the reference of each channel to the workspace, and zeros for its sum.

    It is the centre. Where the centre is absent, it is the last sample of the window that is present.
    """
    zero, some = _number(real, 0.0), count_lanes(absent)
    for channel in range(job.n_images):
        here = peek(job.images + 8 * channel) + at
        own = _sample(real, again, here)
        if some:
            for tap in range(job.taps):
                offset = peek(job.offsets + 8 * tap)
                there = load(real, job.counts + at + offset, real) > zero
                own = where(absent & there, _sample(real, again, here + offset), own)
        store(job.stage + 2 * BYTES * channel, real, own)
        store(job.stage + 2 * BYTES * channel + BYTES, real, zero)


@inlined
def _distance(real, again, job, guide, offset, scale):
    """Return the scaled differences of a channel of the guide from the centre."""
    there, own = load(real, guide + offset, real), load(real, guide, real)
    if again:
        shrink = _number(real, job.shrink)
        there, own = there * shrink, own * shrink
    return (there - own) * scale


@inlined
def _square(real, again, job, at, offset, scale):
    """Return two factors of the square of the scaled distance of a tap."""
    first = _distance(real, again, job, peek(job.guides) + at, offset, scale)
    if job.n_guides == 1:
        return first, first  # as in `grey_lines`
    total = absolute(first) if job.manhattan else first * first
    for channel in range(1, job.n_guides):
        distance = _distance(real, again, job, peek(job.guides + 8 * channel) + at, offset, scale)
        total = total + absolute(distance) if job.manhattan else fma(distance, distance, total)
    return total, total if job.manhattan else _number(real, 1.0)


@inlined
def _old(real, job, to, count, stage):
    """Load results of a channel. Lanes beyond the line are undefined."""
    if count >= BYTES // size_of(real):
        return load(real, to, real)
    copy(real, stage, to, count)
    return load(real, stage, real)


@inlined
def _place(job, size, channel, line):
    """Return the address of a line of results."""
    return peek(job.results + 8 * channel) + size * peek(job.places + 8 * (channel * job.lines + line))


@inlined
def _done(real, job, line, i):
    """Tell whether a vector of results is finite in every channel."""
    size, lanes = size_of(real), BYTES // size_of(real)
    present = 0
    for channel in range(job.n_images):
        stage = job.stage + 2 * BYTES * channel
        store(stage, real, _number(real, 0.0))
        old = _old(real, job, _place(job, size, channel, line) + i, job.count, stage)
        present += count_lanes(finite(real, old))
    return present == lanes * job.n_images


@inlined
def _lines(real, again, job_at):
    """Filter lines, or compute results `again` that are not finite; see `lines` and `lines_again`."""
    job = record(BILATERAL_JOB, job_at)
    size, lanes = size_of(real), BYTES // size_of(real)
    count, zero, scale = job.count, _number(real, 0.0), _number(real, job.scale)
    for line in range(job.lines):
        start = size * peek(job.starts + 8 * line)
        for block in range((count + lanes - 1) // lanes):
            i = size * min(block * lanes, max(count - lanes, 0))
            at = start + i
            if again and _done(real, job, line, i):
                continue
            absent, alone = zero != zero, zero != zero
            if job.counts:
                absent = ~(load(real, job.counts + at, real) > zero)
            if job.known:
                alone = ~(load(real, job.known + at, real) > zero)
            _references(real, again, job, at, absent)
            weights = zero
            for tap in range(job.taps):
                offset = peek(job.offsets + 8 * tap)
                first, second = _square(real, again, job, at, offset, scale)
                weight = weight_of(job, tap, where(alone, 0.0, first), where(alone, 0.0, second))
                if job.counts:
                    counts = load(real, job.counts + at + offset, real)
                    weight = where(counts > zero, weight * counts, 0.0)
                weights = weights + weight
                for channel in range(job.n_images):
                    stage = job.stage + 2 * BYTES * channel
                    there = _sample(real, again, peek(job.images + 8 * channel) + at + offset)
                    total = fma(weight, there - load(real, stage, real), load(real, stage + BYTES, real))
                    store(stage + BYTES, real, total)
            for channel in range(job.n_images):
                stage = job.stage + 2 * BYTES * channel
                found = load(real, stage, real) + load(real, stage + BYTES, real) / weights
                to = _place(job, size, channel, line) + i
                if again:
                    old = _old(real, job, to, count, stage)
                    found = where(finite(real, old), old, found * _number(real, 1 / SHRINK))
                else:
                    note(real, job, found)
                if count >= lanes:
                    store(to, real, found)
                else:
                    store(stage, real, found)
                    copy(real, to, stage, count)


@kernel("real")
def lines(real, job_at):
    """Filter lines of an image of any number of channels, with any guide, of which samples may be absent.

    Where the guide of a result is not known, all distances count as 0.
    """
    _lines(real, False, job_at)


@kernel("real")
def lines_again(real, job_at):
    """Compute results that are not finite from smaller numbers, because differences may be infinite.

    Samples of the image are multiplied by `SHRINK`, and those of the guide by `job.shrink`. Other results
    keep their bits.
    """
    _lines(real, True, job_at)


@Driver
@denormals_as_zeros
def filter_lines(job_at):
    """Run the kernel of a job."""
    invoke(1, record(BILATERAL_JOB, job_at).kernel, (job_at,))
