"""Arrays (``.npy``): all axes are spatial, except the axis of ``--channel-axis``."""

from __future__ import annotations

import dataclasses

import numpy as np

from .._files.image import Image


def with_channels(image: Image, channel_axis: int | None) -> Image:
    """Move the channel axis of an array to the end, as in pictures."""
    if channel_axis is None:
        return image
    if image.channels:
        raise ValueError("--channel-axis is only for .npy files, and IN is a picture")
    if image.pixels.ndim < 2:
        raise ValueError(f"--channel-axis needs 2 or more axes, got shape {image.pixels.shape}")
    return dataclasses.replace(image, pixels=np.moveaxis(image.pixels, channel_axis, -1), channels=True)


def with_input_order(image: Image, channel_axis: int | None) -> Image:
    """Move the channel axis of a result back to its position in the input."""
    if channel_axis is None or not image.channels:
        return image
    return dataclasses.replace(
        image, pixels=np.ascontiguousarray(np.moveaxis(image.pixels, -1, channel_axis))
    )
