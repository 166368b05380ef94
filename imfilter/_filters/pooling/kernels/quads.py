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

Two to eight pairs of rows at once, and prefetches 256 to 1024 bytes ahead, are not faster on two threads of
a Sapphire Rapids. On one thread, four pairs with such prefetches take 3.0 instead of 3.3 ms for float32.

On Zen 3, float32 of 540x960 is in the third-level cache. To read it takes 27 us, the means take 53 us, sums
in float32 would take 33 us, and OpenCV takes 48 to 63 us. The floor is the conversions: 8 means need 8 to
float64 and 2 back, and the processor starts one in each cycle. The means take 10.5 cycles. Rows that were
looked up in tables one by one took 27 ns more each: 5 of the 17 us of bytes of 540x960.
"""

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, inlined, kernel
from imfilter._simd.llvm import after, constant, integer_like, multiply_add, read, shuffle, write
from imfilter._simd.prefetch import prefetch
from imfilter._simd.registers import FEATURES, LINE, in_register
from imfilter._simd.vector import invoke, load_one, peek, record, size_of, store_one

#: Geometry of one call: addresses and strides in bytes, everything else in pixels.
_FIELDS = (
    *("planes", "rows", "pixels", "channels"),  # of the output
    # Distances between the planes and between the pairs of lines that neighbouring means read, and between
    # the lines of a pair.
    *("source_z", "source_y", "line", "target_z", "target_y"),
    "size",  # of a sample
    *("pieces", "piece"),  # of a line of the output: their number and length
    "batch",  # table: offsets of the images of a batch and of their results
    "means",  # kernel
)
QUADS_JOB = np.dtype([(name, np.int64) for name in _FIELDS])

#: Types of samples for which there are kernels.
QUADS = tuple(map(np.dtype, ("u1", "u2", "f4", "f8")))
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


def pair_sums(builder, samples):
    """Return the sums of pairs of neighbours in a vector of unsigned integers, in integers twice as wide."""
    bits, count = samples.type.element.width, samples.type.count // 2
    kind = ir.VectorType(ir.IntType(2 * bits), count)
    if bits == 8 and 2 * count == _REGISTER:
        of_pairs = ir.FunctionType(kind, [samples.type, samples.type])
        function = cgutils.get_or_insert_function(builder.module, of_pairs, _MULTIPLY_ADD)
        return builder.call(function, [samples, constant(samples.type, 1)])
    pair = builder.bitcast(samples, kind)
    first = builder.and_(pair, constant(kind, 2**bits - 1))
    return builder.add(first, builder.lshr(pair, constant(kind, bits)))


def quarter_of(builder, total):
    """Return a quarter of integers, rounded half to even."""
    one, two = constant(total.type, 1), constant(total.type, 2)
    odd = builder.and_(builder.lshr(total, two), one)
    return builder.lshr(builder.add(builder.add(total, one), odd), two)


def quarter_of_reals(builder, left, right):
    """Return a quarter of the sum of two numbers in float64."""
    return builder.fmul(builder.fadd(left, right), constant(left.type, 0.25))


def _write_integers(builder, above, below, to, bits, count):
    """Write the means of pairs of neighbours in two rows, rounded half to even, register by register.

    With AVX2, means of bytes of two registers are joined before they are narrowed: that takes as many
    instructions as for one. Bytes of 3840x2160 take 0.24 instead of 0.27 ms so (Zen 3).
    """
    step, size = min(count, _REGISTER // 2 or count) if bits == 8 else count, bits // 8
    kind = ir.VectorType(ir.IntType(bits), 2 * step)
    found = []
    for x in range(0, count, step):
        rows = (read(builder, after(builder, at, 2 * x, size), kind) for at in (above, below))
        found.append(quarter_of(builder, builder.add(*(pair_sums(builder, row) for row in rows))))
    if _REGISTER == 32 and len(found) > 1:
        step *= 2
        found = [shuffle(builder, *pair, range(step)) for pair in zip(found[::2], found[1::2], strict=True)]
    for i, wide in enumerate(found):
        means = builder.trunc(wide, ir.VectorType(ir.IntType(bits), step))
        write(builder, after(builder, to, i * step, size), means)


def _write_floats(builder, above, below, to, count):
    """Write the means of pairs of neighbours in two rows, with sums in float64, register by register.

    Samples are converted as they are read. To convert parts of a register would take a shuffle for each.
    With AVX2, samples are only shuffled within halves of a register, and the results are put in order when
    they are half as long. A quarter of each sample is added, because the addition of neighbours is an
    instruction that takes three times as long as one addition. So float32 of 540x960 takes 54 instead of
    61 us (Zen 3). Quarters are exact, and sums in float64 do not overflow.
    """
    lanes = min(count, in_register(_F64))
    kind, wide = (ir.VectorType(k, lanes) for k in (ir.FloatType(), ir.DoubleType()))
    quarter, halved = constant(wide, 0.25), lanes == 4 and _REGISTER == 32
    order = (0, 2, 1, 3) if halved else range(lanes)
    for x in range(0, count, lanes):
        sums = []
        for first in (2 * x, 2 * x + lanes):
            rows = (read(builder, after(builder, at, first, 4), kind) for at in (above, below))
            sums.append(builder.fadd(*(builder.fpext(row, wide) for row in rows)))
        left, right = (shuffle(builder, *sums, [2 * i + k for i in order]) for k in (0, 1))
        found = multiply_add(builder, left, quarter, builder.fmul(right, quarter))
        # LLVM would put float64 in order instead, which takes two instructions, but not integers.
        bits = builder.bitcast(builder.fptrunc(found, kind), integer_like(kind))
        write(builder, after(builder, to, x, 4), shuffle(builder, bits, None, order))


def _write_doubles(builder, above, below, to, count):
    """Write the means of pairs of neighbours in two rows of float64, register by register."""
    lanes = min(count, in_register(_F64))
    kind = ir.VectorType(ir.DoubleType(), lanes)
    for x in range(0, count, lanes):
        sums = []
        for first in (2 * x, 2 * x + lanes):
            rows = (read(builder, after(builder, at, first, 8), kind) for at in (above, below))
            sums.append(builder.fadd(*rows))
        pairs = (shuffle(builder, *sums, range(k, 2 * lanes, 2)) for k in (0, 1))
        write(builder, after(builder, to, x, 8), quarter_of_reals(builder, *pairs))


@intrinsic(prefer_literal=True)
def _write_means(typingctx, source, size, above, below, to):
    """Write `size` bytes of means."""
    width = source.dtype.bitwidth // 8
    count = size.literal_value // width

    def codegen(context, builder, sig, args):
        above, below, to = args[2:]
        if isinstance(source.dtype, types.Float):
            write_reals = _write_floats if width == 4 else _write_doubles
            write_reals(builder, above, below, to, count)
        else:
            _write_integers(builder, above, below, to, 8 * width, count)
        return context.get_dummy_value()

    return types.none(source, size, *(types.int64,) * 3), codegen


@inlined
def mean_of_pixel(source, above, below, beside, to):
    """Write the mean of a sample in each of two rows and of those `beside` bytes after them."""
    left = load_one(_F64, above, source) + load_one(_F64, below, source)
    right = load_one(_F64, above + beside, source) + load_one(_F64, below + beside, source)
    mean = (left + right) * 0.25
    store_one(to, source, source.type(mean if size_of(source) >= 4 else np.rint(mean)))


@kernel("source")
def mean_quads(source, above, below, step, to, target_step, rows, count, ahead):
    """Write `rows` lines of `count` means of 2x2 samples, `target_step` bytes apart.

    The samples are in two lines. Those of the next means are `step` bytes after them. Lines `ahead` bytes
    after them are prefetched.
    """
    size = size_of(source)
    end = count * size
    for _ in range(rows):
        x = 0  # position in the result, in bytes
        while x + _BLOCK <= end or (size < 4 and x < end and end >= _BLOCK):
            shift = min(x, end - _BLOCK)
            for i in range(0, 2 * _BLOCK, LINE):
                prefetch(above + ahead + 2 * shift + i, 0)
                prefetch(below + ahead + 2 * shift + i, 0)
            _write_means(source, _BLOCK, above + 2 * shift, below + 2 * shift, to + shift)
            x += _BLOCK
        while x < end and end >= _PIECE:
            shift = min(x, end - _PIECE)  # the last piece overlaps the previous one
            _write_means(source, _PIECE, above + 2 * shift, below + 2 * shift, to + shift)
            x += _PIECE
        for i in range(x // size, count):
            mean_of_pixel(source, above + 2 * i * size, below + 2 * i * size, size, to + i * size)
        above += step
        below += step
        to += target_step


@Driver
@denormals_as_zeros
def slide_quads(job_at, source_at, target_at, memory, start, stop):
    """Write lines `start` … `stop` of means, counted down rows, pieces of lines, planes and the batch.

    job_at: address of the `QUADS_JOB`. source_at, target_at: addresses of the image and the result.
    """
    job = record(QUADS_JOB, job_at)
    pixel = job.channels * job.size
    while start < stop:
        y, block = start % job.rows, start // job.rows
        piece, plane = block % job.pieces, block // job.pieces
        z, image = plane % job.planes, plane // job.planes
        rows, first = min(job.rows - y, stop - start), piece * job.piece
        above = source_at + peek(job.batch + 16 * image) + 2 * first * pixel
        above += z * job.source_z + y * job.source_y
        to = target_at + peek(job.batch + 16 * image + 8) + first * pixel
        to += z * job.target_z + y * job.target_y
        place = (
            above, above + job.line, job.source_y, to, job.target_y, rows,
            min(job.piece, job.pixels - first), 2 * job.line)  # fmt: skip
        if job.channels == 1:
            invoke(1, job.means, place)
        else:
            invoke(2, job.means, place)
        start += rows
