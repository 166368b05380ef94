"""Correlations, convolutions and means of `scipy.ndimage`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.ndimage

from imfilter._compat import ndimage_arguments as arguments
from imfilter._compat import ndimage_sums as engine
from imfilter._compat import parts
from imfilter._compat.ndimage_sums import Line
from imfilter._compat.serving import Elsewhere, like
from imfilter.typing import ArrayLike, DTypeLike, NDArray

#: A result array, the type of a new one, or None for the type of the image.
Output = NDArray | DTypeLike | None


@like(scipy.ndimage.correlate1d, "scipy.ndimage.correlate1d")
def correlate1d(
    input: ArrayLike,  # noqa: A002  # the name in SciPy
    weights: ArrayLike,
    axis: int = -1,
    output: Output = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> NDArray:
    """Correlate along an axis, as `scipy.ndimage.correlate1d` does."""
    return _along(input, weights, axis, output, mode, cval, origin, flipped=False)


@like(scipy.ndimage.convolve1d, "scipy.ndimage.convolve1d")
def convolve1d(
    input: ArrayLike,  # noqa: A002  # the name in SciPy
    weights: ArrayLike,
    axis: int = -1,
    output: Output = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> NDArray:
    """Convolve along an axis, as `scipy.ndimage.convolve1d` does."""
    return _along(input, weights, axis, output, mode, cval, origin, flipped=True)


def _along(
    given: ArrayLike,
    weights: ArrayLike,
    axis: int,
    output: Output,
    mode: str,
    cval: float,
    origin: int,
    *,
    flipped: bool,
) -> NDArray:
    taps, shift = _weights(weights, 1), origin
    if flipped:
        taps, shift = taps[::-1], -origin - (len(taps) % 2 == 0)
    taps = taps if flipped else taps.conj()
    array = arguments.image(given, numbers="c")
    out = arguments.output(output, array, complex_result=taps.dtype.kind == "c")
    along, before = arguments.axis(axis, array), arguments.before(len(taps), shift)
    border = arguments.mode(mode)

    def run(image: NDArray, part: NDArray, level: float, to: NDArray) -> None:
        line = Line(along, np.ascontiguousarray(part), before, border)
        engine.along_axes(image, [line], level, to)

    return parts.combined(run, array, taps, cval, out)


def _weights(weights: ArrayLike, ndim: int) -> NDArray:
    """Return weights as float64 or complex128."""
    array = np.asarray(weights)
    if array.dtype.kind not in "biufc" or array.ndim != ndim or array.size == 0:
        raise Elsewhere("the weights do not fit")
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


@like(scipy.ndimage.correlate, "scipy.ndimage.correlate")
def correlate(
    input: ArrayLike,  # noqa: A002  # the name in SciPy
    weights: ArrayLike,
    output: Output = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Correlate with a kernel over several axes, as `scipy.ndimage.correlate` does."""
    return _over(input, weights, output, mode, cval, origin, axes, flipped=False)


@like(scipy.ndimage.convolve, "scipy.ndimage.convolve")
def convolve(
    input: ArrayLike,  # noqa: A002  # the name in SciPy
    weights: ArrayLike,
    output: Output = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Convolve with a kernel over several axes, as `scipy.ndimage.convolve` does."""
    return _over(input, weights, output, mode, cval, origin, axes, flipped=True)


def _over(
    given: ArrayLike,
    weights: ArrayLike,
    output: Output,
    mode: str,
    cval: float,
    origin: int | Sequence[int],
    axes: Any,
    *,
    flipped: bool,
) -> NDArray:
    array = arguments.image(given, numbers="c")
    chosen = arguments.axes(axes, array)
    kernel = _weights(weights, len(chosen))
    shifts = dict(zip(chosen, arguments.each(origin, len(chosen), "origin"), strict=True))
    # The axes of the kernel are in ascending order, in whichever order `axes` names them.
    kernel = kernel.reshape(
        [kernel.shape[sorted(chosen).index(a)] if a in shifts else 1 for a in range(array.ndim)]
    )
    kernel = np.flip(kernel) if flipped else kernel.conj()
    befores = []
    for axis, n in enumerate(kernel.shape):
        shift = shifts.get(axis, 0)
        befores.append(arguments.before(n, -shift - (n % 2 == 0) if flipped else shift))
    out = arguments.output(output, array, complex_result=kernel.dtype.kind == "c")
    border = arguments.mode(mode)

    def run(image: NDArray, part: NDArray, level: float, to: NDArray) -> None:
        engine.over_window(image, np.ascontiguousarray(part), befores, border, level, to)

    return parts.combined(run, array, kernel, cval, out)


@like(scipy.ndimage.uniform_filter1d, "scipy.ndimage.uniform_filter1d")
def uniform_filter1d(
    input: ArrayLike,  # noqa: A002  # the name in SciPy
    size: int,
    axis: int = -1,
    output: Output = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> NDArray:
    """Take the means along an axis, as `scipy.ndimage.uniform_filter1d` does."""
    array = arguments.image(input, numbers="c")
    out = arguments.output(output, array)
    line = _mean(arguments.axis(axis, array), size, origin, mode)
    return _means(array, [line], cval, out)


def _means(array: NDArray, kernels: list[Line], cval: Any, out: NDArray) -> NDArray:
    def run(image: NDArray, level: float, to: NDArray) -> None:
        engine.along_axes(image, kernels, level, to, running=True)

    return parts.each(run, array, cval, out)


def _mean(axis: int, size: Any, origin: Any, mode: Any) -> Line:
    if not isinstance(size, int | np.integer) or size < 1:
        raise Elsewhere("size is not a positive integer")
    weights = np.full(int(size), 1.0 / int(size))
    return Line(axis, weights, arguments.before(int(size), origin), arguments.mode(mode))


@like(scipy.ndimage.uniform_filter, "scipy.ndimage.uniform_filter")
def uniform_filter(
    input: ArrayLike,  # noqa: A002  # the name in SciPy
    size: int | Sequence[int] = 3,
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Take the means over boxes, as `scipy.ndimage.uniform_filter` does."""
    array = arguments.image(input, numbers="c")
    chosen = arguments.axes(axes, array)
    count = len(chosen)
    along = zip(
        *(chosen, arguments.each(size, count, "size"), arguments.each(origin, count, "origin")),
        arguments.each(mode, count, "mode"),
        strict=True,
    )
    kernels = [_mean(*each) for each in along if each[1] > 1]
    out = arguments.output(output, array)
    return _means(array, kernels, cval, out)
