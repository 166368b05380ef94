"""The lanes of a mask as the bits of a word."""

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._simd.llvm import WORD


@intrinsic
def lane_bits(typingctx, mask):
    """Return a word whose bits are the lanes of a mask of at most 64. The first lane is the lowest bit."""

    def codegen(context, builder, sig, args):
        return builder.zext(builder.bitcast(args[0], ir.IntType(mask.lanes)), WORD)

    return types.int64(mask), codegen
