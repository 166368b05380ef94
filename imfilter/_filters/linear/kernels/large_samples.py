"""Separation of samples by size: marks in bytes on samples not smaller than a limit, and the others."""

import numpy as np

from imfilter._filters.linear.kernels.magnitudes import larger
from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, kernel
from imfilter._simd.lanewise import absolute, full_like, where, whole
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import invoke, load, load_one, size_of, splat, store, store_one

_F32, _F64, _U8 = np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.uint8)


@kernel("source")
def sift_line(source, line, count, limits, marks, small, peaks, numbers):
    """Separate the samples of a line; see `sift`."""
    lanes, width, total = BYTES // 4, size_of(source), load(_F32, numbers, _F32)
    one_each, unmarked = splat(_F32, _F32.type(1)), full_like(total, _U8, 0)
    for x in range(0, count - lanes + 1, lanes):
        value = load(_F32, line + x * width, source)
        large = absolute(value) >= load(_F32, limits + 4 * x, _F32)
        store(marks + x, _U8, where(large, 1, unmarked))
        value = where(large, 0.0, value)
        total = total + where(value != 0.0, one_each, 0.0)
        store(small + x * width, source, value)
        store(peaks + 4 * x, _F32, larger(load(_F32, peaks + 4 * x, _F32), value))
    store(numbers, _F32, total)
    for i in range(count // lanes * lanes, count):
        one = load_one(_F32, line + i * width, source)
        is_large = abs(one) >= load_one(_F32, limits + 4 * i, _F32)
        store_one(marks + i, _U8, _U8.type(is_large))
        if is_large:
            one = _F32.type(0)
        if one != 0:
            store_one(numbers, _F32, load_one(_F32, numbers, _F32) + _F32.type(1))
        store_one(small + i * width, source, source.type(one))
        store_one(peaks + 4 * i, _F32, larger(load_one(_F32, peaks + 4 * i, _F32), one))


@kernel("source")
def divide_line(source, line, count, scale: float, numbers):
    """Add the number of scaled samples that are not whole to the sum of a vector of float64."""
    lanes, width = BYTES // 8, size_of(source)
    total, factor, one_each = load(_F64, numbers, _F64), splat(_F64, scale), splat(_F64, 1.0)
    for x in range(0, count - lanes + 1, lanes):
        value = load(_F64, line + x * width, source) * factor
        total = total + where(value != whole(value), one_each, 0.0)
    store(numbers, _F64, total)
    for i in range(count // lanes * lanes, count):
        one = load_one(_F64, line + i * width, source) * scale
        if one != np.rint(one):
            store_one(numbers, _F64, load_one(_F64, numbers, _F64) + 1.0)


@Driver
@denormals_as_numbers
def count_broken(samples, rows, step, count, scale: float, numbers, line):
    """Count samples, in rows of `count`, that are not whole when scaled. Stop after a row that has one.

    numbers: a vector of float64 whose sum is the count. line: `divide_line` for their type.
    """
    for row in range(rows):
        invoke(1, line, (samples + row * step, count, scale, numbers))
        for i in range(BYTES // 8):
            if load_one(_F64, numbers + 8 * i, _F64) > 0:
                return


@Driver
@denormals_as_numbers
def sift(samples, rows, step, count, limits, marks, marks_step, small, small_step, peaks, numbers, line):
    """Mark samples not smaller in magnitude than limits. Copy the others, with zeros for the marked ones.

    Samples lie in rows of `count`; steps are the distances of rows in bytes. limits, peaks: a float32 for
    each sample of a row. The peaks become the largest magnitudes of the other samples. numbers: a vector of
    float32; the number of other samples that are not zero is added to its sum. line: `sift_line` for their
    type.
    """
    for row in range(rows):
        invoke(1, line, (
            samples + row * step, count, limits, marks + row * marks_step, small + row * small_step, peaks,
            numbers))  # fmt: skip
