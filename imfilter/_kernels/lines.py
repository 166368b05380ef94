"""What is done to one line of samples: fetching it with its border, combining lines, placing the result."""

from imfilter._core.jit import jit
from imfilter._kernels.simd import (
    BYTES,
    fma,
    load,
    load_one,
    move_one,
    peek,
    root,
    splat,
    store,
    store_one,
)

#: Taps summed in one run before they join the total: two short sums round less than a long one.
CHUNK = 32


@jit
def source_index(border, before, samples, padded):
    """Return which sample stands at a `padded` coordinate, or -1 for the constant.

    `border` lists the samples of the border alone: `before` ones, then those after the image.
    """
    if padded < before:
        return border[padded]
    if padded < before + samples:
        return padded - before
    return border[padded - samples]


@jit
def fetch(real, source, address, job, border, first, count, cval, line, pitch):
    """Copy padded columns `first` … `first + count` of the source line at `address` to `line`.

    `cval` stands where `source_index` finds no sample, and all along a line of ``address < 0``. With
    a column step of s the copy is dealt out into s phases, `pitch` elements apart, so that what
    neighbouring outputs need lies side by side.

    Every line is copied, also one that could be read in place: a float32 3x3 correlation of a 4K
    frame took 13.5 ms on one core either way (Cascade Lake, 2.5 GHz; a copy takes 6.5), for the
    copy stays in the cache that the sum is about to read.
    """
    size, width = real.itemsize, source.itemsize
    channels, step = job.channels, job.step_x
    if address < 0:
        for i in range(step * pitch):
            store_one(line + i * size, real, cval)
        return
    # Inside, padded and source columns run in parallel and no map is needed.
    inner = min(max(job.before_x - first, 0), count)
    outer = max(min(job.before_x + job.samples_x - first, count), inner)
    if step > 1 or not job.source_packed:
        inner = outer = count
    inside = address + (first + inner - job.before_x) * job.source_x
    total = (outer - inner) * channels
    step_x, step_c = job.source_x, job.source_c
    p = 0
    while p < count:
        if p == inner:
            to = line + inner * channels * size
            done = 0
            while done + BYTES // size <= total:
                store(to + done * size, real, load(real, inside + done * width, source))
                done += BYTES // size
            for i in range(done, total):
                store_one(to + i * size, real, load_one(real, inside + i * width, source))
            p = outer
            inner = -1
        else:
            column = source_index(border, job.before_x, job.samples_x, first + p)
            to = line + ((p % step) * pitch + (p // step) * channels) * size
            start = address + column * step_x
            for c in range(channels):
                value = cval if column < 0 else load_one(real, start + c * step_c, source)
                store_one(to + c * size, real, value)
            p += 1


@jit
def combine(real, target, pointers, weights, begin, ends, norm, bias, to, count, spill):
    """Write `count` weighted sums of the lines at `pointers` to address `to`, as `target`.

    `ends` says where the taps of each component end. There is one, unless the result is the `norm`
    of several: the root of the sum of their squares. The last vector of the line overlaps the one
    before; a line shorter than a vector goes through `spill`.
    """
    lanes = BYTES // real.itemsize
    zero = splat(real, real.dtype.type(0))
    for x in range(0, count, lanes):
        shift = min(x, max(count - lanes, 0))
        total = splat(real, bias)
        tap = begin
        for k in range(len(ends)):
            component = zero
            while tap < ends[k]:
                stop = min(tap + CHUNK, ends[k])
                part = zero
                for t in range(tap, stop):
                    line = peek(pointers + 8 * t) + shift * real.itemsize
                    weight = splat(real, load_one(real, weights + t * real.itemsize, real))
                    part = fma(load(real, line, real), weight, part)
                component = component + part
                tap = stop
            total = fma(component, component, total) if norm else total + component
        if norm:
            total = root(total)
        store(to + shift * target.itemsize if count >= lanes else spill, target, total)
    if count < lanes:
        for i in range(count):
            move_one(to + i * target.itemsize, spill + i * target.itemsize, target)


@jit
def scatter(target, line, to, count, channels, step_x, step_c):
    """Copy a packed line of `count` pixels of `channels` each to strided memory."""
    for x in range(count):
        for c in range(channels):
            start = line + (x * channels + c) * target.itemsize
            move_one(to + x * step_x + c * step_c, start, target)
