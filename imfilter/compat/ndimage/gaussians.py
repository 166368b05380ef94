"""Gaussian filters of `scipy.ndimage`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.ndimage

from imfilter._compat import ndimage_arguments as arguments
from imfilter._compat import ndimage_sums as engine
from imfilter._compat.ndimage_sums import Line, gaussian_weights
from imfilter._compat.serving import Elsewhere, like
from imfilter.compat.ndimage.derivatives import laplacian, magnitude
from imfilter.compat.ndimage.sums import Output
from imfilter.typing import ArrayLike, NDArray

#: SciPy does not filter along axes whose standard deviation is not larger.
_LEAST = 1e-15


def _line(axis: int, sigma: Any, order: Any, mode: Any, truncate: float, radius: Any) -> Line:
    deviation = arguments.number(sigma, "sigma")
    reach = int(truncate * deviation + 0.5) if radius is None else radius
    fits = isinstance(reach, int | np.integer) and isinstance(order, int | np.integer)
    if not fits or reach < 0 or order < 0 or not deviation > 0:
        raise Elsewhere("sigma, order or radius is not usual")
    weights = gaussian_weights(deviation, int(order), int(reach))
    return Line(axis, weights, int(reach), arguments.mode(mode))


@like(scipy.ndimage.gaussian_filter1d, "scipy.ndimage.gaussian_filter1d")
def gaussian_filter1d(
    input: ArrayLike,  # noqa: A002  # the name in SciPy
    sigma: float,
    axis: int = -1,
    order: int = 0,
    output: Output = None,
    mode: str = "reflect",
    cval: float = 0.0,
    truncate: float = 4.0,
    *,
    radius: int | None = None,
) -> NDArray:
    """Smooth or differentiate along an axis, as `scipy.ndimage.gaussian_filter1d` does."""
    array = arguments.image(input, numbers="c")
    line = _line(arguments.axis(axis, array), sigma, order, mode, truncate, radius)
    return engine.along_parts(array, [line], cval, arguments.output(output, array))


@like(scipy.ndimage.gaussian_filter, "scipy.ndimage.gaussian_filter")
def gaussian_filter(
    input: ArrayLike,  # noqa: A002  # the name in SciPy
    sigma: float | Sequence[float],
    order: int | Sequence[int] = 0,
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    truncate: float = 4.0,
    *,
    radius: int | Sequence[int] | None = None,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Smooth or differentiate along several axes, as `scipy.ndimage.gaussian_filter` does."""
    return _filtered(input, sigma, order, output, mode, cval, truncate, radius, axes)


def _filtered(
    given: ArrayLike,
    sigma: Any,
    order: Any,
    output: Output,
    mode: Any,
    cval: float,
    truncate: float = 4.0,
    radius: Any = None,
    axes: Any = None,
) -> NDArray:
    array = arguments.image(given, numbers="c")
    chosen = arguments.axes(axes, array)
    each = [arguments.each(v, len(chosen), "an argument") for v in (sigma, order, mode, radius)]
    kernels = [
        _line(axis, s, o, m, truncate, r)
        for axis, s, o, m, r in zip(chosen, *each, strict=True)
        if s > _LEAST
    ]
    out = arguments.output(output, array)
    return engine.along_parts(array, kernels, cval, out)


@like(scipy.ndimage.gaussian_laplace, "scipy.ndimage.gaussian_laplace")
def gaussian_laplace(
    input: ArrayLike,  # noqa: A002  # the name in SciPy
    sigma: float | Sequence[float],
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    *,
    axes: int | tuple[int, ...] | None = None,
    **kwargs: Any,
) -> NDArray:
    """Take the Laplacian of a Gaussian, as `scipy.ndimage.gaussian_laplace` does."""
    array = arguments.image(input, numbers="c")
    chosen = arguments.axes(axes, array)
    along = dict(zip(chosen, arguments.each(sigma, len(chosen), "sigma"), strict=True))
    sigmas = [along.get(axis, 0.0) for axis in range(array.ndim)]

    def derivative(image: NDArray, axis: int, output: Output, mode: str, cval: float) -> NDArray:
        return _differentiated(image, axis, 2, sigmas, output, mode, cval, kwargs)

    return laplacian(input, derivative, output, mode, cval, axes)


@like(scipy.ndimage.gaussian_gradient_magnitude, "scipy.ndimage.gaussian_gradient_magnitude")
def gaussian_gradient_magnitude(
    input: ArrayLike,  # noqa: A002  # the name in SciPy
    sigma: float | Sequence[float],
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    *,
    axes: int | tuple[int, ...] | None = None,
    **kwargs: Any,
) -> NDArray:
    """Take the gradient magnitude of a Gaussian, as `scipy.ndimage.gaussian_gradient_magnitude` does."""

    def derivative(image: NDArray, axis: int, output: Output, mode: str, cval: float) -> NDArray:
        return _differentiated(image, axis, 1, sigma, output, mode, cval, kwargs)

    return magnitude(input, derivative, output, mode, cval, axes)


def _differentiated(
    image: NDArray,
    axis: int,
    order: int,
    sigma: float | Sequence[float],
    output: Output,
    mode: str | Sequence[str],
    cval: float,
    more: dict[str, Any],
) -> NDArray:
    """Return the derivative along an axis. As in SciPy, the image is smoothed along all axes."""
    orders = [order * (a == axis) for a in range(image.ndim)]
    return _filtered(image, sigma, orders, output, mode, cval, **more)
