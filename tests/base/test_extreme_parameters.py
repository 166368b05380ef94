"""Parameters that are finite, but very small or large: a result without NaN, or an error of one line."""

import warnings

import numpy as np
import pytest

import imfilter
from tests.base import test_masked as calls
from tests.looping import loop_over

IMAGE, VOLUME = np.arange(30.0).reshape(5, 6), np.arange(27.0).reshape(3, 3, 3)
#: By what is extreme: a call with a value of it.
CALLS = {
    **{
        f"spacing of {name}": lambda v, name=name: getattr(imfilter, name)(IMAGE, 1.0, spacing=v)
        for name in ("coherence", "frangi", "hessian", "hessian_eigenvalues", "meijering", "orientation")
    },
    **{
        f"spacing of {name}": lambda v, name=name: getattr(imfilter, name)(IMAGE, 1.0, spacing=v)
        for name in ("sato", "structure_tensor", "structure_tensor_eigenvalues")
    },
    "spacing of gabor": lambda v: imfilter.gabor(IMAGE, 0.2, 0.1, spacing=v),
    "spacing of steered": lambda v: imfilter.steered(IMAGE, 1.0, 0.1, spacing=v),
    "spacing of butterworth": lambda v: imfilter.butterworth(IMAGE, 0.1, spacing=v),
    "spacing of anisotropic_diffusion": lambda v: imfilter.anisotropic_diffusion(IMAGE, 1, 2.0, spacing=v),
    "sigmas": lambda v: imfilter.sato(IMAGE, v),
    "frequency": lambda v: imfilter.gabor(IMAGE, v, 0.1),
    "bandwidth": lambda v: imfilter.gabor(IMAGE, 0.2, 0.1, bandwidth=v),
    "sigma_x": lambda v: imfilter.gabor(IMAGE, 0.2, 0.1, sigma_x=v),
    "sigma_y": lambda v: imfilter.gabor(VOLUME, 0.2, direction=(1, 1, 0), sigma_y=v),
    "cutoff": lambda v: imfilter.butterworth(IMAGE, v),
    "cutoffs": lambda v: imfilter.butterworth(IMAGE, (min(v, 0.2), max(v, 0.3)), kind="band"),
    "order": lambda v: imfilter.butterworth(IMAGE, 0.1, order=v),
    "clip_limit": lambda v: imfilter.clahe(IMAGE, 3, clip_limit=v),
    "weight": lambda v: imfilter.total_variation(IMAGE, v),
    "kappa": lambda v: imfilter.anisotropic_diffusion(IMAGE, 1, v),
    "kappa of rational": lambda v: imfilter.anisotropic_diffusion(IMAGE, 1, v, function="rational"),
    "sigma_range": lambda v: imfilter.bilateral(IMAGE, 1.0, v),
}


@loop_over("name", CALLS)
def test_no_nan(name):
    for value in (5e-324, 1e-300, 1e-160, 1e-20, 1e20, 1e160, 1e300):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                found = CALLS[name](value)
            except ValueError as error:
                text = str(error)
                assert "must" in text, value
                assert "\n" not in text, value
            else:
                assert not np.isnan(found).any(), value


@loop_over("name", sorted(calls.WELCOME[imfilter] & calls.CALLS[imfilter].keys() | calls.ORIENTED.keys()))
def test_no_warning(name):
    """Infinity, NaN and the largest floats are samples as others: nothing is told of them."""
    image, *others = {**calls.CALLS[imfilter], **calls.ORIENTED}[name]
    if image.dtype.kind != "f":
        return
    for dtype in (np.float32, np.float64):
        largest = np.finfo(dtype).max
        for samples in ((np.inf, -np.inf), (np.nan,), (largest, -largest), (largest,) * image.size):
            given = image.astype(dtype)
            given.flat[: len(samples)] = samples
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                try:
                    getattr(imfilter, name)(given, *others)
                except ValueError as error:
                    text = str(error)
                    assert "must be" in text, (samples[:2], text)


def test_limits():
    """What a parameter becomes at its ends."""
    rng = np.random.default_rng(0)
    image = rng.random((40, 44))
    same = imfilter.clahe(image, 8, clip_limit=float("inf"))
    np.testing.assert_array_equal(imfilter.clahe(image, 8, clip_limit=1e30), same)
    np.testing.assert_allclose(imfilter.butterworth(image, 1e-200, mode="wrap"), image.mean(), rtol=1e-12)
    np.testing.assert_allclose(imfilter.butterworth(image, 1e200), image, rtol=1e-12)
    np.testing.assert_array_equal(imfilter.anisotropic_diffusion(image, 3, 1e-310), image)
    np.testing.assert_allclose(imfilter.total_variation(image, 1e-310), image, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equal_samples_stay(dtype):
    """Also where 1 is less than half a unit in the last place."""
    for value in (1e16, -1e17, 1e20, float(np.finfo(dtype).max)):
        image = np.full((9, 10), value, dtype)
        np.testing.assert_array_equal(imfilter.clahe(image, 4), image, str(value))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_samples_at_both_ends(dtype):
    """Their range is infinite. Contrast and means do not depend on the unit."""
    rng, most = np.random.default_rng(4), np.finfo(dtype).max
    image = (rng.random((30, 31)) * 2 - 1).astype(dtype) * most
    image[0, :2] = -most, most
    small = image * np.dtype(dtype).type(2.0**-9)
    for given in ({}, {"mask": rng.random((30, 31)) < 0.8}):
        found = imfilter.clahe(image, 8, **given)
        assert np.nanmax(found) > most / 2
        np.testing.assert_allclose(found * 2.0**-9, imfilter.clahe(small, 8, **given), rtol=1e-6)
    flat = (np.full(n, most) for n in (*range(2, 40), 1000, 300_001))
    for samples in (image, *flat, np.tile(image, (30, 30))):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = imfilter.threshold.mean(samples)
        exact = float((samples.astype("f8") * 2.0**-40).mean()) * 2.0**40
        np.testing.assert_allclose(found, exact, rtol=1e-9)
    mask = np.where(image > 0, 0.75, 0.25)
    exact = np.average(image.astype("f8") * 2.0**-40, weights=mask) * 2.0**40
    np.testing.assert_allclose(imfilter.threshold.mean(image, mask=mask), exact, rtol=1e-9)
    for n in (9, 16, 30, 37):
        exact = imfilter.threshold.mean(np.full(n, -most), mask=rng.random(n))
        np.testing.assert_allclose(exact, -most, rtol=1e-9)


def test_contrast_of_the_largest_range():
    """No value that is rounded beyond the range becomes infinite."""
    rng, most = np.random.default_rng(0), np.finfo("f8").max
    for seed in range(6):
        image = (np.random.default_rng(seed).random((60, 61)) * 2 - 1) * most
        image[0, :2], mask = (-most, most), rng.random(image.shape) < 0.8
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert np.isfinite(imfilter.clahe(image, 8)).all()
            assert np.isfinite(imfilter.clahe(image, 8, mask=mask)[mask]).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_units_of_sampled_levels(dtype):
    """Values that float32 does not hold, and samples that are too far from each other for it."""
    image = np.random.default_rng(1).normal(size=(20, 24)).astype(dtype)
    expected = imfilter.bilateral(image, 1.0, 0.5, method="sampled")
    for exponent in (-100, 100) if dtype == "float32" else (-900, -200, 200, 900):
        moved = imfilter.bilateral(
            np.ldexp(image, exponent), 1.0, float(np.ldexp(0.5, exponent)), method="sampled"
        )
        np.testing.assert_allclose(np.ldexp(moved, -exponent), expected, rtol=0, atol=2e-6)
    image[10, 12] = -3.4e38 if dtype == "float32" else 1e200
    for guide in (None, image[::-1].copy()):
        exact = imfilter.bilateral(image, 1.0, 0.5, guide=guide)
        found = imfilter.bilateral(image, 1.0, 0.5, guide=guide, method="sampled")
        around = np.abs(np.indices(image.shape) - np.reshape([10, 12], (2, 1, 1))).max(0) < 5
        kept = ~around if guide is not None else np.ones(image.shape, bool)
        np.testing.assert_allclose(found[kept], exact[kept], rtol=1e-6, atol=0.01)


def test_an_array_in_place_of_a_word():
    with pytest.raises(TypeError, match=r"mode must be one of .*, got ndarray of shape \(5, 6\)$"):
        imfilter.gaussian(IMAGE, 1.0, mode=IMAGE)
