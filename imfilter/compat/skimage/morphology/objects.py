"""Binary morphology of `skimage.morphology`: distances, skeletons and thinning."""

from __future__ import annotations

from typing import Any

import numpy as np
import skimage.morphology as theirs

from imfilter import morphology
from imfilter._compat import skimage_images as images
from imfilter._compat.ndimage_binary import truth
from imfilter._compat.serving import Elsewhere, here, like
from imfilter.compat import ndimage
from imfilter.typing import NDArray


def _distances(image: NDArray, spacing: Any) -> NDArray:
    found = here(ndimage.distance_transform_edt)(image, sampling=spacing)
    if not isinstance(found, np.ndarray):
        raise Elsewhere("the distances are not one array")
    return found


def _result(out: Any, array: NDArray) -> Any:
    """Return the array for the result."""
    if out is not None and (type(out) is not np.ndarray or out.shape != array.shape or out.dtype != np.bool_):
        raise Elsewhere("out is not a plain array of truth values")
    return out


def _eroded(image: NDArray, radius: Any, out: Any, spacing: Any) -> NDArray:
    return np.greater(_distances(image, spacing), radius, out=out)


def _dilated(image: NDArray, radius: Any, out: Any, spacing: Any) -> NDArray:
    return np.less_equal(_distances(np.logical_not(image), spacing), radius, out=out)


@like(theirs.isotropic_erosion, "skimage.morphology.isotropic_erosion")
def isotropic_erosion(
    image: NDArray, radius: float, out: NDArray | None = None, spacing: Any = None
) -> NDArray[np.bool_]:
    """Erode by a disc of any radius, as `skimage.morphology.isotropic_erosion` does."""
    array = images.image(image)
    return _eroded(array, images.real(radius, "radius"), _result(out, array), spacing)


@like(theirs.isotropic_dilation, "skimage.morphology.isotropic_dilation")
def isotropic_dilation(
    image: NDArray, radius: float, out: NDArray | None = None, spacing: Any = None
) -> NDArray[np.bool_]:
    """Dilate by a disc of any radius, as `skimage.morphology.isotropic_dilation` does."""
    array = images.image(image)
    return _dilated(array, images.real(radius, "radius"), _result(out, array), spacing)


@like(theirs.isotropic_opening, "skimage.morphology.isotropic_opening")
def isotropic_opening(
    image: NDArray, radius: float, out: NDArray | None = None, spacing: Any = None
) -> NDArray[np.bool_]:
    """Erode, then dilate, as `skimage.morphology.isotropic_opening` does."""
    array, number = images.image(image), images.real(radius, "radius")
    return _dilated(_eroded(array, number, None, spacing), number, _result(out, array), spacing)


@like(theirs.isotropic_closing, "skimage.morphology.isotropic_closing")
def isotropic_closing(
    image: NDArray, radius: float, out: NDArray | None = None, spacing: Any = None
) -> NDArray[np.bool_]:
    """Dilate, then erode, as `skimage.morphology.isotropic_closing` does."""
    array, number = images.image(image), images.real(radius, "radius")
    return _eroded(_dilated(array, number, None, spacing), number, _result(out, array), spacing)


@like(theirs.skeletonize, "skimage.morphology.skeletonize")
def skeletonize(image: NDArray, *, method: str | None = None) -> NDArray[np.bool_]:
    """Thin objects to lines in the way of Zhang, as `skimage.morphology.skeletonize` does."""
    if method not in (None, "zhang"):
        raise Elsewhere("the method is that of Lee")
    return morphology.skeleton(truth(images.plane(image)))


@like(theirs.thin, "skimage.morphology.thin")
def thin(image: NDArray, max_num_iter: int | None = None) -> NDArray[np.bool_]:
    """Thin objects to lines in the way of Guo and Hall, as `skimage.morphology.thin` does."""
    if max_num_iter is not None and type(max_num_iter) is not int:
        raise Elsewhere("max_num_iter is not an integer of Python")
    return morphology.thin(truth(images.plane(image)), max_num_iter or None)
