"""Lines that are combined: saturated differences, and minima and maxima of samples minus weights.

The lines have the form of those of `chords` in the rank family: a table of addresses and their number.
"""

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._simd.jit import kernel
from imfilter._simd.lanewise import larger, smaller
from imfilter._simd.llvm import call_llvm, constant, lanewise
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import load, load_one, peek, splat, store

#: The minimum or the maximum, and whether floats are compared by keys.
SMALLEST, LARGEST, ORDERED = 0, 1, 2


@intrinsic
def _subtracted(typingctx, a, b):
    """Return the difference of two vectors, saturated in integers."""

    def codegen(context, builder, sig, args):
        if isinstance(a.dtype, types.Float):
            return builder.fsub(*args)
        return lanewise(builder, "ssub.sat" if a.dtype.signed else "usub.sat", *args)

    return a(a, b), codegen


@kernel("kind", "how")
def difference(kind, how, at, count, to, extent):
    """Write the difference of two lines, saturated, to a line of `extent` bytes, not less than a vector.

    `how` is not used: the kernels of lines have two constants.
    """
    first, second, last = peek(at), peek(at + 8), extent - BYTES
    for start in range(0, extent, BYTES):
        x = min(start, last)
        store(to + x, kind, _subtracted(load(kind, first + x, kind), load(kind, second + x, kind)))


@intrinsic
def _ordered(typingctx, a):
    """Return integers of the order of floats: -0.0 before 0.0, and NaN last. Integers are their own keys."""
    width = a.dtype.bitwidth

    def codegen(context, builder, sig, args):
        if not isinstance(a.dtype, types.Float):
            return args[0]
        bits = ir.VectorType(ir.IntType(width), a.lanes)
        value = builder.bitcast(args[0], bits)
        most = constant(bits, 2 ** (width - 1) - 1)
        signs = builder.and_(builder.ashr(value, constant(bits, width - 1)), most)
        missing = builder.fcmp_unordered("uno", args[0], args[0])
        keys = builder.select(missing, most, builder.xor(value, signs))
        return builder.bitcast(keys, args[0].type)

    return a(a), codegen


@intrinsic
def _first_in_order(typingctx, a, b, least):
    """Return the smaller (`least`) or the larger of keys that are in vectors of floats."""
    width = a.dtype.bitwidth

    def codegen(context, builder, sig, args):
        bits = ir.VectorType(ir.IntType(width), a.lanes)
        keys = [builder.bitcast(value, bits) for value in args[:2]]
        found = [call_llvm(builder, f"llvm.{n}.v{a.lanes}i{width}", bits, *keys) for n in ("smin", "smax")]
        condition = builder.icmp_signed("!=", args[2], args[2].type(0))
        return builder.bitcast(builder.select(condition, *found), args[0].type)

    return a(a, b, types.int64), codegen


@intrinsic
def _restored(typingctx, a):
    """Return the floats of keys, or integers."""
    width = a.dtype.bitwidth

    def codegen(context, builder, sig, args):
        if not isinstance(a.dtype, types.Float):
            return args[0]
        bits = ir.VectorType(ir.IntType(width), a.lanes)
        value = builder.bitcast(args[0], bits)
        most = constant(bits, 2 ** (width - 1) - 1)
        signs = builder.and_(builder.ashr(value, constant(bits, width - 1)), most)
        return builder.bitcast(builder.xor(value, signs), args[0].type)

    return a(a), codegen


@kernel("kind", "how")
def weighed(kind, how, at, count, to, extent):
    """Write the minima (or maxima) of lines minus their weights, which follow the addresses in the table.

    If `how` contains ORDERED, samples are floats that may be NaN or -0.0: NaN sorts last, and -0.0 before
    0.0. Otherwise they are integers so far from the ends of their type that no difference overflows, or
    other floats.
    """
    last, weights = extent - BYTES, at + 8 * count
    for start in range(0, extent, BYTES):
        x = min(start, last)
        found = load(kind, peek(at) + x, kind) - splat(kind, load_one(kind, weights, kind))
        if how & ORDERED:
            found = _ordered(found)
        for i in range(1, count):
            weight = splat(kind, load_one(kind, weights + 8 * i, kind))
            other = load(kind, peek(at + 8 * i) + x, kind) - weight
            if how & ORDERED:
                found = _first_in_order(found, _ordered(other), how == ORDERED)
            elif how == SMALLEST:
                found = smaller(found, other)
            else:
                found = larger(found, other)
        store(to + x, kind, _restored(found) if how & ORDERED else found)
