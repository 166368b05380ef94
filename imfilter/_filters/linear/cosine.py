"""Long smooth kernels as a sum of a few cosines: the fit, and the program for one shape and layout."""

import functools
import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.loops import LoopAxis, Placement
from imfilter._base.program import (
    Job,
    Program,
    Settings,
    layout_workspace,
    pitch,
    rows_per_task,
    set_geometry,
)
from imfilter._filters.linear import box
from imfilter._filters.linear.algorithm import Compiled, Offer, Request, least_cost
from imfilter._filters.linear.dynamic_range import Recomputation, Rerun
from imfilter._filters.linear.kernels import cosine, sample_ranges
from imfilter._filters.linear.kernels.cosine_rows import COSINE_JOB, slide_cosine
from imfilter._filters.linear.operators import Operator
from imfilter._filters.linear.separable import SEPARABLE
from imfilter._simd import lane_transpose, lines
from imfilter._simd.inexact_rows import WORDS
from imfilter._simd.registers import BYTES, LINE, in_register

#: Largest number of cosines. A Gaussian cut off at four standard deviations has 8 for float32 and 10 for
#: 16 bits. Its derivatives have 10 and 12.
TERMS = (8, 10, 12)
#: Shorter kernels are not fitted, because cosines would save no time.
_FEWEST = 24
#: Candidate periods of the slowest cosine, in kernel lengths. For Gaussians cut off at two to five standard
#: deviations, one of them fits best.
_PERIODS = np.linspace(0.95, 1.75, 33)
#: Samples of a kernel that are used to find its best period.
_SAMPLED = 256
#: Rows that are filtered down the columns before they are filtered along, and elements of a line that are
#: filtered together: 128 kB of float32. The second-level cache holds them and the states of the oscillators.
_BLOCK, _TILE = 32, 1024
#: The rounding error that oscillators spread, in units of the last place of the largest sample: so much for
#: each tap of a kernel, and so much times the root of the number of steps. Both are twice the largest error
#: found. And the error that a result may have, relative to sum|w| and the largest sample of its own window.
_SPREAD, _BOUND = (150.0, 1.0), 1e-6
#: Least length of a task, in kernel lengths. Each task first filters the rows above it down, at half the
#: cost.
_LEAST = 2


#: Costs of a cosine along one axis beside separable sums in float32 and float64, and of reading, transposing
#: and writing; see `algorithm.STAGE`. Gaussians of sigma 4, 5 and 6 of uint16 at 1080p took 7.7, 8.0 and 8.4
#: ms by cosines, and 4.3, 5.3 and 7 to 8.5 axis by axis; without AVX-512 15, and 9, 11 and 13 (Zen 4, one
#: thread).
_COST, _COST_STAGES = {4: 0.24, 8: 0.37}, 1.5
#: Part of that cost for steps before the first sample. On small images, sums axis by axis are slower, too:
#: sigma 4, 6, 8 and 14 of 64x64 uint16 took 29, 32, 35 and 45 us by cosines, and 22, 30, 57 and 113 axis by
#: axis. Sigma 6.5 of 40x4000 took 0.8 and 1.5 ms, and 6 of 128x128 82 and 73 us.
_OVERHANG = {4: 1.0, 8: 1 / 6}
#: Kernels and tables of a job that some ways to compute do not use.
_OPTIONAL = (*("close", "strip_rows", "strip_step", "widen", "window_x"),)


class CosineSum(Compiled):
    """A long smooth kernel as a sum of cosines. Each cosine's sum follows from its last two values."""

    name = "cosines"
    fallback = SEPARABLE

    def shares(self, request: Request) -> bool:
        """Tell that sums run down the rows and along the lines."""
        return True

    def offer(self, operator: Operator, request: Request, others: dict[str, Offer]) -> Offer | None:
        """Return the cost of the cosines that are needed for the precision."""
        separable = others.get("separable")
        if not request.auto or separable is None or separable.operator is None:
            return None
        line = math.prod(request.shape[max(request.axes) :])
        if (
            request.bias != 0
            or not math.isfinite(request.cval)
            or not fits(operator.shape, line, request.real)
        ):
            return None
        if not request.along_line(operator) or request.exact(operator):
            return None
        split, allowed = separable.operator, tolerance(request.source, request.dtype)
        overhang = sum(k / n for k, n in zip(operator.shape, request.lengths, strict=True))
        size = request.real.itemsize
        each = _COST[size] * (2 + _OVERHANG[size] * overhang)
        if not allowed or TERMS[0] * each + _COST_STAGES >= least_cost(others):
            return None
        fit = fitted(split, allowed)
        return Offer(fit.terms * each + _COST_STAGES, split) if fit else None

    def program(self, operator: Operator, settings: Settings, place: Placement) -> Program | None:
        """Return the program of the oscillators."""
        return make(operator, settings, place)


def tolerance(source: np.dtype, result: np.dtype) -> float:
    """Return the largest error of cosines in place of taps, relative to the taps' absolute sum.

    It is half of float32's rounding error. For 16 bits it changes less than one pixel of ten thousand. Wider
    types are filtered tap by tap; for these it is 0.
    """
    if dtypes.working(source, result) == dtypes.FLOAT32:
        return 2.5e-7
    small = all(dtype.kind in "iu" and dtype.itemsize <= 2 for dtype in (source, result))
    return 6e-10 if small else 0.0


def fits(shape: tuple[int, ...], line: int, real: np.dtype) -> bool:
    """Tell whether a kernel of a shape, and output lines of so many elements, are long enough."""
    return len(shape) == 2 and min(shape) >= _FEWEST and line >= in_register(real)


class Fit(NamedTuple):
    """The cosines of a separable operator along each axis, and the tables of their oscillators."""

    terms: int
    tables: tuple[npt.NDArray, ...]


def fitted(operator: Operator, tolerance: float) -> Fit | None:
    """Return the cosines for a separable operator, or None if it needs too many."""
    if tolerance and len(operator.terms) == 1 and min(operator.shape) >= _FEWEST:
        data = [np.ascontiguousarray(taps).tobytes() for taps in operator.terms[0]]
        for terms in TERMS:
            tables = [_fit(taps, terms, tolerance) for taps in data]
            if all(table is not None for table in tables):
                return Fit(terms, tuple(table for table in tables if table is not None))
    return None


@functools.lru_cache(maxsize=64)
def _fit(data: bytes, terms: int, tolerance: float) -> npt.NDArray | None:
    """Return the table of `cosine.oscillate` for taps that are symmetric or antisymmetric, or None."""
    taps = np.frombuffer(data)
    scale = np.abs(taps).max()
    if not scale:
        return None
    taps = taps / scale
    even = bool(taps @ taps[::-1] > 0)
    wave, parity = (np.cos, 1.0) if even else (np.sin, -1.0)
    if np.abs(taps - parity * taps[::-1]).sum() > tolerance * np.abs(taps).sum():
        return None
    n, centre = len(taps), (len(taps) - 1) / 2
    half = np.arange(n // 2, n)  # the other half is its mirror image
    few = half[:: max(1, len(half) // _SAMPLED)]

    def frequencies(period: float) -> npt.NDArray:
        return 2 * np.pi / (period * n) * (np.arange(terms) + 0.5)

    def solve(period: float, where: npt.NDArray) -> npt.NDArray:
        waves = wave(np.outer(where - centre, frequencies(period)))
        right = taps[where]
        if even:  # a constant must stay constant: the sum of the taps has more weight than each tap
            waves = np.vstack([waves, 1e3 / n * waves.sum(axis=0)])
            right = np.append(right, 1e3 / n * right.sum())
        return np.linalg.lstsq(waves, right, rcond=1e-15)[0]

    def error(period: float, amplitudes: npt.NDArray, where: npt.NDArray) -> float:
        waves = wave(np.outer(where - centre, frequencies(period)))
        return float(np.abs(waves @ amplitudes - taps[where]).sum() / np.abs(taps[where]).sum())

    period = min(_PERIODS, key=lambda p: error(p, solve(p, few), few))
    amplitudes = solve(period, half)
    if not error(period, amplitudes, np.arange(n)) <= tolerance:
        return None
    angles = frequencies(period)
    ends = (2 * np.cos(angles), wave(angles * centre) * amplitudes, wave(angles * (centre + 1)) * -amplitudes)
    return np.append(np.stack(ends, axis=1) * (1, scale, scale), parity)


def make(operator: Operator, settings: Settings, place: Placement) -> Program:
    """Lay out the lines."""
    loops, source, target = place.loops, place.source, place.target
    y, x = loops.y, loops.x
    real = settings.real
    fit = fitted(operator, settings.tolerance)
    assert fit is not None
    terms, tables = fit
    axis_y, axis_x = (part.axis for part in (y, x) if part.axis is not None)
    job = Job(COSINE_JOB, *_OPTIONAL)
    lanes, oscillators = in_register(real), cosine.REGISTER // 8
    widest = max(x.samples, x.length) * loops.channels
    set_geometry(job, loops, source.dtype, target.dtype, settings.mode)
    job["cosines_y"], job["cosines_x"] = tables[axis_y], tables[axis_x]
    job["taps_y"], job["taps_x"], job["columns"] = y.taps, x.taps, x.length
    job["lanes"], job["lanes_y"], job["size"] = lanes, oscillators, real.itemsize
    rows = rows_per_task(y.length, x.length, _LEAST * y.taps)
    tile = max(_TILE // loops.channels // LINE * LINE, LINE)
    job["rows_per_task"], job["block"], job["tile"] = rows, _BLOCK, tile
    job["cval"], job["border_value"] = settings.cval, settings.cval * operator.terms[0][axis_y].sum()
    job["check_finite"] = source.dtype.kind == "f"
    step = pitch((widest + BYTES) * real.itemsize)
    entering = pitch((min(tile * loops.channels, widest) + BYTES) * real.itemsize)
    pixel = loops.channels * lanes * real.itemsize
    job["pitch"], job["entering_step"] = step, entering
    job["state"] = (2 * terms + cosine.CARRIED) * cosine.REGISTER
    job["registers_y"] = -(-x.samples * loops.channels // oscillators)
    job["registers_x"] = loops.channels * lanes // oscillators
    job["lane_places"] = np.arange(x.samples * loops.channels + lanes) * (lanes * real.itemsize)
    job["line_places"] = np.arange(lanes) * step
    # Sums of integers are rounded to integers, which hides the error that large samples leave.
    looking = real == dtypes.FLOAT32 and not (source.dtype.kind in "iu" and target.dtype.kind in "iu")
    strips = -(-_BLOCK // _strip(y.taps))
    if looking:
        job["widen"], job["close"] = (
            sample_ranges.widen_strip.address(real),
            sample_ranges.close_windows.address(real),
        )
        job["strip_rows"], job["strip_step"] = _strip(y.taps), step
        job["window_x"] = _inside(x)
    longest = max(rows + y.taps, x.length + x.taps)
    spread = _SPREAD[0] + _SPREAD[1] * math.sqrt(longest)
    least = 2.0**-53 * max(y.taps, x.taps) * spread / _BOUND
    job["least"] = least
    job["fetch"] = lines.fetch.address(real, source.dtype)
    job["oscillate"] = cosine.oscillate.address(real, terms)
    job["to_lanes"], job["join"] = lane_transpose.to_lanes.address(real), lane_transpose.join.address(real)
    job["place"] = lines.place.address(real, target.dtype)
    sizes = {
        "entering": _BLOCK * entering,
        "lines": _BLOCK * step,
        "lane_layout": (max(x.before + x.samples, x.length + x.taps) + lanes) * pixel,
        "outside": pixel,
        "zeros": max(entering, pixel),
        "sink": max(entering, pixel),
        "spare": 0 if job["target_packed"] else (widest + BYTES) * target.dtype.itemsize,
        "state_y": job["registers_y"] * job["state"],
        "state_x": job["registers_x"] * job["state"],
        "flag": 8,
        "inexact": 8 * WORDS,
        "strip": strips * step if looking else 0,
        "sizes": 16,
    }
    workspace = layout_workspace(job, sizes)
    recomputation = None
    if looking:
        rerun = Rerun(
            lambda: made.rows_only,
            functools.cache(lambda: make(operator, settings._replace(cval=0.0), place).rows_only),
            box.marks(settings),
        )
        whole = np.array([0, x.length])
        recomputation = Recomputation(
            loops, settings.mode, settings.cval, settings.bias, rows, whole, least, rerun
        )
    units = len(loops.batch) * loops.z.length * -(-y.length // rows)
    made = job.program(
        slide_cosine,
        lines=units,
        work=units * rows * widest * 4 * terms,
        rows=1,
        workspace=workspace,
        check_finite=True,
        recompute=recomputation,
    )
    return made


def _strip(taps: int) -> int:
    """Return the number of rows of a strip, whose largest samples are kept together.

    Every window of that many rows contains a whole strip, also if a block's end cuts the one before it short.
    """
    return min(_BLOCK, 1 << ((taps + 2) // 3).bit_length() - 1)


def _inside(x: LoopAxis) -> int:
    """Return the least number of neighbouring columns of the image that every window contains."""
    first = np.array([0, x.length - 1]) - x.before
    inside = np.minimum(first + x.taps, x.samples) - np.maximum(first, 0)
    return max(0, int(inside.min()))
