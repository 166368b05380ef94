"""Samples whose difference is beyond the range of their type, against plain loops."""

import numpy as np
import pytest

import imfilter
from tests.reference import edge_preserving as reference

#: Exact, and makes differences of the largest float64 finite.
_UNIT = 2.0**-12
#: Largest error relative to the largest sample of the window.
_ERROR = {"f4": 2e-6, "f8": 1e-14}


def extreme(dtype, shape, seed=0, share=0.1):
    """Random samples, of which some are near the ends of the range of their type."""
    rng = np.random.default_rng(seed)
    image, most = rng.normal(3, 2, shape).astype(dtype), np.finfo(dtype).max
    chosen = rng.random(shape) < share
    image[chosen] = np.where(rng.random(shape) < 0.5, most, -0.9 * most)[chosen]
    return image


def expected(planes, spread, radius, guide=None, *, unit=_UNIT, **how):
    """The result of the loops, which compute with small numbers."""

    def small(arrays):
        return [plane.astype(np.float64) * unit for plane in arrays]

    sigma, radii = (1.0,) * planes[0].ndim, (radius,) * planes[0].ndim
    if guide is None:
        found = reference.bilateral(small(planes), sigma, spread * unit, radii, **how)
    else:
        found = reference.bilateral(small(planes), sigma, spread * unit, radii, small(guide), **how)
    return np.stack(found)


def close(found, wanted, dtype):
    """Compare. Results that do not depend on the extremes are compared by their own size."""
    assert np.isfinite(found).all()
    for near in (np.abs(wanted) < 1e6 * _UNIT, np.abs(wanted) >= 1e6 * _UNIT):
        if near.any():
            size = np.abs(wanted[near]).max()
            error = np.abs(found[near].astype(np.float64) * _UNIT - wanted[near])
            assert error.max() <= _ERROR[dtype] * size


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("shape", [(30,), (9, 20), (10, 300), (4, 5, 6)])
def test_far_neighbours_have_no_weight(dtype, shape):
    """Rows of 300 samples share weights. The others do not."""
    image = extreme(dtype, shape)
    close(imfilter.bilateral(image, 1.0, 2.0, radius=2), expected([image], 2.0, 2)[0], dtype)
    there = np.random.default_rng(1).random(shape) < 0.7
    found = imfilter.bilateral(image, 1.0, 2.0, radius=2, mask=there)
    wanted = expected([image], 2.0, 2, counts=there)[0]
    close(found[there], wanted[there], dtype)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_extreme_colours(dtype, norm):
    image = extreme(dtype, (3, 9, 20), 2, 0.03)
    found = imfilter.bilateral(image, 1.0, 5.0, radius=1, norm=norm, channel_axis=0)
    close(found, expected(list(image), 5.0, 1, manhattan=norm == "l1"), dtype)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("share", [0.1, 1.0])
def test_extremes_that_a_guide_does_not_show(dtype, share):
    image, guide = extreme(dtype, (9, 20), 3, share), np.random.default_rng(4).random((9, 20)).astype(dtype)
    found = imfilter.bilateral(image, 1.0, 0.5, guide=guide, radius=2)
    wanted = expected([image], 0.5, 2, [guide])[0]
    size = np.abs(wanted).max()
    np.testing.assert_allclose(found.astype(np.float64) * _UNIT, wanted, rtol=0, atol=_ERROR[dtype] * size)
    flat = np.full((9, 20), np.finfo(dtype).max, dtype)
    np.testing.assert_array_equal(imfilter.bilateral(flat, 1.0, 0.5, guide=guide, radius=2), flat)
    found = imfilter.bilateral(guide, 1.0, 2.0, guide=image, radius=2)
    close(found, expected([guide], 2.0, 2, [image])[0], dtype)


@pytest.mark.parametrize("spread", [1e37, 5e37, 1e38, 3e38, 1e40, 1e44])
def test_deviations_as_large_as_the_range_of_float32(spread):
    image = extreme("f4", (10, 300), 5, 0.5)
    found = imfilter.bilateral(image, 1.0, spread, radius=2)
    wanted = expected([image], spread, 2)[0]
    np.testing.assert_allclose(found * _UNIT, wanted, rtol=0, atol=2e-6 * np.abs(wanted).max())


@pytest.mark.parametrize("shape", [(9, 60), (10, 300)])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_other_windows_keep_their_bits(shape, value):
    image = np.random.default_rng(6).normal(3, 2, shape).astype("f4")
    whole = imfilter.bilateral(image, 1.0, 2.0, radius=2)
    image[4, 20], image[4, 40] = 3e38, -3e38
    image[4, 21] = -3e38
    image[4, 50] = value
    found = imfilter.bilateral(image, 1.0, 2.0, radius=2)
    assert np.isnan(found[2:7, 48:53]).all()
    assert np.isfinite(found[:, :48]).all()
    far = np.ones(shape, bool)
    for x in (20, 21, 40, 50):
        far[2:7, x - 2 : x + 3] = False
    np.testing.assert_array_equal(found[far], whole[far])
    narrow = imfilter.bilateral(image[:, 16:46], 1.0, 2.0, radius=2)
    np.testing.assert_array_equal(found[:, 18:44], narrow[:, 2:-2])


def test_levels_far_from_each_other():
    """The sampled filter has an error of 1e-3 of a weight."""
    image = extreme("f4", (12, 40), 7)
    image[3, 30] = np.inf
    image[9, 20] = np.nan
    with np.errstate(invalid="ignore"):
        found = imfilter.bilateral(image, 1.0, 2.0, radius=2, method="sampled")
        wanted = imfilter.bilateral(image, 1.0, 2.0, radius=2)
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("power", [-300, -150, 150, 900])
def test_deviations_that_float32_does_not_hold(power):
    image = np.random.default_rng(8).normal(3, 2, (12, 40))
    wanted = imfilter.bilateral(image, 1.0, 2.0, method="sampled")
    scaled, spread = np.ldexp(image, power), float(np.ldexp(2.0, power))
    found = imfilter.bilateral(scaled, 1.0, spread, method="sampled")
    np.testing.assert_allclose(np.ldexp(found, -power), wanted, rtol=0, atol=1e-5)


@pytest.mark.parametrize("spread", [2.0, 1e30, 1e36, 1e43, 1e45, 1e300])
def test_deviations_of_an_extreme_guide(spread):
    rng = np.random.default_rng(9)
    image, guide = rng.random((9, 20)).astype("f4"), extreme("f4", (9, 20), 10, 0.9)
    found = imfilter.bilateral(image, 1.0, spread, guide=guide, radius=2)
    wanted = expected([image], spread, 2, [guide])[0]
    np.testing.assert_allclose(found * _UNIT, wanted, rtol=2e-6)


@pytest.mark.parametrize("spread", [1e305, 2e306, 3e307, 6e307, 1e308, 1.7e308])
@pytest.mark.parametrize("size", [0.3, 1.0])
def test_deviations_as_large_as_the_range_of_float64(spread, size):
    image, other = extreme("f8", (9, 20), 11, 0.9) * size, np.random.default_rng(12).random((9, 20))
    unit = 2.0**-600  # squares of differences are finite

    def compare(found, planes, guide=None):
        wanted = expected(planes, spread, 2, guide, unit=unit)
        np.testing.assert_allclose(found * unit, wanted, rtol=0, atol=1e-14 * np.abs(wanted).max())

    compare(imfilter.bilateral(image, 1.0, spread, radius=2)[None], [image])
    compare(imfilter.bilateral(other, 1.0, spread, guide=image, radius=2)[None], [other], [image])
    colours = np.stack([image, image[::-1]])
    compare(imfilter.bilateral(colours, 1.0, spread, radius=2, channel_axis=0), list(colours))
