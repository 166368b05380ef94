"""The instructions of the processor, and sizes of vectors and cache lines, which kernels and callers know."""

import os
from pathlib import Path

import llvmlite.binding
import numpy as np

#: Settings by which Numba compiles for another processor, or without wide vectors.
_OTHER = {"NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "NUMBA_ENABLE_AVX"}
#: Processors for which Numba compiles without wide vectors, whatever instructions they have.
_NARROW = {"corei7-avx", "core-avx-i", "sandybridge", "ivybridge", "nocona"}
#: The file from which Numba reads settings, in the working folder.
SETTINGS = Path(".numba_config.yaml")


def _features() -> dict[str, bool]:
    """Return the instructions that compiled code may use, none if Numba may compile for another processor.

    LLVM ends the process if a kernel asks by name for an instruction that its processor does not have.
    """
    if _OTHER & os.environ.keys() or SETTINGS.is_file():
        return {}
    if llvmlite.binding.get_host_cpu_name() in _NARROW:
        return {}
    return dict(llvmlite.binding.get_host_cpu_features())


#: Names of instruction sets, and whether code may use them.
FEATURES = _features()


def _vector_bytes() -> int:
    """Return the width of the widest vector register of this processor, in bytes."""
    if FEATURES.get("avx512f"):
        return 64
    return 32 if FEATURES.get("avx2") else 16


#: Registers in one `Vector`. LLVM splits the vector itself. With several registers, the arithmetic units stay
#: busy while one register waits in a chain of dependent operations. With 8, two output rows at a time spill:
#: 3x3 float32 took 46 cycles for 16 samples instead of 37 (Cascade Lake, AVX-512).
REGISTERS = 4

#: Size of a cache line.
LINE = 64
#: Size of one `Vector` in bytes, for all element types.
BYTES = REGISTERS * _vector_bytes()


#: Bytes that are loaded at once if addresses are no multiples of a cache line. Zen 4 takes one cycle to load
#: 64 bytes, and two if they are in two cache lines, but one for two loads of 32 bytes.
NARROW = BYTES // REGISTERS
if FEATURES and llvmlite.binding.get_host_cpu_name() == "znver4":
    NARROW = min(32, NARROW)


def in_register(dtype: np.dtype) -> int:
    """Return how many elements of a NumPy dtype one register holds."""
    return BYTES // REGISTERS // dtype.itemsize
