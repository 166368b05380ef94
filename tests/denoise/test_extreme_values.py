"""Samples whose difference or sum is beyond the range of their type, against plain loops."""

import numpy as np
import pytest

import imfilter
from tests.reference import denoise as reference

#: Exact, and makes sums of the largest float64 finite.
UNIT = 2.0**-12


def extreme(dtype, shape, seed=0, share=0.1):
    """Random samples, of which some are near the ends of the range of their type."""
    rng = np.random.default_rng(seed)
    image, most = rng.normal(3, 2, shape).astype(dtype), np.finfo(dtype).max
    chosen = rng.random(shape) < share
    image[chosen] = np.where(rng.random(shape) < 0.5, most, -0.9 * most)[chosen]
    return image


def close(found, wanted, dtype):
    """Compare by the size of the result: small ones do not depend on the extremes."""
    tolerance = 2e-6 if dtype == "f4" else 1e-12
    np.testing.assert_allclose(found.astype(np.float64) * UNIT, wanted, rtol=tolerance, atol=tolerance * UNIT)


@pytest.mark.parametrize("function", ["exponential", "rational"])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize(("shape", "share"), [((40,), 0.1), ((9, 70), 0.1), ((9, 70), 1.0), ((4, 5, 6), 0.1)])
def test_nothing_flows_between_extremes(shape, share, dtype, function):
    image, spacing = extreme(dtype, shape, 1, share), (1.0,) * len(shape)
    found = imfilter.anisotropic_diffusion(image, 4, 2.0, function=function, step=0.1)
    with np.errstate(over="ignore"):
        wanted = reference.anisotropic_diffusion(
            image.astype(np.float64) * UNIT, 4, 2.0 * UNIT, function, 0.1, spacing
        )
    close(found, wanted, dtype)
    there = np.random.default_rng(2).random(shape) < 0.8
    found = imfilter.anisotropic_diffusion(image, 4, 2.0, function=function, step=0.1, mask=there)
    with np.errstate(over="ignore"):
        wanted = reference.anisotropic_diffusion(
            image.astype(np.float64) * UNIT, 4, 2.0 * UNIT, function, 0.1, spacing, there
        )
    close(found[there], wanted[there], dtype)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_diffusion_beside_samples_that_are_not_finite(value):
    image = np.random.default_rng(3).normal(3, 2, (9, 80)).astype("f4")
    plain = imfilter.anisotropic_diffusion(image, 2, 2.0)
    image[4, 30], image[4, 50] = value, 3e38
    image[4, 51] = -3e38
    found = imfilter.anisotropic_diffusion(image, 2, 2.0)
    y, x = np.mgrid[:9, :80]
    near = abs(y - 4) + abs(x - 30) <= 2
    np.testing.assert_array_equal(np.isnan(found), near)
    far = (abs(x - 30) > 3) & (abs(x - 50.5) > 4)
    np.testing.assert_array_equal(found[far], plain[far])
