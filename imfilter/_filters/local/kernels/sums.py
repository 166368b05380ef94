"""Variances and means in boxes of float32, from sums of samples and of their squares as float64.

The squares of float32 are exact. The sums are of groups: down the columns, and then along the rows. The order
of all additions is that of the window, so a sum, and the decision whether it has enough digits, depend on the
window only. The variance is the mean of the squares minus the square of the mean. Where it is a small part of
the squares, digits are lost: there the result is NaN, and `real.py` computes it from differences.

For a sum of d terms, one after the other, the relative error of the variance is at most ``3 * d * 2**-53``
times the squares divided by the variance, here at most ``2**22``. For 61 x 61, d is 21: at most 3e-8.

The groups of a strip of columns, a vector wide, stay in the first-level cache while the strip is summed down
some rows. A window of 61 rows needs 58 groups of earlier rows: 29 kB for 32 columns, 800 kB for all of them.

A group takes 2 loads and 2 additions of 8 samples, a single sample a load, a conversion and 2 operations. A
window of 15 takes 5 samples, 2 groups and 4 stores down, 25 cycles; along the row 20, see `eights.py`; the
result takes 25. For 3840x2160 that is 70 cycles * 8.3e6 / 8 = 73e6 cycles.
Measured, with the copy and without the memory of the result: 26 ms of processor time for 15 x 15, and 36 ms
for 61 x 61. Where each row was summed as a whole, it was 31 and 42 ms (Sapphire Rapids, beside other work).
"""

import numpy as np

from imfilter._filters.local.kernels.box import BOX_JOB, DEVIATION, LEVEL, PART, result_of
from imfilter._filters.local.kernels.eights import prepare_windows, window_of
from imfilter._simd.jit import inlined, kernel
from imfilter._simd.lanewise import convert, count_lanes, fma, root, where
from imfilter._simd.lines import copy
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import load, peek, poke, record, size_of, store

_F32, _F64 = np.dtype(np.float32), np.dtype(np.float64)
#: Least variance, divided by the mean of the squares, that has enough digits.
LEAST = 2.0**-22
#: Range of variances whose root is computed in float32.
_SMALL, _LARGE = np.float32(1e-30), np.float32(1e30)
#: Numbers of each tile of each plane in the table `unsure`, 8 bytes each: the first row and the first column
#: that have a result to be computed by `real.py`, and the ends. Without one, the end of the rows is 0.
UNSURE = 4


@inlined
def _locate(source, job, begin, first, rows):
    """Write the table of the groups that `rows` rows complete, the first of which is `first`.

    For each row and level: where the group is written, the numbers of its parts that are groups and that are
    samples, or 0 and 0 above the first group, and where each part is. Groups are bytes from the memory of a
    strip, samples are addresses in the first strip.
    """
    table = job.table
    for newest in range(first, first + rows):
        for level in range(job.n_down):
            entry = job.down + 8 * LEVEL * level
            row, n_parts = newest - peek(entry + 8) + 1, peek(entry + 16)
            spot, n_groups = table + 24, 0
            if level < job.n_down - 1:
                poke(table, peek(entry + 32) + 2 * BYTES * (row % peek(entry + 40)))
            for part in range(peek(entry + 24), peek(entry + 24) + n_parts):
                of = job.down_parts + 8 * PART * part
                at, lower = row + peek(of + 8), peek(of)
                if lower:
                    below = job.down + 8 * LEVEL * (lower - 1)
                    poke(spot, peek(below + 32) + 2 * BYTES * (at % peek(below + 40)))
                    n_groups += 1
                else:
                    poke(spot, begin + size_of(source) * (at * job.step_y + peek(of + 16) * job.step_z))
                spot += 8
            poke(table + 8, n_groups if row >= 0 else 0)
            poke(table + 16, n_parts - n_groups if row >= 0 else 0)
            table = spot


@inlined
def _sum_parts(source, spot, n_groups, n_samples, memory, along):
    """Return the sums and the sums of squares of a group in a strip from those of its parts."""
    if n_groups:
        total, squares = load(_F64, memory + peek(spot), _F64), load(_F64, memory + BYTES + peek(spot), _F64)
        samples = spot + 8 * n_groups
        stop = samples + 8 * n_samples
    else:
        total = load(_F64, peek(spot) + along, source)
        squares = total * total
        stop = spot + 8 * n_samples
        samples = spot + 8
    for group in range(spot + 8, spot + 8 * n_groups, 8):
        at = memory + peek(group)
        total = total + load(_F64, at, _F64)
        squares = squares + load(_F64, at + BYTES, _F64)
    for sample in range(samples, stop, 8):
        value = load(_F64, peek(sample) + along, source)
        total = total + value
        squares = fma(value, value, squares)
    return total, squares


@inlined
def _sum_columns(source, job, rows, wide):
    """Write the sums down the columns of `rows` rows of windows, for one strip of columns after the other."""
    lanes, size, last = BYTES // 8, size_of(source), job.n_down - 1
    for strip in range((wide + lanes - 1) // lanes):
        memory, along, spot = job.groups + job.strip * strip, size * lanes * strip, job.table
        for row in range(rows):
            for level in range(job.n_down):
                n_groups, n_samples = peek(spot + 8), peek(spot + 16)
                if n_groups + n_samples:
                    total, squares = _sum_parts(source, spot + 24, n_groups, n_samples, memory, along)
                    there, apart = memory + peek(spot), BYTES
                    if level == last:
                        there, apart = job.sums + 2 * job.pitch * row + BYTES * strip, job.pitch
                    store(there, _F64, total)
                    store(there + apart, _F64, squares)
                spot += 24 + 8 * peek(job.down + 8 * LEVEL * level + 16)


@inlined
def _finish(target, form, job, total, squares, to):
    """Write results. Return whether some lack digits; these are NaN."""
    inverse = 1.0 / job.taps
    mean = total * inverse
    rest = fma(-mean, total, squares)
    spread = rest * inverse
    sure = rest >= squares * LEAST
    if form & DEVIATION:
        short = convert(_F32, spread)
        n = count_lanes(sure & (short > _SMALL) & (short < _LARGE))
        if n == BYTES // 8:  # nearly always
            store(to, target, root(short))
            return False
    found = result_of(form, job, spread, mean)
    lacking = rest < squares * LEAST  # of sums that are not finite, the result is NaN, and final
    n = count_lanes(lacking)
    if n:
        found = where(lacking, np.nan, found)
    store(to, target, found)
    return n > 0


@kernel("source", "target", "form")
def sum_boxes(source, target, form, job_at):
    """Write the results of all boxes of a piece, or NaN; see `BOX_JOB`."""
    job = record(BOX_JOB, job_at)
    size, lanes, pitch = size_of(source), BYTES // 8, job.pitch
    stage = job.workspace + 2 * pitch * (job.n_eights + 2)
    unsure = job.unsure
    for plane in range(job.batch * job.planes):
        corner = job.piece + size * (plane // job.planes * job.step_b + plane % job.planes * job.step_z)
        for tile in range(job.n_tiles):
            first = peek(job.tiles + 8 * tile)
            count = peek(job.tiles + 8 * tile + 8) - first
            wide, begin = count + (job.taps_x - 1) * job.beside, corner + size * first
            top, bottom, left, right = job.rows, 0, count, 0
            every = job.rows + job.taps_y - 1
            for upper in range(0, every, job.together):
                rows = min(job.together, every - upper)
                _locate(source, job, begin, upper, rows)
                _sum_columns(source, job, rows, wide)
                for row in range(max(0, job.taps_y - 1 - upper), rows):
                    y, columns = upper + row - job.taps_y + 1, job.sums + 2 * pitch * row
                    prepare_windows(_F64, job, columns, wide)
                    to = job.result + size_of(target) * (
                        peek(job.places + 8 * (plane * job.rows + y)) + first
                    )
                    for block in range((count + lanes - 1) // lanes):
                        i = min(block * lanes, max(count - lanes, 0))
                        total, squares = window_of(_F64, job, columns, i)
                        there = to + size_of(target) * i if count >= lanes else stage
                        if _finish(target, form, job, total, squares, there):
                            top, bottom = min(top, y), y + 1
                            left, right = min(left, i), max(right, min(i + lanes, count))
                    if count < lanes:
                        copy(target, to, stage, count)
            poke(unsure, top)
            poke(unsure + 8, bottom)
            poke(unsure + 16, first + left)
            poke(unsure + 24, first + right)
            unsure += 8 * UNSURE
