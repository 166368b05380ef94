"""Grey morphology of `skimage.morphology`, and reconstruction."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import skimage.morphology as theirs
from scipy.ndimage import generate_binary_structure

from imfilter._compat import skimage_images as images
from imfilter._compat.ndimage_arguments import MOST_AXES
from imfilter._compat.serving import Elsewhere, here, like
from imfilter._filters.morphology import neighbours
from imfilter._filters.morphology.two_images import within
from imfilter.compat import ndimage
from imfilter.typing import NDArray

#: A window, or windows that are applied in turn, each some times. Default: the nearest neighbours.
Footprint = NDArray | Sequence[tuple[NDArray, int]] | None
#: Windows of odd lengths, the mirrored ones, and how often each is applied.
_Windows = list[tuple[NDArray, NDArray, int]]
_OWN_BORDERS = ("max", "min", "ignore")
_BORDERS = ("reflect", "constant", "nearest", "mirror", "wrap", *_OWN_BORDERS)


@like(theirs.erosion, "skimage.morphology.erosion")
def erosion(
    image: NDArray,
    footprint: Footprint = None,
    out: NDArray | None = None,
    *,
    mode: str = "reflect",
    cval: float = 0.0,
) -> NDArray:
    """Take the minima of windows, as `skimage.morphology.erosion` does."""
    array = _image(image, out)
    return _extremes(array, _windows(footprint, array), out, mode, cval, largest=False)


@like(theirs.dilation, "skimage.morphology.dilation")
def dilation(
    image: NDArray,
    footprint: Footprint = None,
    out: NDArray | None = None,
    *,
    mode: str = "reflect",
    cval: float = 0.0,
) -> NDArray:
    """Take the maxima of windows, as `skimage.morphology.dilation` does."""
    array = _image(image, out)
    return _extremes(array, _windows(footprint, array), out, mode, cval, largest=True)


@like(theirs.opening, "skimage.morphology.opening")
def opening(
    image: NDArray,
    footprint: Footprint = None,
    out: NDArray | None = None,
    *,
    mode: str = "reflect",
    cval: float = 0.0,
) -> NDArray:
    """Erode, then dilate, as `skimage.morphology.opening` does."""
    return _both(image, footprint, out, mode, cval, last=True)


@like(theirs.closing, "skimage.morphology.closing")
def closing(
    image: NDArray,
    footprint: Footprint = None,
    out: NDArray | None = None,
    *,
    mode: str = "reflect",
    cval: float = 0.0,
) -> NDArray:
    """Dilate, then erode, as `skimage.morphology.closing` does."""
    return _both(image, footprint, out, mode, cval, last=False)


@like(theirs.white_tophat, "skimage.morphology.white_tophat")
def white_tophat(
    image: NDArray,
    footprint: Footprint = None,
    out: NDArray | None = None,
    *,
    mode: str = "reflect",
    cval: float = 0.0,
) -> NDArray:
    """Subtract the opening from the image, as `skimage.morphology.white_tophat` does."""
    opened = _both(image, footprint, None, mode, cval, last=True, place=out)
    return _difference(image, opened, opened if out is None else out)


@like(theirs.black_tophat, "skimage.morphology.black_tophat")
def black_tophat(
    image: NDArray,
    footprint: Footprint = None,
    out: NDArray | None = None,
    *,
    mode: str = "reflect",
    cval: float = 0.0,
) -> NDArray:
    """Subtract the image from its closing, as `skimage.morphology.black_tophat` does."""
    closed = _both(image, footprint, None, mode, cval, last=False, place=out)
    return _difference(closed, image, closed if out is None else out)


def _image(image: Any, out: Any) -> NDArray:
    """Return the image. The array for the result has its type."""
    array = images.image(image)
    if out is not None and (
        type(out) is not np.ndarray or out.shape != array.shape or out.dtype != array.dtype
    ):
        raise Elsewhere("out is not a plain array of the image's shape and type")
    return array


def _both(
    image: Any, footprint: Any, out: Any, mode: Any, cval: Any, *, last: bool, place: Any = None
) -> NDArray:
    """Take one extreme and then the other, in mirrored windows. `last` is whether maxima follow minima."""
    array = _image(image, place if out is None else out)
    windows = _windows(footprint, array)
    middle = _extremes(array, windows, None, mode, cval, largest=not last)
    mirrored = [(mirror, window, count) for window, mirror, count in windows]
    return _extremes(middle, mirrored, out, mode, cval, largest=last)


def _windows(footprint: Any, array: NDArray) -> _Windows:
    """Return windows and how often each is applied."""
    if footprint is None:
        footprint = _nearest(array.ndim)
    given = [(footprint, 1)] if isinstance(footprint, np.ndarray) else footprint
    if type(given) not in (list, tuple) or not given:
        raise Elsewhere("the footprint is not usual")
    found = []
    for pair in given:
        if len(pair) != 2 or type(pair[0]) is not np.ndarray:
            raise Elsewhere("the footprint is not usual")
        if not isinstance(pair[1], int | np.integer) or pair[1] < 1:
            raise Elsewhere("the footprint is not usual")
        window = pair[0]
        if window.dtype.kind not in "biuf":
            raise Elsewhere("the footprint has no numbers")
        found.append((*_odd(window.tobytes(), window.dtype, window.shape), int(pair[1])))
    return found


@functools.cache
def _nearest(ndim: int) -> NDArray:
    """Return a sample and its nearest neighbours."""
    return generate_binary_structure(ndim, 1)


@functools.lru_cache(256)
def _odd(values: bytes, kind: np.dtype, shape: tuple[int, ...]) -> tuple[NDArray, NDArray]:
    """Return a window of odd lengths, and the mirrored one. To pad it takes 15 us."""
    inside = np.frombuffer(values, kind).reshape(shape) != 0
    window = np.pad(inside, [(1 - n % 2, 0) for n in shape])
    return window, np.ascontiguousarray(np.flip(window))


def _extremes(
    array: NDArray, windows: _Windows, out: NDArray | None, mode: Any, cval: Any, *, largest: bool
) -> NDArray:
    """Take the extremes of windows in turn."""
    if mode not in _BORDERS:
        raise Elsewhere("the border is not known")
    if mode in _OWN_BORDERS:
        most = largest if mode == "ignore" else mode == "min"
        cval = _limit(array.dtype, lowest=most)
        mode = "constant"
    take = here(ndimage.maximum_filter if largest else ndimage.minimum_filter)
    for window, _, count in windows:
        for _ in range(count):
            array = take(array, footprint=window, mode=mode, cval=cval)
    if out is None:
        return array
    out[...] = array
    return out


def _limit(kind: np.dtype, *, lowest: bool) -> float:
    """Return the least or the largest value of a type."""
    if kind.kind == "f":
        return -np.inf if lowest else np.inf
    if kind.kind == "b":
        return 0 if lowest else 1
    return int(np.iinfo(kind).min if lowest else np.iinfo(kind).max)


def _difference(first: NDArray, second: NDArray, out: NDArray) -> NDArray:
    return (np.logical_xor if out.dtype.kind == "b" else np.subtract)(first, second, out=out)


@like(theirs.reconstruction, "skimage.morphology.reconstruction")
def reconstruction(
    seed: NDArray,
    mask: NDArray,
    method: Literal["dilation", "erosion"] = "dilation",
    footprint: NDArray | None = None,
    offset: NDArray | None = None,
) -> NDArray:
    """Dilate or erode a seed under a mask until nothing changes, as `reconstruction` does."""
    inner, outer = images.image(seed), images.image(mask)
    check_footprint(footprint, inner)
    if offset is not None:
        raise Elsewhere("not all neighbours are joined")
    if inner.shape != outer.shape or method not in ("dilation", "erosion"):
        raise Elsewhere("the arguments do not fit")
    inside = inner <= outer if method == "dilation" else inner >= outer
    if not inside.all():  # also if a sample is NaN
        raise Elsewhere("the seed is beyond the mask")
    return reconstructed(inner, outer, dilation=method == "dilation")


def check_footprint(footprint: Any, array: NDArray) -> None:
    """Leave reconstructions that do not join all neighbours of a sample to scikit-image."""
    if array.ndim > MOST_AXES:
        raise Elsewhere("the image has more than three axes")
    if footprint is None:
        return
    if type(footprint) is not np.ndarray or footprint.shape != (3,) * array.ndim:
        raise Elsewhere("the footprint is not of three samples along each axis")
    if not footprint.all():
        raise Elsewhere("not all neighbours are joined")


def reconstructed(seed: NDArray, mask: NDArray, *, dilation: bool) -> NDArray:
    """Reconstruct a seed that is not beyond the mask. All neighbours are joined, and no sample is NaN."""
    kind = np.dtype(np.float32 if mask.dtype in (np.float16, np.float32) else np.float64)
    if seed.dtype != mask.dtype or seed.dtype.kind == "f":
        seed, mask = seed.astype(kind, copy=False), mask.astype(kind, copy=False)
    around, axes = neighbours.checked(None, seed.ndim), tuple(range(seed.ndim))
    return within(seed, mask, around, axes, None, None, dilation=dilation).astype(kind, copy=False)
