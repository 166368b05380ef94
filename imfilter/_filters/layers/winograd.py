"""Layers of 3x3 kernels by Winograd's minimal filtering: division into units, the program, its accuracy."""

import functools
import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base.loops import ArrayLayout, Loops
from imfilter._base.program import Job, Prepared, layout_workspace, pitch, set_geometry
from imfilter._filters.layers import shared_units
from imfilter._filters.layers.geometry import Geometry
from imfilter._filters.layers.kernels.winograd import (
    REAL,
    WINOGRAD_JOB,
    multiply_values,
    restore,
    slide_tiles,
    transform,
)
from imfilter._filters.layers.laid_out import LaidOut, point_step
from imfilter._simd import lines
from imfilter._simd.registers import BYTES, LINE, REGISTERS, in_register

#: Registers of sums, times outputs. AVX-512 has 32 registers, other types have 16.
_SUMS = 24 if BYTES // REGISTERS == 64 else 12
#: Smallest number of input and of output channels of a group.
_CHANNELS = 16
#: Largest number of multiply-adds, as a share of those of the direct way.
_SHARE = 0.6
#: Channels of a partial sum. See `tile_transforms` for the error.
_TOGETHER = 64
#: Bytes of values and products that must stay in the second-level cache.
_NEAR = 900_000
#: Bound of the error, as a share of the largest output.
_PROMISED = 1e-5
#: The error stays below this number of roundings of the norm of the weights times the root of the mean
#: square of the samples. The largest error seen was 54 of them: noise, smooth and sparse images, channels of
#: different scales and images far from zero, with 16 to 512 channels.
_ERROR = 64.0
#: Weights and outputs below this number may give denormal intermediate sums.
_TINY = 1e-30
#: Smallest number of units of work, for threads to share.
_UNITS = 8
#: Kernels and tables that only some jobs have.
_OPTIONAL = ("bias", "cval", "check_finite", "weights", "sizes")


def applies(x: npt.NDArray, weight: npt.NDArray, geometry: Geometry) -> bool:
    """Tell whether a layer can be computed this way, and has fewer multiply-adds."""
    if weight.dtype != REAL or weight.shape[2:] != (3, 3):
        return False
    if max(geometry.stride) > 1 or max(geometry.dilation) > 1:
        return False
    if min(weight.shape[1], len(weight) // geometry.groups) < _CHANNELS:
        return False
    lanes = in_register(REAL)
    tiles = len(x) * math.prod(-(-n // 4) for n in geometry.lengths)
    return -(-tiles // lanes) * lanes * 36 <= _SHARE * 9 * len(x) * math.prod(geometry.lengths)


def run(
    source: npt.NDArray,
    target: npt.NDArray,
    weights: LaidOut,
    bias: npt.NDArray,
    geometry: Geometry,
    workers: int | None,
) -> bool:
    """Compute a layer. Return whether the result is as accurate as promised; see `_accurate`."""
    if not (math.isfinite(weights.norm) and (weights.norm == 0 or weights.norm > _TINY)):
        return False
    plan = _plan(ArrayLayout.of(source), ArrayLayout.of(target), weights.weight.shape, geometry)
    sizes = np.zeros((plan.units, 3, in_register(REAL)), REAL)
    tables = {"weights": weights.transformed(plan.block, workers), "bias": bias, "sizes": sizes}
    shared_units.run(plan.job.program(**tables), source, target, workers, plan.parts)
    return _accurate(sizes, plan.samples, weights.norm)


def _accurate(sizes: npt.NDArray, samples: int, norm: float) -> bool:
    """Tell whether the estimated error is at most 1e-5 of the largest output.

    A sample that is not finite makes every output that reads it infinite or NaN. So does an overflow on the
    way. The estimate refuses both, and outputs that are small differences of large sums. `sizes` are the
    measures of each unit (see the kernel), of `samples` samples in each lane.
    """
    if not np.isfinite(sizes).all():
        return False
    rms = math.sqrt(float(sizes[:, 0].max()) / samples)
    largest = float(sizes[:, 1].max())
    if 0 < largest < _TINY:
        return False
    return _ERROR * float(np.finfo(REAL).eps) / 2 * rms * norm <= _PROMISED * largest


class _Plan(NamedTuple):
    """A job without its tables, and the numbers that the tables depend on."""

    job: Prepared
    units: int
    parts: int  # units with the same samples
    block: int  # outputs that are summed together
    samples: int  # in each lane of a unit


@functools.lru_cache(maxsize=64)
def _plan(source: ArrayLayout, target: ArrayLayout, shape: tuple[int, ...], geometry: Geometry) -> _Plan:
    """Divide the work into units, and prepare the tables of the job."""
    size, lanes = REAL.itemsize, in_register(REAL)
    inner = ArrayLayout(source.shape[2:], source.strides[2:], source.dtype)
    outer = ArrayLayout(target.shape[2:], target.strides[2:], target.dtype)
    loops = Loops.of(inner, outer, shape[2:], (0, 1), geometry.paddings, geometry.stride, geometry.dilation)
    job = Job(WINOGRAD_JOB, *_OPTIONAL)
    set_geometry(job, loops, source.dtype, target.dtype, geometry.mode)
    for side, array in (("source", source), ("target", target)):
        job[f"{side}_n"], job[f"{side}_k"] = array.strides[:2]
    job["copied_in"] = int(job["source_packed"] and source.dtype == REAL)
    job["copied_out"] = int(job["target_packed"] and target.dtype == REAL)
    groups, inputs, outputs = geometry.groups, shape[1], shape[0] // geometry.groups
    job["groups"], job["inputs"], job["outputs"], job["size"] = groups, inputs, outputs, size
    job["columns"] = loops.x.length
    tiles_y, tiles_x = (-(-n // 4) for n in geometry.lengths)
    tiles = source.shape[0] * tiles_y * tiles_x
    vectors = 4 if tiles > 2 * lanes else 2 if tiles > lanes else 1
    together = vectors * lanes
    block = _SUMS // vectors
    blocks = -(-outputs // block)
    positions = -(-tiles // together)
    job["tiles"], job["tiles_y"], job["tiles_x"] = tiles, tiles_y, tiles_x
    job["together"], job["positions"], job["block"], job["blocks"] = together, positions, block, blocks
    parts = min(blocks, -(-_UNITS // (positions * groups)))
    job["parts"], job["channels_per_block"], job["zeros"] = parts, _TOGETHER, np.zeros(block, REAL)
    job["weight_step"] = point_step(inputs, block, blocks)
    # Products of as many blocks as fit into the cache. If the values alone fill it, all are far anyway.
    value_step = pitch(inputs * together * size)
    rest = _NEAR - 36 * value_step
    fitting = max(1, rest // (36 * block * together * size)) if rest > 0 else blocks
    own = -(-blocks // parts)
    blocks_back = -(-own // -(-own // fitting))
    job["blocks_back"] = blocks_back
    job["row_step"] = pitch((4 * tiles_x + 4 + 2 * lanes) * size)
    job["line_step"] = pitch((4 * together + lanes) * size)
    job["value_step"], job["product_step"] = value_step, pitch(blocks_back * block * together * size)
    job["back_step"] = pitch(4 * together * size)
    job["transform"] = transform.address(vectors)
    job["multiply"] = multiply_values.address(vectors, block)
    job["restore"] = restore.address(vectors)
    job["fetch"] = lines.fetch.address(REAL, source.dtype)
    job["place"] = lines.place.address(REAL, target.dtype)
    sizes = {
        "rows_at": 6 * job["row_step"] + LINE,
        "lines": 12 * job["line_step"] + LINE,
        "values": 36 * value_step,
        "products": 36 * job["product_step"],
        "back": 4 * job["back_step"],
        "masks": 4 * job["back_step"],
        "measured": 3 * LINE,
        "spare": 4 * tiles_x * target.dtype.itemsize + BYTES,
        "flag": 8,
    }
    workspace = layout_workspace(job, sizes)
    units = groups * positions * parts
    work = 36 * groups * positions * together * inputs * outputs
    prepared = job.prepared(slide_tiles, lines=units, work=work, rows=1, workspace=workspace)
    return _Plan(prepared, units, parts, block, 24 * inputs * vectors)
