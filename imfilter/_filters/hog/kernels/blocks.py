"""Normalisation of each block of neighbouring cells: the last step of a descriptor."""

import math

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, kernel
from imfilter._simd.lanewise import fma, root, where
from imfilter._simd.registers import LINE, in_register
from imfilter._simd.vector import (
    convert_one,
    invoke,
    load_like,
    load_one,
    record,
    size_of,
    splat_register,
    store,
)

#: Normalisations of a block. L1: divide by the sum of the values. L1_SQRT: then take square roots. L2: divide
#: by the root of the sum of squares. L2_HYS: then limit the values, and divide once more.
L1, L1_SQRT, L2, L2_HYS = 0, 1, 2, 3

#: Geometry of one call, all int64: steps in bytes, everything else in samples.
DESCRIPTOR_JOB = np.dtype(
    [
        (name, np.int64)
        for name in (
            "blocks",  # in a row
            *("cell", "runs", "run"),  # values of a cell; rows of cells in a block, and values in one
            *("source_y", "target_y", "target_x"),  # distances of rows of cells, of rows of blocks, of blocks
            *("values", "sums"),  # workspace offsets of a block and of a register
            "normalize",  # kernel
        )
    ]
)

_F64 = np.dtype(np.float64)
#: Values in a register.
_LANES = in_register(_F64)
#: Added to a norm, which may be 0; upper limit of a normalised value.
_EPSILON, _MOST = 1e-5, 0.2


@kernel("target", "norm")
def normalize(target, norm, source, step, runs, run, values, sums, to):
    """Write one block. It has `runs` runs of `run` float64 values, `step` bytes apart.

    values: address of memory for the block and one more register. sums: address of memory for a register.
    """
    zero, total = splat_register(_F64, 0.0), runs * run
    for r in range(runs):
        for i in range(0, run, _LANES):
            store(values + (r * run + i) * 8, _F64, load_like(zero, source + r * step + i * 8, _F64))
    store(values + total * 8, _F64, zero)
    for step_number in range(2 if norm == L2_HYS else 1):
        lane_sums = zero
        for i in range(0, total, _LANES):
            value = load_like(zero, values + i * 8, _F64)
            lane_sums = lane_sums + value if norm < L2 else fma(value, value, lane_sums)
        store(sums, _F64, lane_sums)
        length = 0.0
        for i in range(_LANES):
            length += load_one(_F64, sums + i * 8, _F64)
        divisor = length + _EPSILON if norm < L2 else math.sqrt(length + _EPSILON**2)
        factor = splat_register(_F64, 1.0 / divisor)
        for i in range(0, total, _LANES):
            value = fma(load_like(zero, values + i * 8, _F64), factor, zero)
            if norm == L1_SQRT:
                value = root(value)
            if norm == L2_HYS and step_number == 0:
                value = where(value > _MOST, _MOST, value)  # NaN stays
            store(values + i * 8, _F64, value)
    size = size_of(target)
    if total < _LANES:
        for i in range(total):
            convert_one(_F64, values + i * 8, target, to + i * size)
        return
    for i in range(0, total, _LANES):
        at = min(i, total - _LANES)  # the last register overlaps the previous one
        store(to + at * size, target, load_like(zero, values + at * 8, _F64))


@Driver
@denormals_as_zeros
def slide_descriptor(job_at, source_at, target_at, memory, start, stop):
    """Normalise rows `start` … `stop` of blocks.

    job_at: address of the `DESCRIPTOR_JOB`. source_at: address of the histograms of cells. A register
    can be read after them. target_at: address of the blocks. memory: workspace, divided as the job says.
    """
    job = record(DESCRIPTOR_JOB, job_at)
    workspace = (memory + LINE - 1) // LINE * LINE
    for y in range(start, stop):
        for x in range(job.blocks):
            invoke(2, job.normalize, (
                source_at + y * job.source_y + x * job.cell * 8, job.source_y, job.runs, job.run,
                workspace + job.values, workspace + job.sums,
                target_at + y * job.target_y + x * job.target_x))  # fmt: skip
