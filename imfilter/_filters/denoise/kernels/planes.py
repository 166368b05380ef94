"""What iterations over a whole image share: how its rows lie in memory, and sums over a row.

An image is a list of planes along its first axis. In two dimensions a plane is a row. Each channel has its
own planes. A row has a margin before its first sample, which is 0 where it is read, and room for vectors
behind its last.
"""

import numpy as np
from llvmlite import ir
from numba.extending import intrinsic

from imfilter._simd import llvm
from imfilter._simd.jit import inlined
from imfilter._simd.vector import load, load_one, size_of, store_one

#: Fields of the layout, as integers: numbers of channels, planes, rows of a plane and columns; the margin;
#: and the sizes of a row, a plane and a channel, in elements.
LAYOUT = ("channels", "planes", "rows", "columns", "margin", "step_y", "step_z", "step_c")
#: Whether some samples are absent.
MASKED = 1


@inlined
def row_of(real, job, start, c, plane, row):
    """Return the address of the first sample of a row."""
    place = c * job.step_c + plane * job.step_z + row * job.step_y + job.margin
    return start + size_of(real) * place


@inlined
def both(real, own, other):
    """Return where two samples are both present, from the addresses of their marks."""
    return load(real, own, real) * load(real, other, real) > 0


@inlined
def repeat_last(real, row, columns):
    """Write the last sample of a row behind it, so that the difference between both is 0."""
    at = row + size_of(real) * columns
    store_one(at, real, load_one(real, at - size_of(real), real))


@intrinsic
def sum_first(typingctx, a, count):
    """Return the sum of the first lanes of a vector, one after the other in pairs. The others count 0."""

    def codegen(context, builder, sig, args):
        kind = args[0].type
        lanes = ir.Constant(ir.VectorType(llvm.WORD, kind.count), list(range(kind.count)))
        limit = llvm.spread(builder, args[1], lanes.type)
        zero = llvm.constant(kind, 0.0)
        value = builder.select(builder.icmp_signed("<", lanes, limit), args[0], zero)
        width = kind.count
        while width > 1:
            width //= 2
            value = builder.fadd(
                llvm.shuffle(builder, value, None, range(width)),
                llvm.shuffle(builder, value, None, range(width, 2 * width)),
            )
        return builder.extract_element(value, ir.IntType(32)(0))

    return a.dtype(a, count), codegen


def fields(*names):
    """Return fields of 8 bytes for integers."""
    return [(name, np.int64) for name in (*LAYOUT, *names)]
