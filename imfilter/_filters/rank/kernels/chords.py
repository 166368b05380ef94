"""Minima and maxima in footprints of any shape, one row of outputs at a time.

A footprint is a union of shifted copies of smaller sets, such as runs of samples ("chords"). Each set has a
row of results for each row of the image. The rows that are still needed are in a ring buffer. A row of a set
is the minimum of rows of smaller sets, each read some rows further down and some samples further on. The
smallest set is a sample of the image; one for each plane of the footprint.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, inlined, kernel, nested, part
from imfilter._simd.lanewise import larger, smaller, where
from imfilter._simd.lines import fill, place_line, source_index
from imfilter._simd.prefetch import prefetch
from imfilter._simd.registers import BYTES, LINE, NARROW
from imfilter._simd.streaming import drain, stream
from imfilter._simd.units import place_of
from imfilter._simd.vector import invoke, load, load_bytes, peek, poke, record, size_of, store

#: Geometry of one call, all int64: addresses and strides in bytes, everything else in samples.
#: *Padded* coordinates count from the first sample of the border.
_FIELDS = (
    *("planes", "rows", "channels"),  # of the output; channels are interleaved in a line
    # Bytes, or bits, of a pixel of a line; the number of bits of a byte is 2 to the power of `log_units` if
    # these are bits, otherwise this is 0; whether results are written directly to the output.
    *("pixel", "log_units", "direct"),
    *("before_z", "before_y", "before_x"),  # padded samples before the image
    *("samples_z", "samples_y", "samples_x"),  # samples of the image
    *("source_z", "source_y", "source_x", "source_c", "source_packed"),
    *("target_z", "target_y", "target_x", "target_c", "target_packed"),
    # Tables: offsets of the images of a batch; borders (see `source_index`); start columns of the tiles of
    # the output; sets (see `SET`), of which the last is the result, and what they are made of (see
    # `OPERAND`). `begin` is the row, before the first output, at which the first set begins.
    *("batch", "border_z", "border_y", "border_x", "tiles", "n_tiles"),
    *("sets", "n_sets", "operands", "begin"),
    # Workspace offsets: lines, and the distance between them; the table of addresses, see `begin_table`, and
    # for each of its `entries` by how much it grows with each row, where its ring buffer ends, and the size
    # of that. The next are those of other drivers. `aside` is that of the last argument of `fetch`.
    *("lines", "pitch", "table", "steps", "ends", "spans", "entries", "spare", "flag", "aside"),
    *("fetch", "fill", "restore", "place", "advance"),  # kernels; the third is for floats
    # The kernel that writes results directly and prefetches, or 0; distances to what is prefetched, in bytes.
    *("last", "ahead_source", "ahead_target"),
    # Of `chord_rows`: the kernel that computes many rows of a tile, or 0; whether it writes results past the
    # caches; how many tiles compute a block of rows in turn, how many rows a block has, and the size of the
    # workspace of a tile. While a block is computed, so many rows are prefetched, or none.
    # Then the operands that are samples.
    *("many_rows", "streamed", "in_group", "block", "tile_space", "ahead_rows", "samples", "n_samples"),
    # Where the first operand of the second set begins in the newest row of samples, in bytes, or -1.
    "looked",
)
CHORD_JOB = np.dtype([(name, np.int64) for name in _FIELDS])
#: A set: the plane of the image that it is a row of, or -1; the key of the border; its first line and how
#: many lines it has; the row, from the current output on, that is computed next, and the row before the first
#: output at which this begins; the columns that it needs beyond those of the output; its operands, where
#: their addresses begin in the table, and the kernel that combines them. If `bounded`, rows and columns
#: outside of the image are filled with the border. The set has `before_y` rows and `before_x` columns before
#: those of the image. If `weighed`, the weights of the operands follow their addresses in the table. If
#: `chain` is not 0, the kernel with this address computes the sets from here to before `chained`.
SET = np.dtype(
    [
        (name, np.int64)
        for name in (
            *("plane", "border_key", "line", "depth", "lead", "begin", "more"),
            *("first", "count", "entry", "combine", "weighed", "bounded", "before_y", "before_x"),
            *("chain", "chained"),
        )
    ]
)
#: A row of a set: which set, how many rows before its newest row, how many columns further on, and the
#: bits of a weight.
OPERAND = np.dtype([(name, np.int64) for name in ("of", "age", "shift", "weight")])
_SET, _OPERAND = SET.itemsize, OPERAND.itemsize
#: Bytes of a group: four loads from any address. With loads of 32 bytes in place of 64, a line of 31 samples
#: at 45 degrees took 3.1 in place of 3.4 ms (float32, 4K, Zen 4, two threads), and at 30 degrees 5.6 in place
#: of 6.1 (one thread).
GROUP = 4 * NARROW
#: The minimum or the maximum.
SMALLEST, LARGEST = 0, 1


@nested
def chosen(which, a, b):
    """Return the smaller, or the larger, of two values or of the lanes of two vectors."""
    return smaller(a, b) if which == SMALLEST else larger(a, b)


@nested
def first_group(kind, x, a):
    """Return a group of a line, `x` bytes further on, as four vectors."""
    a += x
    return (
        load_bytes(kind, NARROW, a),
        load_bytes(kind, NARROW, a + NARROW),
        load_bytes(kind, NARROW, a + 2 * NARROW),
        load_bytes(kind, NARROW, a + 3 * NARROW),
    )


@nested
def with_line(kind, which, x, found, a):
    """Return the minima (or maxima) of a group and one of a line, `x` bytes further on."""
    p, q, r, s = found
    a += x
    return (
        chosen(which, p, load_bytes(kind, NARROW, a)),
        chosen(which, q, load_bytes(kind, NARROW, a + NARROW)),
        chosen(which, r, load_bytes(kind, NARROW, a + 2 * NARROW)),
        chosen(which, s, load_bytes(kind, NARROW, a + 3 * NARROW)),
    )


@nested
def place_group(kind, to, found, past):
    """Write a group, past the caches if `past`."""
    p, q, r, s = found
    if past:
        stream(to, kind, p)
        stream(to + NARROW, kind, q)
        stream(to + 2 * NARROW, kind, r)
        stream(to + 3 * NARROW, kind, s)
    else:
        store(to, kind, p)
        store(to + NARROW, kind, q)
        store(to + 2 * NARROW, kind, r)
        store(to + 3 * NARROW, kind, s)


@nested
def extreme_group(kind, which, at, count, x):
    """Return the minima (or maxima) of a group of `count` lines, `x` bytes further on; see `extreme`."""
    found = first_group(kind, x, peek(at))
    for i in range(1, count):
        found = with_line(kind, which, x, found, peek(at + 8 * i))
    return found


@inlined
def few_group(kind, which, x, found, count, b, c, d, e):
    """Return the minima (or maxima) of a group and one of one to four more lines; see `extreme_group`."""
    found = with_line(kind, which, x, found, b)
    if count > 2:
        found = with_line(kind, which, x, found, c)
    if count > 3:
        found = with_line(kind, which, x, found, d)
    if count > 4:
        found = with_line(kind, which, x, found, e)
    return found


@inlined
def extreme_line(kind, which, at, count, to, extent):
    """Do what `extreme` does.

    The addresses of few lines stay in registers: lines of 31 samples took 1.8 in place of 2.0 ms (uint8, 4K,
    Zen 4, one thread).
    """
    a, b, last = peek(at), peek(at + 8), extent - GROUP
    if count == 2:  # the usual case
        for start in range(0, extent, GROUP):
            x = min(start, last)
            place_group(kind, to + x, with_line(kind, which, x, first_group(kind, x, a), b), False)
        return
    c = peek(at + 16)
    if count == 3:
        for start in range(0, extent, GROUP):
            x = min(start, last)
            found = with_line(kind, which, x, first_group(kind, x, a), b)
            place_group(kind, to + x, with_line(kind, which, x, found, c), False)
        return
    d = peek(at + 24)
    if count == 4:
        for start in range(0, extent, GROUP):
            x = min(start, last)
            found = with_line(kind, which, x, first_group(kind, x, a), b)
            found = with_line(kind, which, x, found, c)
            place_group(kind, to + x, with_line(kind, which, x, found, d), False)
        return
    e = peek(at + 32)
    if count == 5:
        for start in range(0, extent, GROUP):
            x = min(start, last)
            found = with_line(kind, which, x, first_group(kind, x, a), b)
            found = with_line(kind, which, x, found, c)
            found = with_line(kind, which, x, found, d)
            place_group(kind, to + x, with_line(kind, which, x, found, e), False)
        return
    for start in range(0, extent, GROUP):
        x = min(start, last)
        place_group(kind, to + x, extreme_group(kind, which, at, count, x), False)


@kernel("kind", "which")
def extreme(kind, which, at, count, to, extent):
    """Write the minima (or maxima) of `count` lines, whose addresses are in the table `at`, to a line.

    `extent` is the size of the line in bytes, not less than a group. The last group overlaps the previous
    one.
    """
    extreme_line(kind, which, at, count, to, extent)


@inlined
def extreme_line_ahead(kind, which, at, count, to, extent, source, target):
    """Do what `extreme_ahead` does."""
    last = extent - GROUP
    for start in range(0, extent, GROUP):
        x = min(start, last)
        if source:
            for i in range(0, GROUP, LINE):
                prefetch(source + x + i, 0)
        for i in range(0, GROUP, LINE):
            prefetch(target + x + i, 1)
        place_group(kind, to + x, extreme_group(kind, which, at, count, x), False)


@kernel("kind", "which")
def extreme_ahead(kind, which, at, count, to, extent, source, target):
    """Do what `extreme` does, and prefetch a line of the image and of the output at two addresses.

    A `source` of 0 is not prefetched. This took 4.7 instead of 5.6 ms for a line of 31 samples at 30 degrees
    and uint16 (4K, Zen 4, one thread). Prefetching all at once, before the sets are computed, gained nothing.
    """
    extreme_line_ahead(kind, which, at, count, to, extent, source, target)


@kernel("kind", "which")
def extremes(kind, which, sets, first, stop, table, wide, pixel, early):
    """Compute the next rows of the sets from `first` to before `stop`, all of them minima (or maxima).

    `sets` and `table` are the addresses of both tables. The row has `wide` outputs of `pixel` bytes, and is
    that of the output `early`. A call for each set took 40 ns.
    """
    for i in range(first, stop):
        own = record(SET, sets + i * _SET)
        if early >= own.begin:
            extent = ((wide + own.more) * pixel + BYTES - 1) // BYTES * BYTES
            extreme_line(kind, which, table + 8 * own.entry, own.count, peek(table + 8 * i), extent)


@inlined
def advance_entries(word, table, steps, ends, spans, count):
    """Do what `advance` does."""
    for i in range(0, 8 * count, BYTES):
        span = load(word, spans + i, word)
        found = load(word, table + i, word) + load(word, steps + i, word)
        store(table + i, word, where(found >= load(word, ends + i, word), found - span, found))


@kernel("word")
def advance(word, table, steps, ends, spans, count):
    """Move `count` addresses to the next line of their ring buffers. `word` is their type."""
    advance_entries(word, table, steps, ends, spans, count)


@part
def row_address(job, image_at, z, plane, p):
    """Return the address of padded row `p` in plane `plane` of the footprint for output plane `z`, or -1."""
    row = source_index(job.border_y, job.before_y, job.samples_y, p)
    index = source_index(job.border_z, job.before_z, job.samples_z, z + plane)
    return image_at + index * job.source_z + row * job.source_y if row >= 0 and index >= 0 else -1


@kernel("kind")
def fill_key(kind, line, first, count, value):
    """Write the same integer to `count` elements of a line from number `first` on."""
    fill(kind, line + first * size_of(kind), count, kind.type(value))


@part
def bound(job, own, line, x, count):
    """Fill the columns of a row of a set that are outside of the image. The row has `count` columns."""
    left = min(max(own.before_x - x, 0), count)
    right = min(max(own.before_x + job.samples_x - x, left), count)
    if left:
        invoke(1, job.fill, (line, 0, left * job.channels, own.border_key))
    if right < count:
        first, more = right * job.channels, (count - right) * job.channels
        invoke(1, job.fill, (line, first, more, own.border_key))


@part
def _entry(job, workspace, entry, address, step, end, span):
    """Write an entry of the table of addresses."""
    poke(workspace + job.table + 8 * entry, address)
    poke(workspace + job.steps + 8 * entry, step)
    poke(workspace + job.ends + 8 * entry, end)
    poke(workspace + job.spans + 8 * entry, span)


@part
def begin_table(job, workspace):
    """Write the table of addresses: of the newest line of each set, and then of the operands of all sets.

    Those of operands are addresses of bytes, or of bits. Weights are entries that do not move.
    """
    for i in range(job.n_sets):
        own = record(SET, job.sets + i * _SET)
        start, span = workspace + job.lines + own.line * job.pitch, own.depth * job.pitch
        _entry(job, workspace, i, start, job.pitch, start + span, span)
        for j in range(own.count):
            operand = record(OPERAND, job.operands + (own.first + j) * _OPERAND)
            other = record(SET, job.sets + operand.of * _SET)
            start, span = workspace + job.lines + other.line * job.pitch, other.depth * job.pitch
            ago, shift = (other.depth - operand.age) % other.depth, operand.shift * job.pixel
            _entry(
                job, workspace, own.entry + j, ((start + ago * job.pitch) << job.log_units) + shift,
                job.pitch << job.log_units, ((start + span) << job.log_units) + shift,
                span << job.log_units)  # fmt: skip
            if own.weighed:
                poke(workspace + job.table + 8 * (own.entry + own.count + j), operand.weight)


@part
def fetch_row(job, workspace, image_at, z, x, row, count, own, line):
    """Write the row of a set that is a sample in a plane. Return the address of its next row, or 0."""
    source = row_address(job, image_at, z, own.plane, row)
    invoke(2, job.fetch, (
        source, job.source_x, job.source_c, job.source_packed, job.channels, job.border_x, job.before_x,
        job.samples_x, x, count, own.border_key, line, workspace + job.aside))  # fmt: skip
    if source < 0 or job.ahead_source == 0:
        return 0
    return source + (x - job.before_x) * job.source_x + job.ahead_source


@part
def _step(job, workspace, image_at, z, y, x, wide, early, to):
    """Compute the next row of each set, and the results of row `y` if `early` is 0, at the address `to`."""
    table = workspace + job.table
    invoke(1, job.advance, (
        table, workspace + job.steps, workspace + job.ends, workspace + job.spans, job.entries))  # fmt: skip
    chained = source = 0
    for i in range(job.n_sets):
        own = record(SET, job.sets + i * _SET)
        if i < chained or early < own.begin:
            continue
        if own.chain:
            chained = own.chained
            invoke(2, own.chain, (job.sets, i, chained, table, wide, job.pixel, early))
            continue
        line, count = peek(table + 8 * i), wide + own.more
        row = y + early + own.lead
        if own.plane >= 0:
            source = fetch_row(job, workspace, image_at, z, x, row, count, own, line)
            continue
        if own.bounded and not 0 <= row - own.before_y < job.samples_y:
            invoke(1, job.fill, (line, 0, count * job.channels, own.border_key))
            continue
        at = table + 8 * own.entry
        extent = (count * job.pixel + (1 << job.log_units) - 1) >> job.log_units
        if i == job.n_sets - 1 and job.direct:
            if job.last:
                invoke(2, job.last, (at, own.count, to, extent, source, to + job.ahead_target))
            else:
                invoke(2, own.combine, (at, own.count, to, extent))
            continue
        invoke(2, own.combine, (at, own.count, line, (extent + BYTES - 1) // BYTES * BYTES))
        if own.bounded:
            bound(job, own, line, x, count)
        if i == job.n_sets - 1:
            if job.restore:
                invoke(1, job.restore, (line, wide * job.channels))
            place_line(job, workspace, line, to, wide)


@Driver
@denormals_as_numbers
def slide_chords(job_at, source_at, target_at, memory, start, stop):
    """Compute rows `start` … `stop`, counted over batch, plane, tile and row in this order.

    job_at: address of the `CHORD_JOB`. source_at, target_at: addresses of the image and the output.
    memory: zeroed workspace, divided as the job says.
    """
    job = record(CHORD_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    begin_table(job, workspace)
    unit = start
    while unit < stop and not peek(workspace + job.flag):  # with the flag, all is computed again
        y, tile, z, image = place_of(unit, job.rows, job.n_tiles, job.planes)
        image_at = source_at + peek(job.batch + 16 * image)
        to = target_at + peek(job.batch + 16 * image + 8) + z * job.target_z
        x, end = peek(job.tiles + 8 * tile), peek(job.tiles + 8 * tile + 8)
        to += y * job.target_y + x * job.target_x
        for early in range(job.begin if unit == start or y == 0 else 0, 1):
            _step(job, workspace, image_at, z, y, x, end - x, early, to)
        unit += 1
    if job.streamed:
        drain()
