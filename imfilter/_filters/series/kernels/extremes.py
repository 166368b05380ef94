"""Minima and maxima of windows that slide along series of float64.

The extremes of windows of 1, 2, 4, 8 ... samples follow from each other. Two of the largest ones, which may
overlap, cover a window. The result is one of the samples, so it does not depend on the order.
"""

import numpy as np

from imfilter._filters.series.kernels.blocks import LANES, gather, scatter
from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, inlined
from imfilter._simd.lanewise import maximum, minimum
from imfilter._simd.vector import load, load_one, store, store_one

_F64 = np.dtype(np.float64)


@inlined
def _fold(to, first, second, count, beyond, upper):
    """Write the minima, or with `upper` the maxima, of `count` pairs: NaN if either is NaN.

    beyond: whether the memory after the last element may be read and written, up to a vector.
    """
    e, end = 0, count if beyond else count - LANES + 1
    if upper:
        while e < end:
            store(
                to + 8 * e, _F64, maximum(load(_F64, first + 8 * e, _F64), load(_F64, second + 8 * e, _F64))
            )
            e += LANES
    else:
        while e < end:
            store(
                to + 8 * e, _F64, minimum(load(_F64, first + 8 * e, _F64), load(_F64, second + 8 * e, _F64))
            )
            e += LANES
    while e < count:
        a, b = load_one(_F64, first + 8 * e, _F64), load_one(_F64, second + 8 * e, _F64)
        store_one(to + 8 * e, _F64, maximum(a, b) if upper else minimum(a, b))
        e += 1


@Driver
@denormals_as_numbers
def extreme(source, target, rows, step, size, upper, buffer, block, columns):
    """Write the minima, or with `upper` the maxima, of `rows` windows of `size` samples of `step` series.

    The kernel processes `block` rows of `columns` series together. buffer: memory for ``block + size - 1``
    rows of them, and a vector.
    """
    for left in range(0, step, columns):
        width = min(columns, step - left)
        for top in range(0, rows, block):
            n = min(block, rows - top)
            line, to = source + 8 * (top * step + left), target + 8 * (top * step + left)
            span = 1
            if width == step and size > 1:
                _fold(buffer, line, line + 8 * step, (n + size - 2) * width, False, upper)
                span = 2
            else:
                gather(buffer, line, n + size - 1, width, step)
            while 2 * span <= size:
                second = buffer + 8 * span * width
                _fold(buffer, buffer, second, (n + size - 2 * span) * width, True, upper)
                span *= 2
            second = buffer + 8 * (size - span) * width
            if width == step:
                _fold(to, buffer, second, n * width, False, upper)
            else:
                _fold(buffer, buffer, second, n * width, True, upper)
                scatter(to, buffer, n, width, step)
