"""Windows in which samples are absent.

The samples of a small window are sorted in registers. For a larger window, the bits of the result are found
one by one, from the highest on: a bit is set if at most as many samples as the rank are less than the number
with this bit.

Absent samples have the largest key, so the sorted keys begin with those of present samples. The number of
present samples chooses, lane by lane, which of the sorted keys is the result. For maxima, the bits of the
keys of present samples are inverted, which reverses their order.
"""

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._filters.rank.kernels import sorting_networks
from imfilter._filters.rank.kernels.ordered_keys import keys_of_bits, turned_back
from imfilter._simd.jit import Driver, kernel
from imfilter._simd.llvm import WORD, choose, constant, element, entry, read, spread, write
from imfilter._simd.registers import BYTES, REGISTERS
from imfilter._simd.vector import invoke, peek, record, register_lanes, size_of

#: What keys are made of: integers or floats, and whether their order is reversed.
FLOATS, REVERSED = 1, 2
#: Lines of `count` samples, not fewer than a register holds. `sources`, `masks`, `targets`: offsets of each
#: line in bytes, in the image at `image`, in the mask at `mask` (0: none), and in the piece with its border,
#: whose keys are at `keys` and which has 1 for each present sample at `there`.
LOAD_JOB = np.dtype(
    [
        (name, np.int64)
        for name in (
            *("image", "mask", "keys", "there", "sources", "masks", "targets", "lines", "count"),
            *("ignore_nan", "load"),
        )
    ]
)
#: Rows of `count` windows, not fewer than a register holds. `starts`: the first sample of each row in the
#: piece, `tos`: its first result from `found` on, `offsets`: the samples of a window, all in bytes. `ranks`:
#: for each number of present samples, the offset of the result among the sorted keys; for windows of `taps`
#: samples that are not sorted, the rank. With fewer present samples than `fewest`, the result is NaN or 0.
SORT_JOB = np.dtype(
    [
        (name, np.int64)
        for name in (
            *("keys", "there", "found", "starts", "tos", "offsets", "ranks", "rows", "count", "fewest"),
            *("taps", "sort"),
        )
    ]
)


def _most(kind):
    """Return the largest integer of a Numba type."""
    return 2 ** (kind.bitwidth - kind.signed) - 1


@intrinsic(prefer_literal=True)
def _load(typingctx, kind, form, image, mask, ignore_nan, keys, there):
    """Load a register of samples, whose bits are `kind`, and write their keys and which are present."""
    lanes, width = register_lanes(kind.dtype), kind.dtype.bitwidth
    how = form.literal_value

    def codegen(context, builder, sig, args):
        image, mask, ignore_nan, keys, there = args[2:]
        vector, bytes_of = (ir.VectorType(t, lanes) for t in (element(kind.dtype), ir.IntType(8)))
        value = read(builder, image, vector)
        present = cgutils.alloca_once_value(builder, constant(ir.VectorType(ir.IntType(1), lanes), 1))
        with builder.if_then(builder.icmp_signed("!=", mask, WORD(0))):
            given = builder.icmp_unsigned("!=", read(builder, mask, bytes_of), constant(bytes_of, 0))
            builder.store(given, present)
        if how & FLOATS:
            value, missing = keys_of_bits(builder, value, width)
            with builder.if_then(builder.icmp_signed("!=", ignore_nan, WORD(0))):
                builder.store(builder.and_(builder.load(present), builder.not_(missing)), present)
        if how & REVERSED:
            value = builder.not_(value)
        found = builder.load(present)
        write(builder, keys, builder.select(found, value, constant(vector, _most(kind.dtype))))
        write(builder, there, builder.zext(found, vector))
        return context.get_dummy_value()

    return types.none(kind, form, *(types.int64,) * 5), codegen


@kernel("kind", "form")
def load_lines(kind, form, job_at):
    """Load all lines of a piece; see `LOAD_JOB`."""
    job = record(LOAD_JOB, job_at)
    size = size_of(kind)
    lanes = BYTES // REGISTERS // size
    for line in range(job.lines):
        start, to = job.image + peek(job.sources + 8 * line), peek(job.targets + 8 * line)
        mask = job.mask + peek(job.masks + 8 * line) if job.mask else 0
        for block in range((job.count + lanes - 1) // lanes):
            x = min(block * lanes, job.count - lanes)
            _load(kind, form, start + x * size, mask + x if job.mask else 0, job.ignore_nan,
                job.keys + to + x * size, job.there + to + x * size)  # fmt: skip


def _finish(builder, kind, form, result, present, fewest, found):
    """Write the samples of keys, or NaN or 0 where fewer samples are present than `fewest`."""
    vector, width = result.type, kind.bitwidth
    nothing = constant(vector, 0)
    if form & REVERSED:
        result = builder.not_(result)
    if form & FLOATS:
        result = turned_back(builder, result, width)
        nothing = turned_back(builder, constant(vector, _most(kind)), width)
    limit = builder.trunc(fewest, vector.element) if width < WORD.width else fewest
    limits = spread(builder, limit, vector)
    few = builder.icmp_unsigned("<", present, limits)
    write(builder, found, builder.select(few, nothing, result))


@intrinsic(prefer_literal=True)
def _sort(typingctx, kind, form, samples, kept, keys, there, offsets, ranks, fewest, found):
    """Find the ranks of a register of windows. The other arguments are those of `SORT_JOB`."""
    n, most, lanes = samples.literal_value, kept.literal_value, register_lanes(kind.dtype)

    def codegen(context, builder, sig, args):
        keys, there, offsets, ranks, fewest, found = args[4:]
        scalar = element(kind.dtype)
        vector = ir.VectorType(scalar, lanes)
        memory = cgutils.alloca_once(builder, ir.ArrayType(vector, most))
        values, present = {}, constant(vector, 0)
        for i in range(n):
            offset = entry(builder, offsets, i)
            values[i] = read(builder, builder.add(keys, offset), vector)
            present = builder.add(present, read(builder, builder.add(there, offset), vector))
        network = sorting_networks.smallest(n, most)
        for c in network.comparisons:
            pair = values[c.a[0]], values[c.b[0]]
            for value, which in ((c.low, "min"), (c.high, "max")):
                if value >= 0:
                    values[value] = choose(builder, kind.dtype, which, *pair)
        at = builder.ptrtoint(memory, WORD)
        for i, value in enumerate(network.results):
            write(builder, builder.add(at, WORD(i * BYTES // REGISTERS)), values[value])
        result = values[network.results[0]]
        for i in range(2, n + 1) if most > 1 else ():  # otherwise the rank is always 0
            sample = read(builder, builder.add(at, entry(builder, ranks, i)), vector)
            same = builder.icmp_signed("==", present, constant(vector, i))
            result = builder.select(same, sample, result)
        _finish(builder, kind.dtype, form.literal_value, result, present, fewest, found)
        return context.get_dummy_value()

    return types.none(kind, form, samples, kept, *(types.int64,) * 6), codegen


@kernel("kind", "form", "samples", "kept")
def sort_windows(kind, form, samples, kept, job_at):
    """Find the ranks of all windows of a piece; see `SORT_JOB`."""
    job = record(SORT_JOB, job_at)
    size = size_of(kind)
    lanes = BYTES // REGISTERS // size
    for row in range(job.rows):
        start, to = peek(job.starts + 8 * row), job.found + peek(job.tos + 8 * row)
        for block in range((job.count + lanes - 1) // lanes):
            x = min(block * lanes, job.count - lanes) * size
            _sort(kind, form, samples, kept, job.keys + start + x, job.there + start + x, job.offsets,
                job.ranks, job.fewest, to + x)  # fmt: skip


@intrinsic(prefer_literal=True)
def _bisect(typingctx, kind, form, keys, there, offsets, taps, ranks, fewest, found):
    """Find the ranks of a register of windows of any size. The other arguments are those of `SORT_JOB`."""
    lanes, width = register_lanes(kind.dtype), kind.dtype.bitwidth

    def codegen(context, builder, sig, args):
        keys, there, offsets, taps, ranks, fewest, found = args[2:]
        scalar = element(kind.dtype)
        vector = ir.VectorType(scalar, lanes)
        # With the sign bit inverted, the order of signed keys is that of unsigned integers.
        sign = constant(vector, 1 << (width - 1) if kind.dtype.signed else 0)

        def counted(of_sample):
            """Return the sums of a number of each sample."""
            total = cgutils.alloca_once(builder, vector)
            builder.store(constant(vector, 0), total)
            with cgutils.for_range(builder, taps) as loop:
                number = of_sample(entry(builder, offsets, loop.index))
                builder.store(builder.add(builder.load(total), number), total)
            return builder.load(total)

        present = counted(lambda offset: read(builder, builder.add(there, offset), vector))
        rank = constant(vector, 0)
        for lane in map(ir.IntType(32), range(lanes)):
            count = builder.extract_element(present, lane)
            count = builder.zext(count, WORD) if width < WORD.width else count
            own = entry(builder, ranks, count)
            own = builder.trunc(own, scalar) if width < WORD.width else own
            rank = builder.insert_element(rank, own, lane)
        prefix = cgutils.alloca_once(builder, vector)
        builder.store(constant(vector, 0), prefix)
        with cgutils.for_range(builder, WORD(width)) as loop:
            shift = builder.sub(WORD(width - 1), loop.index)
            bit = builder.shl(WORD(1), shift)
            bit = builder.trunc(bit, scalar) if width < WORD.width else bit
            candidate = builder.or_(builder.load(prefix), spread(builder, bit, vector))

            def less(offset, candidate=candidate):
                key = builder.xor(read(builder, builder.add(keys, offset), vector), sign)
                return builder.zext(builder.icmp_unsigned("<", key, candidate), vector)

            few = builder.icmp_unsigned("<=", counted(less), rank)
            builder.store(builder.select(few, candidate, builder.load(prefix)), prefix)
        result = builder.xor(builder.load(prefix), sign)
        _finish(builder, kind.dtype, form.literal_value, result, present, fewest, found)
        return context.get_dummy_value()

    return types.none(kind, form, *(types.int64,) * 7), codegen


@kernel("kind", "form", "samples", "kept")
def bisect_windows(kind, form, samples, kept, job_at):
    """Find the ranks of all windows of a piece; see `SORT_JOB`. `samples` and `kept` are not used."""
    job = record(SORT_JOB, job_at)
    size = size_of(kind)
    lanes = BYTES // REGISTERS // size
    for row in range(job.rows):
        start, to = peek(job.starts + 8 * row), job.found + peek(job.tos + 8 * row)
        for block in range((job.count + lanes - 1) // lanes):
            x = min(block * lanes, job.count - lanes) * size
            _bisect(kind, form, job.keys + start + x, job.there + start + x, job.offsets, job.taps, job.ranks,
                job.fewest, to + x)  # fmt: skip


@Driver
def over_lines(job_at):
    """Run the kernel of a `LOAD_JOB`."""
    job = record(LOAD_JOB, job_at)
    invoke(2, job.load, (job_at,))


@Driver
def over_windows(job_at):
    """Run the kernel of a `SORT_JOB`."""
    job = record(SORT_JOB, job_at)
    invoke(4, job.sort, (job_at,))
