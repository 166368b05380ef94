"""Layers of 1x1 kernels: division into units of work, and the program."""

import functools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base.loops import ArrayLayout, Loops
from imfilter._base.padding import Padding
from imfilter._base.program import Job, Prepared, layout_workspace, set_geometry
from imfilter._filters.layers import shared_units
from imfilter._filters.layers.kernels.pointwise import POINTWISE_JOB, multiply_pixels, slide_pixels
from imfilter._filters.layers.laid_out import LaidOut, blocked
from imfilter._simd import lines
from imfilter._simd.registers import BYTES, LINE, in_register

#: Channels of a partial sum: short sums round less, and their samples stay in the first-level cache.
_TOGETHER = 96
#: Smallest number of units of work, for threads to share.
_UNITS = 8
#: Kernels and tables that only some jobs have.
_OPTIONAL = ("bias", "cval", "check_finite", "weights")


def run(
    source: npt.NDArray,
    target: npt.NDArray,
    weights: LaidOut,
    bias: npt.NDArray,
    sums: int,
    workers: int | None,
) -> None:
    """Compute a layer. `sums` is the number of registers of sums."""
    merged, result = (array.reshape(*array.shape[:2], -1) for array in (source, target))
    shape = weights.weight.shape[:2]
    plan = _plan(ArrayLayout.of(merged), ArrayLayout.of(result), shape, weights.groups, bias.dtype, sums)
    shifts = blocked(bias[:, None, None], weights.groups, plan.block)
    program = plan.job.program(weights=weights.blocked(plan.block), bias=shifts)
    shared_units.run(program, merged, result, workers, plan.parts)
    if not np.may_share_memory(result, target):
        target[...] = result.reshape(target.shape)


class _Plan(NamedTuple):
    """A job without its weights, and the numbers of outputs in a block and of units with the same samples."""

    job: Prepared
    block: int
    parts: int


@functools.lru_cache(maxsize=64)
def _plan(
    source: ArrayLayout, target: ArrayLayout, shape: tuple[int, ...], groups: int, real: np.dtype, sums: int
) -> _Plan:
    """Divide the work into units, and prepare the tables of the job."""
    size, lanes = real.itemsize, in_register(real)
    outputs, inputs, columns = shape[0] // groups, shape[1], source.shape[2]
    inner = ArrayLayout(source.shape[2:], source.strides[2:], source.dtype)
    outer = ArrayLayout(target.shape[2:], target.strides[2:], target.dtype)
    loops = Loops.of(inner, outer, (1,), (0,), (Padding(0, 0, columns),), (1,), (1,))
    job = Job(POINTWISE_JOB, *_OPTIONAL)
    set_geometry(job, loops, source.dtype, target.dtype, "zero")
    for side, array in (("source", source), ("target", target)):
        job[f"{side}_n"], job[f"{side}_k"] = array.strides[:2]
    job["copied_in"] = int(job["source_packed"] and source.dtype == real)
    job["copied_out"] = int(job["target_packed"] and target.dtype == real)
    pixels = source.shape[0] * columns
    vectors = 4 if pixels > 2 * lanes else 2 if pixels > lanes else 1
    together = vectors * lanes
    blocks = -(-outputs // (sums // vectors))
    block = -(-outputs // blocks)
    blocks = -(-outputs // block)
    positions = -(-pixels // together)
    parts = min(blocks, -(-_UNITS // (positions * groups)))
    job["groups"], job["inputs"], job["outputs"], job["size"] = groups, inputs, outputs, size
    job["columns"], job["pixels"], job["together"], job["positions"] = columns, pixels, together, positions
    job["parts"], job["block"], job["blocks"], job["channels_per_block"] = parts, block, blocks, _TOGETHER
    job["multiply"] = multiply_pixels.address(real, vectors, block)
    job["fetch"] = lines.fetch.address(real, source.dtype)
    job["place"] = lines.place.address(real, target.dtype)
    sizes = {
        "samples": inputs * together * size + LINE,
        "sums": (-(-blocks // parts) * block) * together * size + LINE,
        "spare": together * target.dtype.itemsize + BYTES,
        "flag": 8,
    }
    workspace = layout_workspace(job, sizes)
    work = pixels * inputs * shape[0]
    units = groups * positions * parts
    prepared = job.prepared(slide_pixels, lines=units, work=work, rows=1, workspace=workspace)
    return _Plan(prepared, block, parts)
