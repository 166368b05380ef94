"""Operations of oriented gradients on a line: gradients, and their votes for orientations."""

import math

import numpy as np
from numba.extending import intrinsic

from imfilter._simd import vector_math
from imfilter._simd.jit import inlined, kernel
from imfilter._simd.lanewise import absolute, convert, root, where
from imfilter._simd.registers import in_register
from imfilter._simd.vector import load_like, load_one, splat_register, store
from imfilter._simd.vector_math import Lanes

_F64 = np.dtype(np.float64)
#: Samples in a register.
_LANES = in_register(_F64)


@inlined
def _load(at):
    return load_like(splat_register(_F64, 0.0), at, _F64)


@inlined
def _rounded(real, values):
    """Return float64 values, rounded to `real`."""
    return convert(_F64, convert(real, values))


@kernel("real")
def roots(real, line, count):
    """Take the root of `count` float64 samples and more, rounded to `real`."""
    for x in range(0, count, _LANES):
        store(line + 8 * x, _F64, _rounded(real, root(_load(line + 8 * x))))


@kernel("real", "first")
def gradients(real, first, above, here, below, count, across, down, strength):
    """Write the central differences of `count` float64 samples, and their strength, in whole registers.

    The angle is from 0 to less than 180 degrees. All values are rounded to `real`, because the choice of the
    strongest channel depends on it. The three lines start one sample before the first. If this is not the
    `first` channel, the previous gradient stays unless the new one is stronger.
    """
    for x in range(0, count, _LANES):
        at = 8 * x
        dx = _rounded(real, _load(here + at + 16) - _load(here + at))
        dy = _rounded(real, _load(below + at + 8) - _load(above + at + 8))
        total = _rounded(real, root(dx * dx + dy * dy))
        # Half a turn is no turn: angles from 0 to below 180 degrees.
        turned = (dy < 0.0) | ((dy == 0.0) & (dx < 0.0))
        dx, dy = where(turned, 0.0 - dx, dx), where(turned, 0.0 - dy, dy)
        if not first:
            best = _load(strength + at)
            more = ~(total <= best) & (best == best)  # NaN is the most, as NumPy has it
            dx, dy = where(more, dx, _load(across + at)), where(more, dy, _load(down + at))
            total = where(more, total, best)
        store(across + at, _F64, dx)
        store(down + at, _F64, dy)
        store(strength + at, _F64, total)


@kernel()
def vote(across, down, strength, weight: float, count, limits, bins, votes, step):
    """Add the weighted strength of each of `count` gradients to the votes for its orientation.

    Votes are written in whole registers. limits: address of the cosines and sines of the angles between
    orientations, in ascending order. The orientation of a gradient is the first one whose upper limit is
    above its angle. The comparison needs no tangent. votes: address of the first of `bins` lines, which are
    `step` bytes apart.
    """
    for x in range(0, count, _LANES):
        at, line = 8 * x, votes + 8 * x
        dx, dy, rest = _load(across + at), _load(down + at), _load(strength + at) * weight
        for i in range(bins - 1):
            cosine, sine = load_one(_F64, limits + 16 * i, _F64), load_one(_F64, limits + 16 * i + 8, _F64)
            passed = dy * cosine >= dx * sine
            store(line, _F64, _load(line) + where(passed, 0.0, rest))
            rest = where(passed, rest, 0.0)
            line += step
        store(line, _F64, _load(line) + rest)


@intrinsic
def _angle(typingctx, x, y):
    """Return the angles of points; see `vector_math.angle`."""

    def codegen(context, builder, sig, args):
        return vector_math.angle(*(Lanes(builder, value) for value in args)).value

    return x(x, y), codegen


@inlined
def _part(mine, distance):
    """Return the share of an orientation at a distance, in orientations: NaN for NaN."""
    return where(~(distance >= 1.0), mine * (1.0 - distance), 0.0)


@kernel()
def share(across, down, strength, weight: float, count, limits, bins, votes, step):
    """Divide the weighted strength of each of `count` gradients between its two nearest orientations.

    An orientation is in the middle between its limits. The arguments are those of `vote`.
    """
    whole = float(bins)
    for x in range(0, count, _LANES):
        at, line = 8 * x, votes + 8 * x
        mine = _load(strength + at) * weight
        place = _angle(_load(across + at), _load(down + at)) * (whole / math.pi) - 0.5
        for i in range(bins):
            apart = absolute(place - float(i))
            # Either way round.
            store(line, _F64, _load(line) + _part(mine, apart) + _part(mine, whole - apart))
            line += step
