"""Squared distances along a line: the lower envelope of parabolas, as the lower convex hull of points.

Let f be the squared distance of the sample at p along the axes before. It gives the sample at x the squared
distance f + w (x - p)**2. The parabolas of the lower envelope are the vertices of the lower hull of the
points (p, f + w p**2), from left to right. The hull needs no division. A sample that is 0 divides the line:
what is beyond it is never nearer. So each run of samples between zeros has a hull of its own.
"""

import numpy as np
from numba.core import types
from numba.extending import intrinsic

from imfilter._filters.morphology.kernels.lane_bits import lane_bits
from imfilter._simd import llvm
from imfilter._simd.jit import nested
from imfilter._simd.lanewise import count_lanes, full_like, smaller, where
from imfilter._simd.registers import BYTES, REGISTERS
from imfilter._simd.vector import load_like, load_one, size_of, splat_register, store, store_one
from imfilter._simd.words import lowest_bit

_I32, _I64 = np.dtype(np.int32), np.dtype(np.int64)
#: Bytes of one register.
REGISTER = BYTES // REGISTERS
#: Largest distance along the line for which neighbours are compared one after the other.
REACH = 64
#: Half the lengths of the chords that find most points that are no vertices. On the background of coins at
#: 4K, which has 0.8 million vertices, chords of 1 alone leave 3.6 million points, and all leave 2.5 million.
CHORDS = (1, 2, 4, 8)


@intrinsic
def add_product(typingctx, a, b, c):
    """Return a*b + c of vectors, `b` a number. That of floats is rounded once, wherever it is computed."""

    def codegen(context, builder, sig, args):
        factor = llvm.spread(builder, args[1], args[0].type)
        if isinstance(a.dtype, types.Float):
            return llvm.multiply_add(builder, args[0], factor, args[2])
        return builder.add(builder.mul(args[0], factor), args[2])

    return a(a, b, c), codegen


@nested
def hull(real, wide, far, line, first, last, w, places, values):
    """Write the places and the values of the vertices from sample `first` to `last`. Return their number.

    wide: type of the arithmetic, which holds products. far: the value of a sample without a distance.
    """
    size, step, width = size_of(real), size_of(wide), REGISTER // size_of(real)
    none = splat_register(real, real.type(0))
    top = np.int64(0)
    # The last vertex, and its differences to the one before.
    p, q = np.int64(0), load_one(wide, line + size * first, real)
    rise, run = q - q, np.int64(1)
    for x in range(first, last + 1, width):
        # A point on or above the chord of two others is no vertex. This finds most of them.
        at = line + size * x
        some = load_like(none, at, real)
        bits = np.int64(-1)
        for away in CHORDS:
            reach = size * away
            bend = (some - load_like(none, at - reach, real)) - (load_like(none, at + reach, real) - some)
            bits &= lane_bits(bend < real.type(w * wide.type(2 * away * away)))
        finite = lane_bits(some < real.type(far))
        if x == first:
            bits |= 1
        if x + width > last:
            bits = (bits | 1 << (last - x)) & ((2 << (last - x)) - 1)
        bits &= finite
        while bits != 0:
            i = x + lowest_bit(bits)
            bits &= bits - 1
            v = load_one(wide, line + size * i, real)
            while top > 1:
                ahead = i - p
                if run + ahead == 2:
                    break  # it is below the chord of its neighbours
                if rise * ahead - (v - q) * run < w * (run * ahead * (run + ahead)):
                    break
                top -= 1
                p = load_one(_I64, places + 8 * top - 8, _I64)
                q = load_one(wide, values + step * top - step, wide)
                if top > 1:
                    run = p - load_one(_I64, places + 8 * top - 16, _I64)
                    rise = q - load_one(wide, values + step * top - 2 * step, wide)
            if top > 0:
                rise, run = v - q, i - p
            p, q = np.int64(i), v
            store_one(places + 8 * top, _I64, p)
            store_one(values + step * top, wide, q)
            top += 1
    return top


@nested
def _at(wide, places, values, k, x, w):
    """Return the squared distance that vertex `k` gives sample `x`."""
    away = x - load_one(_I64, places + 8 * k, _I64)
    return load_one(wide, values + size_of(wide) * k, wide) + w * (away * away)


@nested
def envelope(real, wide, chosen, far, start, stop, w, places, values, count, lanes, squares, nearest):
    """Write the squared distance of a run, and if `chosen` the place of the leftmost nearest vertex.

    Up to a vector after the run is overwritten. lanes: address of the numbers 0, 1, 2 …
    """
    step, width = size_of(wide), REGISTER // size_of(real)
    numbers = load_like(splat_register(real, real.type(0)), lanes, real)
    k = np.int64(0)
    for x in range(start, stop, width):
        end = min(x + width, stop) - 1
        # Along the vertices, the distance of a sample falls and then rises. The vertices of these samples are
        # from the one of the first sample to the one of the last.
        here = _at(wide, places, values, k, x, w)
        while k + 1 < count:
            there = _at(wide, places, values, k + 1, x, w)
            if there >= here:
                break
            here = there
            k += 1
        best, found = splat_register(real, real.type(far)), splat_register(real, real.type(-1))
        j = k
        here = _at(wide, places, values, j, end, w)
        while True:
            p = load_one(_I64, places + 8 * j, _I64)
            away = numbers + real.type(x - p)
            height = full_like(away, real, real.type(load_one(wide, values + step * j, wide)))
            cost = add_product(away * away, real.type(w), height)
            less = cost < best
            best = where(less, cost, best)
            if chosen:
                found = where(less, real.type(p), found)
            j += 1
            if j >= count:
                break
            there = _at(wide, places, values, j, end, w)
            if there >= here:
                break
            here = there
        store(squares + size_of(real) * x, real, best)
        if chosen:
            store(nearest + 4 * x, _I32, found)


@nested
def compare_neighbours(real, chosen, line, x, stop, w, numbers, squares, nearest):
    """Do what `envelope` does for a vector of samples. Return the first that is wrong, or `stop`.

    Samples are compared with neighbours that are farther and farther away, until these are farther than the
    nearest zero. It is wrong if it is more than `REACH` away. The line has `REACH` samples more at both ends.
    """
    size, weight = size_of(real), real.type(w)
    order = load_like(splat_register(real, real.type(0)), numbers, real)
    inside = order < real.type(min(stop - x, REGISTER // size))
    best = where(inside, load_like(order, line + size * x, real), real.type(0))
    places, found, away = order + real.type(x), order + real.type(x), 1
    while True:
        limit = weight * real.type(away * away)
        # A zero to the left that is as far is chosen.
        if count_lanes(best >= limit if chosen else best > limit) == 0:
            break
        if away >= REACH:
            store(squares + size * x, real, best)
            if chosen:
                store(nearest + 4 * x, _I32, found)
            while load_one(real, squares + size * x, real) <= weight * real.type(REACH * REACH):
                x += 1
            return x
        for far in range(away, away + 2):
            square = full_like(order, real, real.type(far * far))
            before = load_like(order, line + size * (x - far), real)
            after = load_like(order, line + size * (x + far), real)
            if chosen:
                before = add_product(square, weight, before)
                found = where(before <= best, places - real.type(far), found)
                best = smaller(before, best)
                after = add_product(square, weight, after)
                found = where(after < best, places + real.type(far), found)
                best = smaller(after, best)
            else:
                best = smaller(best, add_product(square, weight, smaller(before, after)))
        away += 2
    store(squares + size * x, real, best)
    if chosen:
        store(nearest + 4 * x, _I32, found)
    return stop
