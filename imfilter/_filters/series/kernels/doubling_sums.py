"""Sums of 2, 4, 8 and more consecutive samples. Each is the sum of two sums of half the size.

The earlier sums that a sum needs stay in registers. A sum that is not requested is neither stored nor loaded.
Each sum is written at the position of its last sample, or some positions later; see `LAGS`.
"""

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._simd.jit import inlined
from imfilter._simd.lanewise import lanes_from
from imfilter._simd.prefetch import prefetch
from imfilter._simd.registers import LINE, in_register
from imfilter._simd.vector import Vector, load_like, splat_register, store

_F64 = np.dtype(np.float64)
#: Elements of a register.
REGISTER = in_register(_F64)
#: Number of samples that `along` processes together, and number of elements that it keeps between calls.
OCTET, HELD = 8, 80
#: Distance in samples from the first sample of a sum to the position where `along` writes it, by the size of
#: the sum.
LAGS = {1: 0, 2: 8, 4: 16, 8: 24, 16: 32, 32: 48, 64: 80}


@intrinsic
def zeros(typingctx):
    """Return a vector of eight zeros, for any size of a register."""

    def codegen(context, builder, sig, args):
        return ir.Constant(ir.VectorType(ir.DoubleType(), OCTET), [0.0] * OCTET)

    return Vector(types.float64, OCTET)(), codegen


@inlined
def octet(at):
    return load_like(zeros(), at, _F64)


@inlined
def _register(at):
    return load_like(splat_register(_F64, 0.0), at, _F64)


@inlined
def along(line, count, history, places, place):
    """Write sums along one series of `count` samples, eight samples in each step.

    places: addresses for the sums of each size; 0: not requested. history: address of the content of the
    registers between calls. place: address of the next results, which is prefetched.
    """
    one, two, four, eight, sixteen, thirty_two, sixty_four = places
    x, t, f, e = octet(history), octet(history + 64), octet(history + 128), octet(history + 192)
    s_2, s_1 = octet(history + 256), octet(history + 320)
    h_4, h_3 = octet(history + 384), octet(history + 448)
    h_2, h_1 = octet(history + 512), octet(history + 576)
    for i in range(0, 8 * count, LINE):
        prefetch(place + i, True)
        new = octet(line + i)
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
def across(line, pitch, before, rows, width, places, step):
    """Write sums of 1, 2, 4 and 8 rows. `before` rows precede the first row.

    Rows have `width` elements, at least a register, and are `pitch` bytes apart. places: addresses for the
    sums of each size; 0: not requested. The written rows are `step` bytes apart.
    """
    one, two, four, eight = places
    for e in range(0, width, REGISTER):
        at = 8 * min(e, width - REGISTER)
        x = _register(line - before * pitch + at)
        t_2, t_1, f_4, f_3, f_2, f_1 = x, x, x, x, x, x
        for row in range(-before, rows):
            new = _register(line + row * pitch + at)
            twos = x + new
            fours = t_2 + twos
            if row >= 0:
                to = at + row * step
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
