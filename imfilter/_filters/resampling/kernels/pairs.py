"""Sums of at most two rows and two columns: linear sums of images that shrink or grow by less than a third.

The rows are summed only where an output reads them, and no line is transposed. From 4K to 1333x800, bytes
take 0.58 instead of 1.06 ms, uint16 1.2 instead of 2.7 and float32 1.8 instead of 2.8, which is the time to
read the samples (Zen 4, one thread; OpenCV 0.83, 0.80 and 2.6). Prefetches of the next rows did not help.
If 16 outputs read at most 16 samples, the rows are summed before samples are picked: from 4K to 5001x3000,
uint16 takes 15 instead of 24 ms with sums of whole rows, and float32 25 instead of 32 (Sapphire Rapids, one
thread; OpenCV 10 and 29). Results of this size are not written past the caches: that takes as long.
Without AVX-512, two samples are read as one word: bytes take 1.6 instead of 2.4 ms, uint16 2.6 instead of 4.5
and float32 4.0 instead of 5.2 (Zen 3, one thread; OpenCV 1.5, 2.3 and 4.0).
"""

from imfilter._filters.resampling.kernels.references import fitting
from imfilter._simd.jit import inlined, kernel
from imfilter._simd.lanewise import fma, interleaved, lower, upper, where
from imfilter._simd.permutations import LANES, WORD, load_picked, pick, pick_from_words, picked
from imfilter._simd.vector import load_like, peek, size_of, store


@inlined
def _of_two(real, zero, a, b, reference, of_a, of_b, whole):
    """Return the sums of two samples. One whose weight is 0 does not count, not even if it is NaN.

    If samples are `whole`, `a` is the reference, and none is NaN. `reference` and `of_a` are not used then.
    LLVM does not know that `zero` is 0: it would fuse a bare product with the sum.
    """
    if whole:
        return fma(b - a, of_b, zero) + a
    reference = fitting(real, reference)
    total = where(of_a != zero, fma(a - reference, of_a, zero), zero)
    total = where(of_b != zero, fma(b - reference, of_b, total), total)
    return total + reference


@inlined
def _of_rows(real, zero, a, b, of_rows, whole):
    """Return the sums of two rows. `of_rows`: their weights, and whether the second one is the reference."""
    of_a, of_b, second = of_rows
    beyond = zero + real.type(second) > zero
    above, below = zero + real.type(of_a), zero + real.type(of_b)
    return _of_two(real, zero, a, b, where(beyond, b, a), above, below, whole)


@inlined
def _of_columns(real, source, window, zero, row_a, row_b, windows, places, of_rows, whole):
    """Return the sums of two rows at the first columns of a block, and at the second ones."""
    if window <= WORD:
        a = pick_from_words(real, source, row_a, windows, places)
        b = pick_from_words(real, source, row_b, windows, places)
        first = _of_rows(real, zero, a, b, of_rows, whole)
        a = pick_from_words(real, source, row_a, windows, places + LANES)
        b = pick_from_words(real, source, row_b, windows, places + LANES)
        return first, _of_rows(real, zero, a, b, of_rows, whole)
    start = peek(windows) * size_of(source)
    if window == LANES:  # columns are picked from the sums of all samples of the window
        a, b = load_like(zero, row_a + start, source), load_like(zero, row_b + start, source)
        found = _of_rows(real, zero, a, b, of_rows, whole)
        return picked(found, places), picked(found, places + LANES)
    a = pick(real, source, window, row_a + start, places)
    b = pick(real, source, window, row_b + start, places)
    found = _of_rows(real, interleaved(zero, zero), a, b, of_rows, whole)
    return lower(found), upper(found)


@kernel("real", "source", "target", "window", "whole")
def sum_pairs(
    real, source, target, window, whole, row_a, row_b, second_row, of_a: float, of_b: float, blocks, outputs,
    windows, places, weights, second, to,
):  # fmt: skip
    """Write a row of sums of two rows and two columns, as `target`: rounded, saturated.

    `of_a` and `of_b` are the weights of the rows; `second_row` tells whether the second one is the reference.
    For the tables of the columns, in `blocks` of 16 outputs, see `pairs.Pairs`. `whole` samples are integers,
    of which the first one of each two is the reference.
    """
    size, wide = size_of(target), LANES * size_of(real)
    of_rows, zero = (of_a, of_b, second_row), load_picked(real, weights)
    zero = zero - zero
    for block in range(blocks):
        at, factors = places + 2 * LANES * block, 2 * wide * block
        starts = windows + 8 * block * (1 if window > WORD else LANES)
        first, other = _of_columns(
            real, source, window, zero, row_a, row_b, starts, at, of_rows, whole)  # fmt: skip
        reference = where(load_picked(real, second + wide * block) > zero, other, first)
        left, right = load_picked(real, weights + factors), load_picked(real, weights + factors + wide)
        found = _of_two(real, zero, first, other, reference, left, right, whole)
        store(to + peek(outputs + 8 * block) * size, target, found)
