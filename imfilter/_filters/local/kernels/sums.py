"""Variances and means in boxes of float32, from sums of samples and of their squares as float64.

The squares of float32 are exact. The sums are of groups: down the columns, and then along the rows. The order
of all additions is that of the window, so a sum, and the decision whether it has enough digits, depend on the
window only. The variance is the mean of the squares minus the square of the mean. Where it is a small part of
the squares, digits are lost: there the result is NaN, and `real.py` computes it from differences.

For a sum of d terms, one after the other, the relative error of the variance is at most ``3 * d * 2**-53``
times the squares divided by the variance, here at most ``2**22``. For 61 x 61, d is 21: at most 3e-8.

A group takes 2 loads and 2 additions of 8 samples, a single sample a load, a conversion and 2 operations. A
window of 15 takes 5 samples, 2 groups and 4 stores down, 25 cycles; along the row 20, see `eights.py`; the
result takes 25. For 3840x2160 that is 70 cycles * 8.3e6 / 8 = 73e6 cycles.
Measured: 21 ms of processor time for 15 x 15, and 35 ms for 61 x 61, of which 16 ms are the sums down the
columns; with the copy and the memory of the result 31 and 51 ms (Zen 4).
"""

import numpy as np

from imfilter._filters.local.kernels.box import BOX_JOB, DEVIATION, LEVEL, result_of
from imfilter._filters.local.kernels.eights import prepare_windows, window_of
from imfilter._filters.local.kernels.real import SPOT, spots_of
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
def _sum_rows(source, spots, n_parts, pitch, to, wide):
    """Write the sums of a row of groups from those of their parts."""
    size, first, memory = size_of(source), peek(spots), peek(spots + 8)
    for i in range(0, wide, BYTES // 8):
        if memory:
            total, squares = load(_F64, memory + 8 * i, _F64), load(_F64, memory + pitch + 8 * i, _F64)
        else:
            total = load(_F64, first + size * i, source)
            squares = total * total
        for spot in range(spots + SPOT, spots + SPOT * n_parts, SPOT):
            there = peek(spot + 8)
            if there:
                total = total + load(_F64, there + 8 * i, _F64)
                squares = squares + load(_F64, there + pitch + 8 * i, _F64)
            else:
                value = load(_F64, peek(spot) + size * i, source)
                total = total + value
                squares = fma(value, value, squares)
        store(to + 8 * i, _F64, total)
        store(to + pitch + 8 * i, _F64, squares)


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
    line = job.workspace
    stage = line + 2 * pitch * (job.n_eights + 2)
    spots = stage + pitch
    unsure = job.unsure
    for plane in range(job.batch * job.planes):
        corner = job.piece + size * (plane // job.planes * job.step_b + plane % job.planes * job.step_z)
        for tile in range(job.n_tiles):
            first = peek(job.tiles + 8 * tile)
            count = peek(job.tiles + 8 * tile + 8) - first
            wide, begin = count + (job.taps_x - 1) * job.beside, corner + size * first
            top, bottom, left, right = job.rows, 0, count, 0
            for newest in range(job.rows + job.taps_y - 1):
                for level in range(job.n_down):
                    entry = job.down + 8 * LEVEL * level
                    row = newest - peek(entry + 8) + 1
                    if row >= 0:
                        spots_of(source, job, entry, row, begin, spots)
                        to = line
                        if level < job.n_down - 1:
                            to = job.workspace + peek(entry + 32) + 2 * pitch * (row % peek(entry + 40))
                        _sum_rows(source, spots, peek(entry + 16), pitch, to, wide)
                y = newest - job.taps_y + 1
                if y < 0:
                    continue
                prepare_windows(_F64, job, wide)
                to = job.result + size_of(target) * (peek(job.places + 8 * (plane * job.rows + y)) + first)
                for block in range((count + lanes - 1) // lanes):
                    i = min(block * lanes, max(count - lanes, 0))
                    total, squares = window_of(_F64, job, i)
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
