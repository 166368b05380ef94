"""Words of 64 bits."""

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._simd.llvm import WORD


@intrinsic
def lowest_bit(typingctx, word):
    """Return the position of the lowest set bit of a word. At least one bit must be set."""

    def codegen(context, builder, sig, args):
        return builder.zext(builder.cttz(args[0], ir.IntType(1)(1)), WORD)

    return types.int64(word), codegen
