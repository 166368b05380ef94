"""Blocks of neighbouring cells, each normalised by itself: the last step of a descriptor."""

import math

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, kernel
from imfilter._simd.lanewise import fma, root, where
from imfilter._simd.vector import (
    LINE,
    convert_one,
    in_register,
    invoke,
    load_like,
    load_one,
    record,
    size_of,
    splat_register,
    store,
)

#: How a block is normalised: by the sum of its values, and the root of the quotients; by the root of the sum
#: of their squares, and once more after cutting them off.
L1, L1_SQRT, L2, L2_HYS = 0, 1, 2, 3

#: Geometry of one call, all int64: steps in bytes, everything else in samples.
DESCRIPTOR_JOB = np.dtype(
    [
        (name, np.int64)
        for name in (
            "blocks",  # in a row
            *("cell", "runs", "run"),  # values of a cell; rows of cells in a block, and values in one
            *("source_y", "target_y", "target_x"),  # from one row of cells, of blocks, one block to the next
            *("values", "sums"),  # where in the workspace a block is
            "normalize",  # kernel
        )
    ]
)

_F64 = np.dtype(np.float64)
#: Values in a register.
_LANES = in_register(_F64)
#: Added to a norm, which may be 0; what a normalised value is cut off at.
_EPSILON, _MOST = 1e-5, 0.2


@kernel("target", "norm")
def normalize(target, norm, source, step, runs, run, values, sums, to):
    """Write one block, which is `runs` of `run` float64 values each, `step` bytes apart.

    values, sums: addresses of memory for the block, with room for a register behind it, and for a register.
    """
    none, total = splat_register(_F64, 0.0), runs * run
    for r in range(runs):
        for i in range(0, run, _LANES):
            store(values + (r * run + i) * 8, _F64, load_like(none, source + r * step + i * 8, _F64))
    store(values + total * 8, _F64, none)
    for time in range(2 if norm == L2_HYS else 1):
        added = none
        for i in range(0, total, _LANES):
            value = load_like(none, values + i * 8, _F64)
            added = added + value if norm < L2 else fma(value, value, added)
        store(sums, _F64, added)
        length = 0.0
        for i in range(_LANES):
            length += load_one(_F64, sums + i * 8, _F64)
        divisor = length + _EPSILON if norm < L2 else math.sqrt(length + _EPSILON**2)
        factor = splat_register(_F64, 1.0 / divisor)
        for i in range(0, total, _LANES):
            value = fma(load_like(none, values + i * 8, _F64), factor, none)
            if norm == L1_SQRT:
                value = root(value)
            if norm == L2_HYS and time == 0:
                value = where(value > _MOST, _MOST, value)  # NaN stays
            store(values + i * 8, _F64, value)
    size = size_of(target)
    if total < _LANES:
        for i in range(total):
            convert_one(_F64, values + i * 8, target, to + i * size)
        return
    for i in range(0, total, _LANES):
        at = min(i, total - _LANES)  # the last overlaps the one before
        store(to + at * size, target, load_like(none, values + at * 8, _F64))


@Driver
@denormals_as_zeros
def slide_descriptor(job_at, source_at, target_at, memory, start, stop):
    """Normalise rows `start` … `stop` of blocks.

    job_at: address of the `DESCRIPTOR_JOB`. source_at: address of the cells' histograms, with room for a
    register behind them; target_at: of the blocks. workspace: memory, parted as the job says.
    """
    job = record(DESCRIPTOR_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    for y in range(start, stop):
        for x in range(job.blocks):
            invoke(2, job.normalize, (
                source_at + y * job.source_y + x * job.cell * 8, job.source_y, job.runs, job.run,
                workspace + job.values, workspace + job.sums,
                target_at + y * job.target_y + x * job.target_x))  # fmt: skip
