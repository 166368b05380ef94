"""Differences of erosions, dilations and images of `scipy.ndimage`. Integers wrap, as in NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.ndimage

from imfilter._compat.prepared import filtered
from imfilter._compat.serving import like
from imfilter.compat.ndimage.grey import prepared
from imfilter.compat.ndimage.sums import Output
from imfilter.typing import ArrayLike, NDArray


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
    own = "gradient", size, footprint, structure, mode, cval, origin, axes
    given = output if isinstance(output, np.ndarray) else None  # SciPy ignores a type
    return filtered(input, given, prepared, own)


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
    own = "laplace", size, footprint, structure, mode, cval, origin, axes
    given = output if isinstance(output, np.ndarray) else None  # SciPy ignores a type
    return filtered(input, given, prepared, own)


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
    own = "white_tophat", size, footprint, structure, mode, cval, origin, axes
    return filtered(input, output, prepared, own)


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
    own = "black_tophat", size, footprint, structure, mode, cval, origin, axes
    return filtered(input, output, prepared, own)
