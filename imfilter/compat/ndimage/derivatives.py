"""Derivatives of `scipy.ndimage`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.ndimage

from imfilter._compat import ndimage_arguments as arguments
from imfilter._compat import ndimage_sums as engine
from imfilter._compat.ndimage_sums import Line
from imfilter._compat.serving import Elsewhere, like
from imfilter.compat.ndimage.sums import Output
from imfilter.typing import ArrayLike, NDArray

_CENTRAL = np.array([-1.0, 0.0, 1.0])
_SECOND = np.array([1.0, -2.0, 1.0])
_SOBEL = np.array([1.0, 2.0, 1.0])
_PREWITT = np.ones(3)


@like(scipy.ndimage.sobel, "scipy.ndimage.sobel")
def sobel(
    input: ArrayLike,  # noqa: A002  # the name in SciPy
    axis: int = -1,
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
) -> NDArray:
    """Take the Sobel derivative along an axis, as `scipy.ndimage.sobel` does."""
    return _smoothed(input, axis, output, mode, cval, _SOBEL)


@like(scipy.ndimage.prewitt, "scipy.ndimage.prewitt")
def prewitt(
    input: ArrayLike,  # noqa: A002  # the name in SciPy
    axis: int = -1,
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
) -> NDArray:
    """Take the Prewitt derivative along an axis, as `scipy.ndimage.prewitt` does."""
    return _smoothed(input, axis, output, mode, cval, _PREWITT)


def _smoothed(
    given: ArrayLike, axis: int, output: Output, mode: Any, cval: float, across: NDArray
) -> NDArray:
    """Differentiate along one axis, then smooth `across` it."""
    array = arguments.image(given, numbers="c")
    along, borders = arguments.axis(axis, array), arguments.modes(mode, array.ndim)
    others = [Line(a, across, 1, borders[a]) for a in range(array.ndim) if a != along]
    kernels = [Line(along, _CENTRAL, 1, borders[along]), *others]
    return engine.along_parts(array, kernels, cval, arguments.output(output, array))


@like(scipy.ndimage.laplace, "scipy.ndimage.laplace")
def laplace(
    input: ArrayLike,  # noqa: A002  # the name in SciPy
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Take the sum of second differences, as `scipy.ndimage.laplace` does."""

    def derivative(image: NDArray, axis: int, output: Output, mode: str, cval: float) -> NDArray:
        line = Line(axis, _SECOND, 1, arguments.mode(mode))
        return engine.along_parts(image, [line], cval, arguments.output(output, image))

    return laplacian(input, derivative, output, mode, cval, axes)


#: A derivative along an axis: ``derivative(image, axis, output, mode, cval, *arguments, **keywords)``.
Derivative = Callable[..., NDArray]


@like(scipy.ndimage.generic_laplace, "scipy.ndimage.generic_laplace")
def generic_laplace(
    input: ArrayLike,  # noqa: A002  # the name in SciPy
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

    def derivative(image: NDArray, axis: int, output: Output, mode: str, cval: float) -> NDArray:
        return derivative2(image, axis, output, mode, cval, *extra_arguments, **(extra_keywords or {}))

    return laplacian(input, derivative, output, mode, cval, axes)


def laplacian(
    given: ArrayLike, derivative: Derivative, output: Output, mode: Any, cval: float, axes: Any
) -> NDArray:
    """Add the results along all axes, in the type of the result."""
    array, out, chosen, borders = _prepared(given, output, mode, axes)
    for n, (axis, border) in enumerate(zip(chosen, borders, strict=True)):
        if n:
            out += derivative(array, axis, out.dtype, border, cval)
        else:
            derivative(array, axis, out, border, cval)
    return out


@like(scipy.ndimage.generic_gradient_magnitude, "scipy.ndimage.generic_gradient_magnitude")
def generic_gradient_magnitude(
    input: ArrayLike,  # noqa: A002  # the name in SciPy
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

    def along(image: NDArray, axis: int, output: Output, mode: str, cval: float) -> NDArray:
        return derivative(image, axis, output, mode, cval, *extra_arguments, **(extra_keywords or {}))

    return magnitude(input, along, output, mode, cval, axes)


def magnitude(
    given: ArrayLike, derivative: Derivative, output: Output, mode: Any, cval: float, axes: Any
) -> NDArray:
    """Return the root of the sum of squares, which are added in the type of the result."""
    array, out, chosen, borders = _prepared(given, output, mode, axes)
    for n, (axis, border) in enumerate(zip(chosen, borders, strict=True)):
        if n:
            found = derivative(array, axis, out.dtype, border, cval)
            np.multiply(found, found, found)
            out += found
        else:
            derivative(array, axis, out, border, cval)
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
