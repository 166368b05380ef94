"""Sums over the windows of a bilateral filter in which a weight serves both samples of a pair.

The weight of a sample q in the window of p is that of p in the window of q, bit for bit: the differences are
negatives of each other. So a row computes the weights of the rows below it, and adds each to its own sums and
to those of the other row.

Rows are in the lane layout (see `lane_transpose`): neighbours along a row are in adjacent vectors. So all
loads and stores are aligned, and the lanes of both samples of a pair agree. The samples and sums of the rows
of a window are in the second-level cache. Samples beside a segment compute the weights that belong to sums in
it. The weights of pairs in one row are kept as a line, because a sum must not depend on where vectors begin.

A pair takes 9 operations for the weight and 4 for the sums of both samples: 7 on the multipliers, 5 on the
adders, of which the last step of the power takes two turns, and a permutation, which goes to either. So
vectors of 512 bits take 7 cycles at least. A store takes the place of 1.5 multiply-adds, because both read a
third register through one port. The same operations without dependences take 7.2 cycles. A window of 17 x 17
has 144 pairs, and 5 % more are computed at the ends of segments and pieces: 151 * 7.2 / 16 = 68 cycles for a
sample, 18.6 ns (Zen 4, 3.66 GHz, one thread).

Measured: 24.1 ns for a sample, of which the sums over other rows take 21.5 and the pieces of the image 0.6.
It was 37 when weights were stored and loaded at any offset. It took 2 ns more when the sums of the other row
were loaded and stored for each tap. The rows of the table must not cross cache lines: that took 2 ns more,
too. No gain: to begin a power two taps early. Samples that are multiplied by `scale` before their difference
is taken save a multiplication and 8 % of the time. But they are rounded, so an error would be relative to the
level and not to the contrast.

Sapphire Rapids runs two operations of 512 bits each cycle, and the last step of the power is one of them: 6.5
cycles for a pair, which the loop over the taps reaches. 3840x2160 and 17 x 17 took 257 ms at 2.1 GHz (one
thread, least time), of which that loop took 204, and 270 when a power was begun after the last tap. No gain:
to take the rows below in the inner loop, or to unroll the taps.

With AVX2 alone a pair takes 14 operations for the weight and 5 for the sums. Zen 3 runs four of 256 bits each
cycle: 151 * 19 / 4 / 8 = 90 cycles for a sample, 29 ns at 3.1 GHz. It is measured as 57 ns with
`_add_in_stages`, and 86 with `_add_pairs` and a polynomial. Four loops instead of three take as long.

The order of the sums is that of `bilateral.grey_lines`, and so are the bits.
"""

from imfilter._filters.edge_preserving.kernels.bilateral import BILATERAL_JOB, note
from imfilter._simd.jit import inlined, kernel
from imfilter._simd.lanewise import (
    fma,
    power_halves,
    power_of_halves,
    power_of_parts,
    power_parts,
    pushed,
    upper,
)
from imfilter._simd.registers import BYTES, FEATURES, REGISTERS
from imfilter._simd.vector import (
    invoke,
    load,
    load_like,
    load_registers,
    peek,
    record,
    size_of,
    splat,
    splat_register,
    splat_registers,
    store,
)

_REGISTER = BYTES // REGISTERS


@inlined
def _keep(real, scale, at, shift, table, kept):
    """Write the weights of the samples at a distance on the right. Return the differences and the weights."""
    change = load(real, at + shift, real) - load(real, at, real)
    distance = change * scale
    rest, entry, steps = power_parts(distance, distance, table)
    weight = power_of_parts(rest, entry, steps)
    store(kept, real, weight)
    return change, weight


@inlined
def _add_row(real, at, sums, line, scale, segment, tables, half, kept):
    """Add the taps of the row itself to its sums: at each distance those on the left, then on the right.

    The weights are kept for the samples on the right.
    """
    scale = splat(real, scale)
    for distance in range(1, half + 1):
        table, shift = peek(tables + 16 * distance - 8), _REGISTER * distance
        for i in range(-((distance + REGISTERS - 1) // REGISTERS) * BYTES, 0, BYTES):
            _keep(real, scale, at + i, shift, table, kept + i)
        for i in range(0, _REGISTER * segment, BYTES):
            after, weight = _keep(real, scale, at + i, shift, table, kept + i)
            before = load(real, at + i - shift, real) - load(real, at + i, real)
            earlier = load(real, kept + i - shift, real)
            weights, total = load(real, sums + i, real), load(real, sums + line + i, real)
            store(sums + i, real, weights + earlier + weight)
            store(sums + line + i, real, fma(weight, after, fma(earlier, before, total)))


@inlined
def _parts(change, scale, table):
    """Return the parts of the weights of differences."""
    distance = change * scale
    return power_parts(distance, distance, table)


@inlined
def _add_pairs(real, at, sums, other, others, line, scale, shifts, tables, taps, stage):
    """Add taps of a row below to the sums of two registers, and its samples to the sums of that row.

    The first half of each weight is computed one tap early, so the units do not wait for its second half.
    The next tap reads the neighbours on the left, so a register of the other row stays for two taps.
    """
    scale, own = splat_registers(real, 2, scale), load_registers(real, 2, at, real)
    one = splat_register(real, real.type(0))
    weights, total = load_like(own, sums, real), load_like(own, sums + line, real)
    to = others + peek(shifts)
    samples = load_like(own, other + peek(shifts), real)
    other_weights, other_total = (
        load_like(own, to + _REGISTER, real),
        load_like(own, to + line + _REGISTER, real),
    )
    change = samples - own
    rest, entry, steps = _parts(change, scale, peek(tables))
    for tap in range(taps - 1):
        to = others + peek(shifts + 8 * tap)
        samples = pushed(samples, load_like(one, other + peek(shifts + 8 * tap + 8), real))
        following = samples - own
        next_rest, next_entry, next_steps = _parts(following, scale, peek(tables + 8 * tap + 8))
        weight = power_of_parts(rest, entry, steps)
        other_weights = pushed(other_weights, load_like(one, to, real)) + weight
        other_total = fma(-weight, change, pushed(other_total, load_like(one, to + line, real)))
        store(to + _REGISTER, real, upper(other_weights))
        store(to + line + _REGISTER, real, upper(other_total))
        weights, total = weights + weight, fma(weight, change, total)
        change, rest, entry, steps = following, next_rest, next_entry, next_steps
    to = others + peek(shifts + 8 * taps - 8)
    weight = power_of_parts(rest, entry, steps)
    store(to, real, pushed(other_weights, load_like(one, to, real)) + weight)
    store(to + line, real, fma(-weight, change, pushed(other_total, load_like(one, to + line, real))))
    weights, total = weights + weight, fma(weight, change, total)
    store(sums, real, weights)
    store(sums + line, real, total)


@inlined
def _load_four(real, at):
    """Return four registers."""
    return (
        load_registers(real, 1, at, real),
        load_registers(real, 1, at + _REGISTER, real),
        load_registers(real, 1, at + 2 * _REGISTER, real),
        load_registers(real, 1, at + 3 * _REGISTER, real),
    )


@inlined
def _store_four(real, at, first, second, third, fourth):
    """Store four registers."""
    store(at, real, first)
    store(at + _REGISTER, real, second)
    store(at + 2 * _REGISTER, real, third)
    store(at + 3 * _REGISTER, real, fourth)


@inlined
def _added(real, own, other, place, weights, total, other_weights, other_total):
    """Add a register of samples to the sums of another one, and the other way round. Return the four sums."""
    weight = load_like(weights, place, real)
    change = load_like(weights, other, real) - load_like(weights, own, real)
    total, other_total = fma(weight, change, total), fma(-weight, change, other_total)
    return weights + weight, total, other_weights + weight, other_total


@inlined
def _add_in_stages(real, at, sums, other, others, line, scale, shifts, tables, taps, stage):
    """Do what `_add_pairs` does, for four registers. `stage` is memory for the weights of all taps.

    A loop over the taps computes the first half of their weights, one the second half, and one the sums. The
    last register comes first, so its sums go to memory and those of the others move up without a copy.
    """
    own, factor = load(real, at, real), splat(real, scale)
    first, table = peek(shifts), peek(tables)
    for tap in range(taps):
        change = load(real, other + first - _REGISTER * tap, real) - own
        _, _, exponent = _parts(change, factor, table + size_of(real) * tap)
        rest, power = power_halves(exponent)
        store(stage + 2 * BYTES * tap, real, rest)
        store(stage + 2 * BYTES * tap + BYTES, real, power)
    for tap in range(taps):
        place = stage + 2 * BYTES * tap
        store(place, real, power_of_halves(load(real, place, real), load(real, place + BYTES, real)))
    w0, w1, w2, w3 = _load_four(real, sums)
    t0, t1, t2, t3 = _load_four(real, sums + line)
    _, v0, v1, v2 = _load_four(real, others + first)
    _, u0, u1, u2 = _load_four(real, others + line + first)
    for tap in range(taps):
        to, there = others + first - _REGISTER * tap, other + first - _REGISTER * tap
        place = stage + 2 * BYTES * tap
        a, b, c = _REGISTER, 2 * _REGISTER, 3 * _REGISTER
        w3, t3, weights, total = _added(real, at + c, there + c, place + c, w3, t3, v2, u2)
        store(to + c, real, weights)
        store(to + c + line, real, total)
        w2, t2, v2, u2 = _added(real, at + b, there + b, place + b, w2, t2, v1, u1)
        w1, t1, v1, u1 = _added(real, at + a, there + a, place + a, w1, t1, v0, u0)
        v0, u0 = load_like(w0, to, real), load_like(w0, to + line, real)
        w0, t0, v0, u0 = _added(real, at, there, place, w0, t0, v0, u0)
    last = others + first - _REGISTER * (taps - 1)
    store(last, real, v0)
    store(last + line, real, u0)
    store(last + _REGISTER, real, v1)
    store(last + line + _REGISTER, real, u1)
    store(last + 2 * _REGISTER, real, v2)
    store(last + line + 2 * _REGISTER, real, u2)
    _store_four(real, sums, w0, w1, w2, w3)
    _store_four(real, sums + line, t0, t1, t2, t3)


#: AVX2 has 16 registers, so `_add_pairs` keeps sums in memory. And the processor looks about 64 operations
#: ahead, which is less than the chain of the dependent operations of a few weights.
_STAGED = bool(FEATURES.get("avx2")) and not FEATURES.get("avx512f")
_add_taps = _add_in_stages if _STAGED else _add_pairs
#: Registers to which taps are added at once.
_STEP = 4 if _STAGED else 2


@inlined
def _enter(real, job, start, samples, sums):
    """Distribute a row over lanes, and begin its sums with the sample itself.

    They are NaN where a sample is not finite.
    """
    size, reach, zero = size_of(real), job.reach, splat(real, real.type(0))
    invoke(1, job.to_lanes, (
        start - size * reach, size * job.segment, job.segment + 2 * reach, job.line_places,
        samples - _REGISTER * reach, _REGISTER // size))  # fmt: skip
    rest, entry, steps = power_parts(zero, zero, peek(job.weights))
    weight = power_of_parts(rest, entry, steps)
    for i in range(0, _REGISTER * job.segment, BYTES):
        own = load(real, samples + i, real)
        store(sums + i, real, own - own + weight)
        store(sums + job.line + i, real, own - own)


@inlined
def _leave(real, job, samples, sums, to):
    """Write the results of a row."""
    for i in range(0, _REGISTER * job.segment, BYTES):
        mean = load(real, sums + job.line + i, real) / load(real, sums + i, real)
        mean = load(real, samples + i, real) + mean
        note(real, job, mean)
        store(sums + i, real, mean)
    invoke(1, job.join, (sums, job.segment, job.lane_places, to, _REGISTER // size_of(real)))


@kernel("real")
def paired_lines(real, job_at):
    """Filter lines of an image of one channel that is its own guide, whose samples are all present."""
    job = record(BILATERAL_JOB, job_at)
    size, groups, segment = size_of(real), job.groups, job.segment
    tile, cycle = segment * (_REGISTER // size), groups + 1
    shifts, tables, line_bytes, scale = job.shifts, job.weights, job.line, real.type(job.scale)
    n_tiles = (job.count + tile - 1) // tile
    ring = job.memory + job.margin
    all_sums, kept = ring + cycle * job.line, ring + 3 * cycle * job.line
    stage = job.memory + (3 * cycle + 1) * job.line
    for number in range(job.lines // job.rows * n_tiles):
        line = job.rows * (number // n_tiles)
        left = size * min(number % n_tiles * tile, job.count - tile)
        top = peek(job.images) + size * peek(job.starts + 8 * line) + left
        for row in range(-2 * groups, job.rows):
            last = (row + 3 * groups) % cycle
            _enter(real, job, top + (row + groups) * job.pitch, ring + last * job.line,
                   all_sums + 2 * last * job.line)  # fmt: skip
            if row < -groups:
                continue
            slot = (row + 2 * groups) % cycle
            at, sums = ring + slot * job.line, all_sums + 2 * slot * job.line
            if row >= 0:
                begin, half = peek(job.pairs), peek(job.pairs + 8)
                _add_row(real, at, sums, line_bytes, scale, segment, tables + 8 * begin, half, kept)
            for depth in range(max(1, -row), groups + 1):
                begin, half = peek(job.pairs + 16 * depth), peek(job.pairs + 16 * depth + 8)
                below = (row + depth + 2 * groups) % cycle
                other, others = ring + below * job.line, all_sums + 2 * below * job.line
                beside = (half + _STEP - 1) // _STEP * _STEP
                for i in range(-beside, segment + beside, _STEP):
                    # Vectors beside the segment add to sums in it only.
                    first = half + i - segment + 1 if i >= segment else 0
                    stop = half + i + _STEP - 1 if i < 0 else 2 * half
                    _add_taps(
                        real, at + _REGISTER * i, sums + _REGISTER * i, other + _REGISTER * i,
                        others + _REGISTER * i, line_bytes, scale, shifts + 8 * (begin + first),
                        tables + 8 * (begin + first), stop + 1 - first, stage)  # fmt: skip
            if row >= 0:
                to = peek(job.results) + size * peek(job.places + 8 * (line + row)) + left
                _leave(real, job, at, sums, to)
