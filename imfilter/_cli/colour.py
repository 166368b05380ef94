"""Conversion of colour and opacity to the single plane that a filter needs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imfilter._base import dtypes
from imfilter.color import rgb_to_gray

from .._files.image import Image, full_scale

Array = NDArray[Any]

#: ITU-R BT.601-7, 2.5.1: the luminance of gamma-encoded R, G, B.
LUMINANCE = (0.299, 0.587, 0.114)


def share(opacity: Array) -> Array:
    """Return opacity from 0 to 1, in a type with enough precision for the colour."""
    work = np.float32 if opacity.dtype.itemsize == 1 else np.float64
    shares: Array = np.divide(opacity, full_scale(opacity.dtype), dtype=work)
    return shares


def weighed(colour: Array, shares: Array, black: float = 0.0) -> Array:
    """Return colour over black, weighted with opacity."""
    spread = shares if colour.ndim == shares.ndim else shares[..., None]
    return (colour - shares.dtype.type(black)) * spread + black if black else colour * spread


def over_black(image: Image, black: float = 0.0) -> Array:
    """Return the colour or grey of an image. Transparent pixels are blended with black."""
    if image.opacity is None:
        return image.colour
    plane = weighed(image.colour, share(image.opacity), black)
    return plane[..., 0] if plane.ndim > image.spatial and plane.shape[-1] == 1 else plane


def one_plane(image: Image, black: float = 0.0) -> Array:
    """Return the luminance of an image. Transparent pixels are blended with black."""
    plane = over_black(image, black)
    return luminance(plane) if is_rgb(image) else plane


def is_rgb(image: Image) -> bool:
    """Return whether the channels are red, green and blue."""
    if image.apart or not image.channels:
        return False
    return image.colour.ndim > image.spatial and image.colour.shape[-1] == 3


def luminance(colour: Array) -> Array:
    """Return BT.601 luminance in floating point, not rounded."""
    return rgb_to_gray(colour, dtype=dtypes.derived(colour.dtype))
