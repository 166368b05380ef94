"""Correlations, convolutions and means of `scipy.ndimage`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.ndimage

from imfilter._compat import ndimage_arguments as arguments
from imfilter._compat import ndimage_sums as engine
from imfilter._compat.ndimage_sums import Line
from imfilter._compat.prepared import Prepared, filtered
from imfilter._compat.serving import Elsewhere, like
from imfilter.typing import ArrayLike, DTypeLike, NDArray

#: A result array, the type of a new one, or None for the type of the image.
Output = NDArray | DTypeLike | None


@like(scipy.ndimage.correlate1d, "scipy.ndimage.correlate1d")
def correlate1d(
    input: ArrayLike,
    weights: ArrayLike,
    axis: int = -1,
    output: Output = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> NDArray:
    """Correlate along an axis, as `scipy.ndimage.correlate1d` does."""
    return filtered(input, output, _along, (weights, axis, mode, cval, origin, False), numbers="c")


@like(scipy.ndimage.convolve1d, "scipy.ndimage.convolve1d")
def convolve1d(
    input: ArrayLike,
    weights: ArrayLike,
    axis: int = -1,
    output: Output = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> NDArray:
    """Convolve along an axis, as `scipy.ndimage.convolve1d` does."""
    return filtered(input, output, _along, (weights, axis, mode, cval, origin, True), numbers="c")


def _along(
    array: NDArray, weights: Any, axis: Any, mode: Any, cval: Any, origin: Any, flipped: bool
) -> Prepared:
    taps, shift = _weights(weights, 1), origin
    if flipped:
        taps, shift = taps[::-1], -origin - (len(taps) % 2 == 0)
    else:
        taps = taps.conj()
    where, border = arguments.axis(axis, array), arguments.mode(mode)
    before = arguments.before(len(taps), shift)

    def of(part: NDArray) -> engine.Lines:
        return engine.Lines([Line(where, np.ascontiguousarray(part), before, border)], cval)

    return engine.OfComplexWeights((of(taps.real), of(taps.imag))) if taps.dtype.kind == "c" else of(taps)


def _weights(weights: ArrayLike, ndim: int) -> NDArray:
    """Return weights as float64 or complex128."""
    array = np.asarray(weights)
    if array.dtype.kind not in "biufc" or array.ndim != ndim or array.size == 0:
        raise Elsewhere("the weights do not fit")
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


@like(scipy.ndimage.correlate, "scipy.ndimage.correlate")
def correlate(
    input: ArrayLike,
    weights: ArrayLike,
    output: Output = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Correlate with a kernel over several axes, as `scipy.ndimage.correlate` does."""
    return filtered(input, output, _over, (weights, mode, cval, origin, axes, False), numbers="c")


@like(scipy.ndimage.convolve, "scipy.ndimage.convolve")
def convolve(
    input: ArrayLike,
    weights: ArrayLike,
    output: Output = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Convolve with a kernel over several axes, as `scipy.ndimage.convolve` does."""
    return filtered(input, output, _over, (weights, mode, cval, origin, axes, True), numbers="c")


def _over(
    array: NDArray, weights: Any, mode: Any, cval: Any, origin: Any, axes: Any, flipped: bool
) -> Prepared:
    chosen = arguments.axes(axes, array)
    kernel = _weights(weights, len(chosen))
    shifts = dict(zip(chosen, arguments.each(origin, len(chosen), "origin"), strict=True))
    # The axes of the kernel are in ascending order, in whichever order `axes` names them.
    spans = dict(zip(sorted(chosen), kernel.shape, strict=True))
    kernel = kernel.reshape([spans.get(axis, 1) for axis in range(array.ndim)])
    kernel = np.flip(kernel) if flipped else kernel.conj()
    befores = []
    for axis, n in enumerate(kernel.shape):
        shift = shifts.get(axis, 0)
        befores.append(arguments.before(n, -shift - (n % 2 == 0) if flipped else shift))
    border = arguments.mode(mode)

    def of(part: NDArray) -> engine.Window:
        return engine.Window(np.ascontiguousarray(part), befores, border, cval)

    of_complex = kernel.dtype.kind == "c"
    return engine.OfComplexWeights((of(kernel.real), of(kernel.imag))) if of_complex else of(kernel)


@like(scipy.ndimage.uniform_filter1d, "scipy.ndimage.uniform_filter1d")
def uniform_filter1d(
    input: ArrayLike,
    size: int,
    axis: int = -1,
    output: Output = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> NDArray:
    """Take the means along an axis, as `scipy.ndimage.uniform_filter1d` does."""
    return filtered(input, output, _mean_along, (size, axis, mode, cval, origin), numbers="c")


def _mean_along(array: NDArray, size: Any, axis: Any, mode: Any, cval: Any, origin: Any) -> Prepared:
    return engine.Lines([_mean(arguments.axis(axis, array), size, origin, mode)], cval, running=True)


def _mean(axis: int, size: Any, origin: Any, mode: Any) -> Line:
    if not isinstance(size, int | np.integer) or size < 1:
        raise Elsewhere("size is not a positive integer")
    weights = np.full(int(size), 1.0 / int(size))
    return Line(axis, weights, arguments.before(int(size), origin), arguments.mode(mode))


@like(scipy.ndimage.uniform_filter, "scipy.ndimage.uniform_filter")
def uniform_filter(
    input: ArrayLike,
    size: int | Sequence[int] = 3,
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Take the means over boxes, as `scipy.ndimage.uniform_filter` does."""
    return filtered(input, output, _means, (size, mode, cval, origin, axes), numbers="c")


def _means(array: NDArray, size: Any, mode: Any, cval: Any, origin: Any, axes: Any) -> Prepared:
    chosen = arguments.axes(axes, array)
    along = [arguments.each(v, len(chosen), "an argument") for v in (size, origin, mode)]
    kernels = [_mean(axis, s, o, m) for axis, s, o, m in zip(chosen, *along, strict=True) if s > 1]
    return engine.Lines(kernels, cval, running=True)
