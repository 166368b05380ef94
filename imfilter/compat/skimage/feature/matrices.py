"""Structure tensors and Hessian matrices of `skimage.feature`, and their eigenvalues."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import skimage.feature as theirs

from imfilter._base import threads
from imfilter._base.call_cache import Calls, remembered
from imfilter._base.store import Store
from imfilter._compat import skimage_images as images
from imfilter._compat import skimage_sums as sums
from imfilter._compat.serving import Elsewhere, here, like
from imfilter._filters.orientation.hessian import solved
from imfilter.compat import ndimage
from imfilter.typing import NDArray

#: Where Gaussian derivatives are cut off, in standard deviations: far away if one of them is small.
_WIDE, _NARROW = 100, 8
#: Matrices whose eigenvalues are computed together. Their elements stay in the second-level cache.
_BLOCK = 1 << 13


def _ordered(array: NDArray, order: str) -> list[int]:
    """Return the axes in the order of the matrix."""
    axes = list(range(array.ndim))
    if order == "rc":
        return axes
    if order != "xy" or array.ndim != 2:
        raise Elsewhere("the order of axes is not known")
    return axes[::-1]


def tensor(array: NDArray, sigma: Any) -> list[NDArray]:
    """Return the structure tensor of a plane with every bit of scikit-image, for measures that divide."""
    deviations, converted = sums.sigmas(sigma, array), images.floats(array)
    if array.ndim != 2 or 1 in array.shape:
        raise Elsewhere("the image does not have two axes of several samples")
    rows, columns = (sums.sobel(converted, axis, "constant") for axis in (0, 1))
    products = rows * rows, rows * columns, columns * columns
    return [sums.gaussian(product, deviations, "constant") for product in products]


@like(theirs.structure_tensor, "skimage.feature.structure_tensor")
def structure_tensor(
    image: NDArray,
    sigma: float | Sequence[float] = 1,
    mode: str = "constant",
    cval: float = 0,
    order: str = "rc",
) -> list[NDArray]:
    """Smooth the products of Sobel derivatives, as `skimage.feature.structure_tensor` does."""
    array = images.image(image)
    axes, deviations = _ordered(array, order), sums.sigmas(sigma, array)
    if 1 in array.shape or not 2 <= array.ndim <= 3:
        raise Elsewhere("an axis has one sample, or there are not two or three axes")
    converted = images.floats(array)
    sobel, smooth = here(ndimage.sobel), here(ndimage.gaussian_filter)
    derivatives = [sobel(converted, axis=a, mode=mode, cval=cval) for a in axes]
    pairs = combinations_with_replacement(derivatives, 2)
    return [smooth(first * second, deviations, mode=mode, cval=cval) for first, second in pairs]


@like(theirs.hessian_matrix, "skimage.feature.hessian_matrix")
def hessian_matrix(
    image: NDArray,
    sigma: float | Sequence[float] = 1,
    mode: str = "constant",
    cval: float = 0,
    order: str = "rc",
    use_gaussian_derivatives: bool | None = None,
) -> list[NDArray]:
    """Return the second derivatives of a smoothed image, as `skimage.feature.hessian_matrix` does."""
    if use_gaussian_derivatives is None:
        raise Elsewhere("use_gaussian_derivatives is not given, and scikit-image warns")
    array = images.image(image)
    deviations, pairs = remembered(_pairs, _paired, array, (sigma, order))
    converted = images.floats(array)
    smooth = here(ndimage.gaussian_filter)
    if not use_gaussian_derivatives:
        smoothed = smooth(converted, deviations, mode=mode, cval=cval)
        slopes = [np.gradient(smoothed, axis=a) for a in range(array.ndim)]
        return [np.gradient(slopes[a], axis=b) for a, b in pairs]
    truncate = _NARROW if min(deviations) > 1 else _WIDE
    scaled = [s * (1 / math.sqrt(2)) for s in deviations]
    orders = np.eye(array.ndim, dtype=int).tolist()

    def derivative(of: NDArray, axis: int) -> NDArray:
        return smooth(of, scaled, orders[axis], mode=mode, cval=cval, truncate=truncate)

    slopes = [derivative(converted, a) for a in range(array.ndim)]
    return [derivative(slopes[a], b) for a, b in pairs]


#: Standard deviations and the axes of each element of a matrix, by the arguments that they are made of.
_pairs: Calls[tuple[tuple[Any, ...], list[tuple[int, int]]]] = Calls()


def _paired(array: NDArray, sigma: Any, order: Any) -> tuple[tuple[Any, ...], list[tuple[int, int]]]:
    axes = _ordered(array, order)
    return sums.sigmas(sigma, array), list(combinations_with_replacement(axes, 2))


def _eigenvalues(elements: Sequence[NDArray]) -> NDArray:
    """Return the eigenvalues of matrices of two or three rows, the largest first."""
    arrays = [images.image(each) for each in elements]
    first = arrays[0]
    if len(arrays) != {2: 3, 3: 6}.get(first.ndim):
        raise Elsewhere("the matrices do not have two or three rows, as the image has axes")
    if first.dtype not in (np.float32, np.float64) or any(
        each.dtype != first.dtype or each.shape != first.shape for each in arrays
    ):
        raise Elsewhere("the elements do not have the same shape and type of floats")
    found = np.empty((first.ndim, *first.shape), first.dtype)
    sources, targets = [each.reshape(-1) for each in arrays], found.reshape(first.ndim, -1)

    def task(start: int, stop: int) -> None:
        store = Store()
        for begin in range(start * _BLOCK, min(stop * _BLOCK, first.size), _BLOCK):
            parts = [source[begin : begin + _BLOCK] for source in sources]
            copies = [store.array(f"element {i}", part.shape, part.dtype) for i, part in enumerate(parts)]
            for copy, part in zip(copies, parts, strict=True):
                copy[...] = part  # vectors are read beyond the end
            for target, values in zip(targets, solved(copies, store), strict=True):
                target[begin : begin + _BLOCK] = values

    threads.run(task, -(-first.size // _BLOCK), None)
    return found


@like(theirs.structure_tensor_eigenvalues, "skimage.feature.structure_tensor_eigenvalues")
def structure_tensor_eigenvalues(A_elems: Sequence[NDArray]) -> NDArray:
    """Return eigenvalues, as `skimage.feature.structure_tensor_eigenvalues` does."""
    return _eigenvalues(A_elems)


@like(theirs.hessian_matrix_eigvals, "skimage.feature.hessian_matrix_eigvals")
def hessian_matrix_eigvals(H_elems: Sequence[NDArray]) -> NDArray:
    """Return eigenvalues, as `skimage.feature.hessian_matrix_eigvals` does."""
    return _eigenvalues(H_elems)


@like(theirs.shape_index, "skimage.feature.shape_index")
def shape_index(image: NDArray, sigma: float = 1, mode: str = "constant", cval: float = 0) -> NDArray:
    """Tell cups from ridges from caps, as `skimage.feature.shape_index` does."""
    array = images.plane(image)
    smoothed = sums.gaussian(images.floats(array), sums.sigmas(sigma, array), mode, cval)
    down, across = np.gradient(smoothed)
    rows, mixed, columns = np.gradient(down, axis=0), np.gradient(down, axis=1), np.gradient(across, axis=1)
    middle = (rows + columns) / 2
    spread = np.sqrt(mixed**2 + ((rows - columns) / 2) ** 2)
    large, small = middle + spread, middle - spread
    with np.errstate(divide="ignore", invalid="ignore"):
        return (2.0 / np.pi) * np.arctan((small + large) / (small - large))
