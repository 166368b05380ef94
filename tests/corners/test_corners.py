"""Measures of corners: OpenCV's, scikit-image's, the definition, borders and mistakes."""

import cv2
import numpy as np
import pytest
import skimage.feature

import imfilter
from tests import photos
from tests.looping import loop_over
from tests.reference import naive

RNG = np.random.default_rng(37)
APERTURES = {
    3: ([1, 2, 1], [-1, 0, 1]),
    5: ([1, 4, 6, 4, 1], [-1, -2, 0, 2, 1]),
    7: ([1, 6, 15, 20, 15, 6, 1], [-1, -4, -5, 0, 5, 4, 1]),
}


def by_definition(image, taps, scale, aperture, mode, cval=0.0, k=None):
    """The measure in float64: products of derivatives, summed as an image with the same border."""
    smooth, difference = (np.array(t, float) for t in APERTURES[aperture])
    image = np.asarray(image, float)
    dx = naive.correlate(image, np.outer(smooth, difference) * scale, mode=mode, cval=cval)
    dy = naive.correlate(image, np.outer(difference, smooth) * scale, mode=mode, cval=cval)
    window = np.outer(taps, taps)
    beyond = "zero" if mode == "constant" else mode
    a, b, c = (naive.correlate(p, window, mode=beyond) for p in (dx * dx, dx * dy, dy * dy))
    if k is None:
        return (a + c) / 2 - np.sqrt(((a - c) / 2) ** 2 + b * b)
    return a * c - b * b - k * (a + c) ** 2


def near(result, expected, relative=1e-4):
    """As near as the issue asks, relative to the largest response."""
    assert result.shape == expected.shape
    assert np.abs(result - expected).max() <= relative * np.abs(expected).max()


@loop_over("aperture", [3, 5, 7])
@loop_over("size", [1, 2, 3, 4, 7, 16, 21])
def test_agrees_with_opencv(size, aperture):
    image = photos.photo("camera")[60:301, 40:370].astype(np.float32)
    result = imfilter.harris(image, size=size, aperture=aperture)
    assert result.dtype == np.float32
    near(result, cv2.cornerHarris(image, size, aperture, 0.04), 1e-5)
    near(
        imfilter.harris(image, size=size, aperture=aperture, k=0.15),
        cv2.cornerHarris(image, size, aperture, 0.15),
        1e-5,
    )
    result = imfilter.shi_tomasi(image, size=size, aperture=aperture)
    if size > 1:  # of a single product the smaller eigenvalue is 0, but for rounding
        near(result, cv2.cornerMinEigenVal(image, size, ksize=aperture), 1e-5)
    else:
        assert np.abs(result).max() <= 1e-5 * np.sqrt(np.abs(imfilter.harris(image, size=1, k=1.0)).max())
    if size % 2:  # with this border its even windows reach the other way, also far from the border
        near(
            imfilter.harris(image, size=size, aperture=aperture, mode="edge"),
            cv2.cornerHarris(image, size, aperture, 0.04, borderType=cv2.BORDER_REPLICATE),
            1e-5,
        )


@pytest.mark.parametrize("sigma", [0.7, 1, 2.5])
def test_agrees_with_scikit_image(sigma):
    image = photos.photo("coins").astype(np.float64) / 255
    options = {"window": "gaussian", "sigma": sigma, "mode": "zero"}
    near(imfilter.harris(image, k=0.05, **options), skimage.feature.corner_harris(image, sigma=sigma), 1e-9)
    near(imfilter.shi_tomasi(image, **options), skimage.feature.corner_shi_tomasi(image, sigma), 1e-9)
    single = imfilter.harris(image.astype(np.float32), k=0.05, **options)
    near(single, skimage.feature.corner_harris(image, sigma=sigma), 1e-5)


@pytest.mark.parametrize("mode", naive.MODES)
def test_every_border_and_small_size(mode):
    for shape in ((1, 1), (1, 9), (7, 1), (2, 3), (5, 4), (12, 40)):
        image = RNG.normal(size=shape)
        for size, aperture in ((1, 3), (2, 3), (3, 5), (5, 7)):
            scale = 1 / (size * 2 ** (aperture - 1))
            for k in (0.04, None):
                function = imfilter.shi_tomasi if k is None else imfilter.harris
                result = function(image, size=size, aperture=aperture, mode=mode, cval=0.5)
                expected = by_definition(image, np.ones(size), scale, aperture, mode, 0.5, k)
                largest = by_definition(image, np.ones(size), scale, aperture, mode, 0.5, -1.0)
                assert np.abs(result - expected).max() <= 1e-12 * (1 + np.abs(largest).max()), (shape, size)
            taps = naive.gaussian_taps(1.0)
            result = imfilter.harris(image, window="gaussian", aperture=aperture, mode=mode, cval=0.5)
            expected = by_definition(image, taps, 1.0, aperture, mode, 0.5, 0.04)
            assert np.abs(result - expected).max() <= 1e-12 * (1 + np.abs(image).max() * 64**aperture) ** 4


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "uint16", "int32", "float16", "float64", ">f4"])
def test_every_type(dtype):
    image = photos.photo("coins")[:60, :71]
    image = image > 100 if dtype == "bool" else (image / 3).astype(dtype)
    result = imfilter.harris(image, size=3)
    assert result.dtype == (np.float64 if dtype in ("int32", "float64") else np.float32)
    near(result, by_definition(image, np.ones(3), 1 / 12, 3, "mirror", k=0.04), 1e-5)


def test_workers_and_layouts_do_not_matter():
    image = photos.photo("camera").astype(np.float32)
    alone = imfilter.harris(image, size=5, workers=1)
    for workers in (2, 3, 8):
        np.testing.assert_array_equal(imfilter.harris(image, size=5, workers=workers), alone)
    for other in (np.asfortranarray(image), image[::-1].copy()[::-1], np.repeat(image, 2, axis=1)[:, ::2]):
        np.testing.assert_array_equal(imfilter.harris(other, size=5), alone)


def test_corners_edges_and_nothing():
    image = np.zeros((40, 40))
    image[20:, 20:] = 1
    response = imfilter.harris(image, size=3)
    assert np.unravel_index(response.argmax(), response.shape) in ((19, 19), (20, 20), (19, 20), (20, 19))
    assert response[30, 20] < 0  # an edge
    assert response[5, 5] == 0
    smaller = imfilter.shi_tomasi(image, size=3)
    assert smaller.max() > 0
    assert abs(smaller[30, 20]) < 1e-12


@pytest.mark.parametrize(
    ("error", "message", "options"),
    [
        (ValueError, "aperture must be 3, 5 or 7, got 4", {"aperture": 4}),
        (TypeError, "aperture must be an integer, got 3.0", {"aperture": 3.0}),
        (ValueError, "size must be at least 1, got 0", {"size": 0}),
        (TypeError, "size must be an integer, got 2.5", {"size": 2.5}),
        (ValueError, "window must be one of 'box', 'gaussian', got 'disc'", {"window": "disc"}),
        (TypeError, "window must be one of 'box', 'gaussian', got 3", {"window": 3}),
        (ValueError, "sigma must be left out with window='box', got 2.0", {"sigma": 2.0}),
        (ValueError, "sigma must be at least 0, got -1.0", {"window": "gaussian", "sigma": -1}),
        (ValueError, "workers must be at least 1, got 0", {"workers": 0}),
    ],
)
def test_errors(error, message, options):
    for function in (imfilter.harris, imfilter.shi_tomasi):
        with pytest.raises(error) as caught:
            function(np.zeros((5, 5)), **options)
        assert str(caught.value) == message
    with pytest.raises(TypeError, match="k must be a number, got 'x'"):
        imfilter.harris(np.zeros((5, 5)), k="x")


def test_images_are_checked():
    with pytest.raises(ValueError, match=r"image must have 2 axes, got shape \(3, 3, 3\)"):
        imfilter.harris(np.zeros((3, 3, 3)))
    with pytest.raises(ValueError, match="mode 'reflect' is ambiguous"):
        imfilter.shi_tomasi(np.zeros((3, 3)), mode="reflect")


def test_out_may_be_the_image_or_of_another_type():
    image = photos.photo("coins").astype(np.float32)
    for function in (imfilter.harris, imfilter.shi_tomasi):
        expected = function(image)
        for place in (np.empty_like(image), np.empty(image.shape, np.float64), np.empty_like(image.T).T):
            assert function(image, out=place) is place
            np.testing.assert_array_equal(place, expected)
        for dtype in (np.uint8, np.int16, bool):  # rounded, saturated
            low, high = (0, 1) if dtype is bool else (np.iinfo(dtype).min, np.iinfo(dtype).max)
            whole = np.clip(np.rint(expected), low, high).astype(dtype)
            np.testing.assert_array_equal(function(image, out=np.empty(image.shape, dtype)), whole)
        same = image.copy()
        assert function(same, out=same) is same
        np.testing.assert_array_equal(same, expected)
    with pytest.raises(ValueError, match="out must have shape"):
        imfilter.harris(image, out=np.empty((3, 3)))
