"""Functions of `skimage.transform`, by their names, arguments and results: resizing and pyramids."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import skimage.transform as theirs

from imfilter._base import dtypes
from imfilter._base.call_cache import Calls, remembered
from imfilter._base.keywords import Common
from imfilter._compat import skimage_images as images
from imfilter._compat.serving import Elsewhere, here, like
from imfilter._filters.resampling import apply as resampling
from imfilter._filters.resampling import tables
from imfilter.compat import ndimage
from imfilter.compat.skimage.filters.smoothing import deviations, gaussian
from imfilter.typing import Mode, NDArray

__all__ = ["pyramid_expand", "pyramid_gaussian", "pyramid_laplacian", "pyramid_reduce", "rescale", "resize"]

#: Borders of this engine and of SciPy by the names of `numpy.pad`.
_BORDERS: dict[str, tuple[Mode, str]] = {
    "constant": ("constant", "grid-constant"),
    "edge": ("edge", "nearest"),
    "symmetric": ("symmetric", "reflect"),
    "reflect": ("mirror", "mirror"),
    "wrap": ("wrap", "grid-wrap"),
}
#: Most axes whose lengths change.
_MOST_AXES = 3


@like(theirs.resize, "skimage.transform.resize")
def resize(
    image: NDArray,
    output_shape: Sequence[int],
    order: int | None = None,
    mode: str = "reflect",
    cval: float = 0,
    clip: bool = True,
    preserve_range: bool = False,
    anti_aliasing: bool | None = None,
    anti_aliasing_sigma: float | Sequence[float] | None = None,
) -> NDArray:
    """Smooth and interpolate linearly, as `skimage.transform.resize` does."""
    own = output_shape, order, mode, cval, preserve_range, anti_aliasing, anti_aliasing_sigma
    array = images.image(image)
    prepared = remembered(_kept, _resized, array, own)
    converted = images.floats(array, preserve_range=preserve_range)
    low, high = np.minimum.reduce(converted, None), np.maximum.reduce(converted, None)
    if not math.isfinite(float(high) - float(low)):  # also if the difference overflows
        images.finite(converted)
    smooth, call, level = prepared
    found = resampling.FAMILY.compute(call, smooth(converted), None, None)
    if clip:
        if mode == "constant" and not low <= level <= high and found.min() <= level <= found.max():
            low, high = min(low, found.dtype.type(level)), max(high, found.dtype.type(level))
        found.clip(np.array(low), np.array(high), out=found)  # numbers and `np.clip` take 3 us more
    return found


class _Resizing(NamedTuple):
    """What smooths an image of floats, the interpolation, and the constant beyond the border."""

    smooth: Callable[[NDArray], NDArray]
    call: resampling.Call
    level: float


_kept: Calls[_Resizing] = Calls()


def _resized(
    array: NDArray,
    output_shape: Any,
    order: Any,
    mode: Any,
    cval: Any,
    preserve_range: Any,
    anti_aliasing: Any,
    anti_aliasing_sigma: Any,
) -> _Resizing:
    if array.dtype.kind == "b" or order not in (None, 1) or isinstance(order, bool):
        raise Elsewhere("the image is binary, or the interpolation is not linear")
    if anti_aliasing_sigma is not None or mode not in _BORDERS:
        raise Elsewhere("anti_aliasing_sigma is given, or the mode is not known")
    lengths = [float(n) for n in output_shape]
    if not all(n.is_integer() for n in lengths):
        raise Elsewhere("a length of output_shape is not a whole number")  # its factors have the fractions
    shape = tuple(map(int, lengths))
    shape = (*shape, *array.shape[-1:]) if len(shape) == array.ndim - 1 else shape
    if len(shape) != array.ndim or min(shape) < 1:
        raise Elsewhere("output_shape does not fit the image")
    axes = tuple(axis for axis, n in enumerate(shape) if n != array.shape[axis])
    if not 0 < len(axes) <= _MOST_AXES or any(min(array.shape[a], shape[a]) < 2 for a in axes):
        raise Elsewhere("no length changes, or an axis has one sample")
    level, (ours, of_scipy) = images.real(cval, "cval"), _BORDERS[mode]
    factors = np.divide(array.shape, shape)
    if anti_aliasing is None:
        anti_aliasing = bool((factors > 1).any())
    smooth: Callable[[NDArray], NDArray] = _same
    if anti_aliasing:
        deviations = np.maximum(0, (factors - 1) / 2).tolist()
        smooth = functools.partial(here(ndimage.gaussian_filter), sigma=deviations, mode=of_scipy, cval=level)
    along = [
        tables.of(
            (array.shape[a], shape[a]), tables.LINEAR, tables.CENTRES, ours, antialias=False, sharpness=0
        )
        for a in axes
    ]
    one = images.floats(array[(slice(1),) * array.ndim], preserve_range=preserve_range)
    common = Common(axes=axes, mode=ours, cval=level if ours == "constant" else 0.0)
    image = dtypes.blank(array.shape, one.dtype)
    call = resampling.FAMILY.settle(image, common, resampling.GIVEN, (ours, *along))
    return _Resizing(smooth, call, level)


def _same(array: NDArray) -> NDArray:
    return array


@like(theirs.rescale, "skimage.transform.rescale")
def rescale(
    image: NDArray,
    scale: float | Sequence[float],
    order: int | None = None,
    mode: str = "reflect",
    cval: float = 0,
    clip: bool = True,
    preserve_range: bool = False,
    anti_aliasing: bool | None = None,
    anti_aliasing_sigma: float | Sequence[float] | None = None,
    *,
    channel_axis: int | None = None,
) -> NDArray:
    """Change the size by a factor, as `skimage.transform.rescale` does."""
    array = images.image(image)
    shape = remembered(_shapes, _scaled, array, (scale, channel_axis))
    return here(resize)(
        array, shape, order, mode, cval, clip, preserve_range, anti_aliasing, anti_aliasing_sigma
    )


#: Shapes of results by the arguments of `rescale`.
_shapes: Calls[tuple[int, ...]] = Calls()


def _scaled(array: NDArray, scale: Any, channel_axis: Any) -> tuple[int, ...]:
    channel = None if channel_axis is None else channel_axis % array.ndim
    spatial = [axis for axis in range(array.ndim) if axis != channel]
    factors = np.atleast_1d(scale)
    if factors.shape not in [(1,), (len(spatial),)]:
        raise Elsewhere("scale does not fit the image")
    shape = list(array.shape)
    for axis, factor in zip(spatial, np.broadcast_to(factors, len(spatial)), strict=True):
        shape[axis] = int(np.maximum(np.round(factor * array.shape[axis]), 1))
    return tuple(shape)


class _Layer(NamedTuple):
    """The shape of a layer of a pyramid, and the standard deviations of the Gaussian along all axes."""

    shape: tuple[int, ...]
    sigma: Any


#: Layers by the arguments that they are made of.
_layers: Calls[_Layer] = Calls()


def _smaller(array: NDArray, downscale: Any, sigma: Any, channel_axis: Any) -> _Layer:
    channel = _channel(array, downscale, channel_axis)
    deviation = _deviation(downscale, sigma)
    return _Layer(_less(array, downscale, channel), deviations(array, deviation, channel))


def _larger(array: NDArray, upscale: Any, sigma: Any, channel_axis: Any) -> _Layer:
    channel = _channel(array, upscale, channel_axis)
    shape = tuple(n if a == channel else math.ceil(upscale * n) for a, n in enumerate(array.shape))
    return _Layer(shape, deviations(array, _deviation(upscale, sigma), channel))


def _channel(array: NDArray, factor: Any, channel_axis: Any) -> int | None:
    """Return the axis of channels of a pyramid."""
    if not images.real(factor, "the factor") > 1:
        raise Elsewhere("the factor is not above 1")
    return None if channel_axis is None else channel_axis % array.ndim


def _deviation(factor: float, sigma: Any) -> Any:
    """Return the standard deviation before a layer of a pyramid."""
    return 2 * factor / 6.0 if sigma is None else sigma


def _less(array: NDArray, factor: float, channel: int | None) -> tuple[int, ...]:
    """Return the shape of the next layer of a pyramid."""
    return tuple(n if a == channel else math.ceil(n / float(factor)) for a, n in enumerate(array.shape))


@like(theirs.pyramid_reduce, "skimage.transform.pyramid_reduce")
def pyramid_reduce(
    image: NDArray,
    downscale: float = 2,
    sigma: float | None = None,
    order: int = 1,
    mode: str = "reflect",
    cval: float = 0,
    preserve_range: bool = False,
    *,
    channel_axis: int | None = None,
) -> NDArray:
    """Smooth and shrink, as `skimage.transform.pyramid_reduce` does."""
    array = images.image(image)
    layer = remembered(_layers, _smaller, array, (downscale, sigma, channel_axis))
    converted = images.floats(array, preserve_range=preserve_range)
    smoothed = here(ndimage.gaussian_filter)(converted, layer.sigma, mode=mode, cval=cval)
    return here(resize)(smoothed, layer.shape, order, mode, cval, anti_aliasing=False)


@like(theirs.pyramid_expand, "skimage.transform.pyramid_expand")
def pyramid_expand(
    image: NDArray,
    upscale: float = 2,
    sigma: float | None = None,
    order: int = 1,
    mode: str = "reflect",
    cval: float = 0,
    preserve_range: bool = False,
    *,
    channel_axis: int | None = None,
) -> NDArray:
    """Enlarge and smooth, as `skimage.transform.pyramid_expand` does."""
    array = images.image(image)
    layer = remembered(_layers, _larger, array, (upscale, sigma, channel_axis))
    converted = images.floats(array, preserve_range=preserve_range)
    larger = here(resize)(converted, layer.shape, order, mode, cval, anti_aliasing=False)
    return here(ndimage.gaussian_filter)(larger, layer.sigma, mode=mode, cval=cval)


@like(theirs.pyramid_gaussian, "skimage.transform.pyramid_gaussian")
def pyramid_gaussian(
    image: NDArray,
    max_layer: int = -1,
    downscale: float = 2,
    sigma: float | None = None,
    order: int = 1,
    mode: str = "reflect",
    cval: float = 0,
    preserve_range: bool = False,
    *,
    channel_axis: int | None = None,
) -> Iterator[NDArray]:
    """Yield smaller and smaller images, as `skimage.transform.pyramid_gaussian` does."""
    array = images.image(image)
    channel = _channel(array, downscale, channel_axis)
    array = images.finite(images.floats(array, preserve_range=preserve_range))
    options = downscale, sigma, order, mode, cval

    def layers(layer: NDArray, left: int) -> Iterator[NDArray]:
        while True:
            yield layer
            if left == 0 or _less(layer, downscale, channel) == layer.shape:
                return
            layer, left = pyramid_reduce(layer, *options, channel_axis=channel), left - 1

    return layers(array, max_layer)


@like(theirs.pyramid_laplacian, "skimage.transform.pyramid_laplacian")
def pyramid_laplacian(
    image: NDArray,
    max_layer: int = -1,
    downscale: float = 2,
    sigma: float | None = None,
    order: int = 1,
    mode: str = "reflect",
    cval: float = 0,
    preserve_range: bool = False,
    *,
    channel_axis: int | None = None,
) -> Iterator[NDArray]:
    """Yield what each layer of a pyramid adds, as `skimage.transform.pyramid_laplacian` does."""
    array = images.image(image)
    channel = _channel(array, downscale, channel_axis)
    array = images.finite(images.floats(array, preserve_range=preserve_range))
    if array.dtype != np.float64:
        raise Elsewhere("differences of float32 have few digits")
    deviation = _deviation(downscale, sigma)
    longest = max(n for axis, n in enumerate(array.shape) if axis != channel)
    count = math.ceil(math.log(longest, downscale)) if max_layer == -1 else max_layer

    def layers(layer: NDArray) -> Iterator[NDArray]:
        smoothed = gaussian(layer, deviation, mode=mode, cval=cval, channel_axis=channel)
        yield layer - smoothed
        for _ in range(count):
            shape = _less(smoothed, downscale, channel)
            layer = resize(smoothed, shape, order, mode, cval, anti_aliasing=False)
            smoothed = gaussian(layer, deviation, mode=mode, cval=cval, channel_axis=channel)
            yield layer - smoothed

    return layers(array)
