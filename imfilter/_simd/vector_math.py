"""Elementary functions of vectors: powers, the angle of a point, sine, cosine and exponentials.

They are formulas over `Lanes`, which emit instructions while a kernel is compiled. LLVM itself has no such
functions for vectors: it calls the C library lane by lane.
"""

import functools
import math

import numpy as np
from llvmlite import ir
from numba.core import types

from imfilter._simd import power_table
from imfilter._simd.llvm import (
    compare,
    constant,
    integer_like,
    lanewise,
    like,
    multiply_add,
    multiply_add_toward_zero,
    permuted,
    permuted_quarters,
    read,
    scaled,
    shuffle,
    spread,
)


class Lanes:
    """An LLVM vector of floats in a formula. Each operator emits one instruction. Numbers are constants."""

    def __init__(self, builder, value):
        self.builder, self.value = builder, value

    def constant(self, number):
        """Return the vector that holds `number` in every lane."""
        return Lanes(self.builder, constant(self.value.type, float(number)))

    def _with(self, operation, first, second):
        first, second = (x.value if isinstance(x, Lanes) else self.constant(x).value for x in (first, second))
        return Lanes(self.builder, operation(first, second))

    def __add__(self, other):
        return self._with(self.builder.fadd, self, other)

    def __sub__(self, other):
        return self._with(self.builder.fsub, self, other)

    def __rsub__(self, other):
        return self._with(self.builder.fsub, other, self)

    def __mul__(self, other):
        return self._with(self.builder.fmul, self, other)

    def __truediv__(self, other):
        return self._with(self.builder.fdiv, self, other)

    def __neg__(self):
        return Lanes(self.builder, self.builder.fneg(self.value))

    def fma(self, factor, term):
        """Return self*factor + term, with one rounding if the processor has fused multiply-add."""
        factor, term = (x if isinstance(x, Lanes) else self.constant(x) for x in (factor, term))
        return Lanes(self.builder, multiply_add(self.builder, self.value, factor.value, term.value))

    def fma_toward_zero(self, factor, term):
        """Return self*factor + term of 16 float32, rounded toward 0. Needs AVX-512."""
        factor, term = (x if isinstance(x, Lanes) else self.constant(x) for x in (factor, term))
        return Lanes(
            self.builder, multiply_add_toward_zero(self.builder, self.value, factor.value, term.value)
        )

    def compare(self, relation, other):
        """Return a mask of the lanes in which `relation` holds. With NaN only "!=" does."""
        return self._with(
            lambda a, b: compare(self.builder, types.float64, relation, a, b), self, other
        ).value

    def where(self, mask, other):
        """Return self in the lanes of `mask`, and `other` in the rest."""
        return self._with(lambda a, b: self.builder.select(mask, a, b), self, other)

    def call(self, name):
        """Return the result of LLVM's function of that name, such as ``sqrt``."""
        return Lanes(self.builder, lanewise(self.builder, name, self.value))

    def narrow(self):
        """Return the vector in float32."""
        return self._cast(self.builder.fptrunc, ir.FloatType())

    def wide(self):
        """Return the vector in float64."""
        return self._cast(self.builder.fpext, ir.DoubleType())

    def _cast(self, operation, item):
        return Lanes(self.builder, operation(self.value, like(self.value.type, item)))

    def whole_power(self, exponent):
        """Return self to the power of an integer of at least 1."""
        if exponent == 1:
            return self
        half = self.whole_power(exponent // 2)
        return half * half * self if exponent % 2 else half * half


def polynomial(x, coefficients):
    """Return the sum of ``coefficients[k] * x**k``, by Horner's rule."""
    found = x.constant(coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        found = found.fma(x, coefficient)
    return found


def fitted(function, degree, first, last):
    """Return the coefficients of a polynomial that approximates `function` from `first` to `last`."""
    total = np.zeros(degree + 1)
    for _ in range(2):  # the second pass fits the rounding error of the first
        fit = np.polynomial.Chebyshev.interpolate(
            lambda x: function(np.longdouble(x)) - np.polynomial.polynomial.polyval(np.longdouble(x), total),
            degree,
            domain=[first, last],
        )
        found = fit.convert(kind=np.polynomial.Polynomial).coef.astype(np.float64)
        total[: len(found)] += found
    return total.tolist()


#: The binary logarithm of 1 + m is approximated by m + `_SAG` for the first estimate of an inverse root. Then
#: the estimate is too large by as much as it is too small: by a factor of 1 + `_SPREAD` at most.
_SAG, _SPREAD = 0.049, 0.0345


def _guess(x, n):
    """Return an estimate of ``x**(-1/n)`` of float32 vector `x`.

    The bits of a float approximate its logarithm (J. F. Blinn, IEEE Computer Graphics and Applications 17
    (4), 1997). The logarithm is divided by -n.
    """
    kind, builder = x.value.type, x.builder
    words = integer_like(kind)
    logarithm = Lanes(builder, builder.sitofp(builder.bitcast(x.value, words), kind))
    bits = logarithm.fma(-1.0 / n, 2.0**23 * (127 - _SAG) * (1 + 1 / n))
    return Lanes(builder, builder.bitcast(builder.fptosi(bits.value, words), kind))


@functools.cache
def _series(exponent, n, degree):
    """Return the coefficients of ``((1 - h)**-exponent - 1) / h`` for the error h of an estimate."""
    first, last = 1 - (1 + _SPREAD) ** n, 1 - (1 - _SPREAD) ** n
    return fitted(lambda h: np.expm1(-exponent * np.log1p(-h)) / h, degree, first, last)


#: Degrees of the series by n. At these, the error of a series is below that of rounding to float32.
_DEGREES = {3: 5, 5: 5, 6: 6, 12: 8}


def power(x, b, n):
    """Return ``x**(1 - b/n)`` of positive `x`, for integers 0 < b < n.

    With an estimate y of ``x**(-1/n)`` the result is x*y**b. The series of (1 - h)**(-b/n), where h = 1 -
    x*y**n, improves it and removes most of the earlier rounding errors. In float64, y is first improved in
    float32, so `x` must stay in the range of float32.
    """
    if isinstance(x.value.type.element, ir.FloatType):
        y, series = _guess(x, n), _series(b / n, n, _DEGREES[n])
    else:
        narrow = x.narrow()
        y = _guess(narrow, n)
        h = (-(narrow * y)).fma(y.whole_power(n - 1), 1.0)
        y = y.fma(h * polynomial(h, _series(1 / n, n, _DEGREES[n])), y).wide()
        series = [b / n, b / n * (b / n + 1) / 2]
    found = x * y.whole_power(b)
    h = (-found).fma(y.whole_power(n - b), 1.0)
    return (found * h).fma(polynomial(h, series), found)


def cube_root(x):
    """Return the cube root of positive `x`."""
    return power(x, 2, 3)


#: Coefficients of atan(sqrt(u)) / sqrt(u) for u from 0 to 1, in powers of u - 1/2, which avoid cancellation.
_ARCTANGENT = fitted(lambda v: np.arctan(np.sqrt(v + 0.5)) / np.sqrt(v + 0.5), 21, -0.5, 0.5)


def angle(x, y):
    """Return the angles of points (x, y) with y >= 0, from 0 to pi. The angle of (0, 0) is 0."""
    wide = x.call("fabs")
    steep = y.compare(">", wide)
    most, least = y.where(steep, wide), wide.where(steep, y)
    nothing = most.compare("==", 0.0)
    slope = least / most.constant(1.0).where(nothing, most)
    found = polynomial(slope.fma(slope, -0.5), _ARCTANGENT) * slope
    found = (math.pi / 2 - found).where(steep, found)
    return (math.pi - found).where(x.compare("<", 0.0), found)


#: The series of sin(sqrt(u)) / sqrt(u) and cos(sqrt(u)). Up to pi/4 the first omitted term is below 2e-18.
_SINE = [(-1) ** k / math.factorial(2 * k + 1) for k in range(9)]
_COSINE = [(-1) ** k / math.factorial(2 * k) for k in range(9)]
#: A quarter turn, and its rounding error in float64.
_QUARTER, _QUARTER_REST = math.pi / 2, 6.123233995736766e-17


def sine_cosine(x):
    """Return the sine and the cosine of `x`."""
    turns = (x * (1 / _QUARTER)).call("rint")
    rest = (-turns).fma(_QUARTER_REST, (-turns).fma(_QUARTER, x))
    square = rest * rest
    sine, cosine = polynomial(square, _SINE) * rest, polynomial(square, _COSINE)
    # The quadrant of the angle, 0 to 3.
    quarter = turns - (turns * 0.25).call("floor") * 4.0
    odd = (quarter - (quarter * 0.5).call("floor") * 2.0).compare("==", 1.0)
    sines, cosines = cosine.where(odd, sine), sine.where(odd, cosine)
    middle = quarter - 1.0
    return (
        (-sines).where(quarter.compare(">=", 2.0), sines),
        (-cosines).where(middle.compare("==", 0.0), (-cosines).where(middle.compare("==", 1.0), cosines)),
    )


def _is_wide(x):
    return isinstance(x.value.type.element, ir.DoubleType)


def _whole_power(x):
    """Return `x` rounded to whole numbers, half to even, and 2 to their power if that is a normal number."""
    kind, builder = x.value.type, x.builder
    offset, digits = (1023, 52) if _is_wide(x) else (127, 23)
    # Adding 1.5 * 2**23 rounds to a whole number, whose lowest bits are those of the sum. They become the
    # exponent of a float, with its offset.
    magic = 1.5 * 2.0**digits + offset
    moved = x + magic
    words = integer_like(kind)
    bits = builder.shl(builder.bitcast(moved.value, words), constant(words, digits))
    return moved - magic, Lanes(builder, builder.bitcast(bits, kind))


@functools.cache
def _exponential(wide):
    """Return a polynomial for 2**x from -1/2 to 1/2."""
    return fitted(np.exp2, 11 if wide else 5, -0.5, 0.5)


def exponential2(x):
    """Return ``2**x`` for `x` up to 127. NaN is NaN.

    The relative error is below 2.5e-7 in float32, and below 5e-16 in float64. A result below the smallest
    normal number is 0 or a denormal number, of which `denormals_as_zeros` makes 0.
    """
    rest, power = _exponential2_halves(x)
    return polynomial(rest, _exponential(_is_wide(x))) * power


def _exponential2_halves(x):
    """Return the fraction of `x`, from -1/2 to 1/2, and two to the power of its whole number."""
    # The power of this exponent is 0, because its bits are. To compare the result instead takes an operation
    # more: `bilateral` took 102 instead of 90 ns for a sample (Zen 3, AVX2).
    least = -1023.0 if _is_wide(x) else -127.0
    x = x.constant(least).where(x.compare("<", least), x)
    turns, power = _whole_power(x)
    return x - turns, power


def _registers(x, count):
    """Return the registers of a vector, each with `count` lanes."""
    starts = range(0, x.value.type.count, count)
    return [Lanes(x.builder, shuffle(x.builder, x.value, None, range(i, i + count))) for i in starts]


def _joined(parts):
    """Return the vector of some registers, a power of two."""
    while len(parts) > 1:
        builder, count = parts[0].builder, 2 * parts[0].value.type.count
        parts = [
            Lanes(builder, shuffle(builder, a.value, b.value, range(count)))
            for a, b in zip(parts[::2], parts[1::2], strict=True)
        ]
    return parts[0]


def _tabulated(x):
    kind = x.value.type
    return not _is_wide(x) and kind.count % power_table.LANES == 0 and power_table.is_tabulated(np.float32)


def _quartered(x):
    kind = x.value.type
    return not _is_wide(x) and kind.count % power_table.HALF == 0 and power_table.is_quartered(np.float32)


def power_halves(x):
    """Return two vectors from which `power_of_halves` computes ``2**x``, for `x` of at most 0."""
    if not _quartered(x):
        return _exponential2_halves(x)
    # Let x be -k/4 - r, with a whole number k, and r from -1/8 to 1/8. The power of -127 is 0.
    x = x.constant(-127.0).where(x.compare("<", -127.0), x)
    magic = 2.0**23 / power_table.QUARTERS  # a sum with it is rounded to quarters, and its lowest bits are k
    moved = magic - x
    rest = (magic - 1) - moved - x  # which is r - 1
    builder, words = x.builder, integer_like(x.value.type)
    entries = ir.Constant(ir.VectorType(ir.FloatType(), power_table.HALF), power_table.ENTRIES)
    places = [
        builder.bitcast(part.value, integer_like(entries.type))
        for part in _registers(moved, power_table.HALF)
    ]
    picked = _joined([Lanes(builder, permuted_quarters(builder, place, entries)) for place in places])
    turns = builder.shl(builder.bitcast(moved.value, words), constant(words, 21))
    bits = builder.sub(builder.bitcast(picked.value, words), turns)
    return rest, Lanes(builder, builder.bitcast(bits, x.value.type))


def power_of_halves(rest, power):
    """Return the power of two of which these are the halves.

    The relative error of float32 is below 7.2e-7 with a table of quarters. Else it is that of `exponential2`.
    """
    if not _quartered(rest):
        return polynomial(rest, _exponential(_is_wide(rest))) * power
    # The power may be the least normal number, so it comes last.
    return rest.fma(rest, power_table.SQUARE) * rest.fma(power_table.SLOPE, power_table.LINE) * power


def power_parts(a, b, table):
    """Return three vectors from which `power_of_parts` computes ``weight * 2**(-a*b)``.

    The product must be at least 0. `table` is the address of the row of the weight in a `power_table`.
    """
    kind = a.value.type
    if not _tabulated(a):
        logarithm = spread(a.builder, read(a.builder, table, kind.element), kind)
        return ((-a).fma(b, Lanes(a.builder, logarithm)),) * 3
    half = ir.VectorType(kind.element, power_table.LANES)
    row = read(a.builder, table, half)
    # A number beyond the range becomes the largest one, so no infinity meets another one: the result is 0.
    # A sum with this number is rounded down to a multiple of 1/16, and keeps its lowest bits. Numbers just
    # below it may be multiples of 1/32, as power_table.SHIFT is.
    magic = 2.0**23 / power_table.LANES
    pairs = list(zip(_registers(a, power_table.LANES), _registers(b, power_table.LANES), strict=True))
    moved = [x.fma_toward_zero(y, magic) for x, y in pairs]
    steps = [(magic - power_table.SHIFT) - m for m in moved]
    places = (a.builder.bitcast(m.value, integer_like(half)) for m in moved)
    entries = [Lanes(a.builder, permuted(a.builder, place, row)) for place in places]
    rests = [x.fma_toward_zero(y, s) for (x, y), s in zip(pairs, steps, strict=True)]
    return tuple(map(_joined, (rests, entries, steps)))


def power_of_parts(rest, entry, steps):
    """Return the weighted power of two of which these are the parts.

    With a table, 7 instructions compute both parts, instead of 12 of `exponential2`. The last but one takes
    as long as two. The relative error is below 9e-7 for results that are normal numbers. Denormal results are
    rounded to whole steps of denormal numbers, and `denormals_as_zeros` makes them 0. The power of an
    infinite product is 0, and NaN is NaN.
    """
    if not _tabulated(rest):
        return power_of_halves(*power_halves(steps))
    parts = zip(*(_registers(x, power_table.LANES) for x in (rest, entry, steps)), strict=True)
    # The rest of a large product may be large, too. So it is scaled before an entry above 1 multiplies it.
    found = [(r.fma_toward_zero(r, power_table.TERM), e, s) for r, e, s in parts]
    return _joined([Lanes(v.builder, scaled(v.builder, v.value, s.value)) * e for v, e, s in found])


#: The natural logarithm of 2: 32 bits of it, of which the multiples are exact, and the rest.
_LOG2, _LOG2_REST = 0.693147180369123816490, 1.90821492927058770002e-10
#: The same for float32: 12 bits.
_LOG2_NARROW, _LOG2_NARROW_REST = 0.693359375, -2.12194440054690583e-4


def _exponential_parts(x):
    """Return the power of two s and the number t of ``exp(x) = s + s*t``. Below the range s is 0."""
    wide = _is_wide(x)
    high, low = (_LOG2, _LOG2_REST) if wide else (_LOG2_NARROW, _LOG2_NARROW_REST)
    least, degree = (-708.0, 12) if wide else (-87.0, 6)
    above = x.compare(">", least)
    x = x.where(above, least)  # also NaN, which the caller puts back
    turns, power = _whole_power(x * (1 / math.log(2)))
    rest = (-turns).fma(low, (-turns).fma(high, x))
    series = polynomial(rest, [1 / math.factorial(k + 1) for k in range(degree + 1)]) * rest
    return power.where(above, 0.0), series


def exponential(x):
    """Return ``exp(x)`` for `x` of at most 0, with a relative error below 2e-7 in float32, 4e-16 in float64.

    It costs some operations more than `exponential2`, and keeps the digits of large exponents.
    """
    power, series = _exponential_parts(x)
    return x.where(x.compare("!=", x), series.fma(power, power))


def one_minus_exponential(x):
    """Return ``1 - exp(x)`` for `x` of at most 0, with the same relative error also where it is small."""
    power, series = _exponential_parts(x)
    return x.where(x.compare("!=", x), (1.0 - power) - series * power)
