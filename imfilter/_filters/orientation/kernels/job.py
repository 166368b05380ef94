"""The job of a kernel that reads a matrix for each sample, and the driver that runs it."""

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver
from imfilter._simd.registers import BYTES, REGISTERS
from imfilter._simd.vector import invoke

#: Bytes of one register. The formulas have so many values that vectors of more registers would not fit.
REGISTER = BYTES // REGISTERS

#: Addresses of the components, which are contiguous: those of the upper triangle, row by row. Addresses of
#: the results, the number of samples, and which result is written (`form`). Vectors are read and written
#: beyond the last sample. The numbers a, b, c and `sigma` are parameters of the measure.
MATRIX_JOB = np.dtype(
    [
        *((f"c{i}", np.int64) for i in range(6)),
        *((name, np.int64) for name in ("to_0", "to_1", "to_2", "count", "form")),
        *((name, np.float64) for name in ("a", "b", "c", "sigma")),
    ]
)


@Driver
@denormals_as_zeros
def over_matrices(kernel_at, job_at, elements):
    """Run a kernel with one type (`elements` is 1), or with a type and a number of axes (2)."""
    if elements == 1:
        invoke(1, kernel_at, (job_at,))
    else:
        invoke(2, kernel_at, (job_at,))
