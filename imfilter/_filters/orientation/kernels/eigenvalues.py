"""Eigenvalues of symmetric matrices of two and three rows, in closed form.

Two rows: with the half difference h of the diagonal and the other component b, they are the mean of the
diagonal plus and minus ``hypot(h, b)``. Nothing cancels.

Three rows: the matrix minus its mean diagonal q, divided by the root p of a sixth of the sum of squares, has
eigenvalues ``2*cos`` of angles that are a third of a turn apart (O. K. Smith, Communications of the ACM 4(4),
1961). This formula loses half of the digits where two eigenvalues are nearly equal. So it is used for the
eigenvalue m that is far from the other two only, at a distance of at least the root of 3. The adjugate of
``B - m*I`` is its projection P times a number of at least 6, so P is known to the last digits. The other two
are ``-m/2`` plus and minus d, and d is half of the root of the sum of squares of ``B + m/2*I - 3/2*m*P``, in
which nothing of the size of d cancels (deflation, W. M. Scherzinger and C. R. Dohrmann, Computer Methods in
Applied Mechanics and Engineering 197, 2008). All errors are some roundings of the largest eigenvalue.

Changing the signs of two components changes no bit. So a mirrored image has the mirrored eigenvalues.
"""

import numpy as np

from imfilter._filters.orientation.kernels.job import MATRIX_JOB, REGISTER
from imfilter._simd.jit import inlined, kernel
from imfilter._simd.lanewise import absolute, fma, larger, root, smaller, where
from imfilter._simd.vector import load_like, record, size_of, splat_register, store
from imfilter._simd.vector_math import fitted

#: ``cos(acos(t) / 3)`` for t from 0 to 1, to 1e-6. Newton's method doubles the digits.
_COSINE = tuple(fitted(lambda t: np.cos(np.arccos(np.clip(t, -1, 1)) / 3), 5, 0.0, 1.0))


@inlined
def of_two(xx, xy, yy):
    """Return the eigenvalues of a matrix of two rows, the larger first."""
    middle, half = xx * 0.5 + yy * 0.5, xx * 0.5 - yy * 0.5
    high, low = absolute(half), absolute(xy)
    most, least = larger(high, low), smaller(high, low)
    slope = where(most > 0.0, least / most, 0.0)
    away = most * root(slope * slope + 1.0)
    lost = half + xy  # NaN if either is
    away = where(lost == lost, away, lost)
    return middle + away, middle - away


@inlined
def _cosine_of_third(t, steps):
    """Return the cosine of a third of the angle whose cosine is `t`, from 0 to 1."""
    found = t * _COSINE[5] + _COSINE[4]
    found = found * t + _COSINE[3]
    found = found * t + _COSINE[2]
    found = found * t + _COSINE[1]
    found = found * t + _COSINE[0]
    for _ in range(steps):
        square = found * found
        found = found - (found * (square * 4.0 - 3.0) - t) / (square * 12.0 - 3.0)
    return found


@inlined
def parts_of_three(xx, xy, xz, yy, yz, zz, steps):
    """Return a matrix of three rows as a sum of parts; see above.

    The mean of the eigenvalues and the unit of what follows; the eigenvalue that is far from the others, and
    whether it is the smallest; half of the distance of the others; the adjugate, and the rest after
    deflation.
    """
    middle = (xx + yy + zz) * (1.0 / 3.0)
    a, b, c = xx - middle, yy - middle, zz - middle
    rest = (a + b + c) * (1.0 / 3.0)  # the rounding error of the mean, beside a small difference
    a, b, c, middle = a - rest, b - rest, c - rest, middle + rest
    # The largest component becomes 1, so that no square is too large or too small.
    most = larger(larger(absolute(a), absolute(b)), absolute(c))
    most = larger(most, larger(larger(absolute(xy), absolute(xz)), absolute(yz)))
    inverse = where(most > 0.0, 1.0 / most, 0.0)
    a, b, c, d, e, f = a * inverse, b * inverse, c * inverse, xy * inverse, xz * inverse, yz * inverse
    squares = (a * a + b * b + c * c) * (1.0 / 6.0) + (d * d + e * e + f * f) * (1.0 / 3.0)
    size = root(squares)
    inverse = where(size > 0.0, 1.0 / size, 0.0)
    a, b, c, d, e, f = a * inverse, b * inverse, c * inverse, d * inverse, e * inverse, f * inverse
    cosine = (a * (b * c - f * f) - d * (d * c - e * f) + e * (d * f - b * e)) * 0.5
    low, size_of_cosine = cosine < 0.0, absolute(cosine)
    far = _cosine_of_third(where(size_of_cosine > 1.0, 1.0, size_of_cosine), steps) * 2.0
    far = where(low, -far, far)
    # The adjugate of the matrix minus `far` times the identity.
    p, q, r = a - far, b - far, c - far
    adjugate_xx, adjugate_yy, adjugate_zz = q * r - f * f, p * r - e * e, p * q - d * d
    factor, half = far * 1.5 / (adjugate_xx + adjugate_yy + adjugate_zz), far * 0.5
    rest_xx, rest_yy = a + half - factor * adjugate_xx, b + half - factor * adjugate_yy
    rest_zz = c + half - factor * adjugate_zz
    rest_xy, rest_xz = d - factor * (e * f - d * r), e - factor * (d * f - e * q)
    rest_yz = f - factor * (d * e - f * p)
    squares = (rest_xx * rest_xx + rest_yy * rest_yy + rest_zz * rest_zz) * 0.5
    away = root(squares + (rest_xy * rest_xy + rest_xz * rest_xz + rest_yz * rest_yz))
    adjugate = adjugate_xx, e * f - d * r, d * f - e * q, adjugate_yy, d * e - f * p, adjugate_zz
    rest = rest_xx, rest_xy, rest_xz, rest_yy, rest_yz, rest_zz
    return middle, most * size, far, low, away, adjugate, rest


@inlined
def of_three(xx, xy, xz, yy, yz, zz, steps):
    """Return the eigenvalues of a matrix of three rows, the largest first."""
    middle, scale, far, low, away, _, _ = parts_of_three(xx, xy, xz, yy, yz, zz, steps)
    half = far * 0.5
    above, below = away - half, -away - half
    first = fma(where(low, above, far), scale, middle)
    second = fma(where(low, below, above), scale, middle)
    third = fma(where(low, far, below), scale, middle)
    return first, second, third


@inlined
def newton_steps(real):
    """Return the number of steps that give all digits of a type."""
    return 2 if size_of(real) == 8 else 1


@kernel("real", "ndim")
def eigenvalues(real, ndim, job_at):
    """Write the eigenvalues of matrices of `ndim` rows, the largest first; see `MATRIX_JOB`."""
    job = record(MATRIX_JOB, job_at)
    size, like, steps = size_of(real), splat_register(real, real.type(0)), newton_steps(real)
    at = 0
    while at < job.count * size:
        xx, xy = load_like(like, job.c0 + at, real), load_like(like, job.c1 + at, real)
        third = load_like(like, job.c2 + at, real)
        if ndim == 2:
            high, low = of_two(xx, xy, third)
            store(job.to_0 + at, real, high)
            store(job.to_1 + at, real, low)
        else:
            yy, yz = load_like(like, job.c3 + at, real), load_like(like, job.c4 + at, real)
            zz = load_like(like, job.c5 + at, real)
            high, between, low = of_three(xx, xy, third, yy, yz, zz, steps)
            store(job.to_0 + at, real, high)
            store(job.to_1 + at, real, between)
            store(job.to_2 + at, real, low)
        at += REGISTER
