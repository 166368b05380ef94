"""Operations on one line of samples: fetching it with its border, combining lines, placing the result."""

import numpy as np

from imfilter._simd.jit import kernel, nested, part
from imfilter._simd.lanewise import any_nan, fma, root, where
from imfilter._simd.registers import BYTES, REGISTERS
from imfilter._simd.vector import (
    convert_one,
    invoke,
    load,
    load_like,
    load_one,
    move_one,
    peek,
    poke,
    record,
    size_of,
    splat,
    splat_register,
    store,
    store_one,
)

#: The output row, of two neighbouring rows, to which a run of taps belongs.
FIRST, SECOND, BOTH = 0, 1, 2

#: A run of taps, from `begin` to `stop`. In a run of BOTH, tap t belongs to the first row. The tap of the
#: second row that reads the same line is `back` bytes of weights before it. `flush_a` and `flush_b` say that
#: the partial sum so far is added to the total first, because short sums round less than a long sum. `close`
#: ends a component.
RUN = np.dtype(
    [(name, np.int64) for name in ("kind", "begin", "stop", "back", "flush_a", "flush_b", "close")]
)
_RUN = RUN.itemsize


#: If a checked sample times this factor, summed along a line, stays finite, no sum overflows. The factor is
#: some orders of magnitude larger than any sum of the weights of a kernel.
MUCH = 65536.0

#: Bits of the flag of checked samples: a sample is not finite, or large; a finite sample is large.
UNUSUAL, LARGE = 1, 2


@nested
def source_index(border, before, samples, padded):
    """Return the index of the sample at a `padded` coordinate, or -1 for the constant.

    `border` is the address of the sample indices of the border only: `before` ones, then those after the
    image.
    """
    if padded < before:
        return peek(border + 8 * padded)
    if padded < before + samples:
        return padded - before
    return peek(border + 8 * (padded - samples))


@part
def copy(kind, to, start, count):
    """Copy `count` elements, bit for bit."""
    for i in range(count):
        move_one(to + i * size_of(kind), start + i * size_of(kind), kind)


@nested
def fill(real, line, count, value):
    """Write the same value to `count` elements of a line."""
    for i in range(count):
        store_one(line + i * size_of(real), real, value)


@nested
def inner_columns(before, samples, first, count):
    """Return the begin and the end of the columns that hold samples, of `count` padded ones from `first` on.

    Both count from `first`. Inside the image, padded and source columns run in parallel, so no table is
    needed.
    """
    inner = min(max(before - first, 0), count)
    return inner, max(min(before + samples - first, count), inner)


@nested
def fetch_samples(
    real,
    source,
    convert,
    how,
    address,
    step_x,
    step_c,
    packed,
    channels,
    border,
    before,
    samples,
    first,
    count,
    border_value,
    line,
    flag,
    done,
):
    """Write those elements of a line that no vector writes.

    These are the inner elements from number `done` on, all inner elements if the samples are not `packed`,
    and the border. ``convert(how, value, flag)`` returns what to write for a sample. It writes 1 to the
    address `flag` if the caller must know of the sample. The other arguments are those of `fetch`.
    """
    size = size_of(real)
    pixel = channels * size
    inner, outer = inner_columns(before, samples, first, count)
    inside, to = address + (first + inner - before) * step_x, line + inner * pixel
    if packed:
        for i in range(done, (outer - inner) * channels):
            value = load_one(real, inside + i * size_of(source), source)
            store_one(to + i * size, real, convert(how, value, flag))
    else:  # a loop for each channel
        for c in range(channels):
            for i in range(outer - inner):
                value = load_one(real, inside + i * step_x + c * step_c, source)
                store_one(to + i * pixel + c * size, real, convert(how, value, flag))
    # A loop over one side, one channel and one case has few instructions: 40 samples of float32 took 18 ns
    # instead of 104, and gaussian 2 of 256x256 float32 85 us instead of 94 (Sapphire Rapids, one thread).
    table, begin, stop = border + 8 * first, 0, inner
    for _side in range(2):
        for c in range(channels):
            start, to = address + c * step_c, line + c * size
            if outer - inner == samples:  # the usual case: the line has all samples, already converted
                start = to + inner * pixel
                for p in range(begin, stop):
                    column = peek(table + 8 * p)
                    if column >= 0:
                        move_one(to + p * pixel, start + column * pixel, real)
                    else:
                        store_one(to + p * pixel, real, border_value)
            else:
                for p in range(begin, stop):
                    column, value = peek(table + 8 * p), border_value
                    if column >= 0:
                        value = convert(how, load_one(real, start + column * step_x, source), flag)
                    store_one(to + p * pixel, real, value)
        table, begin, stop = border + 8 * (first - samples), outer, count


@nested
def _checked(much, value, flag):
    """Return a sample. If it is not finite, or so large that `much` times it is infinite, set the flag."""
    if flag and value * much - value * much != 0:
        poke(flag, peek(flag) | (UNUSUAL | LARGE if value - value == 0 else UNUSUAL))
    return value


@nested
def _has_large(real, line, count):
    """Tell whether one of the first `count` numbers of a line is finite and times `MUCH` is not."""
    lanes, much = BYTES // size_of(real), real.type(MUCH)
    many, zero = splat(real, much), splat(real, real.type(0))
    found = zero
    for x in range(0, count - lanes + 1, lanes):
        value = load(real, line + x * size_of(real), real)
        product = value * many
        found = found + where(value - value == 0.0, product - product, zero)
    large = any_nan(found)
    for i in range(count // lanes * lanes, count):
        one = load_one(real, line + i * size_of(real), real)
        large |= one - one == 0 and one * much - one * much != 0
    return large


@kernel("real", "source")
def fetch(
    real,
    source,
    address,
    step_x,
    step_c,
    packed,
    channels,
    border,
    before,
    samples,
    first,
    count,
    cval: float,
    line,
    flag,
):
    """Copy padded columns `first` … `first + count` of the source line at `address` to `line`, as `real`.

    The border value `cval` fills the places for which `source_index` finds no sample, and the whole line if
    ``address < 0``. If a sample is not finite, or so large that sums could overflow, set the bit UNUSUAL at
    the address `flag`; if a finite sample is so large, also LARGE. If `flag` is 0, do not check.

    Every line is copied, even if it could be read in place. A float32 3x3 correlation of a 4K frame took
    13.5 ms on one core in both cases (Cascade Lake, 2.5 GHz; a copy takes 6.5), because the copy stays in
    the cache from which the sum then reads.
    """
    size, width = size_of(real), size_of(source)
    border_value = real.type(cval)
    if address < 0:
        fill(real, line, count * channels, border_value)
        return
    inner, outer = inner_columns(before, samples, first, count)
    lanes, much = BYTES // size, real.type(MUCH)
    many, sums, non_finite = splat(real, much), splat(real, real.type(0)), False
    total = (outer - inner) * channels if packed else 0
    inside, to = address + (first + inner - before) * step_x, line + inner * channels * size
    done = 0
    while done + lanes <= total:
        values = load(real, inside + done * width, source)
        if flag:
            sums = fma(values, many, sums)
        store(to + done * size, real, values)
        done += lanes
    if 0 < done < total:  # the last vector overlaps the previous one
        done = total
        values = load(real, inside + (total - lanes) * width, source)
        sums = fma(values, many, sums)
        store(to + (total - lanes) * size, real, values)
    few = lanes // REGISTERS
    while few <= total and done < total:  # short lines
        shift = min(done, total - few)
        large = splat_register(real, much)
        values_few = load_like(large, inside + shift * width, source)
        if flag:
            found = fma(values_few, large, large)
            non_finite |= any_nan(found - found)
        store(to + shift * size, real, values_few)
        done += few
    fetch_samples(
        real, source, _checked, much, address, step_x, step_c, packed, channels, border, before, samples,
        first, count, border_value, line, flag, done)  # fmt: skip
    if flag and (non_finite or any_nan(sums - sums)):
        known = peek(flag) | UNUSUAL
        if not known & LARGE and _has_large(real, line, count * channels):
            known |= LARGE
        poke(flag, known)


@kernel("real", "source")
def combine(
    real, source, lines, lines_b, weights, runs, first, last, norm, bias: float, to, to_b, count, overhang
):
    """Write `count` weighted sums of lines to address `to`, and those of a second row to `to_b`.

    The lines hold `source` elements, the sums are `real`.

    Tap t reads the line whose address is entry t of `lines`. For the second row it reads the line of entry t
    of `lines_b`. The second row is one row further down the window. It is absent if `to_b` is 0. `runs` (see
    `RUN`), from `first` to `last`, lists the taps to sum.

    Two neighbouring rows need nearly the same lines. One load serves both where possible, because loads
    limit the speed of the sum: full-rank 15x15 float32 went from 24 to 33 multiply-adds a nanosecond
    (Cascade Lake, 2.5 GHz, where 40 is the maximum). Both sums add their taps in the same order and in the
    same groups. So the value of a row does not depend on its partner.

    With `norm` the result is the square root of the sum of the squared components. The last vector of the
    line overlaps the previous one. A line shorter than a vector goes through `overhang`.
    """
    lanes = BYTES // size_of(real)
    size = size_of(real)
    zero, start = splat(real, real.type(0)), splat(real, real.type(bias))
    wide = count >= lanes
    x = 0
    while x < count:
        shift = min(x, max(count - lanes, 0))
        inside = shift * size_of(source)
        total_a = total_b = start
        sum_a = sum_b = part_a = part_b = zero
        for i in range(first, last):
            run = record(RUN, runs + i * _RUN)
            if run.flush_a:
                sum_a, part_a = sum_a + part_a, zero
            if run.flush_b:
                sum_b, part_b = sum_b + part_b, zero
            weight = weights + run.begin * size
            if run.kind == BOTH:
                for t in range(run.begin, run.stop):
                    samples = load(real, peek(lines + 8 * t) + inside, source)
                    part_a = fma(samples, splat(real, load_one(real, weight, real)), part_a)
                    part_b = fma(samples, splat(real, load_one(real, weight - run.back, real)), part_b)
                    weight += size
            elif run.kind == FIRST:
                for t in range(run.begin, run.stop):
                    samples = load(real, peek(lines + 8 * t) + inside, source)
                    part_a = fma(samples, splat(real, load_one(real, weight, real)), part_a)
                    weight += size
            else:
                for t in range(run.begin, run.stop):
                    samples = load(real, peek(lines_b + 8 * t) + inside, source)
                    part_b = fma(samples, splat(real, load_one(real, weight, real)), part_b)
                    weight += size
            if run.close:
                sum_a, sum_b = sum_a + part_a, sum_b + part_b
                total_a = fma(sum_a, sum_a, total_a) if norm else total_a + sum_a
                total_b = fma(sum_b, sum_b, total_b) if norm else total_b + sum_b
                sum_a = sum_b = part_a = part_b = zero
        if norm:
            total_a, total_b = root(total_a), root(total_b)
        store(to + shift * size if wide else overhang, real, total_a)
        if not wide:
            copy(real, to, overhang, count)
        if to_b > 0:
            store(to_b + shift * size if wide else overhang, real, total_b)
            if not wide:
                copy(real, to_b, overhang, count)
        x += lanes


@nested
def fetch_line(job, workspace, start, before, first, count, line):
    """Copy padded columns of the source line at the address `start` to `line`, with the job's `fetch`."""
    invoke(2, job.fetch, (
        start, job.source_x, job.source_c, job.source_packed, job.channels, job.border_x, before,
        job.samples_x, first, count, job.cval, line,
        workspace + job.flag if job.check_finite else 0))  # fmt: skip


@nested
def fetch_row(job, workspace, image_at, padded, before, first, count, line):
    """Copy columns of a `padded` row of the plane at `image_at` to `line`."""
    row = source_index(job.border_y, job.before_y, job.samples_y, padded)
    start = image_at + row * job.source_y if row >= 0 else -1
    fetch_line(job, workspace, start, before, first, count, line)


@nested
def place_line(job, workspace, line, to, count):
    """Write `count` pixels of a line to the output with the job's `place`."""
    invoke(2, job.place, (
        line, to, count, job.channels, job.target_x, job.target_c, job.target_packed,
        workspace + job.spare))  # fmt: skip


@kernel("real", "target")
def place(real, target, line, to, count, channels, step_x, step_c, packed, spare):
    """Write `count` pixels of `channels` sums each to the output, as `target`: rounded, saturated.

    If the output is not `packed`, the values are first converted to `spare`.
    """
    size, width = size_of(real), size_of(target)
    lanes = BYTES // size
    total = count * channels
    packed_to = to if packed else spare
    few = lanes // REGISTERS
    i = 0
    while i < total and lanes <= total:  # the last vector overlaps the previous one
        shift = min(i, total - lanes)
        store(packed_to + shift * width, target, load(real, line + shift * size, real))
        i += lanes
    while i < total and few <= total:  # short lines
        shift = min(i, total - few)
        store(
            packed_to + shift * width,
            target,
            load_like(splat_register(real, real.type(0)), line + shift * size, real),
        )
        i += few
    for k in range(i, total):
        convert_one(real, line + k * size, target, packed_to + k * width)
    if not packed:
        for x in range(count):
            for c in range(channels):
                start = spare + (x * channels + c) * width
                move_one(to + x * step_x + c * step_c, start, target)
