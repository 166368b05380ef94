"""The sizes of samples in blocks: the largest magnitude of each cell and of all, and the sum of squares."""

import numpy as np

from imfilter._filters.linear.kernels.magnitudes import larger, largest_of, nearer, smallest_of
from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, inlined, kernel
from imfilter._simd.lanewise import fma
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import invoke, load, load_one, move_one, size_of, splat, store, store_one

_F64 = np.dtype(np.float64)


@kernel("real")
def widen_strip(real, lines, step, rows, count, strip, fresh, vectors):
    """Enter lines of `count` samples, `step` bytes apart, into a strip of the largest magnitudes so far.

    If it is `fresh`, there are no magnitudes yet. vectors: 0, or two vectors: the largest magnitudes, and
    squares whose sum over the lanes counts.
    """
    lanes, size = BYTES // size_of(real), size_of(real)
    peaks = squares = splat(real, real.type(0))
    if vectors:
        peaks, squares = load(real, vectors, real), load(real, vectors + BYTES, real)
    for x in range(0, count - lanes + 1, lanes):
        at = strip + x * size
        largest = splat(real, real.type(0))
        if not fresh:
            largest = load(real, at, real)
        for row in range(rows):
            values = load(real, lines + row * step + x * size, real)
            largest = larger(largest, values)
            squares = fma(values, values, squares)
        peaks = larger(peaks, largest)
        store(at, real, largest)
    if vectors:
        store(vectors, real, peaks)
        store(vectors + BYTES, real, squares)
    for i in range(count // lanes * lanes, count):
        at = strip + i * size
        one, square = real.type(0), real.type(0)
        if not fresh:
            one = load_one(real, at, real)
        for row in range(rows):
            value = load_one(real, lines + row * step + i * size, real)
            one = larger(one, value)
            square += value * value
        store_one(at, real, one)
        if vectors:
            store_one(vectors, real, larger(load_one(real, vectors, real), one))
            store_one(vectors + BYTES, real, load_one(real, vectors + BYTES, real) + square)


@kernel("real")
def close_strip(real, strip, count, cell, cells):
    """Write the largest magnitude of each cell of a strip. Cells have a power of two of numbers.

    Numbers after the last whole cell are not used. The strip is followed by zeros: a cell and a vector of
    them.
    """
    lanes, size = BYTES // size_of(real), size_of(real)
    if cell >= lanes:
        for i in range(count // cell):
            at = strip + i * cell * size
            largest = load(real, at, real)
            for x in range(lanes, cell, lanes):
                largest = larger(largest, load(real, at + x * size, real))
            store_one(cells + i * size, real, real.type(largest_of(largest)))
        return
    step = 1
    while step < cell:  # each number becomes the largest of twice as many from it on
        for x in range(0, count, lanes):
            here = load(real, strip + x * size, real)
            store(strip + x * size, real, larger(here, load(real, strip + (x + step) * size, real)))
        step *= 2
    for i in range(count // cell):
        move_one(cells + i * size, strip + i * cell * size, real)


@inlined
def _meet(real, line, other, count):
    """Replace numbers of a line by those of another line if these are larger. No number is negative."""
    lanes, size = BYTES // size_of(real), size_of(real)
    for x in range(0, count - lanes + 1, lanes):
        at = line + x * size
        store(at, real, larger(load(real, at, real), load(real, other + x * size, real)))
    for i in range(count // lanes * lanes, count):
        at = line + i * size
        store_one(at, real, larger(load_one(real, at, real), load_one(real, other + i * size, real)))


@inlined
def _slide(real, cells, lines, length, window):
    """Make each line the maximum of a window of lines from it on. The lines are contiguous.

    If lines have one element, there must be room for a vector after the last.
    """
    width = 1
    while width < window:
        more = min(width, window - width)
        width += more
        # Every value is read before it is changed, so all lines can be processed as one.
        _meet(real, cells, cells + more * lines * size_of(real), (length - width + 1) * lines)


@kernel("real")
def close_windows(real, strip, count, channels, window, totals):
    """Raise the largest magnitude to the strip's, lower the least to that of its windows, and clear it.

    A window has so many pixels of `channels`; 0 means no windows. totals: two numbers, float64. The strip is
    followed by a vector of zeros.
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
def finish(real, cells, copy, planes, rows, columns, window_z, window_y, window_x, vectors, totals):
    """Write the largest magnitude, the sum of squares, and the least maximum of the windows of cells.

    copy: room for as many cells. vectors: see `widen_strip`; they are cleared. totals: float64.
    """
    total = 0.0
    for i in range(BYTES // size_of(real)):
        total += load_one(_F64, vectors + BYTES + i * size_of(real), real)
    store_one(totals, _F64, largest_of(load(real, vectors, real)))
    store_one(totals + 8, _F64, total)
    store(vectors, real, splat(real, real.type(0)))
    store(vectors + BYTES, real, splat(real, real.type(0)))
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
    store_one(totals + 16, _F64, found)


@Driver
@denormals_as_numbers
def survey(
    blocks, count, step, planes, rows, columns, step_z, step_y, size, cell_z, cell_y, cell_x,
    within_z, within_y, within_x, strip, vectors, cells, copy, totals, widen, close, end,
):  # fmt: skip
    """Write the largest magnitudes of the cells of blocks of elements of `size` bytes; see `close_strip`.

    Addresses and steps are in bytes, everything else is in samples. within: the cells of a window. strip,
    vectors: zeros, see `widen_strip`. cells: those of all blocks, block after block. copy: room for the cells
    of one block. totals: three numbers for each block, see `finish`. widen, close, end: kernels.
    """
    along = columns // cell_x * size
    for b in range(count):
        block, first = blocks + b * step, cells + b * (planes // cell_z) * (rows // cell_y) * along
        for z in range(0, planes, cell_z):
            for y in range(0, rows, cell_y):
                last = min(z + cell_z, planes)
                for i in range(z, last):
                    invoke(1, widen, (
                        block + i * step_z + y * step_y, step_y, min(cell_y, rows - y), columns, strip,
                        i == z, vectors))  # fmt: skip
                if z + cell_z <= planes and y + cell_y <= rows:
                    place = first + (z // cell_z * (rows // cell_y) + y // cell_y) * along
                    invoke(1, close, (strip, columns, cell_x, place))
        invoke(1, end, (
            first, copy, planes // cell_z, rows // cell_y, columns // cell_x, within_z, within_y, within_x,
            vectors, totals + 24 * b))  # fmt: skip
