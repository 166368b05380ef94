"""Means of 2x2 samples."""

import numpy as np

import imfilter
from tests.looping import loop_over


@loop_over("dtype", ["uint8", "uint16", "float32"])
@loop_over("shape", [(2, 2), (4, 14), (7, 131), (64, 300), (3, 5, 259), (2, 520)])
def test_means_of_squares_of_two_samples(shape, dtype):
    """They have their own kernel. Integers are rounded half to even, floats are summed in float64."""
    image = (np.random.default_rng(2).random(shape) * (65535 if dtype == "uint16" else 255)).astype(dtype)
    image = image - np.float32(100) if dtype == "float32" else image
    wide = image[..., : shape[-2] // 2 * 2, : shape[-1] // 2 * 2].astype(np.float64)
    rows = wide[..., ::2, :] + wide[..., 1::2, :]
    mean = (rows[..., ::2] + rows[..., 1::2]) * 0.25
    expected = mean.astype(dtype) if dtype == "float32" else np.rint(mean).astype(dtype)
    found = imfilter.avg_pool(image, 2, axes=(-2, -1))
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(imfilter.avg_pool(image[..., ::-1][..., ::-1], 2, axes=(-2, -1)), expected)
    halved = imfilter.resize(image[..., : shape[-2] // 2 * 2, : shape[-1] // 2 * 2], scale=0.5, axes=(-2, -1))
    np.testing.assert_array_equal(halved, expected)
