"""The program of the sliding window, for images of one shape and layout."""

import itertools
import math

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.loops import LONGEST, LoopAxis, Placement, extent, tiles
from imfilter._base.memo import remembered
from imfilter._base.program import Job, Prepared, Program, Settings, address, far, set_geometry
from imfilter._filters.linear import symmetry, tap_patterns, tap_tables
from imfilter._filters.linear.algorithm import LINE_TAP, SHARED_TAP, STAGE, Compiled, Offer, Request
from imfilter._filters.linear.kernels import quotient, symmetric_rows
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
from imfilter._filters.linear.kernels.symmetric_window import (
    kernels_number,
    sum_symmetric_window,
    window_number,
)
from imfilter._filters.linear.operators import Operator, Taps
from imfilter._filters.linear.tap_runs import ROWS, group
from imfilter._filters.linear.tap_tables import Schedule, Weights
from imfilter._filters.linear.workspace import LaneLayout, part_workspace
from imfilter._simd import lane_transpose, lines, unrolled_sums, weighted_sums

#: Largest part of the second-level cache for the window of lines, in bytes: half of the usual 1 MB.
_WINDOW = 512 * 1024
#: Largest dilation for which rows that share lines, and the rows between them, form one block. With a larger
#: dilation the block would be too large.
_NEAR = 8
#: Types for which unrolled code converts its own sums: 3x3 uint8 took 5.2 instead of 5.8 ms at 4K. Other
#: types of results are rarer, and their code would take longer to compile than it saves.
_CONVERTED = {(dtypes.FLOAT32, np.dtype(np.uint8)), (dtypes.FLOAT64, np.dtype(np.uint16))}
#: The table of one offset of 0.
_ZERO = np.zeros(1, np.int64)
#: Shortest tile of a line. The overhang and the work per line cost too much for shorter ones.
_SHORTEST = 256


#: Taps of sums of separable kernels, with zeros, above which a direct sum is not unrolled code.
_STRAIGHT = 18
#: With fewer taps the direct sum is always fastest, and a search for another algorithm takes longer.
FEW = 12
#: Kernels and tables of a job that some ways to compute do not use.
_OPTIONAL = (
    *(
        "combine",
        "combine_source",
        "to_lanes",
        "lane_places",
        "divide",
        "fetch",
        "fetch_real",
        "group",
        "half_weights",
    ),
    *(
        "halves",
        "join",
        "line_places",
        "n_halves",
        "place",
        "sum_along",
        "sum_line",
        "sum_planes",
        "sum_rows",
    ),
    *("sum_symmetric", "sum_window", "weights", "weights_x", "weights_z"),
)


class Direct(Compiled):
    """One sum over all taps that are not zero."""

    name = "direct"

    def offer(self, operator: Operator, request: Request, others: dict[str, Offer]) -> Offer | None:
        """Return the cost of all taps.

        A sum of terms that are computed one by one would not keep the image's symmetry.
        """
        several = request.auto and len(operator.terms) > 1 and operator.count > FEW
        several = several and sum(n > 1 for n in operator.shape) > 1
        if several and len(operator.terms) * math.prod(operator.shape) > _STRAIGHT:
            return None
        if not operator.small:
            return None
        size, axes = request.real.itemsize, len(operator.shape)
        planes = operator.shape[0] if axes == 3 else 0
        tap = LINE_TAP if axes == 1 else SHARED_TAP
        return Offer(operator.count * tap[size] + (1 + min(planes, 3)) * STAGE[size])

    def program(self, operator: Operator, settings: Settings, place: Placement) -> Program | None:
        """Return the program of a sliding window."""
        return make(operator, settings, place)


DIRECT = Direct()


def make(operator: Operator, settings: Settings, place: Placement) -> Program | None:
    """Return the program of the operator. Return None if lines must be packed and are not."""
    loops = place.loops()
    fill = math.isfinite(settings.cval) and (settings.assume_finite or place.source.dtype.kind != "f")
    pair = loops.y.stride == loops.y.dilation == 1 < loops.y.length
    narrow = place.source.dtype.kind in "biu" and place.source.dtype.itemsize <= 4
    rounded = narrow and place.target.dtype.kind in "iu"  # of integers that the arithmetic holds exactly
    asked = settings.algorithm, tuple(part.kernel for part in loops[:3]), pair, settings.real, fill, rounded
    unplaced, weights = operator.known(asked, lambda: _schedule(operator, *asked))
    made = _prepared(unplaced, settings, place, tap_tables.border_value(unplaced, weights, settings.cval))
    return None if made is None else made.program(**weights)


@remembered(lambda unplaced: unplaced.size)
def _placed(unplaced: Schedule, lane_layout: LaneLayout, size: int) -> Schedule:
    return tap_tables.placed(unplaced, lane_layout.element, lane_layout.neighbour, size)


@remembered(lambda unplaced: unplaced.size)
def _prepared(
    unplaced: Schedule, settings: Settings, place: Placement, border_value: tuple[float, ...]
) -> Prepared | None:
    """Cut the line into tiles and lay out the taps. The job does not have the tables of weights yet."""
    loops, source, target = place.loops(), place.source, place.target
    real, cval = settings.real, settings.cval
    z, y, x = loops.z, loops.y, loops.x
    if unplaced.across and not loops.packed("source", source.dtype.itemsize):
        return None
    cut = _tiles(x, y.span, unplaced, loops.channels, real)
    lane_layout = LaneLayout.of(unplaced, loops.channels, extent(cut)[1], x.span, x.stride, real)
    tables = _placed(unplaced, lane_layout, real.itemsize)
    final, block = _final(tables, lane_layout, y)
    job = Job(JOB, *_OPTIONAL)
    set_geometry(job, loops, source, target, settings.mode)
    job["step_z"], job["step_y"], job["step_x"] = z.stride, y.stride, x.stride
    job["window_y"], job["span_x"] = y.span, x.span
    job["taps_y"], job["dilation_y"] = y.taps, y.dilation
    job["width"], job["size"] = source.dtype.itemsize, real.itemsize
    job["final"], job["block"], job["depth"] = final, block, y.span + block - 1
    flat = z.axis is None and not lane_layout.active and loops.packed("source", source.dtype.itemsize)
    job["far"] = flat and far(loops, source)
    job["outputs"] = 0 if tables.halves and not _of_rows(tables, y) else max(1, block // y.dilation)
    job["plain"] = z.axis is None and not len(tables.columns) and not lane_layout.active
    if final in (BY_ROW, ALONG):
        job["group"] = group(y.taps, tables.alike) // (tables.alike if final == BY_ROW else 1)
    job["planes_per_block"] = _planes_per_block(
        tables, z, job["depth"] * lane_layout.output_line * real.itemsize, settings.cval
    )
    job["single"], job["double"] = tables.single, tables.double
    job["stop"], job["norm"] = len(tables.runs), tables.norm
    converts = (
        final in (UNROLLED, SYMMETRIC, SYMMETRIC_WINDOW)
        and not settings.divisor
        and lane_layout.lanes == 1
        and (real, target.dtype) in _CONVERTED
    )
    job["straight"] = job["target_packed"] and (target.dtype == real or converts) and lane_layout.exact(cut)
    job["divisor"] = settings.divisor
    if settings.divisor:
        job["straight"], job["divide"] = 0, quotient.divide.address(real)
    job["bias"], job["cval"] = dtypes.narrowed(settings.bias, real), dtypes.narrowed(cval, real)
    # The sum of several layers may add infinities of both signs; see `infinities`.
    meeting = settings.assume_finite and len(tables.layers) > 1 and not tables.norm
    job["check_finite"] = (tables.filled or meeting) and source.dtype.kind == "f"
    job["tiles"], job["n_tiles"], job["zero"] = cut, len(cut) - 1, _ZERO
    job["n_layers"] = len(tables.layers)
    job["n_planes"] = len(tables.offsets_z)
    job["n_across"] = len(tables.offsets_z) if tables.across else 0
    job["n_columns"], job["n_taps"], job["n_offsets"] = len(tables.columns), len(tables.taps), tables.alike
    lane_layout.set_geometry(job)
    _name_kernels(job, tables, real, source.dtype, target.dtype)
    line = x.samples * loops.channels
    workspace = part_workspace(job, lane_layout, line, source.dtype, target.dtype, real)
    common = tables.taps[: tables.alike]
    job["offsets"] = common["layer"] * (job["depth"] * job["pitch"]) + common["column"] * real.itemsize
    job |= tables.named(border_value) | lane_layout.named()
    # The kernel that sums converts only results that it writes to the output directly.
    _halves(job, tables, source.dtype, target.dtype if job["straight"] and job["lanes"] == 1 else real, real)
    layers = -(-z.length // job["planes_per_block"])
    blocks = len(loops.batch) * layers * -(-y.length // block) * (len(cut) - 1)
    taps = tables.across * len(tables.offsets_z) + len(tables.columns) + len(tables.taps) + 8
    return job.prepared(
        slide,
        lines=blocks,
        work=blocks * block * job["planes_per_block"] * lane_layout.widest * loops.channels * taps,
        rows=y.span,
        workspace=workspace,
        check_finite=job["check_finite"],
    )


def _final(tables: Schedule, lane_layout: LaneLayout, y: LoopAxis) -> tuple[int, int]:
    """Return how the window is summed, and for how many neighbouring rows at a time."""
    line = y.span == 1 and not len(tables.layers)
    if tables.halves:
        if line and tap_tables.contiguous(tables.taps["column"], lane_layout.neighbour):
            return SYMMETRIC_ALONG, 1
        near = _of_rows(tables, y) and y.stride == 1 and y.dilation <= _NEAR
        return SYMMETRIC, min(y.taps, ROWS) * y.dilation if near else 1
    if tables.window is not None:
        near = y.stride == 1 and y.dilation <= _NEAR
        return SYMMETRIC_WINDOW, min(y.taps, ROWS) * y.dilation if near else 1
    if line and tables.plain and tap_tables.contiguous(tables.taps["column"], lane_layout.neighbour):
        return ALONG, 1
    if y.stride == 1 and y.dilation <= _NEAR:
        if tables.straight(y.taps):
            return UNROLLED, min(y.taps, ROWS) * y.dilation
        if tables.plain and y.taps > 1:
            return BY_ROW, min(y.taps, ROWS) * y.dilation
    if tables.straight(y.taps) and y.dilation == 1:
        return UNROLLED, 1
    return BY_TAP, 1 + tables.paired


def _of_rows(tables: Schedule, y: LoopAxis) -> bool:
    """Tell whether a symmetric sum is over neighbouring rows of the window, not over taps anywhere in it."""
    return tables.adjoining and (y.span > 1 or len(tables.layers) > 0)


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


def _halves(job: Job, tables: Schedule, source: np.dtype, written: np.dtype, real: np.dtype) -> None:
    """Write the tables of symmetric kernels to the job, and the addresses of the kernels that sum them."""
    if tables.window is not None:
        numbers = (
            window_number(*tables.window.shape),
            kernels_number(list(tables.window.kernels), tables.norm),
        )
        job["sum_symmetric"] = sum_symmetric_window.address(real, written, job["outputs"], *numbers)
        return
    rows = job["outputs"] > 0
    begins = itertools.accumulate((len(half.used) for half in tables.halves), initial=0)
    firsts = [half.used[0] if rows else begin for half, begin in zip(tables.halves, begins, strict=False)]
    layered = [half for half in (*tables.halves_z, *tables.halves_x) if half is not None]
    records = symmetry.records((*tables.halves, *layered), [*firsts, *(0 for _ in layered)], real)
    records["offset"][: len(firsts)] = np.arange(len(firsts)) * rows * job["depth"] * job["pitch"]
    if tables.halves:
        job["n_halves"] = len(firsts)
        number = symmetry.number(tables.halves, firsts)
        if job["final"] == SYMMETRIC_ALONG:
            job["sum_symmetric"] = symmetric_rows.sum_symmetric_along.address(real, BLOCK_ALONG, number)
        else:
            kinds = real, real, written, max(1, job["outputs"]), number, int(tables.norm)
            job["sum_symmetric"] = symmetric_rows.sum_symmetric.address(*kinds)
    layers = job["layers"]
    at = address(records) + len(firsts) * records.itemsize
    for way, found in (("z", tables.halves_z), ("x", tables.halves_x)):
        for layer, half in zip(layers, found, strict=False):
            if half is None:
                continue
            layer[f"half_{way}"] = at
            at += records.itemsize
            number = symmetry.number([half], [0])
            if way == "z":
                kernel = symmetric_rows.sum_symmetric.address(
                    real, source, real, job["planes_per_block"], number, 0
                )
            elif layer["how"] == SYMMETRIC_ALONG:
                kernel = symmetric_rows.sum_symmetric_along.address(real, BLOCK_ALONG, number)
            else:
                kernel = symmetric_rows.sum_symmetric.address(real, real, real, 1, number, 0)
            layer[f"sum_{way}"] = kernel
    job["halves"] = records


def _schedule(
    operator: Operator,
    algorithm: str,
    kernels: tuple[tuple[int, int, int | None], ...],
    pair: bool,
    real: np.dtype,
    fill: bool,
    rounded: bool,
) -> tuple[Schedule, Weights]:
    """Return the tap tables of the algorithm, and its weights.

    `kernels` are `Part.kernel` of planes, rows and line. `fill` says that 0 times any sample of the image is
    0, because no sample is huge or not finite.
    """
    dilations, extents, axes = zip(*kernels, strict=True)
    one = np.ones(1)
    if algorithm != "direct":
        terms = [tuple(one if a is None else term[a] for a in axes) for term in operator.terms]
        whole = [(a, b, c) for a, b, c in terms if a.any() and b.any() and c.any()]
        if whole:
            with np.errstate(over="ignore"):  # a weight too large for float32 becomes infinite, like a sample
                return tap_patterns.separable(whole, operator.norm, dilations, pair, real, fill, rounded)
    where = [a for a in axes if a is not None]
    components: list[Taps] = [c.transpose(where).reshape(extents) for c in operator.components()]
    with np.errstate(over="ignore"):
        return tap_patterns.direct(components, operator.norm, dilations, pair, real, fill, rounded)


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
