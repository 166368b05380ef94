"""Blocks of series in a buffer: copied from the series with a margin, and written back."""

import numpy as np

from imfilter._simd.jit import inlined
from imfilter._simd.lines import copy
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import load, load_one, store, store_one

_F64 = np.dtype(np.float64)
#: Elements of a vector. A buffer has room for one vector after its last element.
LANES = BYTES // 8


@inlined
def copy_along(to, start, count):
    """Copy `count` elements, whole vectors first. No memory after the last element is touched."""
    e = 0
    while e + LANES <= count:
        store(to + 8 * e, _F64, load(_F64, start + 8 * e, _F64))
        e += LANES
    while e < count:
        store_one(to + 8 * e, _F64, load_one(_F64, start + 8 * e, _F64))
        e += 1


@inlined
def gather(buffer, source, rows, width, step):
    """Copy `rows` rows of `width` elements, which are `step` elements apart, one after the other."""
    if width == step:
        copy_along(buffer, source, rows * width)
    else:
        for row in range(rows):
            copy(_F64, buffer + 8 * row * width, source + 8 * row * step, width)


@inlined
def scatter(target, buffer, rows, width, step):
    """Write the rows of a buffer, which are `step` elements apart in the result."""
    if width == step:
        copy_along(target, buffer, rows * width)
    else:
        for row in range(rows):
            copy(_F64, target + 8 * row * step, buffer + 8 * row * width, width)
