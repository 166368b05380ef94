"""Images for the tests of edge-preserving filters."""

import numpy as np

from tests.reference import naive

MODES = (*naive.MODES, "shrink")
DTYPES = ("?", "u1", "i1", "u2", "i2", "u4", "i4", "i8", "u8", "f2", "f4", ">f4", "f8", "g")


def picture(dtype, shape, seed=0):
    """Random samples of any type."""
    rng, dtype = np.random.default_rng(seed), np.dtype(dtype)
    if dtype.kind == "f":
        return rng.normal(3, 2, shape).astype(dtype)
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max, shape, dtype, endpoint=True)


def photo():
    """A noisy grey image and a noisy colour image, of bytes, with edges and slopes."""
    rng = np.random.default_rng(100)
    y, x = np.mgrid[:64, :80]
    scene = np.where((x - 40) ** 2 + (y - 30) ** 2 < 400, 180, 60) + x / 2
    colour = np.stack([scene, 255 - scene, scene[::-1]], axis=-1) + rng.normal(0, 10, (64, 80, 3))
    return tuple(np.clip(a, 0, 255).astype(np.uint8) for a in (colour[..., 0], colour))
