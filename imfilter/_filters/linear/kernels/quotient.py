"""Quotients of whole numbers that are exact enough to be rounded half to even."""

from numba.extending import intrinsic

from imfilter._simd.jit import kernel
from imfilter._simd.llvm import lanewise
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import load, size_of, splat, store


def quotient(builder, sums, divisor, reciprocal):
    """Return an LLVM vector of quotients of whole numbers, as near as its type can be.

    A product with the reciprocal is corrected by its remainder. So a quotient that the type holds is exact,
    in particular a quotient that is half-way between two whole numbers.
    """
    product = builder.fmul(sums, reciprocal)
    rest = lanewise(builder, "fma", builder.fneg(product), divisor, sums)
    better = lanewise(builder, "fma", rest, reciprocal, product)
    # Infinity has no remainder.
    return builder.select(builder.fcmp_unordered("uno", better, better), product, better)


@intrinsic
def _quotient(typingctx, sums, divisor, reciprocal):
    def codegen(context, builder, sig, args):
        return quotient(builder, *args)

    return sums(sums, divisor, reciprocal), codegen


@kernel("real")
def divide(real, line, count, divisor: float):
    """Divide `count` whole numbers in a line; see `quotient`.

    The last vector is a whole one, so values after the line are divided too.
    """
    by, share = real.type(divisor), real.type(1.0 / divisor)
    for i in range(0, count * size_of(real), BYTES):
        store(line + i, real, _quotient(load(real, line + i, real), splat(real, by), splat(real, share)))
