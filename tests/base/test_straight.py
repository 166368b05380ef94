"""Kernels that are one intrinsic: LLVM's passes on modules are left out. They gain nothing there."""

from pathlib import Path

import numpy as np
import pytest

import imfilter
from imfilter._filters.linear.kernels import constants, symmetric_rows, symmetric_sums, symmetric_window
from imfilter._filters.pooling.kernels import pooled_lines
from imfilter._filters.rank.kernels import unrolled_network
from imfilter._simd import compiler, unrolled_sums

F32, U8 = np.dtype(np.float32), np.dtype(np.uint8)
LINES = constants.written_out([(0, 1, symmetric_sums.ABOUT)])
WINDOW = constants.window_number(3, 1, 1)
PAIRS = constants.kernels_number([constants.Parity((0, 0, 0), 3, False)], False)
#: The end of a prefetch for reading in LLVM's code.
READ = "i32 0, i32 3, i32 1)"
CASES = [
    (unrolled_sums.sum_window, (F32, U8, 2, 1, 2, 0)),
    (symmetric_rows.sum_symmetric, (F32, F32, U8, 2, LINES, 0, 0, 1)),
    (symmetric_window.sum_symmetric_window, (F32, U8, 2, WINDOW, PAIRS)),
    (pooled_lines.join_picked, (F32, 0, 2, 3)),
    (unrolled_network.rank_window, (U8, 0, 2, 5, 4)),
    (unrolled_network.rank_flow, (U8, 0, 3, 3, 4)),
]


@pytest.mark.parametrize(("kernel", "dtypes"), CASES)
def test_one_function(kernel, dtypes):
    """A call of a part would stay a call, because only passes on modules put parts into their callers."""
    given = kernel._compiler
    assert given._compiler.pipeline_class is compiler.StraightCompiler
    made = compiler.of_kernel(given.py_func, straight=True)
    compiler.compiled(made, dtypes, kernel._scalars, False)
    (found,) = made.overloads.values()
    functions = list(found.library._final_module.functions)
    assert [f.name for f in functions if not f.is_declaration] == [found.fndesc.llvm_func_name]
    assert all(f.name.startswith("llvm.") for f in functions if f.is_declaration)
    if kernel in (
        unrolled_sums.sum_window,
        symmetric_rows.sum_symmetric,
        symmetric_window.sum_symmetric_window,
    ):
        # Loops that make few turns are there once: they are slow to compile eight times.
        code = found.library.get_llvm_str()
        assert code.count(READ) == 1, "prefetching of lines"
        assert code.count("store i8 ") == 2, "copying of two short rows"


def test_all_such_kernels_are_here():
    sources = Path(imfilter.__file__).parent.rglob("*.py")
    assert sum(path.read_text(encoding="utf-8").count("straight=True") for path in sources) == len(CASES)
