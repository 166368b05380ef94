"""Magnitudes of numbers and of vectors, lane by lane: the larger, the smaller, and comparisons with a limit.

Floats without their signs are compared as integers, and NaN is the largest of these. Integers are not
compared, because their sums are exact.
"""

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._simd.llvm import call_llvm, element, mangle, spread
from imfilter._simd.vector import Vector


def _floating(kind):
    """Tell whether a number or a vector is floating."""
    return isinstance(getattr(kind, "dtype", kind), types.Float)


def _enlarged(builder, largest, value, relation=">"):
    """Return the larger of LLVM's magnitudes and the magnitude of `value`, or the smaller."""
    kind = value.type
    lanes = kind.count if isinstance(kind, ir.VectorType) else 0
    word = ir.IntType(32 if isinstance(kind.element if lanes else kind, ir.FloatType) else 64)
    most = 2 ** (word.width - 1) - 1
    integers = ir.VectorType(word, lanes) if lanes else word
    mask = ir.Constant(integers, [most] * lanes if lanes else most)
    old, new = builder.bitcast(largest, integers), builder.and_(builder.bitcast(value, integers), mask)
    return builder.bitcast(builder.select(builder.icmp_signed(relation, old, new), old, new), kind)


@intrinsic
def larger(typingctx, largest, value):
    """Return magnitudes, each replaced by the magnitude of `value` if that is larger."""

    def codegen(context, builder, sig, args):
        return _enlarged(builder, *args)

    return largest(largest, value), codegen


@intrinsic
def further(typingctx, largest, value):
    """Do what `larger` does, for floats only."""

    def codegen(context, builder, sig, args):
        return _enlarged(builder, *args) if _floating(sig.return_type) else args[0]

    return largest(largest, value), codegen


@intrinsic
def nearer(typingctx, smallest, value):
    """Return magnitudes, each replaced by the magnitude of `value` if that is smaller, for floats only."""

    def codegen(context, builder, sig, args):
        least, value = args
        if not _floating(sig.return_type):
            return least
        size = call_llvm(builder, f"llvm.fabs.{mangle(value.type)}", value.type, value)
        return builder.select(builder.fcmp_ordered("<", size, least), size, least)

    return smallest(smallest, value), codegen


@intrinsic
def alike(typingctx, vector, kind, value):
    """Return a vector with as many lanes as another: a value if `kind` is floating, else zeros."""

    def codegen(context, builder, sig, args):
        to = ir.VectorType(element(kind.dtype), vector.lanes)
        if not _floating(kind):
            return ir.Constant(to, [0] * vector.lanes)
        return spread(builder, _narrowed(builder, args[2], to.element), to)

    return Vector(kind.dtype, vector.lanes)(vector, kind, types.float64), codegen


def _narrowed(builder, value, to):
    """Return an LLVM float64 as `to`."""
    return builder.fptrunc(value, to) if isinstance(to, ir.FloatType) else value


def _any(relation):
    def typer(typingctx, values, limit):
        def codegen(context, builder, sig, args):
            vector, limit = args
            if not _floating(values):
                return ir.Constant(ir.IntType(1), 0)
            kind = vector.type
            lanes = builder.fcmp_unordered(
                relation, vector, spread(builder, _narrowed(builder, limit, kind.element), kind)
            )
            bits = ir.IntType(kind.count)
            return builder.icmp_unsigned("!=", builder.bitcast(lanes, bits), bits(0))

        return types.boolean(values, types.float64), codegen

    return typer


@intrinsic
def any_beyond(typingctx, values, limit):
    """Tell whether a float of a vector is larger than a limit, or NaN."""
    return _any(">")(typingctx, values, limit)


@intrinsic
def any_below(typingctx, values, limit):
    """Tell whether a float of a vector is smaller than a limit, or NaN."""
    return _any("<")(typingctx, values, limit)


def _reduced(values, relation):
    """Return a function that finds the largest or the smallest magnitude of a vector."""

    def codegen(context, builder, sig, args):
        part, count = args[0], values.lanes
        if not _floating(values):
            return ir.Constant(ir.DoubleType(), 0.0)
        while count > 1:
            count //= 2
            low, high = (
                builder.shuffle_vector(
                    part,
                    part,
                    ir.Constant(ir.VectorType(ir.IntType(32), count), [first + i for i in range(count)]),
                )
                for first in (0, count)
            )
            part = _enlarged(builder, low, high, relation)
        last = builder.extract_element(part, ir.IntType(32)(0))
        return last if last.type == ir.DoubleType() else builder.fpext(last, ir.DoubleType())

    return types.float64(values), codegen


@intrinsic
def largest_of(typingctx, values):
    """Return the largest magnitude of a vector as float64, or 0 for integers."""
    return _reduced(values, ">")


@intrinsic
def smallest_of(typingctx, values):
    """Return the smallest magnitude of a vector as float64, or 0 for integers."""
    return _reduced(values, "<")
