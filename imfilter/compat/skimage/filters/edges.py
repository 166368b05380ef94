"""Edges of `skimage.filters`: gradients and the Laplace operator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import skimage.filters
from skimage.restoration.uft import laplacian

from imfilter._compat import ndimage_arguments as arguments
from imfilter._compat import skimage_images as images
from imfilter._compat.ndimage_sums import Window
from imfilter._compat.prepared import Prepared, filtered
from imfilter._compat.serving import Elsewhere, like
from imfilter._compat.skimage_gradients import Cross, Gradient
from imfilter.typing import NDArray

#: The taps of correlations: a difference along one axis, and what smooths along the others.
_CENTRAL = np.array([-1.0, 0.0, 1.0])
_OPERATORS = {
    "sobel": (_CENTRAL, np.array([1.0, 2.0, 1.0]) / 4),
    "scharr": (_CENTRAL, np.array([3.0, 10.0, 3.0]) / 16),
    "prewitt": (_CENTRAL, np.full(3, 1 / 3)),
    "farid": (
        np.array([-0.109603762960254, -0.276690988455557, 0, 0.276690988455557, 0.109603762960254]),
        np.array(
            [0.0376593171958126, 0.249153396177344, 0.426374573253687, 0.249153396177344, 0.0376593171958126]
        ),
    ),
}
_ROBERTS = {"pos": np.array([[1.0, 0.0], [0.0, -1.0]]), "neg": np.array([[0.0, 1.0], [-1.0, 0.0]])}


def _edges(image: Any, mask: Any, translate: Any, *own: Any) -> NDArray:
    """Filter an image whose range is converted, and clear what the mask touches."""
    array = images.image(image)
    inside = images.unmasked(mask, array)
    result = filtered(images.floats(array), None, translate, own)
    if inside is not None:
        result *= inside
    return result


def _along(image: Any, mask: Any, name: str, axis: int) -> NDArray:
    """Take the derivative of an image of two axes."""
    return _edges(images.plane(image), mask, _gradient, name, axis, "reflect", 0.0)


def _gradient(array: NDArray, name: str, axis: Any, mode: Any, cval: Any) -> Prepared:
    given: Any = range(array.ndim) if axis is None else (axis,) if np.isscalar(axis) else axis
    chosen = list(given)
    # scikit-image has another result for negative axes, and adds those that are given twice.
    wrong = [a for a in chosen if not isinstance(a, int | np.integer) or not 0 <= a < array.ndim]
    if wrong or not chosen or len(set(chosen)) < len(chosen):
        raise Elsewhere("axis is not usual")
    difference, smoothing = _OPERATORS[name]
    terms = [[difference if a == b else smoothing for b in range(array.ndim)] for a in chosen]
    return Gradient(terms, arguments.mode(mode), arguments.number(cval))


@like(skimage.filters.sobel, "skimage.filters.sobel")
def sobel(
    image: NDArray,
    mask: NDArray | None = None,
    *,
    axis: int | Sequence[int] | None = None,
    mode: str = "reflect",
    cval: float = 0.0,
) -> NDArray:
    """Take the Sobel gradient magnitude or a derivative, as `skimage.filters.sobel` does."""
    return _edges(image, mask, _gradient, "sobel", axis, mode, cval)


@like(skimage.filters.sobel_h, "skimage.filters.sobel_h")
def sobel_h(image: NDArray, mask: NDArray | None = None) -> NDArray:
    """Take the Sobel derivative along the first axis, as `skimage.filters.sobel_h` does."""
    return _along(image, mask, "sobel", 0)


@like(skimage.filters.sobel_v, "skimage.filters.sobel_v")
def sobel_v(image: NDArray, mask: NDArray | None = None) -> NDArray:
    """Take the Sobel derivative along the second axis, as `skimage.filters.sobel_v` does."""
    return _along(image, mask, "sobel", 1)


@like(skimage.filters.scharr, "skimage.filters.scharr")
def scharr(
    image: NDArray,
    mask: NDArray | None = None,
    *,
    axis: int | Sequence[int] | None = None,
    mode: str = "reflect",
    cval: float = 0.0,
) -> NDArray:
    """Take the Scharr gradient magnitude or a derivative, as `skimage.filters.scharr` does."""
    return _edges(image, mask, _gradient, "scharr", axis, mode, cval)


@like(skimage.filters.scharr_h, "skimage.filters.scharr_h")
def scharr_h(image: NDArray, mask: NDArray | None = None) -> NDArray:
    """Take the Scharr derivative along the first axis, as `skimage.filters.scharr_h` does."""
    return _along(image, mask, "scharr", 0)


@like(skimage.filters.scharr_v, "skimage.filters.scharr_v")
def scharr_v(image: NDArray, mask: NDArray | None = None) -> NDArray:
    """Take the Scharr derivative along the second axis, as `skimage.filters.scharr_v` does."""
    return _along(image, mask, "scharr", 1)


@like(skimage.filters.prewitt, "skimage.filters.prewitt")
def prewitt(
    image: NDArray,
    mask: NDArray | None = None,
    *,
    axis: int | Sequence[int] | None = None,
    mode: str = "reflect",
    cval: float = 0.0,
) -> NDArray:
    """Take the Prewitt gradient magnitude or a derivative, as `skimage.filters.prewitt` does."""
    return _edges(image, mask, _gradient, "prewitt", axis, mode, cval)


@like(skimage.filters.prewitt_h, "skimage.filters.prewitt_h")
def prewitt_h(image: NDArray, mask: NDArray | None = None) -> NDArray:
    """Take the Prewitt derivative along the first axis, as `skimage.filters.prewitt_h` does."""
    return _along(image, mask, "prewitt", 0)


@like(skimage.filters.prewitt_v, "skimage.filters.prewitt_v")
def prewitt_v(image: NDArray, mask: NDArray | None = None) -> NDArray:
    """Take the Prewitt derivative along the second axis, as `skimage.filters.prewitt_v` does."""
    return _along(image, mask, "prewitt", 1)


@like(skimage.filters.farid, "skimage.filters.farid")
def farid(
    image: NDArray,
    mask: NDArray | None = None,
    *,
    axis: int | Sequence[int] | None = None,
    mode: str = "reflect",
    cval: float = 0.0,
) -> NDArray:
    """Take the Farid gradient magnitude or a derivative, as `skimage.filters.farid` does."""
    return _edges(image, mask, _gradient, "farid", axis, mode, cval)


@like(skimage.filters.farid_h, "skimage.filters.farid_h")
def farid_h(image: NDArray, *, mask: NDArray | None = None) -> NDArray:
    """Take the Farid derivative along the first axis, as `skimage.filters.farid_h` does."""
    return _along(image, mask, "farid", 0)


@like(skimage.filters.farid_v, "skimage.filters.farid_v")
def farid_v(image: NDArray, *, mask: NDArray | None = None) -> NDArray:
    """Take the Farid derivative along the second axis, as `skimage.filters.farid_v` does."""
    return _along(image, mask, "farid", 1)


@like(skimage.filters.roberts, "skimage.filters.roberts")
def roberts(image: NDArray, mask: NDArray | None = None) -> NDArray:
    """Take the gradient magnitude of Roberts, as `skimage.filters.roberts` does."""
    return _edges(images.plane(image), mask, _cross)


@like(skimage.filters.roberts_pos_diag, "skimage.filters.roberts_pos_diag")
def roberts_pos_diag(image: NDArray, mask: NDArray | None = None) -> NDArray:
    """Take differences along one diagonal, as `skimage.filters.roberts_pos_diag` does."""
    return _edges(images.plane(image), mask, _diagonal, "pos")


@like(skimage.filters.roberts_neg_diag, "skimage.filters.roberts_neg_diag")
def roberts_neg_diag(image: NDArray, mask: NDArray | None = None) -> NDArray:
    """Take differences along the other diagonal, as `skimage.filters.roberts_neg_diag` does."""
    return _edges(images.plane(image), mask, _diagonal, "neg")


def _diagonal(array: NDArray, name: str) -> Window:
    return _convolution(_ROBERTS[name])


def _cross(array: NDArray) -> Prepared:
    return Cross(_convolution(_ROBERTS["pos"]), _convolution(_ROBERTS["neg"]))


def _convolution(kernel: NDArray) -> Window:
    return Window(
        np.ascontiguousarray(np.flip(kernel)), [(n - 1) // 2 for n in kernel.shape], "symmetric", 0.0
    )


@like(skimage.filters.laplace, "skimage.filters.laplace")
def laplace(image: NDArray, ksize: int = 3, mask: NDArray | None = None) -> NDArray:
    """Take the sum of second differences with negative sign, as `skimage.filters.laplace` does."""
    return _edges(image, mask, _laplacian, ksize)


def _laplacian(array: NDArray, ksize: Any) -> Prepared:
    if type(ksize) is not int or ksize < 3:
        raise Elsewhere("ksize is not usual")
    return _convolution(np.asarray(laplacian(array.ndim, (ksize,) * array.ndim)[1], np.float64))
