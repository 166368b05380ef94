"""Minima and maxima in footprints of one plane: many rows of a tile in one call.

If sets are few, tiles are narrow, and their lines stay in the first-level cache. A call for each row would
take longer than this saves: 200 cycles for the 20 vectors of a row, of which each takes 30.

Each tile has a workspace of its own. So a block of rows is computed tile by tile, then the next block, and
the image is prefetched in the order of memory. Reading 4K float32 in tiles of 1536 bytes took 1.5 ms if each
tile was read to its end, and 0.6 ms in the order of memory (Zen 4, one thread).
"""

import numpy as np

from imfilter._filters.rank.kernels.chords import (
    CHORD_JOB,
    GROUP,
    SET,
    advance_entries,
    begin_table,
    chosen,
    extreme_group,
    extreme_line,
    extreme_line_ahead,
    few_group,
    first_group,
    place_group,
    row_address,
    with_line,
)
from imfilter._filters.rank.kernels.ordered_keys import CHECKED, checked_keys, strange_group
from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, inlined, kernel, nested, part
from imfilter._simd.lines import inner_columns
from imfilter._simd.prefetch import prefetch
from imfilter._simd.registers import BYTES, LINE, REGISTERS
from imfilter._simd.streaming import drain, stream
from imfilter._simd.units import place_of
from imfilter._simd.vector import (
    invoke,
    load,
    load_like,
    move_one,
    peek,
    poke,
    record,
    size_of,
    splat_register,
    store,
)

#: An operand that is a sample: where its address is in the table, its age, and by how many bytes it is moved.
SAMPLES = np.dtype([(name, np.int64) for name in ("entry", "age", "shift")])
_SET, _SAMPLES = SET.itemsize, SAMPLES.itemsize
_REGISTER = BYTES // REGISTERS
#: Most bytes by which the start of a tile moves if its results go past the caches.
MOVED = 3 * LINE


@part
def _fetch(job, workspace, address, x, first, count, line):
    """Copy `count` padded columns of a row, from ``x + first`` on, to a line that begins with column `x`."""
    own = record(SET, job.sets)
    invoke(2, job.fetch, (
        address, job.source_x, job.source_c, job.source_packed, job.channels, job.border_x, job.before_x,
        job.samples_x, x + first, count, own.border_key, line + first * job.pixel,
        workspace + job.aside))  # fmt: skip


@inlined
def _copy(bits, how, job, workspace, address, x, count, line, new):
    """Copy `count` padded columns of a row, from `x` on, to a line.

    A line that is not `new` has held a row of this tile. So it has the border, if that is a constant.
    """
    left, right = inner_columns(job.before_x, job.samples_x, x, count)
    extent = (right - left) * job.pixel
    if address < 0 or extent < BYTES:
        _fetch(job, workspace, address, x, 0, count, line)
        return
    new = new or ((left or right < count) and peek(job.border_x) >= 0)
    if left and new:
        _fetch(job, workspace, address, x, 0, left, line)
    if right < count and new:
        _fetch(job, workspace, address, x, right, count - right, line)
    source, to = address + (x + left - job.before_x) * job.source_x, line + left * job.pixel
    last, flag = extent - BYTES, workspace + job.aside
    for start in range(0, extent, BYTES):
        i = min(start, last)
        store(to + i, bits, checked_keys(how, load(bits, source + i, bits), flag))


@inlined
def _look(bits, how, job, workspace, address, extent):
    """Search `extent` bytes of samples, at least a vector, for -0.0 and NaN."""
    last, flag = extent - BYTES, workspace + job.aside
    for start in range(0, extent, BYTES):
        checked_keys(how, load(bits, address + min(start, last), bits), flag)


@inlined
def _extreme_looked(kind, which, how, at, count, to, extent, ahead, flag):
    """Do what `extreme` does, and search the first line for -0.0 and NaN.

    Prefetch a line at `ahead`, if this is not 0. With a search of its own, and prefetching with the last set,
    a line of 31 samples at 20 degrees took 3.0 in place of 2.8 ms (float32, 4K, Zen 4, two threads, in turn
    with another filter).
    """
    last, first, refused = extent - GROUP, peek(at), False
    b, c, d, e = peek(at + 8), peek(at + 16), peek(at + 24), peek(at + 32)
    for start in range(0, extent, GROUP):
        x = min(start, last)
        if ahead:
            for i in range(0, GROUP, LINE):
                prefetch(ahead + x + i, 0)
        found = first_group(kind, x, first)
        if how == CHECKED:
            refused |= strange_group(*found)
        if count <= 5:
            found = few_group(kind, which, x, found, count, b, c, d, e)
        else:
            for i in range(1, count):
                found = with_line(kind, which, x, found, peek(at + 8 * i))
        place_group(kind, to + x, found, False)
    if refused:
        poke(flag, 1)


@nested
def _point(job, table, newest, step, first, span):
    """Write the addresses of operands that are samples. The `newest` row is that of age 0.

    An older row is `step` bytes before, or `span` bytes after this if it would be before the `first` line.
    """
    for i in range(job.n_samples):
        one = record(SAMPLES, job.samples + i * _SAMPLES)
        at = newest - one.age * step
        poke(table + one.entry, (at + span if at < first else at) + one.shift)


@nested
def _register(kind, which, at, count, x):
    """Return the minima (or maxima) of one register of each line; see `extreme_group`."""
    zero = splat_register(kind, kind.type(0))
    found = load_like(zero, peek(at) + x, kind)
    for i in range(1, count):
        found = chosen(which, found, load_like(zero, peek(at + 8 * i) + x, kind))
    return found


@nested
def _part_of_line(kind, which, at, count, first, extent, to, spare):
    """Write results to a part of a cache line, from `first` to before `extent`, and nothing beside it."""
    for i in range(0, LINE, _REGISTER):
        store(spare + i, kind, _register(kind, which, at, count, first + i))
    for i in range(0, extent - first, size_of(kind)):
        move_one(to + first + i, spare + i, kind)


@nested
def _streamed(kind, which, at, count, to, extent, ahead, spare):
    """Do what `extreme_ahead` does, with results past the caches. The address `to` is that of an element.

    No cache line is written in both ways. That took three times as long.
    """
    x = min(-to % LINE, extent)
    if x:
        _part_of_line(kind, which, at, count, 0, x, to, spare)
    first, b, c, d, e = peek(at), peek(at + 8), peek(at + 16), peek(at + 24), peek(at + 32)
    while x + GROUP <= extent:
        if ahead:
            for i in range(0, GROUP, LINE):
                prefetch(ahead + x + i, 0)
        if 2 <= count <= 5:
            found = few_group(kind, which, x, first_group(kind, x, first), count, b, c, d, e)
        else:
            found = extreme_group(kind, which, at, count, x)
        place_group(kind, to + x, found, True)
        x += GROUP
    while x + LINE <= extent:
        for i in range(x, x + LINE, _REGISTER):
            stream(to + i, kind, _register(kind, which, at, count, i))
        x += LINE
    if x < extent:
        _part_of_line(kind, which, at, count, x, extent, to, spare)


@kernel("kind", "bits", "word", "which", "how")
def extreme_rows(
    kind, bits, word, which, how, job_at, workspace, image_at, z, y, x, wide, begin, fresh, count, to,
    first_tile, tile, tiles):  # fmt: skip
    """Compute the minima (or maxima) of `count` rows from row `y` on, of the tile from column `x` on.

    All sets but the first are minima (or maxima) of others. `bits` is the type of the keys of samples, `word`
    that of addresses, and `how` as in `fetch_keys`. Rows of sets begin with those of the output `begin`,
    counted from `y`. If `fresh`, no row of the tile has been computed. `to` is the address of the first
    result. Samples are read in the image where neither the rows nor the columns reach beyond its border,
    otherwise from lines.

    The tile is number `tile` of the `tiles` from `first_tile` on, which compute a block of rows in turn.
    Meanwhile the rows of the next block are prefetched, in the order of memory.
    """
    job = record(CHORD_JOB, job_at)
    table, sets, last = workspace + job.table, job.sets, job.n_sets - 1
    second = record(SET, sets + min(last, 1) * _SET)
    samples, result, extent = record(SET, sets), record(SET, sets + last * _SET), wide * job.pixel
    steps, ends, spans = workspace + job.steps, workspace + job.ends, workspace + job.spans
    at, aligned = table + 8 * result.entry, (to | job.target_y) % size_of(kind) == 0
    columns, older, lines = wide + samples.more, samples.depth - 1, workspace + job.lines
    first_row, end_row = job.before_y, job.before_y + job.samples_y
    spare_columns = job.before_x + job.samples_x - x - columns
    inner = x >= job.before_x and spare_columns * job.pixel >= BYTES
    source, new = -1, samples.begin + samples.depth if fresh else begin
    next_row, next_tile = job.ahead_rows + tile * job.block // tiles, tile * job.block % tiles
    for row in range(begin, count):
        advance_entries(word, table, steps, ends, spans, job.entries)
        looked, ahead = False, 0
        if row >= samples.begin:
            p = y + row + samples.lead
            source = row_address(job, image_at, z, 0, p)
            in_place = inner and source >= 0 and first_row + older <= p < end_row
            if in_place:
                newest = source + (x - job.before_x) * job.source_x
                # The samples that second sets read are without gaps from one inner tile to the next. The last
                # tile is not inner. Nor is the first, unless windows have one column, which that set reads.
                looked = how == CHECKED and job.looked >= 0 and row >= second.begin
                if how == CHECKED and not looked:
                    _look(bits, how, job, workspace, newest, columns * job.pixel)
                _point(job, table, newest, job.source_y, 0, 0)
            if not in_place or p + older >= end_row:  # rows beyond the border are in the lines
                _copy(bits, how, job, workspace, source, x, columns, peek(table), row < new)
            if not in_place:
                _point(job, table, peek(table), job.pitch, lines, samples.depth * job.pitch)
        if job.ahead_rows and source >= 0 and row >= 0:
            column = peek(job.tiles + 8 * (first_tile + next_tile)) - job.before_x
            ahead = source + (next_row - row) * job.source_y + column * job.source_x
            next_tile += 1
            if next_tile == tiles:
                next_tile, next_row = 0, next_row + 1
        for i in range(1, last):
            own = record(SET, sets + i * _SET)
            if row >= own.begin:
                whole = ((wide + own.more) * job.pixel + BYTES - 1) // BYTES * BYTES
                line = peek(table + 8 * i)
                if looked and i == 1:
                    flag = workspace + job.aside
                    _extreme_looked(
                        kind, which, how, table + 8 * own.entry, own.count, line, whole, ahead, flag
                    )
                    ahead = 0
                else:
                    extreme_line(kind, which, table + 8 * own.entry, own.count, line, whole)
        if row < 0:
            continue
        place = to + row * job.target_y
        if job.streamed and aligned:
            _streamed(kind, which, at, result.count, place, extent, ahead, workspace + job.spare)
        elif job.ahead_target:
            target = place + job.ahead_target
            extreme_line_ahead(kind, which, at, result.count, place, extent, ahead, target)
        else:
            extreme_line(kind, which, at, result.count, place, extent)


@part
def columns_of(job, to, tile, whole):
    """Return the first column of a tile of an output at address `to`, and the column after its last one.

    If results go past the caches in `whole` cache lines, these are not divided between tiles.
    """
    x, end = peek(job.tiles + 8 * tile), peek(job.tiles + 8 * tile + 8)
    if whole:
        if tile > 0:
            x = _aligned(job, to, x)
        if tile < job.n_tiles - 1:
            end = _aligned(job, to, end)
    return x, end


@part
def _aligned(job, to, x):
    """Return the next column, from `x` on, at which a cache line begins, or `x` if none is near."""
    for column in range(x, x + MOVED // job.pixel + 1):
        if (to + column * job.target_x) % LINE == 0:
            return column
    return x


@Driver
@denormals_as_numbers
def slide_chord_rows(job_at, source_at, target_at, memory, start, stop):
    """Compute rows `start` … `stop`, counted over batch, plane, group of tiles and row in this order.

    job_at: address of the `CHORD_JOB`. source_at, target_at: addresses of the image and the output.
    memory: zeroed workspace, divided as the job says.
    """
    job = record(CHORD_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    for tile in range(job.in_group):
        begin_table(job, workspace + tile * job.tile_space)
    whole = job.streamed and not job.log_units  # bits are written to any part of a cache line
    groups = (job.n_tiles + job.in_group - 1) // job.in_group
    unit = start
    while unit < stop and not peek(workspace + job.flag):  # with the flag, all is computed again
        y, group, z, image = place_of(unit, job.rows, groups, job.planes)
        image_at = source_at + peek(job.batch + 16 * image)
        plane_to = target_at + peek(job.batch + 16 * image + 8) + z * job.target_z
        fresh = unit == start or y == 0
        begin, count = job.begin if fresh else 0, min(job.block, job.rows - y, stop - unit)
        first = group * job.in_group
        tiles = min(job.in_group, job.n_tiles - first)
        for tile in range(tiles):
            x, end = columns_of(job, plane_to, first + tile, whole)
            own = workspace + tile * job.tile_space
            to = plane_to + y * job.target_y + x * job.target_x
            given = job_at, own, image_at, z, y, x, end - x, begin, fresh, count, to, first, tile, tiles
            if job.log_units:
                invoke(3, job.many_rows, given)
            else:
                invoke(5, job.many_rows, given)
            if peek(own + job.flag):
                poke(workspace + job.flag, 1)
        unit += count
    if job.streamed:
        drain()
