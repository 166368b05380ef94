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
from imfilter.compat.skimage.filters import oriented

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


TRUTH, MASK = IMAGE > 0.3, IMAGE > 0.1
HOLE = np.where(IMAGE > 0.99, np.nan, IMAGE).astype(np.float32)
#: Calls of a function of SciPy by a structure, a footprint or weights.
KEPT = {
    "erosion in a mask": lambda m, a: m.binary_erosion(TRUTH, a, mask=MASK),
    "dilation in a mask": lambda m, a: m.binary_dilation(~TRUTH, a, mask=MASK),
    "opening in a mask": lambda m, a: m.binary_opening(TRUTH, a, mask=MASK, iterations=2),
    "erosion to the end": lambda m, a: m.binary_erosion(TRUTH, a, -1, IMAGE < 0.9, border_value=1),
    "propagation": lambda m, a: m.binary_propagation(IMAGE > 0.95, a, mask=TRUTH),
    "hit or miss": lambda m, a: m.binary_hit_or_miss(IMAGE > 0.2, a),
    "filled holes": lambda m, a: m.binary_fill_holes(IMAGE > 0.5, a),
    "median": lambda m, a: m.median_filter(IMAGE, footprint=a),
    "rank": lambda m, a: m.rank_filter(IMAGE, 2, footprint=a),
    "minimum": lambda m, a: m.minimum_filter(IMAGE, footprint=a),
    "grey erosion": lambda m, a: m.grey_erosion(IMAGE, footprint=a),
    "grey opening": lambda m, a: m.grey_opening(IMAGE, structure=a / 8),
    "white top-hat": lambda m, a: m.white_tophat(IMAGE, footprint=a),
    "weights": lambda m, a: m.correlate(IMAGE, a.astype(np.float64)),
    "medians of windows": lambda m, a: m.generic_filter(IMAGE, np.median, footprint=a),
    "maxima of all windows": lambda m, a: m.vectorized_filter(IMAGE, np.max, footprint=a),
}


@pytest.mark.parametrize("name", KEPT)
def test_a_kept_call_has_no_array_of_the_caller(name):
    call, array = KEPT[name], np.ones((3, 3), bool)
    call(ndi, array)
    array[::2, ::2] = False
    for given in (np.ones((3, 3), bool), array):
        for found, expected in zip(call(ndi, given), call(scipy.ndimage, given), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_a_kept_call_has_no_array_of_the_caller_after_one_in_scipy():
    array = np.arange(12).reshape(3, 4) > 1  # of ten samples two are picked
    before = array.copy()
    ndi.generic_filter(HOLE, np.median, footprint=array)  # kept, and then SciPy computes it
    array[:, 2:] = False
    for given in (before, array):
        expected = scipy.ndimage.generic_filter(IMAGE, np.median, footprint=given)
        np.testing.assert_array_equal(ndi.generic_filter(IMAGE, np.median, footprint=given), expected)


@pytest.mark.parametrize("name", ["minimum_filter", "binary_erosion", "uniform_filter", "grey_erosion"])
def test_a_kept_call_has_no_list_of_the_caller(name):
    size, options = [3, 3], {"mask": MASK} if name == "binary_erosion" else {}
    image = TRUTH if options else IMAGE
    first = None if options else size

    def agree(origin):
        found = getattr(ndi, name)(image, first, origin=origin, **options)
        expected = getattr(scipy.ndimage, name)(image, first, origin=origin, **options)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)

    origin = [0, 1]
    agree(origin)
    origin[:] = [1, 0]
    for each in ([0, 1], origin):
        agree(each)


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


def test_few_gabor_kernels_are_kept():
    oriented._parts.cache_clear()
    for n in range(20, 25):
        filters.gabor(np.ones((n, n)), 0.25)
    assert oriented._parts.cache_info().currsize == 1
    for n in range(40):
        filters.gabor(IMAGE, 0.25 + n / 1000)
    assert oriented._parts.cache_info().currsize <= 16


def test_a_list_of_distances_between_samples_may_change():
    sampling = [1.0, 2.0]
    for _ in range(2):
        for indices in (False, True):
            found = ndi.distance_transform_edt(TRUTH, sampling, return_indices=indices)
            expected = scipy.ndimage.distance_transform_edt(TRUTH, sampling, return_indices=indices)
            for ours, theirs in zip(found, expected, strict=True):
                np.testing.assert_array_equal(ours, theirs)
        sampling[0] = 3.0


@pytest.mark.parametrize("kind", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("size", [2, 3])
def test_medians_of_windows_go_to_arrays_of_any_type(kind, size):
    image = (IMAGE * 255).astype(kind)
    for output in (np.uint8, np.float32, np.float64, np.int16):
        for mode in ("reflect", "constant"):
            expected = scipy.ndimage.generic_filter(
                image, np.median, size, output=output, mode=mode, cval=0.5
            )
            place = np.empty((image.shape[1], image.shape[0]), output).T
            options = {"mode": mode, "cval": 0.5}
            assert ndi.generic_filter(image, np.median, size, output=place, **options) is place
            np.testing.assert_array_equal(place, expected)
