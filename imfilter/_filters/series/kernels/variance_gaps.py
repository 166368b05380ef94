"""Variances of windows that slide along series of float64, of the samples that are present or count."""

import numpy as np

from imfilter._filters.series.kernels.blocks import LANES, copy_along, gather, scatter
from imfilter._filters.series.kernels.groups import FIELDS, LEVEL, SAMPLES, STRETCH, complete, group, locate
from imfilter._filters.series.kernels.register_groups import EIGHT_LANES, only_eights, write_eights
from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, inlined, kernel
from imfilter._simd.lanewise import any_nan, count_lanes, fma, full_like, root, where
from imfilter._simd.prefetch import DISTANCE, prefetch
from imfilter._simd.registers import LINE
from imfilter._simd.vector import invoke_packed, load, load_one, peek, splat, store, store_one

_F64 = np.dtype(np.float64)
#: Arrays of `counted_variance`: references, means, sums of squares and counts of groups, and of windows.
COUNTED_ARRAYS = 8
#: Arrays of `present_variance` beside two for each level: numbers of absent samples, one more row of them.
PRESENT_ARRAYS = 2
#: Number of groups of one series that are computed in the same way: with or without absent samples.
_RUN = 256


@inlined
def _any_absent(samples, count):
    """Tell whether one of `count` samples is NaN."""
    e = 0
    while e + LANES <= count and not any_nan(load(_F64, samples + 8 * e, _F64)):
        e += LANES
    while e < count and load_one(_F64, samples + 8 * e, _F64) == load_one(_F64, samples + 8 * e, _F64):
        e += 1
    return e < count


@inlined
def _count_absent(samples, absent, count, width):
    """Write how many of the samples of a column are NaN, before each row and after the last one.

    One series has this number once more for each lane of a vector, which `_has_gaps` reads.
    """
    for e in range(width):
        store_one(absent + 8 * e, _F64, 0.0)
    after, e = absent + 8 * width, 0
    while e < count:
        if width == 1 and e + LANES <= count and not any_nan(load(_F64, samples + 8 * e, _F64)):
            store(after + 8 * e, _F64, splat(_F64, load_one(_F64, absent + 8 * e, _F64)))
            e += LANES
        else:
            for i in range(e, min(e + LANES, count)):
                sample, before = load_one(_F64, samples + 8 * i, _F64), load_one(_F64, absent + 8 * i, _F64)
                store_one(after + 8 * i, _F64, before if sample == sample else before + 1.0)
            e += LANES
    if width == 1:
        store(after + 8 * count, _F64, splat(_F64, load_one(_F64, absent + 8 * count, _F64)))


@inlined
def _replace_absent(samples, count, width):
    """Replace NaN by the next sample of the column that is not NaN, or by 0 if there is none.

    So the first sample of a group is one of its present samples, if it has any.
    """
    for e in range((count - 1) // LANES * LANES, -1, -LANES):
        if e + LANES > count or any_nan(load(_F64, samples + 8 * e, _F64)):
            for i in range(min(e + LANES, count) - 1, e - 1, -1):
                sample = load_one(_F64, samples + 8 * i, _F64)
                if sample != sample:
                    later = i + width
                    sample = load_one(_F64, samples + 8 * later, _F64) if later < count else 0.0
                    store_one(samples + 8 * i, _F64, sample)


@inlined
def _absent_in(absent, size):
    """Return how many samples of groups of `size` bytes are absent."""
    return load(_F64, absent + size, _F64) - load(_F64, absent, _F64)


@inlined
def _merged_present_samples(samples, absent, spots, n_parts, row):
    """Return what `_merged_present` does, of a group of samples that follow each other."""
    reference, before = load(_F64, samples, _F64), load(_F64, absent, _F64)
    total = full_like(reference, _F64, 0.0)
    squares = total
    for spot in range(spots, spots + 8 * FIELDS * n_parts, 8 * FIELDS):
        first = peek(spot)
        after = load(_F64, absent + first + row, _F64)
        u = where(after == before, load(_F64, samples + first, _F64) - reference, 0.0)
        total, squares, before = total + u, fma(u, u, squares), after
    return total, squares


@inlined
def _merged_present(samples, absent, pitch, spots, n_parts, row):
    """Return the sum of differences to the reference of the present samples, and a sum of squares.

    The sum of squares about the mean is this one minus the square of the sum over the number of samples. row:
    bytes of a row.
    """
    reference = load(_F64, samples, _F64)
    zero = full_like(reference, _F64, 0.0)
    total, squares, sums, before = zero, zero, zero, load(_F64, absent, _F64)
    for spot in range(spots, spots + 8 * FIELDS * n_parts, 8 * FIELDS):
        first, means, weight = peek(spot), peek(spot + 8), load_one(_F64, spot + 16, _F64)
        u = load(_F64, samples + first, _F64) - reference
        if means:
            u = u + load(_F64, samples + means, _F64)
            sums = sums + load(_F64, samples + means + pitch, _F64)
        after = load(_F64, absent + first + int(weight) * row, _F64)
        present, before = splat(_F64, weight) - (after - before), after
        u = where(present == 0.0, 0.0, u)  # of an empty group, which may be before an infinite sample
        total = fma(u, present, total)
        squares = fma(u * present, u, squares)
    return total, sums + squares


@inlined
def _of_present(total, squares, number, ddof, fewest):
    """Return the variances of `number` samples from what `_merged_present` returns.

    One division takes less time than two.
    """
    free = number - splat(_F64, ddof)
    result = fma(total, -total, squares * number) / (number * free)
    return where(number < fewest, np.nan, where(free > 0.0, result, np.nan))


@inlined
def _has_gaps(absent, at, count, samples, width, block_has):
    """Tell whether a sample may be absent in `count` groups of `samples` samples from byte `at` on.

    block_has: whether the block has absent samples. If not, they are not counted.
    """
    if width > 1 or not block_has:
        return block_has
    return load_one(_F64, absent + at, _F64) != load_one(_F64, absent + at + 8 * (count + samples - 1), _F64)


@inlined
def _merge_vector(entry, at, buffer, absent, pitch, spots, width, block_has, ddof, fewest, one):
    """Return the means and sums of squares of a vector of groups, from byte `at` on.

    Of windows, return the means and the variances: if `fewest` is at least 0.
    """
    samples, n_parts, kind = peek(entry), peek(entry + 8), peek(entry + 24)
    table, inverse = spots + 8 * FIELDS * peek(entry + 16), 1.0 / samples
    gaps = splat(_F64, 0.0)
    if _has_gaps(absent, at, LANES, samples, width, block_has):
        gaps = _absent_in(absent + at, 8 * samples * width)
    n_gaps, mean, result = count_lanes(gaps != 0.0), gaps, gaps
    if n_gaps < LANES:
        mean, result = group(kind, buffer + at, pitch, table, n_parts, inverse, one)
        if fewest >= 0.0:
            result = result * splat(_F64, 1.0 / (samples - ddof if samples > ddof else np.nan))
    if n_gaps:
        number = splat(_F64, float(samples)) - gaps
        if kind == SAMPLES:
            total, squares = _merged_present_samples(buffer + at, absent + at, table, n_parts, 8 * width)
        else:
            total, squares = _merged_present(buffer + at, absent + at, pitch, table, n_parts, 8 * width)
        if fewest >= 0.0:
            rest = _of_present(total, squares, number, ddof, fewest)
        else:
            shift = where(number == 0.0, 0.0, total / number)
            mean, rest = where(gaps == 0.0, mean, shift), fma(total, -shift, squares)
        result = where(gaps == 0.0, result, rest)
    return mean, result


@inlined
def _write_groups(levels, level, begin, end, buffer, absent, pitch, spots, width, block_has, one):
    """Write the means and the sums of squares of the groups of a level, from byte `begin` on."""
    to = buffer + (2 * level + 1) * pitch
    for at in range(begin, end, 8 * LANES):
        mean, squares = _merge_vector(
            levels + 8 * LEVEL * level, at, buffer, absent, pitch, spots, width, block_has, 0.0, -1.0, one
        )
        store(to + at, _F64, mean)
        store(to + pitch + at, _F64, squares)


@inlined
def _write_eights(levels, begin, end, buffer, absent, pitch, spots, block_has, one, one_in_all):
    """Write the groups of groups of eight samples of one series. Those of eight are stored only at gaps."""
    samples, n_parts = peek(levels + 8 * LEVEL), peek(levels + 8 * LEVEL + 8)
    for at in range(begin, end, 8 * _RUN):
        stop = min(at + 8 * _RUN, end)
        if _has_gaps(absent, at, (stop - at) // 8 + LANES, samples, 1, block_has):
            last = stop + 8 * (samples - 8)
            _write_groups(levels, 0, at, last, buffer, absent, pitch, spots, 1, block_has, one)
            _write_groups(levels, 1, at, stop, buffer, absent, pitch, spots, 1, block_has, one)
        else:
            write_eights(buffer, buffer + 3 * pitch, pitch, n_parts, at, stop, one_in_all)


@Driver
@denormals_as_zeros
def present_variance(
    source, target, rows, step, size, levels, n_levels, parts, ddof: float, fewest: float, is_root, spots,
    buffer, block, columns,
):  # fmt: skip
    """Write the variances, or their roots, of the samples that are not NaN in windows of `step` series.

    A group without absent samples is merged as by `variance`, so its bits are the same. If a vector has a
    group with absent samples, its parts are also merged with the numbers of their present samples. ddof:
    number that is subtracted from the number of samples. A window with fewer than `fewest` gives NaN. buffer:
    memory for `PRESENT_ARRAYS` more arrays than `variance` takes. The other arguments are those of
    `variance`.
    """
    last = levels + 8 * LEVEL * (n_levels - 1)
    joined = EIGHT_LANES and step == 1 and only_eights(levels, n_levels, parts)
    one_in_all = load_one(_F64, parts + 16, _F64)  # the first part is a sample; not known to LLVM
    one = splat(_F64, one_in_all)
    for left in range(0, step, columns):
        width = min(columns, step - left)
        pitch = 8 * LANES * (-(-(block + size - 1) * width // LANES) + 1)
        stage, absent = buffer + (2 * n_levels - 1) * pitch, buffer + 2 * n_levels * pitch
        locate(parts, peek(last + 8) + peek(last + 16), 8 * width, pitch, spots)
        for top in range((rows - 1) // block * block, -1, -block):
            n = min(block, rows - top)
            first, every = 8 * (top * step + left), (n + size - 1) * width
            gather(buffer, source + first, n + size - 1, width, step)
            block_has = _any_absent(buffer, every)
            if block_has:
                _count_absent(buffer, absent, every, width)
                _replace_absent(buffer, every, width)
            # The last level prefetches the samples of the next block, which are before this one.
            coming = source + first - 8 * block * step if top and width == step else 0
            direct = 8 * (n * width - LANES) if width == step else -1
            for known in range(0, every, STRETCH):
                front = min(known + STRETCH, every)
                for level in range(1 if joined else 0, n_levels):
                    samples = peek(levels + 8 * LEVEL * level)
                    # Each level stays a vector behind its parts, which are complete in whole vectors only.
                    begin = complete(known - (samples - 1) * width - level * LANES)
                    end = front - (samples - 1) * width
                    if front < every:
                        end = complete(end - level * LANES)
                    if level == n_levels - 1:
                        for at in range(8 * begin, 8 * end, 8 * LANES):
                            _, result = _merge_vector(
                                last, at, buffer, absent, pitch, spots, width, block_has, ddof, fewest, one
                            )
                            place = target + first + at
                            for i in range(0, 8 * LANES, LINE):
                                prefetch(place + DISTANCE + i, True)
                                if coming:
                                    prefetch(coming + at + i, False)
                            if is_root:
                                result = root(result)
                            store(place if at <= direct else stage + at, _F64, result)
                    elif joined and level == 1:
                        _write_eights(
                            levels, 8 * begin, 8 * end, buffer, absent, pitch, spots, block_has, one,
                            one_in_all,
                        )  # fmt: skip
                    else:
                        _write_groups(
                            levels, level, 8 * begin, 8 * end, buffer, absent, pitch, spots, width, block_has,
                            one,
                        )  # fmt: skip
            if width == step:
                rest_at = 8 * (n * width // LANES) * LANES
                copy_along(target + first + rest_at, stage + rest_at, n * width % LANES)
            else:
                scatter(target + first, stage, n, width, step)


@kernel()
def present_variance_of(job, source, target):
    """Call `present_variance`. job: its address, and its arguments after the first two."""
    invoke_packed("iiiiiiffiiiii", job, source, target)


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
