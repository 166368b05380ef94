"""The compiler and SIMD vectors, from which every kernel is built. It imports no other part of the package.

It contains kernels (`jit`), the only calls of Numba (`compiler`), vectors (`vector`, `lanewise`,
`vector_math`), the LLVM instructions that they emit (`llvm`), lines and their borders, and sums of lines.
"""

from imfilter._simd import deferred

deferred.install()
