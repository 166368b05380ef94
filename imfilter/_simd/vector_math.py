"""Elementary functions of vectors: powers, the angle of a point, sine and cosine.

They are formulas over `Lanes`, which emit instructions while a kernel is compiled: LLVM has no such functions
of vectors itself, but calls the C library lane by lane.
"""

import functools
import math

import numpy as np
from llvmlite import ir

from imfilter._simd.vector import call_llvm, mangle, multiply_add


class Lanes:
    """An LLVM vector of floats in a formula: operators emit one instruction each, numbers are constants."""

    def __init__(self, builder, value):
        self.builder, self.value = builder, value

    def constant(self, number):
        """Return the vector that holds `number` in every lane."""
        kind = self.value.type
        return Lanes(self.builder, ir.Constant(kind, [float(number)] * kind.count))

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
        """Return self*factor + term, rounded once where the processor can."""
        factor, term = (x if isinstance(x, Lanes) else self.constant(x) for x in (factor, term))
        return Lanes(self.builder, multiply_add(self.builder, self.value, factor.value, term.value))

    def compare(self, relation, other):
        """Return in which lanes `relation` holds, which it does not where either is NaN."""
        return self._with(lambda a, b: self.builder.fcmp_ordered(relation, a, b), self, other).value

    def where(self, mask, other):
        """Return self where `mask` holds, elsewhere `other`."""
        return self._with(lambda a, b: self.builder.select(mask, a, b), self, other)

    def call(self, name):
        """Return LLVM's function of that name, such as ``sqrt``."""
        kind = self.value.type
        return Lanes(self.builder, call_llvm(self.builder, f"llvm.{name}.{mangle(kind)}", kind, self.value))

    def narrow(self):
        """Return the vector in float32."""
        return self._cast(self.builder.fptrunc, ir.FloatType())

    def wide(self):
        """Return the vector in float64."""
        return self._cast(self.builder.fpext, ir.DoubleType())

    def _cast(self, operation, item):
        return Lanes(self.builder, operation(self.value, ir.VectorType(item, self.value.type.count)))

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
    """Return the coefficients of the polynomial near `function` from `first` to `last`."""
    total = np.zeros(degree + 1)
    for _ in range(2):  # the second time what rounding has left
        fit = np.polynomial.Chebyshev.interpolate(
            lambda x: function(np.longdouble(x)) - np.polynomial.polynomial.polyval(np.longdouble(x), total),
            degree,
            domain=[first, last],
        )
        found = fit.convert(kind=np.polynomial.Polynomial).coef.astype(np.float64)
        total[: len(found)] += found
    return total.tolist()


#: How far below a whole number the binary logarithm of 1 + m is taken to be m: then the first guess at an
#: inverse root is as much too large as too small, and by how much at most.
_SAG, _SPREAD = 0.049, 0.0345


def _guess(x, n):
    """Return a guess at ``x**(-1/n)`` of float32 vector `x`.

    The bits of a float are about its logarithm (J. F. Blinn, IEEE Computer Graphics and Applications 17 (4),
    1997), which is divided by -n.
    """
    kind, builder = x.value.type, x.builder
    words = ir.VectorType(ir.IntType(32), kind.count)
    logarithm = Lanes(builder, builder.sitofp(builder.bitcast(x.value, words), kind))
    bits = logarithm.fma(-1.0 / n, 2.0**23 * (127 - _SAG) * (1 + 1 / n))
    return Lanes(builder, builder.bitcast(builder.fptosi(bits.value, words), kind))


@functools.cache
def _series(exponent, n, degree):
    """Return the coefficients of ``((1 - h)**-exponent - 1) / h`` for what a guess leaves as h."""
    first, last = 1 - (1 + _SPREAD) ** n, 1 - (1 - _SPREAD) ** n
    return fitted(lambda h: np.expm1(-exponent * np.log1p(-h)) / h, degree, first, last)


#: Degrees at which the error of a series is below that of rounding to float32, by n.
_DEGREES = {3: 5, 5: 5, 6: 6, 12: 8}


def power(x, b, n):
    """Return ``x**(1 - b/n)`` of positive `x`, for integers 0 < b < n.

    With a guess y at ``x**(-1/n)`` it is x*y**b, improved by the series of (1 - h)**(-b/n), where h = 1 -
    x*y**n: that takes back most of the rounding before, too. In float64 y is first improved in float32, whose
    range `x` must not leave.
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


#: atan(sqrt(u)) / sqrt(u) for u from 0 to 1, by powers of u - 1/2, which do not cancel each other.
_ARCTANGENT = fitted(lambda v: np.arctan(np.sqrt(v + 0.5)) / np.sqrt(v + 0.5), 21, -0.5, 0.5)


def angle(x, y):
    """Return the angles of points (x, y) of which no y is negative, from 0 to pi; 0 where both are."""
    wide = x.call("fabs")
    steep = y.compare(">", wide)
    most, least = y.where(steep, wide), wide.where(steep, y)
    nothing = most.compare("==", 0.0)
    slope = least / most.constant(1.0).where(nothing, most)
    found = polynomial(slope.fma(slope, -0.5), _ARCTANGENT) * slope
    found = (math.pi / 2 - found).where(steep, found)
    return (math.pi - found).where(x.compare("<", 0.0), found)


#: The series of sin(sqrt(u)) / sqrt(u) and of cos(sqrt(u)); the first term left out is below 2e-18 to pi/4.
_SINE = [(-1) ** k / math.factorial(2 * k + 1) for k in range(9)]
_COSINE = [(-1) ** k / math.factorial(2 * k) for k in range(9)]
#: Half a turn's half, and what float64 leaves out of it.
_QUARTER, _QUARTER_REST = math.pi / 2, 6.123233995736766e-17


def sine_cosine(x):
    """Return the sine and the cosine of `x`."""
    turns = (x * (1 / _QUARTER)).call("rint")
    rest = (-turns).fma(_QUARTER_REST, (-turns).fma(_QUARTER, x))
    square = rest * rest
    sine, cosine = polynomial(square, _SINE) * rest, polynomial(square, _COSINE)
    # Where in the turn, in quarters: 0 to 3.
    quarter = turns - (turns * 0.25).call("floor") * 4.0
    odd = (quarter - (quarter * 0.5).call("floor") * 2.0).compare("==", 1.0)
    sines, cosines = cosine.where(odd, sine), sine.where(odd, cosine)
    middle = quarter - 1.0
    return (
        (-sines).where(quarter.compare(">=", 2.0), sines),
        (-cosines).where(middle.compare("==", 0.0), (-cosines).where(middle.compare("==", 1.0), cosines)),
    )
