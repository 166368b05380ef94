"""Canny's edges: derivatives, the largest across an edge and both thresholds in one pass over the rows."""

import functools

import numpy as np
import numpy.typing as npt

from imfilter._core import dtypes, hysteresis
from imfilter._core.geometry import Loops, Side
from imfilter._core.padding import Padding
from imfilter._core.program import Program, describe, hold, pitch, reserve
from imfilter._kernels import lines, thin
from imfilter._kernels.flood import STRONG
from imfilter._kernels.simd import BYTES, LINE
from imfilter._kernels.slide_canny import CANNY_JOB, slide_canny

#: The names of how strength is measured.
NORMS = {"l1": thin.L1, "l2": thin.L2}


def edges(
    image: npt.NDArray,
    low: float,
    high: float,
    norm: str,
    allowed: npt.NDArray[np.bool_] | None,
    out: npt.NDArray | None,
    workers: int | None,
    *,
    interpolated: bool,
) -> npt.NDArray:
    """Return the edges of an image of two axes, with its last sample repeated beyond its border.

    Where samples are not `allowed`, none is an edge.
    """
    source = dtypes.readable(image)
    columns = image.shape[1]
    # Rows of marks have room for what is written in whole registers, and samples all their neighbours.
    marks = hysteresis.room((image.shape[0] + 2, columns + 2 + BYTES))
    inner = marks[1:-1, 1 : columns + 1]
    measure = NORMS[norm]
    if not interpolated and measure == thin.L2:  # the squares are ordered alike, and exact for integers
        low, high, measure = low * low, high * high, thin.SQUARED
    program = _program(Side.of(source), low, high, measure, interpolated, marks.strides[0])
    program.run(source, inner, workers)
    if allowed is not None:
        inner[~allowed] = 0
    hysteresis.spread(marks, 2)
    if out is None:
        out = np.empty(image.shape, bool)
    return np.equal(inner, STRONG, out=out, casting="unsafe")


@functools.lru_cache(maxsize=64)
def _program(source: Side, low: float, high: float, measure: int, interpolated: bool, map_y: int) -> Program:
    """Lay out the lines."""
    real = dtypes.working(source.dtype, source.dtype)
    paddings = tuple(Padding.same(n, 3, 1, 1) for n in source.shape)
    one = (1, 1)
    loops = Loops.of(source, source, (3, 3), (0, 1), paddings, one, one)
    job = np.zeros(1, CANNY_JOB)
    named = describe(job, loops, source, source, "edge")
    job["columns"], job["size"], job["map_y"] = source.shape[1], real.itemsize, map_y
    job["low"], job["high"] = low, high
    held = hold(job, named)
    job["fetch"] = lines.fetch.address(real, source.dtype)
    job["gradients"] = thin.gradients.address(real, measure)
    job["thin"] = thin.thin.address(real, int(interpolated))
    job["pitch"] = pitch((source.shape[1] + 2) * real.itemsize + 2 * LINE + BYTES)
    three = 3 * int(job["pitch"][0])
    workspace = reserve(job, {"window": three, "dx": three, "dy": three, "strength": three, "flag": 8})
    return Program(
        functools.partial(slide_canny.entry(), job.ctypes.data),
        held,
        lines=source.shape[0],
        work=30 * source.shape[0] * source.shape[1],
        rows=3,
        workspace=workspace,
    )
