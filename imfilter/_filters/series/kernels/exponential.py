"""Exponential means along series of float64: a recursion that reads and writes a state.

Each step waits for the previous one. A step takes 4 cycles, or 16 cycles if the low parts of means are kept.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, inlined
from imfilter._simd.lanewise import fma
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import load, load_one, splat, store, store_one

_F64 = np.dtype(np.float64)
_LANES = BYTES // 8
#: Number of rows that are processed together for many series. The processor has the addresses of their pages
#: in its cache.
_ROWS = 128

#: Options of a recursion: normalise by the weights of the existing samples; skip NaN; keep the low parts of
#: means; samples count more or less.
ADJUST, IGNORE, CAREFUL, COUNT = 1, 2, 4, 8


@inlined
def _blend(value, mean, low, gain, rest, careful):
    """Return the mean and its low part after a sample. The sum of `gain` and `rest` is 1."""
    share = gain * value
    if not careful:
        return fma(rest, mean, share), 0.0
    change = fma(rest, low, fma(-gain, mean, share))
    new = mean + change
    return new, change - (new - mean)


@inlined
def _next(value, count, mean, low, weight, alpha, decay, flags):
    """Return the mean, its low part and the weight of the samples so far, after one more sample."""
    if count == 0.0 or (flags & IGNORE and value != value):
        return mean, low, (weight * decay if weight >= 0.0 else weight)
    if weight < 0.0:
        return value, 0.0, (count if flags & ADJUST else 1.0)
    gain, rest = alpha, decay
    if flags & ADJUST:
        weight = fma(weight, decay, count)
        gain = count / weight
        rest = 1.0 - gain
    elif weight != 1.0 or count != 1.0:  # after a gap
        gain = alpha * count / (weight * decay + alpha * count)
        rest = 1.0 - gain
        weight = 1.0
    mean, low = _blend(value, mean, low, gain, rest, flags & CAREFUL)
    return mean, low, weight


@inlined
def _steadily(source, target, rows, along, mean, low, alpha, decay, careful):
    """Process samples with a constant gain. Return the mean and its low part."""
    for _ in range(rows):
        mean, low = _blend(load_one(_F64, source, _F64), mean, low, alpha, decay, careful)
        store_one(target, _F64, mean)
        source += along
        target += along
    return mean, low


@inlined
def _one_by_one(source, target, counts, rows, along, own_state, alpha, decay, flags):
    """Process samples of one series. `own_state` is the address of its state."""
    mean, low = load_one(_F64, own_state, _F64), load_one(_F64, own_state + 8, _F64)
    weight = load_one(_F64, own_state + 16, _F64)
    steady = flags & (ADJUST | IGNORE | COUNT) == 0
    for i in range(1 if steady else rows):
        count = load_one(_F64, counts + i * along, _F64) if flags & COUNT else 1.0
        value = load_one(_F64, source, _F64)
        mean, low, weight = _next(value, count, mean, low, weight, alpha, decay, flags)
        store_one(target, _F64, mean)
        source += along
        target += along
    if steady:
        if flags & CAREFUL:
            mean, low = _steadily(source, target, rows - 1, along, mean, low, alpha, decay, True)
        else:
            mean, low = _steadily(source, target, rows - 1, along, mean, low, alpha, decay, False)
    store_one(own_state, _F64, mean)
    store_one(own_state + 8, _F64, low)
    store_one(own_state + 16, _F64, weight)


@inlined
def _side_by_side(source, target, rows, series, along, state, alpha, decay):
    """Process samples of several series, row by row. The previous row of the result has their means."""
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
def recur(source, target, counts, lines, pitch, rows, series, step, state, alpha: float, flags, turn):
    """Write the exponential means of `rows` samples of some series, and update their `state`.

    counts: address of how much each sample counts, in the layout of `source`; it is read with `COUNT`.
    lines, pitch: number of lines of series, and elements between them. Their states follow each other. step:
    elements between two samples of a series. state: address of four float64 per series: the mean, its low
    part, the weight of the samples so far, which is -1 before the first sample, and an unused number. flags:
    options, as bits. turn: 1 forwards, -1 backwards.
    """
    decay, along = 1.0 - alpha, 8 * turn * step
    for _ in range(lines):
        # After the first row, every mean is known, and the next rows can be processed side by side.
        top, chunk = 0, rows if series == 1 else _ROWS if flags else 1
        while top < rows and (top == 0 or flags):
            n = min(chunk, rows - top)
            for i in range(series):
                offset = along * top + 8 * i
                _one_by_one(
                    source + offset, target + offset, counts + offset, n, along, state + 32 * i, alpha, decay,
                    flags,
                )  # fmt: skip
            top += n
        if top < rows:
            offset = along * top
            _side_by_side(source + offset, target + offset, rows - top, series, along, state, alpha, decay)
        source += 8 * pitch
        target += 8 * pitch
        counts += 8 * pitch
        state += 32 * series
