"""Medians, erosions, dilations and what is made of them, of OpenCV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from imfilter._base.keywords import Common
from imfilter._compat import cv2_arguments as arguments
from imfilter._compat import cv2_ranks as engine
from imfilter._compat.cv2_arguments import F32, I16, U8, U16
from imfilter._compat.cv2_prepared import Prepared, filtered
from imfilter._compat.cv2_ranks import Step
from imfilter._compat.serving import Elsewhere, like
from imfilter._filters.morphology import apply as morphology
from imfilter._filters.rank.picks import first, last, middle
from imfilter.typing import NDArray

#: Largest median window of samples that are not bytes.
_LARGEST = 5
#: Two numbers of channels that large windows of OpenCV do not have.
_OTHER_CHANNELS = (1, 2)
#: The kernel if none is given.
_SQUARE = np.ones((3, 3), np.uint8)
#: Filters by OpenCV's numbers.
_OPERATIONS = {
    cv2.MORPH_ERODE: "erosion",
    cv2.MORPH_DILATE: "dilation",
    cv2.MORPH_OPEN: "opening",
    cv2.MORPH_CLOSE: "closing",
    cv2.MORPH_GRADIENT: "gradient",
    cv2.MORPH_TOPHAT: "white_tophat",
    cv2.MORPH_BLACKHAT: "black_tophat",
}
#: The steps of operations that are not differences: minima or maxima. OpenCV does not reflect the element.
_PICKS = {
    "erosion": (first,),
    "dilation": (last,),
    "opening": (first, last),
    "closing": (last, first),
}
#: The size beside a footprint.
_NO_SIZE = 3
#: Borders by OpenCV's numbers. The usual constant changes no result.
_BORDERS = arguments.BORDERS | {cv2.BORDER_CONSTANT: "shrink"}
#: Borders with which the engine runs several steps in one pass.
_TOGETHER = ("shrink", "constant")


@like(cv2.medianBlur, "cv2.medianBlur")
def medianBlur(src: NDArray, ksize: int, dst: NDArray | None = None) -> NDArray:
    """Take the medians of squares, as `cv2.medianBlur` does."""
    array, size = arguments.image(src, (U8, U16, I16, F32)), arguments.integer(ksize)
    if size < 1 or size % 2 == 0:
        raise Elsewhere("ksize is not odd and positive")
    if size > _LARGEST and (array.dtype != U8 or array.shape[2:] in [(n,) for n in _OTHER_CHANNELS]):
        raise Elsewhere("ksize is too large for this type")
    return filtered(array, dst, _median, size)


def _median(array: NDArray, size: int) -> Prepared:
    return engine.prepared(array, engine.ranks(array, "edge", 0.0, middle, size))


@like(cv2.getStructuringElement, "cv2.getStructuringElement")
def getStructuringElement(shape: int, ksize: Sequence[int], anchor: Sequence[int] = (-1, -1)) -> NDArray:
    """Return a rectangle, a cross or an ellipse, as `cv2.getStructuringElement` does."""
    size, kind = arguments.size(ksize), arguments.integer(shape)
    y, x = arguments.anchor(anchor, size)
    element = np.zeros(size, np.uint8)
    if kind == cv2.MORPH_RECT or size == (1, 1):
        element[:] = 1
    elif kind == cv2.MORPH_CROSS:
        element[y], element[:, x] = 1, 1
    elif kind == cv2.MORPH_ELLIPSE:
        radius, middle = size[0] // 2, size[1] // 2
        for row in range(size[0]):
            height = row - radius
            if abs(height) <= radius:
                share = (radius * radius - height * height) / (radius * radius) if radius else 0.0
                half = round(middle * np.sqrt(share))
                element[row, max(middle - half, 0) : middle + half + 1] = 1
    else:
        raise Elsewhere("shape is not usual")
    return element


@like(cv2.erode, "cv2.erode")
def erode(
    src: NDArray,
    kernel: NDArray | None,
    dst: NDArray | None = None,
    anchor: Sequence[int] = (-1, -1),
    iterations: int = 1,
    borderType: int = cv2.BORDER_CONSTANT,
    borderValue: Any = None,
) -> NDArray:
    """Take the minima of windows, as `cv2.erode` does."""
    return _filtered(src, dst, "erosion", kernel, anchor, iterations, borderType, borderValue)


@like(cv2.dilate, "cv2.dilate")
def dilate(
    src: NDArray,
    kernel: NDArray | None,
    dst: NDArray | None = None,
    anchor: Sequence[int] = (-1, -1),
    iterations: int = 1,
    borderType: int = cv2.BORDER_CONSTANT,
    borderValue: Any = None,
) -> NDArray:
    """Take the maxima of windows, as `cv2.dilate` does."""
    return _filtered(src, dst, "dilation", kernel, anchor, iterations, borderType, borderValue)


@like(cv2.morphologyEx, "cv2.morphologyEx")
def morphologyEx(
    src: NDArray,
    op: int,
    kernel: NDArray | None,
    dst: NDArray | None = None,
    anchor: Sequence[int] = (-1, -1),
    iterations: int = 1,
    borderType: int = cv2.BORDER_CONSTANT,
    borderValue: Any = None,
) -> NDArray:
    """Filter by erosions and dilations, as `cv2.morphologyEx` does."""
    operation = _OPERATIONS.get(arguments.integer(op))
    if operation is None:
        raise Elsewhere("op is not usual")
    return _filtered(src, dst, operation, kernel, anchor, iterations, borderType, borderValue)


def _filtered(src: Any, dst: Any, *own: Any) -> NDArray:
    return filtered(arguments.image(src), dst, _steps, *own)


def _steps(
    array: NDArray,
    operation: str,
    kernel: Any,
    anchor: Any,
    iterations: Any,
    borderType: Any,
    borderValue: Any,
) -> Prepared:
    """Return the steps of an operation by a kernel."""
    count, mode = arguments.integer(iterations), _BORDERS.get(arguments.integer(borderType))
    if mode is None or count < 1:
        raise Elsewhere("borderType or iterations are not usual")
    level = 0.0
    if borderValue is not None and mode == "shrink":
        mode, level = "constant", _level(borderValue, array)
    if kernel is None:
        kernel = _SQUARE
    if type(kernel) is not np.ndarray or kernel.ndim != 2 or not kernel.size or kernel.dtype != U8:
        raise Elsewhere("the kernel is not a plain array of bytes with two axes")
    place = arguments.anchor(anchor, (kernel.shape[0], kernel.shape[1]))
    inside, count = _element(kernel, place, count)
    if mode == "shrink" and not inside[inside.shape[0] // 2, inside.shape[1] // 2]:
        raise Elsewhere("the kernel does not contain its anchor")
    symmetric = np.array_equal(inside, inside[::-1, ::-1])
    together = symmetric and mode in _TOGETHER
    if operation in _PICKS and not (together and count * len(_PICKS[operation]) > 1):
        steps = [
            engine.ranks(array, mode, level, pick, _NO_SIZE, inside)
            for pick in _PICKS[operation]
            for _ in range(count)
        ]
        return engine.prepared(array, *steps)
    if not symmetric:
        raise Elsewhere("the kernel is not symmetric")
    family = morphology.ABSENT_BORDER if mode == "shrink" else morphology.FAMILY
    call = family.settle(array, Common(mode, level, (0, 1)), operation, (inside, count, 1, None))
    return engine.prepared(array, Step(family, call))


def _level(given: Any, array: NDArray) -> float:
    """Return the value beyond the border. A number is that of the first channel, and 0 of the others."""
    channels = 1 if array.ndim == 2 else array.shape[2]
    values = [given] if isinstance(given, int | float) else list(given)
    values = [arguments.number(value, "borderValue") for value in values[:channels]]
    values += [0.0] * (channels - len(values))
    if len(set(values)) > 1:
        raise Elsewhere("borderValue depends on the channel")
    level = values[0]
    if not (array.dtype.type(level) == level if array.dtype.kind == "f" else _is_value(level, array.dtype)):
        raise Elsewhere("borderValue is not a value of the image's type")
    return level


def _is_value(level: float, kind: np.dtype) -> bool:
    limits = np.iinfo(kind)
    return level.is_integer() and limits.min <= level <= limits.max


def _element(kernel: NDArray, place: tuple[int, int], iterations: int) -> tuple[NDArray, int]:
    """Return the element of a kernel with its anchor in the middle, and how often it is used.

    As in OpenCV, a rectangle that is used several times becomes a larger one that is used once.
    """
    inside = kernel != 0
    if inside.all():
        inside = np.ones([1 + iterations * (n - 1) for n in inside.shape], bool)
        place, iterations = (place[0] * iterations, place[1] * iterations), 1
    pads = []
    for n, before in zip(inside.shape, place, strict=True):
        after = n - 1 - before
        pads.append((max(after - before, 0), max(before - after, 0)))
    return np.pad(inside, pads), iterations
