"""Denormals: numbers closer to zero than the smallest normal one, which some processors compute slowly.

A product that is denormal, or is made of one, takes 150 cycles instead of a half (Cascade Lake). x86 and ARM
have a mode in which such numbers count as zero, as samples and as results, at full speed. Each thread has its
own mode. So a kernel sets it where it begins, and puts it back where it ends.

LLVM knows nothing of the mode. But it moves no access to memory across the code that sets it, and the numbers
of kernels come from memory and go there.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._simd.jit import Driver, part
from imfilter._simd.vector import peek, poke

llvmlite.binding.initialize_native_asmparser()  # Numba does without one

#: Bits of the x86 register MXCSR: results are flushed to zero, and denormal operands are zeros.
_X86 = 0x8000 | 0x0040
#: The bit of the AArch64 register FPCR that does both.
_ARM = 1 << 24


def _assembly(builder, code, constraints, result, *args):
    """Run a line of assembly that LLVM neither drops nor moves, nor moves an access to memory across."""
    kind = ir.FunctionType(result, [a.type for a in args])
    return builder.call(ir.InlineAsm(kind, code, f"{constraints},~{{memory}}", side_effect=True), args)


def _read(builder):
    """Return the control register of floating point as an integer of 64 bits."""
    word = ir.IntType(64)
    if builder.module.triple.startswith("x86_64"):
        place = cgutils.alloca_once(builder, ir.IntType(32))
        _assembly(builder, "stmxcsr ($0)", "r", ir.VoidType(), place)
        return builder.zext(builder.load(place), word)
    return _assembly(builder, "mrs $0, fpcr", "=r", word)


def _write(builder, register):
    """Set the control register of floating point."""
    if builder.module.triple.startswith("x86_64"):
        place = cgutils.alloca_once(builder, ir.IntType(32))
        builder.store(builder.trunc(register, ir.IntType(32)), place)
        _assembly(builder, "ldmxcsr ($0)", "r", ir.VoidType(), place)
    else:
        _assembly(builder, "msr fpcr, $0", "r", ir.VoidType(), register)


def _bits(builder):
    """Return the bits that make denormals zeros on the processor that is compiled for, 0 for others."""
    triple = builder.module.triple
    return _X86 if triple.startswith("x86_64") else _ARM if triple.startswith(("aarch64", "arm64")) else 0


def enter_mode(builder, zeros):
    """Make denormals zeros, or numbers, and return what the control register was before."""
    word = ir.IntType(64)
    bits = _bits(builder)
    if not bits:
        return word(0)
    before = _read(builder)
    _write(builder, builder.or_(before, word(bits)) if zeros else builder.and_(before, word(~bits)))
    return before


def leave_mode(builder, before):
    """Set the control register to what it was."""
    if _bits(builder):
        _write(builder, before)


@intrinsic(prefer_literal=True)
def _enter(typingctx, zeros):
    wanted = bool(zeros.literal_value)

    def codegen(context, builder, sig, args):
        return enter_mode(builder, wanted)

    return types.int64(zeros), codegen


@intrinsic
def _leave(typingctx, before):
    def codegen(context, builder, sig, args):
        leave_mode(builder, args[0])
        return context.get_dummy_value()

    return types.none(types.int64), codegen


def _within(function: Callable[..., Any], zeros: bool, name: str) -> Callable[..., Any]:
    """Return a function of the same parameters that calls `function` in a mode and leaves it afterwards."""
    names = ", ".join(inspect.signature(function).parameters)
    # Numba compiles no function of any number of arguments that Python could call.
    code = f"def within({names}):\n    before = enter({zeros})\n    body({names})\n    leave(before)\n"
    scope: dict[str, Any] = {"enter": _enter, "leave": _leave, "body": part(function)}
    exec(code, scope)
    within: Callable[..., Any] = functools.wraps(function)(scope["within"])
    within.__qualname__ = f"{function.__qualname__}.{name}"  # both may be made of one function, and are kept
    return within


def denormals_as_zeros(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a `Driver` compute in the mode in which denormals count as zero, as samples and as results."""
    return _within(function, True, "zeros")


def denormals_as_numbers(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a `Driver` compare denormals as the numbers they are, in whatever mode the thread is.

    Libraries that were compiled with fast mathematics leave the thread that loads them in the other.
    """
    return _within(function, False, "numbers")


@Driver
def switch(at):
    """Make denormals zeros in this thread and keep the register at an address, or put back what is kept."""
    before = peek(at)
    if before == 0:
        poke(at, _enter(True))
    else:
        _leave(before)
        poke(at, 0)
