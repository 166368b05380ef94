"""A fixed-width SIMD vector for Numba: its type, its operators, and how it is loaded and stored.

Numba's autovectoriser is unpredictable: the same loop nest runs at full speed or eight times slower, without
a warning. Here the vector is explicit: ``load`` returns a value of the LLVM type ``<lanes x real>``.
LLVM lowers it to the instructions of the processor (SSE, AVX2, AVX-512, NEON).

Memory is given by an integer address, and its element type by a NumPy dtype. So one compiled kernel
serves every array layout.

Operators take two vectors of one type, or a vector and a number. Comparisons return a `Mask`. `lanewise` has
the functions of vectors, and `llvm` what both emit.
"""

import operator
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

from imfilter._simd.llvm import (
    WORD,
    after,
    compare,
    element,
    from_real,
    read,
    spread,
    to_real,
    write,
)
from imfilter._simd.registers import BYTES, REGISTERS


class Vector(types.Type):
    """The Numba type of a SIMD vector of `lanes` elements of `dtype`."""

    def __init__(self, dtype: types.Type, lanes: int) -> None:
        self.dtype = dtype
        self.lanes = lanes
        super().__init__(name=f"Vector({dtype}, {lanes})")


class Mask(types.Type):
    """The Numba type of the result of a comparison of vectors: `lanes` booleans."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        super().__init__(name=f"Mask({lanes})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, ir.VectorType(element(fe_type.dtype), fe_type.lanes))


@register_model(Mask)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, ir.VectorType(ir.IntType(1), fe_type.lanes))


def _lanes(dtype: Any) -> int:
    return BYTES * 8 // dtype.bitwidth


def register_lanes(dtype: Any) -> int:
    """Return how many elements one register holds."""
    return _lanes(dtype) // REGISTERS


@intrinsic
def load(typingctx, real, address, source):
    """Load one vector of `source` elements at `address` and convert it to `real`."""
    lanes = _lanes(real.dtype)

    def codegen(context, builder, sig, args):
        memory = ir.VectorType(element(source.dtype), lanes)
        value = read(builder, args[1], memory)
        return to_real(builder, value, source.dtype, ir.VectorType(element(real.dtype), lanes))

    return Vector(real.dtype, lanes)(real, types.int64, source), codegen


@intrinsic(prefer_literal=True)
def load_registers(typingctx, real, registers, address, source):
    """Load a vector of a number of registers of `source` elements at `address`, and convert it to `real`."""
    lanes = register_lanes(real.dtype) * registers.literal_value

    def codegen(context, builder, sig, args):
        memory = ir.VectorType(element(source.dtype), lanes)
        value = read(builder, args[2], memory)
        return to_real(builder, value, source.dtype, ir.VectorType(element(real.dtype), lanes))

    return Vector(real.dtype, lanes)(real, registers, types.int64, source), codegen


@intrinsic(prefer_literal=True)
def load_bytes(typingctx, real, size, address):
    """Load a vector of `size` bytes, a constant, of `real` elements at `address`."""
    lanes = size.literal_value * 8 // real.dtype.bitwidth

    def codegen(context, builder, sig, args):
        return read(builder, args[2], ir.VectorType(element(real.dtype), lanes))

    return Vector(real.dtype, lanes)(real, size, types.int64), codegen


@intrinsic
def load_like(typingctx, vector, address, source):
    """Load as many `source` elements at `address` as `vector` has, and convert them to its type."""

    def codegen(context, builder, sig, args):
        memory = ir.VectorType(element(source.dtype), vector.lanes)
        value = read(builder, args[1], memory)
        return to_real(builder, value, source.dtype, args[0].type)

    return vector(vector, types.int64, source), codegen


@intrinsic
def store(typingctx, address, target, vector):
    """Convert `vector` to `target` elements (rounded, saturated) and store it at `address`."""

    def codegen(context, builder, sig, args):
        memory = ir.VectorType(element(target.dtype), vector.lanes)
        write(builder, args[0], from_real(builder, args[2], target.dtype, memory))
        return context.get_dummy_value()

    return types.none(types.int64, target, vector), codegen


@intrinsic
def load_one(typingctx, real, address, source):
    """Load one `source` element at `address` and convert it to `real`."""

    def codegen(context, builder, sig, args):
        value = read(builder, args[1], element(source.dtype))
        return to_real(builder, value, source.dtype, element(real.dtype))

    return real.dtype(real, types.int64, source), codegen


@intrinsic
def store_one(typingctx, address, real, value):
    """Store the scalar `value`, as a `real`, at `address`."""

    def codegen(context, builder, sig, args):
        write(builder, args[0], args[2])
        return context.get_dummy_value()

    return types.none(types.int64, real, real.dtype), codegen


@intrinsic
def convert_one(typingctx, real, start, target, to):
    """Convert the `real` at address `start` to a `target` (rounded, saturated) at address `to`."""

    def codegen(context, builder, sig, args):
        value = read(builder, args[1], element(real.dtype))
        write(builder, args[3], from_real(builder, value, target.dtype, element(target.dtype)))
        return context.get_dummy_value()

    return types.none(real, types.int64, target, types.int64), codegen


@intrinsic
def move_one(typingctx, to, start, target):
    """Copy one `target` element from address `start` to address `to`, bit for bit."""

    def codegen(context, builder, sig, args):
        write(builder, args[0], read(builder, args[1], element(target.dtype)))
        return context.get_dummy_value()

    return types.none(types.int64, types.int64, target), codegen


def _splatting(real, lanes, *more):
    def codegen(context, builder, sig, args):
        return spread(builder, args[-1], ir.VectorType(element(real.dtype), lanes))

    return Vector(real.dtype, lanes)(real, *more, real.dtype), codegen


@intrinsic
def splat(typingctx, real, value):
    """Return the vector that holds `value` in every lane."""
    return _splatting(real, _lanes(real.dtype))


@intrinsic
def splat_register(typingctx, real, value):
    """Return a vector of one register that holds `value` in every lane. It is for short lines."""
    return _splatting(real, register_lanes(real.dtype))


@intrinsic(prefer_literal=True)
def splat_registers(typingctx, real, registers, value):
    """Return a vector of a number of registers that holds `value` in every lane."""
    return _splatting(real, register_lanes(real.dtype) * registers.literal_value, registers)


@intrinsic
def size_of(typingctx, dtype):
    """Return the size of an element in bytes, as a constant."""
    size = 1 if dtype.dtype == types.boolean else dtype.dtype.bitwidth // 8

    def codegen(context, builder, sig, args):
        return WORD(size)

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
        _call(builder, args[1], dummies, cgutils.unpack_tuple(builder, args[2], len(kinds)))
        return context.get_dummy_value()

    return types.none(elements, types.int64, types.Tuple(kinds)), codegen


def _call(builder, address, dummies, numbers):
    """Call the kernel at an address. It has dummies in place of its element types."""
    # Numba's convention: pointers to a result and to an exception. Kernels return neither.
    nothing = ir.IntType(8).as_pointer()
    place = cgutils.alloca_once(builder, nothing)
    words = [place, place, *[nothing(None)] * dummies, *numbers]
    kind = ir.FunctionType(ir.IntType(32), [w.type for w in words])
    builder.call(builder.inttoptr(address, kind.as_pointer()), words)


@intrinsic(prefer_literal=True)
def invoke_packed(typingctx, kinds, job, source, target):
    """Call the kernel whose address is at `job`, with `source`, `target`, and the numbers after the address.

    `kinds` is a literal text with a letter for each of these numbers: i for an integer, f for a float64.
    """
    numbers = [{"i": WORD, "f": ir.DoubleType()}[letter] for letter in kinds.literal_value]

    def codegen(context, builder, sig, args):
        _, job, *both = args
        packed = [read(builder, after(builder, job, i, 8), kind, 8) for i, kind in enumerate(numbers, 1)]
        _call(builder, read(builder, job, WORD, 8), 0, [*both, *packed])
        return context.get_dummy_value()

    return types.none(kinds, types.int64, types.int64, types.int64), codegen


@intrinsic
def peek(typingctx, address):
    """Load the integer at `address`. Unlike array indexing, this does not test for a negative index."""

    def codegen(context, builder, sig, args):
        return read(builder, args[0], WORD, 8)

    return types.int64(types.int64), codegen


@intrinsic
def poke(typingctx, address, value):
    """Store the integer `value` at `address`."""

    def codegen(context, builder, sig, args):
        write(builder, *args, 8)
        return context.get_dummy_value()

    return types.none(types.int64, types.int64), codegen


def in_lanes(context, builder, value, kind, vector):
    """Return an argument of Numba type `kind` as a vector or mask: a number fills every lane."""
    if isinstance(kind, Vector | Mask):
        return value
    number = context.cast(builder, value, kind, vector.dtype)
    return spread(builder, number, ir.VectorType(element(vector.dtype), vector.lanes))


def _of_two(args):
    """Return the type of a `Vector` among two operands of one type, or of a vector and a number, or None."""
    if len(args) == 2 and (args[0] == args[1] or any(isinstance(a, types.Number) for a in args)):
        return next((a for a in args if isinstance(a, Vector)), None)
    return None


def _operator(symbol, emit, result=lambda vector: vector):
    """Define an operator of two vectors, or of a vector and a number, by ``emit(builder, dtype, a, b)``."""

    @infer_global(symbol)
    class _Typing(AbstractTemplate):
        def generic(self, args, kws):
            vector = _of_two(args)
            return vector and signature(result(vector), *map(types.unliteral, args))

    def lower(context, builder, sig, args):
        vector = _of_two(sig.args)
        a, b = (in_lanes(context, builder, *pair, vector) for pair in zip(args, sig.args, strict=True))
        return emit(builder, vector.dtype, a, b)

    for kinds in ((Vector, Vector), (Vector, types.Number), (types.Number, Vector)):
        lower_builtin(symbol, *kinds)(lower)


def _arithmetic(floating, integer):
    """Return the function that emits one LLVM instruction for floats, and another one for integers."""

    def emit(builder, dtype, *args):
        return getattr(builder, floating if isinstance(dtype, types.Float) else integer)(*args)

    return emit


_operator(operator.add, _arithmetic("fadd", "add"))
_operator(operator.sub, _arithmetic("fsub", "sub"))
_operator(operator.mul, _arithmetic("fmul", "mul"))
_operator(operator.truediv, _arithmetic("fdiv", "sdiv"))
for _relation, _symbol in (
    ("<", operator.lt),
    ("<=", operator.le),
    (">", operator.gt),
    (">=", operator.ge),
    ("==", operator.eq),
    ("!=", operator.ne),
):
    _operator(
        _symbol,
        lambda builder, dtype, a, b, relation=_relation: compare(builder, dtype, relation, a, b),
        lambda vector: Mask(vector.lanes),
    )


def _bitwise(symbol, name):
    """Give two vectors of integers, or two masks, the operator `symbol`."""

    @infer_global(symbol)
    class _Typing(AbstractTemplate):
        def generic(self, args, kws):
            if len(args) != 2 or args[0] != args[1] or not isinstance(args[0], Vector | Mask):
                return None
            floating = isinstance(getattr(args[0], "dtype", None), types.Float)
            return None if floating else signature(args[0], *args)

    for kind in (Vector, Mask):
        lower_builtin(symbol, kind, kind)(lambda context, builder, sig, args: getattr(builder, name)(*args))


_bitwise(operator.and_, "and_")
_bitwise(operator.or_, "or_")
_bitwise(operator.xor, "xor")


def _unary(symbol, lanes, emit):
    """Define an operator of one vector or mask by ``emit(builder, kind, value)``."""

    @infer_global(symbol)
    class _Typing(AbstractTemplate):
        def generic(self, args, kws):
            return signature(args[0], *args) if len(args) == 1 and isinstance(args[0], lanes) else None

    lower_builtin(symbol, lanes)(lambda context, builder, sig, args: emit(builder, sig.args[0], *args))


def _negate(builder, kind, value):
    return builder.fneg(value) if isinstance(kind.dtype, types.Float) else builder.neg(value)


_unary(operator.neg, Vector, _negate)
_unary(operator.invert, Mask, lambda builder, kind, value: builder.not_(value))
