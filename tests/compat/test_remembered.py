"""Calls that are translated once give each image and each set of arguments its own result."""

import cv2
import numpy as np
import pytest
import scipy.ndimage
import skimage.filters
import skimage.transform

import imfilter.compat.cv2 as cv
from imfilter._compat import record
from imfilter.compat import ndimage as ndi
from imfilter.compat.skimage import filters, transform

IMAGE = np.random.default_rng(0).random((20, 24)).astype(np.float32)
SPREAD = IMAGE * 100


#: Calls of a function here and there by an argument that is an array, and the shape and the type of it.
ARRAYS = {
    "filter2D": (lambda f, a: f.filter2D(IMAGE, -1, a), cv, cv2, (3, 3), np.float64),
    "sepFilter2D": (lambda f, a: f.sepFilter2D(IMAGE, -1, a, a), cv, cv2, (3,), np.float64),
    "erode": (lambda f, a: f.erode(IMAGE, a, borderType=cv2.BORDER_REFLECT), cv, cv2, (3, 3), np.uint8),
    "matchTemplate": (lambda f, a: f.matchTemplate(IMAGE, a, cv2.TM_SQDIFF), cv, cv2, (3, 4), np.float32),
    "binary_opening": (
        lambda f, a: f.binary_opening(IMAGE > 0.3, a),
        ndi,
        scipy.ndimage,
        (3, 3),
        bool,
    ),
    "binary_hit_or_miss": (
        lambda f, a: f.binary_hit_or_miss(IMAGE > 0.3, a),
        ndi,
        scipy.ndimage,
        (3, 3),
        bool,
    ),
    "binary_propagation": (
        lambda f, a: f.binary_propagation(IMAGE > 0.9, a, mask=IMAGE > 0.4),
        ndi,
        scipy.ndimage,
        (3, 3),
        bool,
    ),
    "binary_fill_holes": (
        lambda f, a: f.binary_fill_holes(IMAGE > 0.4, a),
        ndi,
        scipy.ndimage,
        (3, 3),
        bool,
    ),
    "generic_filter": (
        lambda f, a: f.generic_filter(IMAGE, np.median, footprint=a),
        ndi,
        scipy.ndimage,
        (3, 3),
        bool,
    ),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_an_argument_that_is_changed_in_place_is_another(name):
    call, ours, theirs, shape, dtype = ARRAYS[name]
    array = np.ones(shape, dtype)
    for _ in range(2):
        np.testing.assert_allclose(call(ours, array), call(theirs, array), rtol=1e-5, atol=1e-4)
        array[(0,) * len(shape)] = 0


def test_a_later_image_of_the_same_shape_is_looked_at_too():
    entry = record.entry("cv2.bilateralFilter")
    cv.bilateralFilter(IMAGE, 5, 0.5, 2.0)
    before = entry.here
    found = cv.bilateralFilter(SPREAD, 5, 0.5, 2.0)  # OpenCV's table is coarse for this range
    assert entry.here == before
    assert found.tobytes() == cv2.bilateralFilter(SPREAD, 5, 0.5, 2.0).tobytes()
    hole = IMAGE.copy()
    hole[3, 4] = np.nan
    for image in (IMAGE, hole):
        np.testing.assert_allclose(
            cv.resize(image, (30, 30)), cv2.resize(image, (30, 30)), rtol=1e-5, atol=1e-6
        )
        expected = skimage.transform.resize(image, (30, 30))
        np.testing.assert_allclose(transform.resize(image, (30, 30)), expected, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(
            ndi.generic_filter(image, np.median, 3), scipy.ndimage.generic_filter(image, np.median, 3)
        )


def test_the_level_of_otsu_is_that_of_each_image():
    for image in ((IMAGE * 255).astype(np.uint8), (IMAGE**4 * 255).astype(np.uint8)):
        for kind in (cv2.THRESH_BINARY, cv2.THRESH_BINARY + cv2.THRESH_OTSU, cv2.THRESH_TOZERO):
            level, found = cv.threshold(image, 99.5, 200, kind)
            expected = cv2.threshold(image, 99.5, 200, kind)
            assert level == expected[0]
            np.testing.assert_array_equal(found, expected[1])


def test_equal_arguments_of_other_types_are_others():
    image = IMAGE > 0.3
    for iterations, value in ((1, 0), (2, 0), (2, 1), (True, True)):
        expected = scipy.ndimage.binary_erosion(image, iterations=iterations, border_value=value)
        found = ndi.binary_erosion(image, iterations=iterations, border_value=value)
        np.testing.assert_array_equal(found, expected)
    for radius in (1, 1.0, (1, 2), [2, 1]):
        expected = skimage.filters.unsharp_mask(IMAGE, radius, 2.0)
        np.testing.assert_allclose(filters.unsharp_mask(IMAGE, radius, 2.0), expected, rtol=1e-5, atol=1e-6)
