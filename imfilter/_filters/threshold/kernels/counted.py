"""The best threshold of a histogram whose counts have 32 bits. Its sums are exact in any order.

The criterion of most bins is not computed. The sums before and after a block of bins limit what its criterion
can be. A histogram of 49,000 bins takes 4 to 8 us, and 32 to 47 without these limits (Zen 5).
"""

import numpy as np

from imfilter._filters.threshold.kernels.block_sums import BITS, BLOCK, MANY, sum_blocks
from imfilter._filters.threshold.kernels.split import (
    CORRELATION,
    MIDDLE,
    ROUNDED,
    VARIANCE,
    WHOLE,
    choose_bin,
    descent,
    first_middle,
    first_of_best,
    middle,
    position,
    rounded_down,
    variance,
    write_sums_before,
)
from imfilter._simd.jit import inlined, kernel
from imfilter._simd.lanewise import convert
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import load, load_one, peek, poke, size_of, splat, store, store_one

_F64, _U64 = np.dtype(np.float64), np.dtype(np.uint64)
#: Bins from which on criteria have limits. To find the limits of fewer takes longer than to compute all
#: criteria: with 1500 bins, otsu takes 1.5 us and 1.2, and with 2048, 1.1 us and 1.6 (Zen 5).
_MANY = 2 * MANY
#: Sums and differences of float64 differ from exact ones by less, relative to the largest of their terms. So
#: the difference of two means is in the limit, too: it may have lost digits.
_MARGIN = 1e-14


@inlined
def _criterion(form, below, low, above, high):
    """Return the criterion of a threshold, from the counts and the products of both classes."""
    if form == CORRELATION:
        value = below * above
        value = value * value / (low * high)
    elif form == VARIANCE:
        value = variance(below, low, above, high)
    else:
        value = middle(below, low, above, high)
    return value


@inlined
def _write_sums(place, number, form, places, counts, first, stop, below, low, sums, line):
    """Write both sums up to each bin from `first` to `stop`, and return the last. They begin with two sums.

    sums: address of two lines. line: size of a line in bytes.
    """
    wide, narrow = size_of(place), size_of(number)
    at = sums
    if form == CORRELATION:
        for i in range(first, stop):
            count = load_one(_U64, counts + narrow * i, number)
            below, low = np.uint64(below + count), np.uint64(low + count * count)
            store_one(at, _U64, below)
            store_one(at + line, _U64, low)
            at += 8
    else:
        for i in range(first, stop):
            count = load_one(_U64, counts + narrow * i, number)
            below = np.uint64(below + count)
            low = np.uint64(low + count * load_one(_U64, places + wide * i, place))
            store_one(at, _U64, below)
            store_one(at + line, _U64, low)
            at += 8
    return below, low


@inlined
def _write_criterion(form, sums, line, bins, total, product, values):
    """Write the criterion of bins whose sums are written, and numbers up to the end of a vector.

    total, product: the sums of all bins.
    """
    numbers, products = splat(_U64, total), splat(_U64, product)
    for at in range(0, 8 * bins, BYTES):
        first, second = load(_U64, sums + at, _U64), load(_U64, sums + line + at, _U64)
        below, low = convert(_F64, first), convert(_F64, second)
        above, high = convert(_F64, numbers - first), convert(_F64, products - second)
        store(values + at, _F64, _criterion(form, below, low, above, high))


@inlined
def _sums_at(sums, line, number, product):
    """Return the counts and the products below and above a bin, from the address of those below."""
    below, low = load_one(_U64, sums, _U64), load_one(_U64, sums + line, _U64)
    return np.float64(below), np.float64(low), np.float64(number - below), np.float64(product - low)


@inlined
def _limit(form, sums, line, number, product, start, end):
    """Return what the criterion of a block cannot exceed. sums: address of those before it.

    start, end: places of its first and last bin, as float64. A product of the sums below and above is least
    at an end of the block. The variance is apart**2 / (below * above), apart = product*below - number*low.
    A bin adds its count times (product - number*place) to `apart`, and this factor falls with the place.
    """
    below, low, above, high = _sums_at(sums, line, number, product)
    below_next, low_next, above_next, high_next = _sums_at(sums + 8, line, number, product)
    if form == CORRELATION:
        most, least = below_next * above, min(low * high, low_next * high_next)
    else:
        n, p, count = np.float64(number), np.float64(product), below_next - below
        from_start = p * below - n * low + max(p - n * start, 0.0) * count
        from_end = p * below_next - n * low_next + max(n * end - p, 0.0) * count
        most = min(from_start, from_end) + p * below_next * _MARGIN
        least = min(below * above, below_next * above_next)
    return most * most / least * (1 + _MARGIN)


@inlined
def _write_block(place, number, form, places, counts, first, stop, at, line, total, product, spare, values):
    """Write the criterion of the thresholds of a block. Return how many there are.

    at: address of the sums before the block. spare: address of two lines of `BLOCK` numbers.
    """
    below, low = load_one(_U64, at, _U64), load_one(_U64, at + line, _U64)
    _write_sums(place, number, form, places, counts, first, stop, below, low, spare, 8 * BLOCK)
    _write_criterion(form, spare, 8 * BLOCK, stop - first, total, product, values)
    return stop - first


@inlined
def _best_of_blocks(place, number, form, places, counts, bins, lines, values):
    """Return the number of the best bin. The criterion of few blocks is computed, one after the other."""
    blocks, sums, line = (bins + BLOCK - 2) // BLOCK, lines + 16 * BLOCK, 8 * (bins // BLOCK + 2)
    limits = sums + 2 * line + BYTES
    total, product = sum_blocks(place, number, form == CORRELATION, places, counts, bins, sums, line)
    most, wide = 0.0, size_of(place)
    for block in range(blocks):
        at, last = sums + 8 * block, min(BLOCK * (block + 1), bins) - 1
        start, end = position(place, places + wide * BLOCK * block), position(place, places + wide * last)
        store_one(limits + 8 * block, _F64, _limit(form, at, line, total, product, start, end))
        if block:  # the last threshold before the block
            most = max(most, _criterion(form, *_sums_at(at, line, total, product)))
    most *= 1 - 2 * ROUNDED
    used, written = 0, 0
    for block in range(blocks):
        if not load_one(_F64, limits + 8 * block, _F64) < most:
            poke(limits + 8 * used, block)
            first, to = BLOCK * block, values + 8 * BLOCK * used
            written = BLOCK * used + _write_block(
                place,
                number,
                form,
                places,
                counts,
                first,
                min(first + BLOCK, bins - 1),
                sums + 8 * block,
                line,
                total,
                product,
                lines,
                to,
            )
            used += 1
    best = first_of_best(values, written)
    return BLOCK * peek(limits + 8 * (best // BLOCK)) + best % BLOCK


@inlined
def _middle_of_blocks(place, number, form, places, counts, bins, lines, values):
    """Return the place of the threshold in the middle between the means, which grow with the bin."""
    blocks, sums, line = (bins + BLOCK - 2) // BLOCK, lines + 16 * BLOCK, 8 * (bins // BLOCK + 2)
    total, product = sum_blocks(place, number, False, places, counts, bins, sums, line)
    wide, default = size_of(place), 0.0
    for block in range(blocks):
        at, first = sums + 8 * block, BLOCK * block
        stop = min(first + BLOCK, bins - 1)
        least = middle(*_sums_at(at, line, total, product))  # NaN in the first block
        most = middle(*_sums_at(at + 8, line, total, product))  # NaN in the last block
        here, after = position(place, places + wide * first), position(place, places + wide * stop)
        if not (least - 2 >= after or most + 2 < here):
            written = _write_block(
                place, number, form, places, counts, first, stop, at, line, total, product, lines, values
            )
            if not block:
                default = rounded_down(load_one(_F64, values, _F64))
            found = first_middle(place, places + wide * first, written, values)
            if found >= 0:
                return found
    return default


@kernel("place", "number", contract=False)
def split_counted(place, number, form, places, counts, bins, total: float, lines):
    """Do the same as `split` for integers of 32 bits, whose sums are exact in any order.

    total: the number of samples, less than 1 << 32. lines: address of `COUNTED_LINES` lines, as in `split`.
    """
    line = 8 * bins
    values = lines + 2 * line
    if bins < (MANY if form == MIDDLE else _MANY):
        # The sums of 64 bits take 1 cycle for each bin. Those of float64 take 4.
        numbers, products = _write_sums(
            place, number, form, places, counts, 0, bins, np.uint64(0), np.uint64(0), lines, line
        )
        _write_criterion(form, lines, line, bins - 1, numbers, products, values)
        found = choose_bin(place, form, places, bins, values)
    elif form == MIDDLE:
        found = _middle_of_blocks(place, number, form, places, counts, bins, lines, values)
    else:
        found = np.float64(_best_of_blocks(place, number, form, places, counts, bins, lines, values))
    store_one(lines, _F64, found)


@kernel("place", "number", contract=False)
def descend_counted(place, number, form, places, counts, bins, total: float, lines):
    """Do the same as `descend` for integers of 32 bits. lines: has `MORE` numbers more, as in `split`."""
    if bins < MANY:
        line, bits = 8 * bins, 0
        whole = write_sums_before(place, number, places, counts, bins, 0.0, lines, line)[1]
    else:
        line, bits = 8 * (bins // BLOCK + 2), BITS
        whole = np.float64(sum_blocks(place, number, False, places, counts, bins, lines, line)[1])
        for at in range(lines, lines + 2 * line, 8):
            store_one(at, _F64, np.float64(load_one(_U64, at, _U64)))
    store_one(
        lines, _F64, descent(place, number, WHOLE, places, counts, bins, bits, total, whole, lines, line)
    )
