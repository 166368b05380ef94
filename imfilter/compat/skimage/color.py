"""Functions of `skimage.color`, by their names, arguments and results: grey and L*a*b*."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import skimage.color as theirs

from imfilter import color
from imfilter._compat import skimage_images as images
from imfilter._compat.serving import Elsewhere, like
from imfilter._filters.color import conversion
from imfilter.typing import NDArray

__all__ = ["lab2rgb", "rgb2gray", "rgb2lab"]

#: scikit-image's weights of red, green and blue.
_WEIGHTS = (0.2125, 0.7154, 0.0721)


def _pixels(image: Any, channel_axis: Any) -> tuple[NDArray, int]:
    """Return an image of colours and their axis."""
    array = images.image(image)
    if type(channel_axis) is not int or not -array.ndim <= channel_axis < array.ndim:
        raise Elsewhere("channel_axis is not usual")
    if array.ndim < 2 or array.shape[channel_axis] != 3:
        raise Elsewhere("the image is one pixel or does not have three channels")
    return array, channel_axis % array.ndim


@like(theirs.rgb2gray, "skimage.color.rgb2gray")
def rgb2gray(rgb: NDArray, *, channel_axis: int = -1) -> NDArray:
    """Add the weighted channels, as `skimage.color.rgb2gray` does."""
    array, axis = _pixels(rgb, channel_axis)
    if array.dtype.kind == "u" and array.dtype.itemsize < 8:
        # scikit-image divides by the largest value of the type.
        scale, kind = 1.0 / np.iinfo(array.dtype).max, np.dtype(np.float64)
    else:
        array = images.floats(array)
        scale, kind = 1.0, array.dtype
    red, green, blue = (weight * scale for weight in _WEIGHTS)
    recipe = conversion.gray((red, green, blue), array.dtype, kind)
    return conversion.convert(array, axis, recipe, kind, None, None)


def _light(illuminant: Any, observer: Any) -> None:
    if illuminant != "D65" or observer != "2":
        raise Elsewhere("the light is not the usual one")


@like(theirs.rgb2lab, "skimage.color.rgb2lab")
def rgb2lab(rgb: NDArray, illuminant: str = "D65", observer: str = "2", *, channel_axis: int = -1) -> NDArray:
    """Convert sRGB to CIE L*a*b*, as `skimage.color.rgb2lab` does."""
    _light(illuminant, observer)
    array, axis = _pixels(rgb, channel_axis)
    converted = images.floats(array)
    return color.rgb_to_lab(converted, channel_axis=axis, dtype=converted.dtype)


@like(theirs.lab2rgb, "skimage.color.lab2rgb")
def lab2rgb(lab: NDArray, illuminant: str = "D65", observer: str = "2", *, channel_axis: int = -1) -> NDArray:
    """Convert CIE L*a*b* to sRGB, as `skimage.color.lab2rgb` does."""
    _light(illuminant, observer)
    array, axis = _pixels(lab, channel_axis)
    if array.dtype.kind != "f":
        raise Elsewhere(f"the dtype is {array.dtype.name}")
    converted = images.floats(array)
    _check_z(converted, axis)
    kind = converted.dtype
    return conversion.convert(converted, axis, conversion.from_lab(kind), kind, None, None)


def _check_z(lab: NDArray, axis: int) -> None:
    """Leave colours to scikit-image for which it warns of a negative Z. The operations are in its order."""
    light, blue = (lab[(slice(None),) * axis + (channel,)] for channel in (0, 2))
    shift, scale, of_blue = _numbers(lab.dtype)
    z = light + shift
    np.divide(z, scale, out=z)
    np.subtract(z, blue / of_blue, out=z)
    if not np.minimum.reduce(z, None) >= 0:  # also if a sample is NaN
        raise Elsewhere("scikit-image warns of a negative Z")


@functools.cache
def _numbers(kind: np.dtype) -> tuple[NDArray, ...]:
    """Return the numbers of Z. Numbers of Python take 0.3 us more in each operation."""
    return tuple(np.array(n, kind) for n in (16, 116, 200))
