"""Real images for the tests: the photographs in the package of scikit-image."""

import functools

import numpy as np
import skimage.data

GREY = ("camera", "coins", "page", "moon")
COLOUR = ("astronaut", "chelsea", "coffee")


@functools.cache
def photo(name):
    """A uint8 photograph: (H, W) for names in GREY, (H, W, 3) for names in COLOUR."""
    image = getattr(skimage.data, name)()
    image.flags.writeable = False
    return image


@functools.cache
def volume():
    """A volume with the texture of a photograph: windows of `camera` that move with depth."""
    camera = photo("camera")
    return np.stack(
        [camera[150 + 3 * z : 150 + 3 * z + 41, 180 + 5 * z : 180 + 5 * z + 70] for z in range(19)]
    )


def signal():
    """The rows of a photograph, one after the other, as a 1-D signal."""
    return photo("page").reshape(-1)[:20011]


def as_type(image, dtype):
    """The picture in another dtype and its whole range. Floats keep the range 0 to 255 and get fractions.

    Truth values are whether samples are brighter than the mean.
    """
    dtype = np.dtype(dtype)
    if dtype == image.dtype:
        return image
    if dtype.kind == "b":
        return image > image.mean()
    if dtype.kind == "f":
        # Add a smooth ramp of less than one grey level: samples of real float images are not integers.
        ramp = np.linspace(0, 0.9, image.size).reshape(image.shape)
        return (image + ramp).astype(dtype)
    return (image.astype(np.uint16) * 257 - image % 7).clip(0, 65535).astype(dtype)
