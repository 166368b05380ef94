"""Windows that slide along series, and recursions, over lines of float64.

A line holds the samples of several series side by side: `step` elements lie from one sample of a series to
its next. What a window gives depends on its samples alone, not on where in a line it lies: each sum is taken
in an order of its own, the same in every lane and behind the last vector. So a series may be cut anywhere.
"""

import numpy as np

from imfilter._core.jit import Driver, inlined
from imfilter._kernels.simd import BYTES, fma, load, load_one, splat, store, store_one

_F64 = np.dtype(np.float64)
#: Elements of a vector, and those of a line that are added up together: they stay in the first-level cache.
_LANES, TILE = BYTES // 8, 1024


@Driver
def weigh(source, target, count, step, taps, n_taps, bias: float):
    """Write to element e of `count` the bias plus ``taps[i] * source[e + i*step]``, summed in that order."""
    e = 0
    while e + _LANES <= count:
        total = splat(_F64, bias)
        for i in range(n_taps):
            tap = splat(_F64, load_one(_F64, taps + 8 * i, _F64))
            total = fma(tap, load(_F64, source + 8 * (e + i * step), _F64), total)
        store(target + 8 * e, _F64, total)
        e += _LANES
    while e < count:
        one = bias
        for i in range(n_taps):
            one = fma(
                load_one(_F64, taps + 8 * i, _F64), load_one(_F64, source + 8 * (e + i * step), _F64), one
            )
        store_one(target + 8 * e, _F64, one)
        e += 1


@inlined
def _add(target, first, second, count):
    """Write the sums of two lines; `target` may be `first`, or lie before `second`."""
    e = 0
    while e + _LANES <= count:
        store(target + 8 * e, _F64, load(_F64, first + 8 * e, _F64) + load(_F64, second + 8 * e, _F64))
        e += _LANES
    while e < count:
        store_one(
            target + 8 * e, _F64, load_one(_F64, first + 8 * e, _F64) + load_one(_F64, second + 8 * e, _F64)
        )
        e += 1


@inlined
def _copy(target, source, count):
    """Copy a line."""
    for e in range(count):
        store_one(target + 8 * e, _F64, load_one(_F64, source + 8 * e, _F64))


@inlined
def _divide(line, count, divisor):
    """Divide a line."""
    e = 0
    while e + _LANES <= count:
        store(line + 8 * e, _F64, load(_F64, line + 8 * e, _F64) / splat(_F64, divisor))
        e += _LANES
    while e < count:
        store_one(line + 8 * e, _F64, load_one(_F64, line + 8 * e, _F64) / divisor)
        e += 1


@Driver
def average(source, target, count, step, size, divisor: float, room, tile):
    """Write the sum of `size` samples from each on, over `divisor`.

    Sums of 1, 2, 4 … samples are made of two of the one before, and the window is put together from those
    of the bits of its size, the smallest first. That takes two additions a bit, with no sum that runs on:
    nothing drifts, and what is no number stays in its windows. Elements are worked on `tile` at a time, in
    `room` for ``tile + size*step`` of them.
    """
    for start in range(0, count, tile):
        n, line, to = min(tile, count - start), source + 8 * start, target + 8 * start
        width, done, rest = 1, 0, size
        while True:
            if rest & 1:
                if done == 0:
                    _copy(to, line, n)
                else:
                    _add(to, to, line + 8 * done * step, n)
                done += width
            rest >>= 1
            if rest == 0:
                break
            _add(room, line, line + 8 * width * step, n + (size - 2 * width) * step)
            line = room
            width *= 2
        _divide(to, n, divisor)


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


@Driver
def recur(source, target, rows, step, state, alpha: float, how, turn):
    """Write the exponential means of `rows` samples of `step` series, from and to their `state`.

    state: four float64 a series: the mean, what rounding has left of it, the weight of what is known, which
    is -1 before the first sample, and one that is not used. turn: rows from one to the next, 1 or -1.
    """
    adjust, ignore, careful = how & ADJUST, how & IGNORE, how & CAREFUL
    decay = 1.0 - alpha
    for series in range(step):
        at, mine = series, state + 32 * series
        mean = load_one(_F64, mine, _F64)
        low = load_one(_F64, mine + 8, _F64)
        weight = load_one(_F64, mine + 16, _F64)
        row = 0
        while row < rows:
            if how == 0 and weight == 1.0:  # which it stays
                while row < rows:
                    mean = fma(alpha, load_one(_F64, source + 8 * at, _F64) - mean, mean)
                    store_one(target + 8 * at, _F64, mean)
                    at += turn * step
                    row += 1
                break
            value = load_one(_F64, source + 8 * at, _F64)
            missing = ignore != 0 and value != value
            if weight < 0.0:
                if not missing:
                    mean, low, weight = value, 0.0, 1.0
            elif missing:
                weight = weight * decay
            else:
                gain = alpha
                if adjust:
                    weight = fma(weight, decay, 1.0)
                    gain = 1.0 / weight
                elif weight != 1.0:
                    gain = alpha / (weight * decay + alpha)
                    weight = 1.0
                if careful:
                    change = fma(gain, (value - mean) - low, low)
                    new = mean + change
                    low = change - (new - mean)
                    mean = new
                else:
                    mean = fma(gain, value - mean, mean)
            store_one(target + 8 * at, _F64, mean)
            at += turn * step
            row += 1
        store_one(mine, _F64, mean)
        store_one(mine + 8, _F64, low)
        store_one(mine + 16, _F64, weight)
