"""Variances and means in boxes of any numbers, merged from groups of samples.

A group has a reference, its first sample; the mean minus the reference, or the mean itself, see `box.FILL`;
and the sum of squares of differences to the mean. Groups are merged to larger groups: down the columns, and
then along the rows (T. F. Chan, G. H. Golub and R. J. LeVeque, Algorithms for computing the sample variance,
The American Statistician 37, 1983). Only differences of samples enter, so an offset costs no digits. A result
depends on its window only: the order of all operations is that of the window, wherever a piece starts.

The first sample of a window is the reference. Its distance from the mean is a part of the sum of squares. So
for n samples the sum about the mean is at least an n-th of that about the reference, and never negative.

A part of a group takes 3 loads and 6 operations of 8 samples, a single sample a load and 5. A window of 5 x 5
takes 5 samples down and 5 parts along: 20 loads and 55 operations, of which two run at a time, 30 cycles. The
root and the store take 10 more. For 3840x2160 that is 40 cycles * 8.3e6 / 8 = 41e6 cycles.
Measured: 26 ms of processor time for float32, of which the copy and the result alone take 17 ms (Zen 4).
"""

import numpy as np

from imfilter._filters.local.kernels.box import BOX_JOB, FILL, LEVEL, PART, SHORT, result_of
from imfilter._simd.jit import kernel, nested
from imfilter._simd.lanewise import fma, where
from imfilter._simd.lines import copy
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import load, load_one, peek, poke, record, size_of, splat, store

_F64 = np.dtype(np.float64)
#: Bytes of a part in the table of a row: its samples, its memory or 0, and its weight.
SPOT = 24


@nested
def spots_of(source, job, entry, row, begin, spots):
    """Write where the parts of a group that starts at a row are."""
    part = peek(entry + 24)
    for i in range(peek(entry + 16)):
        of, to = job.down_parts + 8 * PART * (part + i), spots + SPOT * i
        level, at = peek(of), row + peek(of + 8)
        poke(to, begin + size_of(source) * (at * job.step_y + peek(of + 16) * job.step_z))
        place_of = 0
        if level:
            below = job.down + 8 * LEVEL * (level - 1)
            place_of = job.workspace + peek(below + 32) + 2 * job.pitch * (at % peek(below + 40))
        poke(to + 8, place_of)
        poke(to + 16, peek(of + 24))


@nested
def _apart(source, form, sample, memory, own):
    """Return the means of parts, from the addresses of their samples and means, minus a reference."""
    if form & FILL:
        return load(_F64, memory, _F64) - own
    return (load(_F64, sample, source) - own) + load(_F64, memory, _F64)


@nested
def _merge_samples(source, form, spots, n_parts, inverse, pitch, to, wide):
    """Write the means and the sums of squares of a row of groups of samples."""
    size, first = size_of(source), peek(spots)
    for i in range(0, wide, BYTES // 8):
        own = load(_F64, first + size * i, source)
        total = own - own  # NaN where the sample is not finite
        squares, zero = total, total
        for part in range(1, n_parts):
            u = load(_F64, peek(spots + SPOT * part) + size * i, source) - own
            total = total + u
            squares = fma(u, u, squares)
        mean = total * inverse
        store(to + 8 * i, _F64, own + mean if form & FILL else mean)
        store(to + pitch + 8 * i, _F64, zero + fma(total * -inverse, total, squares))


@nested
def _merge_rows(source, form, spots, n_parts, inverse, pitch, to, wide):
    """Write the means and the sums of squares of a row of groups, of which the first part is no sample."""
    size, first, memory = size_of(source), peek(spots), peek(spots + 8)
    for i in range(0, wide, BYTES // 8):
        sums = load(_F64, memory + pitch + 8 * i, _F64)
        if form & FILL:
            own = load(_F64, memory + 8 * i, _F64)
            total = own - own
            squares = total
        else:
            own, u = load(_F64, first + size * i, source), load(_F64, memory + 8 * i, _F64)
            total = u * load_one(_F64, spots + 16, _F64)
            squares = total * u
        for part in range(1, n_parts):
            spot = spots + SPOT * part
            weight, there = splat(_F64, load_one(_F64, spot + 16, _F64)), peek(spot + 8)
            if there:
                u = _apart(source, form, peek(spot) + size * i, there + 8 * i, own)
                sums = sums + load(_F64, there + pitch + 8 * i, _F64)
            else:
                u = load(_F64, peek(spot) + size * i, source) - own
            total = fma(u, weight, total)
            squares = fma(u * weight, u, squares)
        mean = total * inverse
        store(to + 8 * i, _F64, own + mean if form & FILL else mean)
        store(to + pitch + 8 * i, _F64, sums + fma(total * -inverse, total, squares))


@nested
def _group(form, job, line, level, i):
    """Return the mean and the sum of squares of groups of columns, from column `i` on."""
    pitch, entry = job.pitch, job.along + 8 * LEVEL * level
    part, n_parts, inverse = peek(entry + 24), peek(entry + 16), 1.0 / peek(entry)
    at, of = line + 8 * i, job.along_parts + 8 * PART * part
    memory = at + pitch + 2 * pitch * peek(of)
    sums = load(_F64, memory + pitch, _F64)
    if form & FILL:
        own = load(_F64, memory, _F64)
        total = own - own
        squares = total
    else:
        own, u = load(_F64, at, _F64), load(_F64, memory, _F64)
        total = u * load_one(_F64, of + 24, _F64)
        squares = total * u
    for number in range(1, n_parts):
        of = job.along_parts + 8 * PART * (part + number)
        there = at + peek(of + 8)
        memory = there + pitch + 2 * pitch * peek(of)
        weight, u = splat(_F64, load_one(_F64, of + 24, _F64)), _apart(_F64, form, there, memory, own)
        sums = sums + load(_F64, memory + pitch, _F64)
        total = fma(u, weight, total)
        squares = fma(u * weight, u, squares)
    mean = total * inverse
    return own + mean if form & FILL else mean, sums + fma(total * -inverse, total, squares)


@nested
def _finish(target, form, job, line, i, to):
    """Write the results of windows from column `i` on."""
    mean, squares = _group(form, job, line, job.n_along - 1, i)
    squares = squares + (squares - squares)  # an infinite sum is NaN
    if not form & FILL:
        mean = load(_F64, line + 8 * i, _F64) + mean
    if form & SHORT:
        found = result_of(form, job, squares * (1.0 / job.taps), mean)
    else:
        found = result_of(form, job, squares / job.taps, mean)
    found = where(found == found, found, np.nan)  # one NaN: the sign of others depends on what is computed
    if form & FILL:
        known = load(_F64, to, target)
        found = where(known == known, known, found)
    store(to, target, found)


@kernel("source", "target", "form")
def real_boxes(source, target, form, job_at):
    """Write the results of all boxes of a piece; see `BOX_JOB`."""
    job = record(BOX_JOB, job_at)
    size, lanes, pitch, last = size_of(source), BYTES // 8, job.pitch, job.n_along - 1
    line = job.workspace
    stage = line + pitch * (1 + 2 * job.n_along)
    spots = stage + pitch
    for plane in range(job.batch * job.planes):
        corner = job.piece + size * (plane // job.planes * job.step_b + plane % job.planes * job.step_z)
        for tile in range(job.n_tiles):
            first = peek(job.tiles + 8 * tile)
            count = peek(job.tiles + 8 * tile + 8) - first
            wide, begin = count + (job.taps_x - 1) * job.beside, corner + size * first
            for newest in range(job.rows + job.taps_y - 1):
                for level in range(job.n_down):
                    entry = job.down + 8 * LEVEL * level
                    row = newest - peek(entry + 8) + 1
                    if row >= 0:
                        spots_of(source, job, entry, row, begin, spots)
                        to = line + pitch
                        if level < job.n_down - 1:
                            to = job.workspace + peek(entry + 32) + 2 * pitch * (row % peek(entry + 40))
                        inverse = 1.0 / peek(entry)
                        if peek(spots + 8):
                            _merge_rows(source, form, spots, peek(entry + 16), inverse, pitch, to, wide)
                        else:
                            _merge_samples(source, form, spots, peek(entry + 16), inverse, pitch, to, wide)
                y = newest - job.taps_y + 1
                if y < 0:
                    continue
                if not form & FILL:
                    at = begin + size * y * job.step_y
                    for i in range(0, wide, lanes):
                        store(line + 8 * i, _F64, load(_F64, at + size * i, source))
                for level in range(last):
                    length = wide - (peek(job.along + 8 * (LEVEL * level + 1)) - 1) * job.beside
                    to = line + pitch * (3 + 2 * level)
                    for i in range(0, length, lanes):
                        mean, squares = _group(form, job, line, level, i)
                        store(to + 8 * i, _F64, mean)
                        store(to + pitch + 8 * i, _F64, squares)
                to = job.result + size_of(target) * (peek(job.places + 8 * (plane * job.rows + y)) + first)
                if form & FILL and count < lanes:
                    copy(target, stage, to, count)
                for block in range((count + lanes - 1) // lanes):
                    i = min(block * lanes, max(count - lanes, 0))
                    _finish(target, form, job, line, i, to + size_of(target) * i if count >= lanes else stage)
                if count < lanes:
                    copy(target, to, stage, count)
