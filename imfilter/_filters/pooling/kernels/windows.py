"""Pooling, one line of outputs after the other. `pooled_lines` has the operations on lines.

First the rows of a window are reduced to one line, in whole vectors. Then the samples along this line are
reduced. Long windows, and the cells of a divided image, are processed one by one. All rows of such a window
are reduced to a short line, and then this line is reduced to one pixel.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_numbers, denormals_as_zeros
from imfilter._simd.jit import Driver, part
from imfilter._simd.registers import LINE
from imfilter._simd.vector import invoke, peek, poke, record

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
_FIELDS = (
    *("planes", "rows", "channels"),  # of the output; channels are interleaved in a line
    *("source_z", "source_y", "target_z", "target_y"),
    # Element sizes in bytes: of the image, of reduced samples, of the arithmetic and of the result.
    *("width", "size", "real_width", "target_width"),
    "samples_x",  # of the image
    # Distance between the samples of a window. Along a line also: number of samples, stride of the windows,
    # and padding before the first.
    *("dilation_z", "dilation_y", "dilation_x", "taps_x", "stride_x", "before_x"),
    *("windows_z", "windows_y", "windows_x"),  # tables of `WINDOW`s, one entry for each output
    "stage",  # samples along a line that are reduced first, for adjacent windows, or 1
    "chunk",  # samples of the line to which a single window is reduced, or 0
    # The same for windows of rows, if the line is not filtered: rows that are reduced first, or 0, and the
    # stride and the padding of the windows; rows to which a single window is reduced, or 0, and how many
    # samples of these are reduced at a time.
    *("group_y", "stride_y", "before_y", "chunk_y", "strip"),
    "by_columns",  # whether rows y are columns of windows, and planes z their rows: columns are reduced first
    "direct",  # whether windows are reduced directly in the output
    # Tables: offsets of the images of a batch; first outputs of the tiles of a line, and the end of the last;
    # divisors of sums along the line, or factors if `inverse`.
    *("batch", "tiles", "n_tiles", "divisors", "inverse"),
    # Workspace offsets: lines, results, results of low halves; addresses of rows, and their largest number.
    *("line", "staged", "result", "below", "spare", "at", "most"),
    # Kernels. Only sums in halves have `join_low`. `join_along` is missing if nothing is reduced along a
    # line.
    *("join_rows", "join_low", "join_first", "join_along", "along", "fold", "finish", "divides"),
)
POOL_JOB = np.dtype([(name, np.int64) for name in _FIELDS])

#: The samples of an axis in a window: the first, their number, and the divisor of their sum.
WINDOW = np.dtype([("first", np.int64), ("count", np.int64), ("divisor", np.int64)])
_WINDOW = WINDOW.itemsize

#: How windows along a line are reduced: not at all, as neighbours, with shuffles, or one by one.
NOT, NEIGHBOURS, PICKED, APART = range(4)


@part
def _rows(job, workspace, plane, z, y, shift):
    """List the addresses of the rows of windows z and y, plus `shift` bytes. Return their number."""
    planes, lines = record(WINDOW, job.windows_z + z * _WINDOW), record(WINDOW, job.windows_y + y * _WINDOW)
    start = plane + planes.first * job.source_z + lines.first * job.source_y + shift
    slow, slow_step = planes.count, job.dilation_z * job.source_z
    fast, fast_step = lines.count, job.dilation_y * job.source_y
    if job.by_columns:
        slow, slow_step, fast, fast_step = fast, fast_step, slow, slow_step
    n = 0
    for i in range(slow):
        for k in range(fast):
            poke(workspace + job.at + 8 * n, start + i * slow_step + k * fast_step)
            n += 1
    return n


@part
def _join_line(job, workspace, join_rows, image_at, z, y, first, count, to):
    """Reduce the windows of outputs `first` … `first + count` of a line."""
    start = first * job.stride_x - job.before_x
    length = (count - 1) * job.stride_x + (job.taps_x - 1) * job.dilation_x + 1
    inner = min(max(start, 0), job.samples_x)
    outer = max(min(start + length, job.samples_x), inner)
    before = min(max(-start, 0), length)
    after = length - before - (outer - inner)
    pixel = job.channels * job.size
    rows = _rows(job, workspace, image_at, z, y, inner * job.channels * job.width)
    line = to if job.along == NOT else workspace + job.line
    whole, group = rows, 1
    if job.group_y:
        group = job.group_y
        skipped = record(WINDOW, job.windows_y + y * _WINDOW).first - y * job.stride_y + job.before_y
        whole = group - skipped % group
    elif job.by_columns:
        whole = group = max(record(WINDOW, job.windows_z + z * _WINDOW).count, 1)
    invoke(4, join_rows, (
        workspace + job.at, rows, whole, group, 1, before * job.channels, (outer - inner) * job.channels,
        after * job.channels,
        line))  # fmt: skip
    step = job.dilation_x * pixel
    if job.along == NEIGHBOURS:
        invoke(2, job.join_along, (line, job.taps_x, step, count * job.channels, to))
    elif job.along == PICKED:
        taps = job.taps_x // job.stage
        if job.stage > 1:
            invoke(4, job.join_first, (line, job.stage, step, count * taps, workspace + job.staged))
            line = workspace + job.staged
        invoke(4, job.join_along, (line, taps, step, count, to))
    elif job.along == APART:
        invoke(2, job.join_along, (
            line, job.taps_x // job.stage, job.stage, step, job.stride_x * pixel, job.channels, count,
            to))  # fmt: skip


@part
def _flush(job, workspace, join_rows, rows, is_first, count):
    invoke(4, join_rows, (workspace + job.at, rows, rows, 1, is_first, 0, count, 0, workspace + job.line))


@part
def _join_cell(job, workspace, join_rows, image_at, z, y, x, to):
    """Reduce one window: its rows, cut into chunks, to a line, and this line to one sample per channel."""
    planes, lines = record(WINDOW, job.windows_z + z * _WINDOW), record(WINDOW, job.windows_y + y * _WINDOW)
    pixels = record(WINDOW, job.windows_x + x * _WINDOW)
    total, at = pixels.count * job.channels, workspace + job.at
    chunk = min(job.chunk, total)
    whole = total // chunk if chunk else 0
    remaining, is_first, n = total - whole * chunk, 1, 0
    for i in range(planes.count):
        layer = image_at + (planes.first + i * job.dilation_z) * job.source_z
        layer += pixels.first * job.channels * job.width
        for k in range(lines.count):
            row = layer + (lines.first + k * job.dilation_y) * job.source_y
            for p in range(whole):
                if n == job.most:
                    _flush(job, workspace, join_rows, n, is_first, chunk)
                    n, is_first = 0, 0
                poke(at + 8 * n, row + p * chunk * job.width)
                n += 1
    if n or is_first:
        _flush(job, workspace, join_rows, n, is_first, chunk)
    if remaining:
        n = 0
        for i in range(planes.count):
            layer = image_at + (planes.first + i * job.dilation_z) * job.source_z
            layer += (pixels.first * job.channels + whole * chunk) * job.width
            for k in range(lines.count):
                if n == job.most:
                    _flush(job, workspace, join_rows, n, 0, remaining)
                    n = 0
                poke(at + 8 * n, layer + (lines.first + k * job.dilation_y) * job.source_y)
                n += 1
        _flush(job, workspace, join_rows, n, 0, remaining)
    invoke(2, job.fold, (workspace + job.line, max(chunk // job.channels, 1), job.channels, to))


@part
def _join_column(job, workspace, join_rows, image_at, z, y, first, count, to):
    """Reduce one window of rows for outputs `first` … `first + count` of a line.

    The rows are reduced in the order in which `_join_cell` reduces the pixels of a line.
    """
    plane, lines = record(WINDOW, job.windows_z + z * _WINDOW), record(WINDOW, job.windows_y + y * _WINDOW)
    chunk, at = min(job.chunk_y, lines.count), workspace + job.at
    half = (chunk + 1) // 2  # the first step of `fold` is done with the sums of rows
    top = image_at + plane.first * job.source_z + lines.first * job.source_y
    for x in range(0, count, job.strip):
        wide = min(job.strip, count - x)
        pixel = wide * job.size
        if lines.count == 0:
            invoke(4, join_rows, (at, 0, 0, 1, 1, 0, wide, 0, workspace + job.line))
        for p in range(half):
            n = 0
            for k in range(p, lines.count, chunk):
                poke(at + 8 * n, top + k * job.source_y + (first + x) * job.width)
                n += 1
            whole = n
            if p + half < chunk:
                for k in range(p + half, lines.count, chunk):
                    poke(at + 8 * n, top + k * job.source_y + (first + x) * job.width)
                    n += 1
            to_sum = workspace + job.line + p * pixel
            invoke(4, join_rows, (at, n, whole, max(n - whole, 1), 1, 0, wide, 0, to_sum))
        invoke(2, job.fold, (workspace + job.line, max(half, 1), wide, to + x * job.size))


@part
def _join(job, workspace, join_rows, image_at, z, y, first, count, to):
    if job.chunk_y:
        _join_column(job, workspace, join_rows, image_at, z, y, first, count, to)
        return
    if job.chunk == 0:
        _join_line(job, workspace, join_rows, image_at, z, y, first, count, to)
        return
    for i in range(count):
        _join_cell(job, workspace, join_rows, image_at, z, y, first + i, to + i * job.channels * job.size)


@part
def _pool(job_at, source_at, target_at, memory, start, stop):
    """Pool tiles `start` … `stop`, counted along lines, down rows and planes, and over the batch.

    job_at: address of the `POOL_JOB`. source_at, target_at: addresses of the image and the result.
    memory: zeroed workspace, divided as the job says.
    """
    job = record(POOL_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    tile, line = start % job.n_tiles, start // job.n_tiles
    y, plane = line % job.rows, line // job.rows
    z, image = plane % job.planes, plane // job.planes
    for _ in range(start, stop):
        image_at, to = source_at + peek(job.batch + 16 * image), target_at + peek(job.batch + 16 * image + 8)
        first = peek(job.tiles + 8 * tile)
        count = peek(job.tiles + 8 * tile + 8) - first
        to += z * job.target_z + y * job.target_y + first * job.channels * job.target_width
        result = to if job.direct else workspace + job.result
        total = count * job.channels
        if job.divides:
            _join(job, workspace, job.join_rows, image_at, z, y, first, count, result)
            if job.join_low:
                _join(job, workspace, job.join_low, image_at, z, y, first, count, workspace + job.below)
            planes = record(WINDOW, job.windows_z + z * _WINDOW)
            lines = record(WINDOW, job.windows_y + y * _WINDOW)
            factor = float(planes.divisor * lines.divisor)
            if job.inverse:
                factor = 1.0 / factor
                if job.by_columns:  # rounded as if columns were those of a line
                    factor = (1.0 / float(lines.divisor)) * (1.0 / float(planes.divisor))
            invoke(4, job.finish, (
                result, workspace + job.below, job.divisors + first * job.channels * job.real_width,
                factor, total, to, workspace + job.spare))  # fmt: skip
        else:
            _join(job, workspace, job.join_rows, image_at, z, y, first, count, result)
            if not job.direct:
                invoke(2, job.finish, (result, to, total, 1, 0, 0, 1, 0))
        tile += 1
        if tile == job.n_tiles:
            tile, y = 0, y + 1
            if y == job.rows:
                y, z = 0, z + 1
                if z == job.planes:
                    z, image = 0, image + 1


#: Means are computed, so denormals may count as zero. Maxima and minima are unchanged samples.


@Driver
@denormals_as_zeros
def slide_means(job_at, source_at, target_at, memory, start, stop):
    """Pool means; see `_pool`."""
    _pool(job_at, source_at, target_at, memory, start, stop)


@Driver
@denormals_as_numbers
def slide_extremes(job_at, source_at, target_at, memory, start, stop):
    """Pool maxima or minima, which may be denormal; see `_pool`."""
    _pool(job_at, source_at, target_at, memory, start, stop)
