"""Histograms: the number of samples of each whole number, or in each bin of real numbers.

Neighbouring samples are often equal. To add to a count that was stored just before takes as long as the store
needs to arrive, about five cycles. So neighbours are counted in different tables, which are added at the end.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_numbers, denormals_as_zeros
from imfilter._simd.jit import Driver, inlined, kernel
from imfilter._simd.registers import BYTES, in_register
from imfilter._simd.vector import (
    invoke,
    load,
    load_one,
    poke,
    size_of,
    splat,
    store,
    store_one,
)

_U32, _I32, _I64 = np.dtype(np.uint32), np.dtype(np.int32), np.dtype(np.int64)
_F64 = np.dtype(np.float64)
#: Numbers of 32 bits in a register.
IN_REGISTER = in_register(_U32)
#: Samples of a whole vector of float64.
LANES = BYTES // 8
#: Most integers of 16 bits whose sum the lanes of two vectors of int32 hold.
_MOST_SMALL = 4 * LANES << 15
#: Largest number of tables. Each has a uint32 for every bin.
TABLES = 4


@inlined
def add(table, place):
    """Add 1 to a count."""
    at = table + 4 * place
    store_one(at, _U32, np.uint32(load_one(_U32, at, _U32) + np.uint32(1)))


@kernel("source")
def count_whole(source, samples, count, low, mask, tables, bins, number):
    """Count whole numbers. Those of the value `low` have place 0.

    samples: address of unsigned numbers. The difference to `low` is taken modulo `mask` + 1, so signed
    numbers may be given as unsigned ones. number: of tables, 2 or 4.
    """
    size, step = size_of(source), 4 * bins
    third, fourth = 2 % number * step, 3 % number * step
    whole = count // TABLES * TABLES
    for i in range(0, whole, TABLES):
        at = samples + size * i
        a = (load_one(_I64, at, source) - low) & mask
        b = (load_one(_I64, at + size, source) - low) & mask
        c = (load_one(_I64, at + 2 * size, source) - low) & mask
        d = (load_one(_I64, at + 3 * size, source) - low) & mask
        add(tables, a)
        add(tables + step, b)
        add(tables + third, c)
        add(tables + fourth, d)
    for i in range(whole, count):
        add(tables, (load_one(_I64, samples + size * i, source) - low) & mask)


@inlined
def _bin(value, limits, bins, first, scale):
    """Return the last bin that starts at `value` or below. The product may be wrong by a rounding error."""
    place = min(max(np.int64((value - first) * scale), 0), bins - 1)
    while place > 0 and value < load_one(_F64, limits + 8 * place, _F64):
        place -= 1
    while place < bins - 1 and value >= load_one(_F64, limits + 8 * place + 8, _F64):
        place += 1
    return place


@kernel("source")
def count_real(source, samples, count, low, mask, tables, bins, limits):
    """Count finite real numbers.

    limits: address of the limits of the bins, one more than bins, and then of the bins per unit. low, mask:
    not used.
    """
    size, step = size_of(source), 4 * bins
    first = load_one(_F64, limits, _F64)
    scale = load_one(_F64, limits + 8 * bins + 8, _F64)
    for i in range(count):
        value = load_one(_F64, samples + size * i, source)
        add(tables + i % TABLES * step, _bin(value, limits, bins, first, scale))


@kernel("source")
def sum_line(source, samples, count, to):
    """Write the sum of samples as float64. It is exact for whole numbers if float64 holds it."""
    size = size_of(source)
    total, more = splat(_F64, 0.0), splat(_F64, 0.0)
    whole = count // (2 * LANES) * 2 * LANES
    for i in range(0, whole, 2 * LANES):
        total = total + load(_F64, samples + i * size, source)
        more = more + load(_F64, samples + (i + LANES) * size, source)
    store(to, _F64, total + more)
    number = 0.0
    for i in range(LANES):
        number += load_one(_F64, to + 8 * i, _F64)
    for i in range(whole, count):
        number += load_one(_F64, samples + i * size, source)
    store_one(to, _F64, number)


@kernel("source")
def sum_small(source, samples, count, to):
    """Write the sum of integers of 8 or 16 bits as int64.

    Sums of int32 take half the operations of those of float64: 8.3 million uint16 take 0.2 ms, not 1.0. One
    call for each part of 1 << 18 samples takes 0.3 ms (Zen 4, one thread, samples in the third-level cache).
    """
    size, lanes, number = size_of(source), 2 * LANES, 0
    for first in range(0, count, _MOST_SMALL):
        stop = min(first + _MOST_SMALL, count)
        whole = stop - (stop - first) % (2 * lanes)
        total, more = splat(_I32, 0), splat(_I32, 0)
        for i in range(first, whole, 2 * lanes):
            total = total + load(_I32, samples + i * size, source)
            more = more + load(_I32, samples + (i + lanes) * size, source)
        store(to, _I32, total)
        store(to + BYTES, _I32, more)
        for i in range(2 * lanes):
            number += load_one(_I64, to + 4 * i, _I32)
        for i in range(whole, stop):
            number += load_one(_I64, samples + i * size, source)
    poke(to, number)


@Driver
@denormals_as_zeros
def sum_samples(kernel_at, samples, count, to):
    """Call `sum_line` or `sum_small` at an address. to: address of two whole vectors."""
    invoke(1, kernel_at, (samples, count, to))


@Driver
@denormals_as_numbers
def count_samples(kernel_at, samples, count, low, mask, tables, bins, more):
    """Call a kernel that counts, at an address."""
    invoke(1, kernel_at, (samples, count, low, mask, tables, bins, more))
