"""A fixed-width SIMD vector for Numba, and the few operations that the kernels need.

Numba's autovectoriser is unpredictable: the same loop nest runs at full speed or eight times slower, without
a warning. Here the vector is explicit: ``load`` returns a value of the LLVM type ``<lanes x real>``.
LLVM lowers it to the instructions of the processor (SSE, AVX2, AVX-512, NEON).

Memory is given by an integer address, and its element type by a NumPy dtype. So one compiled kernel
serves every array layout.
"""

import operator
from typing import Any

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model


def _vector_bytes() -> int:
    """Return the width of the widest vector register of this processor, in bytes."""
    features = llvmlite.binding.get_host_cpu_features()
    if features.get("avx512f"):
        return 64
    return 32 if features.get("avx2") else 16


#: Registers in one `Vector`. LLVM splits the vector itself. With several registers, the arithmetic units stay
#: busy while one register waits in a chain of dependent operations. With 8, two output rows at a time spill:
#: 3x3 float32 took 46 cycles for 16 samples instead of 37 (Cascade Lake, AVX-512).
REGISTERS = 4

#: Size of a cache line.
LINE = 64
#: Size of one `Vector` in bytes, for all element types.
BYTES = REGISTERS * _vector_bytes()


class Vector(types.Type):
    """The Numba type of a SIMD vector of `lanes` elements of `dtype`."""

    def __init__(self, dtype: types.Type, lanes: int) -> None:
        self.dtype = dtype
        self.lanes = lanes
        super().__init__(name=f"Vector({dtype}, {lanes})")


def element(dtype: Any) -> ir.Type:
    """Return the LLVM type of one element in memory."""
    if isinstance(dtype, types.Float):
        return ir.FloatType() if dtype.bitwidth == 32 else ir.DoubleType()
    return ir.IntType(dtype.bitwidth)


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, ir.VectorType(element(fe_type.dtype), fe_type.lanes))


def _lanes(dtype: Any) -> int:
    return BYTES * 8 // dtype.bitwidth


def register_lanes(dtype: Any) -> int:
    """Return how many elements one register holds."""
    return _lanes(dtype) // REGISTERS


def in_register(dtype: np.dtype) -> int:
    """Return how many elements of a NumPy dtype one register holds."""
    return BYTES // REGISTERS // dtype.itemsize


def pointer(builder, address, kind):
    """Return the integer `address` as an LLVM pointer to `kind`."""
    return builder.inttoptr(address, kind.as_pointer())


def to_real(builder, value, dtype, to):
    """Convert LLVM `value` (scalar or vector) of Numba type `dtype` to LLVM type `to`."""
    item = to.element if isinstance(to, ir.VectorType) else to
    if isinstance(item, ir.IntType):
        if item.width == dtype.bitwidth:
            return value
        return builder.sext(value, to) if dtype.signed else builder.zext(value, to)
    if isinstance(dtype, types.Float):
        if value.type == to:
            return value
        widen = isinstance(item, ir.DoubleType)
        return builder.fpext(value, to) if widen else builder.fptrunc(value, to)
    return builder.sitofp(value, to) if dtype.signed else builder.uitofp(value, to)


def call_llvm(builder, name, result, *args):
    """Call the LLVM intrinsic `name`, overloaded on the type of its first argument."""
    kinds = [a.type for a in args]
    function = builder.module.declare_intrinsic(name, (), ir.FunctionType(result, kinds))
    return builder.call(function, args)


def mangle(kind) -> str:
    """Return LLVM's suffix for an overloaded intrinsic on type `kind`, such as ``v16f32``."""
    if isinstance(kind, ir.VectorType):
        return f"v{kind.count}{mangle(kind.element)}"
    if isinstance(kind, ir.IntType):
        return f"i{kind.width}"
    return "f32" if isinstance(kind, ir.FloatType) else "f64"


def _splat(kind, value):
    """Return the constant `value` of LLVM type `kind`, in every lane of a vector."""
    return ir.Constant(kind, [value] * kind.count if isinstance(kind, ir.VectorType) else value)


def _integer_like(kind):
    """Return the integer type with as many bits and lanes as the floating LLVM type `kind`."""
    if isinstance(kind, ir.VectorType):
        return ir.VectorType(_integer_like(kind.element), kind.count)
    return ir.IntType(32 if isinstance(kind, ir.FloatType) else 64)


def from_real(builder, value, dtype, to):
    """Convert LLVM floating `value` to Numba type `dtype`: rounded half to even, saturated, NaN to 0."""
    item = to.element if isinstance(to, ir.VectorType) else to
    kind = value.type
    scalar = kind.element if isinstance(kind, ir.VectorType) else kind
    if kind == to:
        return value
    if isinstance(dtype, types.Float):
        widen = isinstance(item, ir.DoubleType)
        return builder.fpext(value, to) if widen else builder.fptrunc(value, to)
    if item.width > (16 if isinstance(scalar, ir.FloatType) else 32):
        whole = call_llvm(builder, f"llvm.rint.{mangle(kind)}", kind, value)
        name = "fptosi" if dtype.signed else "fptoui"
        return call_llvm(builder, f"llvm.{name}.sat.{mangle(to)}.{mangle(kind)}", to, whole)
    # LLVM's saturating conversion to 8 bits took 57 cycles for 16 float32 (Cascade Lake). This code takes 6.
    # Comparisons with NaN are false. So NaN becomes the lower bound, or 0 if replaced before.
    low, high = _splat(kind, float(dtype.minval)), _splat(kind, float(dtype.maxval))
    if dtype.signed:
        value = builder.select(builder.fcmp_ordered("==", value, value), value, _splat(kind, 0.0))
    value = builder.select(builder.fcmp_ordered(">", value, low), value, low)
    value = builder.select(builder.fcmp_ordered("<", value, high), value, high)
    # Adding 1.5 * 2**23 (or 1.5 * 2**52) rounds to an integer, because floats of this size are whole numbers.
    # The lowest bits of the sum then hold the integer.
    magic = 1.5 * 2.0 ** (23 if isinstance(scalar, ir.FloatType) else 52)
    bits = builder.bitcast(builder.fadd(value, _splat(kind, magic)), _integer_like(kind))
    return builder.trunc(bits, to)


@intrinsic
def load(typingctx, real, address, source):
    """Load one vector of `source` elements at `address` and convert it to `real`."""
    lanes = _lanes(real.dtype)

    def codegen(context, builder, sig, args):
        memory = ir.VectorType(element(source.dtype), lanes)
        value = builder.load(pointer(builder, args[1], memory), align=1, typ=memory)
        return to_real(builder, value, source.dtype, ir.VectorType(element(real.dtype), lanes))

    return Vector(real.dtype, lanes)(real, types.int64, source), codegen


@intrinsic
def load_like(typingctx, vector, address, source):
    """Load as many `source` elements at `address` as `vector` has, and convert them to its type."""

    def codegen(context, builder, sig, args):
        memory = ir.VectorType(element(source.dtype), vector.lanes)
        value = builder.load(pointer(builder, args[1], memory), align=1, typ=memory)
        return to_real(builder, value, source.dtype, args[0].type)

    return vector(vector, types.int64, source), codegen


@intrinsic
def store(typingctx, address, target, vector):
    """Convert `vector` to `target` elements (rounded, saturated) and store it at `address`."""

    def codegen(context, builder, sig, args):
        memory = ir.VectorType(element(target.dtype), vector.lanes)
        value = from_real(builder, args[2], target.dtype, memory)
        builder.store(value, pointer(builder, args[0], memory), align=1)
        return context.get_dummy_value()

    return types.none(types.int64, target, vector), codegen


@intrinsic
def load_one(typingctx, real, address, source):
    """Load one `source` element at `address` and convert it to `real`."""

    def codegen(context, builder, sig, args):
        memory = element(source.dtype)
        value = builder.load(pointer(builder, args[1], memory), align=1, typ=memory)
        return to_real(builder, value, source.dtype, element(real.dtype))

    return real.dtype(real, types.int64, source), codegen


@intrinsic
def store_one(typingctx, address, real, value):
    """Store the scalar `value`, as a `real`, at `address`."""

    def codegen(context, builder, sig, args):
        memory = element(real.dtype)
        builder.store(args[2], pointer(builder, args[0], memory), align=1)
        return context.get_dummy_value()

    return types.none(types.int64, real, real.dtype), codegen


@intrinsic
def convert_one(typingctx, real, start, target, to):
    """Convert the `real` at address `start` to a `target` (rounded, saturated) at address `to`."""

    def codegen(context, builder, sig, args):
        memory, kind = element(target.dtype), element(real.dtype)
        value = builder.load(pointer(builder, args[1], kind), align=1, typ=kind)
        value = from_real(builder, value, target.dtype, memory)
        builder.store(value, pointer(builder, args[3], memory), align=1)
        return context.get_dummy_value()

    return types.none(real, types.int64, target, types.int64), codegen


@intrinsic
def move_one(typingctx, to, start, target):
    """Copy one `target` element from address `start` to address `to`, bit for bit."""

    def codegen(context, builder, sig, args):
        memory = element(target.dtype)
        value = builder.load(pointer(builder, args[1], memory), align=1, typ=memory)
        builder.store(value, pointer(builder, args[0], memory), align=1)
        return context.get_dummy_value()

    return types.none(types.int64, types.int64, target), codegen


def spread(builder, value, kind):
    """Return the vector of LLVM type `kind` that holds `value` in every lane."""
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.IntType(32)(0))
    mask = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), [0] * kind.count)
    return builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), mask)


def strict(builder, formula, *values):
    """Evaluate a formula in vectors: LLVM may contract scalar operations or drop the sign of a zero."""
    if isinstance(values[0].type, ir.VectorType):
        return formula(*values)
    kind = ir.VectorType(values[0].type, 1)
    return builder.extract_element(formula(*(spread(builder, v, kind) for v in values)), ir.IntType(32)(0))


def _splatting(real, lanes):
    def codegen(context, builder, sig, args):
        return spread(builder, args[1], ir.VectorType(element(real.dtype), lanes))

    return Vector(real.dtype, lanes)(real, real.dtype), codegen


@intrinsic
def splat(typingctx, real, value):
    """Return the vector that holds `value` in every lane."""
    return _splatting(real, _lanes(real.dtype))


@intrinsic
def splat_register(typingctx, real, value):
    """Return a vector of one register that holds `value` in every lane. It is for short lines."""
    return _splatting(real, register_lanes(real.dtype))


def multiply_add(builder, a, b, c):
    """Return a*b + c of LLVM vectors, with one rounding if the processor has fused multiply-add."""
    return call_llvm(builder, f"llvm.fmuladd.{mangle(a.type)}", a.type, a, b, c)


def weighed(builder, samples, weight, total):
    """Add samples times a weight to the LLVM vector `total`, where None stands for 0."""
    return multiply_add(builder, samples, weight, total) if total else builder.fmul(samples, weight)


@intrinsic
def fma(typingctx, a, b, c):
    """Return a*b + c, with one rounding if the processor has fused multiply-add."""

    def codegen(context, builder, sig, args):
        return multiply_add(builder, *args)

    return a(a, b, c), codegen


@intrinsic
def any_nan(typingctx, a):
    """Tell whether a lane is NaN."""

    def codegen(context, builder, sig, args):
        lanes = builder.fcmp_unordered("uno", args[0], args[0])
        bits = builder.bitcast(lanes, ir.IntType(a.lanes))
        return builder.icmp_unsigned("!=", bits, ir.IntType(a.lanes)(0))

    return types.boolean(a), codegen


@intrinsic
def root(typingctx, a):
    """Return the square root of each lane, correctly rounded."""

    def codegen(context, builder, sig, args):
        return call_llvm(builder, f"llvm.sqrt.{mangle(args[0].type)}", args[0].type, *args)

    return a(a), codegen


@intrinsic
def size_of(typingctx, dtype):
    """Return the size of an element in bytes, as a constant."""
    size = 1 if dtype.dtype == types.boolean else dtype.dtype.bitwidth // 8

    def codegen(context, builder, sig, args):
        return ir.IntType(64)(size)

    return types.int64(dtype), codegen


@intrinsic
def record(typingctx, dtype, address):
    """Return the record of structured type `dtype` at `address`."""

    def codegen(context, builder, sig, args):
        return builder.inttoptr(args[1], context.get_value_type(sig.return_type))

    return dtype.dtype(dtype, types.int64), codegen


@intrinsic(prefer_literal=True)
def invoke(typingctx, elements, address, scalars):
    """Call the kernel at `address` with a tuple of scalars. Its number of `elements` is a literal."""
    dummies = elements.literal_value
    kinds = [types.float64 if isinstance(t, types.Float) else types.int64 for t in scalars]

    def codegen(context, builder, sig, args):
        # Numba's convention: pointers to a result and to an exception. Kernels return neither.
        nothing = ir.IntType(8).as_pointer()
        place = cgutils.alloca_once(builder, nothing)
        words = [place, place, *[nothing(None)] * dummies]
        words += cgutils.unpack_tuple(builder, args[2], len(kinds))
        kind = ir.FunctionType(ir.IntType(32), [w.type for w in words])
        builder.call(builder.inttoptr(args[1], kind.as_pointer()), words)
        return context.get_dummy_value()

    return types.none(elements, types.int64, types.Tuple(kinds)), codegen


@intrinsic
def peek(typingctx, address):
    """Load the integer at `address`. Unlike array indexing, this does not test for a negative index."""

    def codegen(context, builder, sig, args):
        kind = ir.IntType(64)
        return builder.load(pointer(builder, args[0], kind), align=8, typ=kind)

    return types.int64(types.int64), codegen


@intrinsic
def poke(typingctx, address, value):
    """Store the integer `value` at `address`."""

    def codegen(context, builder, sig, args):
        kind = ir.IntType(64)
        builder.store(args[1], pointer(builder, args[0], kind), align=8)
        return context.get_dummy_value()

    return types.none(types.int64, types.int64), codegen


def _arithmetic(symbol, floating, integer):
    """Give two vectors of one type the operator `symbol`, lowered to one LLVM instruction."""

    @infer_global(symbol)
    class _Typing(AbstractTemplate):
        def generic(self, args, kws):
            if len(args) == 2 and isinstance(args[0], Vector) and args[0] == args[1]:
                return signature(args[0], *args)
            return None

    @lower_builtin(symbol, Vector, Vector)
    def _lower(context, builder, sig, args):
        real = isinstance(sig.return_type.dtype, types.Float)
        return getattr(builder, floating if real else integer)(*args)


_arithmetic(operator.add, "fadd", "add")
_arithmetic(operator.sub, "fsub", "sub")
_arithmetic(operator.mul, "fmul", "mul")
_arithmetic(operator.truediv, "fdiv", "sdiv")
