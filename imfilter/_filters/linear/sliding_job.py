"""The job of the sliding window, for images of one shape and layout."""

import itertools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.loops import LONGEST, LineLoops, LoopAxis, Placement, extent, tiles
from imfilter._base.memo import remembered
from imfilter._base.program import Job, Prepared, Settings, address, far, rows_and_planes, set_geometry
from imfilter._filters.linear import symmetry, tap_tables
from imfilter._filters.linear.kernels import quotient, symmetric_rows
from imfilter._filters.linear.kernels.constants import kernels_number, window_number
from imfilter._filters.linear.kernels.job import (
    ALONG,
    BLOCK_ALONG,
    BY_ROW,
    BY_TAP,
    JOB,
    SYMMETRIC,
    SYMMETRIC_ALONG,
    SYMMETRIC_WINDOW,
    UNROLLED,
)
from imfilter._filters.linear.kernels.sliding_window import prepare, slide
from imfilter._filters.linear.kernels.symmetric_sums import CENTRED
from imfilter._filters.linear.kernels.symmetric_window import sum_symmetric_window
from imfilter._filters.linear.tap_runs import ROWS, rows_at_once
from imfilter._filters.linear.tap_tables import Ints, Schedule
from imfilter._filters.linear.workspace import LaneLayout, part_workspace
from imfilter._simd import lane_transpose, lines, unrolled_sums, weighted_sums
from imfilter._simd.lines import LARGE, UNUSUAL
from imfilter._simd.registers import FEATURES

#: Largest part of the second-level cache for the window of lines, in bytes: half of the usual 1 MB.
_WINDOW = 512 * 1024
#: Largest dilation for which rows that share lines, and the rows between them, form one block. With a larger
#: dilation the block would be too large.
_NEAR = 8
#: Types for which unrolled code converts its own sums: 3x3 uint8 took 5.2 instead of 5.8 ms at 4K. Other
#: types of results are rarer, and their code would take longer to compile than it saves.
_CONVERTED = {(dtypes.FLOAT32, np.dtype(np.uint8)), (dtypes.FLOAT64, np.dtype(np.uint16))}
#: Most channels of lines whose samples are shuffled in registers. The code for each number is compiled.
_BESIDE = 4
#: The table of one offset of 0.
_ZERO = np.zeros(1, np.int64)
#: Shortest tile of a line. The overhang and the work per line cost too much for shorter ones.
_SHORTEST = 256


#: Kernels and tables of a job that some ways to compute do not use.
_OPTIONAL = (
    "combine",
    "combine_source",
    "divide",
    "fetch",
    "fetch_real",
    "group",
    "half_weights",
    "halves",
    "join",
    "lane_places",
    "line_places",
    "n_halves",
    "offsets",
    "place",
    "sum_along",
    "sum_line",
    "sum_planes",
    "sum_rows",
    "sum_symmetric",
    "sum_window",
    "to_lanes",
    "weights",
    "weights_x",
    "weights_z",
)


@remembered(lambda unplaced: unplaced.size)
def prepared(
    unplaced: Schedule, settings: Settings, place: Placement, border_value: tuple[float, ...]
) -> Prepared | None:
    """Return the job, which does not have the tables of weights yet.

    Return None if lines must be packed and are not.
    """
    loops, source, target = place.loops, place.source, place.target
    z, y = loops.z, loops.y
    packed = loops.packed("source", source.dtype.itemsize)
    if unplaced.across and not packed:
        return None
    found = _of_lines(
        *(unplaced, settings, loops.lines(min(z.length, ROWS))),
        *(source.dtype, target.dtype, border_value),
    )
    blocks = -(-z.length // found.planes) * -(-y.length // found.block) * found.tiles
    fields = rows_and_planes(loops, settings.mode)
    fields["far"] = z.axis is None and not found.lane_layout and packed and far(loops, source)
    return found.job.changed(fields, len(loops.batch) * blocks)


class _Found(NamedTuple):
    """A job of images with lines of one kind, for one block of rows."""

    job: Prepared
    planes: int  # neighbouring planes that are computed together
    block: int  # neighbouring rows that are computed together
    tiles: int
    lane_layout: bool  # whether the samples of a line are rearranged


@remembered(lambda unplaced: unplaced.size)
def _of_lines(
    unplaced: Schedule,
    settings: Settings,
    line: LineLoops,
    source: np.dtype,
    target: np.dtype,
    border_value: tuple[float, ...],
) -> _Found:
    """Cut the line into tiles and lay out the taps.

    This does not depend on the number of rows and planes, so a new image of a known width takes less time.
    """
    loops, (z, y, x, channels, *_), real = line.loops(), line, settings.real
    cut = _tiles(x, y.span, unplaced, channels, real)
    lane_layout = LaneLayout.of(unplaced, channels, extent(cut)[1], x.span, x.stride, real)
    tables = _placed(unplaced, lane_layout.elements, real.itemsize)
    final, block = _final(tables, lane_layout, y)
    depth = y.span + block - 1
    stack = depth * lane_layout.output_line * real.itemsize
    whole_lines = loops.packed("target", target.itemsize) and lane_layout.exact(cut)
    sums = _Sums(
        *(tables, final, block, _planes_per_block(tables, z, stack, settings.cval)),
        *(lane_layout.active, lane_layout.lanes, whole_lines),
        (z.stride, y.stride, x.stride),
        *(y.span, x.span, y.taps, y.dilation),
        flat=z.axis is None,
    )
    job = _fixed(sums, settings, source, target, border_value).copy()
    set_geometry(job, loops, source, target, settings.mode)
    job["far"], job["tiles"], job["n_tiles"] = False, cut, len(cut) - 1
    lane_layout.set_geometry(job)
    workspace = part_workspace(job, lane_layout, x.samples * channels, source, target, real)
    window_line = depth * job["pitch"]
    if final in (BY_ROW, UNROLLED, SYMMETRIC_WINDOW):
        common = tables.taps[: tables.alike]
        job["offsets"] = common["layer"] * window_line + common["column"] * real.itemsize
    if job["n_halves"] > 1 and job["outputs"]:
        firsts = [half.used[0] for half in tables.halves]
        job["halves"] = symmetry.records(tables.halves, firsts, window_line, real)
    job |= lane_layout.named()
    taps = tables.across * len(tables.offsets_z) + len(tables.columns) + len(tables.taps) + 8
    made = job.prepared(
        slide,
        lines=1,
        work=block * sums.planes * lane_layout.widest * channels * taps,
        rows=y.span,
        workspace=workspace,
        check_finite=job["check_finite"],
        refused=UNUSUAL if _must_be_finite(tables, settings) else 0,
        large=UNUSUAL | LARGE if tables.across else LARGE,  # sums over planes may have overflowed before
    )
    return _Found(made, sums.planes, block, len(cut) - 1, lane_layout.active)


@remembered(lambda unplaced: unplaced.size)
def _placed(unplaced: Schedule, lane_layout: LaneLayout, size: int) -> Schedule:
    return tap_tables.placed(unplaced, lane_layout.element, lane_layout.neighbour, size)


class _Sums(NamedTuple):
    """How windows are summed, whatever the positions of samples are."""

    tables: Schedule
    final: int
    block: int  # neighbouring rows that are computed together
    planes: int  # neighbouring planes that are computed together
    lane_layout: bool  # whether the samples of a line are rearranged
    lanes: int
    whole_lines: bool  # whether sums fill packed lines of the output
    steps: tuple[int, int, int]
    window_y: int
    span_x: int
    taps_y: int
    dilation_y: int
    flat: bool  # whether the kernel has no planes

    @property
    def outputs(self) -> int:
        """Rows of a block that share lines; 0 for a sum over taps anywhere in the window."""
        if self.tables.halves and not _of_rows(self.tables, self.window_y):
            return 0
        return max(1, self.block // self.dilation_y)


@remembered(lambda sums: sums.tables.size)
def _fixed(
    sums: _Sums, settings: Settings, source: np.dtype, target: np.dtype, border_value: tuple[float, ...]
) -> Job:
    """Return a job with all fields that do not depend on the positions of samples."""
    job, tables, real = Job(JOB, *_OPTIONAL), sums.tables, settings.real
    job["step_z"], job["step_y"], job["step_x"] = sums.steps
    job["window_y"], job["span_x"] = sums.window_y, sums.span_x
    job["taps_y"], job["dilation_y"] = sums.taps_y, sums.dilation_y
    job["width"], job["size"] = source.itemsize, real.itemsize
    job["final"], job["block"], job["depth"] = sums.final, sums.block, sums.window_y + sums.block - 1
    job["outputs"], job["planes_per_block"] = sums.outputs, sums.planes
    job["lane_layout"], job["lanes"] = sums.lane_layout, sums.lanes
    job["plain"] = sums.flat and not len(tables.columns) and not sums.lane_layout
    if sums.final in (BY_ROW, ALONG):
        job["group"] = tables.group // (tables.alike if sums.final == BY_ROW else 1)
    job["single"], job["double"] = tables.single, tables.double
    job["stop"], job["norm"] = len(tables.runs), tables.norm
    converts = (
        sums.final in (UNROLLED, SYMMETRIC, SYMMETRIC_WINDOW)
        and sums.lanes == 1
        and (real, target) in _CONVERTED
    )
    job["straight"] = sums.whole_lines and not settings.divisor and (target == real or converts)
    job["divisor"] = settings.divisor
    if settings.divisor:
        job["divide"] = quotient.divide.address(real)
    job["bias"], job["cval"] = dtypes.narrowed(settings.bias, real), dtypes.narrowed(settings.cval, real)
    summable = source.itemsize >= real.itemsize and not tables.norm  # see `overflow`
    job["check_finite"] = source.kind == "f" and (summable or _must_be_finite(tables, settings))
    job["n_layers"], job["zero"] = len(tables.layers), _ZERO
    job["n_planes"] = len(tables.offsets_z)
    job["n_across"] = len(tables.offsets_z) if tables.across else 0
    job["n_columns"], job["n_taps"], job["n_offsets"] = len(tables.columns), len(tables.taps), tables.alike
    job |= tables.named(border_value)
    _name_kernels(job, tables, real, source, target)
    # The kernel that sums converts only results that it writes to the output directly.
    _symmetric(job, tables, source, target if job["straight"] and sums.lanes == 1 else real, real)
    return job.resolved()


def _must_be_finite(tables: Schedule, settings: Settings) -> bool:
    """Tell whether the job must refuse samples that are not finite."""
    # The sum of several layers may add infinities of both signs; see `infinities`.
    meeting = settings.assume_finite and len(tables.layers) > 1 and not tables.norm
    return tables.filled or meeting or settings.watch


def _final(tables: Schedule, lane_layout: LaneLayout, y: LoopAxis) -> tuple[int, int]:
    """Return how the window is summed, and for how many neighbouring rows at a time."""
    line = y.span == 1 and not len(tables.layers)
    if tables.halves:
        if line and not tables.norm and tap_tables.contiguous(tables.taps["column"], lane_layout.neighbour):
            return SYMMETRIC_ALONG, 1
        near = _of_rows(tables, y.span) and y.stride == 1 and y.dilation <= _NEAR
        centred = all(half.form == CENTRED for half in tables.halves)
        return SYMMETRIC, rows_at_once(y.taps, centred=centred) * y.dilation if near else 1
    if tables.window is not None:
        near = y.stride == 1 and y.dilation <= _NEAR
        rows = rows_at_once(y.taps, kernels=len(tables.window.kernels))
        return SYMMETRIC_WINDOW, rows * y.dilation if near else 1
    if line and tables.plain and tap_tables.contiguous(tables.taps["column"], lane_layout.neighbour):
        return ALONG, 1
    if y.stride == 1 and y.dilation <= _NEAR:
        if tables.straight(y.taps):
            return UNROLLED, rows_at_once(y.taps) * y.dilation
        if tables.plain and y.taps > 1:
            return BY_ROW, rows_at_once(y.taps) * y.dilation
    if tables.straight(y.taps) and y.dilation == 1:
        return UNROLLED, 1
    return BY_TAP, 1 + tables.paired


def _of_rows(tables: Schedule, height: int) -> bool:
    """Tell whether a symmetric sum is over neighbouring rows of the window, not over taps anywhere in it."""
    return tables.adjoining and (height > 1 or len(tables.layers) > 0)


def _planes_per_block(tables: Schedule, z: LoopAxis, window: int, cval: float) -> int:
    """Return how many neighbouring planes are computed at a time, with a window of so many bytes for each."""
    if not tables.across or z.stride > 1 or cval != 0:  # a border constant adds its own value to each plane
        return 1
    taps = [layer["stop_z"] - layer["begin_z"] for layer in tables.layers]
    offsets = [tables.offsets_z["plane"][a["begin_z"] : a["stop_z"]] for a in tables.layers]
    if not all((np.diff(planes) == 1).all() for planes in offsets):
        return 1
    fits = _WINDOW // (window * len(tables.layers))
    return max(1, min(ROWS, z.length, fits, *map(int, taps)))


def _name_kernels(job: Job, tables: Schedule, real: np.dtype, source: np.dtype, target: np.dtype) -> None:
    """Write the addresses of the kernels that the job needs to it. New kernels are compiled here."""
    job["prepare"] = prepare.address()
    if job["n_across"]:
        if None not in tables.halves_z:
            pass
        elif job["planes_per_block"] > 1:
            job["sum_planes"] = weighted_sums.sum_rows.address(real, source, job["planes_per_block"], 1)
        else:
            job["combine_source"] = lines.combine.address(real, source)
        job["fetch_real"] = lines.fetch.address(real, real)
    else:
        job["fetch"] = lines.fetch.address(real, source)
    ways = set(tables.layers["how"].tolist())
    if job["final"] == BY_TAP or BY_TAP in ways:
        job["combine"] = lines.combine.address(real, real)
    outputs = job["outputs"]
    if job["final"] == BY_ROW:
        job["sum_rows"] = weighted_sums.sum_rows.address(real, real, outputs, int(tables.alike == 1))
    if job["final"] == UNROLLED:
        window = job["taps_y"], tables.alike, tables.components if tables.norm else 0
        converted = target if job["straight"] and job["lanes"] == 1 else real
        job["sum_window"] = unrolled_sums.sum_window.address(real, converted, outputs, *window)
    if BY_ROW in ways:
        job["sum_line"] = weighted_sums.sum_rows.address(real, real, 1, 0)
    if UNROLLED in ways:
        job["sum_line"] = unrolled_sums.sum_window.address(real, real, 1, 1, tables.longest_line, 0)
    if job["final"] == ALONG or ALONG in ways:
        job["sum_along"] = weighted_sums.sum_along.address(real, BLOCK_ALONG)
    if job["lane_layout"]:
        job["to_lanes"] = lane_transpose.to_lanes.address(real)
    if job["lanes"] > 1:
        job["join"] = lane_transpose.join.address(real)
    if not job["straight"]:
        job["place"] = lines.place.address(real, target)


def _symmetric(job: Job, tables: Schedule, source: np.dtype, written: np.dtype, real: np.dtype) -> None:
    """Write the tables of symmetric kernels to the job, and the addresses of the kernels that sum them."""
    if tables.window is not None:
        window = window_number(*tables.window.shape)
        kernels = kernels_number(list(tables.window.kernels), tables.norm)
        job["sum_symmetric"] = sum_symmetric_window.address(real, written, job["outputs"], window, kernels)
        return
    if tables.halves:
        begins = itertools.accumulate((len(half.used) for half in tables.halves), initial=0)
        rows = [half.used[0] for half in tables.halves]
        firsts = rows if job["outputs"] else list(itertools.islice(begins, len(rows)))
        job["n_halves"], number = len(firsts), symmetry.number(tables.halves, firsts)
        job["halves"] = symmetry.records(tables.halves, firsts, 0, real)
        if job["final"] == SYMMETRIC_ALONG:
            job["sum_symmetric"] = symmetric_rows.sum_symmetric_along.address(real, BLOCK_ALONG, number)
        else:
            step = _step(job, tables.taps["column"], number)  # columns differ only in kernels of one row
            biased = int(written.kind == "f" or job["bias"] != 0)
            kinds = real, real, written, max(1, job["outputs"]), number, int(tables.norm), step, biased
            job["sum_symmetric"] = symmetric_rows.sum_symmetric.address(*kinds)
    layered = [half for half in (*tables.halves_z, *tables.halves_x) if half is not None]
    if not layered:
        return
    weights = sum(len(half.taps) + 2 for half in tables.halves)
    records = symmetry.records(layered, [0] * len(layered), 0, real, weights)
    job.owners.append(records)
    layers, place = job["layers"], address(records)
    for way, halves in (("z", tables.halves_z), ("x", tables.halves_x)):
        for layer, half in zip(layers, halves, strict=False):
            if half is None:
                continue
            layer[f"half_{way}"], number = place, symmetry.number([half], [0])
            place += records.itemsize
            if way == "z":
                kernel = symmetric_rows.sum_symmetric.address(
                    real, source, real, job["planes_per_block"], number, 0, 0, 1
                )
            elif layer["how"] == SYMMETRIC_ALONG:
                kernel = symmetric_rows.sum_symmetric_along.address(real, BLOCK_ALONG, number)
            else:
                columns = tables.columns[layer["begin_x"] : layer["stop_x"]] // real.itemsize
                step = _step(job, columns, number)
                # Without shuffles the kernel is the one that sums planes, and outputs one by one.
                biased = int(not step)
                kernel = symmetric_rows.sum_symmetric.address(real, real, real, 1, number, 0, step, biased)
            layer[f"sum_{way}"] = kernel


def _step(job: Job, columns: Ints, number: int) -> int:
    """Return how many elements apart taps along a line are, if their samples are to be shuffled; otherwise 0.

    AVX-512 and AVX2 have instructions for that. `number` says how the taps are summed.
    """
    steps = set(np.diff(columns).tolist())
    shuffles = FEATURES.get("avx512f") or FEATURES.get("avx2")
    if job["lane_layout"] or number <= 0 or len(steps) != 1 or not shuffles:
        return 0
    (step,) = steps
    return step if step <= _BESIDE else 0


def _tiles(x: LoopAxis, depth: int, tables: Schedule, channels: int, real: np.dtype) -> npt.NDArray[np.int64]:
    """Cut the line so that the window fits the cache. Return where tiles begin, and the last one's end."""
    if tables.across:  # sums over the planes are sums of whole lines
        return np.array([0, x.length])
    lines = depth * (len(tables.layers) or len(tables.offsets_z)) + 1
    fits = _WINDOW // (lines * channels * real.itemsize) // x.stride - x.span // x.stride
    # A tile shorter than the kernel would spend most of its time on its overhang.
    least = max(_SHORTEST // channels, x.span // x.stride, 1)
    count = -(-x.length // max(1, min(max(least, fits), LONGEST // (channels * x.stride))))
    return tiles(x.length, count)
