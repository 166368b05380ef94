"""Weighted sums of rows: to lines of the arithmetic, or to the result."""

import numpy as np

from imfilter._filters.resampling.kernels.references import LARGEST32, LARGEST64, fitting
from imfilter._simd.jit import inlined, kernel
from imfilter._simd.lanewise import fma
from imfilter._simd.registers import BYTES, REGISTERS
from imfilter._simd.vector import (
    convert_one,
    load_like,
    load_one,
    peek,
    size_of,
    splat,
    splat_register,
    store,
    store_one,
)

_F64 = np.dtype(np.float64)


@inlined
def _of_rows(real, source, zero, shift, taps, n, about, whole, constant, cval):
    """Return one vector of sums of rows, `shift` elements after their starts."""
    width = size_of(source)
    reference = zero
    if about:
        reference = load_like(zero, about + shift * width, source)
        if not whole:
            reference = fitting(real, reference)
    total = zero
    if constant != 0:
        total = (zero + cval - reference) * constant
    for t in range(n):
        sample = load_like(zero, peek(taps + 16 * t) + shift * width, source)
        weight = zero + load_one(real, taps + 16 * t + 8, _F64)
        total = fma(sample - reference, weight, total)
    return total + reference


@inlined
def _of_one(real, source, k, taps, n, about, whole, constant, cval):
    """Return the sum of element `k` of rows."""
    width = size_of(source)
    limit = real.type(LARGEST32 if size_of(real) == 4 else LARGEST64)
    reference = real.type(0)
    if about:
        sample = load_one(real, about + k * width, source)
        reference = sample if whole or -limit < sample < limit else reference
    total = real.type(0)
    if constant != 0:
        total = (cval - reference) * constant
    for t in range(n):
        sample = load_one(real, peek(taps + 16 * t) + k * width, source)
        total = fma(sample - reference, load_one(real, taps + 16 * t + 8, _F64), total)
    return total + reference


@kernel("real", "source", "target")
def sum_rows(real, source, target, taps, n, about, whole, count, constant: float, cval: float, to, spare):
    """Write weighted sums of `count` elements of `n` rows, as `target`: rounded, saturated.

    `taps` is the table of the addresses of the rows and their weights. `about` is the address of the
    reference row, or 0. `spare` is the address of a place for one sum.
    """
    width, lanes = size_of(target), BYTES // size_of(real)
    few, i, part, other = lanes // REGISTERS, 0, real.type(constant), real.type(cval)
    wide, narrow = splat(real, real.type(0)), splat_register(real, real.type(0))
    while i + lanes <= count:
        store(to + i * width, target, _of_rows(real, source, wide, i, taps, n, about, whole, part, other))
        i += lanes
    while i < count and few <= count:
        shift = min(i, count - few)  # the last vector overlaps the previous one
        found = _of_rows(real, source, narrow, shift, taps, n, about, whole, part, other)
        store(to + shift * width, target, found)
        i += few
    for k in range(i, count):  # lines shorter than a register
        store_one(spare, real, _of_one(real, source, k, taps, n, about, whole, part, other))
        convert_one(real, spare, target, to + k * width)
