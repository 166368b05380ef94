"""Derivatives of OpenCV."""

from __future__ import annotations

import functools
from typing import Any

import cv2
import numpy as np

from imfilter._compat import cv2_arguments as arguments
from imfilter._compat.cv2_prepared import Prepared, filtered
from imfilter._compat.serving import Elsewhere, like
from imfilter.compat.cv2.kernels import DENSE, SEPARABLE, correlation, separate, target_of
from imfilter.typing import NDArray

#: OpenCV's number of Scharr's kernel.
_SCHARR = -1
#: Types of images whose small Laplacians make OpenCV 5.0 write beyond its memory.
_REFUSED = [np.dtype(kind) for kind in (np.bool_, np.float16, np.uint32)]
#: Kernels of small Laplacians by their size.
_LAPLACIANS = {
    1: np.array([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]),
    3: np.array([[2.0, 0.0, 2.0], [0.0, -8.0, 0.0], [2.0, 0.0, 2.0]]),
}


def kernels(dx: int, dy: int, ksize: int, scale: float = 1.0) -> tuple[NDArray, NDArray]:
    """Return OpenCV's weights of a derivative along columns and along rows."""
    down, across = _unscaled(dx, dy, ksize)
    return (down, across * scale) if dx == 0 else (down * scale, across)


@functools.lru_cache(256)  # without the scale: 0.0 has the key of -0.0
def _unscaled(dx: int, dy: int, ksize: int) -> tuple[NDArray, NDArray]:
    try:
        across, down = (k.ravel().astype(np.float64) for k in cv2.getDerivKernels(dx, dy, ksize))
    except cv2.error:
        raise Elsewhere("there is no such derivative") from None
    return down, across


@like(cv2.Sobel, "cv2.Sobel")
def Sobel(
    src: NDArray,
    ddepth: int,
    dx: int,
    dy: int,
    dst: NDArray | None = None,
    ksize: int = 3,
    scale: float = 1.0,
    delta: float = 0.0,
    borderType: int = arguments.MIRROR,
) -> NDArray:
    """Take a derivative, as `cv2.Sobel` does."""
    return filtered(arguments.image(src), dst, _derivative, ddepth, dx, dy, ksize, scale, delta, borderType)


@like(cv2.Scharr, "cv2.Scharr")
def Scharr(
    src: NDArray,
    ddepth: int,
    dx: int,
    dy: int,
    dst: NDArray | None = None,
    scale: float = 1.0,
    delta: float = 0.0,
    borderType: int = arguments.MIRROR,
) -> NDArray:
    """Take a derivative by Scharr's kernel, as `cv2.Scharr` does."""
    return filtered(arguments.image(src), dst, _derivative, ddepth, dx, dy, _SCHARR, scale, delta, borderType)


def _derivative(
    array: NDArray, ddepth: Any, dx: Any, dy: Any, ksize: Any, scale: Any, delta: Any, borderType: Any
) -> Prepared:
    target = target_of(ddepth, array.dtype, SEPARABLE)
    orders = arguments.integer(dx), arguments.integer(dy), arguments.integer(ksize)
    taps = kernels(*orders, arguments.number(scale, "scale"))
    return separate(array, taps, None, delta, borderType, target)


@like(cv2.Laplacian, "cv2.Laplacian")
def Laplacian(
    src: NDArray,
    ddepth: int,
    dst: NDArray | None = None,
    ksize: int = 1,
    scale: float = 1.0,
    delta: float = 0.0,
    borderType: int = arguments.MIRROR,
) -> NDArray:
    """Take the sum of second derivatives, as `cv2.Laplacian` does.

    Images or results of bool, float16 and uint32 raise `cv2.error` for small kernels. OpenCV 5.0 writes
    beyond its memory for them.
    """
    _check_memory(src, ddepth, ksize)
    return filtered(arguments.image(src), dst, _laplacian, ddepth, ksize, scale, delta, borderType)


def _laplacian(array: NDArray, ddepth: Any, ksize: Any, scale: Any, delta: Any, borderType: Any) -> Prepared:
    size, factor = arguments.integer(ksize), arguments.number(scale, "scale")
    target = target_of(ddepth, array.dtype, DENSE)
    dense = _LAPLACIANS.get(size)
    if dense is None:
        smooth, second = kernels(2, 0, size)
        product = np.multiply.outer(smooth, second)
        dense = product + product.T
    return correlation(array, dense * factor, None, delta, borderType, target)


def _check_memory(src: Any, ddepth: Any, ksize: Any) -> None:
    """Refuse what OpenCV does not refuse: types after float64, for which it makes weights of another type."""
    wide = isinstance(ddepth, int) and ddepth > cv2.CV_64F
    if ksize in _LAPLACIANS and (wide or getattr(src, "dtype", None) in _REFUSED):
        kind = f"ddepth {ddepth}" if wide else f"an image of {src.dtype.name}"
        raise cv2.error(f"Laplacian accepts uint8, uint16, int16, float32 and float64, got {kind}")
