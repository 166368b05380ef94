"""The estimate of noise against plain loops, and for images whose noise is known."""

import tracemalloc

import numpy as np
import pytest

import imfilter
from imfilter._filters.denoise import noise
from tests.looping import loop_over
from tests.photos import photo
from tests.reference import denoise as reference

RNG = np.random.default_rng(5)


@loop_over("shape", [(40,), (9, 11), (2, 13), (8, 1), (4, 5, 7), (2, 2), (1, 2, 1), (3, 3)])
@loop_over("dtype", ["u1", "u2", "i8", "f2", "f4", ">f8"])
def test_loops(shape, dtype):
    image = RNG.integers(0, 120, shape).astype(dtype)
    assert imfilter.estimate_noise(image) == pytest.approx(reference.noise(image), rel=1e-6)
    mask = RNG.random(shape) < 0.8
    found, expected = imfilter.estimate_noise(image, mask=mask), reference.noise(image, mask)
    assert found == pytest.approx(expected, rel=1e-6, nan_ok=True)


def test_known_noise():
    """Within 5 % in smooth images of any dimension, and of a constant image 0."""
    for shape in ((20_000,), (150, 160), (30, 31, 32)):
        smooth = sum(np.meshgrid(*(5 * np.sin(np.arange(n) / 9) for n in shape), indexing="ij"))
        for sigma in (0.5, 10.0, 40.0):
            found = imfilter.estimate_noise(smooth + RNG.normal(0, sigma, shape))
            assert found == pytest.approx(sigma, rel=0.05)
    assert imfilter.estimate_noise(np.full((9, 9), 3)) == 0


@pytest.mark.parametrize("name", ["camera", "coins", "astronaut", "coffee"])
def test_photographs(name):
    image = photo(name).astype(float)
    channel = -1 if image.ndim == 3 else None
    found = imfilter.estimate_noise(image + RNG.normal(0, 20, image.shape), channel_axis=channel)
    np.testing.assert_allclose(found, 20, rtol=0.1)


def test_channels_and_batches():
    image = RNG.normal(0, 1, (3, 40, 50, 2)) * np.array([1, 5, 20]).reshape(3, 1, 1, 1)
    found = imfilter.estimate_noise(image, axes=(1, 2), channel_axis=-1)
    assert found.shape == (3, 2)
    for i in range(3):
        for c in range(2):
            assert found[i, c] == imfilter.estimate_noise(image[i, :, :, c])
    assert isinstance(imfilter.estimate_noise(image[0, :, :, 0]), float)
    np.testing.assert_array_equal(
        imfilter.estimate_noise(image, axes=(1, 2), channel_axis=-1, workers=3), found
    )


def test_absent_samples():
    image = RNG.normal(0, 30, (60, 60)).round()  # whole numbers: no order of sums rounds
    image[20:30] = np.nan
    assert np.isnan(imfilter.estimate_noise(image))
    ignored = imfilter.estimate_noise(image, nan="ignore")
    assert ignored == imfilter.estimate_noise(np.ma.masked_invalid(image))
    assert ignored == reference.noise(image, ~np.isnan(image))
    assert np.isnan(imfilter.estimate_noise(image, mask=np.zeros(image.shape)))
    image[20:30] = np.inf
    assert np.isnan(imfilter.estimate_noise(image))
    assert np.isnan(imfilter.estimate_noise([5.0]))


def test_scikit_image_has_a_similar_estimate():
    pytest.importorskip("pywt", reason="scikit-image's estimate needs PyWavelets")
    import skimage.restoration

    image = photo("camera") + RNG.normal(0, 20, (512, 512))
    assert imfilter.estimate_noise(image) == pytest.approx(
        skimage.restoration.estimate_sigma(image), rel=0.05
    )


@loop_over("shape", [(40,), (9, 11), (1, 13, 2), (6, 5, 7)])
def test_strips_change_nothing(shape, monkeypatch):
    image = RNG.normal(size=shape)
    calls = [(image * unit, {}) for unit in (1, 3e307, 1e-308)]
    inside = np.ones(shape, bool)
    inside[(0,) * len(shape)] = False
    calls.append((image, {"mask": inside}))
    for values, options in calls:
        whole = imfilter.estimate_noise(values, **options)
        monkeypatch.setattr(noise, "_STRIP", 1)
        for workers in (1, 3):
            found = imfilter.estimate_noise(values, workers=workers, **options)
            np.testing.assert_array_equal(found, whole)
        monkeypatch.undo()
        assert np.isfinite(whole)


def test_the_estimate_takes_little_memory():
    """Of a quarter of the samples, two floats."""
    image = RNG.integers(0, 255, (1500, 2000)).astype(np.uint8)
    imfilter.estimate_noise(image[:9])
    tracemalloc.start()
    try:
        imfilter.estimate_noise(image, workers=1)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * image.size
