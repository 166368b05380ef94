"""Canny edges: derivatives, non-maximum suppression and both thresholds in one pass over the rows."""

import functools
from collections.abc import Callable
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes, threads
from imfilter._base import strips as in_strips
from imfilter._base.loops import ArrayLayout, Loops
from imfilter._base.padding import Padding
from imfilter._base.program import Job, Program, address, layout_workspace, pitch, set_geometry
from imfilter._filters.canny import hysteresis
from imfilter._filters.canny.kernels import non_maximum_suppression
from imfilter._filters.canny.kernels.flood_fill import STRONG
from imfilter._filters.canny.kernels.rows import CANNY_JOB, THIN_JOB, slide_canny, thin_rows
from imfilter._simd import lines
from imfilter._simd.registers import BYTES, LINE

#: The names of the norms of the gradient.
NORMS = {"l1": non_maximum_suppression.L1, "l2": non_maximum_suppression.L2}


#: Number of samples in a strip of rows, and smallest height of a strip as a multiple of the margin.
_STRIP, _LEAST = 1 << 19, 10


def strips(shape: tuple[int, ...], margin: int) -> int:
    """Return the number of rows to smooth together. `margin` more rows are smoothed on both sides."""
    return max(_STRIP // shape[1], _LEAST * margin, 1)


def edges(
    rows: Callable[[int, int], npt.NDArray],
    shape: tuple[int, ...],
    step: int,
    thresholds: tuple[float, float],
    norm: str,
    allowed: npt.NDArray[np.bool_] | None,
    out: npt.NDArray | None,
    workers: int | None,
    *,
    interpolated: bool,
) -> npt.NDArray:
    """Return the edges of an image of two axes, whose last samples are repeated beyond its border.

    ``rows(first, stop)`` returns some rows of the smoothed image. Each call requests about `step` rows.
    Samples that are not `allowed` are not edges. If `interpolated`, the outermost samples are not edges.
    """
    # Rows of marks have space for whole registers. With a margin, every sample has all its neighbours.
    marks = hysteresis.empty_map((shape[0] + 2, shape[1] + 2 + BYTES))
    candidates = marks[1:-1, 1 : shape[1] + 1]
    suppress = _Suppression(*thresholds, NORMS[norm], interpolated).squared()
    _mark_candidates(rows, shape, step, suppress, candidates, workers)
    _remove(candidates, allowed, outermost=interpolated)
    hysteresis.spread(marks, 2, workers)
    return _strong(candidates, out, workers)


def edges_of_derivatives(
    rows: Callable[[int, int], tuple[npt.NDArray, npt.NDArray]],
    shape: tuple[int, int],
    thresholds: tuple[float, float],
    norm: str,
    out: npt.NDArray | None,
    workers: int | None,
) -> npt.NDArray:
    """Return the edges of an image whose derivatives across and down its rows are known.

    ``rows(first, stop)`` returns both derivatives of some rows. Magnitudes beyond the image are 0.
    """
    count, width = shape
    marks = hysteresis.empty_map((count + 2, width + 2 + BYTES))
    candidates = marks[1:-1, 1 : width + 1]
    suppress = _Suppression(*thresholds, NORMS[norm], interpolated=False).squared()
    step = max(1, _STRIP // 8 // width)  # the planes of a strip stay in the second-level cache
    before, real = LINE // dtypes.FLOAT64.itemsize, dtypes.FLOAT64
    line = pitch((width + before) * real.itemsize + 2 * BYTES)
    program = _thinning(suppress, width, line, (step + 2) * line, candidates.strides[0])

    def strip(first: int, last: int) -> None:
        begin, end = max(first - 1, 0), min(last + 1, count)
        planes = np.zeros((3, step + 2, line // real.itemsize))
        inside = slice(begin - first + 1, end - first + 1)
        across, down, size = planes[:, inside, before : before + width]
        across[...], down[...] = rows(begin, end)
        if suppress.measure == non_maximum_suppression.L1:
            np.add(np.abs(across), np.abs(down), out=size)
        else:
            np.add(across * across, down * down, out=size)
        program.call(address(planes), address(candidates[first:]), 0, last - first)

    in_strips.each(strip, count, step, workers)
    hysteresis.spread(marks, 2, workers)
    return _strong(candidates, out, workers)


@functools.lru_cache(maxsize=64)
def _thinning(suppress: "_Suppression", columns: int, line: int, plane: int, map_y: int) -> Program:
    """Return the program for planes of rows with their derivatives and magnitudes, in float64."""
    job = Job(THIN_JOB)
    job |= {"columns": columns, "pitch": line, "map_y": map_y}
    job |= {"dx": 0, "dy": plane, "strength": 2 * plane, "low": suppress.low, "high": suppress.high}
    job["thin"] = non_maximum_suppression.thin.address(dtypes.FLOAT64, 0)
    return job.program(thin_rows, lines=1, work=1, rows=1, workspace=1)


class _Suppression(NamedTuple):
    """The comparison of samples with their neighbours across an edge, and with both thresholds."""

    low: float
    high: float
    measure: int
    interpolated: bool

    def squared(self) -> Self:
        """Return a comparison of squared magnitudes, which can be exact, if only their order matters."""
        if self.interpolated or self.measure != non_maximum_suppression.L2:
            return self
        return self._replace(low=self.low**2, high=self.high**2, measure=non_maximum_suppression.SQUARED)


def _mark_candidates(
    rows: Callable[[int, int], npt.NDArray],
    shape: tuple[int, ...],
    step: int,
    suppress: _Suppression,
    candidates: npt.NDArray[np.uint8],
    workers: int | None,
) -> None:
    """Compute derivatives, suppress non-maxima and apply both thresholds, in one pass over the rows."""
    count = shape[0]

    def program(source: npt.NDArray) -> Program:
        return _program(ArrayLayout.of(source), suppress, candidates.strides[0])

    def strip(first: int, last: int) -> None:
        # An edge is compared with its neighbours, whose derivatives need their own neighbours.
        begin, end = max(first - 2, 0), min(last + 2, count)
        source = dtypes.readable(rows(begin, end))
        program(source).compute(source, candidates[begin:end], first - begin, last - begin)

    if step >= count:
        source = dtypes.readable(rows(0, count))
        program(source).run(source, candidates, workers)
    else:
        in_strips.each(strip, count, step, workers)


def _remove(
    candidates: npt.NDArray[np.uint8], allowed: npt.NDArray[np.bool_] | None, *, outermost: bool
) -> None:
    """Remove candidates that may not be edges."""
    if outermost:
        candidates[[0, -1]] = 0
        candidates[:, [0, -1]] = 0
    if allowed is not None:
        candidates[~allowed] = 0


def _strong(candidates: npt.NDArray[np.uint8], out: npt.NDArray | None, workers: int | None) -> npt.NDArray:
    """Return which candidates are strong, in `out` or a new array."""
    result = np.empty(candidates.shape, bool) if out is None else out

    def compare(start: int, stop: int) -> None:
        np.equal(candidates[start:stop], STRONG, out=result[start:stop], casting="unsafe")

    if candidates.size > _STRIP:
        pace = threads.pace_of(np.equal, candidates.shape[1:])
        threads.run(compare, len(candidates), workers, 1, pace)
    else:
        compare(0, len(candidates))
    return result


@functools.lru_cache(maxsize=64)
def _program(source: ArrayLayout, suppress: _Suppression, map_y: int) -> Program:
    """Return the program for one layout: geometry, kernels and workspace."""
    real = dtypes.working(source.dtype, source.dtype)
    paddings = tuple(Padding.same(n, 3, 1, 1) for n in source.shape)
    one = (1, 1)
    loops = Loops.of(source, source, (3, 3), (0, 1), paddings, one, one)
    job = Job(CANNY_JOB, "cval", "check_finite")
    set_geometry(job, loops, source.dtype, source.dtype, "edge")
    job["columns"], job["size"], job["map_y"] = source.shape[1], real.itemsize, map_y
    job["low"], job["high"] = suppress.low, suppress.high
    job["fetch"] = lines.fetch.address(real, source.dtype)
    job["gradients"] = non_maximum_suppression.gradients.address(real, suppress.measure)
    job["thin"] = non_maximum_suppression.thin.address(real, int(suppress.interpolated))
    job["pitch"] = pitch((source.shape[1] + 2) * real.itemsize + 2 * LINE + BYTES)
    three = 3 * job["pitch"]
    workspace = layout_workspace(
        job, {"window": three, "dx": three, "dy": three, "strength": three, "flag": 8}
    )
    return job.program(
        slide_canny,
        lines=source.shape[0],
        work=30 * source.shape[0] * source.shape[1],
        rows=3,
        workspace=workspace,
    )
