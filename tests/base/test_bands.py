"""Bands of an image: each result is in one of them, with all samples that it depends on."""

import numpy as np
import pytest

from imfilter._base import bands


@pytest.mark.parametrize("shape", [(1,), (500, 40), (40, 500), (3, 200, 100), (7, 90, 4, 50)])
def test_bands_cover_an_image(shape):
    rng = np.random.default_rng(1)
    for _ in range(20):
        reach = rng.integers(-1, 9, len(shape)).tolist()
        count, position = np.zeros(shape, int), np.arange(np.prod(shape)).reshape(shape)
        for band in bands.of(shape, 4096, reach):
            count[band.where] += 1
            np.testing.assert_array_equal(position[band.near][band.inner], position[band.where])
            for axis, (part, near) in enumerate(zip(band.where, band.near, strict=True)):
                start, stop, _ = part.indices(shape[axis])
                first, last, _ = near.indices(shape[axis])
                assert first == max(0, start - reach[axis]) if part != slice(None) else first == 0
                assert last == min(shape[axis], stop + reach[axis]) if part != slice(None) else True
        assert (count == 1).all() or not count.any()


def test_small_images_and_uncut_axes_have_none():
    assert bands.of((100, 100), 1, (0, 0)) == []
    assert bands.of((10000, 10000), 1, (-1, -1)) == []
    assert bands.of((0, 10000), 1, (0, 0)) == []
    assert len(bands.of((1 << 22,), 1, (0,))) == 4
