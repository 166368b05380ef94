"""Binary erosion and dilation of `scipy.ndimage`, and what they compose.

SciPy 1.17 reads beyond its arrays if it repeats a structure that is longer than the image, unless
``brute_force=True``. Here the result is always that of ``brute_force=True``.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.ndimage

from imfilter._base.call_cache import Calls, words
from imfilter._base.keywords import Common
from imfilter._compat import ndimage_arguments as arguments
from imfilter._compat import ndimage_binary as engine
from imfilter._compat.ndimage_binary import Border, Element, Truth
from imfilter._compat.serving import Elsewhere, like
from imfilter._filters.morphology import family
from imfilter._filters.morphology.geodesic import FILL_HOLES
from imfilter.compat.ndimage.sums import Output
from imfilter.typing import ArrayLike, NDArray

#: Elements by the arguments that they are made of.
_elements: Calls[Element] = Calls()


def _prepared(given: ArrayLike, structure: Any, origin: Any, axes: Any) -> tuple[NDArray, Element]:
    array = arguments.image(given)
    key: Any
    try:
        key = words((structure, origin, axes)), array.ndim
        known = _elements.get(key)
    except TypeError:  # an argument may change without notice
        key = known = None
    if known is None:
        known = engine.element(structure, origin, arguments.axes(axes, array))
        _elements.keep(key, known)
    return array, known


def _border(array: NDArray, value: Any, mask: Any, iterations: Any) -> Border:
    """Return the checked border, mask and number of iterations."""
    count, value = operator.index(iterations), bool(operator.index(value))
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


def _changed(
    given: ArrayLike,
    structure: Any,
    iterations: Any,
    mask: Any,
    output: Output,
    border_value: Any,
    origin: Any,
    axes: Any,
    *,
    dilates: bool,
) -> NDArray:
    array, by = _prepared(given, structure, origin, axes)
    border = _border(array, border_value, mask, iterations)
    to = _place(output, array, border)
    by = by.reflected if dilates else by
    return _delivered(engine.changed(engine.truth(array), by, border, _direct(to), dilates=dilates), to)


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
    return _changed(input, structure, iterations, mask, output, border_value, origin, axes, dilates=False)


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
    return _changed(input, structure, iterations, mask, output, border_value, origin, axes, dilates=True)


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
    return _changed(input, structure, -1, mask, output, border_value, origin, axes, dilates=True)


def _both(
    given: ArrayLike,
    structure: Any,
    iterations: Any,
    mask: Any,
    output: Output,
    border_value: Any,
    origin: Any,
    axes: Any,
    *,
    dilates_first: bool,
) -> NDArray:
    array, by = _prepared(given, structure, origin, axes)
    border = _border(array, border_value, mask, iterations)
    to = _place(output, array, border)
    found = engine.both(engine.truth(array), by, border, _direct(to), dilates_first=dilates_first)
    return _delivered(found, to)


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
    return _both(input, structure, iterations, mask, output, border_value, origin, axes, dilates_first=False)


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
    return _both(input, structure, iterations, mask, output, border_value, origin, axes, dilates_first=True)


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
    chosen = arguments.axes(axes, array)
    hit = engine.connected(len(chosen), 1) if structure1 is None else np.asarray(structure1)
    miss = np.logical_not(hit) if structure2 is None else np.asarray(structure2)
    by = engine.element(hit, origin1, chosen)
    image, border, to = engine.truth(array), Border(False), _place(output, array)
    found = engine.changed(image, by, border, dilates=False)
    if miss.any():
        other = engine.element(miss, origin1 if origin2 is None else origin2, chosen)
        found &= ~engine.changed(image, other, border, dilates=True)
    elif miss.shape != hit.shape:
        raise Elsewhere("the structures do not fit")
    if to is None:
        return found
    _delivered(found, to)
    return None  # as in SciPy


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
    array, by = _prepared(input, structure, origin, axes)
    image, to = engine.truth(array), _place(output, array)
    steps = _steps(by)
    if steps:
        found = family.apply(image, FILL_HOLES, (steps,), Common(axes=by.axes, out=_direct(to)))
    else:
        outside = ~image
        border = Border(True, outside, -1)
        found = ~engine.changed(np.zeros(array.shape, bool), by.reflected, border, dilates=True)
    if to is None:
        return found
    _delivered(found, to)
    return None  # as in SciPy


def _steps(by: Element) -> int:
    """Return along how many axes neighbours differ, or 0 if the element has others."""
    n = len(by.axes)
    if by.inside.shape != (3,) * n:
        return 0
    return next((k for k in range(1, n + 1) if np.array_equal(by.inside, engine.connected(n, k))), 0)
