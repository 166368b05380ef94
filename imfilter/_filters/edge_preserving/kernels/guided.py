"""The two passes of a guided filter: sums over boxes, down the columns and along the rows.

A pass goes down the rows of a tile of columns. A line contains one segment for each quantity: samples and
products in the first pass, coefficients in the second. Windows are composed of groups of rows and columns,
which are computed once, see `_base/grouping.py`. The order of all sums is that of the window, wherever a
piece starts, and no sum runs on. So a sample that is not finite changes only the windows that contain it.

Sums are float64. A reference near the samples is subtracted from them first, because a variance is a
difference of means, which a common offset would cancel.

For one channel that is its own guide, each pass has two quantities. A window of 17 is composed of 4 groups
of 4 and a sample: 9 loads and additions for each quantity down, and as many along. Those down come from the
second-level cache, which delivers 32 bytes a cycle. For 8 samples that is 2 * 2 * (9 * 2 + 9 * 1.5) = 126
cycles, and 30 for loads, products, a division and stores: for 3840x2160 0.16e9 cycles, or 62 ms at 2.6 GHz.
Measured for float32: 74 ms of processor time. The sums down take 26, those along 16, and copies 10 (Zen 4).
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, inlined, kernel
from imfilter._simd.lanewise import fma, larger, where
from imfilter._simd.lines import copy
from imfilter._simd.vector import BYTES, invoke, load, load_one, peek, poke, record, size_of, splat, store

#: Addresses of lists of addresses: the channels of the image and of the guide, and of what the pass writes.
#: Their numbers. `own`: whether the image is the guide. Addresses of how much samples count, or 0, and of the
#: references of guide and image. The planes of coefficients, and their distance in bytes. Batch elements,
#: planes and rows of results. Distances of batch elements, planes and rows of samples, of coefficients and of
#: the results of the pass, in elements; the distance of the first result from the first sample, and the same
#: for coefficients. The window: planes, rows, columns, distance of columns. Tiles of columns: starts, and the
#: end of the last. Tables of groups of rows and columns, see `LEVEL`. The workspace: quantities, the pitch of
#: a segment and of a line in bytes, and memory for vectors and for addresses of parts.
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
                    "counts",
                    "references",
                    "planes",
                    "plane",
                ),
                *("batch", "depth", "rows", "image_b", "image_z", "image_y", "plane_b", "plane_z", "plane_y"),
                *("to_b", "to_z", "to_y", "centre", "taps_z", "taps_y", "taps_x", "beside", "tiles"),
                *("n_tiles", "down", "n_down", "down_parts", "along", "n_along", "along_parts"),
                *("workspace", "quantities", "segment", "pitch", "stage", "spots", "kernel"),
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


@inlined
def _sample(real, job, channels, reference, channel, at):
    """Return samples of a channel minus its reference."""
    u = load(_F64, peek(channels + 8 * channel) + at, real)
    return u - splat(_F64, load_one(_F64, job.references + 8 * (reference + channel), _F64))


@inlined
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
            u = _sample(real, job, job.guides, 0, c, here) * count
            _put(place + segment * c, u, more)
            for d in range(c, guides):
                _put(pair, u * _sample(real, job, job.guides, 0, d, here), more)
                pair += segment
        if not job.own:
            for j in range(images):
                v = _sample(real, job, job.images, guides, j, here) * count
                _put(place + segment * (guides + j), v, more)
                for c in range(guides):
                    _put(pair, v * _sample(real, job, job.guides, 0, c, here), more)
                    pair += segment
        if job.counts:
            _put(pair, count, more)


@inlined
def _coefficients(job, at, to, wide, more):
    """Write a row of all coefficients."""
    for q in range(job.quantities):
        start, place = job.planes + job.plane * q + at, to + job.segment * q
        for i in range(0, wide, BYTES // 8):
            _put(place + 8 * i, load(_F64, start + 8 * i, _F64), more)


@inlined
def _sum_columns(job, level, to):
    """Write the sums along the rows of a group of columns, of all quantities."""
    entry, spots = job.along + 8 * LEVEL * level, job.spots
    part, n_parts = job.along_parts + 8 * PART * peek(entry + 16), peek(entry + 8)
    for number in range(n_parts):
        of = part + 8 * PART * number
        line = job.workspace + peek(job.along + 8 * LEVEL * peek(of) + 24)
        poke(spots + 8 * number, line + 8 * job.beside * peek(of + 8))
    for i in range(0, job.segment * job.quantities, BYTES):
        total = load(_F64, peek(spots) + i, _F64)
        for spot in range(spots + 8, spots + 8 * n_parts, 8):
            total = total + load(_F64, peek(spot) + i, _F64)
        store(to + i, _F64, total)


@inlined
def _sum_rows(real, second, job, level, row, source, step, to, wide):
    """Write the sums of a group of rows.

    Single rows are at `source`, at a distance of `step` bytes: samples or coefficients. If `source` is 0,
    they are in the workspace, as groups are.
    """
    entry, spots = job.down + 8 * LEVEL * level, job.spots
    part, n_parts = job.down_parts + 8 * PART * peek(entry + 16), peek(entry + 8)
    singles = spots + 8 * n_parts
    end = spots
    for number in range(n_parts):  # first, because a remainder takes as long as four additions
        of = part + 8 * PART * number
        below, at = job.down + 8 * LEVEL * peek(of), row + peek(of + 8)
        if source and peek(of) == 0:
            singles -= 8
            poke(singles, source + step * at)
        else:
            poke(end, job.workspace + peek(below + 24) + job.pitch * (at % peek(below + 32)))
            end += 8
    last = spots + 8 * n_parts
    zero = splat(_F64, 0.0)
    if second or not source:
        for q in range(job.quantities):
            shift, far = job.segment * q, job.plane * q
            for i in range(0, 8 * wide, BYTES):
                total = zero
                for spot in range(spots, end, 8):
                    total = total + load(_F64, peek(spot) + shift + i, _F64)
                for spot in range(singles, last, 8):
                    total = total + load(_F64, peek(spot) + far + i, _F64)
                store(to + shift + i, _F64, total)
    else:
        reference, segment = splat(_F64, load_one(_F64, job.references, _F64)), job.segment
        for i in range(0, 8 * wide, BYTES):
            total, squares = zero, zero
            for spot in range(spots, end, 8):
                line = peek(spot) + i
                total = total + load(_F64, line, _F64)
                squares = squares + load(_F64, line + segment, _F64)
            for spot in range(singles, last, 8):
                u = load(_F64, peek(spot) + i * size_of(real) // 8, real) - reference
                total = total + u
                squares = fma(u, u, squares)
            store(to + i, _F64, total)
            store(to + segment + i, _F64, squares)


@inlined
def _groups_of_row(real, second, job, newest, source, step, wide):
    """Write the groups of rows that end with a row, and the sums along the last. Return their address."""
    to = job.workspace
    for level in range(1, job.n_down):
        entry = job.down + 8 * LEVEL * level
        row = newest - peek(entry) + 1
        if row >= 0:
            to = job.workspace + peek(entry + 24) + job.pitch * (row % peek(entry + 32))
            _sum_rows(real, second, job, level, row, source, step, to, wide)
    if newest >= job.taps_y - 1:
        for level in range(1, job.n_along):
            to = job.workspace + peek(job.along + 8 * LEVEL * level + 24)
            _sum_columns(job, level, to)
    return to


@inlined
def _pair_at(guides, c, d):
    """Return the number of a product of two channels of the guide."""
    return c * guides - c * (c - 1) // 2 + d - c


@inlined
def _solve(job, line, i, at, real, to, wide):
    """Write the coefficients of each window: those of the guide, and the constant, for each channel.

    (Cov + eps) a = cov, by the factors L D L' of the matrix. No pivot of it is less than eps.
    """
    guides, images, segment, stage, lanes = job.n_guides, job.n_images, job.segment, job.stage, BYTES // 8
    here, eps, zero = line + 8 * i, splat(_F64, job.eps), splat(_F64, 0.0)
    pairs = here + segment * (guides if job.own else guides + images)
    crosses = pairs + segment * (guides * (guides + 1) // 2)
    inverse, count = splat(_F64, 1.0 / job.taps), splat(_F64, 1.0)
    total = count
    if job.counts:
        total = load(_F64, here + segment * (job.quantities - 1), _F64)
        inverse = 1.0 / total
        count = load(_F64, job.counts + at, real)
    sides = stage + BYTES * guides * guides
    for c in range(guides):
        mean = load(_F64, here + segment * c, _F64) * inverse
        for d in range(c, guides):
            other = load(_F64, here + segment * d, _F64) * inverse
            product = load(_F64, pairs + segment * _pair_at(guides, c, d), _F64) * inverse
            found = fma(-mean, other, product)
            if c == d:
                found = larger(found, zero) + eps
            store(stage + BYTES * (c * guides + d), _F64, found)
        for j in range(images):
            if job.own:
                low, high = min(c, j), max(c, j)
                other = load(_F64, here + segment * j, _F64) * inverse
                product = load(_F64, pairs + segment * _pair_at(guides, low, high), _F64) * inverse
            else:
                other = load(_F64, here + segment * (guides + j), _F64) * inverse
                product = load(_F64, crosses + segment * (j * guides + c), _F64) * inverse
            found = fma(-mean, other, product)
            if job.own and c == j:
                found = larger(found, zero)
            store(sides + BYTES * (j * guides + c), _F64, found)
    for c in range(guides):
        row = stage + BYTES * c * guides
        pivot = 1.0 / larger(load(_F64, row + BYTES * c, _F64), eps)
        store(row + BYTES * c, _F64, pivot)
        for d in range(c + 1, guides):
            factor = load(_F64, row + BYTES * d, _F64) * pivot
            for e in range(d, guides):
                place = stage + BYTES * (d * guides + e)
                store(place, _F64, fma(-factor, load(_F64, row + BYTES * e, _F64), load(_F64, place, _F64)))
            for j in range(images):
                place = sides + BYTES * (j * guides + d)
                first = load(_F64, sides + BYTES * (j * guides + c), _F64)
                store(place, _F64, fma(-factor, first, load(_F64, place, _F64)))
    for j in range(images):
        own = j if job.own else guides + j
        mean = load(_F64, here + segment * own, _F64) * inverse
        rest = mean
        for back in range(guides):
            c = guides - 1 - back
            row, place = stage + BYTES * c * guides, sides + BYTES * (j * guides + c)
            found = load(_F64, place, _F64)
            for d in range(c + 1, guides):
                after = load(_F64, sides + BYTES * (j * guides + d), _F64)
                found = fma(-load(_F64, row + BYTES * d, _F64), after, found)
            found = found * load(_F64, row + BYTES * c, _F64)
            store(place, _F64, found)
            rest = fma(-found, load(_F64, here + segment * c, _F64) * inverse, rest)
        store(sides + BYTES * (images * guides + j), _F64, rest)
        store(sides + BYTES * (images * (guides + 1) + 1 + j), _F64, mean)
    store(sides + BYTES * images * (guides + 1), _F64, count)
    store(sides + BYTES * (images * (guides + 2) + 1), _F64, total)
    n_summed = images * (guides + 1)
    for q in range(images * (guides + 2) + 2 if job.counts else n_summed):
        found = load(_F64, sides + BYTES * q, _F64)
        if job.counts and q < n_summed:
            found = where(count > zero, found * count, 0.0)
        place = peek(job.to + 8 * q) + to
        if wide < lanes:
            store(stage, _F64, found)
            copy(_F64, place + 8 * i, stage, wide)
        else:
            store(place + 8 * i, _F64, found)


@inlined
def _solve_grey(job, line, i, to, wide):
    """Do what `_solve` does for one channel that is its own guide, whose samples are all present."""
    here, inverse = line + 8 * i, splat(_F64, 1.0 / job.taps)
    mean = load(_F64, here, _F64) * inverse
    product = load(_F64, here + job.segment, _F64) * inverse
    variance = larger(fma(-mean, mean, product), splat(_F64, 0.0))
    slope = variance / (variance + splat(_F64, job.eps))
    constant = fma(-slope, mean, mean)
    if wide < BYTES // 8:
        store(job.stage, _F64, slope)
        copy(_F64, peek(job.to) + to, job.stage, wide)
        store(job.stage, _F64, constant)
        copy(_F64, peek(job.to + 8) + to, job.stage, wide)
    else:
        store(peek(job.to) + to + 8 * i, _F64, slope)
        store(peek(job.to + 8) + to + 8 * i, _F64, constant)


@inlined
def _results(real, job, line, i, at, to, wide):
    """Write the results: coefficients times the guide."""
    guides, images, segment = job.n_guides, job.n_images, job.segment
    here, inverse = line + 8 * i, splat(_F64, 1.0 / job.taps)
    if job.counts:
        inverse = 1.0 / load(_F64, here + segment * (job.quantities - 1), _F64)
    for j in range(images):
        found = load(_F64, here + segment * (images * guides + j), _F64) * inverse
        for c in range(guides):
            factor = load(_F64, here + segment * (j * guides + c), _F64) * inverse
            found = fma(factor, _sample(real, job, job.guides, 0, c, at), found)
        found = found + splat(_F64, load_one(_F64, job.references + 8 * (guides + j), _F64))
        place = peek(job.to + 8 * j) + to
        if wide < BYTES // 8:
            store(job.stage, real, found)
            copy(real, place, job.stage, wide)
        else:
            store(place + size_of(real) * i, real, found)


@kernel("real", "second")
def box_pass(real, second, job_at):
    """Run the first or the second pass over a piece."""
    job = record(GUIDED_JOB, job_at)
    size, lanes = size_of(real), BYTES // 8
    to_size = size if second else 8
    ring, kept = job.workspace + peek(job.down + 24), peek(job.down + 32)
    grey = job.own and job.n_guides == 1 and not job.counts
    direct = job.taps_z == 1 and (second or grey)
    for plane in range(job.batch * job.depth):
        b, z = plane // job.depth, plane % job.depth
        for tile in range(job.n_tiles):
            first = peek(job.tiles + 8 * tile)
            count = peek(job.tiles + 8 * tile + 8) - first
            wide = count + (job.taps_x - 1) * job.beside
            source, step = 0, 8 * job.plane_y if second else size * job.image_y
            if direct:
                if second:
                    source = job.planes + 8 * (b * job.plane_b + z * job.plane_z + first)
                else:
                    source = peek(job.images) + size * (b * job.image_b + z * job.image_z + first)
            for newest in range(job.rows + job.taps_y - 1):
                row = ring + job.pitch * (newest % kept)
                for k in range(0 if direct else job.taps_z):
                    if second:
                        at = b * job.plane_b + (z + k) * job.plane_z + newest * job.plane_y + first
                        _coefficients(job, 8 * at, row, wide, k > 0)
                    else:
                        at = b * job.image_b + (z + k) * job.image_z + newest * job.image_y + first
                        _products(real, job, size * at, row, wide, k > 0)
                line, y = (
                    _groups_of_row(real, second, job, newest, source, step, wide),
                    newest - job.taps_y + 1,
                )
                if y < 0:
                    continue
                at = b * job.image_b + z * job.image_z + y * job.image_y + first + job.centre
                to = to_size * (b * job.to_b + z * job.to_z + y * job.to_y + first)
                for block in range((count + lanes - 1) // lanes):
                    i = min(block * lanes, max(count - lanes, 0))
                    if second:
                        _results(real, job, line, i, size * (at + i), to, count)
                    elif grey:
                        _solve_grey(job, line, i, to, count)
                    else:
                        _solve(job, line, i, size * (at + i), real, to, count)


@Driver
@denormals_as_zeros
def run_pass(job_at):
    """Run the kernel of a job."""
    invoke(2, record(GUIDED_JOB, job_at).kernel, (job_at,))
