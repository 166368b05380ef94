"""Histograms of integers of 8 and 16 bits, of which each value has a bin."""

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from imfilter._simd.jit import inlined, kernel
from imfilter._simd.lanewise import count_lanes, full_like
from imfilter._simd.llvm import read, write
from imfilter._simd.registers import BYTES, in_register
from imfilter._simd.vector import (
    load,
    load_bytes,
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

_U8, _U16, _U32, _I64 = np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.uint32), np.dtype(np.int64)
#: Tables with counts of 16 bits for bytes, and most bytes that they hold.
BESIDE = 8
_MOST_BYTES = BESIDE * 65535
#: Places of the working memory: these tables, two tables of pairs of bytes, and a vector.
_PAIRS = 2 * 256 * BESIDE
_STAGE = _PAIRS + 2 * 65536
WORK = _STAGE + 512
#: Samples from which on pairs of bytes are counted, or samples of 16 bits in several tables: to add the
#: counts of pairs takes as long as to count 12,000 bytes.
_MANY = 1 << 15
#: Most of `_TRIED` places where pairs are equal, if they are counted in one table or in two.
_IN_ONE, _IN_TWO = 6, 32
#: Places of an image at which neighbours are compared.
_TRIED = 128
#: Samples that are looked at together to find whether they are bytes. With 512, the time is a tenth longer.
_BLOCK = 2048
#: Numbers of 16 bits in a register.
_PART = in_register(_U16)
#: 1 in each of four numbers of 16 bits. A product with it has the sum of all four in the highest of them.
_ONES = np.uint64(0x0001000100010001)
#: Most tables for integers of 16 bits, the places in the memory of `count_words`, and its size.
WORD_TABLES = 4
USED, LIMIT, _BYTES, _SUMS, WORDS = 4096, 4104, 5120, 6144, 8192
FULL = WORDS + 65536 * WORD_TABLES
_COPIES = FULL + 4 * 65536
RECORD = _COPIES + 2 * _BLOCK


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
        _add_many(table, bin_ ^ flip, total)


@inlined
def _add_many(table, place, number):
    """Add a number to a count."""
    at = table + 4 * place
    store_one(at, _U32, np.uint32(load_one(_U32, at, _U32) + np.uint32(number)))


@intrinsic
def _count(typingctx, at, number, first, second):
    """Add 1 to a count of 8 bits at an address. If it was full, add `number` to two counts of 32 bits.

    The compiler is told that this is rare. Otherwise it jumps for each sample.
    """

    def codegen(context, builder, sig, args):
        byte, word = ir.IntType(8), ir.IntType(32)
        at, number, first, second = args
        found = builder.add(read(builder, at, byte), byte(1))
        write(builder, at, found)
        with builder.if_then(builder.icmp_unsigned("==", found, byte(0)), likely=False):
            for place in (first, second):
                write(builder, place, builder.add(read(builder, place, word), builder.trunc(number, word)))
        return context.get_dummy_value()

    return types.none(*[types.int64] * 4), codegen


@inlined
def _add_pair(pairs, pair, flip, table):
    """Add 1 to the count of a pair of bytes."""
    _count(pairs + pair, 256, table + 4 * ((pair & 255) ^ flip), table + 4 * ((pair >> 8) ^ flip))


@inlined
def _add_pairs(first, second, at, step, flip, table):
    """Add 1 to the counts of eight pairs. step: from a pair to the next, in bytes."""
    a, b = load_one(_I64, at, _U16), load_one(_I64, at + step, _U16)
    c, d = load_one(_I64, at + 2 * step, _U16), load_one(_I64, at + 3 * step, _U16)
    e, f = load_one(_I64, at + 4 * step, _U16), load_one(_I64, at + 5 * step, _U16)
    g, h = load_one(_I64, at + 6 * step, _U16), load_one(_I64, at + 7 * step, _U16)
    _add_pair(first, a, flip, table)
    _add_pair(second, b, flip, table)
    _add_pair(first, c, flip, table)
    _add_pair(second, d, flip, table)
    _add_pair(first, e, flip, table)
    _add_pair(second, f, flip, table)
    _add_pair(first, g, flip, table)
    _add_pair(second, h, flip, table)


@inlined
def _sum_pairs(pairs, flip, table, stage):
    """Add the counts of pairs to those of their bytes, and set them to 0. stage: address of a vector.

    The sum of 256 counts of 8 bits has 16 bits.
    """
    zero = splat_register(_U16, np.uint16(0))
    for first in range(0, 256, 8 * _PART):
        nothing = full_like(load_bytes(_U8, 32, stage), _U8, 0)
        a, b, c, d, e, f, g, h = zero, zero, zero, zero, zero, zero, zero, zero
        for row in range(256):
            at = pairs + 256 * row + first
            p, q = load_like(zero, at, _U8), load_like(zero, at + _PART, _U8)
            r, s = load_like(zero, at + 2 * _PART, _U8), load_like(zero, at + 3 * _PART, _U8)
            t, u = load_like(zero, at + 4 * _PART, _U8), load_like(zero, at + 5 * _PART, _U8)
            v, w = load_like(zero, at + 6 * _PART, _U8), load_like(zero, at + 7 * _PART, _U8)
            a, b, c, d, e, f, g, h = a + p, b + q, c + r, d + s, e + t, f + u, g + v, h + w
            store(stage, _U16, (p + q) + (r + s) + ((t + u) + (v + w)))
            for clear in range(at, at + 8 * _PART, 32):
                store(clear, _U8, nothing)
            four = np.uint64(0)
            for word in range(stage, stage + 2 * _PART, 8):
                four = np.uint64(four + np.uint64(peek(word)))
            _add_many(table, row ^ flip, (four * _ONES) >> np.uint64(48))
        for i, sums in ((0, a), (1, b), (2, c), (3, d), (4, e), (5, f), (6, g), (7, h)):
            store(stage + 2 * _PART * i, _U16, sums)
        for column in range(8 * _PART):
            _add_many(table, (first + column) ^ flip, load_one(_U32, stage + 2 * column, _U16))


@inlined
def _count_pairs(samples, whole, flip, table, first, second, stage):
    """Count bytes by pairs, a multiple of 16. first, second: address of a table of zeros, or of two.

    A pair takes one store. So photographs of 512x512 textures take 47 us, and 65 with `_count_bytes` (Zen 4).
    One with one of 10 pairs equal to its neighbour takes 55 us with two tables, and 63. To add the counts
    takes 2 us for each table.
    """
    at = samples
    while at < samples + whole:  # a tenth faster than with `range`
        _add_pairs(first, second, at, 2, flip, table)
        at += 2 * BESIDE
    _sum_pairs(first, flip, table, stage)
    if second != first:
        _sum_pairs(second, flip, table, stage)


@inlined
def _equal(source, samples, count):
    """Return in how many of `_TRIED` places of an image neighbours are equal.

    Places at equal steps may all lie in the same columns. Multiples of the golden ratio lie in all.
    """
    equal = 0
    for number in range(_TRIED):
        share = (number * 0x9E3779B9 & 0xFFFFFFFF) >> 8
        at = samples + size_of(source) * (share * (count - 1) >> 24)
        equal += load_one(_I64, at, source) == load_one(_I64, at + size_of(source), source)
    return equal


@kernel("source")
def count_bytes(source, samples, count, flip, mask, table, bins, work):
    """Count bytes, of which each value has a bin.

    flip: the bit of the sign, which is changed so that signed numbers, which are given as unsigned ones, are
    in order. mask, bins: not used. work: address of `WORK` bytes of working memory, which are 0.
    """
    whole = count - count % (2 * BESIDE)
    equal = _equal(_U16, samples, count // 2) if count >= _MANY else _TRIED
    if equal <= _IN_TWO:
        first = work + _PAIRS
        second = first + 65536 if equal > _IN_ONE else first
        _count_pairs(samples, whole, flip, table, first, second, work + _STAGE)
    else:
        for at in range(samples, samples + whole, _MOST_BYTES):
            _count_bytes(at, min(_MOST_BYTES, samples + whole - at), flip, table, work)
    for at in range(samples + whole, samples + count):
        _add_many(table, load_one(_I64, at, source) ^ flip, 1)


@inlined
def _add_word(words, value, record):
    """Add 1 to the count of a value."""
    _count(words + value, 1, record + FULL + 4 * value, record + 4 * (value >> 6))


@inlined
def _copied(samples, size, copies):
    """Write samples with their lower byte in place of the upper. size: their bytes, a multiple of a vector.

    Return 1 if the upper bytes were 0, 2 if they were equal to the lower bytes, and 3 if all were 0.
    """
    every, changed, low, twice = splat(_U16, 0), splat(_U16, 0), splat(_U16, 255), splat(_U16, 257)
    for at in range(0, size, BYTES):
        values = load(_U16, samples + at, _U16)
        copy = (values & low) * twice
        every, changed = every | values, changed | (copy ^ values)
        store(copies + at, _U16, copy)
    return (not count_lanes(every > 255)) + 2 * (not count_lanes(changed != 0))


@inlined
def _count_blocks(samples, count, record):
    """Count samples as long as all are less than 256, or all have two equal bytes.

    Such an image was converted from bytes. Return how many samples are counted, and whether all of them are
    less than 256. The second byte of a copy and the first of the next are a pair. So photographs of 512x512
    with values below 256 take 36 to 42 us, and 62 to 70 with `_add_words` (Zen 5).
    """
    table, copies = record + _BYTES, record + _COPIES
    first = second = record + WORDS
    done, stop, kinds = 0, 2 * count - 2 * count % BYTES, 3
    while done < stop:
        size = min(2 * _BLOCK, stop - done)
        found = kinds & _copied(samples + done, size, copies)
        if not found:
            break
        if not done and _equal(_U32, samples, count // 2) > _IN_ONE:
            second = first + 65536
        kinds, at = found, copies + 1
        while at < copies + size:
            _add_pairs(first, second, at, 4, 0, table)
            at += 32
        done += size
    narrow = kinds & 1
    if done:
        _sum_pairs(first, 0, table, record + _SUMS)
        if second != first:
            _sum_pairs(second, 0, table, record + _SUMS)
        factor = 1 if narrow else 257
        for i in range(256):
            at = table + 4 * i
            found = load_one(_I64, at, _U32)
            store_one(at, _U32, np.uint32(0))
            store_one(record + WORDS + factor * i, _U8, np.uint8(found))
            _add_many(record + FULL, factor * i, found >> 8)
            _add_many(record, factor * i >> 6, found >> 8)
    return done // 2, narrow


@inlined
def _are_narrow(samples, count):
    """Tell whether all samples are less than 256."""
    every = 0
    for at in range(samples, samples + 2 * count, 2):
        every |= load_one(_I64, at, _U16)
    return every < 256


@inlined
def _add_words(source, samples, count, record, step):
    """Count samples in four tables, or in one if `step` is 0. Return how many are counted."""
    one = record + WORDS
    whole = count - count % 8
    at, stop = samples, samples + 2 * whole
    while at < stop:
        a, b = load_one(_I64, at, source), load_one(_I64, at + 2, source)
        c, d = load_one(_I64, at + 4, source), load_one(_I64, at + 6, source)
        e, f = load_one(_I64, at + 8, source), load_one(_I64, at + 10, source)
        g, h = load_one(_I64, at + 12, source), load_one(_I64, at + 14, source)
        _add_word(one, a, record)
        _add_word(one + step, b, record)
        _add_word(one + 2 * step, c, record)
        _add_word(one + 3 * step, d, record)
        _add_word(one, e, record)
        _add_word(one + step, f, record)
        _add_word(one + 2 * step, g, record)
        _add_word(one + 3 * step, h, record)
        at += 16
    return whole


@kernel("source")
def count_words(source, samples, count, flip, mask, table, bins, record):
    """Count integers of 16 bits in tables of counts of 8 bits.

    flip, mask, table, bins: not used. record: address of `RECORD` bytes, which are 0: for each 64 values
    whether a count was full, the number of tables that are used, a limit of the values, working memory, the
    tables, how often the count of each value was full, and more working memory.

    A table with counts of 32 bits does not fit into the first-level cache. Photographs of 512x512 textures
    with 45,000 values take 95 us, and 122 with such a table. To add to a count that was stored just before
    takes as long as the store needs to arrive, so there are four tables where neighbours are equal. An image
    that was converted from bytes takes less time.
    """
    done, narrow = _count_blocks(samples, count, record) if count >= _MANY else (0, 0)
    samples, count = samples + 2 * done, count - done
    narrow = narrow and 2 * count < BYTES and _are_narrow(samples, count)
    poke(record + LIMIT, 256 if narrow else 65536)
    poke(record + USED, 1)
    if count >= _MANY and 16 * _equal(source, samples, count) > _TRIED:
        poke(record + USED, WORD_TABLES)
        done = _add_words(source, samples, count, record, 65536)
    else:
        done = _add_words(source, samples, count, record, 0)
    for at in range(samples + 2 * done, samples + 2 * count, 2):
        _add_word(record + WORDS, load_one(_I64, at, source), record)
