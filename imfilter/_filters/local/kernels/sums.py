"""Variances and means in boxes of float32, from sums of samples and of their squares as float64.

The squares of float32 are exact. The sums are of groups: down the columns, and then along the rows. The order
of all additions is that of the window, so a sum, and the decision whether it has enough digits, depend on the
window only. The variance is the mean of the squares minus the square of the mean. Where it is a small part of
the squares, digits are lost: there the result is NaN, and `real.py` computes it from differences.

For a sum of d terms, one after the other, the relative error of the variance is at most ``3 * d * 2**-53``
times the squares divided by the variance, here at most ``2**22``. For 61 x 61, d is 18: at most 3e-8.

Down the columns, the smallest group is of four rows. Sums of one, two and four rows stay in registers from
row to row, so a row is read and converted once. Larger groups are of fours. The one to three newest rows that
a window has besides its fours are in registers too. A window of 61 is fifteen fours, in three groups of five,
and a row.

The groups of a strip of columns stay in the first-level cache while the strip is summed down some rows. A
window of 61 rows needs 59 groups of earlier rows: 15 kB for 16 columns, 800 kB for all of them.

A strip reads one cache line of each row, in an order for which the processor does not prefetch. So the rows
that are summed together next are prefetched while results are computed, a vector's samples at a time. Without
this, rows in the image take as long as rows that are copied first, or longer; see `rows.py`.

A row takes 2 stores of 8 samples for each group that is kept, and 2 loads and 2 additions for each part. A
window of 61 has 8 parts and 3 stores, 22 cycles down; a window of 15 takes 12. Along the row they take 20
cycles, see `units.py`; the result takes 15. For 3840x2160 and 61 x 61 that is 57 cycles * 8.3e6 / 8.
Measured: 11.6 ms for 5 x 5, 18.3 ms for 15 x 15, and 27.6 ms for 61 x 61, of which the columns and the
prefetches take 8, 10 and 16.5 ms (whole calls with `out`, one thread, Zen 4 of 3.7 GHz). The columns take
longer than their instructions, because the groups of a strip come from the second-level cache. Groups of
eight rows in place of four would be 15 % less memory, but need more registers than there are: 61 x 61 takes
6 % longer, and 15 x 15 takes 13 % longer.
"""

import numpy as np

from imfilter._filters.local.kernels.box import (
    BOX_JOB,
    DEVIATION,
    LEVEL,
    PART,
    THRESHOLD,
    result_of,
    threshold_of,
)
from imfilter._filters.local.kernels.eights import window_of
from imfilter._filters.local.kernels.units import prepare_windows_of_units
from imfilter._simd.jit import inlined, kernel
from imfilter._simd.lanewise import bits_of, convert, count_lanes, fma, root, where
from imfilter._simd.lines import copy
from imfilter._simd.prefetch import prefetch
from imfilter._simd.registers import BYTES, LINE, REGISTERS
from imfilter._simd.vector import load_registers, peek, poke, record, size_of, splat_registers, store

_F32, _F64 = np.dtype(np.float32), np.dtype(np.float64)
#: Least variance, divided by the mean of the squares, that has enough digits.
LEAST = 2.0**-22
#: Range of variances whose root is computed in float32.
_SMALL, _LARGE = (int(np.float32(x).view(np.int32)) for x in (1e-30, 1e30))
#: Numbers in the table `unsure`, 8 bytes each, for each plane, tile, and block of rows that are summed
#: together: the first row and the first column that have a result to be computed by `real.py`, and the ends.
#: Without one, the end of the rows is 0.
UNSURE = 4
#: Registers of float64 of a strip of columns, and their bytes. With four, the sums of one, two and four rows
#: do not fit into the 32 registers: 15 x 15 takes 19.9 ms for 3840x2160, with two 18.3 (one thread, Zen 4).
WIDE = min(2, REGISTERS)
STRIP = WIDE * BYTES // REGISTERS
#: Number of rows between a row that is summed and the one whose samples are prefetched.
_AHEAD = 4


@inlined
def _locate(job, first, rows):
    """Write the table of the groups that `rows` rows complete, the first of which is `first`.

    For each row and level: where the group is written, the number of its parts, or 0 above the first group,
    and where each part is. All are bytes from the memory of a strip.
    """
    table = job.table
    for newest in range(first, first + rows):
        for level in range(job.n_fours):
            entry = job.fours + 8 * LEVEL * level
            row, n_parts = newest - peek(entry + 8) + 1, peek(entry + 16)
            poke(table, peek(entry + 32) + 2 * STRIP * (row % max(peek(entry + 40), 1)))
            poke(table + 8, n_parts if row >= 0 else 0)
            spot = table + 16
            for part in range(peek(entry + 24), peek(entry + 24) + n_parts):
                of = job.four_parts + 8 * PART * part
                below = job.fours + 8 * LEVEL * (peek(of) - 1)
                at = row + peek(of + 8)
                poke(spot, peek(below + 32) + 2 * STRIP * (at % peek(below + 40)))
                spot += 8
            table = spot


@inlined
def _sum_planes(source, job, spot, column):
    """Return the sums and the sums of squares of the planes of a window at a row.

    spot: of the address of the row. column: in bytes.
    """
    total = load_registers(_F64, WIDE, peek(spot) + column, source)
    squares = total * total
    for z in range(1, job.taps_z):
        row = peek(spot + 8 * z * (job.rows + job.taps_y - 1))
        value = load_registers(_F64, WIDE, row + column, source)
        total = total + value
        squares = fma(value, value, squares)
    return total, squares


@inlined
def _sum_parts(memory, spot, n_parts):
    """Return the sums and the sums of squares of a group in a strip from those of its parts."""
    at = memory + peek(spot)
    total, squares = load_registers(_F64, WIDE, at, _F64), load_registers(_F64, WIDE, at + STRIP, _F64)
    for part in range(spot + 8, spot + 8 * n_parts, 8):
        at = memory + peek(part)
        total = total + load_registers(_F64, WIDE, at, _F64)
        squares = squares + load_registers(_F64, WIDE, at + STRIP, _F64)
    return total, squares


@inlined
def _sum_columns(source, job, start, plane, first, rows, wide):
    """Write the sums down the columns of `rows` rows of windows, for one strip of columns after the other.

    start: the first column. plane: the number of rows before those of the plane. first: the number of the
    first row, counted in the plane. Sums of one, two and four rows stay in registers. The
    three rows before are summed again.
    """
    lanes, size, last = STRIP // 8, size_of(source), job.n_fours - 1
    rest = job.taps_y % 4
    for strip in range((wide + lanes - 1) // lanes):
        memory, spot = job.groups + job.strip * strip, job.table
        column, places = start + lanes * strip, job.inside
        if column < job.low:
            places = job.before
        elif column > job.high - lanes:
            places = job.after
        column, places = size * column, places + 8 * (plane + first)
        one = splat_registers(_F64, WIDE, 0.0)
        two, two_before, one_squares, two_squares, two_squares_before = one, one, one, one, one
        for row in range(max(-3, -first), rows):
            value, square = _sum_planes(source, job, places + 8 * row, column)
            two_now, two_squares_now = one + value, one_squares + square
            four, four_squares = two_before + two_now, two_squares_before + two_squares_now
            if row >= 0:
                later, there = row + _AHEAD, column
                if later >= rows > _AHEAD:
                    later, there = later - rows, column + size * lanes
                coming = peek(places + 8 * min(later, rows - 1)) + there
                for i in range(0, size * lanes, LINE):
                    prefetch(coming + i, False)
                prefetch(coming + size * lanes - 1, False)
                if last >= 0:
                    here = memory + peek(spot)
                    store(here, _F64, four)
                    store(here + STRIP, _F64, four_squares)
                    spot += 16
                    for level in range(1, last):
                        n_parts = peek(spot + 8)
                        if n_parts:
                            total, squares = _sum_parts(memory, spot + 16, n_parts)
                            here = memory + peek(spot)
                            store(here, _F64, total)
                            store(here + STRIP, _F64, squares)
                        spot += 16 + 8 * peek(job.fours + 8 * LEVEL * level + 16)
                    n_parts = peek(spot + 8)
                    if n_parts:
                        total, squares = _sum_parts(memory, spot + 16, n_parts)
                    else:
                        total, squares = four, four_squares
                    if rest == 1:
                        total, squares = total + value, squares + square
                    elif rest == 2:
                        total, squares = total + two_now, squares + two_squares_now
                    elif rest == 3:
                        total, squares = total + (two + value), squares + (two_squares + square)
                    spot += 16 + 8 * peek(job.fours + 8 * LEVEL * last + 16)
                elif rest == 1:
                    total, squares = value, square
                elif rest == 2:
                    total, squares = two_now, two_squares_now
                else:
                    total, squares = two + value, two_squares + square
                here = job.sums + 2 * job.pitch * row + STRIP * strip
                store(here, _F64, total)
                store(here + job.pitch, _F64, squares)
            one, one_squares = value, square
            two_before, two_squares_before = two, two_squares
            two, two_squares = two_now, two_squares_now


@inlined
def _ahead(source, job, plane, row, here, beside):
    """Return the address of a row that is summed later, in the newest plane that its windows have.

    It starts at column `here`. A row after the last is one of the first block of the next tile, which starts
    at column `beside`.
    """
    every = job.rows + job.taps_y - 1
    if row >= every:
        row, here = row % job.together, beside
    return peek(job.inside + 8 * (plane + (job.taps_z - 1) * every + row)) + size_of(source) * here


@inlined
def _finish(target, form, job, inverse, total, squares, to):
    """Write results. Return whether some lack digits; these are NaN."""
    mean = total * inverse
    rest = fma(-mean, total, squares)
    spread = rest * inverse
    sure = rest >= squares * LEAST
    if form & (DEVIATION | THRESHOLD):
        short = convert(_F32, spread)
        bits = bits_of(short)
        n = count_lanes(sure & (bits > _SMALL) & (bits < _LARGE))
        if n == BYTES // 8:  # nearly always
            deviation = root(short)
            if form & DEVIATION:
                store(to, target, deviation)
            else:
                found = threshold_of(job, mean, convert(_F64, deviation))
                store(to, target, where(found == found, found, np.nan))  # of parameters that overflow
            return False
    found = result_of(form, job, spread, mean)
    lacking = rest < squares * LEAST  # of sums that are not finite, the result is NaN, and final
    store(to, target, where((found == found) & ~lacking, found, np.nan))  # one NaN, as in `real.py`
    return count_lanes(lacking) > 0


@kernel("source", "target", "form")
def sum_boxes(source, target, form, job_at):
    """Write the results of all boxes of a piece, or NaN; see `BOX_JOB`."""
    job = record(BOX_JOB, job_at)
    size, lanes, pitch = size_of(source), BYTES // 8, job.pitch
    stage = job.workspace + 2 * pitch * (job.n_eights + 2)
    unsure, inverse = job.unsure, 1.0 / job.taps
    for plane in range(job.batch * job.planes):
        above = plane // job.planes * (job.planes + job.taps_z - 1) + plane % job.planes
        above *= job.rows + job.taps_y - 1
        for tile in range(job.n_tiles):
            first = peek(job.tiles + 8 * tile)
            count = peek(job.tiles + 8 * tile + 8) - first
            wide, every = count + (job.taps_x - 1) * job.beside, job.rows + job.taps_y - 1
            for upper in range(0, every, job.together):
                rows = min(job.together, every - upper)
                top, bottom, left, right = job.rows, 0, count, 0
                _locate(job, upper, rows)
                _sum_columns(source, job, first, above, upper, rows, wide)
                for row in range(rows):
                    coming = _ahead(source, job, above, upper + job.together + row, first, first + count)
                    if upper + row < job.taps_y - 1:
                        for i in range(0, size * wide, LINE):
                            prefetch(coming + i, False)
                        continue
                    for i in range(size * count, size * wide, LINE):
                        prefetch(coming + i, False)
                    y, columns = upper + row - job.taps_y + 1, job.sums + 2 * pitch * row
                    prepare_windows_of_units(job, columns, wide)
                    to = job.result + size_of(target) * (
                        peek(job.places + 8 * (plane * job.rows + y)) + first
                    )
                    for block in range((count + lanes - 1) // lanes):
                        i = min(block * lanes, max(count - lanes, 0))
                        for k in range(0, size * lanes, LINE):
                            prefetch(coming + size * block * lanes + k, False)
                        total, squares = window_of(_F64, job, columns, i)
                        there = to + size_of(target) * i if count >= lanes else stage
                        if _finish(target, form, job, inverse, total, squares, there):
                            top, bottom = min(top, y), y + 1
                            left, right = min(left, i), max(right, min(i + lanes, count))
                    if count < lanes:
                        copy(target, to, stage, count)
                poke(unsure, top)
                poke(unsure + 8, bottom)
                poke(unsure + 16, first + left)
                poke(unsure + 24, first + right)
                unsure += 8 * UNSURE
