"""Radix sort of the keys of a block, digit by digit, for ranks of samples larger than a byte."""

import numpy as np

from imfilter._filters.rank.kernels.blocks import BLOCK_JOB
from imfilter._filters.rank.kernels.ordered_keys import TURNED, from_key, sign_bit
from imfilter._simd.jit import inlined, kernel
from imfilter._simd.vector import load_one, record, size_of, store_one

_U32 = np.dtype(np.uint32)

#: Largest number of entries in the tables of digits: six digits of 11 bits cover 64 bits.
DIGITS = 6 * 2048


@inlined
def _ordinal(kind, address):
    """Return the key at an address as an unsigned integer with the same order."""
    size = size_of(kind)
    bits = np.uint64(load_one(kind, address, kind)) & (~np.uint64(0) >> np.uint64(64 - 8 * size))
    return bits ^ sign_bit(kind)


@kernel("kind", "how")
def sort(kind, how, job_at, workspace):
    """Write the place of each key of a block in sorted order, and the samples in that order."""
    job = record(BLOCK_JOB, job_at)
    size, keys, digits = size_of(kind), workspace + job.keys, workspace + job.digits
    count = job.padded_z * job.padded_y * job.padded_x
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
    order, other, ordered = workspace + job.order, workspace + job.other, False
    for n in range(numbers):
        shift, table = np.uint64(n) * bits, digits + 4 * n * many
        first = np.int64((_ordinal(kind, keys) >> shift) & mask)
        if load_one(_U32, table + 4 * first, _U32) == count and (ordered or n < numbers - 1):
            continue  # all keys have this digit
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
        store_one(workspace + job.ranks + 4 * index, _U32, np.uint32(i))
        value = load_one(kind, keys + index * size, kind)
        if how == TURNED:
            value = from_key(value)
        store_one(workspace + job.values + i * size, kind, value)
