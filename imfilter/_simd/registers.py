"""The sizes of vectors and cache lines, which kernels and their callers know."""

import llvmlite.binding
import numpy as np


def _vector_bytes() -> int:
    """Return the width of the widest vector register of this processor, in bytes."""
    features = llvmlite.binding.get_host_cpu_features()
    if features.get("avx512f"):
        return 64
    return 32 if features.get("avx2") else 16


#: Registers in one `Vector`. LLVM splits the vector itself. With several registers, the arithmetic units stay
#: busy while one register waits in a chain of dependent operations. With 8, two output rows at a time spill:
#: 3x3 float32 took 46 cycles for 16 samples instead of 37 (Cascade Lake, AVX-512).
REGISTERS = 4

#: Size of a cache line.
LINE = 64
#: Size of one `Vector` in bytes, for all element types.
BYTES = REGISTERS * _vector_bytes()


def in_register(dtype: np.dtype) -> int:
    """Return how many elements of a NumPy dtype one register holds."""
    return BYTES // REGISTERS // dtype.itemsize
