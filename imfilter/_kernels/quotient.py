"""Quotients of whole numbers, rounded exactly: half-way cases to the even neighbour."""

from llvmlite import ir
from numba.extending import intrinsic

from imfilter._core.jit import kernel
from imfilter._kernels.simd import BYTES, call_llvm, load, mangle, size_of, splat, store


def quotient(builder, sums, divisor, reciprocal):
    """Return a vector of LLVM's of whole numbers `sums` over whole numbers, rounded half to even.

    The product with the reciprocal is at most one off, which the remainder tells. All numbers must be
    exact: sums and twice the divisor below the power of two up to which the type holds all whole numbers.
    """
    kind = sums.type
    half, one, zero = (ir.Constant(kind, [v] * kind.count) for v in (0.5, 1.0, 0.0))

    def rint(value):
        return call_llvm(builder, f"llvm.rint.{mangle(kind)}", kind, value)

    near = rint(builder.fmul(sums, reciprocal))
    rest = builder.fsub(sums, builder.fmul(near, divisor))
    middle, halved = builder.fmul(divisor, half), builder.fmul(near, half)
    odd = builder.fcmp_ordered("!=", halved, rint(halved))

    def beyond(distance):
        """Return 1 where a distance is more than half-way, or half-way from an odd number, else 0."""
        tie = builder.and_(odd, builder.fcmp_ordered("==", distance, middle))
        return builder.select(builder.or_(tie, builder.fcmp_ordered(">", distance, middle)), one, zero)

    up = builder.fadd(near, beyond(rest))
    return builder.fsub(up, beyond(builder.fneg(rest)))


@intrinsic
def _quotient(typingctx, sums, divisor, reciprocal):
    def codegen(context, builder, sig, args):
        return quotient(builder, *args)

    return sums(sums, divisor, reciprocal), codegen


@kernel("real")
def divide(real, line, count, divisor: float):
    """Divide `count` whole numbers in a line, rounded half to even; see `quotient`.

    The last vector is a whole one: what lies behind the line is divided too.
    """
    by, share = real.type(divisor), real.type(1.0 / divisor)
    for i in range(0, count * size_of(real), BYTES):
        store(line + i, real, _quotient(load(real, line + i, real), splat(real, by), splat(real, share)))
