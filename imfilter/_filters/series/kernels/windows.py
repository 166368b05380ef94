"""Windows that slide along series: weighted sums, over lines of float64.

A line holds the samples of several series side by side: `step` elements lie from one sample of a series to
its next. What a window gives depends on its samples alone, not on where in a line it lies: each sum is taken
in an order of its own, the same in every lane and behind the last vector. So a series may be cut anywhere.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver
from imfilter._simd.lanewise import fma
from imfilter._simd.vector import BYTES, load, load_one, splat, store, store_one

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
