"""Derivatives of `scipy.ndimage`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.ndimage

from imfilter._compat import ndimage_arguments as arguments
from imfilter._compat.ndimage_sums import Combined, Line, Lines
from imfilter._compat.prepared import Prepared, filtered
from imfilter._compat.serving import Elsewhere, like
from imfilter.compat.ndimage.sums import Output
from imfilter.typing import ArrayLike, NDArray

_CENTRAL = np.array([-1.0, 0.0, 1.0])
_SECOND = np.array([1.0, -2.0, 1.0])
_SOBEL = np.array([1.0, 2.0, 1.0])
_PREWITT = np.ones(3)


@like(scipy.ndimage.sobel, "scipy.ndimage.sobel")
def sobel(
    input: ArrayLike,
    axis: int = -1,
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
) -> NDArray:
    """Take the Sobel derivative along an axis, as `scipy.ndimage.sobel` does."""
    return filtered(input, output, smoothed, (axis, mode, cval, False), numbers="c")


@like(scipy.ndimage.prewitt, "scipy.ndimage.prewitt")
def prewitt(
    input: ArrayLike,
    axis: int = -1,
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
) -> NDArray:
    """Take the Prewitt derivative along an axis, as `scipy.ndimage.prewitt` does."""
    return filtered(input, output, smoothed, (axis, mode, cval, True), numbers="c")


def smoothed(array: NDArray, axis: Any, mode: Any, cval: Any, prewitt: bool) -> Lines:
    """Return the filter that differentiates along one axis, then smooths across it."""
    along, borders = arguments.axis(axis, array), arguments.modes(mode, array.ndim)
    across = _PREWITT if prewitt else _SOBEL
    others = [Line(a, across, 1, borders[a]) for a in range(array.ndim) if a != along]
    return Lines([Line(along, _CENTRAL, 1, borders[along]), *others], cval)


@like(scipy.ndimage.laplace, "scipy.ndimage.laplace")
def laplace(
    input: ArrayLike,
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Take the sum of second differences, as `scipy.ndimage.laplace` does."""
    return filtered(input, output, _second_differences, (mode, cval, axes), numbers="c")


def _second_differences(array: NDArray, mode: Any, cval: Any, axes: Any) -> Prepared:
    chosen = arguments.axes(axes, array)
    along = zip(chosen, arguments.modes(mode, len(chosen)), strict=True)
    return Combined([Lines([Line(a, _SECOND, 1, m)], cval) for a, m in along], squared=False)


#: A derivative along an axis: ``derivative(image, axis, output, mode, cval, *arguments, **keywords)``.
Derivative = Callable[..., NDArray]


@like(scipy.ndimage.generic_laplace, "scipy.ndimage.generic_laplace")
def generic_laplace(
    input: ArrayLike,
    derivative2: Derivative,
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    extra_arguments: tuple[Any, ...] = (),
    extra_keywords: dict[str, Any] | None = None,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Add the second derivatives that a function takes, as `scipy.ndimage.generic_laplace` does."""
    array, out, chosen, borders = _prepared(input, output, mode, axes)
    keywords = extra_keywords or {}
    for n, (axis, border) in enumerate(zip(chosen, borders, strict=True)):
        if n:
            out += derivative2(array, axis, out.dtype, border, cval, *extra_arguments, **keywords)
        else:
            derivative2(array, axis, out, border, cval, *extra_arguments, **keywords)
    return out


@like(scipy.ndimage.generic_gradient_magnitude, "scipy.ndimage.generic_gradient_magnitude")
def generic_gradient_magnitude(
    input: ArrayLike,
    derivative: Derivative,
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    extra_arguments: tuple[Any, ...] = (),
    extra_keywords: dict[str, Any] | None = None,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Take the root of the sum of squared derivatives, as `scipy.ndimage` does."""
    array, out, chosen, borders = _prepared(input, output, mode, axes)
    keywords = extra_keywords or {}
    for n, (axis, border) in enumerate(zip(chosen, borders, strict=True)):
        if n:
            found = derivative(array, axis, out.dtype, border, cval, *extra_arguments, **keywords)
            np.multiply(found, found, found)
            out += found
        else:
            derivative(array, axis, out, border, cval, *extra_arguments, **keywords)
            np.multiply(out, out, out)
    np.sqrt(out, out, casting="unsafe")
    return out


def _prepared(
    given: ArrayLike, output: Output, mode: Any, axes: Any
) -> tuple[NDArray, NDArray, tuple[int, ...], list[str]]:
    """Return the image, the array for the result, the axes, and SciPy's name of the border along each."""
    array = arguments.image(given, numbers="c")
    chosen = arguments.axes(axes, array)
    borders = arguments.each(mode, len(chosen), "mode")
    out = arguments.output(output, array)
    arguments.check_steps(out)
    if not chosen or np.may_share_memory(array, out):
        raise Elsewhere("there is no axis, or output overlaps the image")
    return array, out, chosen, borders
