"""The bins of a histogram that are not empty, and the choice of one of them."""

import numpy as np

from imfilter._filters.threshold.kernels.small_integers import FULL, LIMIT, USED, WORDS
from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, inlined
from imfilter._simd.lanewise import compressed, count_lanes, full_like
from imfilter._simd.registers import BYTES, FEATURES, in_register
from imfilter._simd.vector import (
    invoke,
    load,
    load_bytes,
    load_like,
    load_one,
    peek,
    poke,
    splat,
    splat_register,
    store,
    store_one,
)

_U8, _U32, _I32, _I64 = np.dtype(np.uint8), np.dtype(np.uint32), np.dtype(np.int32), np.dtype(np.int64)
#: Numbers of 32 bits in a register.
IN_REGISTER = in_register(_U32)
#: Number of integers of the record that `find` reads, and the place of each.
FIELDS = 11
COUNT, FLIP, TABLE, BINS, MORE, LINES, NUMBER, PLACES, COUNTS, FOUND, WORK = range(0, 8 * FIELDS, 8)


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

    A vector at a time takes a third of the time of bin by bin.
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


@inlined
def _times_full(records, number, place, none):
    """Return how often the counts of a register of bins were full, in all records, and set it to 0."""
    total = none
    for at in range(records, records + 8 * number, 8):
        full = peek(at) + FULL + 4 * place
        total = total + load_like(none, full, _I32)
        store(full, _I32, none)
    return total


@inlined
def _collect_words(records, number, flip, tables, places, counts, found):
    """Do the same for the tables of `count_words`. Set its memory to 0.

    records: address of the addresses of its memory. tables: address of space for the addresses of all tables.

    A histogram with 50,000 of 65,536 bins takes 12 us, and one with 256 takes 4 (Zen 4).
    """
    lanes, first, n, stage, used = splat_register(_I32, np.int32(0)), -1, 0, found + 16, 0
    for i in range(IN_REGISTER):
        store_one(stage + 4 * i, _U32, np.uint32(i))
    none, lanes, limit = lanes, load_like(lanes, stage, _I32), 0
    for at in range(records, records + 8 * number, 8):
        limit = max(limit, peek(peek(at) + LIMIT))
        for i in range(peek(peek(at) + USED)):
            poke(tables + used, peek(at) + WORDS + 65536 * i)
            used += 8
    nothing, one = full_like(load_bytes(_U8, 64, peek(tables)), _U8, 0), peek(tables)
    start = flip if limit == 256 else 0  # the bin of the sample 0
    for bin_ in range(start, start + limit, 64):
        place, full = bin_ ^ flip, 0
        for at in range(records, records + 8 * number, 8):
            times = peek(at) + 4 * (place >> 6)
            full |= load_one(_I64, times, _U32)
            store_one(times, _U32, np.uint32(0))
        some = load_bytes(_U8, 64, one + place)
        for table in range(tables + 8, tables + used, 8):
            some = some | load_bytes(_U8, 64, peek(table) + place)
        if full or count_lanes(some != 0):
            for i in range(0, 64, IN_REGISTER):
                total = load_like(lanes, one + place + i, _U8)
                for table in range(tables + 8, tables + used, 8):
                    total = total + load_like(lanes, peek(table) + place + i, _U8)
                if full:
                    total = total + _times_full(records, number, place + i, none) * np.int32(256)
                if count_lanes(total != 0):
                    if first < 0:
                        first = bin_ + i
                        store(stage, _I32, total)
                        while not load_one(_I64, stage + 4 * (first - bin_ - i), _U32):
                            first += 1
                    n = _write(total, lanes, bin_ + i - first, places, counts, n)
            for table in range(tables, tables + used, 8):
                store(peek(table) + place, _U8, nothing)
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
    lines, number, bins = peek(job + LINES), peek(job + NUMBER), peek(job + BINS)
    if bins > 256:
        _collect_words(lines, number, peek(job + FLIP), lines + 8 * number, places, counts, found)
    else:
        _collect(lines, number, bins, places, counts, found)
    bins = peek(found + 8)
    if choose_at and bins > 1:
        invoke(2, choose_at, (form, places, counts, bins, total, peek(job + WORK)))
