"""The program of short sums for long kernels along a line, for images of one shape and layout."""

import math

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.loops import LONGEST, LoopAxis, Placement, tiles
from imfilter._base.program import Job, Program, Settings, layout_workspace, pitch, set_geometry
from imfilter._filters.linear import tap_runs, winograd_sums
from imfilter._filters.linear.kernels import winograd as short
from imfilter._filters.linear.kernels.job import BLOCK_ALONG
from imfilter._filters.linear.kernels.winograd_line import DIFFERENCE, LINE_JOB, LINE_SUM, line_winograd
from imfilter._filters.linear.operators import Operator
from imfilter._filters.linear.winograd_sums import Sum
from imfilter._filters.linear.workspace import LaneLayout
from imfilter._simd import lane_transpose, lines, weighted_sums
from imfilter._simd.registers import BYTES, in_register


def make(operator: Operator, settings: Settings, place: Placement) -> Program:
    """Lay out the lines and the sums."""
    loops, source, target = place.loops, place.source, place.target
    real, (z, y, x) = settings.real, loops[:3]
    assert operator.dense is not None
    times = winograd_sums.halvings(operator.shape)
    phases = 2**times
    rest = x.taps % phases  # taps that are left over and added one by one
    sums, _ = winograd_sums.halved(operator.dense[: x.taps - rest], times)
    last = np.ascontiguousarray(operator.dense[x.taps - rest :], real)
    taps = len(sums[0].weights)
    least = winograd_sums.shortest(operator.shape, real)
    cut = _tiles(x.length, loops.channels, least)
    if settings.part is not None and x.axis is not None:
        cut = _tiles_of_part(x, settings, place.axes[x.axis], phases, least)
    widest = int(np.diff(cut).max())
    # The lane layout contains groups of outputs. Each group begins one stride after the one before.
    lanes = in_register(real)
    lane_layout = LaneLayout(
        lanes, loops.channels, -(-widest // phases), x.taps + phases - 1, phases, real.itemsize
    )
    job = Job(LINE_JOB)
    pixel = loops.channels * lane_layout.lanes * real.itemsize
    set_geometry(job, loops, source.dtype, target.dtype, settings.mode)
    job |= lane_layout.named() | {"tiles": cut, "zero": np.zeros(1, np.int64)}
    job["line_places"] = job["line_places"] * phases
    job["span_x"], job["size"], job["n_tiles"] = x.taps, real.itemsize, len(cut) - 1
    job["lanes"], job["groups"] = lane_layout.lanes, lane_layout.segment
    job["segment"] = lane_layout.segment * phases * loops.channels
    job["segment_count"] = lane_layout.count
    job["segment_step"] = lane_layout.segment * phases * loops.channels * real.itemsize
    job["differing"] = lane_layout.phase * loops.channels * lane_layout.lanes
    job["taps"], job["group"] = taps, tap_runs.group(1, taps)
    full = lane_layout.segment * phases * lane_layout.lanes
    job["straight"] = job["target_packed"] and target.dtype == real and bool((np.diff(cut) == full).all())
    job["bias"], job["cval"] = dtypes.narrowed(settings.bias, real), dtypes.narrowed(settings.cval, real)
    job["check_finite"] = source.dtype.kind == "f"
    needed = _needed(sums, phases)
    first, line = (
        pitch(lane_layout.lane_line * real.itemsize + BYTES),
        pitch(lane_layout.phase * pixel + BYTES),
    )
    job["pitch"] = pitch(lane_layout.segment * pixel)
    joined = full * loops.channels + BYTES // real.itemsize
    sizes = {
        "scratch": lane_layout.line * real.itemsize,
        "lane_layout": first + len(needed) * line,
        "parts": len(sums) * job["pitch"],
        "mixed": joined * real.itemsize,
        "joined": 0 if job["straight"] else joined * real.itemsize,
        "spare": 0 if job["target_packed"] else joined * target.dtype.itemsize,
        "at": 8 * (taps + BLOCK_ALONG),
        "at_to": 8 * BLOCK_ALONG,
        "flag": 8,
    }
    workspace = layout_workspace(job, sizes)
    base = job["lane_layout"]
    places = {(0, phase): base + phase * lane_layout.phase * pixel for phase in range(phases)}
    places |= {layer: base + first + i * line for i, layer in enumerate(needed)}
    weights, addresses = winograd_sums.weighed(sums, real)
    job["sums"] = np.zeros(len(sums), LINE_SUM)
    job["sums"]["line"] = [places[s.layer, s.start] for s in sums]
    job["sums"]["weights"] = addresses
    ahead = x.taps - rest + np.arange(phases)[:, None] + np.arange(rest)
    job["rests"] = base + ahead % phases * lane_layout.phase * pixel + ahead // phases * pixel
    job["rest_weights"], job["n_rest"] = last, rest
    job["differences"] = np.zeros(len(needed), DIFFERENCE)
    for entry, (layer, phase) in zip(job["differences"], needed, strict=True):
        step = _step(layer)
        on, other = divmod(phase + step, phases)
        entry["to"], entry["a"] = places[layer, phase], places[layer - step, phase]
        entry["b"] = places[layer - step, other] + on * pixel
    job["n_sums"], job["n_differences"] = len(sums), len(needed)
    job["fetch"] = lines.fetch.address(real, source.dtype)
    job["to_lanes"], job["join"] = lane_transpose.to_lanes.address(real), lane_transpose.join.address(real)
    job["subtract"] = short.subtract.address(real)
    job["sum_along"] = weighted_sums.sum_along.address(real, BLOCK_ALONG)
    job["mix"] = short.mix.address(real, times)
    job["place"] = lines.place.address(real, target.dtype)
    units = len(loops.batch) * z.length * y.length * (len(cut) - 1)
    return job.program(
        line_winograd,
        weights,
        lines=units,
        work=units * widest * loops.channels * (weights.size // phases + rest),
        rows=1,
        workspace=workspace,
        check_finite=job["check_finite"],
    )


def _tiles(length: int, channels: int, least: int) -> npt.NDArray[np.int64]:
    """Return where tiles of at least so many outputs begin, and the last one's end."""
    return tiles(length, max(1, length // max(LONGEST // channels, least)))


def _tiles_of_part(
    x: LoopAxis, settings: Settings, axis: int, phases: int, least: int
) -> npt.NDArray[np.int64]:
    """Return where tiles begin in a part of an image, and the last one's end.

    A group of outputs begins where it does in the whole image. Outputs before the first group are not used.
    """
    assert settings.part is not None
    shape, origin = settings.part.shape, settings.part.origin[axis]
    whole = shape[axis] + x.length - x.samples
    edges = _tiles(whole, math.prod(shape[axis + 1 :]), least) - origin
    if settings.mode == "wrap":
        edges = np.concatenate([edges, edges + whole])
    inner = edges[(edges > 0) & (edges < x.length)]
    first = min(int(edges[edges <= 0].max(initial=-origin)) % phases, x.length)
    return np.unique(np.concatenate([[0, first], inner, [x.length]])).astype(np.int64)


def _step(layer: int) -> int:
    """Return the largest power of two that divides a layer's number."""
    return 1 << (layer.bit_length() - 1)


def _needed(sums: list[Sum], phases: int) -> list[tuple[int, int]]:
    """Return the lines of differences that the sums read, by layer and phase, each after its two operands."""
    found = {(s.layer, s.start) for s in sums}
    for layer in range(phases - 1, 0, -1):
        step = _step(layer)
        for phase in [p for n, p in found if n == layer]:
            found |= {(layer - step, phase), (layer - step, (phase + step) % phases)}
    return sorted(key for key in found if key[0])
