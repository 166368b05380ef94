"""Structure tensor: windowed sums of products of derivatives, and its corner measures, in one pass."""

import functools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import borders, dtypes
from imfilter._base.loops import ArrayLayout, Loops
from imfilter._base.padding import Padding
from imfilter._base.program import Job, Program, layout_workspace, pitch, set_geometry
from imfilter._filters.corners.kernels import structure_tensor
from imfilter._filters.corners.kernels.rows import CORNER_JOB, slide_corner
from imfilter._simd import lines, unrolled_sums
from imfilter._simd.registers import BYTES


class Window(NamedTuple):
    """The derivatives and the window of the structure tensor."""

    aperture: int  # of the Sobel operator
    scale: float  # factor of the derivatives
    taps: tuple[float, ...]  # of the window, along both axes


def sobel(aperture: int) -> tuple[npt.NDArray, npt.NDArray]:
    """Return the taps of a Sobel operator along both axes: for smoothing and for differences."""
    outer, low = (np.array(half, np.float64) for half in structure_tensor.SOBEL[aperture])
    return np.concatenate([outer, outer[-2::-1]]), np.concatenate([-low, [0.0], low[::-1]])


def respond(
    image: npt.NDArray,
    window: Window,
    k: float | None,
    mode: str,
    cval: float,
    out: npt.NDArray | None,
    workers: int | None,
) -> npt.NDArray:
    """Return the corner measure of every sample of a 2-D image.

    The measure is det(M) - k*trace(M)**2 of the structure tensor M, or its smaller eigenvalue if `k` is None.
    """
    source, real = dtypes.readable(image), dtypes.derived(image.dtype)
    native = real if out is None else dtypes.direct_target(out.dtype, real)
    result = dtypes.target(out, image, image.shape, native)
    numbers = np.array([window.scale, k or 0.0, cval], np.float64).tobytes()
    program = _program(
        *(ArrayLayout.of(source), ArrayLayout.of(result), window.aperture, window.taps),
        *(numbers, k is None, mode),
    )
    program.run(source, result, workers)
    if out is None or out is result:
        return result
    dtypes.place(result, out)
    return out


@functools.lru_cache(maxsize=64)
def _program(
    source: ArrayLayout,
    target: ArrayLayout,
    aperture: int,
    weights: tuple[float, ...],
    numbers: bytes,
    smaller: bool,
    mode: str,
) -> Program:
    """Return the program for one layout: geometry, kernels and workspace.

    weights: of the window. numbers: the factor of the derivatives, k and the border, as float64. They are
    bytes, because 0.0 equals -0.0 and NaN does not equal itself. smaller: whether to measure the eigenvalue.
    """
    real = dtypes.derived(source.dtype)
    size = real.itemsize
    (rows, columns), taps = source.shape, len(weights)
    one, paddings = (1, 1), tuple(Padding.same(n, aperture, 1, 1) for n in source.shape)
    loops = Loops.of(source, target, (aperture, aperture), (0, 1), paddings, one, one)
    job = Job(CORNER_JOB, "check_finite")
    set_geometry(job, loops, source.dtype, target.dtype, mode)
    before = taps // 2
    window_mode = "zero" if mode == "constant" else mode
    job["window_y"] = borders.outside(rows, before, taps - 1 - before, window_mode)
    job["window_x"] = borders.outside(columns, before, taps - 1 - before, window_mode)
    job["weights"] = np.array(weights, real)
    job["columns"], job["size"], job["aperture"] = columns, size, aperture
    job["taps"], job["before_w"] = taps, before
    job["scale"], job["k"], job["cval"] = np.frombuffer(numbers, np.float64)
    job["direct"] = job["target_packed"] and target.dtype == real and columns * size >= BYTES
    job["fetch"] = lines.fetch.address(real, source.dtype)
    job["multiply"] = structure_tensor.products.address(real, aperture)
    job["surround"] = structure_tensor.surround.address(real)
    job["sum_pairs"] = structure_tensor.sum_pairs.address(
        real, taps if taps <= unrolled_sums.STRAIGHT_LINE else 0
    )
    job["measure"] = structure_tensor.measure.address(real, int(smaller))
    job["place"] = lines.place.address(real, target.dtype)
    step = pitch((columns + max(aperture, taps)) * size + 2 * BYTES)
    job["pitch"] = step
    sizes = {
        "image": aperture * step,
        "held": 8 * aperture,
        "products": 3 * step,
        "window": 3 * taps * step,
        "sums": 3 * step,
        "result": step,
        "spare": step,
        "at": 8 * max(aperture, taps),
        "flag": 8,
    }
    workspace = layout_workspace(job, sizes)
    return job.program(
        slide_corner,
        lines=rows,
        work=rows * columns * (2 * aperture**2 + 6 * taps + 10),
        rows=taps + aperture,
        workspace=workspace,
    )
