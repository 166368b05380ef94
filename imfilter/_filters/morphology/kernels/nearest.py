"""The nearest zero along the first axis: all columns of some at once, one row after the other."""

import numpy as np

from imfilter._simd.jit import Driver
from imfilter._simd.lanewise import where
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import load, load_one, splat, store, store_one

_U8, _I32 = np.dtype(np.uint8), np.dtype(np.int32)
#: Columns of a vector.
LANES = BYTES // 4
#: Rows of the nearest zero if there is none. The first is farther away than any row, but less far than the
#: second, so a column without zeros gets it. This is right for at most 2**29 rows.
NONE, _NONE_BELOW = -(1 << 30), (1 << 31) - 1


@Driver
def nearest_row(flags, nearest, rows, columns, start, stop):
    """Write the row of the nearest zero in the same column as int32: the upper one of two. `NONE`: none.

    flags, nearest: addresses of bytes and of the result, in C order. start, stop: of the columns.
    """
    x = start
    while x + LANES <= stop:
        last = splat(_I32, np.int32(NONE))
        for y in range(rows):
            last = where(load(_I32, flags + y * columns + x, _U8) == 0, np.int32(y), last)
            store(nearest + 4 * (y * columns + x), _I32, last)
        below = splat(_I32, np.int32(_NONE_BELOW))
        for back in range(rows):
            y = rows - 1 - back
            below = where(load(_I32, flags + y * columns + x, _U8) == 0, np.int32(y), below)
            at = nearest + 4 * (y * columns + x)
            above = load(_I32, at, _I32)
            upper = splat(_I32, np.int32(y)) - above <= below - np.int32(y)
            store(at, _I32, where(upper, above, below))
        x += LANES
    while x < stop:
        row = NONE
        for y in range(rows):
            if load_one(_U8, flags + y * columns + x, _U8) == 0:
                row = y
            store_one(nearest + 4 * (y * columns + x), _I32, np.int32(row))
        row = _NONE_BELOW
        for back in range(rows):
            y = rows - 1 - back
            if load_one(_U8, flags + y * columns + x, _U8) == 0:
                row = y
            at = nearest + 4 * (y * columns + x)
            if y - np.int64(load_one(_I32, at, _I32)) > row - y:
                store_one(at, _I32, np.int32(row))
        x += 1
