"""The compiler and vectors: what every kernel is made of. It imports nothing of the package.

Here live the one place that calls Numba (`jit`), vector types and mathematics, lines and their borders, and
weighted sums of lines.
"""
