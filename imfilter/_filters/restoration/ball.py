"""The background under a rolling ball: the checks, and the way of a call."""

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, borders, dtypes, engine, missing, threads
from imfilter._base.keywords import Common
from imfilter._base.missing import Presence
from imfilter._base.plan import Plan
from imfilter._base.program import address, set_addresses
from imfilter._base.reach import Reach, of_radii
from imfilter._base.store import roomy
from imfilter._filters.restoration import cosines
from imfilter._filters.restoration.family import Border
from imfilter._filters.restoration.kernels import ball
from imfilter._simd.registers import BYTES

#: What the height of the background is: that of the ball's surface above each sample, or of its top.
SURFACE, TOP = "opening", "erosion"
METHODS = (SURFACE, TOP)
#: Largest number of samples that a ball may span.
_MOST_SAMPLES = 1 << 24
#: Columns of a tile. A line with its border stays in the first-level cache.
_TILE = 2048
#: Samples times taps that one thread computes alone.
_ALONE = 1 << 22


def _squares(reach: list[int]) -> npt.NDArray:
    """Return the squared distances from the first sample of a window, which are integers."""
    along = np.ix_(*(np.arange(n + 1) ** 2 for n in reach))
    return sum(along, np.zeros([n + 1 for n in reach]))


@dataclass(frozen=True, eq=False)
class Ball:
    """Half an ellipsoid over z, y and x, as far as distances are not negative.

    `heights` is its depth below the top. It is infinite outside.
    """

    heights: npt.NDArray[np.float64]

    @classmethod
    def of(cls, radii: tuple[float, ...], height: float) -> "Ball":
        """Return the ball of the given radii in samples."""
        reach = [math.ceil(r) for r in radii]
        if math.prod(2 * r + 1 for r in reach) > _MOST_SAMPLES:
            raise ValueError(f"radius must span at most {_MOST_SAMPLES} samples, got {radii}")
        share = np.zeros([r + 1 for r in reach])
        for axis, (r, n) in enumerate(zip(radii, reach, strict=True)):
            along = np.arange(n + 1) / r if r else np.zeros(1)
            share = share + (along * along).reshape([-1 if a == axis else 1 for a in range(len(radii))])
        inside = share <= 1
        depth = height * (1 - np.sqrt(np.maximum(1 - share, 0)))
        if set(radii) == {height}:  # a ball: its depth is exact where it is a whole number
            squares = height * height - _squares(reach)
            inside, depth = squares >= 0, height - np.sqrt(np.maximum(squares, 0))
        return cls(np.where(inside, depth, np.inf).reshape((1,) * (3 - len(radii)) + share.shape))

    @property
    def reach(self) -> tuple[int, int, int]:
        """The largest distances along z, y and x."""
        z, y, x = (n - 1 for n in self.heights.shape)
        return z, y, x

    @property
    def taps(self) -> int:
        """About the number of samples of the ball."""
        return int(np.isfinite(self.heights).sum()) * 2 ** sum(n > 1 for n in self.heights.shape)


@dataclass(frozen=True, eq=False)
class Call:
    """The part of a call that is known before the samples are read."""

    ball: Ball
    axes: tuple[int, ...]  # ascending
    method: str
    mode: str
    cval: float
    real: np.dtype
    dtype: np.dtype
    result_shape: tuple[int, ...]

    @property
    def reach(self) -> Reach:
        """The samples that a result depends on: the ball is under the image, and then its surface is."""
        times = 2 if self.method == SURFACE else 1
        radii = self.ball.reach[3 - len(self.axes) :]
        return of_radii(self.axes, [times * r for r in radii])


def apply(image: npt.ArrayLike, radius: Any, height: Any, method: Any, common: Common) -> npt.NDArray:
    """Return the background."""
    return engine.apply(FAMILY, image, common, "rolling_ball", (radius, height, method))


def _checked(array: npt.NDArray, given: Common, fixed: str, own: tuple[Any, ...]) -> Call:
    """Check the arguments."""
    radius, height, method = own
    axes = arguments.axes(array, given.axes, given.channel_axis)
    radii = tuple(arguments.number(r, "radius") for r in arguments.each(radius, len(axes), "radius"))
    if min(radii) < 0:
        raise ValueError(f"radius must be at least 0, got {min(radii)}")
    top = max(radii) if height is None else arguments.number(height, "height")
    if top < 0:
        raise ValueError(f"height must be at least 0, got {top}")
    method = arguments.word(method, "method", METHODS)
    mode = borders.check_mode(given.mode, more=("shrink",))
    cval = arguments.beyond(given.cval, mode)
    dtype = arguments.dtype(given.dtype, given.out, array.dtype.newbyteorder("="))
    along = tuple(sorted(axes))
    made = Ball.of(tuple(radii[axes.index(a)] for a in along), top)
    real = dtypes.working(array.dtype, dtype)
    return Call(made, along, method, mode, cval, real, dtype, array.shape)


def _compute(call: Call, array: npt.NDArray, out: npt.NDArray | None, workers: int | None) -> npt.NDArray:
    """Write the background to `out` or a new array."""
    return _filtered(call, array, None, out, workers, 0.0)[0]


def _with_missing(
    array: npt.NDArray, given: Common, fixed: str, presence: Presence, wanted: bool, own: tuple[Any, ...]
) -> tuple[npt.NDArray, npt.NDArray[np.bool_] | None]:
    """Roll the ball under the samples that are present."""
    call = _checked(array, given, fixed, own)
    arguments.fitting(given.out, call.result_shape)
    all_present = presence.mask is None and not presence.ignore_nan
    whole = all_present and presence.min_coverage == 0  # a ball contains its own sample
    there = None if whole else presence.present(array)
    workers = threads.requested(given.workers)
    found, few = _filtered(call, array, there, given.out, workers, presence.least(1.0))
    return found, few if wanted else None


def _filtered(
    call: Call,
    array: npt.NDArray,
    there: npt.NDArray[np.bool_] | None,
    out: npt.NDArray | None,
    workers: int | None,
    least: float,
) -> tuple[npt.NDArray, npt.NDArray[np.bool_]]:
    """Return the background, and where too little is present."""
    target = dtypes.target(out, array, array.shape, call.dtype)
    count = len(call.axes)
    moved = [np.moveaxis(a, call.axes, range(-count, 0)) for a in (array, target)]
    source, sink = moved
    batch = source.shape[:-count]
    few = np.zeros(array.shape, bool)
    unknown = np.moveaxis(few, call.axes, range(-count, 0))
    present = None if there is None else np.moveaxis(there, call.axes, range(-count, 0))
    lead = (1,) * (3 - count)
    for index in np.ndindex(*batch):
        with np.errstate(over="ignore"):
            samples = source[index].astype(call.real).reshape(lead + source.shape[-count:])
        known = None if present is None else present[index].reshape(samples.shape)
        found, nothing = _one(call, samples, known, workers, least)
        shape = sink[index].shape
        dtypes.place(found.reshape(shape), sink[index])
        if nothing is not None:
            unknown[index] = nothing.reshape(shape)
            sink[index][unknown[index]] = np.nan if call.dtype.kind == "f" else 0
    return engine.delivered(target, out, call.dtype), few


def _one(
    call: Call,
    samples: npt.NDArray,
    there: npt.NDArray[np.bool_] | None,
    workers: int | None,
    least: float,
) -> tuple[npt.NDArray, npt.NDArray[np.bool_] | None]:
    """Return the background of one image of three axes, and where too little is present."""
    hole = np.isnan(samples)
    if there is not None:
        hole &= there  # NaN that is present
        samples = np.where(there, samples, np.inf)
    holes = None
    if hole.any():
        samples = np.where(hole, np.inf, samples)
        holes = _near(call, hole, False, workers)
    nothing = None if there is None else _few(call, there, least, workers)
    cval: float = call.cval
    found = _eroded(call, samples, cval, workers)
    if call.method == SURFACE:
        np.negative(found, out=found)
        if nothing is not None:
            found[nothing] = np.inf
        found = _eroded(call, found, -cval, workers)
        np.subtract(0, found, out=found)  # not -0.0
        np.minimum(found, samples, out=found)  # depths are rounded, and a constant border may be higher
        if holes is not None:
            holes = _near(call, holes, False, workers)
        if nothing is not None:
            nothing = _few(call, ~nothing, least, workers)
    if holes is not None:
        found[holes] = np.nan
    return found, None if nothing is None or not nothing.any() else nothing


def _few(
    call: Call, there: npt.NDArray[np.bool_], least: float, workers: int | None
) -> npt.NDArray[np.bool_]:
    """Return where less than a share of the ball's samples is present, or nothing."""
    if least <= 0:
        return ~_near(call, there, call.mode != "shrink", workers)
    reach, border = call.ball.reach, Border(call.mode, 0.0, workers)
    index = np.ix_(*(np.abs(np.arange(-r, r + 1)) for r in reach))
    samples = np.isfinite(call.ball.heights)[index].astype(np.float64)
    waves = cosines.domain(there.shape, call.mode, reach, samples)
    counts = waves.extended(there.astype(np.float64), *border.of_counts)
    found = waves.cropped(waves.filtered(counts, waves.transfer(samples, workers), workers))
    return np.asarray(np.rint(found) < max(least * samples.sum(), 0.5))


def _near(
    call: Call, marks: npt.NDArray[np.bool_], beyond: bool, workers: int | None
) -> npt.NDArray[np.bool_]:
    """Return where the ball contains a mark. `beyond` tells whether the constant is one."""
    values = np.where(marks, call.real.type(0), call.real.type(np.inf))
    found: npt.NDArray[np.bool_] = np.isfinite(_eroded(call, values, 0.0 if beyond else np.inf, workers))
    return found


def _eroded(call: Call, samples: npt.NDArray, cval: float, workers: int | None) -> npt.NDArray:
    """Return the least of the samples in the ball plus their depth below its top."""
    real, reach = call.real, call.ball.reach
    source = _padded(samples, reach, call.mode, cval)
    lanes = BYTES // real.itemsize
    z, y, x = samples.shape
    target = roomy((z, y, -(-x // lanes) * lanes), real)
    job = np.zeros((), ball.BALL_JOB)
    job["source_z"], job["source_y"], job["size"] = source.strides
    job["target_z"], job["target_y"], _ = target.strides
    job["rows"], job["columns"], job["tile"] = y, x, _TILE
    job["tiles"] = -(-x // _TILE)
    weights = call.ball.heights.astype(real)
    base = address(weights)
    entries = []
    for dz, dy in itertools.product(range(reach[0] + 1), range(reach[1] + 1)):
        row = weights[dz, dy]
        if math.isfinite(row[0]):
            far = int(np.isfinite(row).sum()) - 1
            at = base + (dz * weights.shape[1] + dy) * weights.strides[1]
            entries.append((dz * source.strides[0], dy * source.strides[1], far, at))
    job["count"], job["erode"] = len(entries), ball.erode_tile.address(real)
    owners = set_addresses(job, {"entries": np.array(entries, np.int64)})
    run, at = ball.erode.entry(), address(job)
    first = address(source) + sum(n * s for n, s in zip(reach, source.strides, strict=True))
    size = (min(_TILE, x) + 2 * reach[2]) * real.itemsize + 4 * BYTES

    def task(start: int, stop: int) -> None:
        workspace = np.zeros(size, np.uint8)
        run(at, first, address(target), address(workspace), start, stop)

    work = samples.size * call.ball.taps
    total = z * y * int(job["tiles"])
    threads.run(task, total, 1 if work < _ALONE else workers, max(1, min(work >> 34, total // 8)))
    del owners, weights
    return target[..., :x]


def _padded(samples: npt.NDArray, reach: tuple[int, int, int], mode: str, cval: float) -> npt.NDArray:
    """Return samples with their border. Absent ones are infinite."""
    shape = tuple(n + 2 * r for n, r in zip(samples.shape, reach, strict=True))
    beyond = math.inf if mode == "shrink" else cval
    found = roomy(shape, samples.dtype)
    inner = tuple(slice(r, r + n) for n, r in zip(samples.shape, reach, strict=True))
    found.fill(beyond)
    found[inner] = samples
    if mode in ("shrink", "zero", "constant"):
        return found
    for axis, (n, r) in enumerate(zip(samples.shape, reach, strict=True)):
        moved = np.moveaxis(found, axis, 0)
        rows = missing.rows_of(n, r, r, mode)
        moved[:r] = moved[rows[:r] + r]
        moved[n + r :] = moved[rows[n + r :] + r]
    return found


def _planned(call: Call, array: npt.NDArray) -> Plan:
    """Return the algorithm."""
    return Plan("morphology", f"{call.method} by a ball of about {call.ball.taps} samples", math.nan)


FAMILY: engine.Family[Call] = engine.Family(_checked, _planned, _compute, _with_missing)
