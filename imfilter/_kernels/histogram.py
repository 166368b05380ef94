"""Ranks in large windows of samples of one byte: how many there are of each value.

Every column of a block has a histogram, which gains a sample and loses one from row to row. That of the
window gains a column and loses one from pixel to pixel, in vectors, whatever its size (S. Perreault and
P. Hebert, Median Filtering in Constant Time, IEEE Transactions on Image Processing 16, 2007). Sums of 16
values each tell where to look.
"""

import numpy as np

from imfilter._core.jit import inlined, kernel
from imfilter._kernels.order import sign_bit
from imfilter._kernels.simd import BYTES, load, load_one, record, splat, store, store_one
from imfilter._kernels.slide_blocks import BLOCK_JOB, gather

_U16 = np.dtype(np.uint16)
#: Values, sums of them, and the bytes of both in whole vectors.
_VALUES, _SUMS = 256, 16
TABLE = -(-2 * (_VALUES + _SUMS) // BYTES) * BYTES


@inlined
def _count(kind, table, address, flip, change):
    """Add a `change` to how many samples there are of the value at an address, whose order is flipped."""
    value = (np.int64(load_one(kind, address, kind)) & 255) ^ flip
    for at in (table + 2 * value, table + 2 * (_VALUES + (value >> 4))):
        store_one(at, _U16, np.uint16(load_one(_U16, at, _U16) + np.uint16(change)))


@inlined
def _find(table, rank):
    """Return the value of a rank."""
    group = 0
    many = np.int64(load_one(_U16, table + 2 * _VALUES, _U16))
    while many <= rank:
        rank -= many
        group += 1
        many = np.int64(load_one(_U16, table + 2 * (_VALUES + group), _U16))
    value = group * _SUMS
    many = np.int64(load_one(_U16, table + 2 * value, _U16))
    while many <= rank:
        rank -= many
        value += 1
        many = np.int64(load_one(_U16, table + 2 * value, _U16))
    return value


@kernel("kind", "floating")
def count_block(kind, floating, job_at, room, image_at, target_at, z, y, x):
    """Write the outputs of the block that begins at z, y, x; see `rank_block` for those at the end."""
    job = record(BLOCK_JOB, job_at)
    first_z, first_y = min(z, job.planes - job.block_z), min(y, job.rows - job.block_y)
    first_x = min(x, job.columns - job.block_x)
    gather(kind, floating, job, room, image_at, first_z, first_y, first_x)
    taps_z, taps_y = job.padded_z - job.block_z + 1, job.padded_y - job.block_y + 1
    taps_x = job.padded_x - job.block_x + 1
    keys, tables, window = room + job.keys, room + job.tables, room + job.window
    flip, none = np.int64(sign_bit(kind)), splat(_U16, np.uint16(0))
    for i in range(z - first_z, job.block_z):
        for at in range(tables, tables + job.padded_x * TABLE, BYTES):
            store(at, _U16, none)
        for j in range(1 - taps_y, job.block_y):
            for p in range(i, i + taps_z):
                enters = keys + (p * job.padded_y + j + taps_y - 1) * job.padded_x
                leaves = keys + (p * job.padded_y + j - 1) * job.padded_x
                for c in range(job.padded_x):
                    _count(kind, tables + c * TABLE, enters + c, flip, 1)
                    if j > 0:
                        _count(kind, tables + c * TABLE, leaves + c, flip, -1)
            if first_y + j < y:
                continue
            for at in range(0, TABLE, BYTES):
                whole = none
                for c in range(taps_x):
                    whole = whole + load(_U16, tables + c * TABLE + at, _U16)
                store(window + at, _U16, whole)
            to = target_at + (first_z + i) * job.target_z + (first_y + j) * job.target_y
            for k in range(job.block_x):
                if k:
                    enters, leaves = tables + (k + taps_x - 1) * TABLE, tables + (k - 1) * TABLE
                    for at in range(0, TABLE, BYTES):
                        whole = load(_U16, window + at, _U16) + load(_U16, enters + at, _U16)
                        store(window + at, _U16, whole - load(_U16, leaves + at, _U16))
                if first_x + k >= x:
                    value = _find(window, job.rank) ^ flip
                    store_one(to + (first_x + k) * job.target_x, kind, kind.type(value))
