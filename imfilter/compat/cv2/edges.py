"""Canny edges and corner measures of OpenCV."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from imfilter._base import threads
from imfilter._compat import cv2_arguments as arguments
from imfilter._compat import cv2_sums as engine
from imfilter._compat.cv2_arguments import F32, I16, U8
from imfilter._compat.cv2_prepared import Prepared, filtered
from imfilter._compat.serving import Elsewhere, like
from imfilter._filters.canny import edges as canny
from imfilter._filters.corners import structure_tensor
from imfilter.compat.cv2.derivatives import kernels
from imfilter.typing import NDArray

#: Factors of the derivatives by aperture.
_SCALES = {3: 1.0, 5: 1.0, 7: 1 / 16}
#: Largest threshold of magnitudes that are roots of sums of squares.
_MOST = 32767.0
#: The least derivative whose product with the tangent of 67.5 degrees exceeds 32 bits in OpenCV.
_STEEP = 27146
#: Sizes of Sobel operators of corner measures.
_APERTURES = (3, 5, 7)


@like(cv2.Canny, "cv2.Canny")
def Canny(*args: Any, **options: Any) -> NDArray:
    """Find edges in an image or in its derivatives, as `cv2.Canny` does."""
    second = args[1] if len(args) > 1 else options.get("dy")
    if "dx" in options or isinstance(second, np.ndarray):
        return _of_derivatives(*args, **options)
    return _of_image(*args, **options)


def _of_image(
    image: NDArray,
    threshold1: float,
    threshold2: float,
    edges: NDArray | None = None,
    apertureSize: int = 3,
    L2gradient: bool = False,
) -> NDArray:
    array, aperture = arguments.image(image, (U8,)), arguments.integer(apertureSize)
    scale = _SCALES.get(aperture)
    if scale is None:
        raise Elsewhere("apertureSize is not 3, 5 or 7")
    limits = _limits(threshold1, threshold2, scale, squared=bool(L2gradient))
    out, norm = arguments.result(edges, array.shape[:2], U8), "l2" if L2gradient else "l1"
    if aperture == _APERTURES[0] and array.ndim == 2:

        def rows(first: int, stop: int) -> NDArray:
            return array[first:stop]

        canny.edges(
            *(rows, array.shape, len(array), limits, norm, None, out.view(bool), threads.requested(None)),
            interpolated=False,
        )
        return _as_bytes(out)
    across, down = (
        filtered(array, None, _derivative, *orders, aperture, scale) for orders in ((1, 0), (0, 1))
    )
    return _edges(across, down, limits, norm, out)


def _derivative(array: NDArray, dx: int, dy: int, aperture: int, scale: float) -> Prepared:
    taps, before = kernels(dx, dy, aperture, scale), (aperture // 2, aperture // 2)
    real = engine.certain(taps, 0.0, U8, I16)
    return engine.prepared(array, taps, before, "edge", I16, real=real)


def _of_derivatives(
    dx: NDArray,
    dy: NDArray,
    threshold1: float,
    threshold2: float,
    edges: NDArray | None = None,
    L2gradient: bool = False,
) -> NDArray:
    across, down = arguments.image(dx, (I16,)), arguments.image(dy, (I16,))
    if across.shape != down.shape:
        raise Elsewhere("dx and dy have different shapes")
    if max(int(across.max()), -int(across.min())) >= _STEEP or down.min() == np.iinfo(I16).min:
        raise Elsewhere("products of dx or dy exceed 32 bits")
    limits = _limits(threshold1, threshold2, 1.0, squared=bool(L2gradient))
    out = arguments.result(edges, across.shape[:2], U8)
    return _edges(across, down, limits, "l2" if L2gradient else "l1", out)


def _limits(first: Any, second: Any, scale: float, *, squared: bool) -> tuple[float, float]:
    """Return both thresholds in ascending order. Negative ones are like 0."""
    values = arguments.number(first, "threshold1"), arguments.number(second, "threshold2")
    low, high = (max(value * scale, 0.0) for value in sorted(values))
    if not squared:
        return low, high
    return min(low, _MOST), min(high, _MOST)


def _edges(across: NDArray, down: NDArray, limits: tuple[float, float], norm: str, out: NDArray) -> NDArray:
    """Return the edges of derivatives. Of several channels, the largest gradient counts."""

    def rows(first: int, stop: int) -> tuple[NDArray, NDArray]:
        x, y = across[first:stop], down[first:stop]
        if x.ndim == 2:
            return x, y
        size = x.astype(np.int64), y.astype(np.int64)
        power = 2 if norm == "l2" else 1
        largest = np.sum([np.abs(part) ** power for part in size], axis=0).argmax(-1)[..., None]
        return np.take_along_axis(x, largest, -1)[..., 0], np.take_along_axis(y, largest, -1)[..., 0]

    shape = across.shape[0], across.shape[1]
    canny.edges_of_derivatives(rows, shape, limits, norm, out.view(bool), threads.requested(None))
    return _as_bytes(out)


def _as_bytes(out: NDArray) -> NDArray:
    """Make 255 of 1, in the memory of truth values."""
    return np.negative(out, out=out)


@like(cv2.cornerHarris, "cv2.cornerHarris")
def cornerHarris(
    src: NDArray,
    blockSize: int,
    ksize: int,
    k: float,
    dst: NDArray | None = None,
    borderType: int = arguments.MIRROR,
) -> NDArray:
    """Return Harris's corner measure, as `cv2.cornerHarris` does."""
    even = arguments.integer(blockSize) % 2 == 0
    if even and borderType in (cv2.BORDER_CONSTANT, cv2.BORDER_REPLICATE):
        raise Elsewhere("the centre of an even block depends on the border")
    return _corners(src, blockSize, ksize, arguments.number(k, "k"), dst, borderType)


@like(cv2.cornerMinEigenVal, "cv2.cornerMinEigenVal")
def cornerMinEigenVal(
    src: NDArray,
    blockSize: int,
    dst: NDArray | None = None,
    ksize: int = 3,
    borderType: int = arguments.MIRROR,
) -> NDArray:
    """Return the smaller eigenvalue of the structure tensor, as `cv2.cornerMinEigenVal` does."""
    return _corners(src, blockSize, ksize, None, dst, borderType)


def _corners(src: Any, blockSize: Any, ksize: Any, k: float | None, dst: Any, borderType: Any) -> NDArray:
    array = arguments.image(src, (U8, F32))
    block, aperture = arguments.integer(blockSize), arguments.integer(ksize)
    if array.ndim != 2 or block < 1 or aperture not in _APERTURES:
        raise Elsewhere("the image has channels, or ksize or blockSize are not usual")
    mode, out = arguments.border(borderType), arguments.result(dst, array.shape, F32)
    scale = 1 / ((1 << (aperture - 1)) * block * (255 if array.dtype == U8 else 1))
    window = structure_tensor.Window(aperture, scale, (1.0,) * block)
    return structure_tensor.respond(array, window, k, mode, 0.0, out, threads.requested(None))


@like(cv2.cornerEigenValsAndVecs, "cv2.cornerEigenValsAndVecs")
def cornerEigenValsAndVecs(
    src: NDArray,
    blockSize: int,
    ksize: int,
    dst: NDArray | None = None,
    borderType: int = arguments.MIRROR,
) -> NDArray:
    """Return the eigenvalues and eigenvectors of the structure tensor; OpenCV computes them all."""
    raise Elsewhere("eigenvectors of nearly equal eigenvalues depend on the last bit")
