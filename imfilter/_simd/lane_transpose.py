"""Distribution of a line over the lanes of a vector, so that neighbours on the line are in adjacent vectors.

A line of n samples is cut into as many segments as a register has lanes. Vector i of the *dealt* line holds
sample i of each segment. A filter along a line then does the same as a filter across lines: all loads are
aligned, and strides skip whole vectors. Loads of samples at a distance of one would cross a cache line every
time. The segments overlap by the overhang of the window.
"""

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._simd.jit import kernel
from imfilter._simd.llvm import WORD, element, entry, read, shuffle, write
from imfilter._simd.vector import load_one, peek, register_lanes, size_of, store_one


@intrinsic
def _transpose(typingctx, real, start, step, to, table):
    """Transpose a block with as many registers as a register has lanes.

    Register i is loaded from ``start + i*step``. The transposed registers are stored at `to` plus the
    offsets in `table`. All are in bytes.
    """
    lanes = register_lanes(real.dtype)

    def codegen(context, builder, sig, args):
        _, start, step, to, table = args
        kind = ir.VectorType(element(real.dtype), lanes)
        starts = (builder.add(start, builder.mul(step, WORD(i))) for i in range(lanes))
        rows = [read(builder, at, kind) for at in starts]
        # Eklundh's algorithm: exchange the off-diagonal halves of ever larger blocks.
        distance = 1
        while distance < lanes:
            mine = [j if not j & distance else lanes + j - distance for j in range(lanes)]
            others = [j + distance if not j & distance else lanes + j for j in range(lanes)]
            for i in range(lanes):
                if not i & distance:
                    a, b = rows[i], rows[i + distance]
                    rows[i] = shuffle(builder, a, b, mine)
                    rows[i + distance] = shuffle(builder, a, b, others)
            distance *= 2
        for i, row in enumerate(rows):
            write(builder, builder.add(to, entry(builder, table, i)), row)
        return context.get_dummy_value()

    return types.none(real, *(types.int64,) * 4), codegen


@kernel("real")
def to_lanes(real, line, step, count, table, to, lanes):
    """Distribute a line over lanes. Its segments start `step` bytes apart and have `count` samples each.

    The count includes the overhang. Sample i of the segments is stored at `to` plus entry i of `table`, in
    bytes. With one lane, only the table determines where samples are stored.
    """
    if lanes > 1:
        for i in range(0, count, lanes):
            _transpose(real, line + i * size_of(real), step, to, table + 8 * i)
    else:
        for i in range(count):
            store_one(to + peek(table + 8 * i), real, load_one(real, line + i * size_of(real), real))


@kernel("real")
def join(real, line, segment, table, to, lanes):
    """Join the segments of a dealt line to one line. A segment has at least as many samples as lanes.

    `table` contains the offset of each segment, in bytes. The last block overlaps the previous one.
    """
    size = size_of(real)
    i = 0
    while i < segment:
        first = min(i, segment - lanes)
        _transpose(real, line + first * lanes * size, lanes * size, to + first * size, table)
        i += lanes
