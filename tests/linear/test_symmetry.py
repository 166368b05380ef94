"""Flat images and mirrored images: what sums of pairs about the centre hold to the last bit."""

import numpy as np
import pytest

import imfilter
from tests.looping import loop_over

SHAPES = ((61,), (41, 57), (9, 31, 23), (1, 1), (2, 5))
SIGMAS = (0.3, 1.0, 2.7, 5.0)


def _order(image, order, axis, sigma):
    orders = [0] * image.ndim
    orders[axis] = order
    return imfilter.gaussian(image, sigma, order=orders)


#: Filters by name, of an image and a scale; which axis they turn the sign of.
AVERAGES = {
    "gaussian": imfilter.gaussian,
    "box 3": lambda x, s: imfilter.box(x, 3),
    "box 7": lambda x, s: imfilter.box(x, 7),
    "sharpen": lambda x, s: imfilter.sharpen(x),
    "sharpen 0.7": lambda x, s: imfilter.sharpen(x, 0.7),
    "unsharp_mask": lambda x, s: imfilter.unsharp_mask(x, s, 0.7),
}
DERIVATIVES = {
    "sobel": lambda x, s: imfilter.sobel(x),
    "scharr": lambda x, s: imfilter.scharr(x),
    "prewitt": lambda x, s: imfilter.prewitt(x, normalize=True),
    "laplacian": lambda x, s: imfilter.laplacian(x),
    "laplacian with diagonals": lambda x, s: imfilter.laplacian(x, diagonals=True),
    "difference_of_gaussians": imfilter.difference_of_gaussians,
    "gaussian_gradient_magnitude": imfilter.gaussian_gradient_magnitude,
}
ODD = {
    "sobel of rows": (lambda x, s: imfilter.sobel(x, axis=0), 0),
    "scharr of columns": (lambda x, s: imfilter.scharr(x, axis=-1), -1),
    "prewitt of rows": (lambda x, s: imfilter.prewitt(x, axis=0, normalize=True), 0),
    "first order": (lambda x, s: _order(x, 1, 0, s), 0),
    "third order": (lambda x, s: _order(x, 3, x.ndim - 1, s), -1),
}
#: Truncated derivatives of even order have taps that do not add up to 0, in SciPy too.
EVEN = {
    "second order": lambda x, s: _order(x, 2, 0, s),
    "laplacian_of_gaussian": imfilter.laplacian_of_gaussian,
}


def _levels(dtype):
    return (np.random.default_rng(3).random(4) * 300).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", AVERAGES)
def test_an_average_keeps_a_flat_image(name, dtype):
    for shape in SHAPES:
        for sigma in SIGMAS:
            for level in _levels(dtype):
                result = AVERAGES[name](np.full(shape, level), sigma)
                allowed = 0 if dtype == "float32" else np.spacing(level)
                assert np.abs(result - level).max() <= allowed, (shape, sigma, level)


@pytest.mark.slow
@loop_over("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*DERIVATIVES, *ODD])
def test_a_derivative_of_a_flat_image_is_zero(name, dtype):
    function = DERIVATIVES[name] if name in DERIVATIVES else ODD[name][0]
    for shape in SHAPES:
        for sigma in SIGMAS:
            # A kernel many times as long as the image is folded: its taps are sums, and have their rounding.
            folded = 8 * sigma > 4 * min(shape) > 4
            for level in _levels(dtype):
                result = function(np.full(shape, level), sigma)
                assert np.abs(result).max() <= (1e-9 * level if folded else 0), (shape, sigma, level)


@pytest.mark.slow
@loop_over("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*AVERAGES, *DERIVATIVES, *EVEN, *ODD])
def test_a_mirrored_image_gives_the_mirrored_bits(name, dtype):
    function, turned = ODD.get(name, ((AVERAGES | DERIVATIVES | EVEN).get(name), None))
    for shape in SHAPES:
        image = np.random.default_rng(7).random(shape).astype(dtype)
        for sigma in SIGMAS:
            result = function(image, sigma)
            for axis in range(image.ndim):
                expected = np.flip(result, axis)
                if turned is not None and turned % image.ndim == axis:
                    expected = -expected
                mirrored = function(np.ascontiguousarray(np.flip(image, axis)), sigma)
                np.testing.assert_array_equal(mirrored, expected, err_msg=f"{shape} {sigma} {axis}")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_flat_part_stays_flat_beside_anything(dtype):
    """The sum is taken about the window's own centre: what lies further away has no influence."""
    image = np.random.default_rng(1).random((60, 60)).astype(dtype)
    image[20:, 20:] = image.dtype.type(0.1)
    image[2, 3], image[5, 1] = np.nan, np.inf
    assert not imfilter.sobel(image)[22:, 22:].any()
    assert not imfilter.gaussian(image, 1, order=(1, 0))[24:, 24:].any()
    np.testing.assert_array_equal(imfilter.gaussian(image, 1.5)[26:, 26:], image[26:, 26:])


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_centre_that_is_not_finite_is_weighed_alone(dtype, value):
    image = np.ones((15, 15), dtype)
    image[7, 7] = value
    for result in (imfilter.gaussian(image, 1), imfilter.sharpen(image)):
        expected = result[6, 7]
        assert not np.isfinite(expected)
    smooth = imfilter.gaussian(image, 1)
    np.testing.assert_array_equal(smooth[3:12, 3:12], value)
    assert (smooth[:3] == 1).all()
    assert (smooth[12:] == 1).all()


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_rounding_errors_in_a_kernel_do_not_hide_its_symmetry(dtype):
    """Fitted and computed kernels have taps of 1e-17 where 0 is meant, also in the centre."""
    rng = np.random.default_rng(8)
    image = (rng.random((31, 40)) * 200).astype(dtype)
    for kernel in (
        imfilter.weights.SOBEL.kernel(0),
        imfilter.weights.PREWITT.kernel(1),
        np.outer([-1, 0, 1], [-1, 0, 1]),
        imfilter.weights.LAPLACIAN,
        np.outer([1, 2, 1], [1, 2, 1]),
        np.array([[-1.0, -2, 0, 2, 1]]),
    ):
        for _ in range(5):
            noisy = kernel + rng.normal(size=kernel.shape) * 1e-17
            expected = imfilter.correlate(image, kernel)
            np.testing.assert_allclose(imfilter.correlate(image, noisy), expected, rtol=0, atol=1e-4)
            flat = imfilter.correlate(np.full_like(image, 7), noisy)
            np.testing.assert_allclose(flat, 7 * kernel.sum(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_huge_centre_loses_nothing(dtype):
    """A sample beyond the largest reference is weighed alone, with neighbours of the other sign."""
    largest = np.finfo(dtype).max
    image = np.full((9, 9), -largest / 4, dtype)
    image[4, 4] = largest / 4
    expected = imfilter.gaussian(image.astype(np.longdouble) / largest, 1, dtype=np.float64)
    result = imfilter.gaussian(image, 1) / largest
    np.testing.assert_allclose(result, expected, rtol=0, atol=2e-7 if dtype == "float32" else 1e-15)


@pytest.mark.parametrize("sigma", [0.5, 1.5, 4.0, 9.0])
@pytest.mark.parametrize("shape", [(7,), (6, 9), (3, 4, 5)])
def test_kernels_longer_than_the_image_remain_symmetric(shape, sigma):
    """A border repeats: taps half its period away on both sides read the same, and share their weight."""
    image = np.random.default_rng(2).random(shape)
    for mode in ("mirror", "symmetric", "wrap", "edge", "zero"):
        result = imfilter.gaussian(image, sigma, mode=mode)
        for axis in range(image.ndim):
            mirrored = imfilter.gaussian(np.ascontiguousarray(np.flip(image, axis)), sigma, mode=mode)
            np.testing.assert_array_equal(mirrored, np.flip(result, axis))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_results_go_to_any_layout(dtype):
    """A result that is not packed, or is wider than a segment, is converted behind the sum, not by it."""
    image = (np.random.default_rng(5).random((40, 50)) * 255).astype(dtype)
    for function in (lambda x, **k: imfilter.gaussian(x, 1.0, **k), imfilter.sharpen):
        expected = function(image)
        apart = np.zeros((40, 50, 3), dtype)
        for out in (apart[..., 1], np.zeros((50, 40), dtype).T, np.zeros((80, 100), dtype)[::2, ::-2]):
            function(image, out=out)
            np.testing.assert_array_equal(out, expected)
        assert not apart[..., ::2].any()
