"""Corner measures of `skimage.feature`. They are equal in every bit, so peaks among them are equal too."""

from __future__ import annotations

import numpy as np
import skimage.feature as theirs

from imfilter._compat import skimage_images as images
from imfilter._compat import skimage_sums as sums
from imfilter._compat.serving import like
from imfilter.compat.skimage.feature.matrices import tensor
from imfilter.typing import NDArray


@like(theirs.corner_harris, "skimage.feature.corner_harris")
def corner_harris(
    image: NDArray, method: str = "k", k: float = 0.05, eps: float = 1e-6, sigma: float = 1
) -> NDArray:
    """Measure corners by the determinant and the trace, as `skimage.feature.corner_harris` does."""
    determinant, trace = _invariants(tensor(images.image(image), sigma))
    if method == "k":
        np.square(trace, out=trace)
        return determinant - images.real(k, "k") * trace
    determinant *= 2
    return determinant / (trace + images.real(eps, "eps"))


def _invariants(elements: list[NDArray]) -> tuple[NDArray, NDArray]:
    """Return the determinant and the trace of each matrix."""
    rows, mixed, columns = elements
    trace = rows + columns
    rows *= columns
    rows -= np.square(mixed, out=mixed)
    return rows, trace


@like(theirs.corner_shi_tomasi, "skimage.feature.corner_shi_tomasi")
def corner_shi_tomasi(image: NDArray, sigma: float = 1) -> NDArray:
    """Measure corners by the smaller eigenvalue, as `skimage.feature.corner_shi_tomasi` does."""
    rows, mixed, columns = tensor(images.image(image), sigma)
    trace = rows + columns
    rows -= columns
    np.square(rows, out=rows)
    np.square(mixed, out=mixed)
    mixed *= 4
    rows += mixed
    trace -= np.sqrt(rows, out=rows)
    trace /= 2
    return trace


@like(theirs.corner_foerstner, "skimage.feature.corner_foerstner")
def corner_foerstner(image: NDArray, sigma: float = 1) -> tuple[NDArray, NDArray]:
    """Measure error ellipses, as `skimage.feature.corner_foerstner` does."""
    determinant, trace = _invariants(tensor(images.image(image), sigma))
    known = trace != 0
    size, roundness = np.zeros_like(determinant), np.zeros_like(determinant)
    np.divide(determinant, trace, out=size, where=known)
    determinant *= 4
    np.divide(determinant, np.square(trace, out=trace), out=roundness, where=known)
    return size, roundness


@like(theirs.corner_kitchen_rosenfeld, "skimage.feature.corner_kitchen_rosenfeld")
def corner_kitchen_rosenfeld(image: NDArray, mode: str = "constant", cval: float = 0) -> NDArray:
    """Measure the curvature of edges, as `skimage.feature.corner_kitchen_rosenfeld` does."""
    array = images.floats(images.plane(image), preserve_range=True)

    def derivative(of: NDArray, axis: int) -> NDArray:
        return sums.sobel(of, axis, mode, cval)

    down, across = (derivative(array, axis) for axis in (0, 1))
    second, mixed, first = derivative(across, 1), derivative(across, 0), derivative(down, 0)
    above = second * down**2 + first * across**2 - 2 * mixed * across * down
    below = across**2 + down**2
    return np.divide(above, below, out=np.zeros_like(array), where=below != 0)
