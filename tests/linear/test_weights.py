"""imfilter.weights: the kernels of the textbooks, number by number."""

import numpy as np
import pytest
import scipy.ndimage

import imfilter
from imfilter import weights
from tests.reference import naive

TEXTBOOK = {
    "LAPLACIAN": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "LAPLACIAN_DIAGONALS": [[1, 1, 1], [1, -8, 1], [1, 1, 1]],
    "SHARPEN": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "MEAN_5": [0.2, 0.2, 0.2, 0.2, 0.2],
    "TRIANGLE_5": [0.1, 0.2, 0.4, 0.2, 0.1],
    "FIRST_DIFFERENCE": [-1, 0, 1],
    "SECOND_DIFFERENCE": [1, -2, 1],
    "CROSS_X": [[0.2, 0, 0.2], [0, 0.2, 0], [0.2, 0, 0.2]],
}


@pytest.mark.parametrize("name", TEXTBOOK)
def test_arrays(name):
    np.testing.assert_allclose(getattr(weights, name), TEXTBOOK[name], rtol=1e-15)


def test_gaussian_5x5_of_the_textbooks():
    numbers = np.array(
        [[1, 4, 7, 4, 1], [4, 16, 26, 16, 4], [7, 26, 41, 26, 7], [4, 16, 26, 16, 4], [1, 4, 7, 4, 1]]
    )
    assert numbers.sum() == 273
    np.testing.assert_allclose(weights.GAUSSIAN_5X5 * 273, numbers, rtol=1e-14)


@pytest.mark.parametrize("name", ["SOBEL", "SCHARR", "PREWITT"])
def test_derivative_operators(name):
    operator = getattr(weights, name)
    smoothing = {"SOBEL": [1, 2, 1], "SCHARR": [3, 10, 3], "PREWITT": [1, 1, 1]}[name]
    np.testing.assert_array_equal(operator.difference, [-1, 0, 1])
    np.testing.assert_array_equal(operator.smoothing, smoothing)
    np.testing.assert_array_equal(operator.kernel(1), np.outer(smoothing, [-1, 0, 1]))
    np.testing.assert_array_equal(operator.kernel(0), np.outer([-1, 0, 1], smoothing))
    np.testing.assert_array_equal(operator.kernel(0, 1), [-1, 0, 1])
    for axis in range(3):
        volume = operator.kernel(axis, ndim=3)
        np.testing.assert_array_equal(volume, naive.dense(naive.derivative_taps(name.lower(), axis, 3), 3))
    image = np.random.default_rng(0).normal(size=(7, 20))
    function = getattr(imfilter, name.lower())
    for axis in (0, 1):
        np.testing.assert_allclose(
            imfilter.correlate(image, operator.kernel(axis)), function(image, axis=axis), atol=1e-12
        )


def test_constants_cannot_be_changed():
    for name in [*TEXTBOOK, "GAUSSIAN_5X5"]:
        with pytest.raises(ValueError, match="read-only"):
            getattr(weights, name)[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        weights.SOBEL.smoothing[0] = 5


@pytest.mark.parametrize("sigma", [0.3, 0.5, 1, 1.7, 4, 20])
def test_gaussian(sigma):
    for order in range(4):
        taps = weights.gaussian(sigma, order=order)
        np.testing.assert_allclose(taps, naive.gaussian_taps(sigma, order), rtol=1e-12, atol=1e-14)
        impulse = np.zeros(2 * len(taps) + 1)
        impulse[len(taps)] = 1.0
        scipys = scipy.ndimage.gaussian_filter1d(impulse, sigma, order=order)
        # An impulse shows a correlation's taps from last to first.
        found = scipys[len(taps) - len(taps) // 2 : len(taps) + len(taps) // 2 + 1][::-1]
        np.testing.assert_allclose(taps, found, rtol=1e-12, atol=1e-14)
    assert weights.gaussian(sigma).sum() == pytest.approx(1.0, abs=1e-14)
    assert len(weights.gaussian(sigma, truncate=2.0)) == 2 * int(2.0 * sigma + 0.5) + 1
    assert len(weights.gaussian(sigma, radius=7)) == 15


def test_box():
    for size in (1, 2, 5):
        np.testing.assert_allclose(weights.box(size), np.full(size, 1 / size), rtol=1e-15)


def test_laplacian():
    for ndim in (1, 2, 3):
        for diagonals in (False, True):
            np.testing.assert_array_equal(
                weights.laplacian(ndim, diagonals=diagonals), naive.laplacian_taps(ndim, diagonals)
            )


def test_taps_and_filters_are_one():
    """A filter is the correlation with its weights."""
    image = np.random.default_rng(1).normal(size=(21, 34))
    for order in (0, 1, 2):
        taps = weights.gaussian(1.4, order=order)
        np.testing.assert_allclose(
            imfilter.correlate(image, [taps, taps]), imfilter.gaussian(image, 1.4, order=order), atol=1e-12
        )
    np.testing.assert_allclose(
        imfilter.correlate(image, [weights.box(4), weights.box(3)]), imfilter.box(image, (4, 3)), atol=1e-12
    )
    np.testing.assert_allclose(
        imfilter.correlate(image, weights.SHARPEN), imfilter.sharpen(image), atol=1e-12
    )
    np.testing.assert_allclose(
        imfilter.correlate(image, weights.LAPLACIAN), imfilter.laplacian(image), atol=1e-12
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: weights.gaussian(-1.0), ValueError, "sigma"),
        (lambda: weights.gaussian(float("nan")), ValueError, "sigma"),
        (lambda: weights.gaussian("a"), TypeError, "sigma"),
        (lambda: weights.gaussian(1.0, order=-1), ValueError, "order"),
        (lambda: weights.gaussian(1.0, order=0.5), TypeError, "order"),
        (lambda: weights.gaussian(1.0, truncate=-2), ValueError, "truncate"),
        (lambda: weights.gaussian(1.0, radius=-2), ValueError, "radius"),
        (lambda: weights.box(0), ValueError, "size"),
        (lambda: weights.box(1.5), TypeError, "size"),
        (lambda: weights.laplacian(0), ValueError, "ndim"),
        (lambda: weights.SOBEL.kernel(2), ValueError, "axis"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
