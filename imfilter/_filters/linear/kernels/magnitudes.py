"""Magnitudes of numbers and of vectors, lane by lane: the larger, the smaller, and comparisons with a limit.

Floats without their signs are compared as integers, and NaN is the largest of these. Integers are not
compared, because their sums are exact.
"""

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._simd.lanewise import dtype_of
from imfilter._simd.llvm import (
    absolute,
    any_lane,
    choose,
    constant,
    element_of,
    integer_like,
    shuffle,
    spread_real,
    to_real,
)


def _floating(kind):
    """Tell whether a number or a vector is floating."""
    return isinstance(dtype_of(kind), types.Float)


def _enlarged(builder, largest, value, relation=">"):
    """Return the larger of LLVM's magnitudes and the magnitude of `value`, or the smaller."""
    integers = integer_like(value.type)
    mask = constant(integers, 2 ** (element_of(integers).width - 1) - 1)
    old, new = builder.bitcast(largest, integers), builder.and_(builder.bitcast(value, integers), mask)
    return builder.bitcast(builder.select(builder.icmp_signed(relation, old, new), old, new), value.type)


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
        return choose(builder, dtype_of(sig.return_type), "min", absolute(builder, value), least)

    return smallest(smallest, value), codegen


def _any(relation):
    def typer(typingctx, values, limit):
        def codegen(context, builder, sig, args):
            vector, limit = args
            if not _floating(values):
                return ir.IntType(1)(0)
            limits = spread_real(builder, limit, vector.type)
            return any_lane(builder, builder.fcmp_unordered(relation, vector, limits))

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
            low, high = (shuffle(builder, part, part, range(i, i + count)) for i in (0, count))
            part = _enlarged(builder, low, high, relation)
        last = builder.extract_element(part, ir.IntType(32)(0))
        return to_real(builder, last, values.dtype, ir.DoubleType())

    return types.float64(values), codegen


@intrinsic
def largest_of(typingctx, values):
    """Return the largest magnitude of a vector as float64, or 0 for integers."""
    return _reduced(values, ">")


@intrinsic
def smallest_of(typingctx, values):
    """Return the smallest magnitude of a vector as float64, or 0 for integers."""
    return _reduced(values, "<")
