"""Bands of an image: each result is in one of them, with all samples that it depends on."""

import numpy as np
import pytest

from imfilter._base import bands

SHAPES = [(1,), (500, 40), (40, 500), (3, 200, 100), (7, 90, 4, 50)]


def check(found, shape, reach, *, periodic):
    """Check the samples near each band. Return how often each result is in a band."""
    count, position = np.zeros(shape, int), np.arange(np.prod(shape)).reshape(shape)
    for band in found:
        count[band.where] += 1
        near = band.of(position)
        np.testing.assert_array_equal(near[band.inner], position[band.where])
        expected = position
        for axis, (n, far, part) in enumerate(zip(shape, reach, band.where, strict=True)):
            if part != slice(None):
                index = np.arange(part.start - far, part.stop + far)
                index = index % n if periodic else index[(index >= 0) & (index < n)]
                expected = expected.take(index, axis)
        np.testing.assert_array_equal(near, expected)
    return count


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_bands_cover_an_image(shape, periodic):
    rng = np.random.default_rng(1)
    for each in (4096, 1024, 64):
        for _ in range(5):
            reach = rng.integers(0, 9, len(shape)).tolist()
            count = check(bands.of(shape, each, reach, periodic=periodic), shape, reach, periodic=periodic)
            assert (count == 1).all() or not count.any()


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_bands_at_the_border(shape, periodic):
    rng = np.random.default_rng(2)
    for _ in range(10):
        reach = rng.integers(0, 12, len(shape)).tolist()
        count = check(bands.at_border(shape, reach, periodic=periodic), shape, reach, periodic=periodic)
        inside = tuple(slice(far, max(n - far, far)) for n, far in zip(shape, reach, strict=True))
        outside = np.ones(shape, bool)
        outside[inside] = False
        np.testing.assert_array_equal(count > 0, outside)


def test_small_and_empty_images_have_none():
    assert bands.of((100, 100), 1, (0, 0)) == []
    assert bands.of((0, 10000), 1, (0, 0)) == []
    assert len(bands.of((1 << 22,), 5, (0,))) == 4


def test_bands_of_large_windows_are_larger():
    """They do not compute each sample many times."""
    for shape, far in (((2160, 3840), 31), ((2160, 3840), 300), ((64, 256, 256), 20)):
        reach = (far,) * len(shape)
        found = bands.of(shape, 29, reach)
        near = sum(np.prod(band.of(np.broadcast_to(0, shape)).shape) for band in found)
        assert near < 1.8 ** len(shape) * np.prod(shape)
