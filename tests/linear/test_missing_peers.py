"""Missing data as other libraries compute it: astropy, pandas, and the quotient of two filters of SciPy."""

import numpy as np
import pandas
import pytest
from scipy import ndimage

import imfilter
from tests.reference import naive


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("mode", list(naive.SCIPY_MODES))
def test_the_quotient_of_two_filters_of_scipy(n, mode):
    rng = np.random.default_rng(n)
    image = rng.normal(size=(40, 30, 12)[:n])
    mask, kernel = rng.random(image.shape) < 0.7, rng.random((5, 4, 3)[:n])
    options = {"mode": naive.SCIPY_MODES[mode]}
    for run, filtered in (
        (lambda a, **o: imfilter.gaussian(a, 1.5, **o), lambda a: ndimage.gaussian_filter(a, 1.5, **options)),
        (lambda a, **o: imfilter.box(a, 5, **o), lambda a: ndimage.uniform_filter(a, 5, **options)),
        (
            lambda a, **o: imfilter.correlate(a, kernel, **o) / kernel.sum(),
            lambda a: ndimage.correlate(a, kernel, **options),
        ),
    ):
        with np.errstate(all="ignore"):
            expected = filtered(np.where(mask, image, 0.0)) / filtered(mask.astype(float))
        found = run(np.where(mask, image, np.nan), nan="ignore", mode=mode)
        there = np.isfinite(found)
        assert there.mean() > 0.9
        if mode == "constant":  # there the border counts as samples that are 0
            margin = tuple(slice(7, -7) if length > 20 else slice(0, 0) for length in image.shape)
            there, found, expected = there[margin], found[margin], expected[margin]
        np.testing.assert_allclose(found[there], expected[there], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize(("boundary", "mode"), [("extend", "edge"), ("wrap", "wrap"), ("fill", "zero")])
def test_astropy(n, boundary, mode):
    from astropy import convolution  # takes a second, which processes without this test need not spend

    rng = np.random.default_rng(n)
    image, kernel = rng.normal(size=(30, 20, 10)[:n]), rng.random((5, 7, 3)[:n])
    image[rng.random(image.shape) < 0.3] = np.nan
    expected = convolution.convolve(image, kernel, boundary=boundary, nan_treatment="interpolate")
    found = imfilter.convolve(image, kernel / kernel.sum(), nan="ignore", mode=mode)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("periods", [1, 3, 7])
def test_means_of_pandas(periods):
    rng = np.random.default_rng(periods)
    x = np.where(rng.random(300) < 0.5, np.nan, rng.normal(size=300))
    expected = pandas.Series(x).rolling(7, center=True, min_periods=periods).mean().to_numpy()
    found = imfilter.box(x, 7, nan="ignore", mode="shrink", min_coverage=periods / 7)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
