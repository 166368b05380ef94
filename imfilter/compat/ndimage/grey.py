"""Erosion, dilation, opening and closing of `scipy.ndimage`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy.ndimage

from imfilter._compat import ndimage_arguments as arguments
from imfilter._compat import ndimage_heights as heights_engine
from imfilter._compat import ndimage_ranks as engine
from imfilter._compat.prepared import filtered
from imfilter._compat.serving import Elsewhere, like
from imfilter._filters.morphology import apply as morphology
from imfilter.compat.ndimage.ranks import extremes
from imfilter.compat.ndimage.sums import Output
from imfilter.typing import ArrayLike, NDArray


class Element(NamedTuple):
    """The element and the border of an erosion, in SciPy's words. Without heights it is flat."""

    size: Any
    footprint: NDArray | None
    heights: NDArray | None
    mode: Any
    cval: Any
    origin: list[Any]
    axes: tuple[int, ...]

    @property
    def dilating(self) -> Element:
        """The element that takes the maxima of the dilation: reflected."""
        footprint, heights = (None if a is None else np.flip(a) for a in (self.footprint, self.heights))
        lengths = self.size if footprint is None else footprint.shape
        origin = [
            -o - (n % 2 == 0)
            for o, n in zip(self.origin, arguments.each(lengths, len(self.origin), "size"), strict=True)
        ]
        return self._replace(footprint=footprint, heights=heights, origin=origin)


def element(
    array: NDArray, size: Any, footprint: Any, structure: Any, mode: Any, cval: Any, origin: Any, axes: Any
) -> Element:
    """Return the checked element of a call."""
    chosen = arguments.axes(axes, array)
    if (size is None and footprint is None and structure is None) or (
        size is not None and footprint is not None
    ):
        raise Elsewhere("there is no window, or size and footprint do not fit")
    window = None if footprint is None else np.asarray(footprint, bool)
    heights = None
    if structure is not None:
        heights, size = np.asarray(structure, np.float64), None
        window = np.ones(heights.shape, bool) if window is None else window
        arguments.mode(mode)
        if heights.shape != window.shape or chosen != tuple(sorted(chosen)):
            raise Elsewhere("footprint, structure and axes do not fit")
        if not heights.any():
            heights = None
    if window is not None and (window.ndim != len(chosen) or not window.any()):
        raise Elsewhere("the window does not fit")
    return Element(size, window, heights, mode, cval, arguments.each(origin, len(chosen), "origin"), chosen)


def eroded(array: NDArray, by: Element, output: Output) -> NDArray:
    """Erode an image."""
    return _extreme(array, by, output, dilates=False)


def dilated(array: NDArray, by: Element, output: Output) -> NDArray:
    """Dilate an image."""
    return _extreme(array, by.dilating, output, dilates=True)


def _extreme(array: NDArray, by: Element, output: Output, *, dilates: bool) -> NDArray:
    if by.heights is None or by.footprint is None:
        own = by.size, by.footprint, by.mode, by.cval, by.origin, by.axes, dilates
        return filtered(array, output, extremes, own)
    befores = [arguments.before(n, o) for n, o in zip(by.footprint.shape, by.origin, strict=True)]
    out, mode = arguments.output(output, array), arguments.mode(by.mode)
    return heights_engine.extreme(
        array, by.footprint, by.heights, by.axes, befores, mode, by.cval, out, dilates=dilates
    )


def opened(array: NDArray, by: Element, output: Output) -> NDArray:
    """Erode, then dilate."""
    found = at_once(array, by, output, "opening")
    return dilated(eroded(array, by, None), by, output) if found is None else found


def closed(array: NDArray, by: Element, output: Output) -> NDArray:
    """Dilate, then erode."""
    found = at_once(array, by, output, "closing")
    return eroded(dilated(array, by, None), by, output) if found is None else found


def at_once(array: NDArray, by: Element, output: Output, operation: str) -> NDArray | None:
    """Run several stages as one pipeline. Return None if the engine has none for them.

    An opening or closing of the engine keeps the rows of the first stage in the cache, but only with borders
    that the second stage knows without that image.
    """
    if (
        by.heights is not None
        or not isinstance(by.mode, str)
        or any(by.origin)
        or len(by.axes) > arguments.MOST_AXES
    ):
        return None
    mode = arguments.mode(by.mode)
    if operation != "gradient" and mode != "constant":
        return None
    out = arguments.output(output, array)
    if out.dtype != array.dtype:
        return None
    inside = by.footprint
    if inside is None:
        lengths = arguments.each(by.size, len(by.axes), "size")
        if not all(isinstance(n, int | np.integer) and n > 0 for n in lengths):
            return None
        inside = np.ones(lengths, bool)
    if by.axes != tuple(sorted(by.axes)):
        return None
    common = engine.shared(array, mode, by.cval, by.axes, out)
    engine.check_before(array, out)
    found = morphology.apply(array, operation, common, inside, 1, 1, None)
    engine.check_size(found)
    return found


@like(scipy.ndimage.grey_erosion, "scipy.ndimage.grey_erosion")
def grey_erosion(
    input: ArrayLike,
    size: int | Sequence[int] | None = None,
    footprint: ArrayLike | None = None,
    structure: ArrayLike | None = None,
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Erode an image, as `scipy.ndimage.grey_erosion` does."""
    array = arguments.image(input)
    by = element(array, size, footprint, structure, mode, cval, origin, axes)
    return eroded(array, by, output)


@like(scipy.ndimage.grey_dilation, "scipy.ndimage.grey_dilation")
def grey_dilation(
    input: ArrayLike,
    size: int | Sequence[int] | None = None,
    footprint: ArrayLike | None = None,
    structure: ArrayLike | None = None,
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Dilate an image, as `scipy.ndimage.grey_dilation` does."""
    array = arguments.image(input)
    by = element(array, size, footprint, structure, mode, cval, origin, axes)
    return dilated(array, by, output)


@like(scipy.ndimage.grey_opening, "scipy.ndimage.grey_opening")
def grey_opening(
    input: ArrayLike,
    size: int | Sequence[int] | None = None,
    footprint: ArrayLike | None = None,
    structure: ArrayLike | None = None,
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Open an image, as `scipy.ndimage.grey_opening` does."""
    array = arguments.image(input)
    by = element(array, size, footprint, structure, mode, cval, origin, axes)
    return opened(array, by, output)


@like(scipy.ndimage.grey_closing, "scipy.ndimage.grey_closing")
def grey_closing(
    input: ArrayLike,
    size: int | Sequence[int] | None = None,
    footprint: ArrayLike | None = None,
    structure: ArrayLike | None = None,
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Close an image, as `scipy.ndimage.grey_closing` does."""
    array = arguments.image(input)
    by = element(array, size, footprint, structure, mode, cval, origin, axes)
    return closed(array, by, output)
