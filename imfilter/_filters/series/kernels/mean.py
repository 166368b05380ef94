"""Means of windows of any size that slide along series. Large sums are composed of smaller sums.

Lines are float64: two samples of a series are `step` elements apart. The order of additions is the same for
every window, in every lane and after the last vector. So a series may be cut at any position. There are no
running sums: errors do not accumulate, and NaN affects only the windows that contain it.
"""

import numpy as np
from numba.extending import intrinsic

from imfilter._filters.series.kernels import doubling_sums
from imfilter._filters.series.kernels.blocks import copy_along
from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, inlined, kernel
from imfilter._simd.lines import copy
from imfilter._simd.llvm import constant, multiply_add, strict
from imfilter._simd.prefetch import DISTANCE, prefetch
from imfilter._simd.registers import BYTES, LINE, in_register
from imfilter._simd.vector import (
    invoke_packed,
    load,
    load_like,
    load_one,
    peek,
    poke,
    splat,
    splat_register,
    store,
    store_one,
)

_F64 = np.dtype(np.float64)
#: From this number of elements on, vectors start at the start of a cache line.
_LONG = 64
#: Elements of a vector, and of one of its registers.
_LANES, _REGISTER = BYTES // 8, in_register(_F64)
#: Number of levels of sums that are computed from samples. Number of integers of a level: the start of its
#: sums in memory, the number of kept earlier sums, the capacity for new sums, the number of parts of a sum,
#: and the index of the first part.
LOW, FIELDS = len(doubling_sums.LAGS), 5
#: Largest number of parts of a sum, and of levels.
MOST = 64
#: Whether the samples of the next block of one series are prefetched in two loops that compose sums, and the
#: results in the loop that sums samples. In one loop they wait for each other, and then the memory is idle:
#: sums of 1,000 samples take 7.5 ms instead of 8.3 (10 million, two threads, Zen 5). Without registers of 8
#: lanes, the loops take longer, and sums of 100 take 8.3 ms instead of 7.6.
_EVENLY = _REGISTER == 8
#: Number of rows between the current row and the row that is prefetched.
_AHEAD = 2


@intrinsic
def quotient(typingctx, value, divisor, reciprocal):
    """Divide numbers or vectors: multiply by the reciprocal, and correct the product by its remainder.

    The instruction vdivpd takes 16 cycles for 8 float64, longer than ten additions (Cascade Lake).
    """

    def codegen(context, builder, sig, args):
        def formula(total, by, share):
            product = builder.fmul(total, share)
            rest = multiply_add(builder, builder.fneg(product), by, total)
            better = multiply_add(builder, rest, share, product)
            non_finite = builder.fcmp_unordered("uno", better, better)  # of infinity nothing is missing
            # The sign of a zero sum is the compiler's choice: no result has one.
            return builder.fadd(builder.select(non_finite, product, better), constant(total.type, 0.0))

        return strict(builder, formula, *args)

    return value(value, divisor, reciprocal), codegen


@inlined
def _total(target, parts, n_parts, offset, count, divisor, coming, place, is_half):
    """Write the sum of the parts of each element, the first part first, over `divisor` unless it is 0.

    parts: addresses of the parts of the first element, minus `offset` bytes. coming, place: addresses of the
    next samples and results to prefetch, or 0. With `is_half`, the first half of the samples is prefetched.
    """
    reciprocal = 1.0 / divisor if divisor != 0.0 else 0.0
    first = peek(parts) + offset
    e = 0
    while e < count:
        to = target + 8 * e
        if (to % LINE and count > _LONG) or e + _REGISTER > count:
            one = load_one(_F64, first + 8 * e, _F64)
            for i in range(1, n_parts):
                one += load_one(_F64, peek(parts + 8 * i) + offset + 8 * e, _F64)
            if divisor != 0.0:
                one = quotient(one, divisor, reciprocal)
            store_one(to, _F64, one)
            e += 1
        elif e + _LANES > count:
            register = load_like(splat_register(_F64, 0.0), first + 8 * e, _F64)
            for i in range(1, n_parts):
                register = register + load_like(register, peek(parts + 8 * i) + offset + 8 * e, _F64)
            if divisor != 0.0:
                by, inverse = splat_register(_F64, divisor), splat_register(_F64, reciprocal)
                register = quotient(register, by, inverse)
            store(to, _F64, register)
            e += _REGISTER
        else:
            if coming and is_half:
                for i in range(0, BYTES // 2, LINE):
                    prefetch(coming + 4 * e + i, False)
            elif coming:
                for i in range(0, BYTES, LINE):
                    prefetch(coming + 8 * e + i, False)
            if place:
                for i in range(0, BYTES, LINE):
                    prefetch(place + 8 * e + i, True)
            vector = load(_F64, first + 8 * e, _F64)
            for i in range(1, n_parts):
                vector = vector + load(_F64, peek(parts + 8 * i) + offset + 8 * e, _F64)
            if divisor != 0.0:
                vector = quotient(vector, splat(_F64, divisor), splat(_F64, reciprocal))
            store(to, _F64, vector)
            e += _LANES


@inlined
def _newest(sums, levels, cursors, level, width):
    """Return the address of the current block of sums of a level, or 0 if its sums are not kept."""
    start = peek(levels + 8 * FIELDS * level)
    return sums + 8 * (start + peek(cursors + 8 * level)) * width if start else 0


@inlined
def _look_up(addresses, parts, n_parts, sums, levels, cursors, width, row):
    """Write the addresses of the parts of a sum in a row of this block. A part is a level and a delay."""
    for i in range(n_parts):
        level, delay = peek(parts + 16 * i), peek(parts + 16 * i + 8)
        poke(addresses + 8 * i, _newest(sums, levels, cursors, level, width) + 8 * (row - delay) * width)


@inlined
def _sum_samples(line, step, stage, history, at, count, samples, width, low, sums, levels, cursors, place):
    """Write the sums of a block, from sample `at` on, that are computed from samples and are kept."""
    one, two = _newest(sums, levels, cursors, 0, width), _newest(sums, levels, cursors, 1, width)
    four, eight = _newest(sums, levels, cursors, 2, width), _newest(sums, levels, cursors, 3, width)
    samples_at = line + 8 * at * step
    if low == LOW:
        sixteen, thirty_two = (
            _newest(sums, levels, cursors, 4, width),
            _newest(sums, levels, cursors, 5, width),
        )
        sixty_four = _newest(sums, levels, cursors, 6, width)
        if at < 0 or at + count > samples:
            for j in range(count):  # read no memory before the first sample or after the last one
                present = 0 <= at + j < samples
                store_one(stage + 8 * j, _F64, load_one(_F64, samples_at + 8 * j, _F64) if present else 0.0)
            samples_at = stage
        doubling_sums.along(
            samples_at, count, history, (one, two, four, eight, sixteen, thirty_two, sixty_four), place
        )
    elif low == 1:
        copy(_F64, one, samples_at, count * width)
    else:
        doubling_sums.across(
            samples_at, 8 * step, min(7, at), count, width, (one, two, four, eight), 8 * width
        )


@inlined
def _compose(addresses, block_rows, width, low, sums, levels, n_levels, cursors, parts, coming):
    """Write the sums of a block that are composed of other sums.

    coming: address of the next samples, or 0. The last level prefetches half of them.
    """
    for level in range(low, n_levels):
        entry = levels + 8 * FIELDS * level
        at, count = _newest(sums, levels, cursors, level, width), peek(entry + 24)
        if at:
            _look_up(addresses, parts + 16 * peek(entry + 32), count, sums, levels, cursors, width, 0)
            half = coming if level == n_levels - 1 else 0
            _total(at, addresses, count, 0, block_rows * width, 0.0, half, 0, True)


@inlined
def _advance(block, width, sums, levels, n_levels, cursors):
    """Advance to the next block. If a level has no space for it, move its kept sums to the front."""
    for level in range(n_levels):
        entry = levels + 8 * FIELDS * level
        start, n_kept, span = peek(entry), peek(entry + 8), peek(entry + 16)
        cursor = peek(cursors + 8 * level) + block
        if cursor + block > span:
            if start:
                at = sums + 8 * (start - n_kept) * width
                copy_along(at, at + 8 * cursor * width, n_kept * width)
            cursor = 0
        poke(cursors + 8 * level, cursor)


@inlined
def _runs(rows, width, step):
    """Return the number and the length of runs of rows: one run for all series, else one run for each row."""
    return (1, rows * width) if width == step else (rows, width)


@inlined
def _directly(line, to, n, step, width, size, divisor, addresses):
    """Write `n` rows of windows of `width` series as sums of samples."""
    for i in range(size):
        poke(addresses + 8 * i, line + 8 * i * step)
    runs, length = _runs(n, width, step)
    for run in range(runs):
        skipped = 8 * run * step
        coming = line + skipped + 8 * (size + _AHEAD) * step if runs > 1 else 0
        place = to + skipped + 8 * _AHEAD * step if runs > 1 else 0
        _total(to + skipped, addresses, size, skipped, length, divisor, coming, place, False)


@Driver
@denormals_as_zeros
def average(
    source, target, rows, step, size, divisor: float,
    workspace, sums, stretch, columns, block, lag, low, levels, n_levels, parts, n_parts, first,
):  # fmt: skip
    """Write the sums of `size` samples, divided by `divisor`, for `rows` windows of each of `step` series.

    A window is the sum of its parts, from the largest part on. Without levels, the parts are samples.
    Otherwise they are smaller sums, which are computed block by block. Each level keeps the sums that other
    levels need.

    The kernel processes `stretch` rows of `columns` series together, the last stretch first. workspace:
    memory for `HELD` + 2*`MOST` elements, and for a block if there is one series. sums: memory for all
    levels. lag: delay of windows in rows. low: number of levels that are computed from samples. parts: a
    level and a delay for each part; the parts of windows start at `first`.
    """
    cursors = workspace + 8 * doubling_sums.HELD
    addresses = cursors + 8 * MOST
    stage = addresses + 8 * MOST
    is_even = _EVENLY and step == 1
    is_half = is_even and n_levels > low
    for number in range(-(-rows // stretch) - 1, -1, -1):
        top = number * stretch
        n = min(stretch, rows - top)
        left = 0
        while left < step:
            width = columns if columns == step else columns - (target + 8 * left) % LINE // 8
            if left + width + doubling_sums.REGISTER > step:
                width = step - left
            line, to = source + 8 * (top * step + left), target + 8 * (top * step + left)
            left += width
            if n_levels == 0:
                _directly(line, to, n, step, width, size, divisor, addresses)
                continue
            for i in range(doubling_sums.HELD):
                store_one(workspace + 8 * i, _F64, 0.0)
            for level in range(n_levels):
                poke(cursors + 8 * level, 0)
            # The blocks of a single series start at cache lines of the result.
            skew = to % LINE // 8 if step == 1 and n > _LONG else 0
            for begin in range(-skew, n + lag, block):
                block_rows, first_row = min(block, n + lag - begin), begin - lag
                if step == 1:
                    block_rows = -(-block_rows // doubling_sums.OCTET) * doubling_sums.OCTET
                next_block = line + 8 * (begin + block_rows) * step
                _sum_samples(
                    line, step, stage, workspace, begin, block_rows, n + size - 1, width, low, sums, levels,
                    cursors, to + 8 * first_row + (0 if is_even else DISTANCE),
                )  # fmt: skip
                _compose(
                    addresses, block_rows, width, low, sums, levels, n_levels, cursors, parts,
                    next_block if is_even else 0,
                )  # fmt: skip
                row, stop = max(0, first_row), min(n, first_row + block_rows)
                if row < stop:
                    runs, length = _runs(stop - row, width, step)
                    _look_up(
                        addresses, parts + 16 * first, n_parts, sums, levels, cursors, width, row - first_row
                    )  # fmt: skip
                    if is_half:
                        next_block += 4 * block_rows
                    for run in range(runs):
                        place = 0 if is_even else to + 8 * (row + block_rows + run) * step
                        _total(
                            to + 8 * (row + run) * step, addresses, n_parts, 8 * run * width, length, divisor,
                            next_block + 8 * run * step, place, is_half,
                        )  # fmt: skip
                _advance(block, width, sums, levels, n_levels, cursors)


@kernel()
def average_of(job, source, target):
    """Call `average`. job: its address, and its arguments after the first two."""
    invoke_packed("iiifiiiiiiiiiiii", job, source, target)
