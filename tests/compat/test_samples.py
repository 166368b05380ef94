"""Searches for samples that are not finite find each of them, and nothing else."""

import numpy as np
import pytest

from imfilter._compat import samples

#: Below and above the size at which the search changes.
SHAPES = [(1,), (5, 7), (8, 8, 8), (64, 64), (65, 65)]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_one_sample_is_found_at_any_place(shape, dtype):
    rng = np.random.default_rng(0)
    image = rng.standard_normal(shape).astype(dtype)
    with np.errstate(all="raise"):
        for value in (0.0, -0.0, np.finfo(dtype).max, np.finfo(dtype).min, np.finfo(dtype).tiny):
            image[...] = value
            assert samples.all_finite(image)
            assert not samples.has_nan(image)
        for value in (np.nan, -np.nan, np.inf, -np.inf):
            for place in {0, image.size // 2, image.size - 1}:
                image[...] = np.finfo(dtype).max
                image.flat[place] = value
                assert not samples.all_finite(image)
                assert samples.has_nan(image) == np.isnan(value)
        image[...] = np.inf
        image.flat[0] = -np.inf
        assert not samples.has_nan(image)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("length", [9, 90])
def test_views_are_searched_where_they_are(length, dtype):
    whole = np.full((2 * length, length), np.nan, dtype)
    view = whole[::-2].T
    view[...] = 1.0
    assert samples.all_finite(view)
    assert not samples.has_nan(view)
    view[3, 2] = np.nan
    assert not samples.all_finite(view)
    assert samples.has_nan(view)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64"])
def test_integers_are_finite(dtype):
    image = np.full((5, 6), 1, dtype)
    assert samples.all_finite(image)
    assert not samples.has_nan(image)
