"""Minima and maxima of many consecutive rows: three reads and two writes for each result.

Rows are cut into blocks as long as the window. A window ends one block and begins the next. So its minimum is
that of a suffix of a block and of a prefix of the next (M. van Herk, "A fast algorithm for local minimum and
maximum filters on rectangular and octagonal kernels", *Pattern Recognition Letters*, 13(7), 1992). The minima
of suffixes of a block are kept for one vector of columns, that of the prefix is in registers.
"""

import numpy as np

from imfilter._filters.rank.kernels.chord_rows import columns_of
from imfilter._filters.rank.kernels.chords import chosen, row_address
from imfilter._filters.rank.kernels.ordered_keys import checked_keys
from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, inlined, kernel, part
from imfilter._simd.lines import fill
from imfilter._simd.prefetch import prefetch
from imfilter._simd.registers import BYTES, LINE
from imfilter._simd.streaming import drain, stream
from imfilter._simd.units import place_of
from imfilter._simd.vector import invoke, load, peek, poke, record, size_of, store

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
_FIELDS = (
    *("planes", "rows", "channels"),  # of the output; channels are interleaved in a line
    "taps",  # rows of a window
    *("before_z", "before_y", "before_x"),  # padded samples before the image
    *("samples_z", "samples_y", "samples_x"),  # samples of the image
    *("source_z", "source_y", "source_x", "source_c", "source_packed"),
    *("target_z", "target_y", "target_x", "target_c", "target_packed"),
    # Tables: offsets of the images of a batch; borders (see `source_index`); start columns of the tiles.
    *("batch", "border_z", "border_y", "border_x", "tiles", "n_tiles"),
    *("pixel", "border_key"),
    # Whether results go past the caches, and whether rows are prefetched.
    *("streamed", "ahead"),
    # Workspace offsets: addresses of rows; minima of suffixes; a row beyond the border; the flag that a
    # sample is NaN or -0.0.
    *("table", "suffixes", "outside", "flag"),
    "columns",  # the kernel
)
COLUMN_JOB = np.dtype([(name, np.int64) for name in _FIELDS])


@part
def _point(job, workspace, image_at, z, x, p):
    """Write the addresses of the padded rows of three blocks, from row `p` on, at column `x` to the table."""
    last = job.rows + job.taps - 2
    for i in range(3 * job.taps - 1):
        address = row_address(job, image_at, z, 0, min(p + i, last))
        outside = workspace + job.outside
        poke(workspace + job.table + 8 * i, outside if address < 0 else address + x * job.source_x)


@inlined
def _sample(kind, bits, how, row, flag, look):
    """Load samples, and check them if `look`; see `ordered_keys.checked_keys`."""
    if look:
        checked_keys(how, load(bits, row, bits), flag)
    return load(kind, row, kind)


@inlined
def _place(kind, to, found, past):
    """Write results, past the caches if `past`."""
    if past:
        stream(to, kind, found)
    else:
        store(to, kind, found)


@inlined
def _block(kind, bits, which, how, job, workspace, x, extent, number, count, look, to):
    """Compute a vector of `count` rows, at most as many as a window has.

    The vector is number `number` of a tile of `extent` bytes, and begins at byte `x`. The rows of the first
    block are checked, and those of the second if `look`. The address `to` is that of the first result.

    Meanwhile the rows of the third block are prefetched, in the order of memory: 4.6 in place of 6.1 ms for
    31 rows (float32, 4K, Zen 3, two threads).
    """
    table, suffixes, flag = workspace + job.table, workspace + job.suffixes, workspace + job.flag
    taps, step = job.taps, job.target_y
    past = job.streamed and (to | step) % LINE == 0
    found = _sample(kind, bits, how, peek(table + 8 * (taps - 1)) + x, flag, True)
    for k in range(2, taps + 1):
        i = taps - k
        store(suffixes + BYTES * (i + 1), kind, found)
        found = chosen(which, found, _sample(kind, bits, how, peek(table + 8 * i) + x, flag, True))
    _place(kind, to, found, past)
    done = number * taps * BYTES
    next_row, next_x = min(done // extent, taps - 1), done % extent
    prefix = _sample(kind, bits, how, peek(table + 8 * taps) + x, flag, look)
    for i in range(1, count):
        row = peek(table + 8 * (taps + i - 1)) + x
        prefix = chosen(which, prefix, _sample(kind, bits, how, row, flag, look))
        if job.ahead:
            ahead = peek(table + 8 * (2 * taps - 1 + next_row)) + next_x
            for k in range(0, BYTES, LINE):
                prefetch(ahead + k, 0)
            next_x += BYTES
            if next_x >= extent:
                next_x, next_row = 0, min(next_row + 1, taps - 1)
        _place(kind, to + i * step, chosen(which, prefix, load(kind, suffixes + BYTES * i, kind)), past)


@kernel("kind", "bits", "which", "how")
def extreme_columns(kind, bits, which, how, job_at, workspace, image_at, z, y, x, wide, count, to):
    """Compute the minima (or maxima) of `count` rows from row `y` on, of the tile from column `x` on.

    `bits` is the type of the keys of samples, and `how` as in `fetch_keys`. `to` is the address of the first
    result. The tile has `wide` columns, at least a vector. The first and the last vector overlap others.
    """
    job = record(COLUMN_JOB, job_at)
    taps, extent = job.taps, wide * job.pixel
    fill(bits, workspace + job.outside, wide * job.channels, bits.type(job.border_key))
    first = 0
    if job.streamed and to % LINE and to % size_of(kind) == 0:
        first = -to % LINE - BYTES  # the next vector begins at a cache line
    for row in range(0, count, taps):
        _point(job, workspace, image_at, z, x, y + row)
        rows, look = min(taps, count - row), row + taps >= count
        for start in range(first, extent, BYTES):
            at = min(max(start, 0), extent - BYTES)
            place, number = to + row * job.target_y + at, (start - first) // BYTES
            _block(kind, bits, which, how, job, workspace, at, extent, number, rows, look, place)


@Driver
@denormals_as_numbers
def slide_columns(job_at, source_at, target_at, memory, start, stop):
    """Compute rows `start` … `stop`, counted over batch, plane, tile and row in this order.

    job_at: address of the `COLUMN_JOB`. source_at, target_at: addresses of the image and the output.
    memory: zeroed workspace, divided as the job says.
    """
    job = record(COLUMN_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    unit = start
    while unit < stop and not peek(workspace + job.flag):  # with the flag, all is computed again
        y, tile, z, image = place_of(unit, job.rows, job.n_tiles, job.planes)
        image_at = source_at + peek(job.batch + 16 * image)
        plane_to = target_at + peek(job.batch + 16 * image + 8) + z * job.target_z
        x, end = columns_of(job, plane_to, tile, job.streamed)
        count = min(job.rows - y, stop - unit)
        to = plane_to + y * job.target_y + x * job.target_x
        invoke(4, job.columns, (job_at, workspace, image_at, z, y, x, end - x, count, to))
        unit += count
    if job.streamed:
        drain()
