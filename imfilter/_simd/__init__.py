"""The compiler and SIMD vectors, from which every kernel is built. It imports no other part of the package.

It contains the only calls of Numba (`jit`), vector types and mathematics, lines and their borders, and
weighted sums of lines.
"""
