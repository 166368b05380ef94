"""What the page shows of an image: a part of it, reduced to the size of the view, as bytes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import imfilter

from .._files.image import Image

Array = NDArray[Any]
#: Most pixels of a view.
MOST = 2**22
#: Most samples that decide which values are black and white.
_SAMPLES = 2**20


@dataclasses.dataclass(frozen=True)
class View:
    """A part of an image and the size at which it is shown.

    Parameters
    ----------
    left, top, right, bottom : float
        The part, as shares of the width and of the height: 0 to 1.
    width, height : int
        Its size on the screen in pixels.
    """

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0
    width: int = 1024
    height: int = 1024

    def __post_init__(self) -> None:
        """Check that the view is a part of the image."""
        inside = 0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1
        if not inside or min(self.width, self.height) < 1 or self.width * self.height > MOST:
            raise ValueError(
                f"view must be a part of the picture with at most {MOST} pixels, "
                f"got {dataclasses.astuple(self)}"
            )

    def limited(self, pixels: float) -> View:
        """Return the same part with fewer pixels on the screen."""
        share = math.sqrt(min(1.0, pixels / (self.width * self.height)))
        return dataclasses.replace(
            self, width=max(1, int(self.width * share)), height=max(1, int(self.height * share))
        )

    def rectangle(self, image: Image) -> tuple[int, int, int, int]:
        """Return the first column and row, and the columns and rows after the last ones, of the part."""
        rows, columns = image.pixels.shape[:2]
        left, top = int(self.left * columns), int(self.top * rows)
        right, bottom = math.ceil(self.right * columns), math.ceil(self.bottom * rows)
        left, top = min(left, columns - 1), min(top, rows - 1)
        return left, top, max(min(right, columns), left + 1), max(min(bottom, rows), top + 1)

    def factor(self, image: Image) -> float:
        """Return by how much the part is reduced: 1 or more."""
        left, top, right, bottom = self.rectangle(image)
        return max(1.0, (right - left) / self.width, (bottom - top) / self.height)


def part(image: Image, view: View) -> Image:
    """Return the part of a view, reduced by the mean of areas where the screen has fewer pixels."""
    left, top, right, bottom = view.rectangle(image)
    pixels = image.pixels[top:bottom, left:right]
    factor = view.factor(image)
    if factor > 1:
        if pixels.dtype == np.bool_:
            pixels = pixels.view(np.uint8) * np.uint8(255)
        shape = (max(1, round((bottom - top) / factor)), max(1, round((right - left) / factor)))
        channels = -1 if image.channels else None
        pixels = imfilter.resize(pixels, shape, method="area", channel_axis=channels)
    return dataclasses.replace(image, pixels=pixels, present=None)


def range_of(pixels: Array) -> tuple[float, float]:
    """Return the least and the largest finite value of some of the pixels, which lie evenly."""
    step = max(1, math.isqrt(pixels.shape[0] * pixels.shape[1] // _SAMPLES))
    values = pixels[::step, ::step]
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    return (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)


def stretched(values: Array, ends: tuple[float, float]) -> Array:
    """Return values as bytes: black at the first of two values, white at the other."""
    if values.dtype == np.bool_:
        return values.view(np.uint8) * np.uint8(255)
    height = ends[1] - ends[0]
    scaled = (values.astype(np.float32) - np.float32(ends[0])) * np.float32(255 / height if height else 0)
    return np.rint(np.clip(np.nan_to_num(scaled, nan=0), 0, 255)).astype(np.uint8)


def rgba(
    image: Image, view: View, tone: Callable[[Array], Array] | None, ends: tuple[float, float] | None
) -> Array:
    """Return the bytes of a view: red, green, blue and opacity of each pixel.

    Parameters
    ----------
    image : Image
        The result of a filter.
    view : View
        What is shown of it.
    tone : callable or None
        The conversion of values to bytes.
    ends : tuple of float or None
        The values that are black and white, in place of `tone`.
    """
    values = part(image, view).pixels
    if ends is not None:
        grey = stretched(values, ends)
    elif tone is not None:
        grey = tone(values.copy() if np.shares_memory(values, image.pixels) else values)
    else:
        grey = values
    shown = np.full((*grey.shape[:2], 4), 255, np.uint8)
    shown[..., :3] = grey if grey.ndim == 3 else grey[..., None]
    return shown
