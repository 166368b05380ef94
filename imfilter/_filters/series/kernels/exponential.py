"""Exponential means along series of float64: a recursion, from and to a state.

A step takes four cycles, for which the next one waits; where the low parts of means are kept, sixteen.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, inlined
from imfilter._simd.lanewise import fma
from imfilter._simd.vector import BYTES, load, load_one, splat, store, store_one

_F64 = np.dtype(np.float64)
_LANES = BYTES // 8
#: Rows that are worked on together where there are many series: the processor knows all of their pages.
_ROWS = 128

#: How a recursion goes: by the weights of the samples that there are; over what is no number; with low parts
#: of its means kept.
ADJUST, IGNORE, CAREFUL = 1, 2, 4


@inlined
def _blend(value, mean, low, gain, rest, careful):
    """Return the mean and its low part with a share of a sample: gain and rest add up to 1."""
    share = gain * value
    if not careful:
        return fma(rest, mean, share), 0.0
    change = fma(rest, low, fma(-gain, mean, share))
    new = mean + change
    return new, change - (new - mean)


@inlined
def _next(value, mean, low, weight, alpha, decay, how):
    """Return the mean, its low part and the weight of what is known after one more sample."""
    if how & IGNORE and value != value:
        return mean, low, (weight * decay if weight >= 0.0 else weight)
    if weight < 0.0:
        return value, 0.0, 1.0
    gain, rest = alpha, decay
    if how & ADJUST:
        weight = fma(weight, decay, 1.0)
        gain = 1.0 / weight
        rest = 1.0 - gain
    elif weight != 1.0:  # after a gap
        gain = alpha / (weight * decay + alpha)
        rest = 1.0 - gain
        weight = 1.0
    mean, low = _blend(value, mean, low, gain, rest, how & CAREFUL)
    return mean, low, weight


@inlined
def _steadily(source, target, rows, along, mean, low, alpha, decay, careful):
    """Take some samples with one gain; return the mean and its low part."""
    for _ in range(rows):
        mean, low = _blend(load_one(_F64, source, _F64), mean, low, alpha, decay, careful)
        store_one(target, _F64, mean)
        source += along
        target += along
    return mean, low


@inlined
def _one_by_one(source, target, rows, along, mine, alpha, decay, how):
    """Take some samples of one series, whose state is at an address."""
    mean, low = load_one(_F64, mine, _F64), load_one(_F64, mine + 8, _F64)
    weight = load_one(_F64, mine + 16, _F64)
    steady = how & (ADJUST | IGNORE) == 0
    for _ in range(1 if steady else rows):
        mean, low, weight = _next(load_one(_F64, source, _F64), mean, low, weight, alpha, decay, how)
        store_one(target, _F64, mean)
        source += along
        target += along
    if steady:
        if how & CAREFUL:
            mean, low = _steadily(source, target, rows - 1, along, mean, low, alpha, decay, True)
        else:
            mean, low = _steadily(source, target, rows - 1, along, mean, low, alpha, decay, False)
    store_one(mine, _F64, mean)
    store_one(mine + 8, _F64, low)
    store_one(mine + 16, _F64, weight)


@inlined
def _side_by_side(source, target, rows, series, along, state, alpha, decay):
    """Take some samples of series whose means are in the row before, row by row as they lie in memory."""
    share, rest = splat(_F64, alpha), splat(_F64, decay)
    for _ in range(rows):
        i = 0
        while i + _LANES <= series:
            to = target + 8 * i
            means = fma(rest, load(_F64, to - along, _F64), share * load(_F64, source + 8 * i, _F64))
            store(to, _F64, means)
            i += _LANES
        while i < series:
            to = target + 8 * i
            value = alpha * load_one(_F64, source + 8 * i, _F64)
            store_one(to, _F64, fma(decay, load_one(_F64, to - along, _F64), value))
            i += 1
        source += along
        target += along
    for i in range(series):
        store_one(state + 32 * i, _F64, load_one(_F64, target - along + 8 * i, _F64))


@Driver
@denormals_as_zeros
def recur(source, target, lines, pitch, rows, series, step, state, alpha: float, how, turn):
    """Write the exponential means of `rows` samples of some series, from and to their `state`.

    pitch: elements from a line of series to the next, of whose states each comes behind the last. step:
    elements from a sample of a series to the next. state: four float64 a series: the mean, what rounding has
    left of it, the weight of what is known, which is -1 before the first sample, and one that is not used.
    turn: rows from one to the next, 1 or -1.
    """
    decay, along = 1.0 - alpha, 8 * turn * step
    for _ in range(lines):
        # The first row tells every mean; what is behind it may be done side by side.
        top, many = 0, rows if series == 1 else _ROWS if how else 1
        while top < rows and (top == 0 or how):
            n = min(many, rows - top)
            for i in range(series):
                place = along * top + 8 * i
                _one_by_one(source + place, target + place, n, along, state + 32 * i, alpha, decay, how)
            top += n
        if top < rows:
            place = along * top
            _side_by_side(source + place, target + place, rows - top, series, along, state, alpha, decay)
        source += 8 * pitch
        target += 8 * pitch
        state += 32 * series
