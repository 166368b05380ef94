"""Ridge filters of `skimage.filters`. Every bit is the same.

Gaussian derivatives are added in SciPy's order, and scikit-image solves the matrices. Its `frangi` looks at
the signs of eigenvalues of equal magnitude, so another last bit would give another result.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import skimage.filters

from imfilter._compat import skimage_images as images
from imfilter._compat import skimage_sums as sums
from imfilter._compat.serving import Elsewhere, here, like
from imfilter.typing import NDArray

#: The usual standard deviations.
_SIGMAS = range(1, 10, 2)
#: The least eigenvalue that `frangi` divides by.
_LEAST = 1e-10


def _dark(image: Any, ndims: Sequence[int], black_ridges: Any) -> NDArray:
    """Return an image of floats whose ridges are dark. Integers keep their range."""
    array = images.image(image)
    if array.ndim not in ndims:
        raise Elsewhere("the image does not have two or three axes")
    array = images.floats(array, preserve_range=True)
    return array if black_ridges else -array


def _scales(array: NDArray, sigmas: Any, mode: Any, cval: Any) -> Iterator[tuple[Any, NDArray]]:
    """Yield each standard deviation and the eigenvalues of the Hessian matrices."""
    solved = images.step("feature.corner", "hessian_matrix_eigvals")
    for sigma in sigmas:
        if not np.isscalar(sigma):
            raise Elsewhere("a standard deviation is not a number")
        elements = sums.second_derivatives(array, sums.sigmas(sigma, array), mode, cval)
        yield sigma, solved(elements)


@like(skimage.filters.meijering, "skimage.filters.meijering")
def meijering(
    image: NDArray,
    sigmas: Sequence[float] = _SIGMAS,
    alpha: float | None = None,
    black_ridges: bool = True,
    mode: str = "reflect",
    cval: float = 0,
) -> NDArray:
    """Find thin dark or bright lines, as `skimage.filters.meijering` does."""
    array = _dark(image, (2, 3), black_ridges)
    share = 1 / (array.ndim + 1) if alpha is None else alpha
    mixed = np.full((array.ndim, array.ndim), share)
    np.fill_diagonal(mixed, 1)
    mixed, most = mixed.astype(array.dtype), np.zeros_like(array)
    for _, eigenvalues in _scales(array, sigmas, mode, cval):
        weighted = np.tensordot(mixed, eigenvalues, 1)
        largest = np.abs(weighted).argmax(0)[None]
        found = np.maximum(np.take_along_axis(weighted, largest, 0)[0], 0)
        peak = found.max()
        if peak > 0:
            found /= peak
        np.maximum(most, found, out=most)
    return most


@like(skimage.filters.sato, "skimage.filters.sato")
def sato(
    image: NDArray,
    sigmas: Sequence[float] = _SIGMAS,
    black_ridges: bool = True,
    mode: str = "reflect",
    cval: float = 0,
) -> NDArray:
    """Find lines and tubes, as `skimage.filters.sato` does."""
    array = _dark(image, (2, 3), black_ridges)
    most: NDArray = np.zeros_like(array)
    for sigma, eigenvalues in _scales(array, sigmas, mode, cval):
        across = eigenvalues[:-1]
        mean = np.prod(np.maximum(across, 0), 0) ** (1 / len(across))
        most = np.maximum(most, sigma**2 * mean)
    return most


@like(skimage.filters.frangi, "skimage.filters.frangi")
def frangi(
    image: NDArray,
    sigmas: Sequence[float] = _SIGMAS,
    scale_range: Any = None,
    scale_step: Any = None,
    alpha: float = 0.5,
    beta: float = 0.5,
    gamma: float | None = None,
    black_ridges: bool = True,
    mode: str = "reflect",
    cval: float = 0,
) -> NDArray:
    """Find vessels, as `skimage.filters.frangi` does."""
    if scale_range is not None or scale_step is not None:
        raise Elsewhere("scale_range and scale_step are outdated")
    array = _dark(image, (2, 3), black_ridges)
    most = np.zeros_like(array)
    for _, eigenvalues in _scales(array, sigmas, mode, cval):
        ascending = np.take_along_axis(eigenvalues, np.abs(eigenvalues).argsort(0), 0)
        least, others = ascending[0], np.maximum(ascending[1:], _LEAST)
        plate: Any = np.inf if array.ndim == 2 else others[0] / others[1]
        middle = others[0] if array.ndim == 2 else np.sqrt(others[0] * others[1])
        blob, size = np.abs(least) / middle, np.sqrt((ascending**2).sum(0))
        if gamma is None:  # as in scikit-image, that of the first scale is kept
            gamma = (size.max() / 2) or 1
        found = 1.0 - np.exp(-(plate**2) / (2 * alpha**2), dtype=array.dtype)
        found = found * np.exp(-(blob**2) / (2 * beta**2), dtype=array.dtype)
        found *= 1.0 - np.exp(-(size**2) / (2 * gamma**2), dtype=array.dtype)
        np.maximum(most, found, out=most)
    return most


@like(skimage.filters.hessian, "skimage.filters.hessian")
def hessian(
    image: NDArray,
    sigmas: Sequence[float] = _SIGMAS,
    scale_range: Any = None,
    scale_step: Any = None,
    alpha: float = 0.5,
    beta: float = 0.5,
    gamma: float = 15,
    black_ridges: bool = True,
    mode: str = "reflect",
    cval: float = 0,
) -> NDArray:
    """Find lines, and set other samples to 1, as `skimage.filters.hessian` does."""
    given = sigmas, scale_range, scale_step, alpha, beta, gamma, black_ridges, mode, cval
    found = here(frangi)(image, *given)
    found[found <= 0] = 1
    return found
