"""Groups of moving variances whose parts stay in registers.

The additions are those of `variance.py`, in the same order. A level of five parts takes 12 additions and 12
multiply-adds of a register, but 15 loads and two stores, of lines that are mostly in the second-level cache:
25 cycles. With the groups here, windows of 1,000 take 15.4 ms in place of 19.1, and windows of 200 take 11.5
in place of 13.7. The last level is not one of them. Its results would not be written in the order of memory:
windows of 1,000 take 18.6 ms then (10 million samples, two threads, Zen 4).
"""

import numpy as np

from imfilter._filters.series.kernels.groups import EQUALS, FIELDS, LEVEL
from imfilter._simd.jit import inlined
from imfilter._simd.lanewise import fma, lanes_from
from imfilter._simd.registers import LINE, in_register
from imfilter._simd.vector import load_registers, peek, splat_registers, store

_F64 = np.dtype(np.float64)
#: Whether a register holds the first samples of eight groups that follow each other. Then there are 32
#: registers, which hold the parts of a group and its sums.
EIGHT_LANES = in_register(_F64) == 8
#: Number of registers of groups of eights that are computed together.
_TOGETHER = 2


@inlined
def only_eights(levels, n_levels, parts):
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
def can_chain(kind, table, n_parts, count):
    """Tell whether `write_chains` computes groups.

    Parts that begin at whole cache lines, and at least two groups in a chain, make it fast. Results would be
    right without them.
    """
    apart = peek(table + 8 * FIELDS)
    return EIGHT_LANES and kind == EQUALS and n_parts <= 5 and apart % LINE == 0 and count >= 2 * apart


@inlined
def _few(at):
    return load_registers(_F64, _TOGETHER, at, _F64)


@inlined
def _eights(samples, inverse, one):
    """Return the first samples of groups of eight samples, and what `_merged_samples` does."""
    reference = _few(samples)
    zero = reference - reference
    total, squares = zero, zero
    for i in range(8, 64, 8):
        u = _few(samples + i) - reference
        total = fma(u, one, total)
        squares = fma(u, u, squares)
    shift = total * inverse
    return reference, shift, zero + fma(total, -shift, squares)


@inlined
def _add_part(reference, part, total, squares, sums):
    """Add a part to the sums of `_merged_equals`."""
    u = (part[0] - reference) + part[1]
    return total + u, fma(u, u, squares), sums + part[2]


@inlined
def _store_group(at, pitch, total, squares, sums, weight, share):
    """Write the mean and the sum of squares of a group of equal parts, as `_merged_equals` computes them."""
    shift = total * share
    store(at, _F64, shift)
    store(at + pitch, _F64, fma(fma(total, -shift, squares), weight, sums))


@inlined
def _between(first, second):
    """Return the groups that begin a register after the first ones."""
    return (
        lanes_from(first[0], second[0], 8),
        lanes_from(first[1], second[1], 8),
        lanes_from(first[2], second[2], 8),
    )


@inlined
def write_eights(samples, mean_at, pitch, n_parts, begin, end, one):
    """Write groups of two to five groups of eight samples of one series, from byte `begin` on.

    The groups of eight begin in registers that follow each other. So they stay in registers. one: the number
    1. Up to 39 samples behind the last group are loaded. They are in the array behind the samples.
    """
    inverse = 1.0 / (8 * n_parts)
    one = splat_registers(_F64, _TOGETHER, one)
    eighth, weight, share = one * (1.0 / 8), one * 8.0, one * (8.0 * inverse)
    first = _eights(samples + begin, eighth, one)
    third = _eights(samples + begin + 128, eighth, one)
    for at in range(begin, end, 128):
        fifth = _eights(samples + at + 256, eighth, one)
        reference, total, sums = first
        squares = total * total
        total, squares, sums = _add_part(reference, _between(first, third), total, squares, sums)
        if n_parts > 2:
            total, squares, sums = _add_part(reference, third, total, squares, sums)
        if n_parts > 3:
            total, squares, sums = _add_part(reference, _between(third, fifth), total, squares, sums)
        if n_parts > 4:
            total, squares, sums = _add_part(reference, fifth, total, squares, sums)
        _store_group(mean_at + at, pitch, total, squares, sums, weight, share)
        first, third = third, fifth


@inlined
def _part(samples, mean_at, pitch):
    """Return the first samples, the means and the sums of squares of groups."""
    x = load_registers(_F64, 1, samples, _F64)
    return x, load_registers(_F64, 1, mean_at, _F64), load_registers(_F64, 1, mean_at + pitch, _F64)


@inlined
def write_chains(samples, parts_at, pitch, n_parts, apart, begin, end, weight, inverse, mean_at):
    """Write groups of two to five equal parts, from byte `begin` on.

    Groups that begin as far from each other as their parts share all parts but one. They follow each other
    here, so these stay in registers: five parts take 3 loads, not 15.

    parts_at: address of the means of parts, which begin `apart` bytes after each other. weight: number
    of samples of a part. mean_at: address of the means of groups.
    """
    share, weight = splat_registers(_F64, 1, weight * inverse), splat_registers(_F64, 1, weight)
    newest = (n_parts - 1) * apart
    for start in range(begin, min(begin + apart, end), LINE):
        at_a = start + newest - apart
        at_b, at_c = max(at_a - apart, start), max(at_a - 2 * apart, start)
        a, b = _part(samples + at_a, parts_at + at_a, pitch), _part(samples + at_b, parts_at + at_b, pitch)
        c, d = _part(samples + at_c, parts_at + at_c, pitch), _part(samples + start, parts_at + start, pitch)
        for at in range(start, end, apart):
            e = _part(samples + at + newest, parts_at + at + newest, pitch)
            oldest = d if n_parts == 5 else c if n_parts == 4 else b if n_parts == 3 else a
            reference, total, sums = oldest
            squares = total * total
            if n_parts > 4:
                total, squares, sums = _add_part(reference, c, total, squares, sums)
            if n_parts > 3:
                total, squares, sums = _add_part(reference, b, total, squares, sums)
            if n_parts > 2:
                total, squares, sums = _add_part(reference, a, total, squares, sums)
            total, squares, sums = _add_part(reference, e, total, squares, sums)
            _store_group(mean_at + at, pitch, total, squares, sums, weight, share)
            a, b, c, d = e, a, b, c
