"""Sums of at most two rows and two columns: linear sums of images that shrink.

The rows are summed only where an output reads them, and no line is transposed. From 4K to 1333x800, bytes
take 0.58 instead of 1.06 ms, uint16 1.2 instead of 2.7 and float32 1.8 instead of 2.8, which is the time to
read the samples (Zen 4, one thread; OpenCV 0.83, 0.80 and 2.6). Prefetches of the next rows did not help.
Without AVX-512, two samples are read as one word: bytes take 1.6 instead of 2.4 ms, uint16 2.6 instead of 4.5
and float32 4.0 instead of 5.2 (Zen 3, one thread; OpenCV 1.5, 2.3 and 4.0).
"""

from imfilter._filters.resampling.kernels.references import fitting
from imfilter._simd.jit import inlined, kernel
from imfilter._simd.lanewise import fma, where
from imfilter._simd.permutations import LANES, WORD, load_picked, pick, pick_from_words
from imfilter._simd.vector import peek, size_of, store


@inlined
def _of_two(real, a, b, reference, of_a, of_b, whole):
    """Return the sums of two samples. One whose weight is 0 does not count, not even if it is NaN.

    If samples are `whole`, `a` is the reference, and none is NaN. `reference` and `of_a` are not used then.
    """
    zero = of_b - of_b
    if whole:
        return fma(b - a, of_b, zero) + a
    reference = fitting(real, reference)
    total = where(of_a != zero, fma(a - reference, of_a, zero), zero)
    total = where(of_b != zero, fma(b - reference, of_b, total), total)
    return total + reference


@inlined
def _samples(real, source, window, row, windows, places):
    """Return the samples of a block at `places` in its windows of a row."""
    if window > WORD:
        return pick(real, source, window, row + peek(windows) * size_of(source), places)
    return pick_from_words(real, source, row, windows, places)


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
    zero = load_picked(real, weights)
    zero = zero - zero
    above, below, beyond = zero + real.type(of_a), zero + real.type(of_b), zero + real.type(second_row)
    for block in range(blocks):
        at, factors = places + 2 * LANES * block, 2 * wide * block
        starts = windows + 8 * block * (1 if window > WORD else LANES)
        a = _samples(real, source, window, row_a, starts, at)
        b = _samples(real, source, window, row_b, starts, at)
        first = _of_two(real, a, b, where(beyond > zero, b, a), above, below, whole)
        a = _samples(real, source, window, row_a, starts, at + LANES)
        b = _samples(real, source, window, row_b, starts, at + LANES)
        other = _of_two(real, a, b, where(beyond > zero, b, a), above, below, whole)
        reference = where(load_picked(real, second + wide * block) > zero, other, first)
        left, right = load_picked(real, weights + factors), load_picked(real, weights + factors + wide)
        found = _of_two(real, first, other, reference, left, right, whole)
        store(to + peek(outputs + 8 * block) * size, target, found)
