"""Differences of erosions, dilations and images of `scipy.ndimage`. Integers wrap, as in NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.ndimage

from imfilter._compat import ndimage_arguments as arguments
from imfilter._compat.serving import Elsewhere, like
from imfilter.compat.ndimage.grey import Element, at_once, closed, dilated, element, eroded, opened
from imfilter.compat.ndimage.sums import Output
from imfilter.typing import ArrayLike, NDArray


def _image(given: ArrayLike, output: Output) -> NDArray:
    array = arguments.image(given)
    if isinstance(output, np.ndarray) and np.may_share_memory(array, output):
        raise Elsewhere("output overlaps the image")
    return array


@like(scipy.ndimage.morphological_gradient, "scipy.ndimage.morphological_gradient")
def morphological_gradient(
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
    """Subtract the erosion from the dilation, as `scipy.ndimage.morphological_gradient` does."""
    array = _image(input, output)
    by = element(array, size, footprint, structure, mode, cval, origin, axes)
    given = output if isinstance(output, np.ndarray) else None  # SciPy ignores a type
    if _never_negative(array, by):
        found = at_once(array, by, given, "gradient")
        if found is not None:
            return found
    large = dilated(array, by, None)
    small = eroded(array, by, given)
    return np.subtract(large, small, out=large if given is None else given)


def _never_negative(array: NDArray, by: Element) -> bool:
    """Tell whether no difference wraps: the image has floats, or the element contains its origin.

    SciPy may round integers of 64 bits before it subtracts them.
    """
    if array.dtype.kind == "f":
        return True
    centred = by.footprint is None or bool(by.footprint[tuple(n // 2 for n in by.footprint.shape)])
    return array.dtype.kind == "u" and array.dtype.itemsize < 8 and centred


@like(scipy.ndimage.morphological_laplace, "scipy.ndimage.morphological_laplace")
def morphological_laplace(
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
    """Add dilation and erosion and subtract the image twice, as `scipy.ndimage` does."""
    array = _image(input, output)
    by = element(array, size, footprint, structure, mode, cval, origin, axes)
    large = dilated(array, by, None)
    found = eroded(array, by, output if isinstance(output, np.ndarray) else None)  # SciPy ignores a type
    np.add(large, found, out=found)
    np.subtract(found, array, out=found)
    return np.subtract(found, array, out=found)


@like(scipy.ndimage.white_tophat, "scipy.ndimage.white_tophat")
def white_tophat(
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
    """Subtract the opening from an image, as `scipy.ndimage.white_tophat` does."""
    array = _image(input, output)
    by = element(array, size, footprint, structure, mode, cval, origin, axes)
    found = opened(array, by, output)
    return _difference(array, found, found)


@like(scipy.ndimage.black_tophat, "scipy.ndimage.black_tophat")
def black_tophat(
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
    """Subtract an image from its closing, as `scipy.ndimage.black_tophat` does."""
    array = _image(input, output)
    by = element(array, size, footprint, structure, mode, cval, origin, axes)
    found = closed(array, by, output)
    return _difference(found, array, found)


def _difference(a: NDArray, b: NDArray, to: NDArray) -> NDArray:
    """Write ``a - b``; of truth values: where they differ."""
    if a.dtype.kind == b.dtype.kind == "b":
        return np.bitwise_xor(a, b, out=to)
    return np.subtract(a, b, out=to)
