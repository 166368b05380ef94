"""Regional extrema and area filters of `skimage.morphology`."""

from __future__ import annotations

from typing import Any

import numpy as np
import skimage.morphology as theirs

from imfilter import morphology
from imfilter._base.call_cache import Calls, remembered
from imfilter._compat import skimage_images as images
from imfilter._compat.prepared import Run, run_of
from imfilter._compat.serving import Elsewhere, like
from imfilter.compat.skimage.morphology.grey import check_footprint, reconstructed
from imfilter.typing import NDArray


def _height(array: NDArray, h: Any) -> Any:
    """Return the height. scikit-image warns if it is not a value of the image's type."""
    if array.dtype.kind == "b" or (array.dtype.itemsize == 8 and array.dtype.kind != "f"):
        raise Elsewhere(f"the dtype is {array.dtype.name}")
    whole = array.dtype.kind != "f"
    if type(h) not in (int, float) or not h > 0 or (whole and h != int(h)):
        raise Elsewhere("h is not a usual number")
    return int(h) if whole else h


def _above(image: Any, h: Any, footprint: Any, *, maxima: bool) -> NDArray[np.uint8]:
    """Tell where the image is farther than `h` from its reconstruction."""
    array = images.finite(images.image(image))
    height = _height(array, h)
    if height > np.ptp(array):
        return np.zeros(array.shape, np.uint8)
    check_footprint(footprint, array)
    if array.dtype.kind == "f":
        # scikit-image's tolerance for rounding, in its order of operations.
        slack = 2 * np.finfo(array.dtype).resolution * np.abs(array)
        seed = array - height - slack if maxima else array + height + slack
    else:
        limits = np.iinfo(array.dtype)
        wide = array.astype(np.int64)
        wide += -height if maxima else height
        seed = wide.clip(limits.min, limits.max, out=wide).astype(array.dtype)
    filled = reconstructed(seed, array, dilation=maxima)
    rest = array - filled if maxima else filled - array
    return (rest >= height).view(np.uint8)


@like(theirs.h_maxima, "skimage.morphology.h_maxima")
def h_maxima(image: NDArray, h: float, footprint: NDArray | None = None) -> NDArray[np.uint8]:
    """Find maxima of some height, as `skimage.morphology.h_maxima` does."""
    return _above(image, h, footprint, maxima=True)


@like(theirs.h_minima, "skimage.morphology.h_minima")
def h_minima(image: NDArray, h: float, footprint: NDArray | None = None) -> NDArray[np.uint8]:
    """Find minima of some depth, as `skimage.morphology.h_minima` does."""
    return _above(image, h, footprint, maxima=False)


def _supported(image: Any) -> NDArray:
    """Return the image. scikit-image refuses float16."""
    array = images.finite(images.image(image))
    if array.dtype == np.float16:
        raise Elsewhere("the dtype is float16")
    return array


def _extrema(
    image: Any, footprint: Any, connectivity: Any, indices: Any, borders: Any, *, maxima: bool
) -> Any:
    array = _supported(image)
    if footprint is not None:
        raise Elsewhere("the footprint is given")
    run = remembered(_kept, _plateaus, array, (maxima, connectivity, bool(borders)))
    found = run(array, None)
    return np.nonzero(found) if indices else found


#: Filters by the arguments that they are made of.
_kept: Calls[Run] = Calls()


def _plateaus(array: NDArray, maxima: bool, connectivity: Any, borders: bool) -> Run:
    steps = array.ndim if connectivity is None else connectivity
    if type(steps) is not int or not 1 <= steps <= array.ndim or (min(array.shape) < 3 and not borders):
        raise Elsewhere("the connectivity is not usual, or an axis has less than three samples")
    find = morphology.local_maxima if maxima else morphology.local_minima
    return run_of(find, array, connectivity=steps, allow_borders=borders)


@like(theirs.local_maxima, "skimage.morphology.local_maxima")
def local_maxima(
    image: NDArray,
    footprint: NDArray | None = None,
    connectivity: int | None = None,
    indices: bool = False,
    allow_borders: bool = True,
) -> Any:
    """Find regions that are higher than their neighbours, as `skimage.morphology.local_maxima` does."""
    return _extrema(image, footprint, connectivity, indices, allow_borders, maxima=True)


@like(theirs.local_minima, "skimage.morphology.local_minima")
def local_minima(
    image: NDArray,
    footprint: NDArray | None = None,
    connectivity: int | None = None,
    indices: bool = False,
    allow_borders: bool = True,
) -> Any:
    """Find regions that are lower than their neighbours, as `skimage.morphology.local_minima` does."""
    return _extrema(image, footprint, connectivity, indices, allow_borders, maxima=False)


def _areas(image: Any, area: Any, connectivity: Any, tree: tuple[Any, Any], *, opens: bool) -> NDArray:
    array = _supported(image)
    if tree[0] is not None or tree[1] is not None:
        raise Elsewhere("the tree is given")
    return remembered(_kept, _large, array, (opens, area, connectivity))(array, None)


def _large(array: NDArray, opens: bool, area: Any, connectivity: Any) -> Run:
    usual = type(area) is int and 1 <= area <= array.size and type(connectivity) is int
    if not usual or array.ndim < 2:
        raise Elsewhere("the area, the connectivity or the axes are not usual")
    take = morphology.area_opening if opens else morphology.area_closing
    return run_of(take, array, area, connectivity=connectivity)


@like(theirs.area_opening, "skimage.morphology.area_opening")
def area_opening(
    image: NDArray,
    area_threshold: int = 64,
    connectivity: int = 1,
    parent: NDArray | None = None,
    tree_traverser: NDArray | None = None,
) -> NDArray:
    """Lower bright regions that are small, as `skimage.morphology.area_opening` does."""
    return _areas(image, area_threshold, connectivity, (parent, tree_traverser), opens=True)


@like(theirs.area_closing, "skimage.morphology.area_closing")
def area_closing(
    image: NDArray,
    area_threshold: int = 64,
    connectivity: int = 1,
    parent: NDArray | None = None,
    tree_traverser: NDArray | None = None,
) -> NDArray:
    """Raise dark regions that are small, as `skimage.morphology.area_closing` does."""
    return _areas(image, area_threshold, connectivity, (parent, tree_traverser), opens=False)
