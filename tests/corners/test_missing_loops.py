"""Features of images with missing data, against plain loops, and what absent samples must not change."""

import numpy as np
import pytest

import imfilter
from tests.looping import loop_over

RNG = np.random.default_rng(20)
IMAGE = RNG.normal(100, 30, (24, 26))
INSIDE = RNG.random(IMAGE.shape) > 0.1
INSIDE[8:13, 4:15] = False
FEATURES = {
    "canny": lambda x, **o: imfilter.canny(x, 60, 120, **o),
    "harris": lambda x, **o: imfilter.harris(x, size=3, **o),
    "shi_tomasi": lambda x, **o: imfilter.shi_tomasi(x, window="gaussian", aperture=5, **o),
    "hog": lambda x, **o: imfilter.hog(x, pixels_per_cell=4, cells_per_block=2, **o),
    "hog shared": lambda x, **o: imfilter.hog(
        x, pixels_per_cell=4, cells_per_block=2, interpolate=True, transform_sqrt=True, **o
    ),
    "corner_peaks": lambda x, **o: imfilter.corner_peaks(x, min_distance=2, refine=True, **o),
    "hysteresis": lambda x, **o: imfilter.hysteresis_threshold(x, 100, 130, **o),
}
POSITIVE = np.abs(IMAGE)
each = pytest.mark.parametrize("name", FEATURES)


@each
@loop_over("wrong", [1e300, -1e300, np.nan, np.inf])
def test_absent_samples_change_nothing(name, wrong):
    feature, spoiled = FEATURES[name], np.where(INSIDE, POSITIVE, wrong)
    expected = feature(POSITIVE, mask=INSIDE)
    np.testing.assert_array_equal(feature(spoiled, mask=INSIDE), expected)
    np.testing.assert_array_equal(feature(spoiled, mask=INSIDE * 0.5), expected)
    own = feature(np.ma.masked_array(spoiled, ~INSIDE))
    np.testing.assert_array_equal(np.ma.getdata(own), expected)
    assert not np.array_equal(feature(POSITIVE), expected)
    if np.isnan(wrong):
        np.testing.assert_array_equal(feature(spoiled, nan="ignore"), expected)


@each
def test_full_masks_give_the_same_bits(name):
    feature = FEATURES[name]
    expected = feature(POSITIVE)
    for options in (
        {"mask": np.ones(IMAGE.shape, bool)},
        {"mask": np.full(IMAGE.shape, 2.0)},
        {"nan": "ignore"},
    ):
        np.testing.assert_array_equal(feature(POSITIVE, **options), expected)


@each
def test_mistakes(name):
    for options, message in (
        ({"mask": np.ones((5, 5))}, r"mask must have shape \(24, 26\), got \(5, 5\)"),
        ({"mask": -np.ones(IMAGE.shape)}, "finite numbers of at least 0, got -1"),
        ({"nan": "drop"}, "nan must be"),
    ):
        with pytest.raises(ValueError, match=message):
            FEATURES[name](POSITIVE, **options)


@each
def test_nothing_is_present(name):
    result = FEATURES[name](POSITIVE, mask=np.zeros(IMAGE.shape, bool))
    if name in ("harris", "shi_tomasi"):
        assert np.isnan(result).all()
    else:
        assert not result.any()


def derivative(image, inside, kernel):
    """The derivative whose absent samples are the mean of those present, weighted by magnitudes; mirrored."""
    reach = len(kernel) // 2
    samples, known = np.pad(image, reach, "reflect"), np.pad(inside, reach, "reflect")
    result = np.full(image.shape, np.nan)
    for at in np.ndindex(image.shape):
        window = tuple(slice(i, i + len(kernel)) for i in at)
        weights = np.abs(kernel) * known[window]
        if weights.sum() > 0:
            mean = (weights * samples[window]).sum() / weights.sum()
            result[at] = (kernel * np.where(known[window], samples[window], mean)).sum()
    return result


@pytest.mark.parametrize("least", [0, 0.7])
def test_corner_measures_by_definition(least):
    kernel = np.outer([1.0, 2, 1], [-1.0, 0, 1]) / 12
    dx, dy = (derivative(IMAGE, INSIDE, k) for k in (kernel, kernel.T))
    known = np.pad(INSIDE & ~np.isnan(dx) & ~np.isnan(dy), 1, "reflect")
    sums = []
    for product in (dx * dx, dx * dy, dy * dy):
        padded, total = np.pad(product, 1, "reflect"), np.full(IMAGE.shape, np.nan)
        for at in np.ndindex(IMAGE.shape):
            window = tuple(slice(i, i + 3) for i in at)
            present = padded[window][known[window]]
            if INSIDE[at] and len(present) >= max(1, 9 * least):
                total[at] = 9 * present.mean()
        sums.append(total)
    a, b, c = sums
    options = {"size": 3, "mask": INSIDE, "min_coverage": least}
    expected = a * c - b * b - 0.04 * (a + c) ** 2
    largest = np.nanmax(np.abs(expected))
    np.testing.assert_allclose(imfilter.harris(IMAGE, **options), expected, 0, 1e-10 * largest)
    expected = (a + c) / 2 - np.sqrt(((a - c) / 2) ** 2 + b * b)
    largest = np.nanmax(np.abs(expected))
    np.testing.assert_allclose(imfilter.shi_tomasi(IMAGE, **options), expected, 0, 1e-10 * largest)
    result = imfilter.harris(np.ma.masked_array(IMAGE, ~INSIDE), size=3, min_coverage=least)
    np.testing.assert_array_equal(result.mask, np.isnan(expected))


@pytest.mark.parametrize("interpolate", [False, True])
@pytest.mark.parametrize("channels", [None, 3])
def test_votes_far_from_absent_samples(interpolate, channels):
    """A cell whose gradients touch no absent sample is the same; one with all gradients absent is 0."""
    shape = (32, 32) if channels is None else (32, 32, channels)
    image = RNG.integers(0, 256, shape).astype(np.uint8)
    inside = np.ones((32, 32), bool)
    inside[16:, 16:] = False
    options = {
        "pixels_per_cell": 4,
        "cells_per_block": 1,
        "feature_vector": False,
        "interpolate": interpolate,
        "channel_axis": None if channels is None else -1,
    }
    full, found = imfilter.hog(image, **options), imfilter.hog(image, mask=inside, **options)
    np.testing.assert_allclose(found[:3], full[:3], 1e-10, 1e-12)
    np.testing.assert_allclose(found[:, :3], full[:, :3], 1e-10, 1e-12)
    assert not found[5:, 5:].any()
    assert full[5:, 5:].any()


def test_peaks_and_connections_stop_at_the_mask():
    inside = np.array([True, True, True, False, True, True])
    response = [0, 2, 3, 9, 4, 1]
    assert imfilter.corner_peaks(response).ravel().tolist() == [3]
    assert imfilter.corner_peaks(response, mask=inside).ravel().tolist() == [4, 2]
    assert imfilter.corner_peaks(response, mask=inside, refine=True).ravel().tolist() == [4, 2]
    result = imfilter.hysteresis_threshold([0, 2, 2, 2, 4, 0], 1, 3, mask=inside)
    assert result.tolist() == [False, False, False, False, True, False]


def test_shrink():
    assert np.array_equal(
        imfilter.canny(IMAGE, 60, 120, mode="shrink"), imfilter.canny(IMAGE, 60, 120, mode="zero")
    )
    inside = np.zeros((34, 36), bool)
    inside[5:-5, 5:-5] = True
    framed = imfilter.harris(np.pad(IMAGE, 5), mask=inside, size=3)[5:-5, 5:-5]
    np.testing.assert_allclose(imfilter.harris(IMAGE, size=3, mode="shrink"), framed, 1e-9)
