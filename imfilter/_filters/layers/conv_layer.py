"""Convolution layers over arrays of one shape and layout: division into units of work, and the program."""

import functools
import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.loops import ArrayLayout, LoopAxis, Loops
from imfilter._base.program import Job, Prepared, layout_workspace, set_geometry
from imfilter._filters.layers import pointwise, shared_units, winograd
from imfilter._filters.layers.geometry import Geometry as Geometry
from imfilter._filters.layers.kernels.conv import convolve, slide_layer
from imfilter._filters.layers.kernels.conv_job import LAYER_JOB
from imfilter._filters.layers.kernels.depthwise import correlate_rows
from imfilter._filters.layers.laid_out import LaidOut, blocked
from imfilter._simd import lane_transpose, lines
from imfilter._simd.registers import BYTES, LINE, REGISTERS, in_register

#: Number of outputs whose sums stay in registers together. AVX-512 has 32 registers, other types have 16.
BLOCK = 6 if BYTES // REGISTERS == 64 else 3
#: Bytes of padded rows, and of sums, that must stay in the second-level cache.
_ROWS, _SUMS = 1 << 19, 1 << 18
#: Number of products in a partial sum. With it, float32 sums of 4608 products have an error of 2e-7 of the
#: largest sum.
_TOGETHER = 144
#: Number of taps that the kernel for layers with one input channel unrolls at most.
_FEW_TAPS = 25
#: Smallest number of units of work, for threads to share.
_UNITS = 8
#: Kernels and tables that only some jobs have.
_OPTIONAL = (
    *("bias", "cval", "convolve", "to_lanes", "transpose_line", "check_finite", "weights", "correlate_rows"),
)


def run(
    x: npt.NDArray,
    weight: npt.NDArray | LaidOut,
    bias: npt.NDArray,
    geometry: Geometry,
    shape: tuple[int, ...],
    dtype: np.dtype,
    out: npt.NDArray | None,
    workers: int | None,
) -> npt.NDArray:
    """Return the output of a layer for `x` (N, C_in, *spatial), in `out` if given.

    `shape` is the shape of the output, with or without N. Weights and bias have the type of the arithmetic.
    Weights that are laid out may use a faster way, which takes time to prepare them.
    """
    fast = isinstance(weight, LaidOut)
    weights = weight if isinstance(weight, LaidOut) else LaidOut(weight, geometry.groups)
    source, native = dtypes.readable(x), dtypes.direct_target(dtype, bias.dtype)
    result = dtypes.target(out, x, shape, native)
    target = result.reshape(len(x), len(weights.weight), *geometry.lengths)
    if not (
        fast
        and winograd.applies(source, weights.weight, geometry)
        and winograd.run(source, target, weights, bias, geometry, workers)
    ):
        _run_directly(source, target, weights, bias, geometry, workers)
    if not np.may_share_memory(target, result):
        result[...] = target.reshape(shape)
    if out is None:
        out = result if result.dtype == dtype else dtypes.empty(shape, dtype)
    if out is not result:
        dtypes.place(result, out)
    return out


def _run_directly(
    source: npt.NDArray,
    target: npt.NDArray,
    weights: LaidOut,
    bias: npt.NDArray,
    geometry: Geometry,
    workers: int | None,
) -> None:
    """Compute a layer tap by tap."""
    if geometry.pointwise(weights.weight.shape[2:]):
        read = tuple(slice(None, None, step) for step in geometry.stride)
        pointwise.run(source[:, :, *read], target, weights, bias, BLOCK * REGISTERS, workers)
        return
    plan = _plan(ArrayLayout.of(source), ArrayLayout.of(target), weights.weight.shape, geometry, bias.dtype)
    shifts = blocked(bias[:, None, None], geometry.groups, plan.block)
    program = plan.job.program(weights=weights.blocked(plan.block), bias=shifts)
    shared_units.run(program, source, target, workers, plan.parts)


class _Plan(NamedTuple):
    """A job without its weights, and the numbers of outputs in a block and of units with the same samples."""

    job: Prepared
    block: int
    parts: int


@functools.lru_cache(maxsize=64)
def _plan(
    source: ArrayLayout, target: ArrayLayout, shape: tuple[int, ...], geometry: Geometry, real: np.dtype
) -> _Plan:
    """Divide the work into units, and prepare the tables of the job."""
    size = real.itemsize
    loops = _loops(source, target, shape[2:], geometry)
    z, y, x = loops[:3]
    job = Job(LAYER_JOB, *_OPTIONAL)
    set_geometry(job, loops, source.dtype, target.dtype, geometry.mode)
    groups, inputs, outputs = geometry.groups, shape[1], shape[0] // geometry.groups
    blocks = -(-outputs // BLOCK)
    block = -(-outputs // blocks)
    blocks = -(-outputs // block)
    job["groups"], job["inputs"], job["outputs"], job["columns"] = groups, inputs, outputs, x.length
    job["block"], job["blocks"], job["size"] = block, blocks, size
    for name, one in zip("zyx", (z, y, x), strict=True):
        job[f"stride_{name}"], job[f"window_{name}"] = one.stride, one.taps
    job["dilation_z"] = z.dilation
    job["copied_in"] = int(job["source_packed"] and source.dtype == real)
    job["copied_out"] = int(job["target_packed"] and target.dtype == real)
    for side, array in (("source", source), ("target", target)):
        job[f"{side}_n"], job[f"{side}_k"] = array.strides[:2]

    # The padded rows that a band needs, for the first output row and for the following rows.
    band, tile_columns = _cut(z, y, x, inputs, size)
    rows = [_rows(y, band, ky) for ky in range(y.taps)]
    slots, slot_of = np.unique(np.concatenate(rows), return_index=False), {}
    order = sorted(slots.tolist(), key=lambda r: (r % y.stride, r))
    slot_of = {row: slot for slot, row in enumerate(order)}
    span = (tile_columns - 1) * x.stride + x.span
    # Outputs of one input channel are computed row by row: then rows start at cache lines.
    rowwise = _rowwise(loops, shape) and tile_columns >= in_register(real) and bool(job["copied_out"])
    stretch = -(-span * size // LINE) * LINE // size if rowwise else -(-span // x.stride)
    pitch = stretch * size
    phase = len(order) * pitch
    plane = x.stride * phase
    tap_offsets = [
        kz * plane + kx * x.dilation % x.stride * phase + slot_of[int(rows[ky][0])] * pitch
        + kx * x.dilation // x.stride * size
        for kz in range(z.taps)
        for ky in range(y.taps)
        for kx in range(x.taps)
    ]  # fmt: skip
    job["slots"], job["taps"] = np.array(order, np.int64), np.array(tap_offsets, np.int64)
    job["n_slots"], job["n_taps"] = len(order), len(tap_offsets)
    if x.stride > 1:
        columns = np.arange(span)
        job["to_lanes"] = columns % x.stride * phase + columns // x.stride * size
        job["transpose_line"] = lane_transpose.to_lanes.address(real)
    job["band"], job["wide"], job["stretch"], job["pitch"], job["span"] = (
        band,
        tile_columns,
        stretch,
        pitch,
        span,
    )
    job["plane_step"], job["channel_step"] = plane, z.taps * plane
    job["channels_per_block"] = max(1, _TOGETHER // len(tap_offsets))
    tiles = -(-((band - 1) * stretch + tile_columns) * size // BYTES)
    job["tiles"], job["sums_step"] = tiles, tiles * BYTES + LINE

    positions = source.shape[0] * groups * z.length * -(-y.length // band) * -(-x.length // tile_columns)
    fitting = max(1, _SUMS // (tiles * BYTES * block))  # blocks whose sums stay in the cache
    parts = min(blocks, max(-(-blocks // fitting), -(-_UNITS // positions)))
    job["parts"] = parts
    job["fetch"] = lines.fetch.address(real, source.dtype)
    job["place"] = lines.place.address(real, target.dtype)
    if rowwise:
        job["correlate_rows"] = correlate_rows.address(real, y.taps, x.taps)
    else:
        job["convolve"] = convolve.address(real, block)
    sizes = {
        "rows_at": inputs * z.taps * plane + 2 * BYTES,
        "line": span * size + BYTES,
        "sums": 0 if rowwise else -(-blocks // parts) * block * job["sums_step"] + BYTES,
        "spare": tile_columns * target.dtype.itemsize + BYTES,
        "flag": 8,
    }
    workspace = layout_workspace(job, sizes)
    if rowwise:  # the samples after the border start at a cache line
        job["rows_at"] += -x.before * size % LINE
    work = math.prod(target.shape) * inputs * len(tap_offsets)
    prepared = job.prepared(slide_layer, lines=positions * parts, work=work, rows=1, workspace=workspace)
    return _Plan(prepared, block, parts)


def _rowwise(loops: Loops, shape: tuple[int, ...]) -> bool:
    """Tell whether the kernel for layers with one input channel applies, if rows are long enough."""
    z, y, x = loops[:3]
    plain = x.stride == y.stride == x.dilation == y.dilation == z.length == z.taps == 1
    return plain and shape[1] == 1 and y.taps * x.taps <= _FEW_TAPS


def _rows(y: LoopAxis, band: int, tap: int) -> npt.NDArray[np.int64]:
    """Return the padded rows that a tap reads for a band of outputs."""
    return np.arange(band, dtype=np.int64) * y.stride + tap * y.dilation


def _cut(z: LoopAxis, y: LoopAxis, x: LoopAxis, inputs: int, size: int) -> tuple[int, int]:
    """Return the number of rows and columns of outputs that a unit computes from the same padded rows."""
    row = inputs * z.taps * x.stride * size  # bytes of one column of one padded row
    least_rows = y.span + y.stride  # rows for two outputs
    columns = min(x.length, max(128, _ROWS // (row * least_rows)))
    columns = -(-x.length // -(-x.length // columns))
    band = max(1, (_ROWS // (row * columns) - y.span) // y.stride + 1)
    band = min(y.length, band)
    return -(-y.length // -(-y.length // band)), columns


def _loops(source: ArrayLayout, target: ArrayLayout, shape: tuple[int, ...], geometry: Geometry) -> Loops:
    """Return the loops over one channel."""
    inner = ArrayLayout(source.shape[2:], source.strides[2:], source.dtype)
    outer = ArrayLayout(target.shape[2:], target.strides[2:], target.dtype)
    axes = tuple(range(len(shape)))
    return Loops.of(inner, outer, shape, axes, geometry.paddings, geometry.stride, geometry.dilation)
