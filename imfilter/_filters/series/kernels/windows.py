"""Windows that slide along series: weighted sums, over lines of float64.

A line has the interleaved samples of several series: two samples of a series are `step` elements apart. A
result depends only on the samples of its window, not on the position in the line: the order of additions is
the same in every lane and after the last vector. So a series may be cut at any position.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, kernel
from imfilter._simd.lanewise import fma
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import invoke_packed, load, load_one, splat, store, store_one

_F64 = np.dtype(np.float64)
#: Elements of a vector, and number of columns that are processed together for many series.
_LANES = BYTES // 8
_COLUMNS = 4 * _LANES
#: Number of rows that are processed together for many series. The processor has the addresses of their pages
#: in its cache. A savgol of 11 samples along the first axis of (10000, 1000) took 49 ms instead of 64 ms (2.5
#: GHz Xeon, shared).
_ROWS = 128


@Driver
@denormals_as_zeros
def weigh(source, target, runs, length, pitch, step, taps, n_taps, bias: float):
    """Write the bias plus the sum of ``taps[i] * source[e + i*step]``, in this order, to each element e.

    The elements are in `runs` runs of `length` elements, `pitch` elements apart. The kernel processes blocks
    of columns, so that the samples of the taps stay in the cache.
    """
    for top in range(0, runs, _ROWS):
        for first in range(0, length, _COLUMNS):
            end = min(first + _COLUMNS, length)
            for run in range(top, min(top + _ROWS, runs)):
                line, to = source + 8 * run * pitch, target + 8 * run * pitch
                e = first
                while e < end and length >= _LANES:
                    e = min(e, length - _LANES)  # the last vector overlaps the previous one
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


@kernel()
def weigh_of(job, source, target):
    """Call `weigh`. job: its address, and its arguments after the first two."""
    invoke_packed("iiiiiif", job, source, target)
