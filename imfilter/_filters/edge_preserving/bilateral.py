"""The bilateral filter: the checks, and the way of a call."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, borders, dtypes, engine, threads
from imfilter._base.keywords import Common
from imfilter._base.loops import places_of
from imfilter._base.memo import remembered
from imfilter._base.missing import Presence
from imfilter._base.plan import Plan
from imfilter._base.program import address, set_addresses
from imfilter._base.reach import Reach
from imfilter._base.store import Store
from imfilter._filters.edge_preserving import sampled
from imfilter._filters.edge_preserving.coverage import Rows
from imfilter._filters.edge_preserving.kernels import bilateral as kernels
from imfilter._filters.edge_preserving.kernels.bilateral_pairs import paired_lines
from imfilter._filters.edge_preserving.planes import (
    Guide,
    Piece,
    Shapes,
    Sources,
    direct,
    fill,
    new,
    place,
    with_guide,
)
from imfilter._filters.local.family import bounded
from imfilter._filters.local.pieces import Cut, Frame
from imfilter._simd import lane_transpose
from imfilter._simd.power_table import is_tabulated, power_table
from imfilter._simd.registers import BYTES, REGISTERS

#: Returns the taps of Gaussians from standard deviations, orders, `truncate`, `radius` and spacings.
Bells = Callable[..., tuple[npt.NDArray, ...]]
WINDOWS, NORMS, METHODS = ("box", "disc"), ("l2", "l1"), ("exact", "sampled")


#: Samples of a piece share weights if it has at least 4 times as many rows as the window has above its
#: middle. The weights of those rows are computed for the piece alone.
_ROWS = 4
#: Weights beside segments and above a piece are computed, too. If there are more than this number for each
#: result, sharing saves no time: 256x200 took 7.3 ms instead of 7.1 for 33 x 33, and takes 3.96 instead of
#: 4.11 for 25 x 25. Windows of 3 x 3 with a table of powers do not gain: 3840x200 took 1.37 ms instead of
#: 1.28 (Zen 4, float32, one thread).
_COST = 2.0
#: Pieces that share weights have up to this number of samples: 3840x2160 and 17 x 17 take 108 ms instead of
#: 112 (Zen 4, two threads).
_LARGEST = 1 << 20
#: Weights that are worth a thread of their own, and samples. 512x512 and 17 x 17 take 4.2 ms with two
#: threads, and 7.5 with one (Zen 4).
_TAPS, _LEAST = 11_000_000, 1 << 14
#: Deviations of values whose inverse is a denormal number of float32, or almost, and that are not so large
#: that all samples of that type have equal weights.
_DENORMAL = 1e37, 1e44
#: Up to this deviation, infinite differences of float64 have no weight, and its inverse is a normal number.
_WIDEST = 1e306
#: Bytes of the samples and sums of a tile: half of the second-level cache.
_KEPT = 1 << 19


@dataclass(frozen=True, eq=False)
class Call:
    """The part of a call that is known before the samples are read."""

    guide: Guide | None
    shapes: Shapes
    frame: Frame
    window: Rows
    offsets: npt.NDArray[np.int64]  # of the taps from the centre, along z, y and x
    weights: npt.NDArray[np.float64]  # their binary logarithms
    sigma_range: float
    manhattan: bool
    sampled: bool
    cval: float
    real: np.dtype
    dtype: np.dtype
    result_shape: tuple[int, ...]

    @property
    def reach(self) -> Reach:
        """The samples that a result depends on."""
        return self.shapes.reach(self.frame)


def apply(image: npt.ArrayLike, bells: Bells, guide: Any, common: Common, *own: Any) -> npt.NDArray:
    """Return the filtered image. `own`: the other arguments of `bilateral`, in their order."""
    checked, common = with_guide(image, guide, common)
    return engine.apply(FAMILY, image, common, bells, (checked, *own))


def _checked(array: npt.NDArray, given: Common, bells: Bells, own: tuple[Any, ...]) -> Call:
    """Check the arguments."""
    guide, sigma_space, sigma_range, truncate, radius, window, norm, method = own
    shapes = Shapes.of(array, given, guide)
    count = len(shapes.axes)
    deviations = arguments.sigmas(sigma_space, count, "sigma_space")
    spread = arguments.number(sigma_range, "sigma_range")
    if spread <= 0:
        raise ValueError(f"sigma_range must be positive, got {spread}")
    taps = bells(deviations, (0,) * count, truncate, radius, (1.0,) * count, "sigma_space")
    sizes = tuple(map(len, taps))
    bounded(sizes, "sigma_space")
    disc = arguments.word(window, "window", WINDOWS) == "disc"
    manhattan = arguments.word(norm, "norm", NORMS) == "l1"
    levels = arguments.word(method, "method", METHODS) == "sampled"
    if levels and disc:
        raise ValueError("window must be 'box' with method='sampled', got 'disc'")
    channels = _channels(array, shapes, guide)
    if levels and channels > 1:
        raise ValueError(
            f"method='sampled' compares values of one channel, got {channels} channels: give a guide of one "
            "channel, or method='exact'"
        )
    mode = borders.check_mode(given.mode, more=("shrink",))
    cval = arguments.beyond(given.cval, mode)
    dtype = arguments.dtype(given.dtype, given.out, array.dtype.newbyteorder("="))
    real = dtypes.working(array.dtype, dtype)
    if guide is not None:
        real = np.promote_types(real, dtypes.derived(guide.array.dtype))
    if _DENORMAL[0] < spread < _DENORMAL[1]:
        real = dtypes.FLOAT64
    frame = Frame.of(shapes.spatial, shapes.axes, sizes, mode)
    along = [np.ones(1)] * 3
    for axis, line in zip(frame.axes, taps, strict=True):
        along[axis - 1] = line
    rows = Rows(_inside(tuple(map(len, along)), disc=disc), tuple(along))
    places = _ordered(np.argwhere(rows.inside))
    with np.errstate(divide="ignore"):
        weights = sum(np.log2(line)[places[:, axis]] for axis, line in enumerate(along))
    offsets = places - np.array(rows.inside.shape) // 2
    return Call(
        *(guide, shapes, frame, rows, offsets, np.asarray(weights), spread, manhattan, levels, cval),
        *(real, dtype, array.shape),
    )


def _channels(array: npt.NDArray, shapes: Shapes, guide: Guide | None) -> int:
    """Return the number of channels that are compared."""
    source, axis = (array, shapes.channel) if guide is None else (guide.array, guide.channel_axis)
    return 1 if axis is None else source.shape[axis]


def _inside(sizes: tuple[int, ...], *, disc: bool) -> npt.NDArray[np.bool_]:
    """Return which samples of a box belong to the window: all, or those of the largest disc."""
    if not disc:
        return np.ones(sizes, bool)
    squares = np.zeros(sizes)
    for axis, size in enumerate(sizes):
        radius = size // 2
        line = (np.arange(size) - radius) / max(radius, 1)
        squares += (line**2).reshape([-1 if a == axis else 1 for a in range(len(sizes))])
    return squares <= 1 + 1e-12


def _ordered(places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the places of taps in the order of the sums.

    It is the centre, the rows above, the row itself by distance, and the rows below from right to left.
    `paired_lines` adds to the sums of both samples of a pair in this order.
    """
    middle = len(places) // 2
    centre, after = places[middle], places[middle + 1 :]
    row = after[: np.sum((after[:, :2] == centre[:2]).all(axis=1))]
    beside = np.stack([2 * centre - row, row], axis=1).reshape(-1, 3)
    below = after[len(row) :]
    order = np.lexsort((-below[:, 2], below[:, 1], below[:, 0]))
    return np.concatenate([centre[None], places[: middle - len(row)], beside, below[order]])


class Powers(NamedTuple):
    """A `power_table`, and the address of the row of each tap."""

    table: npt.NDArray
    addresses: npt.NDArray[np.int64]


@remembered(lambda logarithms: len(logarithms) // 8)
def _powers(logarithms: bytes, real: np.dtype) -> Powers:
    """Return the table of weights whose binary logarithms are given, as float64."""
    weights = np.frombuffer(logarithms)
    distinct, places = weights, np.arange(len(weights))
    if is_tabulated(real):
        # Rows are in the order of their first use: a large table is read from the third-level cache.
        distinct, first, places = np.unique(weights, return_index=True, return_inverse=True)
        order = np.argsort(first)
        distinct, places = distinct[order], np.argsort(order)[places]
    rows = power_table(distinct, real)
    table = Store().array("table", rows.shape, real)  # which begins at a cache line
    table[...] = rows
    return Powers(table, address(table) + table.strides[0] * places)


def _filled(
    call: Call,
    array: npt.NDArray,
    out: npt.NDArray | None,
    workers: int | None,
    presence: Presence | None,
    few: npt.NDArray[np.bool_] | None,
) -> npt.NDArray:
    """Return the result, in `out` or a new array."""
    sources = Sources.of(call.frame, call.shapes, array, call.guide, presence)
    target = new(out, array, call.guide, call.dtype)
    least = 0.0 if presence is None else presence.least(call.window.total)
    wanted = few is not None or least > 0
    powers = None if call.sampled else _powers(call.weights.tobytes(), call.real)

    def task(cut: Cut, results: list[npt.NDArray], store: Store) -> npt.NDArray[np.bool_] | None:
        piece = Piece.of(call.frame, cut, sources, call.real, call.cval, store)
        found = direct(results, results[0].shape, call.real)
        if powers is None:
            sampled.windows(call.window.taps, call.sigma_range, piece, found, store)
        else:
            _windows(call, powers, piece, found, store)
        unknown = None
        if piece.counts is not None and wanted:
            unknown = ~(call.window.shares(piece.counts) > least)
        if unknown is not None:
            for values in found:
                values[unknown] = np.nan
        place(found, results)
        return unknown

    own = call.guide is None and call.shapes.channel is None and presence is None
    largest = _largest(call.frame, call.real, workers) if own and not call.sampled else 0
    # A window has its centre at least, even if all weights around it are 0.
    small = 0 if call.sampled else max(_TAPS // len(call.weights), _LEAST)
    fill(call.frame, call.shapes, target, few, task, workers, largest, small)
    return engine.delivered(target, out, call.dtype)


def _largest(frame: Frame, real: np.dtype, workers: int | None) -> int:
    """Return the number of samples of large pieces, if samples share weights in them, or 0."""
    if math.prod(frame.shape) <= _LARGEST:
        return 0
    cut = frame.cuts(threads.most(workers), _LARGEST)[0]
    rows, count = (last - first for first, last in (cut.y, cut.x))
    return _LARGEST if _segment(frame, real, rows, count, frame.shape[4]) else 0


def _windows(call: Call, powers: Powers, piece: Piece, results: list[npt.NDArray], store: Store) -> None:
    """Write the results of a piece, a plane for each channel."""
    padded, before = piece.image[0].shape, [pad.before for pad in call.frame.pads]
    lengths = [n - k + 1 for n, k in zip(padded[1:4], call.window.inside.shape, strict=True)]
    shape = (padded[0], *lengths, padded[4])
    pitches = [math.prod(padded[a + 1 :]) for a in range(4)]
    plain = len(piece.image) == 1 and piece.guide is piece.image and piece.counts is None
    job = np.zeros((), kernels.BILATERAL_JOB)
    job["n_images"], job["n_guides"] = len(piece.image), len(piece.guide)
    job["count"], job["taps"], job["manhattan"] = shape[3] * shape[4], len(call.weights), call.manhattan
    job["scale"] = _scale(call, 1.0)
    job["kernel"] = (kernels.grey_lines if plain else kernels.lines).address(call.real)
    starts = places_of(shape[:3], pitches[:3]) + int(np.dot(before, pitches[1:]))
    found = np.zeros(1, np.int64)
    job["lines"] = len(starts)
    tables = {
        "images": _addresses(piece.image),
        "guides": _addresses(piece.guide),
        "results": _addresses(results),
        "starts": starts,
        "places": np.concatenate([places_of(shape[:3], _steps(plane)) for plane in results]),
        "offsets": call.real.itemsize * (call.offsets @ np.array(pitches[1:])),
        "weights": powers.addresses,
        "stage": store.array("stage", (2 * BYTES * len(results),), np.uint8),
        "found": found,
    }
    if piece.counts is not None and piece.known is not None:
        tables |= {"counts": piece.counts, "known": piece.known}
    if plain:
        tables |= _pairs(call, job, pitches, shape[2], store)
    owners = set_addresses(job, tables)
    again = call.real == dtypes.FLOAT64 and call.sigma_range > _WIDEST
    if again:
        for plane in results:
            plane.fill(np.nan)
    else:
        kernels.filter_lines.entry()(address(job))
        sources = piece.image if plain else [*piece.image, *piece.guide]
        again = bool(found[0]) and any(map(_are_large, sources))
    if again:
        # The weight of a difference that is infinite is 0 if sigma_range is at most 1.
        job["shrink"] = kernels.SHRINK if call.sigma_range > 1 else 1.0
        job["scale"] = _scale(call, float(job["shrink"]))
        job["kernel"] = kernels.lines_again.address(call.real)
        kernels.filter_lines.entry()(address(job))
    del owners


def _scale(call: Call, shrink: float) -> float:
    """Return the factor of the differences of samples that are multiplied by `shrink`."""
    return min(math.sqrt(0.5 * math.log2(math.e)) / shrink / call.sigma_range, float(np.finfo(call.real).max))


def _are_large(plane: npt.NDArray) -> bool:
    """Tell whether differences of samples, or means of differences, may be beyond the range of their type."""
    limit = np.finfo(plane.dtype).max / 4
    if np.fmax.reduce(plane, axis=None) <= limit and np.fmin.reduce(plane, axis=None) >= -limit:
        return False
    sizes = np.abs(plane)
    return bool(((sizes > limit) & np.isfinite(sizes)).any())


def _pairs(
    call: Call, job: npt.NDArray, pitches: list[int], rows: int, store: Store
) -> dict[str, npt.NDArray]:
    """Let samples of different rows share their weights, if this saves time. Return the tables for it."""
    size, lanes, groups = call.real.itemsize, _lanes(call.real), call.frame.sizes[1] // 2
    register = size * lanes
    segment = _segment(call.frame, call.real, rows, int(job["count"]) // pitches[3], pitches[3])
    if not segment:
        return {}
    y, x = call.offsets[:, 1], call.offsets[:, 2]
    reach = call.frame.sizes[2] // 2
    margin = -(-reach // REGISTERS) * REGISTERS
    line = (segment + 2 * margin + lanes | 1) * register  # rows do not meet in sets of the cache
    pairs = [(int(np.sum(y < 0)) + 1, int(x[y == 0].max()))]
    pairs += [(int(np.argmax(y == d)), int(np.sum(y == d)) // 2) for d in range(1, groups + 1)]
    job["kernel"] = paired_lines.address(call.real)
    job["to_lanes"], job["join"] = (
        k.address(call.real) for k in (lane_transpose.to_lanes, lane_transpose.join)
    )
    job["rows"], job["pitch"], job["line"] = rows, size * pitches[2], line
    job["segment"], job["margin"], job["reach"] = segment, margin * register, reach
    job["groups"] = groups
    return {
        "pairs": np.array(pairs, np.int64),
        "shifts": register * x,
        "line_places": register * np.arange(segment + 2 * margin + lanes),
        "lane_places": size * segment * np.arange(lanes),
        "memory": store.array("tile", ((3 * groups + 4) * line + 2 * BYTES * call.frame.sizes[2],), np.uint8),
    }


def _lanes(real: np.dtype) -> int:
    """Return the lanes of a register."""
    return BYTES // REGISTERS // real.itemsize


def _segment(frame: Frame, real: np.dtype, rows: int, count: int, inner: int) -> int:
    """Return the samples of a segment of a line in the lane layout, or 0 if sharing saves no time.

    A piece has `rows` lines of `count` positions, with `inner` samples each.
    """
    (z, y, x), lanes = (size // 2 for size in frame.sizes), _lanes(real)
    if z or not y or inner > 1 or rows < _ROWS * y or (is_tabulated(real) and max(y, x) == 1):
        return 0
    margin, row = -(-x // REGISTERS) * REGISTERS, 3 * (y + 1) * real.itemsize * lanes
    found: dict[int, int] = {}
    for tiles in range(1, count // (lanes * lanes) + 1):
        segment = -(-count // (tiles * lanes * REGISTERS)) * REGISTERS
        if lanes <= segment <= count // lanes and segment >= margin:
            found[segment] = tiles * (segment + margin)
    fitting = [n for n in found if row * (n + 2 * margin) <= _KEPT] or list(found)[-1:]
    segment = min(fitting, key=lambda n: found[n], default=0)
    if segment and lanes * found[segment] * (rows + y / 2) > _COST * count * rows:
        return 0
    return segment


def _steps(array: npt.NDArray) -> list[int]:
    """Return the distances of batch elements, planes and rows in elements."""
    return [step // array.itemsize for step in array.strides[:3]]


def _addresses(arrays: list[npt.NDArray]) -> npt.NDArray[np.int64]:
    return np.array([address(array) for array in arrays], np.int64)


def _plan(call: Call, image: npt.NDArray) -> Plan:
    """Return the algorithm."""
    if call.sampled:
        step = f"levels {sampled.STEP:g} of sigma_range apart"
        return Plan("sampled", f"Gaussians at {step}, instead of a weight for each sample", math.nan)
    return Plan("direct", f"all {len(call.weights)} samples of the window have a weight", math.nan)


FAMILY: engine.Family[Call] = engine.family_of(_checked, _plan, _filled)
