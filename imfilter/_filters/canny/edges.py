"""Canny's edges: derivatives, the largest across an edge and both thresholds in one pass over the rows."""

import functools
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes, threads
from imfilter._base.loops import ArrayLayout, Loops
from imfilter._base.padding import Padding
from imfilter._base.program import Job, Program, layout_workspace, pitch, set_geometry
from imfilter._filters.canny import hysteresis
from imfilter._filters.canny.kernels import non_maximum_suppression
from imfilter._filters.canny.kernels.flood_fill import STRONG
from imfilter._filters.canny.kernels.rows import CANNY_JOB, slide_canny
from imfilter._simd import lines
from imfilter._simd.vector import BYTES, LINE

#: The names of how strength is measured.
NORMS = {"l1": non_maximum_suppression.L1, "l2": non_maximum_suppression.L2}


#: Samples of a strip of rows that are smoothed together, and strips that its margins are worth.
_STRIP, _LEAST = 1 << 19, 10


def strips(shape: tuple[int, ...], margin: int) -> int:
    """Return how many rows of an image are worth smoothing at a time, with `margin` more on both sides."""
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
    """Return the edges of an image of two axes, with its last sample repeated beyond its border.

    ``rows(first, stop)`` gives some of its rows; it is asked for about `step` at a time. Where samples are
    not `allowed`, none is an edge, nor, `interpolated`, on the outermost samples.
    """
    count, columns = shape
    # Rows of marks have room for what is written in whole registers, and samples all their neighbours.
    marks = hysteresis.empty_map((count + 2, columns + 2 + BYTES))
    inner = marks[1:-1, 1 : columns + 1]
    (low, high), measure = thresholds, NORMS[norm]
    if (
        not interpolated and measure == non_maximum_suppression.L2
    ):  # the squares are ordered alike, and exact for integers
        low, high, measure = low * low, high * high, non_maximum_suppression.SQUARED

    def program(source: npt.NDArray) -> Program:
        return _program(ArrayLayout.of(source), low, high, measure, interpolated, marks.strides[0])

    def strip(first: int, last: int) -> None:
        # An edge is compared with its neighbours, and these are differences of theirs.
        begin, end = max(first - 2, 0), min(last + 2, count)
        source = dtypes.readable(rows(begin, end))
        program(source).compute(source, inner[begin:end], first - begin, last - begin)

    def task(start: int, stop: int) -> None:
        for first in range(start * step, min(stop * step, count), step):
            strip(first, min(first + step, count))

    if step >= count:
        source = dtypes.readable(rows(0, count))
        program(source).run(source, inner, workers)
    else:
        threads.run(task, -(-count // step), workers)
    if interpolated:
        inner[[0, -1]] = 0
        inner[:, [0, -1]] = 0
    if allowed is not None:
        inner[~allowed] = 0
    hysteresis.spread(marks, 2, workers)
    result = np.empty(shape, bool) if out is None else out

    def compare(start: int, stop: int) -> None:
        np.equal(inner[start:stop], STRONG, out=result[start:stop], casting="unsafe")

    threads.run(compare, count, workers if marks.size > _STRIP else 1)
    return result


@functools.lru_cache(maxsize=64)
def _program(
    source: ArrayLayout, low: float, high: float, measure: int, interpolated: bool, map_y: int
) -> Program:
    """Lay out the lines."""
    real = dtypes.working(source.dtype, source.dtype)
    paddings = tuple(Padding.same(n, 3, 1, 1) for n in source.shape)
    one = (1, 1)
    loops = Loops.of(source, source, (3, 3), (0, 1), paddings, one, one)
    job = Job(CANNY_JOB, "cval", "check_finite")
    set_geometry(job, loops, source, source, "edge")
    job["columns"], job["size"], job["map_y"] = source.shape[1], real.itemsize, map_y
    job["low"], job["high"] = low, high
    job["fetch"] = lines.fetch.address(real, source.dtype)
    job["gradients"] = non_maximum_suppression.gradients.address(real, measure)
    job["thin"] = non_maximum_suppression.thin.address(real, int(interpolated))
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
