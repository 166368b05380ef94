"""Samples in order: integers that compare as they do, and lines of them that are compared.

Integers stand for themselves. The bits of a float, read as a signed integer, already compare as positive
floats do; with those of negative ones turned round, all do: -0.0 comes before 0.0, and what is not a number
after infinity. An image that has neither is compared as it is, in half the time: of vectors of integers this
processor takes one minimum a cycle, and of floats two (Cascade Lake, AVX-512).
"""

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._simd.jit import inlined, kernel
from imfilter._simd.lines import source_index
from imfilter._simd.vector import (
    BYTES,
    Vector,
    call_llvm,
    load,
    load_one,
    mangle,
    move_one,
    peek,
    poke,
    record,
    size_of,
    store,
    store_one,
)

#: What samples are: integers; floats, to be turned into integers; floats as they are, among which -0.0 and
#: what is not a number are watched for.
INTEGERS, TURNED, CHECKED = 0, 1, 2

#: Two lines that are compared, read so many pixels further on, and where the smaller and the larger of each
#: two samples are written, or -1; lines by their places in a table of addresses. `extent` is how many pixels
#: of them one output needs.
STEP = np.dtype([(name, np.int64) for name in ("a", "shift_a", "b", "shift_b", "low", "high", "extent")])
_STEP = STEP.itemsize


def _turned(builder, value, width):
    """Turn the bits of floats of so many bits, or of vectors of them, into keys, or keys into bits.

    Return them, and as constants of the same type what is needed beside: the largest integer, and the bits of
    infinity and of what is not a number.
    """

    def constant(number):
        lanes = [number] * value.type.count if isinstance(value.type, ir.VectorType) else number
        return ir.Constant(value.type, lanes)

    most, mantissa = 2 ** (width - 1) - 1, 23 if width == 32 else 52
    infinity = most - (2**mantissa - 1)
    signs = builder.and_(builder.ashr(value, constant(width - 1)), constant(most))
    beside = most, infinity, infinity + 2 ** (mantissa - 1)
    return builder.xor(value, signs), *map(constant, beside)


def _lanes(value):
    return value.dtype if isinstance(value, Vector) else value


@intrinsic
def to_key(typingctx, bits):
    """Return integers that compare as the floats do whose bits are given; see above."""
    width = _lanes(bits).bitwidth

    def codegen(context, builder, sig, args):
        (value,) = args
        turned, most, infinity, _ = _turned(builder, value, width)
        size = builder.and_(value, most)
        return builder.select(builder.icmp_signed(">", size, infinity), most, turned)

    return bits(bits), codegen


def turned_back(builder, value, width):
    """Return the bits of the floats of so many bits that LLVM integers, or vectors of them, stand for."""
    turned, _, infinity, nan = _turned(builder, value, width)
    return builder.select(builder.icmp_signed(">", value, infinity), nan, turned)


@intrinsic
def from_key(typingctx, key):
    """Return the bits of the floats that integers stand for."""
    width = _lanes(key).bitwidth

    def codegen(context, builder, sig, args):
        return turned_back(builder, args[0], width)

    return key(key), codegen


@intrinsic
def sign_bit(typingctx, kind):
    """Return what turns integers of a type into unsigned ones of the same order, by exclusive or."""
    bit = 1 << (kind.dtype.bitwidth - 1) if kind.dtype.signed else 0

    def codegen(context, builder, sig, args):
        return ir.IntType(64)(bit)

    return types.uint64(kind), codegen


def extreme(builder, dtype, which, a, b):
    """Return the "min" or the "max" of each lane of LLVM vectors of Numba type `dtype`."""
    if isinstance(dtype, types.Float):
        return builder.select(builder.fcmp_ordered("<" if which == "min" else ">", a, b), a, b)
    sign = "s" if dtype.signed else "u"
    return call_llvm(builder, f"llvm.{sign}{which}.{mangle(a.type)}", a.type, a, b)


def _extreme(which):
    @intrinsic
    def found(typingctx, a, b):
        def codegen(context, builder, sig, args):
            return extreme(builder, a.dtype, which, *args)

        return a(a, b), codegen

    return found


smaller, larger = _extreme("min"), _extreme("max")


#: Classes of floats, as LLVM has them: what is not a number, of both kinds, and -0.0.
_STRANGE = 1 | 2 | 1 << 5


@intrinsic
def _strange(typingctx, bits):
    """Tell whether, in bits of floats or in vectors of them, there is -0.0 or what is not a number."""
    width = _lanes(bits).bitwidth

    def codegen(context, builder, sig, args):
        (value,) = args
        if width < 32:  # which is no float
            return ir.IntType(1)(0)
        real, flag = ir.FloatType() if width == 32 else ir.DoubleType(), ir.IntType(1)
        if isinstance(value.type, ir.VectorType):
            count = value.type.count
            real, flag = ir.VectorType(real, count), ir.VectorType(flag, count)
        name = f"llvm.is.fpclass.{mangle(real)}"
        kinds = [real, ir.IntType(32)]
        function = builder.module.declare_intrinsic(name, (), ir.FunctionType(flag, kinds))
        found = builder.call(function, [builder.bitcast(value, real), ir.IntType(32)(_STRANGE)])
        if isinstance(flag, ir.VectorType):
            whole = ir.IntType(flag.count)
            found = builder.icmp_unsigned("!=", builder.bitcast(found, whole), whole(0))
        return found

    return types.boolean(bits), codegen


@inlined
def _keys(how, values, flag):
    if how == TURNED:
        return to_key(values)
    if how == CHECKED and _strange(values):
        poke(flag, 1)
    return values


@kernel("kind", "how")
def fetch_keys(
    kind,
    how,
    address,
    step_x,
    step_c,
    packed,
    channels,
    border,
    before,
    samples,
    first,
    count,
    border_key,
    line,
    flag,
):
    """Copy padded columns `first` … `first + count` of the source line at `address` to `line`.

    They become what compares as they do; see `INTEGERS` for `how`. `border_key` stands, as it is, where there
    is no sample, and all along a line of ``address < 0``. If a sample that is watched for is found, 1 is
    written to the address `flag`.
    """
    size, constant = size_of(kind), kind.type(border_key)
    if address < 0:
        for i in range(count * channels):
            store_one(line + i * size, kind, constant)
        return
    pixel, lanes = channels * size, BYTES // size
    inner = min(max(before - first, 0), count)
    outer = max(min(before + samples - first, count), inner)
    inside, to = address + (first + inner - before) * step_x, line + inner * pixel
    total, done = (outer - inner) * channels, 0
    if not packed:  # a loop for each channel: the border's takes several ns a sample
        done = total
        for c in range(channels):
            for i in range(outer - inner):
                value = load_one(kind, inside + i * step_x + c * step_c, kind)
                store_one(to + i * pixel + c * size, kind, _keys(how, value, flag))
    while done + lanes <= total:
        store(to + done * size, kind, _keys(how, load(kind, inside + done * size, kind), flag))
        done += lanes
    if 0 < done < total:  # one more vector overlaps the one before
        done = total - lanes
        store(to + done * size, kind, _keys(how, load(kind, inside + done * size, kind), flag))
        done = total
    for i in range(done, total):
        store_one(to + i * size, kind, _keys(how, load_one(kind, inside + i * size, kind), flag))
    p = 0
    while p < count:
        if p == inner < outer:
            p = outer
            continue
        column, place = source_index(border, before, samples, first + p), line + p * pixel
        here, start = column + before - first, address + column * step_x
        for c in range(channels):
            if column < 0:
                store_one(place + c * size, kind, constant)
            elif inner <= here < outer:
                move_one(place + c * size, line + here * pixel + c * size, kind)
            else:
                value = load_one(kind, start + c * step_c, kind)
                store_one(place + c * size, kind, _keys(how, value, flag))
        p += 1


@kernel("kind")
def restore(kind, line, count):
    """Turn `count` integers of a line, and what follows in their vector, into the floats they stand for."""
    for i in range(0, count * size_of(kind), BYTES):
        store(line + i, kind, from_key(load(kind, line + i, kind)))


@kernel("kind")
def compare(kind, steps, count, at, tile, pixel):
    """Take `count` steps of a network, in whole vectors, over lines whose addresses are in the table `at`.

    There are `tile` bytes of outputs, of pixels of so many bytes, in which the steps count.
    """
    for i in range(count):
        step = record(STEP, steps + i * _STEP)
        a, b = peek(at + 8 * step.a) + step.shift_a * pixel, peek(at + 8 * step.b) + step.shift_b * pixel
        extent = tile + (step.extent - 1) * pixel
        if step.high < 0:
            low = peek(at + 8 * step.low)
            for x in range(0, extent, BYTES):
                store(low + x, kind, smaller(load(kind, a + x, kind), load(kind, b + x, kind)))
        elif step.low < 0:
            high = peek(at + 8 * step.high)
            for x in range(0, extent, BYTES):
                store(high + x, kind, larger(load(kind, a + x, kind), load(kind, b + x, kind)))
        else:
            low, high = peek(at + 8 * step.low), peek(at + 8 * step.high)
            for x in range(0, extent, BYTES):
                one, other = load(kind, a + x, kind), load(kind, b + x, kind)
                store(low + x, kind, smaller(one, other))
                store(high + x, kind, larger(one, other))
