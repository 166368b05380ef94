"""Gradients of a line, and non-maximum suppression across edges, for Canny's method."""

import numpy as np

from imfilter._filters.canny.kernels.flood_fill import STRONG, WEAK
from imfilter._simd.jit import inlined, kernel
from imfilter._simd.lanewise import absolute, bits_of, full_like, root, where
from imfilter._simd.registers import BYTES, REGISTERS
from imfilter._simd.vector import load_like, size_of, splat_register, store

_U8 = np.dtype(np.uint8)

#: Norms of the gradient: the sum of the absolute derivatives, the sum of their squares, or its square root.
L1, SQUARED, L2 = 0, 1, 2
#: The tangent of 22.5 degrees in units of 2**-15, as in OpenCV.
_UNIT, _TANGENT = 32768.0, 13573.0


@inlined
def _three(like, real, at):
    """Return vectors of samples, of the next samples and of those after them."""
    size = size_of(real)
    return load_like(like, at, real), load_like(like, at + size, real), load_like(like, at + 2 * size, real)


@inlined
def _smooth(first, middle, last):
    return (first + last) + middle * 2.0


@kernel("real", "measure")
def gradients(real, measure, above, here, below, count, dx, dy, strength):
    """Write the Sobel derivatives and the gradient magnitudes of `count` samples; see `L1`.

    Results are written in whole registers. The three lines start one sample before the first.
    """
    size, none = size_of(real), splat_register(real, real.type(0))
    for x in range(0, count * size, BYTES // REGISTERS):
        a, a_next, a_last = _three(none, real, above + x)
        h, _, h_last = _three(none, real, here + x)
        b, b_next, b_last = _three(none, real, below + x)
        # Differences first: they are 0 in flat areas, and both axes are treated alike.
        across = _smooth(a_last - a, h_last - h, b_last - b)
        down = _smooth(b - a, b_next - a_next, b_last - a_last)
        if measure == L1:
            total = absolute(across) + absolute(down)
        else:
            total = across * across + down * down
            if measure == L2:
                total = root(total)
        store(dx + x, real, across)
        store(dy + x, real, down)
        store(strength + x, real, total)


@inlined
def _falls(dx, dy):
    """Tell whether the signs differ. The product of nonzero values would tell, but it may underflow."""
    return (bits_of(dx) ^ bits_of(dy)) < 0


@inlined
def _among_sectors(real, dx, dy, mine, above, here, below):
    """Tell which magnitudes are larger than those of their two neighbours in one of four directions."""
    size, wide, tall = size_of(real), absolute(dx), absolute(dy) * _UNIT
    flat = wide * _TANGENT
    level = tall < flat
    # Differences of multiples of the unit are exact. The sum of both factors would not be exact.
    steep = tall - wide * (2 * _UNIT) > flat
    falls = _falls(dx, dy)  # used only where neither is 0
    along = (mine > load_like(mine, here - size, real)) & (mine >= load_like(mine, here + size, real))
    down = (mine > load_like(mine, above, real)) & (mine >= load_like(mine, below, real))
    first = where(falls, load_like(mine, above + size, real), load_like(mine, above - size, real))
    last = where(falls, load_like(mine, below - size, real), load_like(mine, below + size, real))
    across = (mine > first) & (mine > last)
    return where(level, along, where(steep, down, across))


@inlined
def _is_reached(real, mine, share, steep, line, here, side):
    """Tell which magnitudes are at least those interpolated between a line and a neighbour on its `side`.

    The side is a distance in bytes.
    """
    near = where(steep, load_like(mine, line, real), load_like(mine, here + side, real))
    return load_like(mine, line + side, real) * share + near * (1.0 - share) <= mine


@inlined
def _interpolated(real, dx, dy, mine, above, here, below):
    """Tell which magnitudes are at least those interpolated on both sides along the gradient."""
    size, wide, tall = size_of(real), absolute(dx), absolute(dy)
    steep = tall > wide
    low, high = where(steep, wide, tall), where(steep, tall, wide)
    falls = _falls(dx, dy) & (low * 0.0 < low)
    share = low / high
    rising = _is_reached(real, mine, share, steep, below, here, size) & _is_reached(
        real, mine, share, steep, above, here, -size
    )
    falling = _is_reached(real, mine, share, steep, above, here, size) & _is_reached(
        real, mine, share, steep, below, here, -size
    )
    return where(falls, falling, rising)


@kernel("real", "interpolated")
def thin(real, interpolated, dx, dy, above, here, below, count, low: float, high: float, to):
    """Mark the edges among `count` samples: local maxima across the edge, above the thresholds.

    Results are written in whole registers. The neighbours are in one of four directions, and magnitudes must
    exceed the thresholds. If `interpolated`, the neighbours are interpolated between two of eight directions,
    and magnitudes must be at least the thresholds. above, here, below: magnitudes, with one sample before the
    first.
    """
    size, lanes = size_of(real), BYTES // REGISTERS // size_of(real)
    least, most = splat_register(real, real.type(low)), splat_register(real, real.type(high))
    for x in range(0, count, lanes):
        at = x * size
        across, down = load_like(least, dx + at, real), load_like(least, dy + at, real)
        mine = load_like(least, here + at, real)
        if interpolated:
            kept = _interpolated(real, across, down, mine, above + at, here + at, below + at)
            weak = kept & (mine > 0.0) & (mine >= least)
            strong = weak & (mine >= most)
        else:
            kept = _among_sectors(real, across, down, mine, above + at, here + at, below + at)
            weak = kept & (mine > 0.0) & (mine > least)
            strong = weak & (mine > most)
        unmarked = full_like(mine, _U8, 0)
        marks = where(weak, WEAK, unmarked) + where(strong, STRONG - WEAK, unmarked)
        store(to + x, _U8, marks)
