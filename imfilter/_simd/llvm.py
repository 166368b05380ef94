"""Instructions that kernels emit while they are compiled: memory, conversions, and operations lane by lane.

These functions take an LLVM builder and LLVM values. A value is a scalar or a vector if nothing else is said.
`vector` gives Numba the same operations, for kernels written as Python.
"""

from llvmlite import ir
from numba.core import cgutils, types

from imfilter._simd.registers import FEATURES

#: The type of addresses and indices.
WORD = ir.IntType(64)
_INDEX = ir.IntType(32)
#: Whether vectors have 32 bytes, and instructions that narrow two of them with saturation.
_PACKS = bool(FEATURES.get("avx2")) and not FEATURES.get("avx512f")


def element(dtype):
    """Return the LLVM type of one element of Numba type `dtype` in memory."""
    if isinstance(dtype, types.Float):
        return ir.FloatType() if dtype.bitwidth == 32 else ir.DoubleType()
    return ir.IntType(dtype.bitwidth)


def element_of(kind):
    """Return the type of a lane of LLVM type `kind`, or a scalar type itself."""
    return kind.element if isinstance(kind, ir.VectorType) else kind


def like(kind, item):
    """Return the type with `item` in every lane of LLVM type `kind`, or `item` itself for a scalar type."""
    return ir.VectorType(item, kind.count) if isinstance(kind, ir.VectorType) else item


def integer_like(kind):
    """Return the integer type with as many bits and lanes as the floating LLVM type `kind`."""
    return like(kind, ir.IntType(32 if isinstance(element_of(kind), ir.FloatType) else 64))


def constant(kind, value):
    """Return the constant `value` of LLVM type `kind`, in every lane of a vector."""
    return ir.Constant(kind, [value] * kind.count if isinstance(kind, ir.VectorType) else value)


def pointer(builder, address, kind):
    """Return the integer `address` as an LLVM pointer to `kind`."""
    return builder.inttoptr(address, kind.as_pointer())


def after(builder, address, number, size=1):
    """Return the address `number` elements of `size` bytes after an address. `number` may be a Python int."""
    if not isinstance(number, ir.Value):
        return builder.add(address, WORD(number * size))
    return builder.add(address, builder.mul(number, WORD(size)) if size != 1 else number)


def read(builder, address, kind, align=1):
    """Load a value of LLVM type `kind` at an address."""
    return builder.load(pointer(builder, address, kind), align=align, typ=kind)


def write(builder, address, value, align=1):
    """Store a value at an address."""
    builder.store(value, pointer(builder, address, value.type), align=align)


def entry(builder, table, index=0):
    """Return the integer that is number `index` in the table at an address."""
    return read(builder, after(builder, table, index, 8), WORD, 8)


def mangle(kind) -> str:
    """Return LLVM's suffix for an overloaded intrinsic on type `kind`, such as ``v16f32``."""
    if isinstance(kind, ir.VectorType):
        return f"v{kind.count}{mangle(kind.element)}"
    if isinstance(kind, ir.IntType):
        return f"i{kind.width}"
    return "f32" if isinstance(kind, ir.FloatType) else "f64"


def call_llvm(builder, name, result, *args):
    """Call the LLVM intrinsic `name`, whose result is of LLVM type `result`."""
    kinds = [a.type for a in args]
    function = builder.module.declare_intrinsic(name, (), ir.FunctionType(result, kinds))
    return builder.call(function, args)


def lanewise(builder, name, *values):
    """Call LLVM's function `name`, such as ``sqrt``, of values of one type. The result has the same type."""
    kind = values[0].type
    return call_llvm(builder, f"llvm.{name}.{mangle(kind)}", kind, *values)


def _call_avx512(builder, name, result, *args):
    """Call the AVX-512 instruction `name`, whose result is of LLVM type `result`."""
    kind = ir.FunctionType(result, [a.type for a in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.x86.avx512.{name}"), args)


#: The instructions that look lanes up in vectors of 64 bytes, by the type of a lane and their number.
_PERMUTATIONS = {
    ("i8", 1): "permvar.qi.512",
    ("i16", 1): "permvar.hi.512",
    ("i16", 2): "vpermi2var.hi.512",
    ("f32", 1): "permvar.sf.512",
    ("f32", 2): "vpermi2var.ps.512",
    ("f64", 2): "vpermi2var.pd.512",
}


def permuted(builder, places, *vectors):
    """Return the lanes at `places` of one vector or two. Not of two of bytes, or of one of float64.

    Only the bits of a place count that number the lanes. Needs AVX-512.
    """
    kind = vectors[0].type
    name = _PERMUTATIONS[mangle(kind.element), len(vectors)]
    args = (vectors[0], places, *vectors[1:])
    return _call_avx512(builder, name, kind, *args)


def permuted_quarters(builder, places, vector):
    """Return the lanes at `places` of 8 float32, each of its half. Two bits of a place count. Needs AVX."""
    return call_llvm(builder, "llvm.x86.avx.vpermilvar.ps.256", vector.type, vector, places)


def scaled(builder, value, exponent):
    """Return 16 float32 times two to the power of `exponent`. Needs AVX-512.

    The exponent is rounded down. If it is -inf, the result is 0.
    """
    everywhere, rounding = ir.IntType(16)(-1), _INDEX(4)
    return _call_avx512(
        builder, "mask.scalef.ps.512", value.type, value, exponent, value, everywhere, rounding
    )


def compressed(builder, mask, value):
    """Return the lanes of 16 numbers of 32 bits where a mask is true, one after the other. Needs AVX-512.

    The other lanes are 0. The instruction that writes them to memory takes 100 cycles (Zen 4).
    """
    name = f"llvm.x86.avx512.mask.compress.{mangle(value.type)}"
    return call_llvm(builder, name, value.type, value, constant(value.type, 0), mask)


def multiply_add_toward_zero(builder, a, b, c):
    """Return a*b + c of 16 float32, rounded toward 0. Needs AVX-512.

    A number beyond the range is the largest finite one.
    """
    return _call_avx512(builder, "vfmadd.ps.512", a.type, a, b, c, _INDEX(11))


def spread(builder, value, kind):
    """Return the vector of LLVM type `kind` that holds `value` in every lane."""
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), value, _INDEX(0))
    return shuffle(builder, first, None, [0] * kind.count)


def spread_real(builder, value, kind):
    """Return the vector of floating LLVM type `kind` that holds a float64 in every lane."""
    return spread(builder, to_real(builder, value, types.float64, kind.element), kind)


def shuffle(builder, a, b, order):
    """Return the lanes of two vectors, numbered one after the other, in an `order`. None has no values."""
    b = ir.Constant(a.type, ir.Undefined) if b is None else b
    order = list(order)
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(_INDEX, len(order)), order))


def lanes_from(builder, first, second, start):
    """Return as many lanes as a vector has, from lane `start` of `first` on into `second`."""
    return shuffle(builder, first, second, range(start, start + first.type.count))


def halves(builder, value):
    """Return the first and the second half of the lanes of a vector."""
    lanes, half = value.type.count, value.type.count // 2
    return shuffle(builder, value, None, range(half)), shuffle(builder, value, None, range(half, lanes))


def any_lane(builder, mask):
    """Tell whether a lane of a mask is true. A mask is a vector of bits."""
    bits = ir.IntType(mask.type.count)
    return builder.icmp_unsigned("!=", builder.bitcast(mask, bits), bits(0))


def compare(builder, dtype, relation, a, b):
    """Compare values of Numba type `dtype`. As in Python, All comparisons with NaN are false, except !=."""
    if isinstance(dtype, types.Float):
        operation = builder.fcmp_unordered if relation == "!=" else builder.fcmp_ordered
    else:
        operation = builder.icmp_signed if dtype.signed else builder.icmp_unsigned
    return operation(relation, a, b)


def absolute(builder, value):
    """Return the magnitudes of floats."""
    return lanewise(builder, "fabs", value)


def choose(builder, dtype, which, a, b):
    """Return the "min" or the "max" of values of Numba type `dtype`: `b` if one of two floats is NaN."""
    if isinstance(dtype, types.Float):
        return builder.select(compare(builder, dtype, "<" if which == "min" else ">", a, b), a, b)
    return lanewise(builder, f"{'s' if dtype.signed else 'u'}{which}", a, b)


def extreme(builder, dtype, which, a, b):
    """Return the "min" or the "max" as NumPy does: NaN if one of two floats is. Here -0.0 is below 0.0."""
    if isinstance(dtype, types.Float):
        return lanewise(builder, f"{which}imum", a, b)
    return choose(builder, dtype, which, a, b)


def multiply_add(builder, a, b, c):
    """Return a*b + c, with one rounding if the processor has fused multiply-add."""
    return lanewise(builder, "fmuladd", a, b, c)


def weighed(builder, samples, weight, total):
    """Add samples times a weight to the LLVM vector `total`, where None stands for 0."""
    return multiply_add(builder, samples, weight, total) if total else builder.fmul(samples, weight)


def strict(builder, formula, *values):
    """Evaluate a formula in vectors: LLVM may contract scalar operations or drop the sign of a zero."""
    if isinstance(values[0].type, ir.VectorType):
        return formula(*values)
    kind = ir.VectorType(values[0].type, 1)
    return builder.extract_element(formula(*(spread(builder, v, kind) for v in values)), _INDEX(0))


def to_real(builder, value, dtype, to):
    """Convert a value of Numba type `dtype` to LLVM type `to`."""
    item = element_of(to)
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


def from_real(builder, value, dtype, to):
    """Convert a floating value to Numba type `dtype`: rounded half to even, saturated, NaN to 0."""
    item, kind = element_of(to), value.type
    scalar = element_of(kind)
    if kind == to:
        return value
    if isinstance(dtype, types.Float):
        return to_real(builder, value, dtype, to)
    if item.width > (16 if isinstance(scalar, ir.FloatType) else 32):
        whole = lanewise(builder, "rint", value)
        name = "fptosi" if dtype.signed else "fptoui"
        return call_llvm(builder, f"llvm.{name}.sat.{mangle(to)}.{mangle(kind)}", to, whole)
    if _PACKS and isinstance(kind, ir.VectorType) and kind.count in (8, 16, 32, 64) and item.width <= 16:
        return _packed(builder, value, dtype)
    # LLVM's saturating conversion to 8 bits took 57 cycles for 16 float32 (Cascade Lake). This code takes 6.
    # Comparisons with NaN are false. So NaN becomes the lower bound, or 0 if replaced before.
    low, high = constant(kind, float(dtype.minval)), constant(kind, float(dtype.maxval))
    if dtype.signed:
        value = builder.select(builder.fcmp_ordered("==", value, value), value, constant(kind, 0.0))
    value = choose(builder, types.float64, "max", value, low)
    value = choose(builder, types.float64, "min", value, high)
    # Adding 1.5 * 2**23 (or 1.5 * 2**52) rounds to an integer, because floats of this size are whole numbers.
    # The lowest bits of the sum then hold the integer.
    magic = 1.5 * 2.0 ** (23 if isinstance(scalar, ir.FloatType) else 52)
    bits = builder.bitcast(builder.fadd(value, constant(kind, magic)), integer_like(kind))
    return builder.trunc(bits, to)


def rows_from_real(builder, values, dtype, to):
    """Convert vectors of one length as `from_real` does, one after the other. AVX2 narrows rows together."""
    if not _PACKS or isinstance(dtype, types.Float) or dtype.bitwidth > 16:
        return (from_real(builder, value, dtype, to) for value in values)
    joined, lanes = list(values), to.count
    if len(joined) not in (2, 4):
        return (from_real(builder, value, dtype, to) for value in joined)
    while len(joined) > 1:
        lanes *= 2
        pairs = zip(joined[::2], joined[1::2], strict=True)
        joined = [shuffle(builder, *pair, range(lanes)) for pair in pairs]
    found = from_real(builder, joined[0], dtype, ir.VectorType(to.element, lanes))
    return (shuffle(builder, found, None, range(i, i + to.count)) for i in range(0, lanes, to.count))


def _packed(builder, value, dtype):
    """Return a vector of floats as integers of at most 16 bits, as `from_real` does. Needs AVX2.

    The instruction that converts returns the lowest integer for NaN and for numbers that are too large. The
    instructions that narrow two registers saturate, so no lower bound is needed. 32 float32 take 12
    instructions and not 24.
    """
    most = 32 if dtype.bitwidth == 8 else 16
    if value.type.count > most:
        parts = [_packed(builder, part, dtype) for part in halves(builder, value)]
        return shuffle(builder, *parts, range(value.type.count))
    high = constant(value.type, float(dtype.maxval))
    if dtype.signed:
        value = builder.select(builder.fcmp_ordered("==", value, value), value, constant(value.type, 0.0))
    value = choose(builder, types.float64, "min", high, value)  # NaN stays
    return _narrowed(builder, _whole(builder, value), dtype)


def _whole(builder, value):
    """Return floats as integers of 32 bits, rounded half to even. Needs AVX2."""
    name, lanes = ("pd2dq", 4) if isinstance(value.type.element, ir.DoubleType) else ("ps2dq", 8)
    if value.type.count == lanes:
        return call_llvm(builder, f"llvm.x86.avx.cvt.{name}.256", ir.VectorType(_INDEX, lanes), value)
    parts = [_whole(builder, part) for part in halves(builder, value)]
    return shuffle(builder, *parts, range(value.type.count))


def _narrowed(builder, whole, dtype):
    """Return 8, 16 or 32 integers of 32 bits as bytes, or 8 or 16 as integers of 16 bits. Needs AVX2."""
    sign, count = "s" if dtype.signed else "u", whole.type.count
    if dtype.bitwidth == 16:
        words = _pack(builder, f"{sign}sdw", *halves(builder, whole))
        return _in_order(builder, words, 4) if count == 16 else words
    parts = halves(builder, whole)
    if count == 32:
        words = [_pack(builder, "ssdw", *halves(builder, part)) for part in parts]
        return _in_order(builder, _pack(builder, f"{sign}swb", *words), 4)
    words = _pack(builder, "ssdw", *parts)
    if count == 16:
        return _in_order(builder, _pack(builder, f"{sign}swb", *halves(builder, words)), 4)
    both = _pack(builder, f"{sign}swb", words, words)
    return halves(builder, both)[0]


def _pack(builder, name, a, b):
    """Narrow the lanes of two registers with saturation. Registers of 32 bytes are narrowed by halves."""
    wide = a.type.count * a.type.element.width == 256
    version = f"avx2.pack{name}" if wide else f"sse2.pack{name}.128"
    if name == "usdw" and not wide:
        version = "sse41.packusdw"
    kind = ir.VectorType(ir.IntType(a.type.element.width // 2), 2 * a.type.count)
    return call_llvm(builder, f"llvm.x86.{version}", kind, a, b)


def _in_order(builder, value, size):
    """Return groups of `size` lanes of the first and of the second half in turn."""
    groups = value.type.count // size
    order = [i // 2 + i % 2 * (groups // 2) for i in range(groups)]
    return shuffle(builder, value, None, [size * i + lane for i in order for lane in range(size)])
