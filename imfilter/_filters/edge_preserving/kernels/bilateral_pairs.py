"""Sums over the windows of a bilateral filter in which a weight serves both samples of a pair.

The weight of a sample q in the window of p is that of p in the window of q, bit for bit: the differences are
negatives of each other. So a row computes the weights of a row below it once, and adds them to its own sums
and to those of the row below.

A tap takes 11 operations for the weight and 2 for its own sums, and its pair takes 3. A window of 17 x 17 has
136 pairs of rows and a row of 17 taps. If vectors have 512 bits and two units share the operations, the pairs
take 136 * 16 / 32 = 68 cycles for a sample, and the row 7. The weights of two rows of a tile of columns stay
in the first-level cache: for each pair a store and 3 loads. Weights of samples beside the tile, which belong
to sums in it, take a register each.

Measured: 39 ns for a sample, OpenCV 209 (Zen 4, 3.7 GHz, one thread): 20 for the weights and the own sums, 11
for the sums of the other row, which wait for loads that lie across two cache lines, and 5 for weights beside
the tile. With a polynomial instead of a table it was 50 ns. To keep the weights of all rows of a window in
the second-level cache takes longer. To add to the sums of both rows in memory, with 6 loads and 4 stores for
each pair, takes as long as this. Tiles of 2 to 6 vectors take the same time.

The order of the sums is that of `bilateral.grey_lines`, and so are the bits.
"""

from imfilter._filters.edge_preserving.kernels.bilateral import BILATERAL_JOB
from imfilter._simd.jit import inlined, kernel
from imfilter._simd.lanewise import fma, tabulated_power_of_two
from imfilter._simd.registers import BYTES, REGISTERS
from imfilter._simd.vector import (
    load,
    load_like,
    load_one,
    peek,
    record,
    size_of,
    splat,
    splat_register,
    store,
)

_REGISTER = BYTES // REGISTERS


@inlined
def _weigh(real, job, tap, at, first, last, to):
    """Write the weights of a tap for samples of the row at `at`, register by register, from `to` on.

    They are those from `first` to `last`: at least a register.
    """
    offset = peek(job.offsets + 8 * tap)
    scale = splat_register(real, real.type(job.scale))
    exponent = splat_register(real, load_one(real, job.weights + size_of(real) * tap, real))
    for i in range(first, last, _REGISTER):
        place = at + min(i, last - _REGISTER)
        distance = (load_like(scale, place + offset, real) - load_like(scale, place, real)) * scale
        store(to + min(i, last - _REGISTER), real, tabulated_power_of_two(fma(-distance, distance, exponent)))


@inlined
def _add_taps(real, job, at, begin, end, kept, sums):
    """Add the taps from `begin` to `end` to the sums of a vector. Keep the weights, if `kept` is not 0."""
    scale, own = splat(real, real.type(job.scale)), load(real, at, real)
    weights, total = load(real, sums, real), load(real, sums + job.line, real)
    for tap in range(begin, end):
        exponent = splat(real, load_one(real, job.weights + size_of(real) * tap, real))
        change = load(real, at + peek(job.offsets + 8 * tap), real) - own
        distance = change * scale
        weight = tabulated_power_of_two(fma(-distance, distance, exponent))
        if kept:
            store(kept, real, weight)
            kept += job.kept
        weights, total = weights + weight, fma(weight, change, total)
    store(sums, real, weights)
    store(sums + job.line, real, total)


@inlined
def _add_above(real, job, at, begin, end, depth, kept, sums):
    """Add the taps from `begin` to `end`, of a row above, to the sums of a vector. Their weights are kept."""
    own, weights, total = load(real, at, real), load(real, sums, real), load(real, sums + job.line, real)
    for tap in range(begin, end):
        offset = peek(job.offsets + 8 * tap)
        weight = load(real, kept + (end - 1 - tap) * job.kept + offset + depth * job.pitch, real)
        weights, total = weights + weight, fma(weight, load(real, at + offset, real) - own, total)
    store(sums, real, weights)
    store(sums + job.line, real, total)


@inlined
def _begin(real, job, at, sums):
    """Begin the sums of a row: with 0, or with NaN where a sample is not finite."""
    for i in range(0, job.line, BYTES):
        own = load(real, at + i, real)
        store(sums + i, real, own - own)
        store(sums + job.line + i, real, own - own)


@kernel("real")
def paired_lines(real, job_at):
    """Filter lines of an image of one channel that is its own guide, whose samples are all present."""
    job = record(BILATERAL_JOB, job_at)
    size, groups, taps, pitch, wide = size_of(real), job.groups, job.taps, job.pitch, job.line
    tile, below, cycle = wide // size, peek(job.pairs), job.groups + 1
    n_tiles = (job.count + tile - 1) // tile
    kept = job.memory + 2 * wide * cycle + job.margin
    for number in range(job.lines // job.rows * n_tiles):
        line = job.rows * (number // n_tiles)
        left = size * min(number % n_tiles * tile, job.count - tile)
        top = peek(job.images) + size * peek(job.starts + 8 * line) + left
        for row in range(-groups, job.rows):
            at = top + row * pitch
            sums = job.memory + 2 * wide * (row % cycle)
            last = job.memory + 2 * wide * ((row + groups) % cycle)
            _begin(real, job, at + groups * pitch, last)
            if row >= 0:
                for i in range(0, wide, BYTES):
                    _add_taps(real, job, at + i, taps - below, below, 0, sums + i)
            for depth in range(max(1, -row), groups + 1):
                begin, n = peek(job.pairs + 16 * depth - 16), peek(job.pairs + 16 * depth - 8)
                for k in range(n):
                    shift, to = peek(job.offsets + 8 * (begin + k)) - depth * pitch, kept + k * job.kept
                    if row < 0:
                        _weigh(real, job, begin + k, at, -shift, wide - shift, to)
                    elif shift > 0:
                        _weigh(real, job, begin + k, at, -shift, max(_REGISTER - shift, 0), to)
                    elif shift < 0:
                        _weigh(real, job, begin + k, at, wide - max(_REGISTER + shift, 0), wide - shift, to)
                if row >= 0:
                    for i in range(0, wide, BYTES):
                        _add_taps(real, job, at + i, begin, begin + n, kept + i, sums + i)
                other, others = at + depth * pitch, job.memory + 2 * wide * ((row + depth) % cycle)
                first = taps - begin - n
                for i in range(0, wide, BYTES):
                    _add_above(real, job, other + i, first, first + n, depth, kept + i, others + i)
            if row >= 0:
                to = peek(job.results) + size * peek(job.places + 8 * (line + row)) + left
                for i in range(0, wide, BYTES):
                    mean = load(real, sums + wide + i, real) / load(real, sums + i, real)
                    store(to + i, real, load(real, at + i, real) + mean)
