"""Sums of a guided filter that keep their digits far from 0: each has references, samples of its own window.

A part of a window has the sums of what the fit needs, for samples minus the references of this part. To add a
part to another one, its sums are first changed to the references of the other. So an offset that all samples
share changes no result, and every result depends on the samples of its window only.

A change of references takes about three times as long as a sum. So results of float32 use it only in windows
whose variance is a small difference of large sums; see `guided_fit.LEAST`.
"""

import numpy as np

from imfilter._simd.jit import inlined, nested
from imfilter._simd.lanewise import fma, where
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import load, peek, size_of, splat, store

_F64 = np.dtype(np.float64)


@inlined
def n_references(job):
    """Return the number of references: the channels of the guide, and of the image if it is another one."""
    return job.n_guides if job.own else job.n_guides + job.n_images


@inlined
def sample_record(real, job, at, to, step):
    """Write the record of single samples: they are references, and sums are 0. step: of quantities."""
    zero = splat(_F64, 0.0)
    for q in range(job.sums):
        store(to + step * q, _F64, zero)
    if job.counts:
        store(to + step * (job.sums - 1), _F64, load(_F64, job.counts + at, real))
    for c in range(job.n_guides):
        value = load(_F64, peek(job.guides + 8 * c) + at, real)
        store(to + step * (job.sums + c), _F64, value)
    if not job.own:
        for j in range(job.n_images):
            value = load(_F64, peek(job.images + 8 * j) + at, real)
            store(to + step * (job.sums + job.n_guides + j), _F64, value)


@nested
def _changes(job, to, part, step):
    """Write the references of a part minus those of the record it is added to, or 0 for an empty part."""
    sums, zero = job.sums, splat(_F64, 0.0)
    fresh, nothing = zero != zero, zero != zero
    if job.counts:
        fresh = load(_F64, to + job.segment * (sums - 1), _F64) == zero
        nothing = load(_F64, part + step * (sums - 1), _F64) == zero
    for c in range(n_references(job)):
        place = to + job.segment * (sums + c)
        own, other = load(_F64, place, _F64), load(_F64, part + step * (sums + c), _F64)
        if job.counts:
            own = where(fresh, other, own)
            store(place, _F64, own)
        change = other - own
        if job.counts:
            change = where(nothing, zero, change)
        store(job.stage + BYTES * c, _F64, change)


@inlined
def _add(to, value):
    store(to, _F64, load(_F64, to, _F64) + value)


@nested
def _add_products(job, to, part, step, first, second, place, weight):
    """Add the products of two quantities of a part, whose sums are those of number `first` and `second`."""
    stage, segment = job.stage, job.segment
    change, other = load(_F64, stage + BYTES * first, _F64), load(_F64, stage + BYTES * second, _F64)
    sum_first, sum_second = load(_F64, part + step * first, _F64), load(_F64, part + step * second, _F64)
    value = fma(change, fma(weight, other, sum_second), load(_F64, part + step * place, _F64))
    _add(to + segment * place, fma(other, sum_first, value))


@nested
def add_part(second, job, to, part, step, weight):
    """Add a part to the record at `to`. step: of its quantities; weight: its number of samples, if all count.

    In the first pass, the sums of samples and of products are changed. In the second pass, each coefficient a
    belongs to ``a * (guide - reference) + constant + reference of the image``.
    """
    _changes(job, to, part, step)
    guides, images, segment, stage = job.n_guides, job.n_images, job.segment, job.stage
    if job.counts:
        weight = load(_F64, part + step * (job.sums - 1), _F64)
    if second:
        for j in range(images):
            place = images * guides + j
            change = load(_F64, stage + BYTES * (j if job.own else guides + j), _F64)
            total = fma(change, weight, load(_F64, part + step * place, _F64))
            for c in range(guides):
                slope = load(_F64, part + step * (j * guides + c), _F64)
                total = fma(-load(_F64, stage + BYTES * c, _F64), slope, total)
                _add(to + segment * (j * guides + c), slope)
            _add(to + segment * place, total)
    else:
        place = n_references(job)
        for c in range(guides):
            for d in range(c, guides):
                _add_products(job, to, part, step, c, d, place, weight)
                place += 1
        if not job.own:
            for j in range(images):
                for c in range(guides):
                    _add_products(job, to, part, step, c, guides + j, place, weight)
                    place += 1
        for c in range(n_references(job)):
            change = load(_F64, stage + BYTES * c, _F64)
            _add(to + segment * c, fma(change, weight, load(_F64, part + step * c, _F64)))
    if job.counts:
        _add(to + segment * (job.sums - 1), weight)


@inlined
def copy_record(job, to, part, step):
    """Write a record. step: of its quantities."""
    for q in range(job.quantities):
        store(to + job.segment * q, _F64, load(_F64, part + step * q, _F64))


@nested
def row_record(real, second, job, at, step, depth, to, wide):
    """Write the records of a row: samples or coefficients at `at`, and those of the planes below it."""
    size, scratch = 8 if second else size_of(real), job.stage + BYTES * n_references(job)
    weight = splat(_F64, 1.0)
    for i in range(0, wide, BYTES // 8):
        for k in range(depth):
            place = size * (at + i + step * k)
            if second:
                if k:
                    add_part(second, job, to + 8 * i, job.planes + place, job.plane, weight)
                else:
                    copy_record(job, to + 8 * i, job.planes + place, job.plane)
            elif k:
                sample_record(real, job, place, scratch, BYTES)
                add_part(second, job, to + 8 * i, scratch, BYTES, weight)
            else:
                sample_record(real, job, place, to + 8 * i, job.segment)


@inlined
def merge_grey(real, second, job, spots, end, last, to, wide):
    """Do what `merge_parts` does for a channel that is its own guide, whose samples are all present.

    The addresses of parts with records are at `spots`, and their numbers of samples as far behind them as
    `last` is. From `end` on follow rows of samples or of coefficients.
    """
    segment, plane, zero, one = job.segment, job.plane, splat(_F64, 0.0), splat(_F64, 1.0)
    for i in range(0, wide, BYTES):
        own = i if second else i * size_of(real) // 8
        first, other = zero, zero
        if spots < end:
            reference = load(_F64, peek(spots) + 2 * segment + i, _F64)
        elif second:
            reference = load(_F64, peek(end) + 2 * plane + own, _F64)
        else:
            reference = load(_F64, peek(end) + own, real)
        for spot in range(spots, end, 8):
            place, weight = peek(spot) + i, splat(_F64, float(peek(last + spot - spots)))
            change = load(_F64, place + 2 * segment, _F64) - reference
            total, more = load(_F64, place, _F64), load(_F64, place + segment, _F64)
            if second:
                other = other + fma(change, weight - total, more)
            else:
                moved = fma(change, weight, total)
                other, total = other + fma(change, moved + total, more), moved
            first = first + total
        for spot in range(end, last, 8):
            place = peek(spot) + own
            if second:
                change, total = load(_F64, place + 2 * plane, _F64) - reference, load(_F64, place, _F64)
                other = other + fma(change, one - total, load(_F64, place + plane, _F64))
                first = first + total
            else:
                change = load(_F64, place, real) - reference
                other, first = fma(change, change, other), first + change
        store(to + i, _F64, first)
        store(to + segment + i, _F64, other)
        store(to + 2 * segment + i, _F64, reference)


@nested
def merge_parts(second, job, spots, n_parts, to, wide):
    """Write the sums of parts whose addresses and numbers of samples are at `spots`."""
    for i in range(0, wide, BYTES):
        copy_record(job, to + i, peek(spots) + i, job.segment)
        for number in range(1, n_parts):
            weight = splat(_F64, float(peek(spots + 8 * (n_parts + number))))
            add_part(second, job, to + i, peek(spots + 8 * number) + i, job.segment, weight)
