"""Correlations with any kernel, and Gabor kernels, of OpenCV."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from imfilter._compat import cv2_arguments as arguments
from imfilter._compat import cv2_sums as engine
from imfilter._compat.cv2_arguments import F32, F64, I16, U8, U16
from imfilter._compat.cv2_prepared import Prepared, filtered
from imfilter._compat.serving import Elsewhere, like
from imfilter.typing import ArrayLike, NDArray

Pairs = dict[np.dtype, tuple[np.dtype, ...]]
#: Results of dense and of separable kernels by the type of the image.
DENSE: Pairs = {
    U8: (U8, U16, I16, F32, F64),
    U16: (U16, F32, F64),
    I16: (I16, F32, F64),
    F32: (F32,),
    F64: (F64,),
}
SEPARABLE: Pairs = DENSE | {U16: DENSE[U8], I16: DENSE[U8], F32: (F32, F64)}


#: Largest difference from 1 of the sum of weights of a mean.
_UNIT = 1e-6


def target_of(ddepth: Any, source: np.dtype, pairs: Pairs) -> np.dtype:
    """Return the type of the result, if OpenCV has that pair of types."""
    target = arguments.depth(ddepth, source)
    if target not in pairs[source]:
        raise Elsewhere(f"ddepth is {target.name} for an image of {source.name}")
    return target


def _taps(given: Any, source: np.dtype) -> NDArray:
    """Return weights in float64. OpenCV rounds them to float32, except for images of float64."""
    if type(given) is not np.ndarray or given.dtype.kind not in "iuf" or not given.size:
        raise Elsewhere("the kernel is not a plain array of numbers")
    taps = given.astype(F64) if source == F64 else given.astype(F32).astype(F64)
    if not np.isfinite(taps).all():
        raise Elsewhere("the weights are not finite")
    return taps


@like(cv2.filter2D, "cv2.filter2D")
def filter2D(
    src: NDArray,
    ddepth: int,
    kernel: ArrayLike,
    dst: NDArray | None = None,
    anchor: Sequence[int] = (-1, -1),
    delta: float = 0.0,
    borderType: int = arguments.MIRROR,
) -> NDArray:
    """Correlate with a kernel, as `cv2.filter2D` does."""
    return filtered(arguments.image(src), dst, _dense, ddepth, kernel, anchor, delta, borderType)


def _dense(array: NDArray, ddepth: Any, kernel: Any, anchor: Any, delta: Any, borderType: Any) -> Prepared:
    target, taps = target_of(ddepth, array.dtype, DENSE), _taps(kernel, array.dtype)
    if taps.ndim != 2:
        raise Elsewhere("the kernel does not have two axes")
    if taps.shape[0] > array.shape[0] or taps.shape[1] > array.shape[1]:
        raise Elsewhere("the kernel is longer than the image")
    return correlation(array, taps, anchor, delta, borderType, target)


def correlation(
    array: NDArray, taps: NDArray, anchor: Any, delta: Any, borderType: Any, target: np.dtype
) -> Prepared:
    """Return the correlation with a checked dense kernel."""
    shape = taps.shape[0], taps.shape[1]
    before, level = arguments.anchor(anchor, shape), arguments.number(delta, "delta")
    mode, real = arguments.border(borderType), engine.certain((taps,), level, array.dtype, target)
    return engine.prepared(array, (taps,), before, mode, target, bias=level, real=real)


@like(cv2.sepFilter2D, "cv2.sepFilter2D")
def sepFilter2D(
    src: NDArray,
    ddepth: int,
    kernelX: ArrayLike,
    kernelY: ArrayLike,
    dst: NDArray | None = None,
    anchor: Sequence[int] = (-1, -1),
    delta: float = 0.0,
    borderType: int = arguments.MIRROR,
) -> NDArray:
    """Correlate with a kernel along rows and one along columns, as `cv2.sepFilter2D` does."""
    own = ddepth, kernelX, kernelY, anchor, delta, borderType
    return filtered(arguments.image(src), dst, _separable, *own)


def _separable(
    array: NDArray, ddepth: Any, kernelX: Any, kernelY: Any, anchor: Any, delta: Any, borderType: Any
) -> Prepared:
    target = target_of(ddepth, array.dtype, SEPARABLE)
    found = []
    for kernel in (kernelY, kernelX):
        taps = _taps(kernel, array.dtype)
        if max(taps.shape) != taps.size or taps.ndim > 2:
            raise Elsewhere("a kernel does not have one axis")
        found.append(taps.ravel())
    return separate(array, (found[0], found[1]), anchor, delta, borderType, target)


def separate(
    array: NDArray,
    taps: tuple[NDArray, NDArray],
    anchor: Any,
    delta: Any,
    borderType: Any,
    target: np.dtype,
) -> Prepared:
    """Return the correlation with checked kernels for rows and columns."""
    before, level = arguments.anchor(anchor, (len(taps[0]), len(taps[1]))), arguments.number(delta, "delta")
    mode = arguments.border(borderType)
    # OpenCV computes means of bytes by exact weights in integers along one part of a row, and in float32
    # along the other. Halves are rounded in two ways.
    means = array.dtype == target == U8 and all(_smooth(t) for t in taps)
    real = engine.certain(taps, level, array.dtype, target, halves=not means)
    return engine.prepared(array, taps, before, mode, target, bias=level, real=real)


def _smooth(taps: NDArray) -> bool:
    """Tell whether weights are symmetric, not negative, and add up to 1."""
    return bool((taps >= 0).all() and (taps == taps[::-1]).all() and abs(taps.sum() - 1) < _UNIT)


@like(cv2.getGaborKernel, "cv2.getGaborKernel")
def getGaborKernel(
    ksize: Sequence[int],
    sigma: float,
    theta: float,
    lambd: float,
    gamma: float,
    psi: float = math.pi / 2,
    ktype: int = cv2.CV_64F,
) -> NDArray:
    """Return a Gabor kernel, as `cv2.getGaborKernel` does."""
    height, width = arguments.pair(ksize, "ksize")
    kind = arguments.depth(ktype, F64)
    values = [arguments.number(v, "an argument") for v in (sigma, theta, lambd, gamma, psi)]
    sigma, theta, lambd, gamma, psi = values
    if height < 1 or width < 1 or kind.kind != "f" or not sigma or not lambd or not gamma:
        raise Elsewhere("an argument of the kernel is not usual")
    # The kernel is flipped along both axes, and its length is odd.
    y, x = np.ogrid[height // 2 : -(height // 2) - 1 : -1, width // 2 : -(width // 2) - 1 : -1]
    along = x * math.cos(theta) + y * math.sin(theta)
    across = y * math.cos(theta) - x * math.sin(theta)
    envelope = np.exp(-0.5 * ((along / sigma) ** 2 + (across * gamma / sigma) ** 2))
    return np.asarray(envelope * np.cos(along * (2 * math.pi / lambd) + psi)).astype(kind)
