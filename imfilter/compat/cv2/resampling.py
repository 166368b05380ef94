"""Pyramids and changes of size of OpenCV."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np

from imfilter._base import dtypes
from imfilter._base.keywords import Common
from imfilter._compat import cv2_arguments as arguments
from imfilter._compat import cv2_sums as engine
from imfilter._compat.cv2_arguments import F32, U8
from imfilter._compat.cv2_prepared import Prepared, copied, filtered
from imfilter._compat.samples import all_finite
from imfilter._compat.serving import Elsewhere, like
from imfilter._filters.resampling import apply as resampling
from imfilter._filters.resampling.tables import Table, of_places
from imfilter.compat.cv2.smoothing import fixed
from imfilter.typing import NDArray

_BINOMIAL = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
#: The same for results at samples, and for those between two.
_PHASES = np.array([0.125, 0.75, 0.125]), np.array([0.5, 0.5])
#: Bits after the point of products of two of these weights.
_FRACTION = 8
#: The parameter of OpenCV's cubic kernel, and the reach of its Lanczos kernel.
_SHARPNESS, _LANCZOS = np.float32(-0.75), 4
#: The number of samples of a cubic kernel.
_CUBIC = 4
#: Shares of samples up to this size do not count in means of areas.
_SHARE = 1e-3


@like(cv2.pyrDown, "cv2.pyrDown")
def pyrDown(
    src: NDArray,
    dst: NDArray | None = None,
    dstsize: Sequence[int] | None = None,
    borderType: int = arguments.MIRROR,
) -> NDArray:
    """Smooth and halve an image, as `cv2.pyrDown` does."""
    return filtered(arguments.image(src), dst, _halved, dstsize, borderType)


def _halved(array: NDArray, dstsize: Any, borderType: Any) -> Prepared:
    mode = arguments.border(borderType)
    height, width = -(-array.shape[0] // 2), -(-array.shape[1] // 2)
    if mode == "zero" or (dstsize is not None and tuple(dstsize) not in ((width, height), (0, 0))):
        raise Elsewhere("dstsize or borderType are not usual")
    return fixed(array, (_BINOMIAL, _BINOMIAL), mode, _FRACTION, (2, 2))


@like(cv2.pyrUp, "cv2.pyrUp")
def pyrUp(
    src: NDArray,
    dst: NDArray | None = None,
    dstsize: Sequence[int] | None = None,
    borderType: int = arguments.MIRROR,
) -> NDArray:
    """Double and smooth an image, as `cv2.pyrUp` does."""
    return filtered(arguments.image(src), dst, _doubled, dstsize, borderType)


def _doubled(array: NDArray, dstsize: Any, borderType: Any) -> Prepared:
    height, width = 2 * array.shape[0], 2 * array.shape[1]
    if borderType != arguments.MIRROR or (
        dstsize is not None and tuple(dstsize) not in ((width, height), (0, 0))
    ):
        raise Elsewhere("dstsize or borderType are not usual")
    if array.dtype.kind == "f":
        return _sums(array, _doubled_axis(array.shape[0]), _doubled_axis(array.shape[1]))
    larger = dtypes.blank((array.shape[0] + 2, array.shape[1] + 2, *array.shape[2:]), array.dtype)
    parts = [
        (y, x, fixed(larger[y:, x:], (rows, columns), None, _FRACTION))
        for y, rows in enumerate(_PHASES)
        for x, columns in enumerate(_PHASES)
    ]

    def run(image: NDArray, out: NDArray) -> None:
        # The first samples are mirrored, and the last are repeated.
        padded = np.pad(image, [(0, 1), (0, 1)] + [(0, 0)] * (image.ndim - 2), mode="edge")
        padded = np.concatenate([padded[1:2], padded])
        padded = np.concatenate([padded[:, 1:2], padded], 1)
        found = np.empty(image.shape, image.dtype)
        for y, x, part in parts:
            part.run(padded[y:, x:], found)
            out[y::2, x::2] = found

    return Prepared(run, (height, width, *array.shape[2:]), array.dtype)


def _sums(array: NDArray, *tables: Table) -> Prepared:
    """Return the sums of finite samples that tables of rows and columns list."""
    call = resampling.FAMILY.settle(array, Common(axes=(0, 1)), resampling.GIVEN, ("mirror", *tables))

    def run(image: NDArray, out: NDArray) -> None:
        if not all_finite(image):
            raise Elsewhere("samples are not finite")
        resampling.FAMILY.compute(call, image, out, None)

    return Prepared(run, call.result_shape, array.dtype)


@functools.lru_cache(64)
def _doubled_axis(length: int) -> Table:
    """Return the table that doubles an axis. The first sample is mirrored, and the last is repeated."""
    outputs = np.arange(2 * length)
    places = (outputs // 2)[:, None] + np.arange(-1, 2)
    places[places < 0] = min(1, length - 1)
    weights = np.where((outputs % 2 == 1)[:, None], [0.0, 0.5, 0.5], [0.125, 0.75, 0.125])
    return of_places(length, places, weights)


class _Axis(NamedTuple):
    """The samples and the results of an axis, and the distance of two results in samples.

    Positions are `exact` in float64, or rounded to float32.
    """

    length: int
    outputs: int
    step: float
    exact: bool = False

    @property
    def factor(self) -> int:
        """The number of samples of each result if it is whole, else 0."""
        return self.length // self.outputs if self.length % self.outputs == 0 and self.step >= 1 else 0


@like(cv2.resize, "cv2.resize")
def resize(
    src: NDArray,
    dsize: Sequence[int] | None,
    dst: NDArray | None = None,
    fx: float = 0.0,
    fy: float = 0.0,
    interpolation: int = cv2.INTER_LINEAR,
) -> NDArray:
    """Change the size of an image, as `cv2.resize` does."""
    own = dsize, fx, fy, interpolation, cv2.ipp.useIPP()
    return filtered(arguments.image(src), dst, _resized, *own)


def _resized(array: NDArray, dsize: Any, fx: Any, fy: Any, interpolation: Any, ipp: bool) -> Prepared:
    method = arguments.integer(interpolation)
    y, x = _axes(array, dsize, fx, fy)
    if (y.length, x.length) == (y.outputs, x.outputs):
        return Prepared(copied, array.shape, array.dtype)
    if method == cv2.INTER_NEAREST:
        return _picked(array, _nearest(y), _nearest(x))
    halves = y.factor == x.factor == 2 and method == cv2.INTER_LINEAR and array.dtype == U8
    if (method == cv2.INTER_AREA or halves) and y.factor and x.factor:
        return _means(array, (y.factor, x.factor))
    if array.dtype.kind != "f":
        raise Elsewhere("weights of integers are rounded in several steps")
    if method == cv2.INTER_AREA and (y.step < 1 or x.step < 1):
        raise Elsewhere("areas are smaller than a sample")
    table = _TABLES.get(method)
    if table is None:
        raise Elsewhere("interpolation is not usual")
    exact = ipp and _exact(array, method)
    return _sums(array, table(y._replace(exact=exact)), table(x._replace(exact=exact)))


def _exact(array: NDArray, method: int) -> bool:
    """Tell whether OpenCV computes positions in float64, if it may call IPP."""
    linear = method == cv2.INTER_LINEAR
    if array.shape[2:] == (2,):
        return False
    if method == cv2.INTER_CUBIC and array.dtype == F32 and min(array.shape[:2]) < _CUBIC:
        raise Elsewhere("positions in small images are rounded in two ways")
    return (linear and min(array.shape[:2]) > 1) or (method == cv2.INTER_CUBIC and array.dtype == F32)


def _axes(array: NDArray, dsize: Any, fx: Any, fy: Any) -> tuple[_Axis, _Axis]:
    """Return both axes. The step follows from the given size, or from the given factors."""
    height, width = (0, 0) if dsize is None else arguments.pair(dsize, "dsize")
    found = []
    for length, outputs, factor in ((array.shape[0], height, fy), (array.shape[1], width, fx)):
        share = arguments.number(factor, "fx or fy")
        if height or width:
            share = outputs / length
        else:
            outputs = round(length * share)
        if outputs < 1 or share <= 0:
            raise Elsewhere("the size is not positive")
        found.append(_Axis(length, outputs, 1 / share))
        if (height or width) and min(height, width) < 1:
            raise Elsewhere("dsize is not positive")
    return found[0], found[1]


def _nearest(axis: _Axis) -> NDArray:
    """Return the sample of each result."""
    return np.minimum(np.floor(np.arange(axis.outputs) * axis.step).astype(np.int64), axis.length - 1)


def _picked(array: NDArray, rows: NDArray, columns: NDArray) -> Prepared:
    def run(image: NDArray, out: NDArray) -> None:
        np.copyto(out, image.take(rows, 0).take(columns, 1))

    return Prepared(run, (len(rows), len(columns), *array.shape[2:]), array.dtype)


def _means(array: NDArray, factors: tuple[int, int]) -> Prepared:
    """Return the means of cells of samples."""
    area, kind = math.prod(factors), array.dtype
    taps = np.full(factors[0], 1 / area), np.ones(factors[1])
    bias, real = 0.0, None
    if factors == (2, 2) and kind.kind in "iu":
        bias = 0.0625  # OpenCV rounds halves up
    elif kind.kind in "iu":
        real = engine.certain(taps, 0.0, kind, kind)
    return engine.prepared(array, taps, (0, 0), "edge", kind, bias=bias, real=real, stride=factors)


def _positions(axis: _Axis) -> tuple[NDArray, NDArray]:
    """Return the sample before each result, and the distance from it."""
    at = (np.arange(axis.outputs) + 0.5) * axis.step - 0.5
    at = at if axis.exact else at.astype(np.float32)
    first = np.floor(at)
    return first.astype(np.int64), (at - first).astype(np.float32)


@functools.lru_cache(64)
def _linear(axis: _Axis) -> Table:
    first, share = _positions(axis)
    share[(first < 0) | (first >= axis.length - 1)] = 0
    places = np.stack([first, first + 1], 1).clip(0, axis.length - 1)
    return of_places(axis.length, places, np.stack([1 - share, share], 1).astype(np.float64))


@functools.lru_cache(64)
def _cubic(axis: _Axis) -> Table:
    first, x = _positions(axis)
    a, one = _SHARPNESS, np.float32(1)
    far = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a
    near, next_one = (((a + 2) * d - (a + 3)) * d * d + one for d in (x, 1 - x))
    weights = np.stack([far, near, next_one, one - far - near - next_one], 1)
    places = (first[:, None] + np.arange(-1, 3)).clip(0, axis.length - 1)
    return of_places(axis.length, places, weights.astype(np.float64))


@functools.lru_cache(64)
def _lanczos(axis: _Axis) -> Table:
    first, x = _positions(axis)
    if (x == 1).any():
        raise Elsewhere("a result is at the border of a sample")
    taps = np.arange(1 - _LANCZOS, 1 + _LANCZOS)
    distance = x[:, None].astype(np.float64) - taps
    weights = np.where(x[:, None] < np.finfo(np.float32).eps, taps == 0, 0.0)
    inside = ~weights.any(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        kernel = np.sin(np.pi * distance) * np.sin(np.pi * distance / _LANCZOS) / distance**2
    weights[inside] = (kernel / kernel.sum(1, keepdims=True))[inside]
    places = (first[:, None] + taps).clip(0, axis.length - 1)
    return of_places(axis.length, places, weights)


@functools.lru_cache(64)
def _area(axis: _Axis) -> Table:
    begin = np.arange(axis.outputs) * axis.step
    cell = np.minimum(axis.step, axis.length - begin)
    end = begin + axis.step
    last = np.minimum(np.floor(end), axis.length - 1)
    first = np.minimum(np.ceil(begin), last)
    places = first[:, None] + np.arange(-1, math.ceil(axis.step) + 1)
    weights = np.where((places >= first[:, None]) & (places < last[:, None]), 1.0, 0.0)
    weights[:, 0] = np.where(first - begin > _SHARE, first - begin, 0.0)
    rest = np.minimum(np.minimum(end - last, 1.0), cell)
    weights += np.where((places == last[:, None]) & (rest > _SHARE)[:, None], rest[:, None], 0.0)
    places = places.astype(np.int64).clip(0, axis.length - 1)
    return of_places(axis.length, places, weights / cell[:, None])


_TABLES = {
    cv2.INTER_LINEAR: _linear,
    cv2.INTER_CUBIC: _cubic,
    cv2.INTER_LANCZOS4: _lanczos,
    cv2.INTER_AREA: _area,
}
