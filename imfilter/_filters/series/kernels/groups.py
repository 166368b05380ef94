"""Groups of samples of moving variances: where their parts are, and how these are merged.

A group of samples has a reference, which is its first sample, the difference from the reference to the mean,
and the sum of squares of differences to the mean. Groups are merged to larger groups (T. F. Chan, G. H. Golub
and R. J. LeVeque, Algorithms for computing the sample variance, The American Statistician 37, 1983). Only
differences of samples enter, so an offset of the series costs no digits.

The distance of the reference from the mean is a part of the sum of squares. So for n samples the sum of
squares about the mean is at least an n-th of that about the reference, in which the digits are lost. The
result is never negative, and it is 0 for equal samples. The order is the same for every group.
"""

import numpy as np

from imfilter._filters.series.kernels.blocks import LANES
from imfilter._simd.jit import inlined
from imfilter._simd.lanewise import fma
from imfilter._simd.vector import load, load_one, peek, poke, splat

_F64 = np.dtype(np.float64)
#: Numbers of each part of a group, 8 bytes each: the number of its level, where 0 is a sample, its first
#: row, and the number of its samples as a float.
FIELDS = 3
#: Numbers of each level, 8 bytes each: the number of its samples, the number of its parts, the first of them,
#: and its kind. Its parts are samples that follow each other, groups of the same size, or others.
LEVEL = 4
OTHERS, SAMPLES, EQUALS = 0, 1, 2
#: Elements of a series after which the next level is computed. In 10 million samples, windows of 100,000 take
#: 112 ms in place of 136 for whole blocks. Those of 1,000 take 30 ms either way (one thread, Zen 4).
STRETCH = 2048


@inlined
def locate(parts, count, row, pitch, spots):
    """Write where the parts of groups are: their samples, their means or 0, and their numbers of samples.

    Samples and means are bytes from the first sample of a group. row, pitch: bytes of a row and of an array.
    """
    for i in range(0, 8 * FIELDS * count, 8 * FIELDS):
        level, first = peek(parts + i), peek(parts + i + 8) * row
        poke(spots + i, first)
        poke(spots + i + 8, first + (2 * level - 1) * pitch if level else 0)
        poke(spots + i + 16, peek(parts + i + 16))


@inlined
def _merged(samples, pitch, spots, n_parts, inverse):
    """Return the mean minus the reference, and the sum of squares, of a group that has parts.

    samples: address of the first. spots: see `locate`; single samples are the last. inverse: of the number
    of samples.
    """
    reference = load(_F64, samples, _F64)
    total = reference - reference  # NaN where the sample is not finite
    squares, sums, means = total, total, peek(spots + 8)
    if means:
        u, sums = load(_F64, samples + means, _F64), load(_F64, samples + means + pitch, _F64)
        total = u * load_one(_F64, spots + 16, _F64)
        squares = total * u
    spot, stop = spots + 8 * FIELDS, spots + 8 * FIELDS * n_parts
    while spot < stop and peek(spot + 8):
        means, weight = samples + peek(spot + 8), splat(_F64, load_one(_F64, spot + 16, _F64))
        u = (load(_F64, samples + peek(spot), _F64) - reference) + load(_F64, means, _F64)
        sums = sums + load(_F64, means + pitch, _F64)
        # Additions and fused multiply-adds run at the same time.
        total = fma(u, weight, total)
        squares = fma(u * weight, u, squares)
        spot += 8 * FIELDS
    while spot < stop:
        u = load(_F64, samples + peek(spot), _F64) - reference
        total = total + u
        squares = fma(u, u, squares)
        spot += 8 * FIELDS
    shift = total * splat(_F64, inverse)
    return shift, sums + fma(total * splat(_F64, -inverse), total, squares)


@inlined
def _merged_samples(samples, spots, n_parts, inverse):
    """Return what `_merged` does, of a group of samples that follow each other."""
    reference = load(_F64, samples, _F64)
    total = reference - reference  # NaN where the sample is not finite
    squares, zero = total, total
    for spot in range(spots + 8 * FIELDS, spots + 8 * FIELDS * n_parts, 8 * FIELDS):
        u = load(_F64, samples + peek(spot), _F64) - reference
        total = total + u
        squares = fma(u, u, squares)
    shift = total * splat(_F64, inverse)
    return shift, zero + fma(total, -shift, squares)


@inlined
def _merged_equals(samples, pitch, spots, n_parts, inverse, one):
    """Return what `_merged` does, of a group of groups that have the same number of samples.

    one: 1.0 in all lanes. A multiply-add by 1 is an addition that runs beside the others: windows of 1,000
    take 37.4 ms instead of 38.0 (10 million samples, Zen 4).
    """
    means, weight = peek(spots + 8), splat(_F64, load_one(_F64, spots + 16, _F64))
    reference = load(_F64, samples, _F64)
    total, sums = load(_F64, samples + means, _F64), load(_F64, samples + means + pitch, _F64)
    squares = total * total
    for spot in range(spots + 8 * FIELDS, spots + 8 * FIELDS * n_parts, 8 * FIELDS):
        means = samples + peek(spot + 8)
        u = (load(_F64, samples + peek(spot), _F64) - reference) + load(_F64, means, _F64)
        sums = fma(load(_F64, means + pitch, _F64), one, sums)
        total = total + u
        squares = fma(u, u, squares)
    shift = total * (weight * inverse)
    return shift, fma(fma(total, -shift, squares), weight, sums)


@inlined
def group(kind, samples, pitch, spots, n_parts, inverse, one):
    """Return the mean minus the reference, and the sum of squares, of a group; see `SAMPLES`."""
    if kind == SAMPLES:
        return _merged_samples(samples, spots, n_parts, inverse)
    if kind == EQUALS:
        return _merged_equals(samples, pitch, spots, n_parts, inverse, one)
    return _merged(samples, pitch, spots, n_parts, inverse)


@inlined
def complete(count):
    """Return the number of elements of whole vectors among `count`, which may be negative."""
    return max(count, 0) // LANES * LANES
