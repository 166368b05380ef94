"""Minima and maxima of windows that slide along series of float64.

The extremes of windows of 1, 2, 4, 8 ... samples follow from each other. Two of the largest ones, which may
overlap, cover a window. The result is one of the samples, so it does not depend on the order.
"""

import numpy as np

from imfilter._filters.series.kernels.blocks import LANES, copy_along, gather, scatter
from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, inlined, kernel
from imfilter._simd.lanewise import maximum, minimum
from imfilter._simd.vector import invoke_packed, load, store

_F64 = np.dtype(np.float64)


@inlined
def _fold(to, first, second, count, upper):
    """Write the minima, or with `upper` the maxima, of `count` pairs: NaN if either is NaN.

    The last vector may reach beyond the last pair. There are no scalars: the compiler may change the sign of
    a zero among them.
    """
    if upper:
        for at in range(0, 8 * count, 8 * LANES):
            store(to + at, _F64, maximum(load(_F64, first + at, _F64), load(_F64, second + at, _F64)))
    else:
        for at in range(0, 8 * count, 8 * LANES):
            store(to + at, _F64, minimum(load(_F64, first + at, _F64), load(_F64, second + at, _F64)))


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
            span, count = 1, n * width
            if width == step and size > 1:
                pairs = (n + size - 2) * width
                whole = pairs // LANES * LANES
                _fold(buffer, line, line + 8 * step, whole, upper)
                rest = buffer + 8 * whole
                copy_along(rest, line + 8 * whole, pairs + step - whole)
                _fold(rest, rest, rest + 8 * step, pairs - whole, upper)
                span = 2
            else:
                gather(buffer, line, n + size - 1, width, step)
            while 2 * span <= size:
                _fold(buffer, buffer, buffer + 8 * span * width, (n + size - 2 * span) * width, upper)
                span *= 2
            second = 8 * (size - span) * width
            whole = count // LANES * LANES if width == step else 0
            _fold(to, buffer, buffer + second, whole, upper)
            rest = buffer + 8 * whole
            _fold(rest, rest, rest + second, count - whole, upper)
            if width == step:
                copy_along(to + 8 * whole, rest, count - whole)
            else:
                scatter(to, buffer, n, width, step)


@kernel()
def extreme_of(job, source, target):
    """Call `extreme`. job: its address, and its arguments after the first two."""
    invoke_packed("iiiiiii", job, source, target)
