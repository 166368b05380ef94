"""The two passes of a guided filter: sums over boxes, down the columns and along the rows.

A pass goes down the rows of a tile of columns. A line contains one segment for each quantity: samples and
products in the first pass, coefficients in the second. Windows are composed of groups of rows and columns,
which are computed once, see `_base/grouping.py`. The order of all sums is that of the window, wherever a
piece starts, and no sum runs on. So a sample that is not finite changes only the windows that contain it.

Sums are float64. A variance is a difference of sums, which cancel far from 0. Where too few digits are left
for results of float32, and for results of float64 everywhere, sums have references: see `guided_merge.py`.

For one channel that is its own guide, each pass has two quantities. A window of 17 is composed of 4 groups
of 4 and a sample: 9 loads and additions for each quantity down, and as many along. Those down come from the
second-level cache, which delivers 32 bytes a cycle. For 8 samples that is 2 * 2 * (9 * 2 + 9 * 1.5) = 126
cycles, and 30 for loads, products, a division and stores: for 3840x2160 0.16e9 cycles, or 62 ms at 2.6 GHz.
Measured for float32: 74 ms of processor time. The sums down take 26, those along 16, and copies 10 (Zen 4).

Four groups of 4 rows are summed together: they read 7 rows, not 16. Processor time of both passes, with four
groups and with one at a time: 44 and 67 ms for windows of 5, and 93 and 101 for windows of 17; with a guide,
152 and 176. Windows of 61 take as long as before, 173 ms (Zen 3, one thread).
"""

import numpy as np

from imfilter._filters.edge_preserving.kernels.guided_fit import (
    MERGED,
    SECOND,
    results,
    results_grey,
    solve,
    solve_grey,
)
from imfilter._filters.edge_preserving.kernels.guided_merge import merge_grey, merge_parts, row_record
from imfilter._filters.edge_preserving.kernels.guided_rows import ROWS, four_lines, four_samples
from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, inlined, kernel, nested
from imfilter._simd.lanewise import fma
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import invoke, load, peek, poke, record, size_of, splat, store

#: Addresses of lists of addresses: the channels of the image and of the guide, and of what the pass writes.
#: Their numbers. `own`: whether the image is the guide. `grey`: whether it is and has one channel whose
#: samples are all present. Address of how much samples count, or 0. The planes of coefficients, and their
#: distance in bytes. Batch elements, planes and rows of results. Distances of batch elements, planes and
#: rows of samples, of coefficients and of the results of the pass, in elements; the distance of the first
#: result from the first sample, and the same for coefficients. The window: planes, rows, columns, distance
#: of columns. Tiles of columns: starts, and the end of the last. Tables of groups of rows and columns, see
#: `LEVEL`. The workspace: quantities, those of them that are sums and not references, the pitch of a segment
#: and of a line in bytes, and memory for vectors and for addresses of parts. `flag` is the address of what
#: is set to 1 if variances lack digits. `fill`: only fits that are NaN are written. `relative`: constants
#: are relative to references, which are written, too.
GUIDED_JOB = np.dtype(
    [
        *(
            (name, np.int64)
            for name in (
                *(
                    "images",
                    "guides",
                    "to",
                    "n_images",
                    "n_guides",
                    "own",
                    "grey",
                    "counts",
                    "flag",
                    "fill",
                    "relative",
                    "planes",
                    "plane",
                ),
                *("batch", "depth", "rows", "image_b", "image_z", "image_y", "plane_b", "plane_z", "plane_y"),
                *("to_b", "to_z", "to_y", "centre", "taps_z", "taps_y", "taps_x", "beside", "tiles"),
                *("n_tiles", "down", "n_down", "down_parts", "along", "n_along", "along_parts"),
                *("workspace", "quantities", "sums", "segment", "pitch", "stage", "spots", "kernel"),
            )
        ),
        ("taps", np.float64),
        ("eps", np.float64),
    ]
)
#: Fields of a level, 8 bytes each: its length, its number of parts, its first part, the offset of its lines
#: in the workspace, and their number. Level 0 is that of single rows, or of the line to sum.
LEVEL = 5
#: Fields of a part: its level, and its first row or column.
PART = 2
_F64 = np.dtype(np.float64)


@inlined
def _put(at, value, more):
    """Write a vector, or add it to what is there."""
    store(at, _F64, value + load(_F64, at, _F64) if more else value)


@nested
def _products(real, job, at, to, wide, more):
    """Write samples of guide and image, the products of both, and how much samples count."""
    size, segment, guides, images = size_of(real), job.segment, job.n_guides, job.n_images
    for i in range(0, wide, BYTES // 8):
        here, place = at + size * i, to + 8 * i
        count = splat(_F64, 1.0)
        if job.counts:
            count = load(_F64, job.counts + here, real)
        pair = place + segment * (guides if job.own else guides + images)
        for c in range(guides):
            u = load(_F64, peek(job.guides + 8 * c) + here, real) * count
            _put(place + segment * c, u, more)
            for d in range(c, guides):
                _put(pair, u * load(_F64, peek(job.guides + 8 * d) + here, real), more)
                pair += segment
        if not job.own:
            for j in range(images):
                v = load(_F64, peek(job.images + 8 * j) + here, real) * count
                _put(place + segment * (guides + j), v, more)
                for c in range(guides):
                    _put(pair, v * load(_F64, peek(job.guides + 8 * c) + here, real), more)
                    pair += segment
        if job.counts:
            _put(pair, count, more)


@nested
def _coefficients(job, at, to, wide, more):
    """Write a row of all coefficients."""
    for q in range(job.quantities):
        start, place = job.planes + job.plane * q + at, to + job.segment * q
        for i in range(0, wide, BYTES // 8):
            _put(place + 8 * i, load(_F64, start + 8 * i, _F64), more)


@nested
def _sum_columns(real, form, job, level, line, to):
    """Write the sums along the rows of a group of columns, of all quantities."""
    entry, spots = job.along + 8 * LEVEL * level, job.spots
    part, n_parts = job.along_parts + 8 * PART * peek(entry + 16), peek(entry + 8)
    for number in range(n_parts):
        of = part + 8 * PART * number
        below = job.along + 8 * LEVEL * peek(of)
        base = job.workspace + peek(below + 24) if peek(of) else line
        poke(spots + 8 * number, base + 8 * job.beside * peek(of + 8))
        if form & MERGED:
            poke(spots + 8 * (n_parts + number), job.taps_z * job.taps_y * peek(below))
    if form & MERGED:
        if job.grey:
            last = spots + 8 * n_parts
            merge_grey(real, form & SECOND, job, spots, last, last, to, job.segment)
        else:
            merge_parts(form & SECOND, job, spots, n_parts, to, job.segment)
        return
    for i in range(0, job.segment * job.quantities, BYTES):
        total = load(_F64, peek(spots) + i, _F64)
        for spot in range(spots + 8, spots + 8 * n_parts, 8):
            total = total + load(_F64, peek(spot) + i, _F64)
        store(to + i, _F64, total)


@inlined
def _sum_lines(job, spots, end, last, to, wide, far):
    """Write the sums of lines in the workspace and, from `end` on, of rows of planes `far` bytes apart."""
    for q in range(job.quantities):
        shift, beyond = job.segment * q, far * q
        for i in range(0, 8 * wide, BYTES):
            total = splat(_F64, 0.0)
            for spot in range(spots, end, 8):
                total = total + load(_F64, peek(spot) + shift + i, _F64)
            for spot in range(end, last, 8):
                total = total + load(_F64, peek(spot) + beyond + i, _F64)
            store(to + shift + i, _F64, total)


@inlined
def _sum_samples(real, job, spots, end, last, to, wide):
    """Write the sums of lines and, from `end` on, of rows of samples and of their squares."""
    segment = job.segment
    for i in range(0, 8 * wide, BYTES):
        total = splat(_F64, 0.0)
        squares = total
        for spot in range(spots, end, 8):
            line = peek(spot) + i
            total = total + load(_F64, line, _F64)
            squares = squares + load(_F64, line + segment, _F64)
        for spot in range(end, last, 8):
            u = load(_F64, peek(spot) + i * size_of(real) // 8, real)
            total = total + u
            squares = fma(u, u, squares)
        store(to + i, _F64, total)
        store(to + segment + i, _F64, squares)


@inlined
def _sum_pairs(real, job, spots, end, last, to, wide):
    """Write the sums of lines and, from `end` on, of rows of a guide and an image and of their products."""
    segment, apart = job.segment, peek(job.images) - peek(job.guides)
    for i in range(0, 8 * wide, BYTES):
        total = splat(_F64, 0.0)
        other, squares, products = total, total, total
        for spot in range(spots, end, 8):
            line = peek(spot) + i
            total = total + load(_F64, line, _F64)
            other = other + load(_F64, line + segment, _F64)
            squares = squares + load(_F64, line + 2 * segment, _F64)
            products = products + load(_F64, line + 3 * segment, _F64)
        for spot in range(end, last, 8):
            place = peek(spot) + i * size_of(real) // 8
            u, v = load(_F64, place, real), load(_F64, place + apart, real)
            total, other = total + u, other + v
            squares, products = fma(u, u, squares), fma(u, v, products)
        store(to + i, _F64, total)
        store(to + segment + i, _F64, other)
        store(to + 2 * segment + i, _F64, squares)
        store(to + 3 * segment + i, _F64, products)


@nested
def _sum_rows(real, form, job, level, row, source, step, to, wide):
    """Write the sums of a group of rows.

    Single rows are at `source`, at a distance of `step` bytes: samples or coefficients. If `source` is 0,
    they are in the workspace, as groups are.
    """
    entry, spots = job.down + 8 * LEVEL * level, job.spots
    part, n_parts = job.down_parts + 8 * PART * peek(entry + 16), peek(entry + 8)
    last = spots + 8 * n_parts
    singles, end = last, spots
    for number in range(n_parts):  # first, because a remainder takes as long as four additions
        of = part + 8 * PART * number
        below, at = job.down + 8 * LEVEL * peek(of), row + peek(of + 8)
        if source and peek(of) == 0:
            singles -= 8
            poke(singles, source + step * at)
        else:
            if form & MERGED:
                poke(last + end - spots, job.taps_z * peek(below))
            poke(end, job.workspace + peek(below + 24) + job.pitch * (at % peek(below + 32)))
            end += 8
    if form & MERGED and job.grey:
        merge_grey(real, form & SECOND, job, spots, end, last, to, 8 * wide)
    elif form & MERGED:
        merge_parts(form & SECOND, job, spots, n_parts, to, 8 * wide)
    elif form & SECOND or not source:
        _sum_lines(job, spots, end, last, to, wide, job.plane)
    elif job.own:
        _sum_samples(real, job, spots, end, last, to, wide)
    else:
        _sum_pairs(real, job, spots, end, last, to, wide)


@inlined
def _line_of(job, level, row):
    """Return the address of the line of a group of rows that starts with a row."""
    entry = job.down + 8 * LEVEL * level
    return job.workspace + peek(entry + 24) + job.pitch * (row % peek(entry + 32))


@nested
def _four_groups(real, form, job, newest, source, step, wide):
    """Write the groups of single rows that end with a row and the three after it."""
    rows, to = peek(job.down + 8 * LEVEL), job.spots
    for number in range(ROWS):
        poke(to + 8 * number, _line_of(job, 1, newest - rows + 1 + number))
    last = source + step * newest
    if form & SECOND:
        four_lines(job, last, step, rows, to, wide)
    elif job.own:
        four_samples(real, job.segment, last, 0, step, rows, to, wide, 0x100)
    else:
        apart = peek(job.images) - peek(job.guides)
        four_samples(real, job.segment, last, 0, step, rows, to, wide, 0x200)
        four_samples(real, job.segment, last, apart, step, rows, to, wide, 0x301)


@nested
def _groups_of_row(real, form, job, newest, source, step, wide, known):
    """Write the groups of rows that end with a row, and the sums along the last. Return their address.

    known: whether the group of single rows is written already.
    """
    line = job.workspace
    for level in range(1, job.n_down):
        row = newest - peek(job.down + 8 * LEVEL * level) + 1
        if row >= 0:
            line = _line_of(job, level, row)
            if level > 1 or not known:
                _sum_rows(real, form, job, level, row, source, step, line, wide)
    to = line
    if newest >= job.taps_y - 1:
        for level in range(1, job.n_along):
            to = job.workspace + peek(job.along + 8 * LEVEL * level + 24)
            _sum_columns(real, form, job, level, line, to)
    return to


@nested
def _single_row(real, form, job, at, row, wide):
    """Write a single row of a tile to the workspace, summed over the planes of the window."""
    step = job.plane_z if form & SECOND else job.image_z
    if form & MERGED:
        row_record(real, form & SECOND, job, at, step, job.taps_z, row, wide)
        return
    for k in range(job.taps_z):
        if form & SECOND:
            _coefficients(job, 8 * (at + k * step), row, wide, k > 0)
        else:
            _products(real, job, size_of(real) * (at + k * step), row, wide, k > 0)


@kernel("real", "form")
def box_pass(real, form, job_at):
    """Run the first or the second pass over a piece. form: see `guided_fit.SECOND`."""
    job = record(GUIDED_JOB, job_at)
    size, lanes = size_of(real), BYTES // 8
    to_size = size if form & SECOND else 8
    ring, kept = job.workspace + peek(job.down + 24), peek(job.down + 32)
    grey = job.n_guides * job.n_images == 1 and not job.counts and not form & MERGED
    direct = job.taps_z == 1 and (form & SECOND or grey)
    if form & MERGED:
        direct = job.taps_z == 1 and job.grey
    single = peek(job.down + 8 * LEVEL)  # rows of a group of single rows
    four = direct and not form & MERGED and single >= ROWS
    for plane in range(job.batch * job.depth):
        b, z = plane // job.depth, plane % job.depth
        for tile in range(job.n_tiles):
            first = peek(job.tiles + 8 * tile)
            count = peek(job.tiles + 8 * tile + 8) - first
            wide = count + (job.taps_x - 1) * job.beside
            source, step = 0, 8 * job.plane_y if form & SECOND else size * job.image_y
            if direct:
                if form & SECOND:
                    source = job.planes + 8 * (b * job.plane_b + z * job.plane_z + first)
                else:
                    source = peek(job.guides) + size * (b * job.image_b + z * job.image_z + first)
            known, n_rows = -1, job.rows + job.taps_y - 1
            for newest in range(n_rows):
                if not direct:
                    at = b * job.image_b + z * job.image_z + newest * job.image_y + first
                    if form & SECOND:
                        at = b * job.plane_b + z * job.plane_z + newest * job.plane_y + first
                    _single_row(real, form, job, at, ring + job.pitch * (newest % kept), wide)
                if four and newest > known and newest + 1 >= single and newest + ROWS <= n_rows:
                    _four_groups(real, form, job, newest, source, step, wide)
                    known = newest + ROWS - 1
                line = _groups_of_row(real, form, job, newest, source, step, wide, newest <= known)
                y = newest - job.taps_y + 1
                if y < 0:
                    continue
                at = b * job.image_b + z * job.image_z + y * job.image_y + first + job.centre
                to = to_size * (b * job.to_b + z * job.to_z + y * job.to_y + first)
                if grey and form & SECOND:
                    results_grey(real, job, line, size * at, to, count)
                elif grey:
                    solve_grey(job, line, to, count)
                else:
                    for block in range((count + lanes - 1) // lanes):
                        i = min(block * lanes, max(count - lanes, 0))
                        if form & SECOND:
                            results(real, form, job, line, i, size * (at + i), to, count)
                        else:
                            solve(form, job, line, i, size * (at + i), real, to, count)


@Driver
@denormals_as_zeros
def run_pass(job_at):
    """Run the kernel of a job."""
    invoke(2, record(GUIDED_JOB, job_at).kernel, (job_at,))
