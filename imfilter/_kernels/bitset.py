"""Ranks in windows of any size and shape: sort the samples of a block once, then count bits.

Once sorted, a sample is a number, and a window is a set of numbers: one bit each. The window moves by a
pixel as bits are set and cleared, and the sample of a rank is found from where the last one was by
counting the bits of whole words (J. Suomela, Median Filtering is Equivalent to Sorting, 2014,
arXiv:1406.1717). The cost for a pixel is that of the samples that enter and leave, whatever type they have.
"""

import numpy as np
from numba.core import types
from numba.extending import intrinsic

from imfilter._core.jit import inlined, kernel
from imfilter._kernels.order import from_key, sign_bit
from imfilter._kernels.simd import load_one, peek, record, size_of, store_one
from imfilter._kernels.slide_blocks import BLOCK_JOB, gather

_U32, _U64 = np.dtype(np.uint32), np.dtype(np.uint64)

#: Entries of the tables of digits, at most: six of 11 bits are 64.
DIGITS = 6 * 2048


@intrinsic
def _count_bits(typingctx, word):
    def codegen(context, builder, sig, args):
        return builder.ctpop(args[0])

    return types.int64(types.uint64), codegen


@inlined
def _find_bit(word, rank):
    """Return the place of the bit of a rank among those that are set."""
    place, half = 0, 32
    while half:
        many = _count_bits(word & ((np.uint64(1) << np.uint64(half)) - np.uint64(1)))
        beyond = many <= rank
        rank -= many if beyond else 0
        place += half if beyond else 0
        word >>= np.uint64(half if beyond else 0)
        half >>= 1
    return place


@inlined
def _ordinal(kind, address):
    """Return the key at an address as an unsigned integer of the same order."""
    size = size_of(kind)
    bits = np.uint64(load_one(kind, address, kind)) & (~np.uint64(0) >> np.uint64(64 - 8 * size))
    return bits ^ sign_bit(kind)


@inlined
def _sort(kind, job, room, count):
    """Find the order of so many keys, digit by digit from the last, and the place of each in it."""
    size, keys, digits = size_of(kind), room + job.keys, room + job.digits
    bits = np.uint64(8 if size <= 2 else 11)
    many = np.int64(1) << np.int64(bits)
    mask = np.uint64(many - 1)
    numbers = (8 * size + np.int64(bits) - 1) // np.int64(bits)
    for d in range(numbers * many):
        store_one(digits + 4 * d, _U32, np.uint32(0))
    for i in range(count):
        key = _ordinal(kind, keys + i * size)
        for n in range(numbers):
            at = digits + 4 * (n * many + np.int64((key >> (np.uint64(n) * bits)) & mask))
            store_one(at, _U32, np.uint32(load_one(_U32, at, _U32) + np.uint32(1)))
    order, other, ordered = room + job.order, room + job.other, False
    for n in range(numbers):
        shift, table = np.uint64(n) * bits, digits + 4 * n * many
        first = np.int64((_ordinal(kind, keys) >> shift) & mask)
        if load_one(_U32, table + 4 * first, _U32) == count and (ordered or n < numbers - 1):
            continue  # all have this digit
        total = np.uint32(0)
        for d in range(many):
            here = load_one(_U32, table + 4 * d, _U32)
            store_one(table + 4 * d, _U32, total)
            total = np.uint32(total + here)
        for i in range(count):
            index = np.int64(load_one(_U32, order + 4 * i, _U32)) if ordered else i
            at = table + 4 * np.int64((_ordinal(kind, keys + index * size) >> shift) & mask)
            place = load_one(_U32, at, _U32)
            store_one(other + 4 * np.int64(place), _U32, np.uint32(index))
            store_one(at, _U32, np.uint32(place + np.uint32(1)))
        order, other, ordered = other, order, True
    for i in range(count):
        index = np.int64(load_one(_U32, order + 4 * i, _U32))
        store_one(room + job.ranks + 4 * index, _U32, np.uint32(i))
    return order


@inlined
def _flip(bits, place):
    """Set or clear the bit of the rank at an address; return its word."""
    rank = np.int64(load_one(_U32, place, _U32))
    word = rank >> 6
    at = bits + 8 * word
    store_one(at, _U64, load_one(_U64, at, _U64) ^ (np.uint64(1) << np.uint64(rank & 63)))
    return word


@kernel("kind", "floating")
def rank_block(kind, floating, job_at, room, image_at, target_at, z, y, x):
    """Write the outputs of the block that begins at z, y, x.

    Blocks are all alike: one that would go beyond the last output begins earlier, and writes the rest.
    """
    job = record(BLOCK_JOB, job_at)
    size, bits, ranks = size_of(kind), room + job.bits, room + job.ranks
    first_z, first_y = min(z, job.planes - job.block_z), min(y, job.rows - job.block_y)
    first_x = min(x, job.columns - job.block_x)
    gather(kind, floating, job, room, image_at, first_z, first_y, first_x)
    count = job.padded_z * job.padded_y * job.padded_x
    order = _sort(kind, job, room, count)
    for i in range(z - first_z, job.block_z):
        for j in range(y - first_y, job.block_y):
            line = ranks + 4 * ((i * job.padded_y + j) * job.padded_x)
            to = target_at + (first_z + i) * job.target_z + (first_y + j) * job.target_y
            for w in range((count + 63) // 64):
                store_one(bits + 8 * w, _U64, np.uint64(0))
            for t in range(job.n_taps):
                _flip(bits, line + 4 * peek(job.taps + 8 * t))
            pivot, below = 0, 0  # a word, and how many bits are set before it
            for k in range(job.block_x):
                if k:
                    here = line + 4 * k
                    for e in range(job.n_moved):
                        below -= _flip(bits, here + 4 * peek(job.leaving + 8 * e)) < pivot
                        below += _flip(bits, here + 4 * peek(job.entering + 8 * e)) < pivot
                while below > job.rank:
                    pivot -= 1
                    below -= _count_bits(load_one(_U64, bits + 8 * pivot, _U64))
                word = load_one(_U64, bits + 8 * pivot, _U64)
                many = _count_bits(word)
                while below + many <= job.rank:
                    below += many
                    pivot += 1
                    word = load_one(_U64, bits + 8 * pivot, _U64)
                    many = _count_bits(word)
                if first_x + k < x:
                    continue
                place = pivot * 64 + _find_bit(word, job.rank - below)
                index = np.int64(load_one(_U32, order + 4 * place, _U32))
                value = load_one(kind, room + job.keys + index * size, kind)
                if floating:
                    value = from_key(value)
                store_one(to + (first_x + k) * job.target_x, kind, value)
