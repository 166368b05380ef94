"""Medians, erosions, dilations and what is made of them, of OpenCV."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from imfilter._base.keywords import Common
from imfilter._compat import cv2_arguments as arguments
from imfilter._compat.cv2_arguments import F32, I16, U8, U16
from imfilter._compat.serving import Elsewhere, like
from imfilter._filters.morphology import apply as morphology
from imfilter.rank import median
from imfilter.typing import NDArray

#: Largest median window of samples that are not bytes.
_LARGEST = 5
#: Two numbers of channels that large windows of OpenCV do not have.
_OTHER_CHANNELS = (1, 2)
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
#: The two steps of filters by elements that are not symmetric.
_STEPS = {"opening": ("erosion", "dilation"), "closing": ("dilation", "erosion")}
#: Borders by OpenCV's numbers. The usual constant changes no result.
_BORDERS = arguments.BORDERS | {cv2.BORDER_CONSTANT: "shrink"}


@like(cv2.medianBlur, "cv2.medianBlur")
def medianBlur(src: NDArray, ksize: int, dst: NDArray | None = None) -> NDArray:
    """Take the medians of squares, as `cv2.medianBlur` does."""
    array, size = arguments.image(src, (U8, U16, I16, F32)), operator.index(ksize)
    if size < 1 or size % 2 == 0:
        raise Elsewhere("ksize is not odd and positive")
    if size > _LARGEST and (array.dtype != U8 or array.shape[2:] in [(n,) for n in _OTHER_CHANNELS]):
        raise Elsewhere("ksize is too large for this type")
    out = arguments.result(dst, array.shape, array.dtype)
    return median(arguments.without_nan(array), size, mode="edge", axes=(0, 1), out=out)


@like(cv2.getStructuringElement, "cv2.getStructuringElement")
def getStructuringElement(shape: int, ksize: Sequence[int], anchor: Sequence[int] = (-1, -1)) -> NDArray:
    """Return a rectangle, a cross or an ellipse, as `cv2.getStructuringElement` does."""
    size, kind = arguments.size(ksize), operator.index(shape)
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
    return _filtered(src, "erosion", kernel, dst, anchor, iterations, borderType, borderValue)


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
    return _filtered(src, "dilation", kernel, dst, anchor, iterations, borderType, borderValue)


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
    operation = _OPERATIONS.get(operator.index(op))
    if operation is None:
        raise Elsewhere("op is not usual")
    return _filtered(src, operation, kernel, dst, anchor, iterations, borderType, borderValue)


def _filtered(
    src: Any,
    operation: str,
    kernel: Any,
    dst: Any,
    anchor: Any,
    iterations: Any,
    borderType: Any,
    borderValue: Any,
) -> NDArray:
    array = arguments.without_nan(arguments.image(src))
    count, mode = operator.index(iterations), _BORDERS.get(operator.index(borderType))
    if mode is None or count < 1 or (borderValue is not None and mode == "shrink"):
        raise Elsewhere("borderType, borderValue or iterations are not usual")
    element, count = _element(kernel, anchor, count)
    out = arguments.result(dst, array.shape, array.dtype)
    if mode == "shrink" and not element[tuple(n // 2 for n in element.shape)]:
        raise Elsewhere("the kernel does not contain its anchor")
    common = Common(mode, axes=(0, 1), out=out)
    if operation in _STEPS and not np.array_equal(element, element[::-1, ::-1]):
        for step in _STEPS[operation]:
            array = _run(array, step, common, element, count)
        return array
    if operation in ("white_tophat", "black_tophat", "gradient") and not np.array_equal(
        element, element[::-1, ::-1]
    ):
        raise Elsewhere("the kernel is not symmetric")
    return _run(array, operation, common, element, count)


def _run(array: NDArray, operation: str, common: Common, element: NDArray, iterations: int) -> NDArray:
    """Filter by an element. This engine dilates by the reflected element, OpenCV does not."""
    inside = element[::-1, ::-1] if operation == "dilation" else element
    return morphology.apply(array, operation, common, inside, iterations, 1, None)


def _element(kernel: Any, anchor: Any, iterations: int) -> tuple[NDArray, int]:
    """Return an element whose anchor is in the middle, and how often to use it.

    As in OpenCV, a rectangle that is used several times becomes a larger one that is used once.
    """
    inside = np.ones((3, 3), bool) if kernel is None else kernel
    if type(inside) is not np.ndarray or inside.ndim != 2 or not inside.size:
        raise Elsewhere("the kernel is not a plain array of two axes")
    if inside.dtype not in (U8, np.dtype(bool)) or (kernel is not None and inside.dtype != U8):
        raise Elsewhere("the kernel is not of bytes")
    inside = inside != 0
    height, width = inside.shape
    place = arguments.anchor(anchor, (height, width))
    if inside.all():
        inside = np.ones((1 + iterations * (height - 1), 1 + iterations * (width - 1)), bool)
        place, iterations = (place[0] * iterations, place[1] * iterations), 1
    pads = []
    for n, before in zip(inside.shape, place, strict=True):
        after = n - 1 - before
        pads.append((max(after - before, 0), max(before - after, 0)))
    return np.pad(inside, pads), iterations
