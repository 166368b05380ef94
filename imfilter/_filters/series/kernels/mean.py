"""Means over windows of any size that slide along series, of sums that are made of smaller sums.

Lines are float64: `step` elements lie from one sample of a series to its next. Each sum is taken in an order
of its own, the same in every lane and behind the last vector: so a series may be cut anywhere. No sum runs
on: nothing drifts, and what is no number stays in its windows.
"""

import numpy as np
from numba.extending import intrinsic

from imfilter._filters.series.kernels import doubling_sums
from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, inlined
from imfilter._simd.lines import copy
from imfilter._simd.llvm import constant, multiply_add, strict
from imfilter._simd.prefetch import DISTANCE, prefetch
from imfilter._simd.vector import (
    BYTES,
    LINE,
    in_register,
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
#: Elements of a line from which on it is worth while to begin at the start of a line of the cache.
_LONG = 64
#: Elements of a vector, and of one of its registers.
_LANES, _REGISTER = BYTES // 8, in_register(_F64)
#: Levels of sums that are made of samples; and integers that describe a level: where its sums begin, how many
#: are kept of those before, for how many more there is room, how many parts they have and which is the first.
LOW, FIELDS = len(doubling_sums.LAGS), 5
#: Parts that a sum has at most, and levels that there are.
MOST = 64
#: How many rows ahead samples, and places of results, are asked for.
_AHEAD = 2


@intrinsic
def _quotient(typingctx, value, divisor, reciprocal):
    """Divide numbers or vectors: by a product that is corrected by what is missing to it.

    vdivpd takes 16 cycles for 8 float64, which is longer than the sum of ten of them (Cascade Lake).
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
def _total(target, parts, n_parts, offset, count, divisor, coming, place):
    """Write for each element the sum of its parts, over `divisor` if that is not 0, the first in front.

    parts: the addresses of those of the first element, `offset` bytes from which this line begins. coming and
    place: where as many samples will be read, and results written, next, if not 0.
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
                one = _quotient(one, divisor, reciprocal)
            store_one(to, _F64, one)
            e += 1
        elif e + _LANES > count:
            few = load_like(splat_register(_F64, 0.0), first + 8 * e, _F64)
            for i in range(1, n_parts):
                few = few + load_like(few, peek(parts + 8 * i) + offset + 8 * e, _F64)
            if divisor != 0.0:
                few = _quotient(few, splat_register(_F64, divisor), splat_register(_F64, reciprocal))
            store(to, _F64, few)
            e += _REGISTER
        else:
            if coming:
                for i in range(0, BYTES, LINE):
                    prefetch(coming + 8 * e + i, False)
                    prefetch(place + 8 * e + i, True)
            many = load(_F64, first + 8 * e, _F64)
            for i in range(1, n_parts):
                many = many + load(_F64, peek(parts + 8 * i) + offset + 8 * e, _F64)
            if divisor != 0.0:
                many = _quotient(many, splat(_F64, divisor), splat(_F64, reciprocal))
            store(to, _F64, many)
            e += _LANES


@inlined
def _newest(sums, levels, cursors, level, wide):
    """Return the address of the block of a level's sums that is written now, or 0 if these are not kept."""
    start = peek(levels + 8 * FIELDS * level)
    return sums + 8 * (start + peek(cursors + 8 * level)) * wide if start else 0


@inlined
def _look_up(addresses, parts, n_parts, sums, levels, cursors, wide, row):
    """Write the addresses of the parts, a level and a delay each, of the sum in a row of this block."""
    for i in range(n_parts):
        level, delay = peek(parts + 16 * i), peek(parts + 16 * i + 8)
        poke(addresses + 8 * i, _newest(sums, levels, cursors, level, wide) + 8 * (row - delay) * wide)


@inlined
def _bring(line, step, stage, history, at, many, samples, wide, low, sums, levels, cursors, place):
    """Write those sums of a block, from sample `at` on, that are made of samples and are kept."""
    one, two = _newest(sums, levels, cursors, 0, wide), _newest(sums, levels, cursors, 1, wide)
    four, eight = _newest(sums, levels, cursors, 2, wide), _newest(sums, levels, cursors, 3, wide)
    here = line + 8 * at * step
    if low == LOW:
        sixteen, thirty_two = _newest(sums, levels, cursors, 4, wide), _newest(sums, levels, cursors, 5, wide)
        sixty_four = _newest(sums, levels, cursors, 6, wide)
        if at < 0 or at + many > samples:
            for j in range(many):  # nothing is read before the first sample, nor behind the last
                present = 0 <= at + j < samples
                store_one(stage + 8 * j, _F64, load_one(_F64, here + 8 * j, _F64) if present else 0.0)
            here = stage
        doubling_sums.along(
            here, many, history, (one, two, four, eight, sixteen, thirty_two, sixty_four), place
        )
    elif low == 1:
        copy(_F64, one, here, many * wide)
    else:
        doubling_sums.across(here, 8 * step, min(7, at), many, wide, (one, two, four, eight), 8 * wide)


@inlined
def _compose(addresses, many, wide, low, sums, levels, n_levels, cursors, parts):
    """Write the sums of a block that are made of other sums."""
    for level in range(low, n_levels):
        entry = levels + 8 * FIELDS * level
        at, count = _newest(sums, levels, cursors, level, wide), peek(entry + 24)
        if at:
            _look_up(addresses, parts + 16 * peek(entry + 32), count, sums, levels, cursors, wide, 0)
            _total(at, addresses, count, 0, many * wide, 0.0, 0, 0)


@inlined
def _advance(block, wide, sums, levels, n_levels, cursors):
    """Go on to the next block: where there is no room for one, with what is kept in front."""
    for level in range(n_levels):
        entry = levels + 8 * FIELDS * level
        start, kept, span = peek(entry), peek(entry + 8), peek(entry + 16)
        cursor = peek(cursors + 8 * level) + block
        if cursor + block > span:
            if start:
                at = sums + 8 * (start - kept) * wide
                copy(_F64, at, at + 8 * cursor * wide, kept * wide)
            cursor = 0
        poke(cursors + 8 * level, cursor)


@inlined
def _runs(rows, wide, step):
    """Return how many runs some rows are, and how long: of all series one, of some as many."""
    return (1, rows * wide) if wide == step else (rows, wide)


@inlined
def _directly(line, to, n, step, wide, size, divisor, addresses):
    """Write `n` rows of windows, of some of all series, as sums of samples."""
    for i in range(size):
        poke(addresses + 8 * i, line + 8 * i * step)
    runs, length = _runs(n, wide, step)
    for run in range(runs):
        skipped = 8 * run * step
        coming = line + skipped + 8 * (size + _AHEAD) * step if runs > 1 else 0
        place = to + skipped + 8 * _AHEAD * step
        _total(to + skipped, addresses, size, skipped, length, divisor, coming, place)


@Driver
@denormals_as_zeros
def average(
    source, target, rows, step, size, divisor: float,
    workspace, sums, stretch, columns, block, lag, low, levels, n_levels, parts, n_parts, first,
):  # fmt: skip
    """Write the sum of `size` samples from each of `rows` on, of each of `step` series, over `divisor`.

    A window is the sum of its parts, the largest in front: of samples where there are no levels of sums, or
    else of smaller sums, which grow block by block. Of each level as many are kept as others reach back.

    As many rows as in a `stretch` are worked on at a time, the last ones first, of so many `columns` or of
    all series. room: of `HELD` + 2*`MOST` elements, and a block if there is one series; sums: of all levels.
    lag: how late windows are. low: how many levels are made of samples, all of one series. parts: of each sum
    a level and a delay, from `first` on those of windows.
    """
    cursors = workspace + 8 * doubling_sums.HELD
    addresses = cursors + 8 * MOST
    stage = addresses + 8 * MOST
    for number in range(-(-rows // stretch) - 1, -1, -1):
        top = number * stretch
        n = min(stretch, rows - top)
        left = 0
        while left < step:
            wide = columns if columns == step else columns - (target + 8 * left) % LINE // 8
            if left + wide + doubling_sums.REGISTER > step:
                wide = step - left
            line, to = source + 8 * (top * step + left), target + 8 * (top * step + left)
            left += wide
            if n_levels == 0:
                _directly(line, to, n, step, wide, size, divisor, addresses)
                continue
            for i in range(doubling_sums.HELD):
                store_one(workspace + 8 * i, _F64, 0.0)
            for level in range(n_levels):
                poke(cursors + 8 * level, 0)
            # Results of a single series begin where lines of the cache do.
            skew = to % LINE // 8 if step == 1 and n > _LONG else 0
            for begin in range(-skew, n + lag, block):
                many, late = min(block, n + lag - begin), begin - lag
                if step == 1:
                    many = -(-many // doubling_sums.OCTET) * doubling_sums.OCTET
                place = to + 8 * late + DISTANCE
                _bring(
                    line, step, stage, workspace, begin, many, n + size - 1, wide, low, sums, levels, cursors,
                    place,
                )  # fmt: skip
                _compose(addresses, many, wide, low, sums, levels, n_levels, cursors, parts)
                row, stop = max(0, late), min(n, late + many)
                if row < stop:
                    runs, length = _runs(stop - row, wide, step)
                    _look_up(
                        addresses, parts + 16 * first, n_parts, sums, levels, cursors, wide, row - late
                    )  # fmt: skip
                    for run in range(runs):
                        coming = line + 8 * (begin + many + run) * step
                        place = to + 8 * (row + many + run) * step
                        _total(
                            to + 8 * (row + run) * step, addresses, n_parts, 8 * run * wide, length, divisor,
                            coming, place,
                        )  # fmt: skip
                _advance(block, wide, sums, levels, n_levels, cursors)
