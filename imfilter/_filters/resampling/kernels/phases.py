"""Sums along a line that grows by 2 or 4: outputs of one phase have the same weights at successive samples.

Neither the samples nor the sums are transposed, as they are for other sums of columns.
"""

import numpy as np

from imfilter._filters.resampling.kernels.references import LARGEST32, LARGEST64, fitting
from imfilter._simd.jit import kernel, nested
from imfilter._simd.lanewise import fma, interleaved
from imfilter._simd.registers import BYTES, REGISTERS
from imfilter._simd.vector import load_like, load_one, peek, size_of, splat, splat_register, store, store_one

#: Numbers of phases for which there are kernels.
PHASES = (2, 4)
#: Largest number of samples of a window of all phases, and bits of a pattern for each phase.
WINDOW, BITS = 8, 11
_F64 = np.dtype(np.float64)


@nested
def _of_one(real, source, plain, line, output, tables, whole, cval):
    """Return the sum of one output: at a border, or at the end of a piece."""
    starts, samples, weights, constants, about = tables
    width, size = size_of(source), size_of(real)
    limit = real.type(LARGEST32 if size == 4 else LARGEST64)
    reference = total = real.type(0)
    if not plain:
        sample = load_one(real, line + peek(about + 8 * output) * width, source)
        reference = sample if whole or -limit < sample < limit else reference
    if peek(constants + 8 * output) << 1 != 0:  # 0 for both zeros
        constant = real.type(load_one(_F64, constants + 8 * output, _F64))
        total = fma(real.type(cval) - reference, constant, constant - constant)  # see `row_sums`
    for t in range(peek(starts + 8 * output), peek(starts + 8 * output + 8)):
        sample = load_one(real, line + peek(samples + 8 * t) * width, source)
        total = fma(sample - reference, load_one(real, weights + t * size, real), total)
    return total + reference


@nested
def _of_phase(real, source, plain, zero, window, pattern, weights, whole):
    """Return a vector of sums of one phase, whose windows start at successive samples from `window` on."""
    width, size = size_of(source), size_of(real)
    total, weight, reference = zero, weights, zero
    if not plain:
        reference = load_like(zero, window + (pattern >> WINDOW & WINDOW - 1) * width, source)
        if not whole:
            reference = fitting(real, reference)
    for t in range(WINDOW):
        if pattern >> t & 1:
            sample = load_like(zero, window + t * width, source)
            sample = sample if plain else sample - reference
            total = fma(sample, zero + load_one(real, weight, real), total)
            weight += size
    return total if plain else total + reference


@nested
def _of_all(real, source, phases, pattern, plain, zero, window, starts, weights, whole, to):
    """Write a vector of sums of each phase, the phases in turn."""
    size = size_of(real)
    part = pattern & (1 << BITS) - 1
    first = _of_phase(real, source, plain, zero, window, part, weights + peek(starts) * size, whole)
    part = pattern >> BITS & (1 << BITS) - 1
    second = _of_phase(real, source, plain, zero, window, part, weights + peek(starts + 8) * size, whole)
    if phases == 2:
        store(to, real, interleaved(first, second))
    else:
        part = pattern >> 2 * BITS & (1 << BITS) - 1
        third = _of_phase(real, source, plain, zero, window, part, weights + peek(starts + 16) * size, whole)
        part = pattern >> 3 * BITS
        fourth = _of_phase(real, source, plain, zero, window, part, weights + peek(starts + 24) * size, whole)
        store(to, real, interleaved(interleaved(first, third), interleaved(second, fourth)))


@kernel("real", "source", "phases", "pattern", "plain")
def sum_phases(
    real, source, phases, pattern, plain, line, first, count, starts, samples, weights, constants, about,
    whole, cval: float, begin, end, window, to,
):  # fmt: skip
    """Write the sums of `count` outputs from `first` on. `line` is the address of sample 0.

    From output `begin` to `end`, those that are `phases` apart have the same weights at successive samples.
    `pattern` has the samples of the windows of the first ones, which start at sample `window`: BITS bits for
    each phase. The lower bits tell which samples are taps, the upper bits are the number of the reference.
    So each sample is loaded once for all phases: cubic sums of uint16 from 4K to 8K take 19 instead of 24 ms
    with lists of taps (Zen 4, one thread).

    `plain` sums have no reference, because they are exact: see `tables.exact`. The other arguments are those
    of `sum_columns`. Every output has the bits that it has there.
    """
    tables = starts, samples, weights, constants, about
    size, width = size_of(real), size_of(source)
    stop, to = first + count, to - first * size
    low = max(first - begin + phases - 1, 0) // phases  # outputs of all phases in the piece
    high = max((min(stop, end) - begin) // phases, low)
    few = BYTES // REGISTERS // size
    wide, narrow = splat(real, real.type(0)), splat_register(real, real.type(0))
    if high - low < few:
        high = low
    inner, outer = begin + low * phases, begin + high * phases
    if low == high:
        inner = outer = stop
    for output in range(first, inner):
        store_one(to + output * size, real, _of_one(real, source, plain, line, output, tables, whole, cval))
    line_of_windows, table, place = line + window * width, starts + 8 * begin, to + begin * size
    i = low
    while i + REGISTERS * few <= high:
        at, target = line_of_windows + i * width, place + i * phases * size
        _of_all(real, source, phases, pattern, plain, wide, at, table, weights, whole, target)
        i += REGISTERS * few
    while i < high:
        shift = min(i, high - few)  # the last vector overlaps the previous one
        at, target = line_of_windows + shift * width, place + shift * phases * size
        _of_all(real, source, phases, pattern, plain, narrow, at, table, weights, whole, target)
        i += few
    for output in range(outer, stop):
        store_one(to + output * size, real, _of_one(real, source, plain, line, output, tables, whole, cval))
