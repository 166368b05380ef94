"""The exponential function of vectors of numbers that are not positive."""

import math

from llvmlite import ir
from numba.extending import intrinsic

from imfilter._simd.vector_math import Lanes, polynomial

#: The natural logarithm of 2: 32 bits of it, of which the multiples are exact, and the rest.
_LOG2, _LOG2_REST = 0.693147180369123816490, 1.90821492927058770002e-10
#: The same for float32: 12 bits.
_LOG2_NARROW, _LOG2_NARROW_REST = 0.693359375, -2.12194440054690583e-4


def _parts(x):
    """Return the power of two s and the number t of ``exp(x) = s + s*t``. Below the range s is 0."""
    builder, kind = x.builder, x.value.type
    wide = isinstance(kind.element, ir.DoubleType)
    bits, bias, least, degree = (52, 1023, -708.0, 12) if wide else (23, 127, -87.0, 6)
    high, low = (_LOG2, _LOG2_REST) if wide else (_LOG2_NARROW, _LOG2_NARROW_REST)
    above = x.compare(">", least)
    x = x.where(above, least)  # also NaN, which the caller puts back
    turns = (x * (1 / math.log(2))).call("rint")
    rest = (-turns).fma(low, (-turns).fma(high, x))
    series = polynomial(rest, [1 / math.factorial(k + 1) for k in range(degree + 1)]) * rest
    words = ir.VectorType(ir.IntType(64 if wide else 32), kind.count)
    exponent = builder.add(builder.fptosi(turns.value, words), ir.Constant(words, [bias] * kind.count))
    power = Lanes(
        builder, builder.bitcast(builder.shl(exponent, ir.Constant(words, [bits] * kind.count)), kind)
    )
    return power.where(above, 0.0), series


def _intrinsic(combine, text):
    def found(typingctx, x):
        def codegen(context, builder, sig, args):
            given = Lanes(builder, args[0])
            result = combine(*_parts(given))
            return given.where(given.compare("!=", given), result).value

        return x(x), codegen

    found.__doc__ = text
    return intrinsic(found)


exponential = _intrinsic(
    lambda power, series: series.fma(power, power), "Return ``exp(x)`` for x of at most 0."
)
one_minus_exponential = _intrinsic(
    lambda power, series: (1.0 - power) - series * power,
    "Return ``1 - exp(x)`` for x of at most 0, also where it is small.",
)
