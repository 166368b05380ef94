"""Canny edges and corner measures with the names of OpenCV."""

import cv2
import numpy as np
import pytest

import imfilter.compat.cv2 as ours
from tests.compat.cv2_calls import BORDERS, check, image, pick

SIZES = {"least": (1, 1), "most": (40, 60)}


def _picture(rng, channels=(None, None, 3)):
    """An image with edges: random samples, some of them smoothed."""
    array = image(rng, np.uint8, channels=channels, **SIZES)
    return cv2.blur(array, (3, 3)) if rng.integers(2) else array


def _limits(rng):
    return pick(rng, 0, 20.5, 100, 300, 600), pick(rng, 50, 200, 400.5, 900)


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.slow
def test_edges(norm):
    def draw(rng):
        scale = pick(rng, 1, 1, 10)
        low, high = (limit * scale for limit in _limits(rng))
        return (_picture(rng), low, high), {"apertureSize": pick(rng, 3, 3, 5, 7), "L2gradient": norm}

    check("Canny", draw, share=1, seed=int(norm))


def test_edges_of_derivatives():
    def draw(rng):
        array, size = _picture(rng), pick(rng, 3, 5, 7)
        dx, dy = (cv2.Sobel(array, cv2.CV_16S, *orders, ksize=size) for orders in ((1, 0), (0, 1)))
        scale = pick(rng, 1, 10)
        return (dx, dy, *(limit * scale for limit in _limits(rng))), {"L2gradient": pick(rng, False, True)}

    check("Canny", draw, share=0.6, seed=2)


def test_edges_of_large_derivatives():
    def draw(rng):
        most = pick(rng, 27145, 32767)  # products with larger ones exceed 32 bits in OpenCV
        dx, dy = (rng.integers(-most, most, (9, 30), endpoint=True).astype(np.int16) for _ in range(2))
        return (dx, dy, 1000, 30000), {"L2gradient": pick(rng, False, True)}

    check("Canny", draw, share=0.3, count=60)


def test_names_of_arguments():
    array = image(np.random.default_rng(0), np.uint8, channels=(None,), least=(20, 20), most=(40, 60))
    dx, dy = (cv2.Sobel(array, cv2.CV_16S, *orders) for orders in ((1, 0), (0, 1)))
    for options in ({"image": array}, {"dx": dx, "dy": dy}):
        found = ours.Canny(**options, threshold1=10, threshold2=100)
        np.testing.assert_array_equal(found, cv2.Canny(**options, threshold1=10, threshold2=100))


def _tensor(array, block, *rest):
    """The size of the structure tensor: its measures are differences of such numbers."""
    scale = 255 if array.dtype == np.uint8 else 1
    return float(np.abs(array).max() / scale) ** 2


def test_harris():
    def draw(rng):
        array = image(rng, pick(rng, np.uint8, np.float32), channels=(None,), **SIZES)
        options = {"borderType": pick(rng, *BORDERS)}
        return (array, pick(rng, *range(1, 6)), pick(rng, 3, 3, 5, 7), 0.04), options

    check("cornerHarris", draw, share=0.6, scale=lambda *args: _tensor(*args) ** 2)


def test_smaller_eigenvalues():
    def draw(rng):
        array = image(rng, pick(rng, np.uint8, np.float32), channels=(None,), **SIZES)
        options = {"ksize": pick(rng, 3, 3, 5, 7), "borderType": pick(rng, *BORDERS)}
        return (array, pick(rng, *range(1, 6))), options

    check("cornerMinEigenVal", draw, share=0.9, scale=_tensor)


def test_eigenvectors():
    def draw(rng):
        return (image(rng, np.uint8, channels=(None,)), 2, 3), {}

    check("cornerEigenValsAndVecs", draw, share=0, count=5)
