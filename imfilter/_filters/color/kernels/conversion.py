"""Colour spaces: conversion of three lines of samples to three lines or one line.

Other kernels split interleaved pixels into lines and interleave them again.

The formulas are those of scikit-image, whose constants are rounded: sRGB (IEC 61966-2-1) and CIE L*a*b* under
illuminant D65 for the observer of 2 degrees.
"""

import math

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from imfilter._simd.jit import inlined, kernel
from imfilter._simd.llvm import (
    WORD,
    after,
    element,
    from_real,
    read,
    shuffle,
    spread_real,
    to_real,
    write,
)
from imfilter._simd.prefetch import prefetch_line
from imfilter._simd.registers import BYTES, LINE, REGISTERS
from imfilter._simd.vector import convert_one, load_one, register_lanes, size_of, store_one
from imfilter._simd.vector_math import Lanes, angle, cube_root, power, sine_cosine

#: From linear RGB to XYZ, and the white that XYZ is divided by.
_XYZ = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])
_FROM_RGB = (_XYZ / _WHITE[:, None]).tolist()
_TO_RGB = (np.linalg.inv(_XYZ) * _WHITE).tolist()

#: Registers of each line that are computed together, because formulas are long chains of dependent
#: operations. Float32 to L*a*b* took 8.0 cycles per pixel with one register, 7.0 with two and 6.8 with four
#: (Cascade Lake, AVX-512).
_TOGETHER = 4


def _mixed(row, colors):
    """Return the weighted sum of three lines."""
    first, second, third = colors
    return third.fma(row[2], second.fma(row[1], first * row[0]))


def _linear(x):
    """Decode sRGB values from 0 to 1. Return linear intensities from 0 to 1."""
    base = x.fma(1 / 1.055, 0.055 / 1.055)
    curve = base * base * power(base, 3, 5)  # to the power of 2.4
    return curve.where(x.compare(">", 0.04045), x * (1 / 12.92))


def _encoded(x):
    """Return intensities encoded as sRGB, clipped to the range from 0 to 1."""
    curve = power(x, 1, 6).call("sqrt").fma(1.055, -0.055)  # to the power of 1/2.4
    encoded = curve.where(x.compare(">", 0.0031308), x * 12.92)
    encoded = encoded.constant(0.0).where(encoded.compare("<", 0.0), encoded)
    return encoded.constant(1.0).where(encoded.compare(">", 1.0), encoded)


def _to_linear(colors, numbers):
    return [_linear(c) for c in colors]


def _to_lab(colors, numbers):
    def compress(t):
        return cube_root(t).where(t.compare(">", 0.008856), t.fma(7.787, 16 / 116))

    x, y, z = (compress(_mixed(row, colors)) for row in _FROM_RGB)
    return [y.fma(116.0, -16.0), (x - y) * 500.0, (y - z) * 200.0]


def _from_lab(colors, numbers):
    lightness, a, b = colors
    y = lightness.fma(1 / 116, 16 / 116)
    x, z = a.fma(1 / 500, y), b.fma(-1 / 200, y)
    z = z.constant(0.0).where(z.compare("<", 0.0), z)

    def expand(f):
        return f.whole_power(3).where(f.compare(">", 0.2068966), f.fma(1 / 7.787, -16 / 116 / 7.787))

    linear = [expand(f) for f in (x, y, z)]
    (scale,) = numbers(1)
    return [_encoded(_mixed(row, linear)) * scale for row in _TO_RGB]


def _to_lch(colors, numbers):
    lightness, a, b = colors
    hue = angle(a, b.call("fabs"))
    return [lightness, a.fma(a, b * b).call("sqrt"), (2 * math.pi - hue).where(b.compare("<", 0.0), hue)]


def _from_lch(colors, numbers):
    lightness, chroma, hue = colors
    sine, cosine = sine_cosine(hue)
    return [lightness, chroma * cosine, chroma * sine]


def _to_gray(colors, numbers):
    *weights, bias = numbers(4)
    red, green, blue = colors
    return [red.fma(weights[0], green.fma(weights[1], blue.fma(weights[2], bias)))]


_FORMULAS = (_to_gray, _to_linear, _to_lab, _from_lab, _to_lch, _from_lch)
#: Formulas of `convert`: grey from weights and a bias; linear RGB from sRGB; L*a*b* from linear RGB; sRGB
#: from L*a*b*, times a scale; polar coordinates of a* and b*, in radians; and a* and b* from these.
GRAY, LINEAR, LAB, FROM_LAB, LCH, FROM_LCH = range(len(_FORMULAS))


@intrinsic(prefer_literal=True)
def _convert(typingctx, real, formula, lines, pitch, count, table, ahead, ahead_width, places, place_width):
    lanes = register_lanes(real.dtype) * _TOGETHER

    def codegen(context, builder, sig, args):
        lines, pitch, count, table, *wanted = args[2:]
        kind, size = ir.VectorType(element(real.dtype), lanes), real.dtype.bitwidth // 8

        def numbers(many):
            found = []
            for i in range(many):
                number = read(builder, after(builder, table, i, 8), ir.DoubleType(), 8)
                found.append(Lanes(builder, spread_real(builder, number, kind)))
            return found

        with cgutils.for_range_slice(builder, WORD(0), count, WORD(lanes), WORD) as (x, _):
            for writing in (0, 1):
                start, pixel = wanted[2 * writing : 2 * writing + 2]
                start = builder.add(start, builder.mul(x, pixel))
                reach = builder.mul(WORD(lanes), pixel)
                with cgutils.for_range_slice(builder, WORD(0), reach, WORD(LINE), WORD) as (i, _):
                    prefetch_line(builder, builder.add(start, i), writing)
            at = after(builder, lines, x, size)
            places = [builder.add(at, builder.mul(pitch, WORD(c))) for c in range(3)]
            colors = [Lanes(builder, read(builder, place, kind)) for place in places]
            results = _FORMULAS[formula.literal_value](colors, numbers)
            for result, place in zip(results, places, strict=False):  # one of gray
                write(builder, place, result.value)
        return context.get_dummy_value()

    return types.none(real, formula, *(types.int64,) * 8), codegen


@kernel("real", "formula")
def convert(real, formula, lines, pitch, count, numbers, ahead, ahead_width, places, place_width):
    """Apply a formula to `count` samples of three lines in place, in whole vectors.

    The lines are `pitch` bytes apart. numbers: address of the parameters of the formula, as float64. The
    kernel also prefetches memory: `ahead_width` bytes per pixel from `ahead` on to read, and `place_width`
    bytes per pixel from `places` on to write.
    """
    _convert(real, formula, lines, pitch, count, numbers, ahead, ahead_width, places, place_width)


@intrinsic
def _part(typingctx, real, source, start, lines, pitch):
    """Load a register of pixels of three interleaved samples, and store them in three lines."""
    lanes = register_lanes(source.dtype)

    def codegen(context, builder, sig, args):
        _, _, start, lines, pitch = args
        mixed = ir.VectorType(element(source.dtype), 3 * lanes)
        kind = ir.VectorType(element(real.dtype), lanes)
        # LLVM knows this pattern, of one load and three shuffles.
        pixels = read(builder, start, mixed)
        for c in range(3):
            samples = shuffle(builder, pixels, None, range(c, 3 * lanes, 3))
            to = builder.add(lines, builder.mul(pitch, WORD(c)))
            write(builder, to, to_real(builder, samples, source.dtype, kind))
        return context.get_dummy_value()

    return types.none(real, source, *(types.int64,) * 3), codegen


@intrinsic
def _join(typingctx, real, target, lines, pitch, to):
    """Convert a register of `target` samples of each of three lines, and store them interleaved."""
    lanes = register_lanes(target.dtype)

    def codegen(context, builder, sig, args):
        _, _, lines, pitch, to = args
        kind = ir.VectorType(element(real.dtype), lanes)
        narrow = ir.VectorType(element(target.dtype), lanes)
        colors = []
        for c in range(3):
            samples = read(builder, builder.add(lines, builder.mul(pitch, WORD(c))), kind)
            colors.append(from_real(builder, samples, target.dtype, narrow))
        first = shuffle(builder, *colors[:2], range(2 * lanes))
        last = shuffle(builder, colors[2], None, range(2 * lanes))
        order = [c * lanes + i for i in range(lanes) for c in range(3)]
        write(builder, to, shuffle(builder, first, last, order))
        return context.get_dummy_value()

    return types.none(real, target, *(types.int64,) * 3), codegen


@inlined
def _blocks(count, lanes):
    """Return the number of blocks of `lanes` samples, or 0 for fewer samples. The last block may overlap."""
    return (count + lanes - 1) // lanes if count >= lanes else 0


@kernel("real", "source")
def part(real, source, start, count, lines, pitch):
    """Split `count` pixels of three interleaved `source` samples into three lines, `pitch` bytes apart."""
    lanes = BYTES // REGISTERS // size_of(source)
    for i in range(_blocks(count, lanes)):
        x = min(i * lanes, count - lanes)
        _part(real, source, start + 3 * x * size_of(source), lines + x * size_of(real), pitch)
    if count < lanes:
        for x in range(count):
            for c in range(3):
                value = load_one(real, start + (3 * x + c) * size_of(source), source)
                store_one(lines + c * pitch + x * size_of(real), real, value)


@kernel("real", "target")
def join(real, target, lines, pitch, count, to):
    """Interleave three lines to `count` pixels of three `target` samples, rounded and saturated."""
    lanes = BYTES // REGISTERS // size_of(target)
    for i in range(_blocks(count, lanes)):
        x = min(i * lanes, count - lanes)
        _join(real, target, lines + x * size_of(real), pitch, to + 3 * x * size_of(target))
    if count < lanes:
        for x in range(count):
            for c in range(3):
                start = lines + c * pitch + x * size_of(real)
                convert_one(real, start, target, to + (3 * x + c) * size_of(target))


@kernel("real", "source")
def look_up(real, source, start, step, count, table, line):
    """Write entries of a table to a line. The indices are `count` unsigned samples, `step` bytes apart."""
    for x in range(count):
        index = np.int64(load_one(source, start + x * step, source))
        store_one(line + x * size_of(real), real, load_one(real, table + index * size_of(real), real))
