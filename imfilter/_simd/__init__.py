"""The compiler and SIMD vectors, from which every kernel is built. It imports no other part of the package.

It contains the only calls of Numba (`jit`), vectors (`vector`, `lanewise`, `vector_math`), the LLVM
instructions that they emit (`llvm`), lines and their borders, and weighted sums of lines.
"""
