"""Means, Gaussians, correlations and derivatives with the names of OpenCV."""

import cv2
import numpy as np
import pytest

from tests.compat.cv2_calls import BORDERS, check, image, pick

#: Types of images, and numbers of types of results.
TYPES = (np.uint8, np.uint16, np.int16, np.float32, np.float64)
DEPTHS = (-1, cv2.CV_8U, cv2.CV_16U, cv2.CV_16S, cv2.CV_32F, cv2.CV_64F)


def _size(rng, most=8):
    return tuple(int(n) for n in rng.integers(1, most, 2))


def _anchor(rng, size):
    return tuple(int(rng.integers(-1, n)) for n in size)


def test_blur():
    def draw(rng):
        size = _size(rng)
        options = {"anchor": _anchor(rng, size), "borderType": pick(rng, *BORDERS)}
        return (image(rng, pick(rng, np.uint8, *TYPES)), size), options

    check("blur", draw, share=0.8)


def test_large_boxes_of_bytes():
    def draw(rng):
        return (image(rng, np.uint8), _size(rng, 40)), {"borderType": pick(rng, *BORDERS)}

    check("blur", draw, share=0.6, count=100)


def test_box_filter():
    def draw(rng):
        size = _size(rng)
        options = {"anchor": _anchor(rng, size), "normalize": pick(rng, True, False)}
        options["borderType"] = pick(rng, *BORDERS)
        return (image(rng, pick(rng, *TYPES)), pick(rng, *DEPTHS), size), options

    check("boxFilter", draw, share=0.5)


def test_squares():
    def draw(rng):
        size = _size(rng)
        options = {"normalize": pick(rng, True, False), "borderType": pick(rng, *BORDERS)}
        return (image(rng, pick(rng, *TYPES)), pick(rng, -1, cv2.CV_32F, cv2.CV_64F), size), options

    check("sqrBoxFilter", draw, share=0.9)


def test_gaussian():
    def draw(rng):
        size = tuple(int(2 * n + 1) for n in rng.integers(0, 8, 2))
        size = pick(rng, size, size, (0, 0))
        sigma = float(rng.uniform(0.2, 4)) if rng.integers(4) or size == (0, 0) else 0.0
        options = {"sigmaY": pick(rng, 0.0, 1.5), "borderType": pick(rng, *BORDERS)}
        return (image(rng, pick(rng, np.uint8, *TYPES)), size, sigma), options

    check("GaussianBlur", draw, share=0.8)


def test_kernels():
    def draw(rng):
        size = _size(rng)
        taps = rng.integers(-3, 6, size[::-1]) / pick(rng, 1, 1, 2, 16, 9)
        if not rng.integers(3):
            taps = np.full(size[::-1], 1 / (size[0] * size[1]))
        options = {"anchor": _anchor(rng, size), "delta": pick(rng, 0, 3, 0.5)}
        options["borderType"] = pick(rng, *BORDERS)
        return (image(rng, pick(rng, *TYPES)), pick(rng, -1, *DEPTHS), taps), options

    check("filter2D", draw, share=0.5)


def test_separable_kernels():
    def draw(rng):
        size = _size(rng)
        taps = [rng.integers(-3, 6, n) / pick(rng, 1, 1, 2, 16, 5) for n in size]
        options = {"anchor": _anchor(rng, size), "delta": pick(rng, 0, 3, 0.5)}
        options["borderType"] = pick(rng, *BORDERS)
        return (image(rng, pick(rng, *TYPES)), pick(rng, *DEPTHS), *taps), options

    check("sepFilter2D", draw, share=0.5)


def test_halves_of_means_of_bytes():
    taps = np.array([1, 4, 6, 4, 1]) / 16

    def draw(rng):
        return (image(rng, np.uint8, most=(60, 99)), -1, taps, taps), {}

    check("sepFilter2D", draw, share=0, count=30)


def test_sobel():
    def draw(rng):
        dx, dy = pick(rng, (1, 0), (0, 1), (1, 1), (2, 0), (0, 2))
        options = {"ksize": pick(rng, 1, 3, 3, 5, 7, -1), "scale": pick(rng, 1, 1, 0.5, 0.3)}
        options |= {"delta": pick(rng, 0, 0, 10), "borderType": pick(rng, *BORDERS)}
        return (image(rng, pick(rng, *TYPES)), pick(rng, *DEPTHS), dx, dy), options

    check("Sobel", draw, share=0.4)


def test_scharr():
    def draw(rng):
        options = {"scale": pick(rng, 1, 0.25, 3), "borderType": pick(rng, *BORDERS)}
        dx, dy = pick(rng, (1, 0), (0, 1))
        return (image(rng, pick(rng, *TYPES)), pick(rng, *DEPTHS), dx, dy), options

    check("Scharr", draw, share=0.5)


def test_laplacian():
    def draw(rng):
        options = {"ksize": pick(rng, 1, 3, 5, 7), "scale": pick(rng, 1, 1, 0.5, 0.3)}
        options |= {"delta": pick(rng, 0, 0, 10), "borderType": pick(rng, *BORDERS)}
        return (image(rng, pick(rng, *TYPES)), pick(rng, -1, *DEPTHS)), options

    check("Laplacian", draw, share=0.5)


def test_bilateral():
    def draw(rng):
        array = image(rng, pick(rng, np.uint8, np.float32, np.float32, np.float32), channels=(None, 3))
        values = pick(rng, 0, 5, 9), pick(rng, 2.0, 20.0, 300.0, -1.0), pick(rng, 1.0, 3.0, -1.0)
        return (array, *values), {"borderType": pick(rng, *BORDERS)}

    check("bilateralFilter", draw, share=0.25)


def test_gabor_kernels():
    def draw(rng):
        values = [float(v) for v in rng.uniform(0.5, 5, 4)]
        return (_size(rng, 12), *values), {"psi": float(rng.uniform(-2, 2)), "ktype": pick(rng, 5, 6)}

    check("getGaborKernel", draw, share=1)


@pytest.mark.parametrize("border", [cv2.BORDER_REFLECT_101, cv2.BORDER_CONSTANT])
def test_in_place(border):
    array = image(np.random.default_rng(3), np.uint8, channels=(None,), least=(9, 9))
    expected = cv2.GaussianBlur(array, (5, 5), 1.2, borderType=border)
    import imfilter.compat.cv2 as ours

    found = ours.GaussianBlur(array, (5, 5), 1.2, array, borderType=border)
    assert found is array
    np.testing.assert_array_equal(array, expected)
