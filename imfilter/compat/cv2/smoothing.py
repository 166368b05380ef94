"""Means and Gaussians of OpenCV."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from imfilter._base import dtypes
from imfilter._base.keywords import Common
from imfilter._compat import cv2_arguments as arguments
from imfilter._compat import cv2_sums as engine
from imfilter._compat.cv2_arguments import F32, F64, U8, U16
from imfilter._compat.cv2_prepared import Prepared, copied, filtered
from imfilter._compat.serving import Elsewhere, like
from imfilter._filters.edge_preserving import bilateral
from imfilter.typing import NDArray
from imfilter.weights import gaussians

#: Hints that ask for exact results; OpenCV has them since 4.11.
_DEFAULT, _ACCURATE = 0, 1
#: Boxes of up to so many samples have sums of 16 bits, if samples and results are bytes.
_SHORT = 256
#: Boxes of squared bytes of up to so many samples have sums of 32 bits.
_SQUARES = 1 << 15
#: The least ratio of sigmaColor and the range of an image. OpenCV interpolates weights between 4096 entries
#: for that range, with a relative error of (1 / 4096 / ratio)**2 / 8.
_COARSE = 0.04
#: Bits after the point of a Gaussian's weights.
_FRACTION = {U8: 8, U16: 16}


@like(cv2.blur, "cv2.blur")
def blur(
    src: NDArray,
    ksize: Sequence[int],
    dst: NDArray | None = None,
    anchor: Sequence[int] = (-1, -1),
    borderType: int = arguments.MIRROR,
) -> NDArray:
    """Take the means over boxes, as `cv2.blur` does."""
    return filtered(arguments.image(src), dst, _boxes, -1, ksize, anchor, borderType, True)


@like(cv2.boxFilter, "cv2.boxFilter")
def boxFilter(
    src: NDArray,
    ddepth: int,
    ksize: Sequence[int],
    dst: NDArray | None = None,
    anchor: Sequence[int] = (-1, -1),
    normalize: bool = True,
    borderType: int = arguments.MIRROR,
) -> NDArray:
    """Take the means or the sums over boxes, as `cv2.boxFilter` does."""
    return filtered(arguments.image(src), dst, _boxes, ddepth, ksize, anchor, borderType, bool(normalize))


def _boxes(
    array: NDArray, ddepth: Any, ksize: Any, anchor: Any, borderType: Any, normalize: bool
) -> Prepared:
    target, shape = arguments.depth(ddepth, array.dtype), arguments.size(ksize)
    if array.dtype.kind == "f" and (target.kind != "f" or target.itemsize < array.dtype.itemsize):
        raise Elsewhere("ddepth is narrower than the image")
    if array.dtype.kind == "i" and target.kind == "u":
        raise Elsewhere("OpenCV writes negative sums as the largest number")
    return boxes(array, target, shape, anchor, borderType, normalize=normalize)


def boxes(
    array: NDArray,
    target: np.dtype,
    shape: tuple[int, int],
    anchor: Any,
    borderType: Any,
    *,
    normalize: bool,
) -> Prepared:
    """Return the means or sums over boxes of checked arguments."""
    before, mode = arguments.anchor(anchor, shape), arguments.border(borderType)
    area = shape[0] * shape[1]
    if area == 1 and array.dtype == target:
        return Prepared(copied, array.shape, target)
    bias, real = 0.0, None
    if target.kind != "f":
        if normalize:
            bias = _bias(area, array.dtype, target)
        elif area * engine.peak(array.dtype) >= 1 << 31:
            raise Elsewhere("sums exceed 32 bits")
        else:
            real = F64 if area * engine.peak(array.dtype) > engine.EXACT else None
    taps = np.full(shape[0], 1 / area if normalize else 1.0), np.ones(shape[1])
    mean = normalize and target.kind != "f"
    return engine.prepared(array, taps, before, mode, target, bias=bias, real=real, mean=mean)


def _bias(area: int, source: np.dtype, target: np.dtype) -> float:
    """Return what is added to the mean of a box, so that it is rounded as OpenCV rounds it.

    OpenCV divides sums of 16 bits by a multiplication of integers, which rounds halves up. If the area is a
    power of two, it adds 1 to the sum too. It multiplies other sums in float32 and rounds to even.
    """
    power, odd = area & (area - 1) == 0, area % 2 == 1
    if source == target == U8 and area <= _SHORT:
        return 0.0 if odd else (1.25 if power else 0.25) / area
    peak = engine.peak(source)
    if (power and peak * area <= engine.EXACT) or (odd and 6 * area * peak < engine.EXACT):
        return 0.0
    raise Elsewhere("means near a half are rounded in the order of OpenCV's products")


@like(cv2.sqrBoxFilter, "cv2.sqrBoxFilter")
def sqrBoxFilter(
    src: NDArray,
    ddepth: int,
    ksize: Sequence[int],
    dst: NDArray | None = None,
    anchor: Sequence[int] = (-1, -1),
    normalize: bool = True,
    borderType: int = arguments.MIRROR,
) -> NDArray:
    """Take the means or the sums of squares over boxes, as `cv2.sqrBoxFilter` does."""
    return filtered(arguments.image(src), dst, _squares, ddepth, ksize, anchor, borderType, bool(normalize))


def _squares(
    array: NDArray, ddepth: Any, ksize: Any, anchor: Any, borderType: Any, normalize: bool
) -> Prepared:
    usual = F64 if array.dtype.kind == "f" else F32
    target, shape = arguments.depth(ddepth, usual), arguments.size(ksize)
    if target.kind != "f":
        raise Elsewhere("ddepth is narrower than the squares")
    if array.dtype == U8 and shape[0] * shape[1] > _SQUARES:
        raise Elsewhere("sums exceed 32 bits")
    kind = F32 if array.dtype == U8 else F64
    sums = boxes(dtypes.blank(array.shape, kind), target, shape, anchor, borderType, normalize=normalize)

    def run(image: NDArray, out: NDArray) -> None:
        sums.run(np.square(image, dtype=kind), out)

    return sums._replace(run=run)


@like(cv2.GaussianBlur, "cv2.GaussianBlur")
def GaussianBlur(
    src: NDArray,
    ksize: Sequence[int],
    sigmaX: float,
    dst: NDArray | None = None,
    sigmaY: float = 0.0,
    borderType: int = arguments.MIRROR,
    hint: int = _DEFAULT,
) -> NDArray:
    """Smooth with a Gaussian, as `cv2.GaussianBlur` does.

    Weights for bytes have 8 bits after the point, and those for 16 bits have 16. Halves are rounded up.
    """
    array = arguments.image(src, (U8, U16, F32, F64))
    return filtered(array, dst, _gaussian, ksize, sigmaX, sigmaY, borderType, hint)


def _gaussian(array: NDArray, ksize: Any, sigmaX: Any, sigmaY: Any, borderType: Any, hint: Any) -> Prepared:
    if hint not in (_DEFAULT, _ACCURATE):
        raise Elsewhere("hint allows approximations")
    height, width = arguments.pair(ksize, "ksize")
    across, down = arguments.number(sigmaX, "sigmaX"), arguments.number(sigmaY, "sigmaY")
    down = across if down <= 0 else down
    width, height = _length(width, across, array.dtype), _length(height, down, array.dtype)
    mode = arguments.border(borderType)
    if width == height == 1:
        return Prepared(copied, array.shape, array.dtype)
    fraction = _FRACTION.get(array.dtype, 0)
    taps = weights(height, max(down, 0.0), fraction), weights(width, max(across, 0.0), fraction)
    return fixed(array, taps, mode, 2 * fraction)


def fixed(
    array: NDArray,
    taps: tuple[NDArray, NDArray],
    mode: str | None,
    fraction: int,
    stride: tuple[int, int] = (1, 1),
) -> Prepared:
    """Return the correlation with centred weights.

    Weights of integers have bits after the point, and halves are rounded up. Without a border the weights
    stay inside the image.
    """
    before = None if mode is None else (len(taps[0]) // 2, len(taps[1]) // 2)
    mode, kind = mode or "edge", array.dtype
    if kind.kind == "f":
        return engine.prepared(array, taps, before, mode, kind, stride=stride)
    # Half a unit of the last bit decides halves and nothing else. It has no place in float32 beside bytes.
    bias, real = 0.5 ** (fraction + 1), F64 if fraction > 15 else None
    return engine.prepared(array, taps, before, mode, kind, bias=bias, real=real, stride=stride)


def _length(length: int, sigma: float, kind: np.dtype) -> int:
    """Return the length of a Gaussian. If none is given, it follows from the standard deviation."""
    if length <= 0 and sigma > 0:
        length = round(sigma * (3 if kind == U8 else 4) * 2 + 1) | 1
    if length <= 0 or length % 2 == 0:
        raise Elsewhere("ksize is not odd and positive")
    return length


@functools.lru_cache(256)
def weights(length: int, sigma: float, fraction: int = 0) -> NDArray:
    """Return OpenCV's weights of a Gaussian. They are rounded to bits after the point, if any."""
    found = np.ravel(cv2.getGaussianKernel(length, sigma, cv2.CV_64F)).copy()
    if fraction:
        one, rest = 1 << fraction, 0.0
        for i in range(length // 2):  # the error of each weight goes to the next one, up to the middle
            exact = found[i] * one + rest
            whole = float(np.rint(exact))
            rest = exact - whole
            found[i] = found[-1 - i] = whole / one
        found[length // 2] = 1 - 2 * found[: length // 2].sum()
    found.flags.writeable = False
    return found


@like(cv2.bilateralFilter, "cv2.bilateralFilter")
def bilateralFilter(
    src: NDArray,
    d: int,
    sigmaColor: float,
    sigmaSpace: float,
    dst: NDArray | None = None,
    borderType: int = arguments.MIRROR,
) -> NDArray:
    """Smooth without crossing edges, as `cv2.bilateralFilter` does."""
    array = arguments.image(src, (F32,))
    return filtered(array, dst, _bilateral, d, sigmaColor, sigmaSpace, borderType)


def _bilateral(array: NDArray, d: Any, sigmaColor: Any, sigmaSpace: Any, borderType: Any) -> Prepared:
    diameter = arguments.integer(d)
    colour, space = (arguments.number(s, "sigma") for s in (sigmaColor, sigmaSpace))
    if colour <= 0 or space <= 0:
        raise Elsewhere("sigmas are not positive")
    radius = max(round(space * 1.5) if diameter <= 0 else diameter // 2, 1)
    if array.shape[2:] not in ((), (1,), (3,)):
        raise Elsewhere("the image has two or four channels")
    common = Common(arguments.border(borderType), channel_axis=None if array.ndim == 2 else -1)
    own = None, space, colour, 4.0, radius, "disc", "l1", "exact"
    call = bilateral.FAMILY.settle(array, common, gaussians, own)

    def run(image: NDArray, out: NDArray) -> None:
        spread = float(np.maximum.reduce(image, None)) - float(np.minimum.reduce(image, None))
        if not math.isfinite(spread):
            raise Elsewhere("samples are not finite")
        if colour < spread * _COARSE:
            raise Elsewhere("sigmaColor is small, so OpenCV's table of weights is coarse")
        if np.may_share_memory(image, out):
            raise Elsewhere("dst is the image")
        bilateral.FAMILY.compute(call, image, out, None)

    return Prepared(run, array.shape, F32)
