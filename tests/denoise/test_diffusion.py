"""Anisotropic diffusion against plain loops, and its properties."""

import numpy as np
import pytest

import imfilter
from tests.looping import loop_over
from tests.photos import photo
from tests.reference import denoise as reference

RNG = np.random.default_rng(8)


def picture(shape, dtype="f8"):
    image = np.zeros(shape)
    image[..., shape[-1] // 2 :] = 60
    image = image + RNG.normal(60, 10, shape)
    return image.astype(dtype) if np.dtype(dtype).kind == "f" else np.rint(image).clip(0, 255).astype(dtype)


@pytest.mark.parametrize("function", ["exponential", "rational"])
@loop_over("dtype", ["f4", "f8"])
@loop_over("shape", [(17,), (9, 11), (4, 5, 6), (1, 7), (7, 1), (1, 1, 1), (3, 1, 80)])
def test_loops(shape, dtype, function):
    image, spacing = picture(shape, dtype), (1.0, 1.5, 2.0)[: len(shape)]
    given = {"function": function, "step": 0.1, "spacing": spacing}
    found = imfilter.anisotropic_diffusion(image, 6, 15.0, **given)
    expected = reference.anisotropic_diffusion(image, 6, 15.0, function, 0.1, spacing)
    np.testing.assert_allclose(found, expected, rtol=1e-12 if dtype == "f8" else 1e-6)
    mask = RNG.random(shape) < 0.8
    image[~mask] = np.nan
    found = imfilter.anisotropic_diffusion(image, 6, 15.0, mask=mask * 0.3, **given)
    expected = reference.anisotropic_diffusion(image, 6, 15.0, function, 0.1, spacing, mask)
    np.testing.assert_allclose(found, expected, rtol=1e-12 if dtype == "f8" else 1e-6)
    ignored = imfilter.anisotropic_diffusion(image, 6, 15.0, nan="ignore", **given)
    np.testing.assert_array_equal(ignored, found)


@pytest.mark.parametrize("dtype", ["?", "u1", "i1", "u2", ">i4", "u8", "f2", ">f4", "longdouble"])
def test_types(dtype):
    image = picture((8, 9))
    image = image > 90 if dtype == "?" else (image / 2).astype(dtype)
    kappa = 0.8 if dtype == "?" else 12.0
    found = imfilter.anisotropic_diffusion(image, 5, kappa)
    assert found.dtype == np.dtype(dtype).newbyteorder("=")
    expected = reference.anisotropic_diffusion(image.astype(float), 5, kappa, "exponential", 0.25, (1, 1))
    if found.dtype.kind == "f":
        np.testing.assert_allclose(found, expected, rtol=1e-3 if dtype == "f2" else 1e-6)
    else:
        np.testing.assert_array_equal(found, np.rint(expected).astype(found.dtype))


def test_channels_axes_and_spacing():
    image = picture((6, 7, 3))
    found = imfilter.anisotropic_diffusion(image, 4, 15, channel_axis=-1)
    for c in range(3):
        np.testing.assert_array_equal(found[..., c], imfilter.anisotropic_diffusion(image[..., c], 4, 15))
    turned = imfilter.anisotropic_diffusion(image, 4, 15, axes=(1, 0), spacing=(2, 1))
    np.testing.assert_array_equal(
        turned, imfilter.anisotropic_diffusion(image, 4, 15, axes=(0, 1), spacing=(1, 2))
    )
    lines = imfilter.anisotropic_diffusion(image, 4, 15, axes=1)
    np.testing.assert_array_equal(lines[2, :, 1], imfilter.anisotropic_diffusion(image[2, :, 1], 4, 15))


def test_properties():
    image = picture((40, 50))
    np.testing.assert_array_equal(imfilter.anisotropic_diffusion(image, 0, 15), image)
    found = imfilter.anisotropic_diffusion(image, 100, 15)
    assert found.mean() == pytest.approx(image.mean(), rel=1e-12)
    assert image.min() <= found.min()
    assert found.max() <= image.max()
    flat = np.full((5, 6), 7.3, "f4")
    np.testing.assert_array_equal(imfilter.anisotropic_diffusion(flat, 9, 1), flat)
    step = np.repeat([0.0, 100.0], 10)
    np.testing.assert_allclose(imfilter.anisotropic_diffusion(step, 50, 5), step, atol=1e-12)


def test_nan_spreads_by_a_sample_for_each_step():
    image = picture((30, 31), "f4")
    image[15, 16] = np.nan
    found = np.isnan(imfilter.anisotropic_diffusion(image, 3, 15))
    y, x = np.indices(image.shape)
    np.testing.assert_array_equal(found, abs(y - 15) + abs(x - 16) <= 3)


@pytest.mark.parametrize("scale", [1e-32, 1e32])
def test_small_and_large_samples(scale):
    image = picture((15, 16), "f4")
    expected = imfilter.anisotropic_diffusion(image, 5, 15)
    found = imfilter.anisotropic_diffusion((image * np.float64(scale)).astype("f4"), 5, 15 * scale)
    np.testing.assert_allclose(found / np.float64(scale), expected, rtol=2e-6)


@pytest.mark.parametrize("shape", [(300, 400), (100_000,), (20, 60, 70)])
def test_workers_and_layouts(shape):
    image = picture(shape, "f4")
    found = imfilter.anisotropic_diffusion(image, 4, 15, workers=1)
    for other in (image, np.asfortranarray(image), np.repeat(image, 2, -1)[..., ::2]):
        np.testing.assert_array_equal(imfilter.anisotropic_diffusion(other, 4, 15, workers=3), found)
    place = image.copy()
    assert imfilter.anisotropic_diffusion(place, 4, 15, out=place) is place
    np.testing.assert_array_equal(place, found)


def test_a_photograph_is_denoised():
    image = photo("camera")[100:200, 150:250].astype(float)
    noisy = image + RNG.normal(0, 20, image.shape)
    error = np.std(imfilter.anisotropic_diffusion(noisy, 5, 40) - image)
    assert error < 0.95 * min(np.std(imfilter.gaussian(noisy, s) - image) for s in (0.5, 0.8, 1, 1.3, 1.6, 2))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"iterations": -1}, ValueError, "iterations must be at least 0, got -1"),
        ({"iterations": 2.0}, TypeError, "iterations must be an integer, got 2.0"),
        ({"kappa": 0}, ValueError, "kappa must be positive, got 0"),
        ({"function": "x"}, ValueError, "function must be one of 'exponential', 'rational', got 'x'"),
        (
            {"step": 0.3},
            ValueError,
            "step must be more than 0 and at most 0.25, the largest stable step, got 0.3",
        ),
        ({"step": 0}, ValueError, "step must be more than 0 and at most 0.25"),
        ({"step": 0.3, "spacing": (1, 0.5)}, ValueError, "at most 0.1, the largest stable step, got 0.3"),
        ({"spacing": -1}, ValueError, "spacing must be positive, got -1"),
    ],
)
def test_errors(options, error, message):
    with pytest.raises(error, match=message):
        imfilter.anisotropic_diffusion(np.zeros((5, 6)), **{"iterations": 3, "kappa": 5.0, **options})
