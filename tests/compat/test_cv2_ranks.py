"""Medians, morphology and thresholds with the names of OpenCV."""

import cv2
import numpy as np
import pytest

import imfilter
from imfilter.compat import cv2 as compat
from tests.compat.cv2_calls import BORDERS, check, image, pick
from tests.looping import loop_over

TYPES = (np.uint8, np.uint16, np.int16, np.float32, np.float64)


def test_medians():
    def draw(rng):
        dtype, size = pick(rng, np.uint8, *TYPES), pick(rng, 1, 3, 5)
        size = pick(rng, size, 7, 15) if dtype is np.uint8 else size
        return (image(rng, dtype, channels=(None, 1, 3, 4)), size), {}

    check("medianBlur", draw, share=0.8)


def test_elements():
    def draw(rng):
        size = tuple(int(n) for n in rng.integers(1, 16, 2))
        anchor = tuple(int(rng.integers(-1, n)) for n in size)
        return (pick(rng, *range(3)), size, anchor), {}

    check("getStructuringElement", draw, share=1)


def _kernel(rng):
    size = tuple(int(n) for n in rng.integers(1, 7, 2))
    kernel = (rng.random(size) < pick(rng, 0.6, 1.1)).astype(np.uint8)
    anchor = tuple(int(rng.integers(n)) for n in size)
    if rng.integers(4):
        kernel[anchor] = 1
    if not rng.integers(3):
        return cv2.getStructuringElement(pick(rng, 0, 1, 2), pick(rng, (3, 3), (5, 5), (7, 3))), (-1, -1)
    return pick(rng, kernel, kernel, None), anchor[::-1]


def _options(rng, anchor):
    return {
        "anchor": anchor,
        "iterations": pick(rng, 1, 1, 2, 3),
        "borderType": pick(rng, *BORDERS),
    }


def test_erosions():
    def draw(rng):
        kernel, anchor = _kernel(rng)
        anchor = (-1, -1) if kernel is None else anchor
        return (image(rng, pick(rng, *TYPES)), kernel), _options(rng, anchor)

    check("erode", draw, share=0.8)


def test_dilations():
    def draw(rng):
        kernel, anchor = _kernel(rng)
        anchor = (-1, -1) if kernel is None else anchor
        return (image(rng, pick(rng, *TYPES)), kernel), _options(rng, anchor)

    check("dilate", draw, share=0.8)


def test_morphology():
    def draw(rng):
        kernel, anchor = _kernel(rng)
        anchor = (-1, -1) if kernel is None else anchor
        return (image(rng, pick(rng, *TYPES)), pick(rng, *range(7)), kernel), _options(rng, anchor)

    check("morphologyEx", draw, share=0.6)


@loop_over("dtype", TYPES)
@loop_over("side", [9, 31])
def test_ellipses_on_wide_images(dtype, side):
    """Lines of several vectors, so several rows are computed in one call of a kernel."""
    array = np.random.default_rng(0).integers(0, 200, (60, 512)).astype(dtype)
    element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    for name in ("erode", "dilate"):
        ours, theirs = getattr(compat, name), getattr(cv2, name)
        np.testing.assert_array_equal(ours(array, element), theirs(array, element))


@pytest.mark.parametrize("name", ["erode", "dilate", "morphologyEx"])
@pytest.mark.slow
def test_values_beyond_the_border(name):
    def draw(rng):
        kernel, anchor = _kernel(rng)
        anchor = (-1, -1) if kernel is None else anchor
        array = image(rng, pick(rng, *TYPES))
        values = pick(rng, 7, 0, 200, (90,) * 4, (3.0, 3.0, 3.0), (1, 2, 3), 3.5, -40, 1e6)
        border = pick(rng, cv2.BORDER_CONSTANT, cv2.BORDER_CONSTANT, *BORDERS)
        options = _options(rng, anchor) | {"borderValue": values, "borderType": border}
        operation = (pick(rng, *range(7)),) if name == "morphologyEx" else ()
        return (array, *operation, kernel), options

    check(name, draw, share=0.4, seed=5)


def test_thresholds():
    def draw(rng):
        array = image(rng, pick(rng, *TYPES))
        level = pick(rng, float(rng.choice(array.ravel())), 3.5, -2.0, 100.0, 300.0, 1e6)
        return (array, level, pick(rng, 255, 1, 10.5, -3, 70000), pick(rng, *range(5), 8)), {}

    check("threshold", draw, share=0.7)


def test_adaptive_thresholds():
    def draw(rng):
        options = pick(rng, 0, 0, 0, 1), pick(rng, 0, 1), pick(rng, 3, 5, 7, 11, 15, 17)
        array = image(rng, np.uint8, channels=(None,))
        return (array, pick(rng, 255, 100.5, 300), *options, pick(rng, 0, 2, -3, 1.5, -0.5, 300)), {}

    check("adaptiveThreshold", draw, share=0.6)


def test_thresholds_of_otsu():
    def draw(rng):
        array = image(rng, np.uint8, channels=(None,))
        array = pick(rng, array, array // 64 * 60, np.where(rng.random(array.shape) < 0.4, array // 4, array))
        return (array, 0, 255, cv2.THRESH_OTSU + pick(rng, *range(5))), {}

    check("threshold", draw, share=1)


_NAN_CALLS = {
    "medianBlur": (3,),
    "erode": (np.ones((3, 5), np.uint8),),
    "dilate": (np.ones((3, 5), np.uint8),),
    **{f"morphologyEx {op}": (op, np.ones((3, 3), np.uint8)) for op in range(7)},
}


@loop_over("place", [(0, 0), (13, 40), (24, 70), (24, 0), None])
@pytest.mark.parametrize("name", _NAN_CALLS)
def test_images_with_nan_are_left_to_opencv(name, place):
    name, args = name.split()[0], _NAN_CALLS[name]
    ours, theirs = getattr(compat, name), getattr(cv2, name)
    given = np.random.default_rng(0).standard_normal((25, 71)).astype(np.float32)
    given[3, 4] = -0.0
    if place is not None:
        given[place] = np.nan
    for own in (given.copy(), given.copy()):  # the second call is known
        imfilter.report(clear=True)
        np.testing.assert_array_equal(ours(own, *args), theirs(given, *args))
        np.testing.assert_array_equal(own, given)
        assert imfilter.report().here == (place is None)
    aliased = given.copy()
    np.testing.assert_array_equal(ours(aliased, *args, dst=aliased), theirs(given, *args))
