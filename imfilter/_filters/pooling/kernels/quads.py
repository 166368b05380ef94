"""Means of 2x2 samples, each in one step: half the size of an image is asked for most.

A line of sums, a line of pairs of sums and a division would write and read a line each. The means of 2x2
bytes of 3840x2160 took 0.75 ms so on one thread, and takes 0.18 ms (Zen 4). The next two rows are prefetched:
float32 takes 1.5 instead of 2.1 ms.
"""

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._simd.jit import kernel
from imfilter._simd.llvm import constant, element, read, shuffle, write
from imfilter._simd.prefetch import prefetch
from imfilter._simd.vector import load_one, size_of, store_one

#: Types of samples for which there are kernels.
QUADS = tuple(map(np.dtype, ("u1", "u2", "f4")))
#: Number of means that are computed at once, and the same for floats.
_MEANS, _FLOAT_MEANS = 64, 32
_F64 = np.dtype(np.float64)


def _of_integers(builder, above, below, bits):
    """Return the means of pairs of neighbours in two rows, rounded half to even. A pair is one integer."""
    kind = ir.VectorType(ir.IntType(2 * bits), _MEANS)
    total = None
    for at in (above, below):
        pair = read(builder, at, kind)
        first = builder.and_(pair, constant(kind, 2**bits - 1))
        both = builder.add(first, builder.lshr(pair, constant(kind, bits)))
        total = both if total is None else builder.add(total, both)
    one, two = constant(kind, 1), constant(kind, 2)
    odd = builder.and_(builder.lshr(total, two), one)
    found = builder.lshr(builder.add(builder.add(total, one), odd), two)
    return builder.trunc(found, ir.VectorType(ir.IntType(bits), _MEANS))


def _of_floats(builder, above, below):
    """Return the means of pairs of neighbours in two rows, with sums in float64."""
    kind = ir.VectorType(ir.FloatType(), 2 * _FLOAT_MEANS)
    wide = ir.VectorType(ir.DoubleType(), _FLOAT_MEANS)
    columns = []
    rows = [read(builder, at, kind) for at in (above, below)]
    for first in (0, 1):
        parts = [shuffle(builder, row, None, range(first, kind.count, 2)) for row in rows]
        columns.append(builder.fadd(*(builder.fpext(part, wide) for part in parts)))
    found = builder.fmul(builder.fadd(*columns), constant(wide, 0.25))
    return builder.fptrunc(found, ir.VectorType(ir.FloatType(), _FLOAT_MEANS))


@intrinsic
def _write_means(typingctx, source, above, below, to):
    """Write a block of means."""
    floating = isinstance(source.dtype, types.Float)

    def codegen(context, builder, sig, args):
        _, above, below, to = args
        if floating:
            found = _of_floats(builder, above, below)
        else:
            found = _of_integers(builder, above, below, element(source.dtype).width)
        write(builder, to, found)
        return context.get_dummy_value()

    return types.none(source, *(types.int64,) * 3), codegen


@kernel("source")
def mean_quads(source, above, below, count, to):
    """Write `count` means of 2x2 samples of two rows."""
    size = size_of(source)
    block = _FLOAT_MEANS if size == 4 else _MEANS
    x, ahead = 0, 2 * (below - above)
    while x < count and block <= count:
        shift = min(x, count - block)  # the last block overlaps the previous one
        _write_means(source, above + 2 * shift * size, below + 2 * shift * size, to + shift * size)
        for k in range(0, 2 * block * size, 64):
            prefetch(above + ahead + 2 * shift * size + k, 0)
            prefetch(below + ahead + 2 * shift * size + k, 0)
        x += block
    for i in range(x, count):
        total = 0.0
        for k in range(2):
            at = (2 * i + k) * size
            total += load_one(_F64, above + at, source) + load_one(_F64, below + at, source)
        mean = total * 0.25
        store_one(to + i * size, source, source.type(mean if size == 4 else np.rint(mean)))
