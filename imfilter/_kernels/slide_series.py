"""Windows that slide along series: weighted sums and medians, over lines of float64.

A line holds the samples of several series side by side: `step` elements lie from one sample of a series to
its next. What a window gives depends on its samples alone, not on where in a line it lies: each sum is taken
in an order of its own, the same in every lane and behind the last vector. So a series may be cut anywhere.
"""

import numpy as np
from llvmlite import ir
from numba.extending import intrinsic

from imfilter._core.jit import Driver, inlined
from imfilter._kernels.denormals import denormals_as_numbers, denormals_as_zeros
from imfilter._kernels.simd import (
    BYTES,
    fma,
    load,
    load_one,
    peek,
    splat,
    store,
    store_one,
    strict,
)

_F64 = np.dtype(np.float64)
#: Elements of a vector, and columns that are worked on together where there are many series.
_LANES = BYTES // 8
_COLUMNS = 4 * _LANES
#: Rows that are worked on together there: their pages of memory are all known to the processor. A savgol of
#: 11 samples along the first axis of (10000, 1000) took 49 ms instead of 64 (2.5 GHz Xeon, shared).
_ROWS = 128


@Driver
@denormals_as_zeros
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


@intrinsic
def _between(typingctx, low, high):
    """Return ``0.5 * low + 0.5 * high`` as NumPy computes it, or both if they are equal."""

    def codegen(context, builder, sig, args):
        def formula(a, b):
            half = ir.Constant(a.type, [0.5])
            middle = builder.fadd(builder.fmul(half, a), builder.fmul(half, b))
            return builder.select(builder.fcmp_ordered("==", a, b), a, middle)

        return strict(builder, formula, *args)

    return low(low, high), codegen


@inlined
def _unsigned_zero(at):
    """Return a sample, 0.0 for -0.0: adding 0.0 would do that if the compiler let it."""
    return 0.0 if peek(at) == -(1 << 63) else load_one(_F64, at, _F64)


@Driver
@denormals_as_numbers
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
                    value = _unsigned_zero(source + 8 * at)
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
                value = _unsigned_zero(source + 8 * at)
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
                    result = _between(result, upper)
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
