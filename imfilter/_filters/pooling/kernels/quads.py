"""Means of 2x2 samples, each in one step: half the size of an image is asked for most.

A line of sums, a line of pairs of sums and a division would write and read a line each. The means of 2x2
bytes of 3840x2160 took 0.75 ms so on one thread, and take 0.18 ms (Zen 4).

The floor is the memory: 33 MB of float32 are read in 1.1 ms, and the result of 8 MB, whose lines are read
before they are written, takes 0.3 ms (Sapphire Rapids, one thread). The means take 1.4 ms, as OpenCV's do;
bytes take 0.38 ms (0.27 to read them, OpenCV 0.42). Software prefetches did not help there. On Zen 4 they do:
bytes take 0.17 instead of 0.20 ms (OpenCV 0.25), and float32 1.8 instead of 1.9 ms. Prefetches of the result
take longer. Stores past the caches take 0.86 of the time for float32, but a reader of the result then waits
for the time that they save. There, reading float32 takes at least 0.9 ms, and writing the result 0.26 ms. The
means take 1.54 ms, sums in float32 would take 1.07, and OpenCV takes 1.75 (one thread).
"""

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._simd.jit import kernel
from imfilter._simd.llvm import after, constant, read, shuffle, write
from imfilter._simd.prefetch import prefetch
from imfilter._simd.registers import FEATURES, LINE, in_register
from imfilter._simd.vector import load_one, size_of, store_one

#: Types of samples for which there are kernels.
QUADS = tuple(map(np.dtype, ("u1", "u2", "f4")))
#: Bytes of the means that are computed at once, and of those at the end of a row.
_BLOCK, _PIECE = 128, 16
_F64 = np.dtype(np.float64)
#: LLVM's name of the instruction that adds the products of pairs of bytes, and bytes of its register. So one
#: instruction adds pairs instead of three: 0.17 instead of 0.19 ms for bytes of 3840x2160 (Zen 4).
_MULTIPLY_ADD, _REGISTER = "", 0
if FEATURES.get("avx512bw"):
    _MULTIPLY_ADD, _REGISTER = "llvm.x86.avx512.pmaddubs.w.512", 64
elif FEATURES.get("avx2"):
    _MULTIPLY_ADD, _REGISTER = "llvm.x86.avx2.pmadd.ub.sw", 32


def _pair_sums(builder, at, bits, count):
    """Return the sums of `count` pairs of neighbours. A pair is read as one integer."""
    kind = ir.VectorType(ir.IntType(2 * bits), count)
    if bits == 8 and 2 * count == _REGISTER:
        samples = read(builder, at, ir.VectorType(ir.IntType(8), _REGISTER))
        of_pairs = ir.FunctionType(kind, [samples.type, samples.type])
        function = cgutils.get_or_insert_function(builder.module, of_pairs, _MULTIPLY_ADD)
        return builder.call(function, [samples, constant(samples.type, 1)])
    pair = read(builder, at, kind)
    first = builder.and_(pair, constant(kind, 2**bits - 1))
    return builder.add(first, builder.lshr(pair, constant(kind, bits)))


def _write_integers(builder, above, below, to, bits, count):
    """Write the means of pairs of neighbours in two rows, rounded half to even, register by register.

    With AVX2, means of bytes of two registers are joined before they are narrowed: that takes as many
    instructions as for one. Bytes of 3840x2160 take 0.24 instead of 0.27 ms so (Zen 3).
    """
    step, size = min(count, _REGISTER // 2 or count) if bits == 8 else count, bits // 8
    kind = ir.VectorType(ir.IntType(2 * bits), step)
    one, two = constant(kind, 1), constant(kind, 2)
    found = []
    for x in range(0, count, step):
        rows = (after(builder, at, 2 * x, size) for at in (above, below))
        total = builder.add(*(_pair_sums(builder, row, bits, step) for row in rows))
        odd = builder.and_(builder.lshr(total, two), one)
        found.append(builder.lshr(builder.add(builder.add(total, one), odd), two))
    if _REGISTER == 32 and len(found) > 1:
        step *= 2
        found = [shuffle(builder, *pair, range(step)) for pair in zip(found[::2], found[1::2], strict=True)]
    for i, wide in enumerate(found):
        means = builder.trunc(wide, ir.VectorType(ir.IntType(bits), step))
        write(builder, after(builder, to, i * step, size), means)


def _write_floats(builder, above, below, to, count):
    """Write the means of pairs of neighbours in two rows, with sums in float64, register by register.

    Samples are converted as they are read. To convert parts of a register would take a shuffle for each.
    """
    lanes = min(count, in_register(_F64))
    kind, wide = (ir.VectorType(k, lanes) for k in (ir.FloatType(), ir.DoubleType()))
    for x in range(0, count, lanes):
        sums = []
        for first in (2 * x, 2 * x + lanes):
            rows = (read(builder, after(builder, at, first, 4), kind) for at in (above, below))
            sums.append(builder.fadd(*(builder.fpext(row, wide) for row in rows)))
        pairs = (shuffle(builder, *sums, range(first, 2 * lanes, 2)) for first in (0, 1))
        found = builder.fmul(builder.fadd(*pairs), constant(wide, 0.25))
        write(builder, after(builder, to, x, 4), builder.fptrunc(found, kind))


@intrinsic(prefer_literal=True)
def _write_means(typingctx, source, size, above, below, to):
    """Write `size` bytes of means."""
    width = source.dtype.bitwidth // 8
    count = size.literal_value // width

    def codegen(context, builder, sig, args):
        above, below, to = args[2:]
        if isinstance(source.dtype, types.Float):
            _write_floats(builder, above, below, to, count)
        else:
            _write_integers(builder, above, below, to, 8 * width, count)
        return context.get_dummy_value()

    return types.none(source, size, *(types.int64,) * 3), codegen


@kernel("source")
def mean_quads(source, above, below, count, to, ahead):
    """Write `count` means of 2x2 samples of two rows. Rows `ahead` bytes after them are prefetched."""
    size = size_of(source)
    x, end = 0, count * size  # positions in the result, in bytes
    while x + _BLOCK <= end:
        for i in range(0, 2 * _BLOCK, LINE):
            prefetch(above + ahead + 2 * x + i, 0)
            prefetch(below + ahead + 2 * x + i, 0)
        _write_means(source, _BLOCK, above + 2 * x, below + 2 * x, to + x)
        x += _BLOCK
    while x < end and end >= _PIECE:
        shift = min(x, end - _PIECE)  # the last piece overlaps the previous one
        _write_means(source, _PIECE, above + 2 * shift, below + 2 * shift, to + shift)
        x += _PIECE
    for i in range(x // size, count):
        total = 0.0
        for k in range(2):
            at = (2 * i + k) * size
            total += load_one(_F64, above + at, source) + load_one(_F64, below + at, source)
        mean = total * 0.25
        store_one(to + i * size, source, source.type(mean if size == 4 else np.rint(mean)))
