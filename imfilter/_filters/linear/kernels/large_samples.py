"""Separation of samples by size: marks in bytes on samples not smaller than a limit, and the others."""

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._filters.linear.kernels.magnitudes import larger
from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, kernel
from imfilter._simd.llvm import call_llvm, mangle, pointer
from imfilter._simd.vector import BYTES, invoke, load, load_one, size_of, splat, store, store_one

_F32, _F64, _U8 = np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.uint8)


@intrinsic
def _sift(typingctx, values, limits, marks):
    """Write marks on large values to an address. Return the values with zeros for the large ones."""

    def codegen(context, builder, sig, args):
        values, limits, marks = args
        kind = values.type
        size = call_llvm(builder, f"llvm.fabs.{mangle(kind)}", kind, values)
        large = builder.fcmp_ordered(">=", size, limits)
        memory = ir.VectorType(ir.IntType(8), kind.count)
        builder.store(builder.zext(large, memory), pointer(builder, marks, memory), align=1)
        return builder.select(large, ir.Constant(kind, [0.0] * kind.count), values)

    return values(values, limits, types.int64), codegen


@intrinsic
def _there(typingctx, values):
    """Return 1 in lanes that are not zero, else 0."""

    def codegen(context, builder, sig, args):
        kind = args[0].type
        one, zero = (ir.Constant(kind, [v] * kind.count) for v in (1.0, 0.0))
        return builder.select(builder.fcmp_unordered("!=", args[0], zero), one, zero)

    return values(values), codegen


@kernel("source")
def sift_line(source, line, count, limits, marks, small, peaks, numbers):
    """Separate the samples of a line; see `sift`."""
    lanes, width, total = BYTES // 4, size_of(source), load(_F32, numbers, _F32)
    for x in range(0, count - lanes + 1, lanes):
        value = _sift(load(_F32, line + x * width, source), load(_F32, limits + 4 * x, _F32), marks + x)
        total = total + _there(value)
        store(small + x * width, source, value)
        store(peaks + 4 * x, _F32, larger(load(_F32, peaks + 4 * x, _F32), value))
    store(numbers, _F32, total)
    for i in range(count // lanes * lanes, count):
        one = load_one(_F32, line + i * width, source)
        large = abs(one) >= load_one(_F32, limits + 4 * i, _F32)
        store_one(marks + i, _U8, _U8.type(large))
        if large:
            one = _F32.type(0)
        if one != 0:
            store_one(numbers, _F32, load_one(_F32, numbers, _F32) + _F32.type(1))
        store_one(small + i * width, source, source.type(one))
        store_one(peaks + 4 * i, _F32, larger(load_one(_F32, peaks + 4 * i, _F32), one))


@intrinsic
def _broken(typingctx, values):
    """Return 1 in lanes whose numbers are not whole, else 0."""

    def codegen(context, builder, sig, args):
        kind = args[0].type
        one, zero = (ir.Constant(kind, [v] * kind.count) for v in (1.0, 0.0))
        whole = call_llvm(builder, f"llvm.rint.{mangle(kind)}", kind, args[0])
        return builder.select(builder.fcmp_unordered("!=", args[0], whole), one, zero)

    return values(values), codegen


@kernel("source")
def divide_line(source, line, count, scale: float, numbers):
    """Add the number of scaled samples that are not whole to the sum of a vector of float64."""
    lanes, width = BYTES // 8, size_of(source)
    total, factor = load(_F64, numbers, _F64), splat(_F64, scale)
    for x in range(0, count - lanes + 1, lanes):
        total = total + _broken(load(_F64, line + x * width, source) * factor)
    store(numbers, _F64, total)
    for i in range(count // lanes * lanes, count):
        one = load_one(_F64, line + i * width, source) * scale
        if one != np.rint(one):
            store_one(numbers, _F64, load_one(_F64, numbers, _F64) + 1.0)


@Driver
@denormals_as_numbers
def count_broken(samples, rows, step, count, scale: float, numbers, line):
    """Count samples, in rows of `count`, that are not whole when scaled. Stop after a row that has one.

    numbers: a vector of float64 whose sum is the count. line: `divide_line` for their type.
    """
    for row in range(rows):
        invoke(1, line, (samples + row * step, count, scale, numbers))
        for i in range(BYTES // 8):
            if load_one(_F64, numbers + 8 * i, _F64) > 0:
                return


@Driver
@denormals_as_numbers
def sift(samples, rows, step, count, limits, marks, marks_step, small, small_step, peaks, numbers, line):
    """Mark samples not smaller in magnitude than limits. Copy the others, with zeros for the marked ones.

    Samples lie in rows of `count`; steps are the distances of rows in bytes. limits, peaks: a float32 for
    each sample of a row. The peaks become the largest magnitudes of the other samples. numbers: a vector of
    float32; the number of other samples that are not zero is added to its sum. line: `sift_line` for their
    type.
    """
    for row in range(rows):
        invoke(1, line, (
            samples + row * step, count, limits, marks + row * marks_step, small + row * small_step, peaks,
            numbers))  # fmt: skip
