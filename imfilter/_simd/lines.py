"""What is done to one line of samples: fetching it with its border, combining lines, placing the result."""

import numpy as np

from imfilter._simd.jit import kernel, part
from imfilter._simd.vector import (
    BYTES,
    REGISTERS,
    any_nan,
    convert_one,
    fma,
    invoke,
    load,
    load_like,
    load_one,
    move_one,
    peek,
    poke,
    record,
    root,
    size_of,
    splat,
    splat_register,
    store,
    store_one,
)

#: Which of two neighbouring output rows a run of taps belongs to.
FIRST, SECOND, BOTH = 0, 1, 2

#: A run of taps, `begin` to `stop`. Of a run of BOTH, tap t is the first row's, and the tap of the second
#: row that reads the same line is `back` bytes of weights before it. The sum of what came before is
#: put aside first where `flush_a` or `flush_b` says so, for two short sums round less than a long
#: one; `close` ends a component.
RUN = np.dtype(
    [(name, np.int64) for name in ("kind", "begin", "stop", "back", "flush_a", "flush_b", "close")]
)
_RUN = RUN.itemsize


#: What samples that are watched may be multiplied with and added up along a line, and still be finite: some
#: orders of magnitude more than any sum of them with weights of a kernel.
_MUCH = 65536.0


@part
def source_index(border, before, samples, padded):
    """Return which sample stands at a `padded` coordinate, or -1 for the constant.

    `border` is the address of the samples of the border alone: `before` ones, then those after the
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

    `cval` stands where `source_index` finds no sample, and all along a line of ``address < 0``. If a
    sample is not finite, or so large that sums could overflow, 1 is written to the address `flag`, unless
    that is 0.

    Every line is copied, also one that could be read in place: a float32 3x3 correlation of a 4K
    frame took 13.5 ms on one core either way (Cascade Lake, 2.5 GHz; a copy takes 6.5), for the
    copy stays in the cache that the sum is about to read.
    """
    size, width = size_of(real), size_of(source)
    border_value = real.type(cval)
    if address < 0:
        for i in range(count * channels):
            store_one(line + i * size, real, border_value)
        return
    # Inside, padded and source columns run in parallel and no map is needed.
    inner = min(max(before - first, 0), count)
    outer = max(min(before + samples - first, count), inner)
    lanes, much, pixel = BYTES // size, real.type(_MUCH), channels * size
    many, sums, non_finite = splat(real, much), splat(real, real.type(0)), False
    total = (outer - inner) * channels
    inside, to = address + (first + inner - before) * step_x, line + inner * pixel
    done = 0
    if not packed:  # a loop for each channel: the border's takes 8 ns a sample
        done = total
        for c in range(channels):
            for i in range(outer - inner):
                value = load_one(real, inside + i * step_x + c * step_c, source)
                if flag:
                    non_finite |= value * much - value * much != 0
                store_one(to + i * pixel + c * size, real, value)
    while done + lanes <= total:
        values = load(real, inside + done * width, source)
        if flag:
            sums = fma(values, many, sums)
        store(to + done * size, real, values)
        done += lanes
    if 0 < done < total:  # one more vector overlaps the one before
        done = total
        values = load(real, inside + (total - lanes) * width, source)
        sums = fma(values, many, sums)
        store(to + (total - lanes) * size, real, values)
    few = lanes // REGISTERS
    while few <= total and done < total:  # of short lines
        shift = min(done, total - few)
        large = splat_register(real, much)
        values_few = load_like(large, inside + shift * width, source)
        if flag:
            found = fma(values_few, large, large)
            non_finite |= any_nan(found - found)
        store(to + shift * size, real, values_few)
        done += few
    for i in range(done, total):
        value = load_one(real, inside + i * width, source)
        non_finite |= value * much - value * much != 0
        store_one(to + i * size, real, value)
    p = 0
    while p < count:
        if p == inner and inner < outer:
            p = outer
            continue
        column = source_index(border, before, samples, first + p)
        here, to = column + before - first, line + p * pixel
        if channels == 1 and column >= 0 and inner <= here < outer:  # as mostly, and quicker
            move_one(to, line + here * size, real)
        else:
            start, end = address + column * step_x, to + pixel
            while to < end:
                value = border_value if column < 0 else load_one(real, start, source)
                non_finite |= value * much - value * much != 0
                store_one(to, real, value)
                start += step_c
                to += size
        p += 1
    if flag and (non_finite or any_nan(sums - sums)):
        poke(flag, 1)


@kernel("real", "source")
def combine(
    real, source, lines, lines_b, weights, runs, first, last, norm, bias: float, to, to_b, count, overhang
):
    """Write `count` weighted sums of lines to address `to`, and those of a second row to `to_b`.

    The lines hold `source` elements, the sums are `real`.

    Tap t reads the line whose address is entry t of `lines`; for the second row, which lies one row
    further down the window and is there unless `to_b` is 0, that of `lines_b`. What is summed is in
    `runs` (see `RUN`), from `first` to `last`.

    Two neighbouring rows need nearly the same lines. Where one load can serve both it does, and loads
    are what the sum waits for: full-rank 15x15 float32 went from 24 to 33 multiply-adds a
    nanosecond (Cascade Lake, 2.5 GHz, where 40 is the most). Both sums run over their taps in the same
    order and in the same groups, so that a row's value does not depend on its partner.

    With `norm` the result is the root of the sum of the components' squares. The last vector of the
    line overlaps the one before; a line shorter than a vector goes through `overhang`.
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


@part
def fetch_line(job, workspace, start, before, first, count, line):
    """Copy padded columns of the source line that starts at an address to `line`, with the job's `fetch`."""
    invoke(2, job.fetch, (
        start, job.source_x, job.source_c, job.source_packed, job.channels, job.border_x, before,
        job.samples_x, first, count, job.cval, line,
        workspace + job.flag if job.check_finite else 0))  # fmt: skip


@part
def fetch_row(job, workspace, image_at, padded, before, first, count, line):
    """Copy columns of a `padded` row of the plane at `image_at` to `line`."""
    row = source_index(job.border_y, job.before_y, job.samples_y, padded)
    start = image_at + row * job.source_y if row >= 0 else -1
    fetch_line(job, workspace, start, before, first, count, line)


@part
def place_line(job, workspace, line, to, count):
    """Put `count` pixels of a line where they belong with the job's `place`."""
    invoke(2, job.place, (
        line, to, count, job.channels, job.target_x, job.target_c, job.target_packed,
        workspace + job.spare))  # fmt: skip


@kernel("real", "target")
def place(real, target, line, to, count, channels, step_x, step_c, packed, spare):
    """Put `count` pixels of `channels` sums each where they belong, as `target`: rounded, saturated.

    What is not `packed` there is converted to `spare` first.
    """
    size, width = size_of(real), size_of(target)
    lanes = BYTES // size
    total = count * channels
    packed_to = to if packed else spare
    few = lanes // REGISTERS
    i = 0
    while i < total and lanes <= total:  # the last vector overlaps the one before
        shift = min(i, total - lanes)
        store(packed_to + shift * width, target, load(real, line + shift * size, real))
        i += lanes
    while i < total and few <= total:  # of short lines
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
