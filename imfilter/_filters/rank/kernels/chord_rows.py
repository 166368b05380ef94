"""Minima and maxima in footprints of one plane: all rows of a tile in one call.

If sets are few, tiles are narrow, and their lines stay in the first-level cache. A call for each row would
take longer than this saves: 200 cycles for the 20 vectors of a row, of which each takes 30.
"""

from imfilter._filters.rank.kernels.chords import (
    CHORD_JOB,
    SET,
    advance_entries,
    chosen,
    extreme_line,
    extreme_line_ahead,
    extreme_vector,
    row_address,
)
from imfilter._filters.rank.kernels.ordered_keys import checked_keys
from imfilter._simd.jit import inlined, kernel, part
from imfilter._simd.lines import inner_columns
from imfilter._simd.prefetch import prefetch
from imfilter._simd.registers import BYTES, LINE, REGISTERS
from imfilter._simd.streaming import stream
from imfilter._simd.vector import (
    invoke,
    load,
    load_like,
    move_one,
    peek,
    record,
    size_of,
    splat_register,
    store,
)

_SET = SET.itemsize
_REGISTER = BYTES // REGISTERS


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
def _register(kind, which, at, count, x):
    """Return the minima (or maxima) of one register of each line; see `extreme_vector`."""
    zero = splat_register(kind, kind.type(0))
    found = load_like(zero, peek(at) + x, kind)
    for i in range(1, count):
        found = chosen(which, found, load_like(zero, peek(at + 8 * i) + x, kind))
    return found


@inlined
def _part_of_line(kind, which, at, count, first, extent, to, spare):
    """Write results to a part of a cache line, from `first` to before `extent`, and nothing beside it."""
    for i in range(0, LINE, _REGISTER):
        store(spare + i, kind, _register(kind, which, at, count, first + i))
    for i in range(0, extent - first, size_of(kind)):
        move_one(to + first + i, spare + i, kind)


@inlined
def _streamed(kind, which, at, count, to, extent, ahead, spare):
    """Do what `extreme_ahead` does, with results past the caches. The address `to` is that of an element.

    No cache line is written in both ways. That took three times as long.
    """
    x = min(-to % LINE, extent)
    if x:
        _part_of_line(kind, which, at, count, 0, x, to, spare)
    while x + BYTES <= extent:
        if ahead:
            for i in range(0, BYTES, LINE):
                prefetch(ahead + x + i, 0)
        stream(to + x, kind, extreme_vector(kind, which, at, count, x))
        x += BYTES
    while x + LINE <= extent:
        for i in range(x, x + LINE, _REGISTER):
            stream(to + i, kind, _register(kind, which, at, count, i))
        x += LINE
    if x < extent:
        _part_of_line(kind, which, at, count, x, extent, to, spare)


@kernel("kind", "bits", "word", "which", "how")
def extreme_rows(kind, bits, word, which, how, job_at, workspace, image_at, z, y, x, wide, begin, count, to):
    """Compute the minima (or maxima) of `count` rows from row `y` on, of the tile from column `x` on.

    All sets but the first are minima (or maxima) of others. `bits` is the type of the keys of samples, `word`
    that of addresses, and `how` as in `fetch_keys`. Rows of sets begin with those of the output `begin`,
    counted from `y`. `to` is the address of the first result.
    """
    job = record(CHORD_JOB, job_at)
    table, sets, last = workspace + job.table, job.sets, job.n_sets - 1
    samples, result, extent = record(SET, sets), record(SET, sets + last * _SET), wide * job.pixel
    steps, ends, spans = workspace + job.steps, workspace + job.ends, workspace + job.spans
    at, aligned = table + 8 * result.entry, (to | job.target_y) % size_of(kind) == 0
    further = (x - job.before_x) * job.source_x + job.ahead_source
    ahead, new = 0, samples.begin + samples.depth
    for row in range(begin, count):
        advance_entries(word, table, steps, ends, spans, job.entries)
        if row >= samples.begin:
            source = row_address(job, image_at, z, 0, y + row + samples.lead)
            _copy(bits, how, job, workspace, source, x, wide + samples.more, peek(table), row < new)
            ahead = source + further if job.ahead_source and source >= 0 else 0
        for i in range(1, last):
            own = record(SET, sets + i * _SET)
            if row >= own.begin:
                whole = ((wide + own.more) * job.pixel + BYTES - 1) // BYTES * BYTES
                extreme_line(kind, which, table + 8 * own.entry, own.count, peek(table + 8 * i), whole)
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
