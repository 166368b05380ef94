"""Measures of ridges, from the eigenvalues of Hessian matrices at one scale after the other.

Ridges have positive eigenvalues here: the components are those of minus the image for bright ridges. They are
multiplied by the square of the scale before.
"""

from imfilter._filters.orientation.kernels.eigenvalues import newton_steps, of_three, of_two
from imfilter._filters.orientation.kernels.job import MATRIX_JOB, REGISTER
from imfilter._simd.jit import inlined, kernel
from imfilter._simd.lanewise import (
    absolute,
    exponential,
    larger,
    one_minus_exponential,
    root,
    where,
)
from imfilter._simd.vector import load_like, record, size_of, splat_register, store

#: What is measured: `form` of a job. `NORM` is the root of the sum of the squares of the eigenvalues.
FRANGI, SATO, MEIJERING, NORM = range(4)


@inlined
def _frangi_two(high, low, beta, gamma):
    """Return the vesselness: eq. 15 of Frangi et al."""
    swap = absolute(high) < absolute(low)
    most, least = where(swap, low, high), where(swap, high, low)
    blob, u, v = least / most, least * gamma, most * gamma
    found = exponential(blob * blob * beta) * one_minus_exponential(-(u * u + v * v))
    return where(most > 0.0, found, 0.0)


@inlined
def _frangi_three(high, between, low, alpha, beta, gamma):
    """Return the vesselness: eq. 13 of Frangi et al."""
    swap = absolute(between) < absolute(low)
    b, c = where(swap, low, between), where(swap, between, low)
    swap = absolute(high) < absolute(b)
    most, b = where(swap, b, high), where(swap, high, b)
    swap = absolute(b) < absolute(c)
    middle, least = where(swap, c, b), where(swap, b, c)
    plate, blob = middle / most, least / most
    blob = blob * (least / middle)
    u, v, w = least * gamma, middle * gamma, most * gamma
    found = one_minus_exponential(plate * plate * alpha) * exponential(absolute(blob) * beta)
    found = found * one_minus_exponential(-(u * u + v * v + w * w))
    return where((most > 0.0) & (middle > 0.0), found, 0.0)


@inlined
def _flattest(first, last, trace, alpha):
    """Return the eigenvalue of largest magnitude of the modified Hessian matrix of Meijering et al., or 0."""
    high, low = first * (1.0 - alpha) + trace * alpha, last * (1.0 - alpha) + trace * alpha
    found = where(absolute(high) < absolute(low), low, high)
    return where(found > 0.0, found, 0.0)


@inlined
def _clipped_root(value):
    """Return the square root, or 0 of a negative value."""
    return root(where(value > 0.0, value, 0.0))


@kernel("real", "ndim")
def measure(real, ndim, job_at):
    """Write a measure if it is larger than what is there, and then its scale; see `MATRIX_JOB`.

    a, b and c: for `FRANGI` minus half of the inverse squares of alpha and beta, and the inverse of gamma
    times the root of 2; for `MEIJERING`, a is alpha.
    """
    job = record(MATRIX_JOB, job_at)
    size, like, steps = size_of(real), splat_register(real, real.type(0)), newton_steps(real)
    form, a, b, c = job.form, job.a, job.b, job.c
    at = 0
    while at < job.count * size:
        xx, xy = load_like(like, job.c0 + at, real), load_like(like, job.c1 + at, real)
        third = load_like(like, job.c2 + at, real)
        if ndim == 2:
            lost = xx + xy + third
            if form == NORM:
                most = larger(larger(absolute(xx), absolute(xy)), absolute(third))
                inverse = where(most > 0.0, 1.0 / most, 0.0)
                u, v, w = xx * inverse, xy * inverse, third * inverse
                found = most * root(u * u + w * w + v * v * 2.0)
            else:
                high, low = of_two(xx, xy, third)
                if form == FRANGI:
                    found = _frangi_two(high, low, b, c)
                elif form == SATO:
                    found = where(high > 0.0, high, 0.0)
                else:
                    found = _flattest(high, low, xx + third, a)
        else:
            yy, yz = load_like(like, job.c3 + at, real), load_like(like, job.c4 + at, real)
            zz = load_like(like, job.c5 + at, real)
            lost = xx + xy + third + (yy + yz + zz)
            if form == NORM:
                most = larger(larger(absolute(xx), absolute(xy)), absolute(third))
                most = larger(most, larger(larger(absolute(yy), absolute(yz)), absolute(zz)))
                inverse = where(most > 0.0, 1.0 / most, 0.0)
                u, v, w = xx * inverse, xy * inverse, third * inverse
                x, y, z = yy * inverse, yz * inverse, zz * inverse
                found = most * root(u * u + x * x + z * z + (v * v + w * w + y * y) * 2.0)
            else:
                high, between, low = of_three(xx, xy, third, yy, yz, zz, steps)
                if form == FRANGI:
                    found = _frangi_three(high, between, low, a, b, c)
                elif form == SATO:
                    found = _clipped_root(high) * _clipped_root(between)
                else:
                    found = _flattest(high, low, xx + yy + zz, a)
        found = where(lost == lost, found, lost)
        earlier = load_like(like, job.to_0 + at, real)
        better = found > earlier
        store(job.to_0 + at, real, where(better | (found != found), found, earlier))
        if job.to_1:
            scale = where(better, job.sigma, load_like(like, job.to_1 + at, real))
            store(job.to_1 + at, real, scale)
        at += REGISTER
