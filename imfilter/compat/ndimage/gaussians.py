"""Gaussian filters of `scipy.ndimage`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.ndimage

from imfilter._compat import ndimage_arguments as arguments
from imfilter._compat.ndimage_sums import Combined, Line, Lines, gaussian_weights
from imfilter._compat.prepared import Prepared, filtered
from imfilter._compat.serving import Elsewhere, like
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
    # SciPy squares numbers of NumPy in their own type.
    weights = gaussian_weights(sigma if isinstance(sigma, np.generic) else deviation, int(order), int(reach))
    return Line(axis, weights, int(reach), arguments.mode(mode))


@like(scipy.ndimage.gaussian_filter1d, "scipy.ndimage.gaussian_filter1d")
def gaussian_filter1d(
    input: ArrayLike,
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
    own = sigma, axis, order, mode, cval, truncate, radius
    return filtered(input, output, _along, own, numbers="c")


def _along(
    array: NDArray, sigma: Any, axis: Any, order: Any, mode: Any, cval: Any, truncate: Any, radius: Any
) -> Prepared:
    return Lines([_line(arguments.axis(axis, array), sigma, order, mode, truncate, radius)], cval)


@like(scipy.ndimage.gaussian_filter, "scipy.ndimage.gaussian_filter")
def gaussian_filter(
    input: ArrayLike,
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
    own = sigma, order, mode, cval, truncate, radius, axes
    return filtered(input, output, smoothing, own, numbers="c")


def smoothing(
    array: NDArray,
    sigma: Any,
    order: Any,
    mode: Any,
    cval: Any,
    truncate: Any = 4.0,
    radius: Any = None,
    axes: Any = None,
) -> Lines:
    """Return the filter of Gaussians along axes."""
    chosen = arguments.axes(axes, array)
    each = [arguments.each(v, len(chosen), "an argument") for v in (sigma, order, mode, radius)]
    kernels = [
        _line(axis, s, o, m, truncate, r)
        for axis, s, o, m, r in zip(chosen, *each, strict=True)
        if s > _LEAST
    ]
    return Lines(kernels, cval)


@like(scipy.ndimage.gaussian_laplace, "scipy.ndimage.gaussian_laplace")
def gaussian_laplace(
    input: ArrayLike,
    sigma: float | Sequence[float],
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    *,
    axes: int | tuple[int, ...] | None = None,
    **kwargs: Any,
) -> NDArray:
    """Take the Laplacian of a Gaussian, as `scipy.ndimage.gaussian_laplace` does."""
    own = sigma, mode, cval, axes, *_pairs(kwargs)
    return filtered(input, output, _laplacian, own, numbers="c")


def _pairs(keywords: dict[str, Any]) -> tuple[Any, ...]:
    """Return keywords as a tuple, which can be looked up."""
    return tuple(item for pair in sorted(keywords.items()) for item in pair)


def _laplacian(array: NDArray, sigma: Any, mode: Any, cval: Any, axes: Any, *pairs: Any) -> Prepared:
    chosen = arguments.axes(axes, array)
    along = dict(zip(chosen, arguments.each(sigma, len(chosen), "sigma"), strict=True))
    sigmas = [along.get(axis, 0.0) for axis in range(array.ndim)]
    return _combined(array, sigmas, 2, mode, cval, chosen, pairs)


@like(scipy.ndimage.gaussian_gradient_magnitude, "scipy.ndimage.gaussian_gradient_magnitude")
def gaussian_gradient_magnitude(
    input: ArrayLike,
    sigma: float | Sequence[float],
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    *,
    axes: int | tuple[int, ...] | None = None,
    **kwargs: Any,
) -> NDArray:
    """Take the gradient magnitude of a Gaussian, as `scipy.ndimage.gaussian_gradient_magnitude` does."""
    own = sigma, mode, cval, axes, *_pairs(kwargs)
    return filtered(input, output, _gradient, own, numbers="c")


def _gradient(array: NDArray, sigma: Any, mode: Any, cval: Any, axes: Any, *pairs: Any) -> Prepared:
    return _combined(array, sigma, 1, mode, cval, arguments.axes(axes, array), pairs)


def _combined(
    array: NDArray, sigma: Any, order: int, mode: Any, cval: Any, chosen: tuple[int, ...], pairs: Any
) -> Prepared:
    """Return derivatives along the chosen axes. As in SciPy, the image is smoothed along all axes."""
    keywords, borders = (
        dict(zip(pairs[::2], pairs[1::2], strict=True)),
        arguments.each(mode, len(chosen), "mode"),
    )
    filters = []
    for axis, border in zip(chosen, borders, strict=True):
        orders = [order * (a == axis) for a in range(array.ndim)]
        filters.append(smoothing(array, sigma, orders, border, cval, **keywords))
    return Combined(filters, squared=order == 1)
