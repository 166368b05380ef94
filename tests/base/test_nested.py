"""Nested parts: LLVM's passes on modules run on them within their callers only. What stays of compilation."""

import gc

import pytest
from numba.core import ir

from imfilter._simd import compiler
from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import inlined, nested
from imfilter._simd.vector import peek, poke


def _defined(library):
    return [f.name for f in library._final_module.functions if not f.is_declaration]


@pytest.mark.parametrize(("decorator", "functions"), [(inlined, 1), (nested, 2)])
def test_parts_of_parts_are_optimized_once(decorator, functions):
    """A nested part still contains the function that it calls. An inlined part and the kernel do not."""

    @inlined
    def add(at):
        poke(at, peek(at) + 1)

    @decorator
    def add_twice(at):
        add(at)
        add(at)

    def run(at):
        add_twice(at)

    made = compiler.of_kernel(run)
    compiler.compiled(made, (), "i", False)
    (part,) = add_twice.overloads.values()
    (kernel,) = made.overloads.values()
    assert len(_defined(part.library)) == functions
    assert _defined(kernel.library) == [kernel.fndesc.llvm_func_name]
    assert "call" not in str(kernel.library.get_function(kernel.fndesc.llvm_func_name))


def test_the_body_of_a_driver_is_optimized_once():
    """The body keeps the function that it calls until the driver that sets the mode is optimized."""

    @inlined
    def add(at):
        poke(at, peek(at) + 1)

    def run(at):
        add(at)

    within = denormals_as_zeros(run)
    made = compiler.of_kernel(within)
    compiler.compiled(made, (), "i", False)
    (body,) = within.__globals__["body"].overloads.values()
    (driver,) = made.overloads.values()
    assert len(_defined(body.library)) == 2
    assert driver.fndesc.llvm_func_name in _defined(driver.library)


def test_no_instruction_stays_after_compilation():
    """Numba keeps the types of variables and calls, and with them all instructions of each function."""

    @inlined
    def add(at):
        poke(at, peek(at) + 1)

    def run(at):
        add(at)

    made = compiler.of_kernel(run)
    compiler.compiled(made, (), "i", False)
    gc.collect()
    files = {one.loc.filename for one in gc.get_objects() if type(one) is ir.Expr}
    assert __file__ not in files
