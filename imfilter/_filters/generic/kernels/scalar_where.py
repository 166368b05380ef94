"""`numpy.where` of numbers is a number in functions of a user.

Numba's `numpy.where` of numbers is an array without axes. The sum of such an array and a number has no type
in Numba, so a function would compile for vectors of windows, and not for one window. Only functions that are
compiled here are changed: Numba's own function stays as it is.
"""

import numpy as np
from numba.core import ir, types
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.typed_passes import NativeLowering
from numba.core.untyped_passes import IRProcessing
from numba.extending import overload

from imfilter._simd.lane_window import as_lanes
from imfilter._simd.pipeline import NestedLowering
from imfilter._simd.vector import Mask


def where(*args):
    """Return ``numpy.where(*args)``. Compiled, it is a number if all arguments are numbers.

    With a comparison of vectors and two numbers, it is a vector.
    """
    return np.where(*args)


@overload(where)
def _where(condition, x, y):
    numbers = [isinstance(types.unliteral(k), types.Number | types.Boolean) for k in (condition, x, y)]
    if isinstance(condition, Mask) and numbers[1] and numbers[2]:
        return lambda condition, x, y: np.where(condition, as_lanes(x), as_lanes(y))
    if not all(numbers):
        return lambda condition, x, y: np.where(condition, x, y)
    if isinstance(types.unliteral(x), types.Boolean) and isinstance(types.unliteral(y), types.Boolean):
        return lambda condition, x, y: x if condition else y
    return lambda condition, x, y: x * 1 if condition else y * 1  # a bool is a number here


@overload(where)
def _where_true(condition):
    return lambda condition: np.where(condition)


@register_pass(mutates_CFG=False, analysis_only=False)
class _Replace(FunctionPass):
    """Put `where` of this module in the place of `numpy.where`."""

    _name = "imfilter_scalar_where"

    def __init__(self):
        FunctionPass.__init__(self)

    def run_pass(self, state):
        """Replace the names, and tell whether there was one."""
        changed = False
        for block in state.func_ir.blocks.values():
            for line in block.find_insts(ir.Assign):
                if self._is_where(state.func_ir, line.value):
                    line.value = ir.Global("where", where, line.loc)
                    changed = True
        return changed

    @staticmethod
    def _is_where(function, value):
        if isinstance(value, ir.Global | ir.FreeVar):
            return value.value is np.where
        if not (isinstance(value, ir.Expr) and value.op == "getattr" and value.attr == "where"):
            return False
        try:
            owner = function.get_definition(value.value)
        except KeyError:  # it has several definitions
            return False
        return isinstance(owner, ir.Global | ir.FreeVar) and owner.value is np


class Compiler(CompilerBase):
    """Numba's compiler with the replacement, for a function that only compiled code calls."""

    def define_pipelines(self):
        """Return the passes."""
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.add_pass_after(_Replace, IRProcessing)
        _put_in_place(passes, NativeLowering, NestedLowering)
        passes.finalize()
        return [passes]


def _put_in_place(passes, old, new):
    """Replace a pass by another one."""
    passes.passes[:] = [(new, new.__name__) if each is old else (each, text) for each, text in passes.passes]
