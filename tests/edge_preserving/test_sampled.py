"""The bilateral filter from sampled levels, against the exact one."""

import numpy as np
import pytest

import imfilter
from tests.edge_preserving.cases import DTYPES, MODES, picture
from tests.looping import loop_over
from tests.photos import photo

#: Largest error in units of sigma_range, of pictures whose windows have samples near their centre.
ERROR = 0.02


def compared(image, sigma, spread, tolerance=ERROR, **given):
    """Compare both methods. Return the largest difference in units of sigma_range."""
    exact = imfilter.bilateral(image, sigma, spread, dtype="f8", **given)
    found = imfilter.bilateral(image, sigma, spread, dtype="f8", method="sampled", **given)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(exact))
    apart = np.abs(found - exact)
    apart = float(np.max(apart[np.isfinite(apart)], initial=0)) / spread
    assert apart <= tolerance
    return apart


@pytest.mark.parametrize("name", ["camera", "coins", "page", "brick"])
@pytest.mark.parametrize("spread", [5.0, 25.0, 100.0])
@pytest.mark.slow
def test_photographs(name, spread):
    image = photo(name)[40:150, 60:200]
    assert compared(image.astype("f4"), 4.0, spread) < 0.002
    compared(image, 2.0, spread)
    noisy = image + np.random.default_rng(0).normal(0, 20, image.shape)
    assert compared(noisy, 4.0, spread) < 0.002


def test_noise_of_any_spread():
    image = np.random.default_rng(1).normal(0, 1, (60, 70))
    for spread in (0.05, 0.3, 1.0, 4.0, 1e6):
        compared(image, 3.0, spread)


def test_weights_have_the_stated_error():
    """Two samples, of which the second has any distance from the first."""
    for start in np.linspace(0, 0.8, 9):  # between two levels
        for apart in np.linspace(0, 4.8, 25):
            image = np.array([start, start + apart])
            found = imfilter.bilateral(image, 2.0, 1.0, radius=1, mode="shrink", method="sampled")
            exact = imfilter.bilateral(image, 2.0, 1.0, radius=1, mode="shrink")
            if apart:
                share, wanted = ((r[0] - start) / apart for r in (found, exact))
                weight, wanted = share / (1 - share), wanted / (1 - wanted)
                assert abs(weight - wanted) <= 1.8e-3 * wanted + 4e-6  # a quotient of two weights


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(dtype):
    image = picture(dtype, (9, 11))
    spread = 0.2 * max(float(np.ptp(image.astype(float))), 1.0)
    found = imfilter.bilateral(image, 1.2, spread, radius=2, method="sampled")
    assert found.dtype == np.dtype(dtype).newbyteorder("=")
    exact = imfilter.bilateral(image, 1.2, spread, radius=2)
    rounded = 1 if np.dtype(dtype).kind in "iub" else 0
    apart = np.abs(found.astype(float) - exact.astype(float))
    assert apart.max() <= ERROR * spread + rounded


@loop_over("mode", MODES)
@loop_over("shape", [(11,), (5, 6), (3, 4, 5), (1, 1), (1, 7)])
def test_every_border(mode, shape):
    image, guide = picture("f8", shape, 1), picture("f8", shape, 2)
    sigma, radius = (1.0, 0.7, 2.0)[: len(shape)], (2, 1, 3)[: len(shape)]
    for other in (None, guide):
        compared(image, sigma, 1.5, radius=radius, mode=mode, cval=0.5, guide=other)


@pytest.mark.parametrize("mode", ["mirror", "shrink", "constant"])
def test_masks(mode):
    rng = np.random.default_rng(3)
    for shape, radius in (((13,), (3,)), ((7, 8), (2, 1)), ((3, 4, 5), (1, 1, 2))):
        image, guide = picture("f8", shape, 4), picture("f8", shape, 5)
        for mask in (rng.random(shape) < 0.5, rng.random(shape) < 0.1, rng.integers(0, 3, shape) * 0.75):
            for least, other in ((0, None), (0.4, None), (0, guide)):
                given = {"radius": radius, "mode": mode, "mask": mask, "min_coverage": least, "cval": 0.5}
                # With a guide, no sample of a window may be near its centre: its weights are all small.
                compared(image, 1.5, 3.0, 0.1, guide=other, **given)
    image = picture("f8", (9, 10), 6)
    image[3:5, 2] = np.nan
    compared(image, 1.0, 3.0, nan="ignore")
    guide = picture("f8", (9, 10), 7)
    guide[2:4, 5] = np.nan
    compared(image, 1.0, 3.0, nan="ignore", guide=guide)


def test_channels():
    colour, grey = picture("f8", (12, 13, 3), 8), picture("f8", (12, 13), 9)
    compared(colour, 1.5, 3.0, guide=grey, channel_axis=-1)
    compared(np.moveaxis(colour, -1, 0), 1.5, 3.0, guide=grey, channel_axis=0)
    compared(colour[..., :1], 1.5, 3.0, channel_axis=-1)
    compared(grey, 1.5, 3.0, guide=colour[..., :1], channel_axis=-1)


def test_samples_that_are_not_finite():
    image = picture("f8", (20, 50), 10)
    whole = imfilter.bilateral(image, 1.0, 2.0, radius=2, method="sampled")
    for value in (np.nan, np.inf):
        changed = image.copy()
        changed[9, 30] = value
        found = imfilter.bilateral(changed, 1.0, 2.0, radius=2, method="sampled")
        inside = np.zeros(image.shape, bool)
        inside[7:12, 28:33] = True
        assert np.isnan(found[inside]).all()
        np.testing.assert_allclose(found[~inside], whole[~inside], rtol=1e-5)


def test_offsets_and_far_samples():
    image = np.random.default_rng(13).integers(0, 90, (20, 21)).astype("f4")
    near = imfilter.bilateral(image, 1.0, 20.0, method="sampled", dtype="f8")
    far = imfilter.bilateral(image + np.float32(2**20), 1.0, 20.0, method="sampled", dtype="f8")
    np.testing.assert_allclose(far - 2**20, near, rtol=0, atol=1e-2 * 20)
    flat = np.full((30, 40), 1e7 + 1)
    np.testing.assert_allclose(imfilter.bilateral(flat, 2.0, 0.1, method="sampled"), flat, rtol=1e-9)
    image[4, 4] = 3e38
    found = imfilter.bilateral(image, 1.0, 20.0, method="sampled")
    assert found[4, 4] == image[4, 4]
    wanted = imfilter.bilateral(image, 1.0, 20.0, mask=image < 1e38)
    np.testing.assert_allclose(found[image < 1e38], wanted[image < 1e38], rtol=0, atol=ERROR * 20)


def test_a_sample_unlike_all_others():
    """The weight of the centre is a small share of all positions, and the only one."""
    image = np.random.default_rng(14).normal(100, 5, (150, 160)).astype("f4")
    image[70, 80] = 250
    for sigma in (8.0, 36.0):
        found = imfilter.bilateral(image, sigma, 10.0, method="sampled")
        assert abs(found[70, 80] - 250) < ERROR * 10


def test_layouts_axes_workers_and_out():
    image = picture("f4", (90, 310, 4), 15)
    given = {"axes": (0, 1), "method": "sampled"}
    whole = imfilter.bilateral(image, (1.0, 6.0), 2.0, workers=1, **given)
    for workers in (2, 3):
        np.testing.assert_array_equal(
            imfilter.bilateral(image, (1.0, 6.0), 2.0, workers=workers, **given), whole
        )
    found = imfilter.bilateral(np.asfortranarray(image), (1.0, 6.0), 2.0, **given)
    np.testing.assert_array_equal(found, whole)
    place = image.copy()
    assert imfilter.bilateral(place, (1.0, 6.0), 2.0, out=place, **given) is place
    np.testing.assert_array_equal(place, whole)


@pytest.mark.slow
def test_any_number_of_workers():
    image = picture("f4", (700, 900), 20)
    whole = imfilter.bilateral(image, 14.0, 2.0, workers=1, method="sampled")
    for workers in (2, 3):
        found = imfilter.bilateral(image, 14.0, 2.0, workers=workers, method="sampled")
        np.testing.assert_array_equal(found, whole)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"method": "grid"}, "method must be one of 'exact', 'sampled', got 'grid'"),
        ({"window": "disc"}, "window must be 'box' with method='sampled', got 'disc'"),
        ({"image": np.ones((5, 6, 3)), "channel_axis": -1}, "compares values of one channel, got 3"),
        ({"guide": np.ones((5, 6, 3)), "channel_axis": -1}, "compares values of one channel, got 3"),
    ],
)
def test_errors(change, text):
    given = {"image": np.ones((5, 6)), "sigma_space": 1.0, "sigma_range": 1.0, "method": "sampled"} | change
    with pytest.raises(ValueError, match=text):
        imfilter.bilateral(**given)


def test_a_tiny_deviation_keeps_the_image():
    """Squares of distances in deviations are too large for float64. No warning says so."""
    image = np.random.default_rng(0).random((9, 10))
    np.testing.assert_array_equal(imfilter.bilateral(image, 1e-200, 0.2, radius=3), image)


@loop_over("dtype", ["f4", "f8", "u2"])
@loop_over("unit", [1.0, 1e-3, 1e-5, 1e-9, 1e-30])
def test_deviations_far_above_the_differences(dtype, unit):
    """All weights of values are about 1, so the result is a Gaussian."""
    image = (np.random.default_rng(5).random((30, 34)) * 1000).astype(dtype)
    image[4:20, 5:25] = 7
    image[12, 12] = 8
    spread = 1e5 / unit
    mask = np.random.default_rng(6).random(image.shape) < 0.8
    for given in ({}, {"mode": "wrap"}, {"mask": mask}, {"mode": "shrink"}):
        found = imfilter.bilateral(image, 1.5, spread, method="sampled", dtype="f8", **given)
        wanted = imfilter.gaussian(image, 1.5, dtype="f8", **given)
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1000 * 2e-4, err_msg=str(given))
        for workers in (1, 2):
            again = imfilter.bilateral(
                image, 1.5, spread, method="sampled", dtype="f8", workers=workers, **given
            )
            np.testing.assert_array_equal(again, found)
    part = imfilter.bilateral(image[6:], 1.5, spread, method="sampled", dtype="f8")
    whole = imfilter.bilateral(image, 1.5, spread, method="sampled", dtype="f8")
    np.testing.assert_array_equal(part[6:], whole[12:])
    if dtype != "u2":
        image[9, 9] = np.nan
        found = imfilter.bilateral(image, 1.5, spread, method="sampled", dtype="f8")
        assert np.isnan(found).sum() == 13 * 13
