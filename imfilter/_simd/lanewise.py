"""Functions of vectors, lane by lane, and of all lanes of a vector.

Those that also take scalars give one lane and a vector the same bits. `llvm` has the same operations for code
that is emitted instruction by instruction.
"""

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._simd import llvm, vector_math
from imfilter._simd.vector import Vector, in_lanes


def dtype_of(kind):
    """Return the type of a lane of a `Vector`, or a scalar type itself."""
    return kind.dtype if isinstance(kind, Vector) else kind


@intrinsic
def full_like(typingctx, lanes, real, value):
    """Return a vector of `real` with as many lanes as a vector or mask: `value` in every lane."""
    found = Vector(real.dtype, lanes.lanes)

    def codegen(context, builder, sig, args):
        return in_lanes(context, builder, args[2], value, found)

    return found(lanes, real, value), codegen


@intrinsic
def convert(typingctx, real, a):
    """Return a vector as a vector of `real`: what floats lose is rounded."""
    found = Vector(real.dtype, a.lanes)

    def codegen(context, builder, sig, args):
        to = ir.VectorType(llvm.element(real.dtype), a.lanes)
        return llvm.to_real(builder, args[1], a.dtype, to)

    return found(real, a), codegen


@intrinsic
def where(typingctx, mask, a, b):
    """Return the lanes of `a` where a mask is true, else those of `b`. One of them may be a number."""
    vector = b if isinstance(a, types.Number) else a

    def codegen(context, builder, sig, args):
        a_value, b_value = (
            in_lanes(context, builder, *p, vector) for p in zip(args[1:], sig.args[1:], strict=True)
        )
        return builder.select(args[0], a_value, b_value)

    return vector(mask, a, b), codegen


@intrinsic
def any_nan(typingctx, a):
    """Tell whether a lane is NaN."""

    def codegen(context, builder, sig, args):
        return llvm.any_lane(builder, builder.fcmp_unordered("uno", args[0], args[0]))

    return types.boolean(a), codegen


@intrinsic
def count_lanes(typingctx, mask):
    """Return the number of lanes of a mask that are true."""

    def codegen(context, builder, sig, args):
        word, bits = llvm.WORD, ir.IntType(mask.lanes)
        found = llvm.lanewise(builder, "ctpop", builder.bitcast(args[0], bits))
        return builder.trunc(found, word) if bits.width > word.width else builder.zext(found, word)

    return types.int64(mask), codegen


@intrinsic
def compressed(typingctx, mask, a):
    """Return the lanes of a register of 16 numbers where a mask is true, one after the other, and then 0.

    It needs AVX-512.
    """

    def codegen(context, builder, sig, args):
        return llvm.compressed(builder, *args)

    return a(mask, a), codegen


@intrinsic
def bits_of(typingctx, a):
    """Return the bits of floats as signed integers."""
    found = Vector(types.int64 if a.dtype.bitwidth == 64 else types.int32, a.lanes)

    def codegen(context, builder, sig, args):
        return builder.bitcast(args[0], llvm.integer_like(args[0].type))

    return found(a), codegen


@intrinsic
def bytes_of(typingctx, mask):
    """Return the lanes of a mask as bytes: 1 where it is true, else 0."""
    found = Vector(types.uint8, mask.lanes)

    def codegen(context, builder, sig, args):
        return builder.zext(args[0], ir.VectorType(ir.IntType(8), mask.lanes))

    return found(mask), codegen


@intrinsic(prefer_literal=True)
def lanes_from(typingctx, first, second, n):
    """Return as many lanes as a vector has, from lane `n` of the first on into the second."""
    start = n.literal_value

    def codegen(context, builder, sig, args):
        return llvm.lanes_from(builder, args[0], args[1], start)

    return first(first, second, n), codegen


@intrinsic
def interleaved(typingctx, a, b):
    """Return the lanes of two vectors in turn, as a vector that is twice as long."""
    found = Vector(a.dtype, 2 * a.lanes)

    def codegen(context, builder, sig, args):
        order = [
            lane for pair in zip(range(a.lanes), range(a.lanes, 2 * a.lanes), strict=True) for lane in pair
        ]
        return llvm.shuffle(builder, *args, order)

    return found(a, b), codegen


@intrinsic
def fma(typingctx, a, b, c):
    """Return a*b + c, with one rounding if the processor has fused multiply-add."""

    def codegen(context, builder, sig, args):
        return llvm.multiply_add(builder, *args)

    return a(a, b, c), codegen


def _of_one(name, text):
    """Return an intrinsic that calls LLVM's function `name` of a vector."""

    def found(typingctx, a):
        def codegen(context, builder, sig, args):
            return llvm.lanewise(builder, name, *args)

        return a(a), codegen

    found.__doc__ = text
    return intrinsic(found)


root = _of_one("sqrt", "Return the square root of each lane, correctly rounded.")
absolute = _of_one("fabs", "Return the magnitudes of floats.")
whole = _of_one("rint", "Return floats rounded to whole numbers, half to even.")


def _formula(function):
    """Return an intrinsic of a formula of `vector_math`."""

    def found(typingctx, a):
        def codegen(context, builder, sig, args):
            return function(vector_math.Lanes(builder, args[0])).value

        return a(a), codegen

    found.__doc__ = function.__doc__
    return intrinsic(found)


power_of_two = _formula(vector_math.exponential2)
exponential = _formula(vector_math.exponential)
one_minus_exponential = _formula(vector_math.one_minus_exponential)


@intrinsic
def power_parts(typingctx, a, b, table):
    """Return the parts of ``weight * 2**(-a*b)``. `table` is the address of the row of the weight."""
    found = types.UniTuple(a, 3)

    def codegen(context, builder, sig, args):
        first, second = (vector_math.Lanes(builder, x) for x in args[:2])
        parts = vector_math.power_parts(first, second, args[2])
        return context.make_tuple(builder, found, [part.value for part in parts])

    return found(a, a, types.int64), codegen


@intrinsic
def power_of_parts(typingctx, rest, entry, steps):
    """Return the weighted power of two that has these parts."""

    def codegen(context, builder, sig, args):
        return vector_math.power_of_parts(*(vector_math.Lanes(builder, x) for x in args)).value

    return rest(rest, rest, rest), codegen


@intrinsic
def power_halves(typingctx, exponent):
    """Return the halves of two to the power of an exponent of at most 0."""
    found = types.UniTuple(exponent, 2)

    def codegen(context, builder, sig, args):
        halves = vector_math.power_halves(vector_math.Lanes(builder, args[0]))
        return context.make_tuple(builder, found, [half.value for half in halves])

    return found(exponent), codegen


@intrinsic
def power_of_halves(typingctx, rest, power):
    """Return the power of two that has these halves."""

    def codegen(context, builder, sig, args):
        return vector_math.power_of_halves(*(vector_math.Lanes(builder, x) for x in args)).value

    return rest(rest, power), codegen


@intrinsic
def pushed(typingctx, a, register):
    """Return a register before the lanes of a vector, without as many lanes at its end."""

    def codegen(context, builder, sig, args):
        count, more = a.lanes, a.lanes - register.lanes
        whole = llvm.shuffle(builder, args[1], None, [*range(register.lanes), *[0] * more])
        order = [*range(register.lanes), *range(count, count + more)]
        return llvm.shuffle(builder, whole, args[0], order)

    return a(a, register), codegen


def _half(number, text):
    """Return an intrinsic that takes one half of a vector."""

    def found(typingctx, a):
        def codegen(context, builder, sig, args):
            return llvm.halves(builder, args[0])[number]

        return Vector(a.dtype, a.lanes // 2)(a), codegen

    found.__doc__ = text
    return intrinsic(found)


lower = _half(0, "Return the first half of the lanes of a vector.")
upper = _half(1, "Return the second half of the lanes of a vector.")


def _of_two(emit, which, text):
    """Return an intrinsic of two vectors or scalars of one type."""

    def found(typingctx, a, b):
        def codegen(context, builder, sig, args):
            return emit(builder, dtype_of(a), which, *args)

        return a(a, b), codegen

    found.__doc__ = text
    return intrinsic(found)


smaller = _of_two(llvm.choose, "min", "Return `a` where it is less, else `b`: also where a float is NaN.")
larger = _of_two(llvm.choose, "max", "Return `a` where it is greater, else `b`: also where a float is NaN.")
minimum = _of_two(llvm.extreme, "min", "Return the minimum: NaN if either is, and -0.0 of both zeros.")
maximum = _of_two(llvm.extreme, "max", "Return the maximum: NaN if either is, and 0.0 of both zeros.")
