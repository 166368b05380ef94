"""Denormals: numbers closer to zero than the smallest normal number. Some processors compute them slowly.

A product that is denormal, or has a denormal factor, takes 150 cycles instead of half a cycle (Cascade Lake).
x86 and ARM have a mode in which denormal operands and results count as zero. In this mode they run at full
speed. Each thread has its own mode. So a kernel sets the mode at its start and restores it at its end.

LLVM does not know the mode. But LLVM moves no memory access across the code that sets it, and kernels read
their numbers from memory and write them to memory.
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

llvmlite.binding.initialize_native_asmparser()  # Numba does not initialize it

#: Bits of the x86 register MXCSR: flush denormal results to zero, and read denormal operands as zero.
_X86 = 0x8000 | 0x0040
#: The bit of the AArch64 register FPCR that does both.
_ARM = 1 << 24


def _assembly(builder, code, constraints, result, *args):
    """Run a line of assembly. LLVM does not remove or move it, and moves no memory access across it."""
    kind = ir.FunctionType(result, [a.type for a in args])
    return builder.call(ir.InlineAsm(kind, code, f"{constraints},~{{memory}}", side_effect=True), args)


def _read(builder):
    """Return the floating-point control register as an integer of 64 bits."""
    word = ir.IntType(64)
    if builder.module.triple.startswith("x86_64"):
        place = cgutils.alloca_once(builder, ir.IntType(32))
        _assembly(builder, "stmxcsr ($0)", "r", ir.VoidType(), place)
        return builder.zext(builder.load(place), word)
    return _assembly(builder, "mrs $0, fpcr", "=r", word)


def _write(builder, register):
    """Set the floating-point control register."""
    if builder.module.triple.startswith("x86_64"):
        place = cgutils.alloca_once(builder, ir.IntType(32))
        builder.store(builder.trunc(register, ir.IntType(32)), place)
        _assembly(builder, "ldmxcsr ($0)", "r", ir.VoidType(), place)
    else:
        _assembly(builder, "msr fpcr, $0", "r", ir.VoidType(), register)


def _bits(builder):
    """Return the bits for denormals as zeros on the target processor, or 0 if it has none."""
    triple = builder.module.triple
    return _X86 if triple.startswith("x86_64") else _ARM if triple.startswith(("aarch64", "arm64")) else 0


def enter_mode(builder, zeros):
    """Make denormals zeros, or numbers. Return the previous value of the control register."""
    word = ir.IntType(64)
    bits = _bits(builder)
    if not bits:
        return word(0)
    before = _read(builder)
    _write(builder, builder.or_(before, word(bits)) if zeros else builder.and_(before, word(~bits)))
    return before


def leave_mode(builder, before):
    """Restore the previous value of the control register."""
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
    """Return a function with the same parameters that sets a mode, calls `function` and restores it."""
    names = ", ".join(inspect.signature(function).parameters)
    # Numba cannot compile a function with *args that Python could call.
    code = f"def within({names}):\n    before = enter({zeros})\n    body({names})\n    leave(before)\n"
    # The body is optimized within the driver only: 39 drivers took 14.5 s to compile, and take 11.2 s.
    scope: dict[str, Any] = {"enter": _enter, "leave": _leave, "body": part(function, nested=True)}
    exec(code, scope)
    within: Callable[..., Any] = functools.wraps(function)(scope["within"])
    within.__qualname__ = f"{function.__qualname__}.{name}"  # for the cache: one function may have both
    return within


def denormals_as_zeros(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a `Driver` treat denormal operands and results as zero."""
    return _within(function, True, "zeros")


def denormals_as_numbers(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a `Driver` compare denormals as numbers, whatever mode the calling thread has.

    A library compiled with fast mathematics sets the other mode in the thread that loads it.
    """
    return _within(function, False, "numbers")


@Driver
def switch(at):
    """Make denormals zeros in this thread and save the register at an address, or restore it from there."""
    before = peek(at)
    if before == 0:
        poke(at, _enter(True))
    else:
        _leave(before)
        poke(at, 0)
