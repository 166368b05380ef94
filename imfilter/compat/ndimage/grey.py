"""Erosion, dilation, opening and closing of `scipy.ndimage`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import scipy.ndimage

from imfilter._compat import ndimage_arguments as arguments
from imfilter._compat import ndimage_grey as stages
from imfilter._compat.ndimage_grey import Element
from imfilter._compat.ndimage_heights import Heights
from imfilter._compat.prepared import Prepared, filtered
from imfilter._compat.serving import like
from imfilter.compat.ndimage.ranks import extremes
from imfilter.compat.ndimage.sums import Output
from imfilter.typing import ArrayLike, NDArray


def prepared(array: NDArray, operation: str, *given: Any) -> Prepared:
    """Return the filter of an operation. `given` are the other arguments of the call."""
    by = stages.element(array, *given)
    if operation == "erosion":
        return _extreme(array, by, dilates=False)
    if operation == "dilation":
        return _extreme(array, by, dilates=True)
    erosion, dilation = (_extreme(array, by, dilates=dilates) for dilates in (False, True))
    if operation == "laplace":
        return stages.Laplace(dilation, erosion)
    if operation == "gradient":
        return stages.Gradient(dilation, erosion, stages.at_once(array, by, operation))
    opens = operation in ("opening", "white_tophat")
    together = stages.at_once(array, by, "opening" if opens else "closing")
    both = stages.Stages(*((erosion, dilation) if opens else (dilation, erosion)), together)
    return stages.Residue(both, closes=not opens) if operation.endswith("tophat") else both


def _extreme(array: NDArray, by: Element, *, dilates: bool) -> Prepared:
    """Return the filter of one stage."""
    by = by.dilating if dilates else by
    if by.heights is None or by.footprint is None:
        return extremes(array, by.size, by.footprint, by.mode, by.cval, by.origin, by.axes, dilates)
    befores = [arguments.before(n, o) for n, o in zip(by.footprint.shape, by.origin, strict=True)]
    mode = arguments.mode(by.mode)
    return Heights(by.footprint, by.heights, by.axes, befores, mode, by.cval, dilates=dilates)


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
    own = "erosion", size, footprint, structure, mode, cval, origin, axes
    return filtered(input, output, prepared, own)


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
    own = "dilation", size, footprint, structure, mode, cval, origin, axes
    return filtered(input, output, prepared, own)


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
    own = "opening", size, footprint, structure, mode, cval, origin, axes
    return filtered(input, output, prepared, own)


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
    own = "closing", size, footprint, structure, mode, cval, origin, axes
    return filtered(input, output, prepared, own)
