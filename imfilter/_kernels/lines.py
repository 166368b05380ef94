"""What is done to one line of samples: fetching it with its border, combining lines, placing the result."""

import numpy as np

from imfilter._core.jit import part
from imfilter._kernels.simd import (
    BYTES,
    fma,
    load,
    load_one,
    move_one,
    peek,
    root,
    size_of,
    splat,
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


@part
def source_index(border, before, samples, padded):
    """Return which sample stands at a `padded` coordinate, or -1 for the constant.

    `border` lists the samples of the border alone: `before` ones, then those after the image.
    """
    if padded < before:
        return border[padded]
    if padded < before + samples:
        return padded - before
    return border[padded - samples]


@part
def fetch(real, source, address, step_x, step_c, packed, job, border, first, count, cval, line, pitch):
    """Copy padded columns `first` … `first + count` of the source line at `address` to `line`.

    `cval` stands where `source_index` finds no sample, and all along a line of ``address < 0``. With
    a column step of s the copy is dealt out into phases, every s-th column each and `pitch` elements
    apart, so that what neighbouring outputs need lies side by side.

    Every line is copied, also one that could be read in place: a float32 3x3 correlation of a 4K
    frame took 13.5 ms on one core either way (Cascade Lake, 2.5 GHz; a copy takes 6.5), for the
    copy stays in the cache that the sum is about to read.
    """
    size, width = size_of(real), size_of(source)
    channels, step = job.channels, job.step_x
    if address < 0:
        for i in range(job.phases * pitch):
            store_one(line + i * size, real, cval)
        return
    # Inside, padded and source columns run in parallel and no map is needed.
    inner = min(max(job.before_x - first, 0), count)
    outer = max(min(job.before_x + job.samples_x - first, count), inner)
    if step > 1 or not packed:
        inner = outer = count
    inside = address + (first + inner - job.before_x) * step_x
    total = (outer - inner) * channels
    for phase in range(job.phases):
        p = phase
        to = line + phase * pitch * size
        while p < count:
            if p == inner:
                done = 0
                while done + BYTES // size <= total:
                    store(to + done * size, real, load(real, inside + done * width, source))
                    done += BYTES // size
                for i in range(done, total):
                    store_one(to + i * size, real, load_one(real, inside + i * width, source))
                to += total * size
                p = outer
                inner = -1
            else:
                column = source_index(border, job.before_x, job.samples_x, first + p)
                start = address + column * step_x
                for c in range(channels):
                    value = cval if column < 0 else load_one(real, start + c * step_c, source)
                    store_one(to + c * size, real, value)
                to += channels * size
                p += step


@part
def combine(
    real, source, target, lines, lines_b, weights, runs, first, last, norm, bias, to, to_b, count, spill
):
    """Write `count` weighted sums of lines to address `to`, as `target`, and a second row to `to_b`.

    The lines hold `source` elements, the sums are in `real`.

    Tap t reads the line at address ``lines[t]``; for the second row, which lies one row further down
    the window and is there unless `to_b` is 0, that at ``lines_b[t]``. What is summed is in `runs`
    (see `RUN`), from `first` to `last`.

    Two neighbouring rows need nearly the same lines. Where one load can serve both it does, and loads
    are what the sum waits for: full-rank 15x15 float32 went from 24 to 33 multiply-adds a
    nanosecond (Cascade Lake, 2.5 GHz, where 40 is the most). Both sums run over their taps in the same
    order and in the same groups, so that a row's value does not depend on its partner.

    With `norm` the result is the root of the sum of the components' squares. The last vector of the
    line overlaps the one before; a line shorter than a vector goes through `spill`.
    """
    lanes = BYTES // size_of(real)
    size = size_of(real)
    zero = splat(real, real.dtype.type(0))
    wide = count >= lanes
    x = 0
    while x < count:
        shift = min(x, max(count - lanes, 0))
        inside = shift * size_of(source)
        total_a = total_b = splat(real, bias)
        sum_a = sum_b = part_a = part_b = zero
        for i in range(first, last):
            run = runs[i]
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
        store(to + shift * size_of(target) if wide else spill, target, total_a)
        if not wide:
            _copy(target, to, spill, count)
        if to_b > 0:
            store(to_b + shift * size_of(target) if wide else spill, target, total_b)
            if not wide:
                _copy(target, to_b, spill, count)
        x += lanes


@part
def _copy(target, to, start, count):
    for i in range(count):
        move_one(to + i * size_of(target), start + i * size_of(target), target)


@part
def scatter(target, line, to, count, channels, step_x, step_c):
    """Copy a packed line of `count` pixels of `channels` each to strided memory."""
    for x in range(count):
        for c in range(channels):
            start = line + (x * channels + c) * size_of(target)
            move_one(to + x * step_x + c * step_c, start, target)
