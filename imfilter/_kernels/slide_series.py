"""Windows that slide along series, and recursions, over lines of float64.

A line holds the samples of several series side by side: `step` elements lie from one sample of a series to
its next. What a window gives depends on its samples alone, not on where in a line it lies: each sum is taken
in an order of its own, the same in every lane and behind the last vector. So a series may be cut anywhere.
"""

import numpy as np

from imfilter._core.jit import Driver, inlined
from imfilter._kernels.simd import BYTES, fma, load, load_one, splat, store, store_one

_F64 = np.dtype(np.float64)
#: Elements of a vector, and columns that are worked on together where there are many series.
_LANES = BYTES // 8
_COLUMNS = 4 * _LANES
#: Rows that are worked on together there: their pages of memory are all known to the processor. A savgol of
#: 11 samples along the first axis of (10000, 1000) took 49 ms instead of 64 (2.5 GHz Xeon, shared).
_ROWS = 128


@Driver
def weigh(source, target, runs, length, pitch, step, taps, n_taps, bias: float):
    """Write to each element e of some runs the bias plus ``taps[i] * source[e + i*step]``, in that order.

    Runs of `length` elements begin `pitch` elements apart. They are worked on in blocks of columns, so that
    what the taps reach stays in the cache.
    """
    for top in range(0, runs, _ROWS):
        for first in range(0, length, _COLUMNS):
            end = min(first + _COLUMNS, length)
            for run in range(top, min(top + _ROWS, runs)):
                line, to = source + 8 * run * pitch, target + 8 * run * pitch
                e = first
                while e < end and length >= _LANES:
                    e = min(e, length - _LANES)  # the last vector overlaps the one before
                    total = splat(_F64, bias)
                    for i in range(n_taps):
                        tap = splat(_F64, load_one(_F64, taps + 8 * i, _F64))
                        total = fma(tap, load(_F64, line + 8 * (e + i * step), _F64), total)
                    store(to + 8 * e, _F64, total)
                    e += _LANES
                while e < end:
                    one = bias
                    for i in range(n_taps):
                        sample = load_one(_F64, line + 8 * (e + i * step), _F64)
                        one = fma(load_one(_F64, taps + 8 * i, _F64), sample, one)
                    store_one(to + 8 * e, _F64, one)
                    e += 1


@inlined
def _add(target, first, second, count):
    """Write the sums of two lines; `target` may be `first`, or lie before `second`."""
    e = 0
    while e + _LANES <= count:
        store(target + 8 * e, _F64, load(_F64, first + 8 * e, _F64) + load(_F64, second + 8 * e, _F64))
        e += _LANES
    while e < count:
        one = load_one(_F64, first + 8 * e, _F64) + load_one(_F64, second + 8 * e, _F64)
        store_one(target + 8 * e, _F64, one)
        e += 1


@inlined
def _copy(target, source, count):
    """Copy a line."""
    e = 0
    while e + _LANES <= count:
        store(target + 8 * e, _F64, load(_F64, source + 8 * e, _F64))
        e += _LANES
    while e < count:
        store_one(target + 8 * e, _F64, load_one(_F64, source + 8 * e, _F64))
        e += 1


@inlined
def _divide(target, line, count, divisor):
    """Write a line divided."""
    e = 0
    while e + _LANES <= count:
        store(target + 8 * e, _F64, load(_F64, line + 8 * e, _F64) / splat(_F64, divisor))
        e += _LANES
    while e < count:
        store_one(target + 8 * e, _F64, load_one(_F64, line + 8 * e, _F64) / divisor)
        e += 1


@Driver
def average(source, target, rows, step, size, divisor: float, room, tile, columns):
    """Write the sum of `size` samples from each of `rows` on, of each of `step` series, over `divisor`.

    Sums of 1, 2, 4 … samples are made of two of the one before, and the window is put together from those
    of the bits of its size, the smallest first. That takes two additions a bit, with no sum that runs on:
    nothing drifts, and what is no number stays in its windows.

    As many rows as in `tile` are worked on at a time, of so many `columns` if not of all series; in `room`
    for ``2*tile + 2*size`` rows of these: their sums, what they become, and blocks of columns.
    """
    for start in range(0, rows, tile):
        n = min(tile, rows - start)
        for left in range(0, step, columns):
            wide = min(columns, step - left)
            sums = room + 8 * wide * (tile + size)
            line = source + 8 * (start * step + left)
            if wide < step:
                for row in range(n + size - 1):
                    _copy(room + 8 * row * wide, line + 8 * row * step, wide)
                line = room
            width, done, rest = 1, 0, size
            while True:
                if rest & 1:
                    if done == 0:
                        _copy(sums, line, n * wide)
                    else:
                        _add(sums, sums, line + 8 * done * wide, n * wide)
                    done += width
                rest >>= 1
                if rest == 0:
                    break
                _add(room, line, line + 8 * width * wide, (n + size - 2 * width) * wide)
                line = room
                width *= 2
            to = target + 8 * (start * step + left)
            if wide < step:
                for row in range(n):
                    _divide(to + 8 * row * step, sums + 8 * row * wide, wide, divisor)
            else:
                _divide(to, sums, n * wide, divisor)


@Driver
def middle(source, target, rows, step, size, there, room):
    """Write the median of `size` samples from each of `rows` on, of each of `step` series.

    there: address of a byte for each sample, whether it counts, or 0 if all do. Of an even number the mean of
    the two in the middle; NaN if one of them is NaN, or if none counts. room: for `size` float64.
    """
    for series in range(step):
        held, strange = 0, 0
        for row in range(rows + size - 1):
            if row >= size:  # the oldest leaves
                at = series + (row - size) * step
                if there == 0 or load_one(np.dtype(np.uint8), there + at, np.dtype(np.uint8)):
                    value = load_one(_F64, source + 8 * at, _F64) + 0.0
                    if value != value:
                        strange -= 1
                    else:
                        i = _place(room, held, value)
                        held -= 1
                        while i < held:
                            store_one(room + 8 * i, _F64, load_one(_F64, room + 8 * (i + 1), _F64))
                            i += 1
            at = series + row * step
            if there == 0 or load_one(np.dtype(np.uint8), there + at, np.dtype(np.uint8)):
                value = load_one(_F64, source + 8 * at, _F64) + 0.0  # which makes 0.0 of -0.0
                if value != value:
                    strange += 1
                else:
                    i = _place(room, held, value)
                    j = held
                    while j > i:
                        store_one(room + 8 * j, _F64, load_one(_F64, room + 8 * (j - 1), _F64))
                        j -= 1
                    store_one(room + 8 * i, _F64, value)
                    held += 1
            if row >= size - 1:
                result = np.nan
                if strange == 0 and held > 0:
                    result = load_one(_F64, room + 8 * ((held - 1) // 2), _F64)
                    upper = load_one(_F64, room + 8 * (held // 2), _F64)
                    if upper != result:
                        result = 0.5 * result + 0.5 * upper
                store_one(target + 8 * (series + (row - size + 1) * step), _F64, result)


@inlined
def _place(room, held, value):
    """Return where among `held` values in order `value` is, or would be."""
    low, high = 0, held
    while low < high:
        half = (low + high) >> 1
        if load_one(_F64, room + 8 * half, _F64) < value:
            low = half + 1
        else:
            high = half
    return low


#: How a recursion goes: over all samples with one gain; by the weights of those that there are; with low
#: parts of its values kept.
ADJUST, IGNORE, CAREFUL = 1, 2, 4


@inlined
def _advance(value, mine, alpha, decay, how):
    """Take one sample of a series with its state into that; return the mean."""
    mean = load_one(_F64, mine, _F64)
    weight = load_one(_F64, mine + 16, _F64)
    missing = how & IGNORE != 0 and value != value
    if missing:
        if weight >= 0.0:
            store_one(mine + 16, _F64, weight * decay)
        return mean
    if weight < 0.0:
        store_one(mine, _F64, value)
        store_one(mine + 16, _F64, 1.0)
        return value
    gain = alpha
    if how & ADJUST:
        weight = fma(weight, decay, 1.0)
        gain = 1.0 / weight
    else:
        if weight != 1.0:
            gain = alpha / (weight * decay + alpha)
        elif how & CAREFUL == 0:
            mean = fma(decay, mean, alpha * value)
            store_one(mine, _F64, mean)
            return mean
        weight = 1.0
    store_one(mine + 16, _F64, weight)
    if how & CAREFUL:
        low = load_one(_F64, mine + 8, _F64)
        change = fma(gain, (value - mean) - low, low)
        new = mean + change
        store_one(mine + 8, _F64, change - (new - mean))
        mean = new
    else:
        mean = fma(gain, value - mean, mean)
    store_one(mine, _F64, mean)
    return mean


@inlined
def _follow(source, target, rows, series, along, alpha, decay):
    """Go on from the means of the row before, of weight 1 and with one gain, which is one instruction."""
    first = 0
    while first < series:
        at, to = source + 8 * first, target + 8 * first
        if first + _LANES <= series:
            means = load(_F64, to - along, _F64)
            share, rest = splat(_F64, alpha), splat(_F64, decay)
            for _ in range(rows):
                means = fma(rest, means, share * load(_F64, at, _F64))
                store(to, _F64, means)
                at += along
                to += along
            first += _LANES
        else:
            mean = load_one(_F64, to - along, _F64)
            for _ in range(rows):
                mean = fma(decay, mean, alpha * load_one(_F64, at, _F64))
                store_one(to, _F64, mean)
                at += along
                to += along
            first += 1


@Driver
def recur(source, target, rows, series, step, state, alpha: float, how, turn):
    """Write the exponential means of `rows` samples of some series, from and to their `state`.

    step: elements from a sample of a series to the next. state: four float64 a series: the mean, what
    rounding has left of it, the weight of what is known, which is -1 before the first sample, and one that is
    not used. turn: rows from one to the next, 1 or -1.
    """
    decay, along = 1.0 - alpha, 8 * turn * step
    for row in range(min(rows, 1) if how == 0 else rows):
        at = along * row
        for i in range(series):
            value = load_one(_F64, source + at + 8 * i, _F64)
            mean = _advance(value, state + 32 * i, alpha, decay, how)
            store_one(target + at + 8 * i, _F64, mean)
    if how == 0 and rows > 1:
        many = rows if series == 1 else _ROWS
        for row in range(1, rows, many):
            at = along * row
            _follow(source + at, target + at, min(many, rows - row), series, along, alpha, decay)
        for i in range(series):
            last = load_one(_F64, target + 8 * i + along * (rows - 1), _F64)
            store_one(state + 32 * i, _F64, last)
