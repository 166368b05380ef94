"""Sums of 2, 4, 8 and more samples in a row, each of two sums of half as many, while samples come.

What a sum needs of those before stays in registers: a sum that is not asked for is neither stored nor loaded.
All are written where their last sample stands, or some places later: `LAGS`.
"""

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._simd.jit import inlined
from imfilter._simd.lanewise import lanes_from
from imfilter._simd.prefetch import prefetch
from imfilter._simd.vector import LINE, Vector, in_register, load_like, splat_register, store

_F64 = np.dtype(np.float64)
#: Elements of a register.
REGISTER = in_register(_F64)
#: Samples that `along` takes at a time, and elements that it keeps from one call to the next.
OCTET, HELD = 8, 80
#: By how many samples `along` is late with what begins at one, by the samples of the sum.
LAGS = {1: 0, 2: 8, 4: 16, 8: 24, 16: 32, 32: 48, 64: 80}


@intrinsic
def _nothing(typingctx):
    """Return a vector of eight zeros, whatever a register holds."""

    def codegen(context, builder, sig, args):
        return ir.Constant(ir.VectorType(ir.DoubleType(), OCTET), [0.0] * OCTET)

    return Vector(types.float64, OCTET)(), codegen


@inlined
def _octet(at):
    return load_like(_nothing(), at, _F64)


@inlined
def _register(at):
    return load_like(splat_register(_F64, 0.0), at, _F64)


@inlined
def along(line, count, history, places, place):
    """Write sums along one series, of `count` samples, eight at a time, to those `places` that are not 0.

    held: where what the registers hold is kept. place: where results will be written, which is asked for.
    """
    one, two, four, eight, sixteen, thirty_two, sixty_four = places
    x, t, f, e = _octet(history), _octet(history + 64), _octet(history + 128), _octet(history + 192)
    s_2, s_1 = _octet(history + 256), _octet(history + 320)
    h_4, h_3 = _octet(history + 384), _octet(history + 448)
    h_2, h_1 = _octet(history + 512), _octet(history + 576)
    for i in range(0, 8 * count, LINE):
        prefetch(place + i, True)
        new = _octet(line + i)
        twos = x + lanes_from(x, new, 1)
        fours = t + lanes_from(t, twos, 2)
        eights = f + lanes_from(f, fours, 4)
        sixteens = e + eights
        thirty_twos = s_2 + sixteens
        if one:
            store(one + i, _F64, new)
        if two:
            store(two + i, _F64, twos)
        if four:
            store(four + i, _F64, fours)
        if eight:
            store(eight + i, _F64, eights)
        if sixteen:
            store(sixteen + i, _F64, sixteens)
        if thirty_two:
            store(thirty_two + i, _F64, thirty_twos)
        if sixty_four:
            store(sixty_four + i, _F64, h_4 + thirty_twos)
        x, t, f, e = new, twos, fours, eights
        s_2, s_1 = s_1, sixteens
        h_4, h_3, h_2, h_1 = h_3, h_2, h_1, thirty_twos
    store(history, _F64, x)
    store(history + 64, _F64, t)
    store(history + 128, _F64, f)
    store(history + 192, _F64, e)
    store(history + 256, _F64, s_2)
    store(history + 320, _F64, s_1)
    store(history + 384, _F64, h_4)
    store(history + 448, _F64, h_3)
    store(history + 512, _F64, h_2)
    store(history + 576, _F64, h_1)


@inlined
def across(line, pitch, before, rows, wide, places, apart):
    """Write sums of 1, 2, 4 and 8 rows to those `places` that are not 0; `before` rows stand before.

    Rows are `wide`, at least a register, and `pitch` bytes apart; those that are written are `apart`.
    """
    one, two, four, eight = places
    for e in range(0, wide, REGISTER):
        at = 8 * min(e, wide - REGISTER)
        x = _register(line - before * pitch + at)
        t_2, t_1, f_4, f_3, f_2, f_1 = x, x, x, x, x, x
        for row in range(-before, rows):
            new = _register(line + row * pitch + at)
            twos = x + new
            fours = t_2 + twos
            if row >= 0:
                to = at + row * apart
                if one:
                    store(one + to, _F64, new)
                if two:
                    store(two + to, _F64, twos)
                if four:
                    store(four + to, _F64, fours)
                if eight:
                    store(eight + to, _F64, f_4 + fours)
            x, t_2, t_1 = new, t_1, twos
            f_4, f_3, f_2, f_1 = f_3, f_2, f_1, fours
