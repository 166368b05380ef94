"""The best division of a histogram into classes, and its smoothing."""

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, inlined
from imfilter._simd.vector import load_one, peek, poke, store_one

_F32, _F64 = np.dtype(np.float32), np.dtype(np.float64)

#: Sums that differ by less, relative to them, are equal.
_ROUNDED = 1e-13


@inlined
def _gain(sums, first, stop):
    """Return the squared sum of the values from bin `first` to `stop`, divided by their number."""
    at, to = sums + 16 * first, sums + 16 * stop
    number = load_one(_F64, to, _F64) - load_one(_F64, at, _F64)
    total = load_one(_F64, to + 8, _F64) - load_one(_F64, at + 8, _F64)
    return total * total / number


@inlined
def _choose(sums, before, after, to, stops, first, low, high):
    """Find the best end of the class that starts at bin `first`. Of equal ends from `low` on, the first."""
    best, end = -1.0, low
    for stop in range(low, high + 1):
        value = _gain(sums, first, stop) + load_one(_F64, before + 8 * stop, _F64)
        if value > best * (1 + _ROUNDED):
            best, end = value, stop
    store_one(after + 8 * first, _F64, best)
    poke(to + 8 * first, end)


@Driver
@denormals_as_zeros
def divide(sums, bins, classes, gains, stops):
    """Find the ends of the classes that start at each bin, for every number of classes.

    sums: address of pairs, the number and the sum of the values before each bin, one pair more than bins.
    gains: address of `classes` lines of `bins` + 1 numbers. stops: address of as many integers. Line c has
    the best sum of c + 1 classes from each bin to the last, and the end of the first of these classes.

    The end of the first class grows with its start, because the variance within a class fulfils the
    quadrangle inequality (F. Yao, 1980). So half of the starts limits the ends of the other half.
    """
    line = 8 * (bins + 1)
    for first in range(bins):
        store_one(gains + 8 * first, _F64, _gain(sums, first, bins))
        poke(stops + 8 * first, bins)
    for c in range(1, classes):
        before, after, to = gains + (c - 1) * line, gains + c * line, stops + c * line
        starts = bins - c  # each later class needs a bin
        step = 1
        while step < starts:
            step *= 2
        while step:
            for first in range(step - 1, starts, 2 * step):
                low, high = first + 1, starts
                if first >= step:
                    low = max(low, peek(to + 8 * (first - step)))
                if first + step < starts:
                    high = min(high, peek(to + 8 * (first + step)))
                _choose(sums, before, after, to, stops, first, low, max(low, high))
            step //= 2


@inlined
def _maxima(values, bins, found):
    """Write the places of the maxima of float32 values. Return their number; at most two are written."""
    number, rises = 0, True
    last = load_one(_F32, values, _F32)
    for i in range(1, bins):
        value = load_one(_F32, values + 4 * i, _F32)
        if rises and value < last:
            rises = False
            if number < 2:
                poke(found + 8 * number, i - 1)
            number += 1
        elif not rises and value > last:
            rises = True
        last = value
    return number


@Driver
@denormals_as_zeros
def smooth_to_two(values, spare, bins, most, found):
    """Replace float32 values by means of three until they have fewer than three maxima, or `most` times.

    spare: address of as many values. found: address of four integers: the places of two maxima, the number of
    maxima, and whether the result is in `spare`. Beyond the ends, the last value is repeated.
    """
    here, there = values, spare
    for _ in range(most):
        a, b = np.float64(load_one(_F32, here, _F32)), np.float64(load_one(_F32, here, _F32))
        c = np.float64(load_one(_F32, here + 4 * min(1, bins - 1), _F32))
        mean = (a + b + c) / 3
        store_one(there, _F32, np.float32(mean))
        for i in range(1, bins):
            c = np.float64(load_one(_F32, here + 4 * min(i + 1, bins - 1), _F32))
            mean += (c - a) / 3
            a, b = b, np.float64(load_one(_F32, here + 4 * i, _F32))
            store_one(there + 4 * i, _F32, np.float32(mean))
        here, there = there, here
        number = _maxima(here, bins, found)
        poke(found + 16, number)
        poke(found + 24, here == spare)
        if number < 3:
            return
