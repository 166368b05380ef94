"""The fits of a guided filter from the sums of windows, and the results from the sums of coefficients."""

import numpy as np

from imfilter._filters.edge_preserving.kernels.guided_merge import n_references
from imfilter._simd.jit import inlined, nested
from imfilter._simd.lanewise import count_lanes, fma, larger, where
from imfilter._simd.lines import copy
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import load, peek, poke, size_of, splat, store

#: Least variance, with `eps`, by the square of the mean. Below it the difference of sums has an error of more
#: than 1.5e-8 of the range of the window. The fit is then NaN, and the sums of `guided_merge` are used. They
#: are used for all fits that are NaN, also because of samples: other windows of the piece change nothing.
LEAST = 2.0**-25
#: Forms of a pass. `SECOND`: that over coefficients. `MERGED`: sums have references, see `guided_merge`.
SECOND, MERGED = 1, 2
_F64 = np.dtype(np.float64)


@inlined
def _pair_at(guides, c, d):
    """Return the number of a product of two channels of the guide."""
    return c * guides - c * (c - 1) // 2 + d - c


@inlined
def _put(real, job, place, i, wide, value):
    """Write a vector of which only `wide` values may be written, if these are less than a vector."""
    if wide < BYTES // 8:
        store(job.stage, real, value)
        copy(real, place, job.stage, wide)
    else:
        store(place + size_of(real) * i, real, value)


@nested
def _matrix(form, job, here, inverse):
    """Write the matrix and the right sides to the stage. Return where a variance lacks digits."""
    guides, images, segment, stage = job.n_guides, job.n_images, job.segment, job.stage
    eps, zero, least = splat(_F64, job.eps), splat(_F64, 0.0), splat(_F64, LEAST)
    lacking = zero != zero
    pairs = here + segment * n_references(job)
    crosses = pairs + segment * (guides * (guides + 1) // 2)
    sides = stage + BYTES * guides * guides
    for c in range(guides):
        mean = load(_F64, here + segment * c, _F64) * inverse
        for d in range(c, guides):
            other = load(_F64, here + segment * d, _F64) * inverse
            product = load(_F64, pairs + segment * _pair_at(guides, c, d), _F64) * inverse
            found = fma(-mean, other, product)
            if c == d:
                found = larger(found, zero) + eps
                if not form & MERGED:
                    lacking = lacking | (mean * mean * least >= found)
            store(stage + BYTES * (c * guides + d), _F64, found)
        for j in range(images):
            if job.own:
                low, high = min(c, j), max(c, j)
                other = load(_F64, here + segment * j, _F64) * inverse
                product = load(_F64, pairs + segment * _pair_at(guides, low, high), _F64) * inverse
            else:
                other = load(_F64, here + segment * (guides + j), _F64) * inverse
                product = load(_F64, crosses + segment * (j * guides + c), _F64) * inverse
            found = fma(-mean, other, product)
            if job.own and c == j:
                found = larger(found, zero)
            store(sides + BYTES * (j * guides + c), _F64, found)
    return lacking


@inlined
def _eliminate(job):
    """Bring the matrix of the stage to the factors L D L', and the sides to those of D L'."""
    guides, images, stage = job.n_guides, job.n_images, job.stage
    eps, sides = splat(_F64, job.eps), stage + BYTES * guides * guides
    for c in range(guides):
        row = stage + BYTES * c * guides
        pivot = 1.0 / larger(load(_F64, row + BYTES * c, _F64), eps)
        store(row + BYTES * c, _F64, pivot)
        for d in range(c + 1, guides):
            factor = load(_F64, row + BYTES * d, _F64) * pivot
            for e in range(d, guides):
                place = stage + BYTES * (d * guides + e)
                store(place, _F64, fma(-factor, load(_F64, row + BYTES * e, _F64), load(_F64, place, _F64)))
            for j in range(images):
                place = sides + BYTES * (j * guides + d)
                first = load(_F64, sides + BYTES * (j * guides + c), _F64)
                store(place, _F64, fma(-factor, first, load(_F64, place, _F64)))


@nested
def solve(form, job, line, i, at, real, to, wide):
    """Write the coefficients of each window: those of the guide, and the constant, for each channel.

    (Cov + eps) a = cov, by the factors L D L' of the matrix. No pivot of it is less than eps. Then follow, if
    samples may be absent, the count of the centre, the means and the sums of counts; then the references, if
    constants are relative to them.
    """
    guides, images, segment, stage = job.n_guides, job.n_images, job.segment, job.stage
    here, zero = line + 8 * i, splat(_F64, 0.0)
    inverse, count = splat(_F64, 1.0 / job.taps), splat(_F64, 1.0)
    total = count
    if job.counts:
        total = load(_F64, here + segment * (job.sums - 1), _F64)
        inverse = 1.0 / total
        count = load(_F64, job.counts + at, real)
    lacking = _matrix(form, job, here, inverse)
    _eliminate(job)
    sides = stage + BYTES * guides * guides
    references = here + segment * job.sums
    for j in range(images):
        own = j if job.own else guides + j
        mean = load(_F64, here + segment * own, _F64) * inverse
        rest, shift = mean, zero
        if form & MERGED:
            shift = load(_F64, references + segment * own, _F64)
        whole = mean + shift
        for back in range(guides):
            c = guides - 1 - back
            row, place = stage + BYTES * c * guides, sides + BYTES * (j * guides + c)
            found = load(_F64, place, _F64)
            for d in range(c + 1, guides):
                after = load(_F64, sides + BYTES * (j * guides + d), _F64)
                found = fma(-load(_F64, row + BYTES * d, _F64), after, found)
            found = found * load(_F64, row + BYTES * c, _F64)
            store(place, _F64, found)
            rest = fma(-found, load(_F64, here + segment * c, _F64) * inverse, rest)
            if form & MERGED:
                shift = fma(-found, load(_F64, references + segment * c, _F64), shift)
        if form & MERGED and not job.relative:
            rest = rest + shift
        store(sides + BYTES * (images * guides + j), _F64, rest)
        store(sides + BYTES * (images * (guides + 1) + 1 + j), _F64, whole)
    store(sides + BYTES * images * (guides + 1), _F64, count)
    n_summed, n_all = images * (guides + 1), images * (guides + 2) + 2
    store(sides + BYTES * (n_all - 1), _F64, total)
    wanted = zero == zero
    if form & MERGED and job.fill:
        first = load(_F64, peek(job.to) + to + 8 * i, _F64)
        wanted = first != first
    for q in range(n_all if job.counts else n_summed):
        found = load(_F64, sides + BYTES * q, _F64)
        if job.counts and q < n_summed:
            found = where(count > zero, found * count, 0.0)
        if not form & MERGED and q == 0:
            found = where(lacking, np.nan, found)
            if count_lanes(found != found):
                poke(job.flag, 1)
        place = peek(job.to + 8 * q) + to
        if form & MERGED and job.fill:
            found = where(wanted, found, load(_F64, place + 8 * i, _F64))
        _put(_F64, job, place, i, wide, found)
    if form & MERGED and job.relative:
        for c in range(n_references(job)):
            place = peek(job.to + 8 * (n_all + c)) + to
            _put(_F64, job, place, i, wide, load(_F64, references + segment * c, _F64))


@nested
def solve_grey(job, line, to, wide):
    """Do what `solve` does for a line of one channel with a guide of one. All samples are present."""
    lanes, own, segment, flag = BYTES // 8, job.own, job.segment, job.flag
    slope_to, constant_to = peek(job.to) + to, peek(job.to + 8) + to
    inverse, eps = splat(_F64, 1.0 / job.taps), splat(_F64, job.eps)
    for block in range((wide + lanes - 1) // lanes):
        i = min(block * lanes, max(wide - lanes, 0))
        here = line + 8 * i
        mean = load(_F64, here, _F64) * inverse
        other, covariance = mean, mean
        products = here + segment * (1 if own else 2)
        variance = larger(fma(-mean, mean, load(_F64, products, _F64) * inverse), splat(_F64, 0.0))
        if own:
            covariance = variance
        else:
            other = load(_F64, here + segment, _F64) * inverse
            covariance = fma(-mean, other, load(_F64, products + segment, _F64) * inverse)
        variance = variance + eps
        slope = covariance / variance
        constant = fma(-slope, mean, other)
        lacking = (mean * mean * splat(_F64, LEAST) >= variance) | (slope != slope)
        if count_lanes(lacking):
            poke(flag, 1)
            slope = where(lacking, np.nan, slope)
        _put(_F64, job, slope_to, i, wide, slope)
        _put(_F64, job, constant_to, i, wide, constant)


@nested
def results_grey(real, job, line, at, to, wide):
    """Do what `results` does for a line of one channel with a guide of one. All samples are present."""
    lanes, constants, place = BYTES // 8, line + job.segment, peek(job.to) + to
    guide, inverse = peek(job.guides) + at, splat(_F64, 1.0 / job.taps)
    for block in range((wide + lanes - 1) // lanes):
        i = min(block * lanes, max(wide - lanes, 0))
        own = load(_F64, guide + size_of(real) * i, real)
        found = fma(load(_F64, line + 8 * i, _F64), own, load(_F64, constants + 8 * i, _F64))
        _put(real, job, place, i, wide, found * inverse)


@nested
def results(real, form, job, line, i, at, to, wide):
    """Write the results: coefficients times the guide."""
    guides, images, segment = job.n_guides, job.n_images, job.segment
    here, inverse = line + 8 * i, splat(_F64, 1.0 / job.taps)
    if job.counts:
        inverse = 1.0 / load(_F64, here + segment * (job.sums - 1), _F64)
    references = here + segment * job.sums
    for j in range(images):
        found = load(_F64, here + segment * (images * guides + j), _F64)
        for c in range(guides):
            own = load(_F64, peek(job.guides + 8 * c) + at, real)
            if form & MERGED:
                own = own - load(_F64, references + segment * c, _F64)
            found = fma(load(_F64, here + segment * (j * guides + c), _F64), own, found)
        found = found * inverse
        if form & MERGED:
            found = found + load(_F64, references + segment * (j if job.own else guides + j), _F64)
        _put(real, job, peek(job.to + 8 * j) + to, i, wide, found)
