"""Where functions with the names of OpenCV write their results, and what images they take."""

import cv2
import numpy as np
import pytest

import imfilter.compat.cv2 as ours
from imfilter._compat import record

_ELEMENT = np.ones((3, 3), np.uint8)
#: Arguments after the image, and the name of the array for the result.
CALLS = {
    "blur": (((3, 3),), "dst"),
    "boxFilter": ((-1, (3, 3)), "dst"),
    "sqrBoxFilter": ((-1, (3, 3)), "dst"),
    "GaussianBlur": (((3, 3), 1.0), "dst"),
    "Sobel": ((-1, 1, 0), "dst"),
    "Scharr": ((cv2.CV_16S, 1, 0), "dst"),
    "Laplacian": ((-1,), "dst"),
    "filter2D": ((-1, np.array([[1.0, -2.0, 3.0]])), "dst"),
    "sepFilter2D": ((-1, np.array([1.0, -2.0, 3.0]), np.ones(3)), "dst"),
    "medianBlur": ((3,), "dst"),
    "erode": ((_ELEMENT,), "dst"),
    "dilate": ((_ELEMENT,), "dst"),
    "morphologyEx": ((cv2.MORPH_OPEN, _ELEMENT), "dst"),
    "threshold": ((100, 255, cv2.THRESH_BINARY), "dst"),
    "adaptiveThreshold": ((255, 0, 0, 3, 2), "dst"),
    "Canny": ((50, 100), "edges"),
    "cornerHarris": ((2, 3, 0.04), "dst"),
    "cornerMinEigenVal": ((2,), "dst"),
    "pyrDown": ((), "dst"),
    "pyrUp": ((), "dst"),
    "resize": (((20, 30),), "dst"),
    "integral": ((), "sum"),
}


def _image(shape=(40, 40)):
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


def _last(result):
    return result[1] if isinstance(result, tuple) else result


def _close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * float(np.abs(expected).max()))


@pytest.mark.parametrize("name", CALLS)
def test_results_are_written_to_an_array_that_fits(name):
    args, word = CALLS[name]
    expected = _last(getattr(cv2, name)(_image(), *args))
    out = np.empty_like(expected)
    found = _last(getattr(ours, name)(_image(), *args, **{word: out}))
    assert found is out
    _close(out, expected)


@pytest.mark.parametrize("name", CALLS)
def test_another_array_is_left_to_opencv(name):
    args, word = CALLS[name]
    expected = _last(getattr(cv2, name)(_image(), *args, **{word: np.empty((2, 3), np.float64)}))
    before = record.entry(f"cv2.{name}").here
    found = _last(getattr(ours, name)(_image(), *args, **{word: np.empty((2, 3), np.float64)}))
    assert record.entry(f"cv2.{name}").here == before
    _close(found, expected)


@pytest.mark.parametrize("name", [name for name in CALLS if name not in ("sqrBoxFilter", "integral")])
def test_the_image_may_take_the_result(name):
    args, word = CALLS[name]
    expected = _last(getattr(cv2, name)(_image(), *args))
    array = _image()
    found = _last(getattr(ours, name)(array, *args, **{word: array}))
    assert (found is array) == (expected.shape == array.shape and expected.dtype == array.dtype)
    _close(found, expected)


@pytest.mark.parametrize("name", [name for name in CALLS if name not in ("Canny", "adaptiveThreshold")])
def test_layouts(name):
    args, _ = CALLS[name]
    array = _image((80, 90))
    for view in (array[::2, 10:50], array[:40, :40].T, array[39::-1, :40], array[:40, :40, None]):
        expected = _last(getattr(cv2, name)(np.ascontiguousarray(view), *args))
        _close(_last(getattr(ours, name)(view, *args)), expected)


@pytest.mark.parametrize("name", CALLS)
def test_other_images_are_left_to_opencv(name):
    args, _ = CALLS[name]
    for image in (
        _image().tolist(),
        _image().astype(">u2"),
        np.ma.masked_array(_image()),
        _image().astype(np.complex64),
    ):
        try:
            expected = _last(getattr(cv2, name)(image, *args))
        except (cv2.error, TypeError) as error:
            with pytest.raises(type(error)):
                getattr(ours, name)(image, *args)
            continue
        _close(_last(getattr(ours, name)(image, *args)), expected)
