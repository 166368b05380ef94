"""Windows of many outputs at once, for functions that a user writes: one window in each lane of a vector.

A function of a window is compiled with a `LaneWindow` in place of an array. Its elements are vectors, so the
function computes the results of as many windows as a vector has lanes. This works if every operation of the
function is one of vectors: arithmetic, minima, maxima, absolute values, roots, sums, means, sorting, and
comparisons in `numpy.where`. A branch that depends on a sample has no type here, and compiling fails. So the
compiler proves that the lanes compute what the function computes for one window.
"""

import operator

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.imputils import RefType, iternext_impl
from numba.core.types import SimpleIterableType, SimpleIteratorType  # type: ignore[attr-defined]
from numba.extending import (
    intrinsic,
    lower_builtin,
    lower_cast,
    models,
    overload,
    overload_attribute,
    register_model,
)

from imfilter._simd import llvm
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import Vector

#: Number of windows in a vector, whose elements are float64.
LANES = BYTES // 8


class Lanes(Vector):
    """A vector in the function of a user. A number that is assigned to the same variable fills every lane."""

    def __init__(self) -> None:
        super().__init__(types.float64, LANES)
        self.name = f"Lanes({LANES})"

    def unify(self, typingctx, other):
        return self if isinstance(other, types.Number | types.Boolean) else None


LANES_TYPE = Lanes()


class LaneWindow(SimpleIterableType):
    """The Numba type of `size` samples of `LANES` windows: an address, and a table of offsets in bytes."""

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(f"LaneWindow({size})", LaneIterator(self))


class LaneIterator(SimpleIteratorType):
    """The Numba type of an iterator over a `LaneWindow`."""

    def __init__(self, window: LaneWindow) -> None:
        self.window = window
        super().__init__(f"LaneIterator({window.size})", LANES_TYPE)


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    """A vector. In memory it is an array, which needs no more than the alignment of its numbers.

    Numba's lists and arrays lie at multiples of 16 or 32 bytes. A vector of 64 bytes there is a fault.
    """

    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, ir.VectorType(ir.DoubleType(), LANES))

    def get_data_type(self):
        return ir.ArrayType(ir.DoubleType(), LANES)

    def as_data(self, builder, value):
        numbers = [builder.extract_element(value, llvm.WORD(i)) for i in range(LANES)]
        return cgutils.pack_array(builder, numbers, ir.DoubleType())

    def from_data(self, builder, value):
        vector = ir.Constant(self.get_value_type(), ir.Undefined)
        for i in range(LANES):
            vector = builder.insert_element(vector, builder.extract_value(value, i), llvm.WORD(i))
        return vector


@register_model(LaneWindow)
class _WindowModel(models.StructModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, [("base", types.int64), ("offsets", types.int64)])


@register_model(LaneIterator)
class _IteratorModel(models.StructModel):
    def __init__(self, dmm, fe_type):
        super().__init__(
            dmm, fe_type, [("window", fe_type.window), ("index", types.EphemeralPointer(types.int64))]
        )


@lower_cast(types.Number, Lanes)
@lower_cast(types.Boolean, Lanes)
def _number_to_lanes(context, builder, fromty, toty, value):
    number = context.cast(builder, value, fromty, types.float64)
    return llvm.spread(builder, number, ir.VectorType(ir.DoubleType(), LANES))


@intrinsic(prefer_literal=True)
def lane_window(typingctx, size, base, offsets):
    """Return the window whose sample i of the first lane is at address ``base + offsets[i]``."""
    found = LaneWindow(size.literal_value)

    def codegen(context, builder, sig, args):
        window = cgutils.create_struct_proxy(found)(context, builder)
        window.base, window.offsets = args[1], args[2]
        return window._getvalue()

    return found(size, base, offsets), codegen


def _load(context, builder, kind, value, index):
    """Return the sample at an index that is in the window."""
    window = cgutils.create_struct_proxy(kind)(context, builder, value=value)
    offset = llvm.read(builder, llvm.after(builder, window.offsets, index, 8), llvm.WORD, 8)
    return llvm.read(builder, builder.add(window.base, offset), ir.VectorType(ir.DoubleType(), LANES))


@intrinsic
def _sample(typingctx, window, index):
    """Return the sample of each lane at an index that is in the window."""

    def codegen(context, builder, sig, args):
        return _load(context, builder, sig.args[0], *args)

    return LANES_TYPE(window, types.int64), codegen


@overload(len)
def _len(window):
    if isinstance(window, LaneWindow):
        size = window.size
        return lambda window: size
    return None


@overload_attribute(LaneWindow, "size")
def _size(window):
    size = window.size
    return lambda window: size


@overload_attribute(LaneWindow, "shape")
def _shape(window):
    size = window.size
    return lambda window: (size,)


@overload(operator.getitem)
def _getitem(window, index):
    if not isinstance(window, LaneWindow) or not isinstance(index, types.Integer):
        return None
    size = window.size

    def get(window, index):
        i = np.int64(index)
        if i < 0:
            i += size
        if i < 0 or i >= size:
            raise IndexError("index is out of bounds")
        return _sample(window, i)

    return get


@lower_builtin("getiter", LaneWindow)
def _getiter(context, builder, sig, args):
    iterator = context.make_helper(builder, sig.return_type)
    iterator.window = args[0]
    iterator.index = cgutils.alloca_once_value(builder, llvm.WORD(0))
    return iterator._getvalue()


@lower_builtin("iternext", LaneIterator)
@iternext_impl(RefType.UNTRACKED)
def _iternext(context, builder, sig, args, result):
    (kind,) = sig.args
    iterator = context.make_helper(builder, kind, value=args[0])
    index = builder.load(iterator.index)
    valid = builder.icmp_signed("<", index, llvm.WORD(kind.window.size))
    result.set_valid(valid)
    with builder.if_then(valid):
        result.yield_(_load(context, builder, kind.window, iterator.window, index))
        builder.store(builder.add(index, llvm.WORD(1)), iterator.index)


@intrinsic
def as_lanes(typingctx, value):
    """Return a vector, or a number in every lane."""

    def codegen(context, builder, sig, args):
        return context.cast(builder, args[0], sig.args[0], LANES_TYPE)

    return LANES_TYPE(value), codegen


@intrinsic
def store_lanes(typingctx, address, vector):
    """Store a vector at an address."""

    def codegen(context, builder, sig, args):
        llvm.write(builder, *args)
        return context.get_dummy_value()

    return types.none(types.int64, vector), codegen


@intrinsic
def load_lanes(typingctx, address):
    """Load a vector at an address."""

    def codegen(context, builder, sig, args):
        return llvm.read(builder, args[0], ir.VectorType(ir.DoubleType(), LANES))

    return LANES_TYPE(types.int64), codegen
