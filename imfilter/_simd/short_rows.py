"""Rows that are shorter than a vector, for kernels that write whole vectors.

The code is emitted around the sums while a kernel is compiled. As Python statements, which Numba compiles
for each size of window again, it took most of the time: a small window took 137 ms, and takes 60.
"""

import contextlib

from numba.core import cgutils

from imfilter._simd.llvm import WORD, after, element, entry, read, write
from imfilter._simd.registers import BYTES


@contextlib.contextmanager
def whole_vectors(builder, lanes, target, outputs, to, count, overhang, ahead):
    """Yield the table of addresses, the number of sums and the prefetch table for rows of whole vectors.

    These are `to`, `count` and `ahead`, unless `count` is smaller than the constant `lanes`. Then `lanes`
    sums of each of the `outputs` are written to `overhang`. At the end of the block, `count` of them are
    copied. `target` is the Numba type of the sums.
    """
    short = builder.icmp_signed("<", count, WORD(lanes))
    rows = [after(builder, overhang, o * BYTES) for o in range(outputs)]
    table = after(builder, overhang, outputs * BYTES)
    with builder.if_then(short, likely=False):
        for o, row in enumerate(rows):
            write(builder, after(builder, table, o, 8), row, 8)
    # The sums are emitted once for both cases: they take long to compile.
    chosen = (table, to), (WORD(lanes), count), (WORD(0), ahead)
    yield tuple(builder.select(short, *pair) for pair in chosen)
    with builder.if_then(short, likely=False):
        size, kind = target.bitwidth // 8, element(target)
        for o, row in enumerate(rows):
            place = entry(builder, to, o)
            with cgutils.for_range(builder, count) as loop:
                sample = read(builder, after(builder, row, loop.index, size), kind)
                write(builder, after(builder, place, loop.index, size), sample)
