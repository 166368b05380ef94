"""Eigenvectors and coherence of matrices of three rows.

The adjugate of a matrix minus its far eigenvalue is a number times the projection P onto its eigenvector.
With the rest R after deflation, whose eigenvalues are d, -d and 0, the matrices ``d*(I - P) + R`` and ``d*(I
- P) - R`` are 2d times the projections onto the other two. The longest column of a projection is the
eigenvector.
"""

from imfilter._filters.orientation.kernels.eigenvalues import newton_steps, of_three, parts_of_three
from imfilter._filters.orientation.kernels.job import MATRIX_JOB, REGISTER
from imfilter._simd.jit import inlined, kernel
from imfilter._simd.lanewise import root, where
from imfilter._simd.vector import load_like, record, size_of, splat_register, store

#: What is written, besides what `angles` writes: the eigenvector of the largest or of the smallest
#: eigenvalue, or how much the first and the second eigenvalue differ, or the second and the third.
LARGEST, SMALLEST, PLANES, LINES = range(4)


@inlined
def _column(xx, xy, xz, yy, yz, zz):
    """Return the column of a projection with the largest element of the diagonal."""
    last = (zz < yy) | (zz < xx)
    middle = yy < xx
    x = where(last, where(middle, xx, xy), xz)
    y = where(last, where(middle, xy, yy), yz)
    z = where(last, where(middle, xz, yz), zz)
    return x, y, z


@inlined
def _unit(x, y, z):
    """Return a vector of length 1. Its last element that is not 0 is positive. Zeros become 0, 0, 1."""
    squares = x * x + y * y + z * z
    inverse = where(squares > 0.0, 1.0 / root(squares), 0.0)
    turned = (z < 0.0) | ((z == 0.0) & ((y < 0.0) | ((y == 0.0) & (x < 0.0))))
    inverse = where(turned, -inverse, inverse)
    return x * inverse + 0.0, y * inverse + 0.0, where(squares > 0.0, z * inverse, 1.0)


@inlined
def _eigenvector(xx, xy, xz, yy, yz, zz, steps, sign):
    """Return the eigenvector of the largest eigenvalue (`sign` is 1), or of the smallest (-1)."""
    _, _, _, low, d, adjugate, rest = parts_of_three(xx, xy, xz, yy, yz, zz, steps)
    axx, axy, axz, ayy, ayz, azz = adjugate
    share = d / (axx + ayy + azz)
    rxx, rxy, rxz, ryy, ryz, rzz = rest
    x, y, z = _column(axx, axy, axz, ayy, ayz, azz)
    u, v, w = _column(
        d - axx * share + rxx * sign, rxy * sign - axy * share, rxz * sign - axz * share,
        d - ayy * share + ryy * sign, ryz * sign - ayz * share, d - azz * share + rzz * sign,
    )  # fmt: skip
    if sign > 0:
        x, y, z = where(low, u, x), where(low, v, y), where(low, w, z)
    else:
        x, y, z = where(low, x, u), where(low, y, v), where(low, z, w)
    return _unit(x, y, z)


@inlined
def _contrast(high, low, rounded):
    """Return ``(high - low)/(high + low)`` of numbers of at least 0, or 0 if they are rounding errors."""
    high, low = where(high > 0.0, high, 0.0), where(low > 0.0, low, 0.0)
    total = high + low
    found = where(total > rounded, (high - low) / total, 0.0)
    return where(found > 1.0, 1.0, found)


@kernel("real")
def directions(real, job_at):
    """Write an eigenvector or a coherence of matrices of three rows; see `MATRIX_JOB`."""
    job = record(MATRIX_JOB, job_at)
    size, like, steps = size_of(real), splat_register(real, real.type(0)), newton_steps(real)
    tiny = 16 * 2.0**-52 if size == 8 else 16 * 2.0**-23
    at = 0
    while at < job.count * size:
        xx, xy = load_like(like, job.c0 + at, real), load_like(like, job.c1 + at, real)
        xz, yy = load_like(like, job.c2 + at, real), load_like(like, job.c3 + at, real)
        yz, zz = load_like(like, job.c4 + at, real), load_like(like, job.c5 + at, real)
        lost = xx + xy + xz + yy + yz + zz
        if job.form >= PLANES:
            high, between, low = of_three(xx, xy, xz, yy, yz, zz, steps)
            if job.form == PLANES:
                found = _contrast(high, between, high * 0.0)
            else:
                found = _contrast(between, low, high * tiny)
            store(job.to_0 + at, real, where(lost == lost, found, lost))
        else:
            if job.form == LARGEST:
                x, y, z = _eigenvector(xx, xy, xz, yy, yz, zz, steps, 1.0)
            else:
                x, y, z = _eigenvector(xx, xy, xz, yy, yz, zz, steps, -1.0)
            store(job.to_0 + at, real, where(lost == lost, x, lost))
            store(job.to_1 + at, real, where(lost == lost, y, lost))
            store(job.to_2 + at, real, where(lost == lost, z, lost))
        at += REGISTER
