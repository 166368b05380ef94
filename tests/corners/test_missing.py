"""Features of images with missing data: what is absent influences nothing, and nothing is found there."""

import numpy as np
import pytest

import imfilter

RNG = np.random.default_rng(4)
IMAGE = RNG.normal(size=(40, 56)) + 20.0 * (np.add.outer(np.arange(40) // 12, np.arange(56) // 14) % 2)
MASK = RNG.random(IMAGE.shape) < 0.95
MASK[5:14, 30:44] = False

FEATURES = {
    "canny": lambda a, **o: imfilter.canny(a, 5, 15, **o),
    "canny with Otsu's threshold": lambda a, **o: imfilter.canny(a, threshold="otsu", **o),
    "harris": imfilter.harris,
    "harris gaussian": lambda a, **o: imfilter.harris(a, window="gaussian", sigma=1.5, aperture=5, **o),
    "shi_tomasi": lambda a, **o: imfilter.shi_tomasi(a, size=3, aperture=7, **o),
    "hog": imfilter.hog,
    "hog in bins": lambda a, **o: imfilter.hog(a, interpolate=False, block_norm="L1", **o),
    "corner_peaks": lambda a, **o: imfilter.corner_peaks(a, min_distance=2, refine=True, **o),
    "hysteresis_threshold": lambda a, **o: imfilter.hysteresis_threshold(a, 3, 12, **o),
}


@pytest.mark.parametrize("name", FEATURES)
def test_what_is_absent_changes_nothing(name):
    run = FEATURES[name]
    for mask in (MASK, np.zeros_like(MASK)):
        expected = run(IMAGE, mask=mask)
        for value in (1e300, np.nan, np.inf, -np.inf):
            np.testing.assert_array_equal(run(np.where(mask, IMAGE, value), mask=mask), expected)
        np.testing.assert_array_equal(run(np.where(mask, IMAGE, np.nan), nan="ignore"), expected)
        np.testing.assert_array_equal(run(IMAGE, mask=mask * 0.5), expected)
        masked = run(np.ma.masked_array(IMAGE, ~mask))
        if isinstance(masked, np.ma.MaskedArray):
            assert not np.ma.getmaskarray(masked)[~np.isnan(expected) & mask].any()
            filler = np.nan if expected.dtype.kind == "f" else 0
            np.testing.assert_array_equal(masked.filled(filler), expected)
        else:
            np.testing.assert_array_equal(masked, expected)


@pytest.mark.parametrize("name", FEATURES)
def test_nothing_absent_gives_the_same_bits(name):
    run = FEATURES[name]
    for image in (IMAGE, IMAGE.astype(np.float32), np.clip(IMAGE * 5, 0, 255).astype(np.uint8)):
        expected = run(image)
        for options in (
            {"mask": np.ones(image.shape, bool)},
            {"nan": "ignore"},
            {"mask": np.ones(image.shape)},
        ):
            np.testing.assert_array_equal(run(image, **options), expected)


@pytest.mark.parametrize("name", ["harris", "harris gaussian", "shi_tomasi"])
@pytest.mark.parametrize("mode", ["mirror", "zero", "edge", "wrap"])
def test_responses_far_from_what_is_absent(name, mode):
    """They are those of the image without a mask. Elsewhere they are NaN where the image is absent."""
    run, mask = FEATURES[name], np.ones(IMAGE.shape, bool)
    mask[20, 30] = False
    plain, found = run(IMAGE, mode=mode), run(IMAGE, mask=mask, mode=mode)
    far = np.ones(IMAGE.shape, bool)
    far[8:33, 18:43] = False
    np.testing.assert_allclose(found[far], plain[far], rtol=1e-9, atol=1e-9 * np.abs(plain).max())
    np.testing.assert_array_equal(np.isnan(found), ~mask)
    sparse = np.zeros(IMAGE.shape, bool)
    sparse[::6, ::6] = True
    assert np.isnan(run(IMAGE, mask=sparse, mode=mode, min_coverage=1.0)[3:-3, 3:-3]).all()


@pytest.mark.parametrize("name", ["canny", "harris", "shi_tomasi"])
def test_the_rim_of_a_mask_is_no_feature(name):
    """A flat image has none, whatever is absent beside it."""
    image = np.full((30, 40), 7.0)
    image[:, 20:] = 250.0
    mask = np.zeros(image.shape, bool)
    mask[4:26, 3:20] = True
    found = FEATURES[name](image, mask=mask)
    assert np.nanmax(np.abs(found.astype(float))) < 1e-12


def test_hog_counts_gradients_of_present_samples():
    """A cell has the votes of the gradients whose neighbours along both axes are present."""
    options = {"pixels_per_cell": 8, "cells_per_block": 1, "interpolate": False}
    assert np.isfinite(imfilter.hog(IMAGE, mask=MASK, **options)).all()
    corner = np.ones(IMAGE.shape, bool)
    corner[:8, :8] = False
    found = imfilter.hog(IMAGE, mask=corner, **options).reshape(5, 7, -1)
    plain = imfilter.hog(IMAGE, **options).reshape(5, 7, -1)
    assert not found[0, 0].any()
    np.testing.assert_allclose(found[2:, 2:], plain[2:, 2:], atol=1e-12)


def test_peaks_beside_absent_samples():
    """An absent peak suppresses nothing, and the smallest present sample is never a peak."""
    response = np.array([0, 3, 9, 5, 1, 1, 4, 0])
    mask = np.array([1, 1, 0, 1, 1, 1, 1, 1], bool)
    np.testing.assert_array_equal(imfilter.corner_peaks(response, mask=mask)[:, 0], [3, 6, 1])
    np.testing.assert_array_equal(imfilter.corner_peaks(response, mask=mask, min_distance=3)[:, 0], [3, 6])
    assert len(imfilter.corner_peaks(np.full(8, 5), mask=mask)) == 0
    assert len(imfilter.corner_peaks(response, mask=np.zeros(8, bool))) == 0


def test_hysteresis_does_not_cross_absent_samples():
    image, mask = np.array([1, 2, 3, 2, 2, 2, 1]), np.array([1, 1, 1, 0, 1, 1, 1], bool)
    found = imfilter.hysteresis_threshold(image, 1, 2, mask=mask)
    np.testing.assert_array_equal(found, [False, True, True, False, False, False, False])


@pytest.mark.parametrize("name", FEATURES)
def test_errors(name):
    with pytest.raises(ValueError, match=r"mask must have shape \(40, 56\), got \(3, 3\)"):
        FEATURES[name](IMAGE, mask=np.ones((3, 3)))
    with pytest.raises(ValueError, match="nan must be one of 'propagate', 'ignore', got 'drop'"):
        FEATURES[name](IMAGE, nan="drop")
