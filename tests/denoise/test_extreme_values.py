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


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("share", [0.05, 1.0])
def test_sums_of_extreme_samples(dtype, share):
    image = extreme(dtype, (1, 12, 13), 4, share)
    image[0, :6, :7] = np.finfo(dtype).max
    how = {"patch": 3, "search": 5, "strength": 2.0, "noise": 1.0}
    found = imfilter.non_local_means(image[0], **how)
    small = image.astype(np.float64) * UNIT
    with np.errstate(over="ignore"):
        wanted = reference.non_local_means(small, (3, 3), (5, 5), 2.0 * UNIT, UNIT)[0]
    close(found, wanted, dtype)
    there = np.random.default_rng(5).random(image.shape) < 0.8
    found = imfilter.non_local_means(image[0], mask=there[0], **how)
    with np.errstate(over="ignore"):
        wanted = reference.non_local_means(small, (3, 3), (5, 5), 2.0 * UNIT, UNIT, counts=there * 1.0)[0]
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    close(found, wanted, dtype)
    image[0, 9, 9] = np.nan
    assert np.isnan(imfilter.non_local_means(image[0], **how)[9, 9])


@pytest.mark.parametrize("power", [400, 470, 600, 1022])
@pytest.mark.parametrize(
    "given",
    [{}, {"noise": 0.3}, {"noise": 0.0, "strength": 0.3}, {"noise": 0.5, "strength": 0.1}, {"noise": 3.9}],
)
def test_strengths_whose_squares_are_infinite(power, given):
    image = np.random.default_rng(8).normal(0, 0.5, (12, 14)).clip(-1.9, 1.9)
    scaled, there = np.ldexp(image, power), image < 0.9
    how = {name: float(np.ldexp(value, power)) for name, value in given.items()}
    for mask in (None, there):
        wanted = imfilter.non_local_means(image, patch=3, search=5, mask=mask, **given)
        found = imfilter.non_local_means(scaled, patch=3, search=5, mask=mask, **how)
        np.testing.assert_allclose(np.ldexp(found, -power), wanted, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_noise_of_extreme_samples(dtype):
    noise, most = np.random.default_rng(6).random((20, 30)).astype(dtype), np.finfo(dtype).max
    wanted = imfilter.estimate_noise(noise.astype("f8") - 0.5)
    found = imfilter.estimate_noise((noise - np.dtype(dtype).type(0.5)) * most)
    np.testing.assert_allclose(found / most, wanted, rtol=1e-5)
    some = noise.copy()
    some[4, 5], some[4, 6] = most, -most
    np.testing.assert_allclose(imfilter.estimate_noise(some), wanted, rtol=0.1)
    some[9, 9] = np.nan
    assert np.isnan(imfilter.estimate_noise(some))


@pytest.mark.parametrize("dtype", ["u1", "f4", "f8"])
def test_variation_of_weights_far_above_the_samples(dtype):
    """The result does not depend on such a weight: the image is smoothed in every step."""
    image = np.rint(np.random.default_rng(8).random((12, 14)) * 16).astype(dtype)
    wanted = imfilter.total_variation(image.astype("f8"), 1e8, max_iterations=60)
    for weight in (1e13, 1e19, 1e20, 1e25, 1e38, 1e100, 1e150, 1e200, 1e308):
        steps = []
        found = imfilter.total_variation(
            image, weight, max_iterations=60, dtype="f8", progress=lambda step, gap, to=steps: to.append(step)
        )
        assert steps[-1] == 60, weight
        np.testing.assert_allclose(found, wanted, rtol=1e-5, err_msg=str(weight))
    assert imfilter.total_variation(np.zeros((5, 6), dtype), 1e300).max() == 0


@pytest.mark.parametrize(
    ("dtype", "power"), [("f4", -125), ("f4", -120), ("f4", 120), ("f8", -1018), ("f8", -1030), ("f8", 1015)]
)
def test_variation_of_any_weight(dtype, power):
    image = np.rint(np.random.default_rng(7).random((12, 14)) * 16).astype(dtype)
    found = imfilter.total_variation(np.ldexp(image, power), float(np.ldexp(0.5, power)))
    wanted = imfilter.total_variation(image.astype("f8"), 0.5)
    np.testing.assert_allclose(np.ldexp(found.astype("f8"), -power), wanted, atol=2e-2)
    found = imfilter.total_variation(np.ldexp(image, power), 0.5 * float(np.ldexp(1.0, power - 5)))
    assert np.isfinite(found).all()


@pytest.mark.parametrize("scale", [2.0**-940, 2.0**-600, 2.0**-532, 2.0**-480, 2.0**480, 2.0**600, 2.0**1000])
def test_a_common_factor_changes_nothing(scale):
    """Squares of the samples and of the parameters may be 0 or infinite."""
    image = np.random.default_rng(8).random((14, 17)) + 0.5
    for options in ({"noise": 0.1}, {"noise": 0.0, "strength": 0.2}, {}):
        scaled = {name: value * scale for name, value in options.items()}
        found = imfilter.non_local_means(image * scale, patch=3, search=5, **scaled)
        wanted = imfilter.non_local_means(image, patch=3, search=5, **options)
        np.testing.assert_allclose(found, wanted * scale, rtol=1e-13)
    for function in ("exponential", "rational"):
        found = imfilter.anisotropic_diffusion(image * scale, 3, 0.1 * scale, function=function)
        wanted = imfilter.anisotropic_diffusion(image, 3, 0.1, function=function)
        np.testing.assert_allclose(found, wanted * scale, rtol=1e-13)


@pytest.mark.parametrize("large", [1.0, 1e120, 1e300])
def test_samples_much_larger_than_a_tiny_strength(large):
    image = (np.random.default_rng(9).random((40, 23)) + 0.5) * 1e-200
    alone = imfilter.non_local_means(image, patch=3, search=5, noise=1e-201)
    image[20:] *= 1e200
    image[20:] *= large
    found = imfilter.non_local_means(image, patch=3, search=5, noise=1e-201)
    np.testing.assert_allclose(found[23:], image[23:], rtol=1e-13)
    np.testing.assert_allclose(found[:17], alone[:17], rtol=1e-13)
