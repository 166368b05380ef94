"""Criteria of the two classes of a histogram: the bin at which a criterion is best.

`places` and `counts` are addresses of the bins that are not empty, as integers without signs, and of their
counts: float64, or uint32 if no sample has a weight and no place needs 64 bits. The criteria are computed for
whole vectors of bins, and each operation is rounded by itself, as in NumPy.
"""

import functools
import math

import numpy as np

from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, inlined, kernel, part
from imfilter._simd.lanewise import convert, count_lanes, larger, root, where
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import invoke, load, load_one, size_of, splat, store, store_one

_F64, _U64 = np.dtype(np.float64), np.dtype(np.uint64)
#: The variance between the classes, the correlation of Yen, and the middle between the means.
VARIANCE, CORRELATION, MIDDLE = 0, 1, 2
#: Places of integers, and of bins of real numbers.
WHOLE, REAL = 0, 1
#: Largest number of steps of an iteration.
_MOST = 10_000
#: Lines of `split` and of `split_counted`, and numbers after them.
LINES, COUNTED_LINES, MORE = 5, 3, BYTES // 4
#: Float64 in a vector.
LANES = BYTES // 8
#: Values of a criterion that differ by less, relative to them, are equal.
ROUNDED = 1e-12
#: The smallest normal number.
_TINY = float(np.finfo(float).tiny)


#: Make a part of a kernel, each of whose operations is rounded by itself.
_rounded = functools.partial(part, forceinline=True, fastmath=False)


@inlined
def _sum_both(first, second, bins, sums):
    """Write the sums of two lines of numbers up to each bin, and then those from each bin to the last.

    sums: address of four lines of `bins` numbers: both lines up to each bin, then both from each bin on. Four
    sums at the same time take 0.1 ms for 65,536 bins. A sum in NumPy takes 0.2 ms.
    """
    line, last = 8 * bins, 8 * (bins - 1)
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    for i in range(0, line, 8):
        a += load_one(_F64, first + i, _F64)
        b += load_one(_F64, second + i, _F64)
        c += load_one(_F64, first + last - i, _F64)
        d += load_one(_F64, second + last - i, _F64)
        store_one(sums + i, _F64, a)
        store_one(sums + line + i, _F64, b)
        store_one(sums + 2 * line + last - i, _F64, c)
        store_one(sums + 3 * line + last - i, _F64, d)


@inlined
def position(place, at):
    """Return the bin at an address as float64."""
    return np.float64(load_one(_U64, at, place))


@inlined
def _largest_lane(vector, stage):
    """Return the largest lane of a vector. stage: address of a vector."""
    store(stage, _F64, vector)
    most = -np.inf
    for i in range(0, BYTES, 8):
        most = max(most, load_one(_F64, stage + i, _F64))
    return most


@inlined
def first_of_best(values, count):
    """Return the first of the largest values. Values that differ by rounding are equal.

    values: address of the values, and of space for two vectors.
    """
    for i in range(count, count + 1 + BYTES // 8):
        store_one(values + 8 * i, _F64, -np.inf)
    best = splat(_F64, -np.inf)
    for i in range(0, 8 * count, BYTES):
        best = larger(load(_F64, values + i, _F64), best)
    most = _largest_lane(best, values + 8 * (count + BYTES // 8))
    if most == -np.inf:  # all values are NaN, because weights overflow
        return 0
    bound = most if most == np.inf else most - abs(most) * ROUNDED
    for i in range(0, 8 * count, BYTES):
        if count_lanes(load(_F64, values + i, _F64) >= bound):
            for at in range(i, i + BYTES, 8):
                if load_one(_F64, values + at, _F64) >= bound:
                    return at // 8
    return 0


@inlined
def middle(below, low, above, high):
    """Return the middle between the means of both classes."""
    return (low / below + high / above) / 2.0


@inlined
def variance(below, low, above, high):
    """Return the variance between both classes, from their numbers and sums."""
    apart = high / above - low / below
    return below * above * (apart * apart)


@_rounded
def rounded_down(value):
    """Return the whole number below a value that may be less by rounding."""
    return np.floor(value + max(value, 1.0) * ROUNDED)  # `math.floor` returns an int64


@_rounded
def first_middle(place, places, bins, values):
    """Return the first of the places in the middle that divides like its bin, or -1.

    values: address of the places of as many bins. Another bin follows them.
    """
    here = position(place, places)
    for i in range(bins):
        found = rounded_down(load_one(_F64, values + 8 * i, _F64))
        after = position(place, places + size_of(place) * (i + 1))
        # A threshold between two bins that are not empty divides like the lower of them.
        if here <= found < after:
            return found
        here = after
    return -1.0


@inlined
def choose_bin(place, form, places, bins, values):
    """Return the number of the best bin, with `MIDDLE` its place.

    values: address of the criterion of each bin but the last, and of space for two vectors.
    """
    if form != MIDDLE:
        return np.float64(first_of_best(values, bins - 1))
    found = first_middle(place, places, bins - 1, values)
    return found if found >= 0 else rounded_down(load_one(_F64, values, _F64))


@kernel("place", "number", contract=False)
def split(place, number, form, places, counts, bins, total: float, lines):
    """Find the best threshold between two bins that are not empty, of which there are at least two.

    form: `VARIANCE`, `CORRELATION` or `MIDDLE`. total: the number of samples, for `CORRELATION`. lines:
    address of `LINES` lines of `bins` float64, and `MORE` numbers. The first is the number of the bin that is
    found, with `MIDDLE` its place.
    """
    line = 8 * bins
    values = lines + 4 * line  # of the sums, then of the criterion
    vectors = line - line % BYTES
    if form == CORRELATION:
        for i in range(0, vectors, BYTES):
            shares = load(_F64, counts + i, number) / total
            store(values + i, _F64, shares * shares)
        for i in range(vectors, line, 8):
            share = load_one(_F64, counts + i, number) / total
            store_one(values + i, _F64, share * share)
    else:
        for i in range(0, vectors, BYTES):
            positions = convert(_F64, load(_U64, places + i, place))
            store(values + i, _F64, positions * load(_F64, counts + i, number))
        for i in range(vectors, line, 8):
            store_one(values + i, _F64, position(place, places + i) * load_one(_F64, counts + i, number))
    _sum_both(counts, values, bins, lines)
    for at in range(lines, lines + line - 8, BYTES):
        below, low = load(_F64, at, _F64), load(_F64, at + line, _F64)
        above, high = load(_F64, at + 2 * line + 8, _F64), load(_F64, at + 3 * line + 8, _F64)
        if form == CORRELATION:
            tiny = splat(_F64, _TINY)  # a class of tiny weights is never chosen
            below = below / total / root(larger(low, tiny))
            above = above / total / root(larger(high, tiny))
            value = below * above
            value = value * value  # the criterion is the logarithm of this
        elif form == VARIANCE:
            value = variance(below, low, above, high)
        else:
            value = middle(below, low, above, high)
        store(at + 4 * line, _F64, value)
    store_one(lines, _F64, choose_bin(place, form, places, bins, values))


@inlined
def _peak(number, counts, bins, stage):
    """Return the first bin with the largest count. stage: address of a vector."""
    size, zero = size_of(number), load_one(number, stage, number)
    zero = zero - zero
    lanes = BYTES // size
    vectors = bins - bins % lanes
    best = splat(number, zero)
    for i in range(0, vectors, lanes):
        best = larger(load(number, counts + size * i, number), best)
    store(stage, number, best)
    top = zero
    for i in range(lanes):
        top = max(top, load_one(number, stage + size * i, number))
    for i in range(vectors, bins):
        top = max(top, load_one(number, counts + size * i, number))
    first = 0
    while first < vectors and not count_lanes(load(number, counts + size * first, number) == top):
        first += lanes
    while load_one(number, counts + size * first, number) != top:
        first += 1
    return first


@_rounded
def _distance(place, number, i, at, sign, places, counts, size, end, top, width):
    """Return the largest distance at bin `i` from the end of the tail, and how many places nearer to it.

    at, sign: bin 0, and the step from a bin to the next. size: the bin of the peak, which has no distance.
    end: the place from which distances to the end of the tail are counted.
    """
    wide, one = size_of(place), np.uint64(1)
    here, most, nearer = load_one(_U64, places + wide * (at + sign * i), place), -np.inf, 0
    last = load_one(_U64, places + wide * (at + sign * max(i - 1, 0)), place)
    here, last = (end - here, end - last) if sign < 0 else (here, last)
    # Along a row of empty bins, the last is the farthest.
    if here - last > one:
        most, nearer = top * np.float64(here - one), 1
    if i < size:
        height = load_one(_F64, counts + size_of(number) * (at + sign * i), number)
        value = top * np.float64(here) - width * height
        if value > most:
            most, nearer = value, 0
    return most, nearer


@_rounded
def _distances(place, number, i, at, sign, places, counts, end, top, width):
    """Return the largest distances at a vector of bins from bin `i` on.

    None of them is the first or the peak. The lanes are in the order of memory.
    """
    size, one = size_of(place), splat(_U64, np.uint64(1))
    first = at + i if sign > 0 else at - i - (LANES - 1)
    place_at, heights = places + size * first, load(_F64, counts + size_of(number) * first, number)
    if size == 4:  # as float64, whose differences are exact
        far = load(_F64, place_at, place)
        far = far if sign > 0 else splat(_F64, np.float64(end)) - far
    else:
        here = load(_U64, place_at, place)
        here = here if sign > 0 else splat(_U64, end) - here
        far = convert(_F64, here)
    value = far * top - heights * width
    start = place_at - size * (sign > 0)
    if load_one(_U64, start + size * LANES, place) - load_one(_U64, start, place) > np.uint64(LANES):
        # Some bins between them are empty.
        here, last = load(_U64, place_at, place), load(_U64, place_at - size * sign, place)
        gap = here - last if sign > 0 else last - here
        here = here if sign > 0 else splat(_U64, end) - here
        value = larger(where(gap > one, convert(_F64, here - one) * top, -np.inf), value)
    return value


@kernel("place", "number", contract=False)
def corner(place, number, form, places, counts, bins, total: float, lines):
    """Find the bin farthest from the line between the peak and the end of the longer tail.

    form, total: not used. lines: address of what is found, the number of the bin among those that are not
    empty and how many places the farthest is nearer to the end of the tail, and of space for two vectors.
    """
    store_one(lines, _F64, 0.0)
    peak = _peak(number, counts, bins, lines)
    top = load_one(_F64, counts + size_of(number) * peak, number)
    end = load_one(_U64, places + size_of(place) * (bins - 1), place)
    middle = load_one(_U64, places + size_of(place) * peak, place)
    size, sign, at, width = peak, 1, 0, np.float64(middle)
    if width < np.float64(end - middle):
        size, sign, at, width = bins - 1 - peak, -1, bins - 1, np.float64(end - middle)
    vectors = max(size - 1, 0) // LANES * LANES + 1  # the first bin and the peak are not in a vector
    best, best_at = splat(_F64, -np.inf), splat(_F64, 0.0)
    for i in range(1, vectors, LANES):
        far = _distances(place, number, i, at, sign, places, counts, end, top, width)
        better = far > best
        best, best_at = where(better, far, best), where(better, np.float64(i), best_at)
    most, first = _distance(place, number, 0, at, sign, places, counts, size, end, top, width)[0], 0
    store(lines, _F64, best)
    store(lines + BYTES, _F64, best_at)
    for i in range(0, BYTES, 8):  # the first vector with the largest distance
        value, here = load_one(_F64, lines + i, _F64), int(load_one(_F64, lines + BYTES + i, _F64))
        if value > most or (value == most and 0 < here < first):
            most, first = value, here
    for i in range(vectors, size + 1):
        value = _distance(place, number, i, at, sign, places, counts, size, end, top, width)[0]
        if value > most:
            most, first = value, i
    value, nearer = _distance(place, number, first, at, sign, places, counts, size, end, top, width)
    while value < most and first < size:
        first += 1
        value, nearer = _distance(place, number, first, at, sign, places, counts, size, end, top, width)
    store_one(lines, _F64, np.float64(at + sign * first))
    store_one(lines + 8, _F64, np.float64(-sign * nearer))


@_rounded
def write_sums_before(place, number, places, counts, bins, shift, lines, line):
    """Write the sums of counts and of counts times places before each bin, and return those of all bins.

    lines: address of two lines. line: size of a line in bytes. shift: is added to each place.
    """
    below, low = 0.0, 0.0
    for i in range(bins):
        store_one(lines + 8 * i, _F64, below)
        store_one(lines + line + 8 * i, _F64, low)
        count = load_one(_F64, counts + size_of(number) * i, number)
        below += count
        low += count * (position(place, places + size_of(place) * i) + shift)
    return below, low


@_rounded
def descent(place, number, form, places, counts, bins, bits, total, whole, lines, line):
    """Return the place with the smallest cross-entropy by the iteration of Li and Tam, from the mean on.

    form: `WHOLE` or `REAL`. lines: address of the sums before each block of ``1 << bits`` bins, as of
    `write_sums_before`. total, whole: the sums of all bins.
    """
    wide, narrow = size_of(place), size_of(number)
    # A threshold of integers is found to half a unit, as in scikit-image.
    shift, tolerance = (0.0, 0.5) if form == WHOLE else (0.5, 1e-6)
    before, now = -np.inf, whole / total
    for _ in range(_MOST):
        if abs(now - before) <= tolerance:
            break
        before, first, stop = now, 0, bins
        while first < stop:  # the bins that are not above the threshold
            half = (first + stop) // 2
            if position(place, places + wide * half) + shift <= now:
                first = half + 1
            else:
                stop = half
        stop = first if first else bins  # the sums of weights may overflow, and `now` be NaN
        block = (stop - 1) >> bits
        below = load_one(_F64, lines + 8 * block, _F64)
        low = load_one(_F64, lines + line + 8 * block, _F64)
        for i in range(block << bits, stop):
            count = load_one(_F64, counts + narrow * i, number)
            below += count
            low += count * (position(place, places + wide * i) + shift)
        lower, higher = low / below, (whole - low) / (total - below)
        if lower == 0:
            break
        now = (lower - higher) / (math.log(lower) - math.log(higher))
    return now


@kernel("place", "number", contract=False)
def descend(place, number, form, places, counts, bins, total: float, lines):
    """Find the place with the smallest cross-entropy.

    form: `WHOLE` for places of integers, `REAL` for bins of real numbers, whose centres are half a place
    higher. total: the number of samples. lines: address of two lines of `bins` numbers. The first is the
    place that is found.
    """
    shift = 0.0 if form == WHOLE else 0.5
    whole = write_sums_before(place, number, places, counts, bins, shift, lines, 8 * bins)[1]
    store_one(
        lines, _F64, descent(place, number, form, places, counts, bins, 0, total, whole, lines, 8 * bins)
    )


@Driver
@denormals_as_numbers
def choose(kernel_at, form, places, counts, bins, total: float, lines):
    """Call one of the kernels at an address."""
    invoke(2, kernel_at, (form, places, counts, bins, total, lines))
