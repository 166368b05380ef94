"""Loops around sums that LLVM must not unroll: they make few turns, and are slow to compile eight times."""

import numpy as np
import pytest

from imfilter._filters.linear.kernels import constants, symmetric_rows, symmetric_sums, symmetric_window
from imfilter._simd import compiler, unrolled_sums

F32, U8 = np.dtype(np.float32), np.dtype(np.uint8)
LINES = constants.written_out([(0, 1, symmetric_sums.EVEN)])
WINDOW = constants.window_number(3, 1, 1)
PAIRS = constants.kernels_number([constants.Parity((0, 0, 0), 3, False)], False)
#: The end of a prefetch for reading in LLVM's code.
READ = "i32 0, i32 3, i32 1)"


def code(kernel, dtypes):
    """LLVM's final code of a kernel, which is compiled here even if it is on disk."""
    made = compiler.of_kernel(kernel._compiler.py_func, straight=True)
    compiler.compiled(made, dtypes, kernel._scalars, False)
    (found,) = made.overloads.values()
    return found.library.get_llvm_str()


@pytest.mark.parametrize(
    ("kernel", "dtypes"),
    [
        (unrolled_sums.sum_window, (F32, U8, 2, 1, 2, 0)),
        (symmetric_rows.sum_symmetric, (F32, F32, U8, 2, LINES, 0, 0, 1)),
        (symmetric_window.sum_symmetric_window, (F32, U8, 2, WINDOW, PAIRS)),
    ],
)
def test_rows_of_sums(kernel, dtypes):
    found = code(kernel, dtypes)
    assert found.count(READ) == 1, "prefetching of lines"
    assert found.count("store i8 ") == 2, "copying of two short rows"
