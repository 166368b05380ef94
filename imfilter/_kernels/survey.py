"""How large the samples of blocks are: the largest of each cell and of all, and the sum of the squares."""

import numpy as np

from imfilter._core.jit import Driver, inlined, kernel
from imfilter._kernels.simd import (
    BYTES,
    fma,
    invoke,
    load,
    load_one,
    move_one,
    size_of,
    splat,
    store,
    store_one,
)
from imfilter._kernels.sizes import larger, largest_of, nearer, smallest_of

_F64 = np.dtype(np.float64)


@kernel("real")
def widen_strip(real, line, count, strip, squares):
    """Enter a line of `count` samples into a strip of the largest magnitudes so far.

    squares: a vector to which squares are added, whose sum is meant.
    """
    lanes, size = BYTES // size_of(real), size_of(real)
    total = load(real, squares, real)
    for x in range(0, count - lanes + 1, lanes):
        at, values = strip + x * size, load(real, line + x * size, real)
        total = fma(values, values, total)
        store(at, real, larger(load(real, at, real), values))
    store(squares, real, total)
    rest = load_one(real, squares, real)
    for i in range(count // lanes * lanes, count):
        at, value = strip + i * size, load_one(real, line + i * size, real)
        rest += value * value
        store_one(at, real, larger(load_one(real, at, real), value))
    store_one(squares, real, rest)


@kernel("real")
def widen_strip_by(real, lines, step, rows, count, strip):
    """Enter lines of `count` samples, `step` bytes apart, into a strip of the largest magnitudes so far."""
    lanes, size = BYTES // size_of(real), size_of(real)
    for x in range(0, count - lanes + 1, lanes):
        largest = load(real, strip + x * size, real)
        for row in range(rows):
            largest = larger(largest, load(real, lines + row * step + x * size, real))
        store(strip + x * size, real, largest)
    for i in range(count // lanes * lanes, count):
        one = load_one(real, strip + i * size, real)
        for row in range(rows):
            one = larger(one, load_one(real, lines + row * step + i * size, real))
        store_one(strip + i * size, real, one)


@kernel("real")
def close_strip(real, strip, count, cell, cells, squares, totals):
    """Enter a strip of the largest magnitudes of some lines where they are asked for, and clear it.

    A cell has a power of two of numbers; those behind the last whole one are in none. cells: where the
    largest of each goes, if not 0. totals: the largest of all so far and the sum of squares, float64. The
    strip is followed by zeros, by a cell and a vector of them.
    """
    lanes, size = BYTES // size_of(real), size_of(real)
    step = 1
    while step < cell:  # each number becomes the largest of twice as many from it on
        for x in range(0, count, lanes):
            here = load(real, strip + x * size, real)
            store(strip + x * size, real, larger(here, load(real, strip + (x + step) * size, real)))
        step *= 2
    if cells:
        for i in range(count // cell):
            move_one(cells + i * size, strip + i * cell * size, real)
    largest = zeros = splat(real, real.type(0))
    for x in range(0, count, lanes):
        largest = larger(largest, load(real, strip + x * size, real))
        store(strip + x * size, real, zeros)
    store(strip, real, largest)
    most, total = load_one(_F64, totals, _F64), load_one(_F64, totals + 8, _F64)
    for i in range(lanes):
        most = larger(most, load_one(_F64, strip + i * size, real))
        total += load_one(_F64, squares + i * size, real)
    store_one(totals, _F64, most)
    store_one(totals + 8, _F64, total)
    store(strip, real, zeros)
    store(squares, real, zeros)


@inlined
def _meet(real, line, other, count):
    """Replace numbers of a line, none negative, by those of another line where these are larger."""
    lanes, size = BYTES // size_of(real), size_of(real)
    for x in range(0, count - lanes + 1, lanes):
        at = line + x * size
        store(at, real, larger(load(real, at, real), load(real, other + x * size, real)))
    for i in range(count // lanes * lanes, count):
        at = line + i * size
        store_one(at, real, larger(load_one(real, at, real), load_one(real, other + i * size, real)))


@inlined
def _slide(real, cells, lines, length, window):
    """Make each line the largest of a window of lines from it on, element by element; they lie side by side.

    Of lines of one element there must be room for a vector behind the last.
    """
    width = 1
    while width < window:
        more = min(width, window - width)
        width += more
        # What follows is read before it is changed, so all can be done as one line.
        _meet(real, cells, cells + more * lines * size_of(real), (length - width + 1) * lines)


@kernel("real")
def close_windows(real, strip, count, channels, window, totals):
    """Raise the largest so far to that of a strip, and lower the least to that of windows along it; clear it.

    A window has so many pixels of `channels`; of 0 there are none. totals: two numbers, float64. The strip is
    followed by zeros, by a vector of them.
    """
    lanes, size = BYTES // size_of(real), size_of(real)
    largest = zeros = splat(real, real.type(0))
    for x in range(0, count, lanes):
        largest = larger(largest, load(real, strip + x * size, real))
    store_one(totals, _F64, larger(load_one(_F64, totals, _F64), largest_of(largest)))
    if window:
        _slide(real, strip, channels, count // channels, window)
        found = count - (window - 1) * channels
        least = splat(real, real.type(np.inf))
        for x in range(0, found - lanes + 1, lanes):
            least = nearer(least, load(real, strip + x * size, real))
        low = min(load_one(_F64, totals + 8, _F64), smallest_of(least))
        for i in range(found // lanes * lanes, found):
            low = min(low, load_one(_F64, strip + i * size, real))
        store_one(totals + 8, _F64, low)
    for x in range(0, count, lanes):
        store(strip + x * size, real, zeros)


@kernel("real")
def least_window(real, cells, copy, planes, rows, columns, window_z, window_y, window_x, least):
    """Write the least of what is the largest in windows of so many cells, as float64.

    copy: room for as many cells.
    """
    size, plane = size_of(real), rows * columns
    for i in range(planes * plane):
        move_one(copy + i * size, cells + i * size, real)
    for row in range(planes * rows):
        _slide(real, copy + row * columns * size, 1, columns, window_x)
    for z in range(planes):
        _slide(real, copy + z * plane * size, columns, rows, window_y)
    _slide(real, copy, plane, planes, window_z)
    found = np.inf
    for z in range(planes - window_z + 1):
        for y in range(rows - window_y + 1):
            for x in range(columns - window_x + 1):
                value = load_one(_F64, copy + (z * plane + y * columns + x) * size, real)
                found = value if value < found else found
    store_one(least, _F64, found)


@Driver
def survey(
    blocks, count, step, planes, rows, columns, step_z, step_y, size, cell_z, cell_y, cell_x,
    within_z, within_y, within_x, strip, squares, cells, copy, totals, widen, close, least,
):  # fmt: skip
    """Write the largest magnitudes of the cells of blocks of elements of `size` bytes; see `close_strip`.

    Addresses and steps are in bytes, everything else in samples. within: the cells of a window. strip,
    squares: zeros. cells: of all blocks, one behind the other; copy: room for those of one. totals: three
    numbers for each block, see `close_strip` and `least_window`. widen, close, least: kernels.
    """
    along = columns // cell_x * size
    for b in range(count):
        block = blocks + b * step
        for z in range(0, planes, cell_z):
            for y in range(0, rows, cell_y):
                last_z, last_y = min(z + cell_z, planes), min(y + cell_y, rows)
                for i in range(z, last_z):
                    for j in range(y, last_y):
                        invoke(1, widen, (block + i * step_z + j * step_y, columns, strip, squares))
                place = 0
                if z + cell_z <= planes and y + cell_y <= rows:
                    above = (b * (planes // cell_z) + z // cell_z) * (rows // cell_y) + y // cell_y
                    place = cells + above * along
                invoke(1, close, (strip, columns, cell_x, place, squares, totals + 24 * b))
        invoke(1, least, (
            cells + b * (planes // cell_z) * (rows // cell_y) * along, copy, planes // cell_z, rows // cell_y,
            columns // cell_x, within_z, within_y, within_x, totals + 24 * b + 16))  # fmt: skip
