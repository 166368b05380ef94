"""Stores that go to memory past the caches, for results that no cache keeps.

An ordinary store reads the cache line that it is about to overwrite. Linear float32 from 4K to 8K, a result
of 133 MB, takes 28 instead of 42 ms, and uint16 18 instead of 25 ms (Sapphire Rapids, one thread). A result
that a cache keeps is not for this: its next reader would wait for the memory.
"""

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._simd.jit import inlined, kernel
from imfilter._simd.llvm import element, from_real, pointer
from imfilter._simd.registers import BYTES, LINE, REGISTERS
from imfilter._simd.vector import convert_one, load, load_like, size_of, splat_register, store


@intrinsic
def stream(typingctx, address, target, vector):
    """Convert `vector` to `target` elements and store it at `address`, a multiple of its size or `LINE`."""
    align = min(LINE, vector.lanes * target.dtype.bitwidth // 8)

    def codegen(context, builder, sig, args):
        memory = ir.VectorType(element(target.dtype), vector.lanes)
        value = from_real(builder, args[2], target.dtype, memory)
        stored = builder.store(value, pointer(builder, args[0], memory), align=align)
        stored.set_metadata("nontemporal", builder.module.add_metadata([ir.Constant(ir.IntType(32), 1)]))
        return context.get_dummy_value()

    return types.none(types.int64, target, vector), codegen


@intrinsic
def drain(typingctx):
    """Wait until all stores have reached the memory, before another thread reads them."""

    def codegen(context, builder, sig, args):
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.none(), codegen


@inlined
def store_some(real, target, line, to, i, stop):
    """Write the sums from `i` to `stop` with ordinary stores."""
    size, width = size_of(real), size_of(target)
    few, zero = BYTES // size // REGISTERS, splat_register(real, real.type(0))
    while i + few <= stop:
        store(to + i * width, target, load_like(zero, line + i * size, real))
        i += few
    while i < stop:
        convert_one(real, line + i * size, target, to + i * width)
        i += 1


@kernel("real", "target")
def stream_line(real, target, line, to, total):
    """Write a line of `total` sums to a contiguous output, as `target`: rounded, saturated.

    Whole cache lines go past the caches. No cache line is written in both ways: that would take longer.
    """
    size, width = size_of(real), size_of(target)
    lanes = BYTES // size
    step = max(lanes, LINE // width)
    i = total if to % width else min(-to % LINE // width, total)  # before the first whole cache line
    store_some(real, target, line, to, 0, i)
    while i + step <= total:
        for k in range(0, step, lanes):
            stream(to + (i + k) * width, target, load(real, line + (i + k) * size, real))
        i += step
    store_some(real, target, line, to, i, total)
