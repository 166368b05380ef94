"""Variances of windows that slide along series of float64, without a running sum.

A group of samples has a reference, which is one of its samples, the difference from the reference to the
mean, and the sum of squares of differences to the mean. Groups are merged to larger groups (T. F. Chan, G. H.
Golub and R. J. LeVeque, Algorithms for computing the sample variance, The American Statistician 37, 1983).
Only differences of samples enter, so an offset of the series costs no digits.

The first sample of a window is the reference. Its distance from the mean is a part of the sum of squares. So
for n samples the sum of squares about the mean is at least an n-th of that about the reference, in which the
digits are lost. The result is never negative, and it is 0 for equal samples. The order is the same for every
window.
"""

import numpy as np

from imfilter._filters.series.kernels.blocks import LANES, copy_along, gather, scatter
from imfilter._filters.series.kernels.register_groups import EIGHT_LANES, write_chains, write_eights
from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, inlined, kernel
from imfilter._simd.lanewise import fma, root, where
from imfilter._simd.prefetch import DISTANCE, prefetch
from imfilter._simd.registers import LINE
from imfilter._simd.vector import invoke, load, load_one, peek, poke, splat, store

_F64 = np.dtype(np.float64)
#: Arrays of `counted_variance`: references, means, sums of squares and counts of groups, and of windows.
COUNTED_ARRAYS = 8
#: Numbers of each part of a group, 8 bytes each: the number of its level, where 0 is a sample, its first
#: row, and the number of its samples as a float.
FIELDS = 3
#: Numbers of each level, 8 bytes each: the number of its samples, the number of its parts, the first of them,
#: and its kind. Its parts are samples that follow each other, groups of the same size, or others.
LEVEL = 4
OTHERS, SAMPLES, EQUALS = 0, 1, 2
#: Elements of a series after which the next level is computed. In 10 million samples, windows of 100,000 take
#: 112 ms in place of 136 for whole blocks. Those of 1,000 take 30 ms either way (one thread, Zen 4).
_STRETCH = 2048


@inlined
def _locate(parts, count, row, pitch, spots):
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

    samples: address of the first. spots: see `_locate`; single samples are the last. inverse: of the number
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
def _only_eights(levels, n_levels, parts):
    """Tell whether the first level is eight samples, and only the second has parts of it: two to five."""
    second = levels + 8 * LEVEL
    if n_levels < 3 or peek(levels) != 8 or peek(second + 24) != EQUALS or peek(second + 8) > 5:
        return False
    last = levels + 8 * LEVEL * (n_levels - 1)
    for i in range(peek(second + 16), peek(last + 8) + peek(last + 16)):
        if (peek(parts + 8 * FIELDS * i) == 1) != (i < peek(second + 16) + peek(second + 8)):
            return False
    return True


@inlined
def _chain(kind, table, n_parts, count):
    """Tell whether `write_chains` computes groups.

    Parts that begin at whole cache lines, and at least two groups in a chain, make it fast. Results would be
    right without them.
    """
    apart = peek(table + 8 * FIELDS)
    return EIGHT_LANES and kind == EQUALS and n_parts <= 5 and apart % LINE == 0 and count >= 2 * apart


@inlined
def _group(kind, samples, pitch, spots, n_parts, inverse, one):
    """Return the mean minus the reference, and the sum of squares, of a group; see `SAMPLES`."""
    if kind == SAMPLES:
        return _merged_samples(samples, spots, n_parts, inverse)
    if kind == EQUALS:
        return _merged_equals(samples, pitch, spots, n_parts, inverse, one)
    return _merged(samples, pitch, spots, n_parts, inverse)


@inlined
def _complete(count):
    """Return the number of elements of whole vectors among `count`, which may be negative."""
    return max(count, 0) // LANES * LANES


@inlined
def _prefetch(source, target):
    """Prefetch a vector of samples, and one of results a few vectors ahead.

    10 million samples, windows of 1,000, one thread beside other work: 39.1 ms instead of 41.8, and 38.4 with
    blocks of 12,288 rows instead of 24,000 (Sapphire Rapids).
    """
    for line in range(0, 8 * LANES, LINE):
        prefetch(source + line, False)
        prefetch(target + DISTANCE + line, True)


@Driver
@denormals_as_zeros
def variance(
    source, target, rows, step, size, levels, n_levels, parts, degrees: float, is_root, spots, buffer, block,
    columns,
):  # fmt: skip
    """Write the variances, or their roots, of `rows` windows of `size` samples of `step` series.

    levels: see `LEVEL`; the windows are the last level. parts: see `FIELDS`; the first is a sample. degrees:
    what the sums of squares are divided by. The kernel processes `block` rows of `columns` series together.
    buffer: memory for ``2*n_levels`` arrays of ``block + size - 1`` rows of them, and of two vectors. spots:
    memory for as many parts as there are.
    """
    last = levels + 8 * LEVEL * (n_levels - 1)
    joined = EIGHT_LANES and step == 1 and _only_eights(levels, n_levels, parts)
    one_in_all = load_one(_F64, parts + 16, _F64)  # the first part is a sample; not known to LLVM
    one = splat(_F64, one_in_all)
    for left in range(0, step, columns):
        width = min(columns, step - left)
        pitch = 8 * LANES * (-(-(block + size - 1) * width // LANES) + 1)
        stage = buffer + (2 * n_levels - 1) * pitch
        _locate(parts, peek(last + 8) + peek(last + 16), 8 * width, pitch, spots)
        for top in range(0, rows, block):
            n = min(block, rows - top)
            first = 8 * (top * step + left)
            # Groups that start in the next block are kept. To compute them again takes 38.7 ms, not 37.8, for
            # windows of 1,000, and 36 ms, not 32.5, for windows of 100,000 in 2 million samples.
            kept = size - 1 if top else 0
            for at in range(buffer, buffer + (2 * n_levels - 1) * pitch, pitch):
                if not joined or at == buffer or at > buffer + 2 * pitch:
                    copy_along(at, at + 8 * block * width, kept * width)
            more, new = buffer + 8 * kept * width, source + first + 8 * kept * step
            gather(more, new, n + size - 1 - kept, width, step)
            # The samples that the next block has, and this one has not.
            fresh = source + first + 8 * (n + size - 1) * width
            every, direct = (n + size - 1) * width, 8 * (n * width - LANES) if width == step else -1
            # Levels follow each other closely: a group is merged while its parts are in the nearest cache.
            for known in range(kept * width, every, _STRETCH):
                front = min(known + _STRETCH, every)
                for level in range(1 if joined else 0, n_levels):
                    samples, n_parts = peek(levels + 8 * LEVEL * level), peek(levels + 8 * LEVEL * level + 8)
                    table = spots + 8 * FIELDS * peek(levels + 8 * LEVEL * level + 16)
                    kind, inverse = peek(levels + 8 * LEVEL * level + 24), 1.0 / samples
                    # Each level stays a vector behind its parts, which are complete in whole vectors only.
                    begin = _complete(known - (samples - 1) * width - level * LANES)
                    end = front - (samples - 1) * width
                    if front < every:
                        end = _complete(end - level * LANES)
                    mean_at = buffer + (2 * level + 1) * pitch
                    if joined and level == 1:
                        write_eights(buffer, mean_at, pitch, n_parts, 8 * begin, 8 * end, one_in_all)
                    elif level < n_levels - 1 and _chain(kind, table, n_parts, 8 * (end - begin)):
                        write_chains(
                            buffer, buffer + peek(table + 8), pitch, n_parts, peek(table + 8 * FIELDS),
                            8 * begin, 8 * end, load_one(_F64, table + 16, _F64), inverse, mean_at,
                        )  # fmt: skip
                    elif level < n_levels - 1:
                        for at in range(8 * begin, 8 * end, 8 * LANES):
                            mean, squares = _group(kind, buffer + at, pitch, table, n_parts, inverse, one)
                            store(mean_at + at, _F64, mean)
                            store(mean_at + pitch + at, _F64, squares)
                    else:
                        for at in range(8 * begin, 8 * end, 8 * LANES):
                            if direct >= 0:
                                _prefetch(fresh + at, target + first + at)
                            _, squares = _group(kind, buffer + at, pitch, table, n_parts, inverse, one)
                            result = squares * splat(_F64, 1.0 / degrees)
                            if is_root:
                                result = root(result)
                            store(target + first + at if at <= direct else stage + at, _F64, result)
            if width == step:
                rest = 8 * (n * width // LANES) * LANES
                copy_along(target + first + rest, stage + rest, n * width % LANES)
            else:
                scatter(target + first, stage, n, width, step)


@kernel()
def variance_of(job, source, target):
    """Call `variance`. job: its address, and its arguments after the first two."""
    invoke(0, peek(job), (
        source, target, peek(job + 8), peek(job + 16), peek(job + 24), peek(job + 32), peek(job + 40),
        peek(job + 48), load_one(_F64, job + 56, _F64), peek(job + 64), peek(job + 72), peek(job + 80),
        peek(job + 88), peek(job + 96),
    ))  # fmt: skip


@inlined
def _merge_counted(to, first, second, count, pitch):
    """Merge `count` pairs of groups. A group in which nothing counts gives the other group."""
    for at in range(0, 8 * count, 8 * LANES):
        a, b = first + at, second + at
        reference, later = load(_F64, a, _F64), load(_F64, b, _F64)
        mean, late_mean = load(_F64, a + pitch, _F64), load(_F64, b + pitch, _F64)
        squares, late_squares = load(_F64, a + 2 * pitch, _F64), load(_F64, b + 2 * pitch, _F64)
        n, more = load(_F64, a + 3 * pitch, _F64), load(_F64, b + 3 * pitch, _F64)
        total, none, only = n + more, n == 0.0, more == 0.0
        share = where(only, 0.0, more / total)
        delta = (later - reference) + (late_mean - mean)
        merged = fma(delta, share, mean)
        sums = fma(delta * delta, n * share, squares + late_squares)
        store(to + at, _F64, where(none, later, reference))
        store(to + pitch + at, _F64, where(none, late_mean, where(only, mean, merged)))
        store(to + 2 * pitch + at, _F64, where(none, late_squares, where(only, squares, sums)))
        store(to + 3 * pitch + at, _F64, total)


@Driver
@denormals_as_zeros
def counted_variance(source, target, rows, step, size, counts, ddof: float, is_root, buffer, block, columns):
    """Write the variances, or their roots, of the samples that count, in `rows` windows of `step` series.

    counts: address of how much each sample counts. An absent sample must be finite. ddof: number that is
    subtracted from the number of samples. One group for each bit of `size` composes a window, the smallest
    group last. The kernel processes `block` rows of `columns` series together. buffer: memory for
    `COUNTED_ARRAYS` arrays of ``block + size - 1`` rows of them, and of two vectors.
    """
    for left in range(0, step, columns):
        width = min(columns, step - left)
        pitch = 8 * LANES * (-(-(block + size - 1) * width // LANES) + 1)
        group, window = buffer, buffer + 4 * pitch
        for top in range(0, rows, block):
            n = min(block, rows - top)
            first, many = 8 * (top * step + left), n * width
            gather(group, source + first, n + size - 1, width, step)
            gather(group + 3 * pitch, counts + first, n + size - 1, width, step)
            for at in range(group, group + 8 * (n + size - 1) * width, 8 * LANES):
                zero = load(_F64, at, _F64) - load(_F64, at, _F64)  # NaN where the sample is not finite
                store(at + pitch, _F64, zero)
                store(at + 2 * pitch, _F64, zero)
            span, done, start = 1, 0, size
            while True:
                if size & span:
                    start -= span
                    part = group + 8 * start * width
                    if done:
                        _merge_counted(window, part, window, many, pitch)
                    else:
                        for at in range(0, 8 * many, 8 * LANES):
                            for i in range(0, 4 * pitch, pitch):
                                store(window + i + at, _F64, load(_F64, part + i + at, _F64))
                    done += span
                if 2 * span > size:
                    break
                count = (n + size - 2 * span) * width
                _merge_counted(group, group, group + 8 * span * width, count, pitch)
                span *= 2
            for at in range(window, window + 8 * many, 8 * LANES):
                degrees = load(_F64, at + 3 * pitch, _F64) - ddof
                result = where(degrees > 0.0, load(_F64, at + 2 * pitch, _F64) / degrees, np.nan)
                store(at + 2 * pitch, _F64, root(result) if is_root else result)
            scatter(target + first, window + 2 * pitch, n, width, step)
