"""Criteria of the two classes of a histogram: the bin at which a criterion is best.

`places` and `counts` are addresses of the bins that are not empty, as integers without signs, and of their
counts as float64. The criteria are computed for whole vectors of bins, and each operation is rounded by
itself, as in NumPy.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, inlined, kernel
from imfilter._simd.lanewise import convert, larger, root
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import invoke, load, load_one, splat, store, store_one

_F64, _U64 = np.dtype(np.float64), np.dtype(np.uint64)
#: The variance between the classes, the correlation of Yen, and the middle between the means.
VARIANCE, CORRELATION, MIDDLE = 0, 1, 2
#: Lines of `split`, and numbers after them.
LINES, MORE = 5, BYTES // 4
#: Values of a criterion that differ by less, relative to them, are equal.
_ROUNDED = 1e-12
#: The smallest normal number.
_TINY = float(np.finfo(float).tiny)


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


@Driver
@denormals_as_numbers
def sum_both(first, second, bins, sums):
    """Write the sums of two lines of numbers; see `_sum_both`."""
    _sum_both(first, second, bins, sums)


@inlined
def _position(at):
    """Return the bin at an address as float64."""
    return np.float64(load_one(_U64, at, _U64))


@inlined
def _first_of_best(values, count):
    """Return the first of the largest values. Values that differ by rounding are equal."""
    best = splat(_F64, -np.inf)
    for i in range(0, 8 * count, BYTES):
        best = larger(load(_F64, values + i, _F64), best)
    after = values + 8 * (count + BYTES // 8)
    store(after, _F64, best)
    most = -np.inf
    for i in range(0, BYTES, 8):
        most = max(most, load_one(_F64, after + i, _F64))
    bound = most if most == np.inf else most - abs(most) * _ROUNDED
    for i in range(count):
        if load_one(_F64, values + 8 * i, _F64) >= bound:
            return i
    return 0


@kernel(contract=False)
def split(form, places, counts, bins, total: float, lines):
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
            shares = load(_F64, counts + i, _F64) / total
            store(values + i, _F64, shares * shares)
        for i in range(vectors, line, 8):
            share = load_one(_F64, counts + i, _F64) / total
            store_one(values + i, _F64, share * share)
    else:
        for i in range(0, vectors, BYTES):
            positions = convert(_F64, load(_U64, places + i, _U64))
            store(values + i, _F64, positions * load(_F64, counts + i, _F64))
        for i in range(vectors, line, 8):
            store_one(values + i, _F64, _position(places + i) * load_one(_F64, counts + i, _F64))
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
            apart = high / above - low / below
            value = below * above * (apart * apart)
        else:
            value = (low / below + high / above) / 2.0
        store(at + 4 * line, _F64, value)
    if form != MIDDLE:
        for i in range(bins - 1, bins + BYTES // 8):
            store_one(values + 8 * i, _F64, -np.inf)
        store_one(lines, _F64, np.float64(_first_of_best(values, bins - 1)))
    else:
        here = _position(places)
        for i in range(bins - 1):
            value, after = load_one(_F64, values + 8 * i, _F64), _position(places + 8 * (i + 1))
            whole = np.floor(value + max(value, 1.0) * _ROUNDED)  # `math.floor` returns an int64
            # A threshold between two bins that are not empty divides like the lower of them.
            fits = here <= whole < after
            if fits or i == 0:
                store_one(lines, _F64, whole)
            if fits:
                break
            here = after


@kernel(contract=False)
def corner(form, places, counts, bins, total: float, lines):
    """Find the bin farthest from the line between the peak and the end of the longer tail.

    form, total: not used. lines: address of what is found: the number of the bin among those that are not
    empty, and how many places the farthest is nearer to the end of the tail.
    """
    peak, top = 0, 0.0
    for i in range(bins):
        height = load_one(_F64, counts + 8 * i, _F64)
        if height > top:
            peak, top = i, height
    end, middle = load_one(_U64, places + 8 * (bins - 1), _U64), load_one(_U64, places + 8 * peak, _U64)
    flipped = np.float64(middle) < np.float64(end - middle)
    width = np.float64(end - middle if flipped else middle)
    size, step, line = peak, 8, places
    if flipped:
        size, step, line, counts = bins - 1 - peak, -8, places + 8 * (bins - 1), counts + 8 * (bins - 1)
    best, nearer, most, last, one = 0, 0, -np.inf, np.uint64(0), np.uint64(1)
    for i in range(size + 1):
        place = load_one(_U64, line + step * i, _U64)
        place = end - place if flipped else place
        # Along a row of empty bins, the last is the farthest.
        if i and place - last > one:
            value = top * np.float64(place - one)
            if value > most:
                best, nearer, most = i, 1, value
        if i < size:
            value = top * np.float64(place) - width * load_one(_F64, counts + step * i, _F64)
            if value > most:
                best, nearer, most = i, 0, value
        last = place
    store_one(lines, _F64, np.float64(bins - 1 - best if flipped else best))
    store_one(lines + 8, _F64, np.float64(nearer if flipped else -nearer))


@Driver
@denormals_as_numbers
def choose(kernel_at, form, places, counts, bins, total: float, lines):
    """Call `split` or `corner` at an address."""
    invoke(0, kernel_at, (form, places, counts, bins, total, lines))
