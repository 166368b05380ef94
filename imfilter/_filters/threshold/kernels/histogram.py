"""Histograms: the number of samples of each whole number, or in each bin of real numbers.

Neighbouring samples are often equal. To add to a count that was stored just before takes as long as the store
needs to arrive, about five cycles. So neighbours are counted in different tables, which are added at the end.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_numbers, denormals_as_zeros
from imfilter._simd.jit import Driver, inlined, kernel
from imfilter._simd.lanewise import compressed, count_lanes, full_like
from imfilter._simd.registers import BYTES, FEATURES, in_register
from imfilter._simd.vector import (
    invoke,
    load,
    load_like,
    load_one,
    peek,
    poke,
    size_of,
    splat,
    splat_register,
    store,
    store_one,
)

_U16, _U32, _I32, _I64 = np.dtype(np.uint16), np.dtype(np.uint32), np.dtype(np.int32), np.dtype(np.int64)
_F64 = np.dtype(np.float64)
#: Numbers of 32 bits in a register.
IN_REGISTER = in_register(_U32)
#: Samples of a whole vector of float64.
LANES = BYTES // 8
#: Most integers of 16 bits whose sum the lanes of two vectors of int32 hold.
_MOST_SMALL = 4 * LANES << 15
#: Largest number of tables. Each has a uint32 for every bin.
TABLES = 4
#: Tables with counts of 16 bits for bytes, and most bytes that they hold.
BESIDE = 8
_MOST_BYTES = BESIDE * 65535
#: Number of integers of the record that `find` reads, and the place of each.
FIELDS = 11
COUNT, FLIP, TABLE, BINS, MORE, LINES, NUMBER, PLACES, COUNTS, FOUND, WORK = range(0, 8 * FIELDS, 8)


@inlined
def _add(table, place):
    """Add 1 to a count."""
    at = table + 4 * place
    store_one(at, _U32, np.uint32(load_one(_U32, at, _U32) + np.uint32(1)))


@inlined
def _add_small(table, place):
    """Add 1 to a count of 16 bits."""
    at = table + 2 * place
    store_one(at, _U16, np.uint16(load_one(_U16, at, _U16) + np.uint16(1)))


@inlined
def _count_bytes(samples, whole, flip, table, work):
    """Count bytes, at most `_MOST_BYTES`, a multiple of `BESIDE`. work: address of `BESIDE` tables of zeros.

    A processor stores one count in a cycle, or two that are in one line of the cache. So the counts of a byte
    in two tables are side by side: neighbours are often equal. Two samples are loaded together, which takes
    fewer instructions than one or eight. All tables are in one page of memory: with some pairs of pages, the
    time is an eighth longer.
    """
    for at in range(samples, samples + whole, BESIDE):
        a, b = load_one(_I64, at, _U16), load_one(_I64, at + 2, _U16)
        c, d = load_one(_I64, at + 4, _U16), load_one(_I64, at + 6, _U16)
        _add_small(work, 2 * (a & 255))
        _add_small(work, 2 * (a >> 8) + 1)
        _add_small(work + 1024, 2 * (b & 255))
        _add_small(work + 1024, 2 * (b >> 8) + 1)
        _add_small(work + 2048, 2 * (c & 255))
        _add_small(work + 2048, 2 * (c >> 8) + 1)
        _add_small(work + 3072, 2 * (d & 255))
        _add_small(work + 3072, 2 * (d >> 8) + 1)
    for bin_ in range(256):
        total = np.uint32(0)
        for at in range(work + 4 * bin_, work + 4096, 1024):
            total = np.uint32(total + load_one(_U32, at, _U16) + load_one(_U32, at + 2, _U16))
            store_one(at, _U32, np.uint32(0))
        to = table + 4 * (bin_ ^ flip)
        store_one(to, _U32, np.uint32(load_one(_U32, to, _U32) + total))


@inlined
def _often_equal(source, samples, count):
    """Tell whether neighbours are equal in more than one of 16 places of an image, from 256 of them."""
    step = max(count // 256, 2) * size_of(source)
    equal, tried = 0, 0
    for at in range(samples, samples + size_of(source) * (count - 1), step):
        equal += load_one(_I64, at, source) == load_one(_I64, at + size_of(source), source)
        tried += 1
    return 16 * equal > tried


@kernel("source")
def count_small(source, samples, count, flip, mask, tables, bins, work):
    """Count integers of 8 or 16 bits, of which each value has a bin.

    samples: address of unsigned numbers. flip: the bit of the sign, which is changed so that signed numbers,
    which are given as unsigned ones, are in order. mask: not used. tables: one for bytes, else two.
    work: address of working memory, for bytes.
    """
    size, second = size_of(source), tables + 4 * bins
    if size == 1:
        whole = samples + count - count % BESIDE
        for at in range(samples, whole, _MOST_BYTES):
            _count_bytes(at, min(_MOST_BYTES, whole - at), flip, tables, work)
    else:
        # Where neighbours differ, one table takes less memory. A photograph with 50,000 values takes 96 us
        # with one table and 112 with two. One with 256 values takes 150 and 115.
        second = second if _often_equal(source, samples, count) else tables
        whole = samples + size * (count - count % 2)
        for at in range(samples, whole, 4):
            pair = load_one(_I64, at, _U32) ^ (flip << 16 | flip)
            _add(tables, pair & 65535)
            _add(second, pair >> 16)
    for at in range(whole, samples + size * count, size):
        _add(tables, load_one(_I64, at, source) ^ flip)


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
        _add(tables, a)
        _add(tables + step, b)
        _add(tables + third, c)
        _add(tables + fourth, d)
    for i in range(whole, count):
        _add(tables, (load_one(_I64, samples + size * i, source) - low) & mask)


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
        _add(tables + i % TABLES * step, _bin(value, limits, bins, first, scale))


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


@inlined
def _write_compressed(total, lanes, bin_, places, counts, n):
    """Write places and counts of the bins of a register that are not empty. Return how many there are.

    n: how many there were before. lanes: the numbers of the lanes.
    """
    filled = total != 0
    store(places + 4 * n, _I32, compressed(filled, lanes + bin_))
    store(counts + 4 * n, _I32, compressed(filled, total))
    return n + count_lanes(filled)


@inlined
def _write_one_by_one(total, lanes, bin_, places, counts, n):
    """Do the same without AVX-512."""
    store(counts + 4 * n, _I32, total)
    last = n
    for i in range(IN_REGISTER):
        count = load_one(_U32, counts + 4 * (last + i), _U32)
        store_one(places + 4 * n, _U32, np.uint32(bin_ + i))
        store_one(counts + 4 * n, _U32, count)
        n += count != 0
    return n


_write = _write_compressed if FEATURES.get("avx512f") else _write_one_by_one


@inlined
def _collect(tables, number, bins, places, counts, found):
    """Write the bins that are not empty and their counts as uint32, and set all tables to 0.

    tables: address of the addresses of `number` tables of `bins` counts, a multiple of a vector. The sums of
    counts must fit into 32 bits. places: are counted from the first bin that is not empty. They and `counts`
    have space for a register after the last bin. found: address of two integers, this bin and how many bins
    are written, and of space for a register.

    A histogram with 50,000 of 65,536 bins takes 16 us, and 45 bin by bin (Zen 4).
    """
    zero, lanes, first, n, stage = splat(_I32, 0), splat_register(_I32, np.int32(0)), -1, 0, found + 16
    for i in range(IN_REGISTER):
        store_one(stage + 4 * i, _U32, np.uint32(i))
    lanes = load_like(lanes, stage, _I32)
    one, two = peek(tables), peek(tables + 8 * (number > 1))
    for table in range(16, 8 * number, 8):
        other = peek(tables + table)
        for at in range(0, 4 * bins, BYTES):
            store(one + at, _I32, load(_I32, one + at, _I32) + load(_I32, other + at, _I32))
            store(other + at, _I32, zero)
    nothing = full_like(lanes, _I32, 0)
    for bin_ in range(0, bins, IN_REGISTER):
        total = load_like(lanes, one + 4 * bin_, _I32)
        if number > 1:
            total = total + load_like(lanes, two + 4 * bin_, _I32)
        if count_lanes(total != 0):
            if first < 0:
                first = bin_
                store(stage, _I32, total)
                while not load_one(_I64, stage + 4 * (first - bin_), _U32):
                    first += 1
            n = _write(total, lanes, bin_ - first, places, counts, n)
            store(one + 4 * bin_, _I32, nothing)
            if number > 1:
                store(two + 4 * bin_, _I32, nothing)
    poke(found, first)
    poke(found + 8, n)


@Driver
@denormals_as_numbers
def find(job, samples, count, choose_at, form, total: float):
    """Count samples, collect the bins that are not empty, and choose one of them if there are several.

    job: address of the record of `COUNT` and so on: the kernel that counts and its arguments, the addresses
    of tables, and what `_collect` and the kernel `choose_at` write. samples, count: 0 if the tables are full.
    choose_at: 0 if nothing is chosen. total: number of samples.
    """
    if count:
        flip, tables, bins, more = peek(job + FLIP), peek(job + TABLE), peek(job + BINS), peek(job + MORE)
        invoke(1, peek(job + COUNT), (samples, count, flip, 0, tables, bins, more))
    places, counts, found = peek(job + PLACES), peek(job + COUNTS), peek(job + FOUND)
    _collect(peek(job + LINES), peek(job + NUMBER), peek(job + BINS), places, counts, found)
    bins = peek(found + 8)
    if choose_at and bins > 1:
        invoke(2, choose_at, (form, places, counts, bins, total, peek(job + WORK)))
