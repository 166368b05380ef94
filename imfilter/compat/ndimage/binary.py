"""Binary erosion and dilation of `scipy.ndimage`, and what they compose.

SciPy 1.17 reads beyond its arrays if it repeats a structure that is longer than the image, unless
``brute_force=True``. Here the result is always that of ``brute_force=True``.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy.ndimage

from imfilter._base import dtypes
from imfilter._base.call_cache import Calls, remembered
from imfilter._base.keywords import Common
from imfilter._compat import ndimage_arguments as arguments
from imfilter._compat import ndimage_binary as engine
from imfilter._compat.ndimage_binary import Border, Element, Truth
from imfilter._compat.prepared import Run, settled
from imfilter._compat.serving import Elsewhere, like
from imfilter._filters.morphology import family
from imfilter._filters.morphology.geodesic import FILL_HOLES
from imfilter.compat.ndimage.sums import Output
from imfilter.typing import ArrayLike, NDArray


class _Checked(NamedTuple):
    """The checked arguments of a call, and the filter without a mask, if it ends after some steps."""

    by: Element
    value: bool
    iterations: int
    run: Run | None


#: Remembered calls of erosion, dilation, opening and closing; of hit-or-miss; of filled holes.
_kept: Calls[_Checked] = Calls()
_patterns: Calls[tuple[Run, Run | None]] = Calls()
_fillings: Calls[Run] = Calls()


def _checked(
    array: NDArray, operation: str, structure: Any, iterations: Any, value: Any, origin: Any, axes: Any
) -> _Checked:
    by = engine.element(structure, origin, arguments.axes(axes, array))
    count, level = operator.index(iterations), bool(operator.index(value))
    run = engine.prepared(array.shape, operation, by, level, count) if count >= 1 else None
    return _Checked(by, level, count, run)


def _border(array: NDArray, value: bool, mask: Any, count: int) -> Border:
    """Return the border and the checked mask."""
    if mask is None:
        return Border(value, None, count)
    where = np.asarray(mask)
    if where.shape != array.shape or where.dtype.kind not in "biuf" or where.dtype == np.float16:
        raise Elsewhere("the mask does not fit")
    if count != 1 and where.dtype.kind != "b":
        raise Elsewhere("the mask is not of bool, and SciPy casts it to int8")
    return Border(value, engine.truth(where), count)


def _place(output: Output, array: NDArray, border: Border | None = None) -> NDArray | None:
    """Return the given array for the result. A type is ignored, as in SciPy."""
    if not isinstance(output, np.ndarray):
        return None
    to = arguments.output(output, array)
    several = border is not None and border.iterations != 1 and to.dtype.kind != "b"
    if several or (border is not None and border.mask is not None and np.may_share_memory(to, border.mask)):
        raise Elsewhere("output is not of bool, or overlaps the mask")
    return to


def _direct(to: NDArray | None) -> Truth | None:
    """Return the array for the result if the engine can write to it."""
    return to if to is not None and to.dtype.kind == "b" else None


def _delivered(found: Truth, to: NDArray | None) -> NDArray:
    if to is None:
        return found
    if found is not to:
        np.copyto(to, found, casting="unsafe")
    return to


def _filtered(
    given: ArrayLike,
    operation: str,
    structure: Any,
    iterations: Any,
    mask: Any,
    output: Output,
    border_value: Any,
    origin: Any,
    axes: Any,
) -> NDArray:
    array = arguments.image(given)
    own = operation, structure, iterations, border_value, origin, axes
    by, value, count, run = remembered(_kept, _checked, array, own)
    border = _border(array, value, mask, count)
    to, image = _place(output, array, border), engine.truth(array)
    if run is not None and mask is None:
        return _delivered(run(image, _direct(to)), to)
    return _delivered(engine.changed(image, operation, by, border), to)


@like(scipy.ndimage.binary_erosion, "scipy.ndimage.binary_erosion")
def binary_erosion(
    input: ArrayLike,
    structure: ArrayLike | None = None,
    iterations: int = 1,
    mask: ArrayLike | None = None,
    output: Output = None,
    border_value: int = 0,
    origin: int | Sequence[int] = 0,
    brute_force: bool = False,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Erode a binary image, as `scipy.ndimage.binary_erosion` does."""
    return _filtered(input, "erosion", structure, iterations, mask, output, border_value, origin, axes)


@like(scipy.ndimage.binary_dilation, "scipy.ndimage.binary_dilation")
def binary_dilation(
    input: ArrayLike,
    structure: ArrayLike | None = None,
    iterations: int = 1,
    mask: ArrayLike | None = None,
    output: Output = None,
    border_value: int = 0,
    origin: int | Sequence[int] = 0,
    brute_force: bool = False,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Dilate a binary image, as `scipy.ndimage.binary_dilation` does."""
    return _filtered(input, "dilation", structure, iterations, mask, output, border_value, origin, axes)


@like(scipy.ndimage.binary_propagation, "scipy.ndimage.binary_propagation")
def binary_propagation(
    input: ArrayLike,
    structure: ArrayLike | None = None,
    mask: ArrayLike | None = None,
    output: Output = None,
    border_value: int = 0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Dilate within a mask until nothing changes, as `scipy.ndimage.binary_propagation` does."""
    return _filtered(input, "dilation", structure, -1, mask, output, border_value, origin, axes)


@like(scipy.ndimage.binary_opening, "scipy.ndimage.binary_opening")
def binary_opening(
    input: ArrayLike,
    structure: ArrayLike | None = None,
    iterations: int = 1,
    output: Output = None,
    origin: int | Sequence[int] = 0,
    mask: ArrayLike | None = None,
    border_value: int = 0,
    brute_force: bool = False,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Open a binary image, as `scipy.ndimage.binary_opening` does."""
    return _filtered(input, "opening", structure, iterations, mask, output, border_value, origin, axes)


@like(scipy.ndimage.binary_closing, "scipy.ndimage.binary_closing")
def binary_closing(
    input: ArrayLike,
    structure: ArrayLike | None = None,
    iterations: int = 1,
    output: Output = None,
    origin: int | Sequence[int] = 0,
    mask: ArrayLike | None = None,
    border_value: int = 0,
    brute_force: bool = False,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Close a binary image, as `scipy.ndimage.binary_closing` does."""
    return _filtered(input, "closing", structure, iterations, mask, output, border_value, origin, axes)


@like(scipy.ndimage.binary_hit_or_miss, "scipy.ndimage.binary_hit_or_miss")
def binary_hit_or_miss(
    input: ArrayLike,
    structure1: ArrayLike | None = None,
    structure2: ArrayLike | None = None,
    output: Output = None,
    origin1: int | Sequence[int] = 0,
    origin2: int | Sequence[int] | None = None,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray | None:
    """Find a pattern of present and absent samples, as `scipy.ndimage.binary_hit_or_miss` does."""
    array = arguments.image(input)
    own = structure1, structure2, origin1, origin2, axes
    hit, miss = remembered(_patterns, _pattern, array, own)
    image, to = engine.truth(array), _place(output, array)
    found = hit(image, None)
    if miss is not None:
        found &= ~miss(image, None)
    if to is None:
        return found
    _delivered(found, to)
    return None  # as in SciPy


def _pattern(
    array: NDArray, structure1: Any, structure2: Any, origin1: Any, origin2: Any, axes: Any
) -> tuple[Run, Run | None]:
    """Return the erosion by the first structure and the dilation by the second, or None."""
    chosen = arguments.axes(axes, array)
    hit = engine.connected(len(chosen), 1) if structure1 is None else np.asarray(structure1)
    miss = np.logical_not(hit) if structure2 is None else np.asarray(structure2)
    by = engine.element(hit, origin1, chosen)
    present = engine.prepared(array.shape, "erosion", by, False, 1)
    if miss.any():
        other = engine.element(miss, origin1 if origin2 is None else origin2, chosen)
        return present, engine.prepared(array.shape, "dilation", other.reflected, False, 1)
    if miss.shape != hit.shape:
        raise Elsewhere("the structures do not fit")
    return present, None


@like(scipy.ndimage.binary_fill_holes, "scipy.ndimage.binary_fill_holes")
def binary_fill_holes(
    input: ArrayLike,
    structure: ArrayLike | None = None,
    output: Output = None,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray | None:
    """Fill what no path reaches from the border, as `scipy.ndimage.binary_fill_holes` does."""
    array = arguments.image(input)
    run = remembered(_fillings, _filling, array, (structure, origin, axes))
    to = _place(output, array)
    found = run(engine.truth(array), _direct(to))
    if to is None:
        return found
    _delivered(found, to)
    return None  # as in SciPy


def _filling(array: NDArray, structure: Any, origin: Any, axes: Any) -> Run:
    by = engine.element(structure, origin, arguments.axes(axes, array))
    if by.steps:
        image = dtypes.blank(array.shape, np.dtype(bool))
        return settled(family.FAMILY, image, Common(axes=by.axes), FILL_HOLES, (by.steps,))

    def run(found: Truth, out: Truth | None) -> Truth:
        border = Border(True, ~found, -1)
        return ~engine.changed(np.zeros(found.shape, bool), "dilation", by, border)

    return run
