"""Integer keys with the order of the samples, and comparisons of lines of them.

Integers are their own keys. The bits of positive floats, read as signed integers, already have the right
order. If the lower bits of negative floats are inverted, all floats have it: -0.0 sorts before 0.0, and NaN
sorts after infinity. An image without -0.0 and NaN is compared directly, in half the time: this processor
computes one minimum of integer vectors per cycle, and two of float vectors (Cascade Lake, AVX-512).
"""

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._simd.jit import kernel, nested
from imfilter._simd.lanewise import dtype_of, larger, smaller
from imfilter._simd.lines import fetch_samples, fill, inner_columns
from imfilter._simd.llvm import any_lane, constant, halves, lanewise, like
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import load, peek, poke, record, size_of, store

#: Kinds of samples: integers; floats that are converted to keys; floats that are compared directly and
#: checked for -0.0 and NaN.
INTEGERS, TURNED, CHECKED = 0, 1, 2

#: A comparison of two lines, read `shift_a` and `shift_b` pixels further on. `low` and `high` are the lines
#: for the smaller and the larger samples, or -1. Lines are indices in a table of addresses. `extent` is the
#: number of pixels that one output needs.
STEP = np.dtype([(name, np.int64) for name in ("a", "shift_a", "b", "shift_b", "low", "high", "extent")])
_STEP = STEP.itemsize


def _turned(builder, value, width):
    """Convert the bits of floats to keys, or keys to bits.

    `value` is an LLVM integer of `width` bits, or a vector of them. Also return, as constants of the same
    type, the largest integer and the bits of infinity and of NaN.
    """
    most, mantissa = 2 ** (width - 1) - 1, 23 if width == 32 else 52
    infinity = most - (2**mantissa - 1)
    kind = value.type
    signs = builder.and_(builder.ashr(value, constant(kind, width - 1)), constant(kind, most))
    beside = most, infinity, infinity + 2 ** (mantissa - 1)
    return builder.xor(value, signs), *(constant(kind, number) for number in beside)


def keys_of_bits(builder, value, width):
    """Return the keys of floats of `width` bits whose bits are given, and which of them are NaN."""
    turned, most, infinity, _ = _turned(builder, value, width)
    missing = builder.icmp_signed(">", builder.and_(value, most), infinity)
    return builder.select(missing, most, turned), missing


@intrinsic
def to_key(typingctx, bits):
    """Return the keys of floats whose bits are given; see the top of this module."""
    width = dtype_of(bits).bitwidth

    def codegen(context, builder, sig, args):
        return keys_of_bits(builder, args[0], width)[0]

    return bits(bits), codegen


def turned_back(builder, value, width):
    """Return the bits of the floats of `width` bits that belong to keys, LLVM integers or vectors."""
    turned, _, infinity, nan = _turned(builder, value, width)
    return builder.select(builder.icmp_signed(">", value, infinity), nan, turned)


@intrinsic
def from_key(typingctx, key):
    """Return the bits of the floats that belong to keys."""
    width = dtype_of(key).bitwidth

    def codegen(context, builder, sig, args):
        return turned_back(builder, args[0], width)

    return key(key), codegen


@intrinsic
def sign_bit(typingctx, kind):
    """Return the sign bit. XOR with it maps integers of a type to unsigned integers of the same order."""
    bit = 1 << (kind.dtype.bitwidth - 1) if kind.dtype.signed else 0

    def codegen(context, builder, sig, args):
        return ir.IntType(64)(bit)

    return types.uint64(kind), codegen


def _strange_lanes(builder, low, high, width):
    """Return a mask of pairs of floats of `width` bits, given as bits, of which one is -0.0 or NaN.

    Two floats are unordered if one of them is NaN, and the bits of -0.0 are the smallest integer. LLVM's
    `is.fpclass` compares each register three times.
    """
    real = like(low.type, ir.FloatType() if width == 32 else ir.DoubleType())
    nan = builder.fcmp_unordered("uno", builder.bitcast(low, real), builder.bitcast(high, real))
    least = lanewise(builder, "smin", low, high)
    return builder.or_(nan, builder.icmp_signed("==", least, constant(low.type, -(2 ** (width - 1)))))


@intrinsic
def _strange(typingctx, bits):
    """Tell whether the bits of a float, or of a vector of floats, contain -0.0 or NaN.

    One half of a vector is compared with the other.
    """
    width = dtype_of(bits).bitwidth

    def codegen(context, builder, sig, args):
        (value,) = args
        if width < 32:  # not a float
            return ir.IntType(1)(0)
        low, high = halves(builder, value) if isinstance(value.type, ir.VectorType) else (value, value)
        found = _strange_lanes(builder, low, high, width)
        return any_lane(builder, found) if isinstance(found.type, ir.VectorType) else found

    return types.boolean(bits), codegen


@intrinsic
def strange_group(typingctx, a, b, c, d):
    """Tell whether one of four vectors of floats contains -0.0 or NaN."""
    width = a.dtype.bitwidth

    def codegen(context, builder, sig, args):
        bits = ir.VectorType(ir.IntType(width), a.lanes)
        p, q, r, s = (builder.bitcast(value, bits) for value in args)
        pairs = _strange_lanes(builder, p, q, width), _strange_lanes(builder, r, s, width)
        return any_lane(builder, builder.or_(*pairs))

    return types.boolean(a, b, c, d), codegen


@nested
def checked_keys(how, values, flag):
    """Return the keys of samples; see `INTEGERS`. If a check finds -0.0 or NaN, write 1 to `flag`."""
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
    """Copy padded columns `first` … `first + count` of the source line at `address` to `line`, as keys.

    See `INTEGERS` for `how`. `border_key` fills the places without a sample, and the whole line if
    ``address < 0``. If a check finds -0.0 or NaN, write 1 to the address `flag`.
    """
    size, constant = size_of(kind), kind.type(border_key)
    if address < 0:
        fill(kind, line, count * channels, constant)
        return
    inner, outer = inner_columns(before, samples, first, count)
    lanes, total = BYTES // size, (outer - inner) * channels if packed else 0
    inside, to = address + (first + inner - before) * step_x, line + inner * channels * size
    done = 0
    while done < total and lanes <= total:  # the last vector overlaps the previous one
        shift = min(done, total - lanes)
        store(to + shift * size, kind, checked_keys(how, load(kind, inside + shift * size, kind), flag))
        done += lanes
    fetch_samples(
        kind, kind, checked_keys, how, address, step_x, step_c, packed, channels, border, before, samples,
        first, count, constant, line, flag, done)  # fmt: skip


@kernel("kind")
def restore(kind, line, count):
    """Convert `count` keys of a line, and the rest of their last vector, to floats."""
    for i in range(0, count * size_of(kind), BYTES):
        store(line + i, kind, from_key(load(kind, line + i, kind)))


@kernel("kind")
def compare(kind, steps, count, at, tile, pixel):
    """Run `count` steps of a network, in whole vectors, over lines whose addresses are in the table `at`.

    `tile` is the size of the outputs and `pixel` the size of a pixel, in bytes.
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
