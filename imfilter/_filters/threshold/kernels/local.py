"""Local thresholds from the mean m and the standard deviation s of each window: m * (a + b*s) + c*s.

A tile of the image is computed at a time. Sums are those of the differences to a reference, a median of
the tile, and of their squares. No sum is the difference of two sums, so a result depends only on the samples
of its window, and a large sample leaves no error behind.

Down the columns, the rows are divided into blocks of the height of a window. A window begins in one block
and ends in the next. Its sum is that of the last rows of one block plus that of the first rows of the other.
Along the rows, sums of 1, 2, 4, ... neighbours are added.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, inlined, kernel, part
from imfilter._simd.lanewise import root, where
from imfilter._simd.vector import (
    BYTES,
    LINE,
    convert_one,
    invoke,
    load,
    load_one,
    peek,
    record,
    size_of,
    splat,
    store,
    store_one,
)

_F64 = np.dtype(np.float64)
#: Samples of a whole vector. Lines have space for one after their end.
LANES = BYTES // 8
#: A variance that is smaller, relative to the mean of squares, is a rounding error.
_ROUNDED = 1e-14
#: Most samples of a tile that the reference is computed from, along each axis.
_FEW = 8

#: One call, all int64: addresses and strides in bytes, everything else in samples.
_FIELDS = (
    *("source", "target"),  # addresses
    *("height", "width", "source_plane", "source_row", "target_plane", "target_row"),
    *("source_size", "target_size"),
    *("size_y", "size_x", "before_x"),  # length of a window, and its samples before the centre
    *("rows", "columns"),  # tables: the sample at each padded coordinate, -1 for the constant
    *("tile_y", "tile_x", "tiles_y", "tiles_x"),  # size and number of tiles
    *("workspace", "pitch"),  # bytes of each thread, and of a line
    *("fetch", "median", "place"),  # kernels
)
LOCAL_JOB = np.dtype(
    [(name, np.int64) for name in _FIELDS] + [(name, np.float64) for name in ("cval", "shift", "a", "b", "c")]
)
#: Lines of a thread beside those of a block: samples, first rows, sums of columns, results. Each but the
#: first and the last is a pair of sums and sums of squares.
LINES = 8


@kernel("source")
def fetch_line(source, row, columns, before, width, first, count, reference: float, border: float, line):
    """Write `count` differences to the reference, from padded column `first` on.

    row: address of the row. columns: address of the table of columns. before, width: columns before the
    image, and of the image.
    """
    size = size_of(source)
    low, high = max(first, before), min(first + count, before + width)
    at = row + (low - before) * size
    whole = max(high - low, 0) // LANES * LANES
    for i in range(0, whole, LANES):
        store(line + (low - first + i) * 8, _F64, load(_F64, at + i * size, source) - splat(_F64, reference))
    for x in range(first, first + count):
        if low <= x < low + whole:
            continue
        column = peek(columns + 8 * x)
        value = border if column < 0 else load_one(_F64, row + column * size, source)
        store_one(line + (x - first) * 8, _F64, value - reference)


@kernel("source")
def median_of_some(source, start, row_step, rows, columns, to):
    """Write the median of some finite samples, or 0. Space for all of them is needed.

    Unlike a mean, it is not moved by a few samples that are far larger than the others.
    """
    size, number = size_of(source), 0
    down, along = -(-rows // _FEW), -(-columns // _FEW)
    for y in range(0, rows, down):
        for x in range(0, columns, along):
            value = load_one(_F64, start + y * row_step + x * size, source)
            if value - value != 0:
                continue
            at = number
            while at > 0 and load_one(_F64, to + 8 * at - 8, _F64) > value:
                store_one(to + 8 * at, _F64, load_one(_F64, to + 8 * at - 8, _F64))
                at -= 1
            store_one(to + 8 * at, _F64, value)
            number += 1
    store_one(to, _F64, load_one(_F64, to + 8 * (number // 2), _F64) if number else 0.0)


@kernel("target")
def place_line(target, line, count, to):
    """Write a line of float64 as samples of another type."""
    size, whole = size_of(target), count // LANES * LANES
    for i in range(0, whole, LANES):
        store(to + i * size, target, load(_F64, line + 8 * i, _F64))
    for i in range(whole, count):
        convert_one(_F64, line + 8 * i, target, to + i * size)


@part
def _row(job, image, y, first, count, reference, line):
    """Read padded row `y`."""
    row = peek(job.rows + 8 * y)
    if row >= 0:
        invoke(1, job.fetch, (
            image + row * job.source_row, job.columns, job.before_x, job.width, first, count, reference,
            job.cval, line))  # fmt: skip
        return
    for i in range(0, 8 * count, BYTES):
        store(line + i, _F64, splat(_F64, job.cval - reference))


@inlined
def _add(line, sums, squares, to, to_squares, count):
    """Add samples to sums, and their squares to sums of squares."""
    for i in range(0, 8 * count, BYTES):
        value = load(_F64, line + i, _F64)
        store(to + i, _F64, load(_F64, sums + i, _F64) + value)
        store(to_squares + i, _F64, load(_F64, squares + i, _F64) + value * value)


@inlined
def _along(sums, size, count, to):
    """Write the sums of `size` neighbours. `sums` is overwritten. All lines have space after their end."""
    for i in range(0, 8 * count, BYTES):
        store(to + i, _F64, splat(_F64, 0.0))
    place, step, length = 0, 1, count + size - 1
    while True:
        if size & step:
            for i in range(0, 8 * count, BYTES):
                store(to + i, _F64, load(_F64, to + i, _F64) + load(_F64, sums + 8 * place + i, _F64))
            place += step
        if 2 * step > size:
            return
        for i in range(0, 8 * (length - step), BYTES):
            store(sums + i, _F64, load(_F64, sums + i, _F64) + load(_F64, sums + 8 * step + i, _F64))
        length -= step
        step *= 2


@part
def _combine(job, sums, squares, count, number, reference, line):
    """Write the thresholds of a line from sums and sums of squares of `number` samples."""
    share, middle, total = splat(_F64, 1 / number), splat(_F64, reference + job.shift), splat(_F64, number)
    a, b, c = splat(_F64, job.a), splat(_F64, job.b), splat(_F64, job.c)
    zero, least = splat(_F64, 0.0), splat(_F64, _ROUNDED)
    for i in range(0, 8 * count, BYTES):
        sum_of, square = load(_F64, sums + i, _F64), load(_F64, squares + i, _F64) * total
        variance = square - sum_of * sum_of
        # NaN is not less than anything, so it stays.
        deviation = root(where(variance < square * least, zero, variance)) * share
        mean = middle + sum_of * share
        store(line + i, _F64, mean * (a + b * deviation) + c * deviation)


@part
def _tile(job, memory, unit):
    """Compute one tile."""
    across, rest = unit % job.tiles_x, unit // job.tiles_x
    x, y = across * job.tile_x, rest % job.tiles_y * job.tile_y
    plane = rest // job.tiles_y
    wide, stop = min(job.tile_x, job.width - x), min(y + job.tile_y, job.height)
    image = job.source + plane * job.source_plane
    target = job.target + plane * job.target_plane + x * job.target_size
    count, pitch, size = wide + job.size_x - 1, job.pitch, job.size_y
    line, first, first_squares = memory, memory + pitch, memory + 2 * pitch
    sums, squares, result = memory + 3 * pitch, memory + 4 * pitch, memory + 5 * pitch
    found, found_squares = memory + 6 * pitch, memory + 7 * pitch
    block = memory + LINES * pitch
    start = image + y * job.source_row + x * job.source_size
    invoke(1, job.median, (start, job.source_row, stop - y, wide, result))
    reference = load_one(_F64, result, _F64)
    number = np.float64(job.size_y * job.size_x)
    for begin in range(y, stop, size):
        # The last rows of the block: row `size` is empty.
        last = block + 2 * size * pitch
        for i in range(0, 8 * count, BYTES):
            store(last + i, _F64, splat(_F64, 0.0))
            store(last + pitch + i, _F64, splat(_F64, 0.0))
            store(first + i, _F64, splat(_F64, 0.0))
            store(first_squares + i, _F64, splat(_F64, 0.0))
        for o in range(size - 1, -1, -1):
            _row(job, image, begin + o, x, count, reference, line)
            to = block + 2 * o * pitch
            _add(line, to + 2 * pitch, to + 3 * pitch, to, to + pitch, count)
        for o in range(min(size, stop - begin)):
            if o:
                _row(job, image, begin + size + o - 1, x, count, reference, line)
                _add(line, first, first_squares, first, first_squares, count)
            rows = block + 2 * o * pitch
            for i in range(0, 8 * count, BYTES):
                store(sums + i, _F64, load(_F64, first + i, _F64) + load(_F64, rows + i, _F64))
                square = load(_F64, rows + pitch + i, _F64)
                store(squares + i, _F64, load(_F64, first_squares + i, _F64) + square)
            _along(sums, job.size_x, wide, found)
            _along(squares, job.size_x, wide, found_squares)
            _combine(job, found, found_squares, wide, number, reference, result)
            invoke(1, job.place, (result, wide, target + (begin + o) * job.target_row))


@Driver
@denormals_as_zeros
def slide_local(job_at, memory, start, stop):
    """Compute tiles `start` … `stop`, counted along rows, columns and planes.

    job_at: address of the `LOCAL_JOB`. memory: zeroed workspace.
    """
    job = record(LOCAL_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    for unit in range(start, stop):
        _tile(job, workspace, unit)
