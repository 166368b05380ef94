"""Windows in which NaN is absent: what comes before and after a kernel for windows without absent samples.

The number of present samples of each window follows from that of the window before it. It is a whole number,
so nothing is rounded.
"""

import numpy as np

from imfilter._filters.series.kernels.doubling_sums import OCTET, octet, zeros
from imfilter._filters.series.kernels.mean import quotient
from imfilter._simd.denormals import denormals_as_numbers, denormals_as_zeros
from imfilter._simd.jit import Driver, inlined, kernel
from imfilter._simd.lanewise import any_nan, count_lanes, full_like, lanes_from, where
from imfilter._simd.prefetch import prefetch
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import invoke, invoke_packed, load, load_one, peek, poke, store, store_one

_F64 = np.dtype(np.float64)
#: Elements of a vector.
_LANES = BYTES // 8


@Driver
@denormals_as_numbers
def fill(source, target, count, value: float, found):
    """Copy `count` samples, with `value` in place of NaN. Write 1 to the address `found` if there is NaN."""
    has_nan, e = 0, 0
    while e + _LANES <= count:
        samples = load(_F64, source + 8 * e, _F64)
        if any_nan(samples):
            has_nan = 1
            samples = where(samples == samples, samples, value)
        store(target + 8 * e, _F64, samples)
        e += _LANES
    while e < count:
        sample = load_one(_F64, source + 8 * e, _F64)
        if sample != sample:
            has_nan, sample = 1, value
        store_one(target + 8 * e, _F64, sample)
        e += 1
    poke(found, has_nan)


@inlined
def _is_present(at):
    sample = load_one(_F64, at, _F64)
    return 1.0 if sample == sample else 0.0


@inlined
def _finish(at, count, size, inverse, fewest, is_mean):
    """Write the result of a window with `count` present samples, from the sum or the extreme of these."""
    if count < fewest:
        store_one(at, _F64, np.nan)
    elif is_mean:
        total = load_one(_F64, at, _F64)
        store_one(at, _F64, quotient(total, size, inverse) if count == size else total / count)


@inlined
def _mark_octets(source, target, rows, size, fewest: float, is_mean, count, counts, following):
    """Do what `mark` does for whole octets of windows of one series. Return how many windows these are.

    count: how many samples of the first window are present. That of the next window is written to `counts`.
    """
    zero, whole = zeros(), full_like(zeros(), _F64, size)
    one, inverse = full_like(zero, _F64, 1.0), full_like(zero, _F64, 1.0 / size)
    e = 0
    while e + OCTET < rows:
        leaving, coming = octet(source + 8 * e), octet(source + 8 * (e + int(size)))
        at = target + 8 * e
        if following:
            prefetch(following + 8 * e, False)
        if count >= fewest and not any_nan(leaving + coming):  # all windows have as many samples
            if is_mean and count == size:
                store(at, _F64, quotient(octet(at), whole, inverse))
            elif is_mean:
                store(at, _F64, octet(at) / full_like(zero, _F64, count))
        elif not is_mean and count - OCTET >= fewest:
            count += float(count_lanes(leaving != leaving) - count_lanes(coming != coming))
        else:
            change = where(coming == coming, one, zero) - where(leaving == leaving, one, zero)
            change = change + lanes_from(zero, change, 7)
            change = change + lanes_from(zero, change, 6)
            change = change + lanes_from(zero, change, 4)
            store(counts, _F64, change)
            before = full_like(zero, _F64, count)
            present, total = before + lanes_from(zero, change, 7), octet(at)
            if is_mean:
                total = where(present == whole, quotient(total, whole, inverse), total / present)
            store(at, _F64, where(present < fewest, np.nan, total))
            count += load_one(_F64, counts + 8 * (OCTET - 1), _F64)
        e += OCTET
    store_one(counts, _F64, count)
    return e


@Driver
@denormals_as_zeros
def mark(source, target, rows, step, size: float, fewest: float, is_mean, counts, following):
    """Write NaN in place of the results of windows with fewer than `fewest` present samples.

    The results are of `rows` windows of `size` samples of `step` interleaved series. With `is_mean`, they are
    sums, and are divided by the number of present samples. counts: memory for `step` elements, and for an
    octet. following: address of as many samples that are processed next, which are prefetched, or 0.
    """
    inverse, width = 1.0 / size, int(size)
    for s in range(step):
        count = 0.0
        for e in range(s, width * step, step):
            count += _is_present(source + 8 * e)
        store_one(counts + 8 * s, _F64, count)
    begin = 0
    if step == 1:
        count = load_one(_F64, counts, _F64)
        begin = _mark_octets(source, target, rows, size, fewest, is_mean, count, counts, following)
    for row in range(begin, rows):
        for s in range(step):
            count, e = load_one(_F64, counts + 8 * s, _F64), row * step + s
            _finish(target + 8 * e, count, size, inverse, fewest, is_mean)
            if row + 1 < rows:
                count += _is_present(source + 8 * (e + width * step)) - _is_present(source + 8 * e)
                store_one(counts + 8 * s, _F64, count)


@Driver
def skip(
    source, target, rows, step, size, block, value: float, fewest: float, is_mean, known, counts, found,
    filling, marking, compute, job, rest_job,
):  # fmt: skip
    """Write `rows` windows of `step` series in which NaN is absent, `block` rows at a time, the last first.

    known: memory for the samples of a block. filling, marking: addresses of `fill` and of `mark`; see there.
    compute: a kernel that computes windows from the addresses of a job, of samples and of results. It gets
    `job`, and for fewer rows `rest_job`.
    """
    for top in range((rows - 1) // block * block, -1, -block):
        n, at, to = min(block, rows - top), source + 8 * top * step, target + 8 * top * step
        following = at - 8 * block * step if top else 0
        invoke(0, filling, (at, known, (n + size - 1) * step, value, found))
        invoke(0, compute, (job if n == block else rest_job, known, to))
        if is_mean or peek(found):
            invoke(0, marking, (at, to, n, step, float(size), fewest, is_mean, counts, following))


@kernel()
def skip_of(job, source, target):
    """Call `skip`. job: its address, and its arguments after the first two."""
    invoke_packed("iiiiffiiiiiiiii", job, source, target)
