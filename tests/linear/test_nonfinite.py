"""NaN and infinity stay within the footprint of the kernel, whichever algorithm runs."""

import functools

import numpy as np
import pytest
import scipy.ndimage

import imfilter
from tests.looping import loop_over
from tests.reference import naive

RNG = np.random.default_rng(0)
A, B, C, D = (RNG.normal(size=15) for _ in range(4))
CROSS = np.array([[1.0, 0, 1], [0, 1, 0], [1, 0, 1]]) / 5
SPARSE = np.zeros((31, 31))
SPARSE.flat[RNG.choice(961, 12, replace=False)] = RNG.normal(size=12)

KERNELS = {
    "3x3": RNG.normal(size=(3, 3)),
    "even 4x2": RNG.normal(size=(4, 2)),
    "15x15 rank 1": np.outer(A, B),
    "15x15 rank 2": np.outer(A, B) + np.outer(C, D),
    "15x15 dense": RNG.normal(size=(15, 15)),
    "61x61 dense": RNG.normal(size=(61, 61)),
    "1x301": RNG.normal(size=(1, 301)),
    "separable": [A, B],
    "separable with zero": [np.array([1.0, 2, 1]), np.array([-1.0, 0, 1])],
    "separable long": [np.ones(41), RNG.normal(size=61)],
    "cross of rank 2": CROSS,
    "laplacian": naive.laplacian_taps(2),
    "sparse": SPARSE,
}


def footprint(shape, kernel, at, mode):
    """The outputs that read the sample `at`, through the border too."""
    mark, used = np.zeros(shape), naive.dense(kernel, 2) != 0
    mark[at] = 1.0
    (rows, columns), (above, left) = used.shape, (n // 2 for n in used.shape)
    padded = naive.pad(mark, (above, left), (rows - 1 - above, columns - 1 - left), mode)
    # The output i reads the padded sample i + j for each tap j, so the sample p is read by the outputs p - j.
    found = np.zeros([n + 2 * (k - 1) for n, k in zip(shape, used.shape, strict=True)], bool)
    for y, x in np.argwhere(padded):
        found[y : y + rows, x : x + columns] |= used[::-1, ::-1]
    return found[rows - 1 : rows - 1 + shape[0], columns - 1 : columns - 1 + shape[1]]


@functools.cache
def image_and_sums(name, dtype, mode):
    """An image, and its sums with a kernel."""
    image = np.random.default_rng(1).normal(size=(90, 131)).astype(dtype)
    return image, naive.correlate(image, KERNELS[name], mode=mode)


@pytest.mark.slow
@loop_over("dtype", ["float32", "float64"])
@loop_over("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", KERNELS)
def test_stays_in_the_footprint(name, bad, dtype):
    kernel = KERNELS[name]
    for at, mode in (((45, 60), "mirror"), ((0, 130), "zero"), ((88, 1), "edge"), ((3, 129), "wrap")):
        image, expected = image_and_sums(name, dtype, mode)
        spoiled = image.copy()
        spoiled[at] = bad
        result = imfilter.correlate(spoiled, kernel, mode=mode)
        touched = footprint(image.shape, kernel, at, mode)
        np.testing.assert_array_equal(~np.isfinite(result), touched, err_msg=f"{at} {mode}")
        unit = naive.scale(image, kernel)
        error = np.abs(result[~touched] - expected[~touched]).max(initial=0.0)
        assert error <= (2e-6 if dtype == "float32" else 1e-12) * unit, f"{at} {mode}"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bad", [np.nan, np.inf], ids=str)
def test_several_bad_samples(bad, dtype):
    """Several bad samples: each spoils its own footprint and the sums between are right."""
    image = np.random.default_rng(2).normal(size=(60, 200)).astype(dtype)
    spoiled = image.copy()
    places = [(5, 5), (5, 6), (30, 100), (59, 199), (17, 150)]
    for at in places:
        spoiled[at] = bad
    for size in (3, 5, 15, 31):
        result = imfilter.box(spoiled, size)
        touched = np.any(
            [footprint(image.shape, np.ones((size, size)), at, "mirror") for at in places], axis=0
        )
        np.testing.assert_array_equal(~np.isfinite(result), touched)
        expected = naive.box(image, size)
        error = np.abs(result[~touched] - expected[~touched]).max(initial=0.0)
        assert error <= (2e-6 if dtype == "float32" else 1e-12) * np.abs(image).max()


@pytest.mark.parametrize("sigma", [0.7, 2.0, 10.0, 30.0])
def test_gaussian(sigma):
    image = np.random.default_rng(3).normal(size=(70, 300)).astype(np.float32)
    image[35, 150] = np.nan
    radius = int(4.0 * sigma + 0.5)
    touched = footprint(image.shape, np.ones((2 * radius + 1, 2 * radius + 1)), (35, 150), "mirror")
    np.testing.assert_array_equal(np.isnan(imfilter.gaussian(image, sigma)), touched)


def test_derivatives():
    image = np.zeros((9, 40))
    image[4, 20] = np.nan
    square = footprint(image.shape, np.ones((3, 3)), (4, 20), "mirror")
    cross = footprint(image.shape, naive.laplacian_taps(2), (4, 20), "mirror")
    column = square.copy()
    column[:, 20] = False
    np.testing.assert_array_equal(np.isnan(imfilter.laplacian(image)), cross)
    np.testing.assert_array_equal(np.isnan(imfilter.sharpen(image)), cross)
    np.testing.assert_array_equal(np.isnan(imfilter.sobel(image, axis=1)), column)
    around = square.copy()
    around[4, 20] = False  # neither derivative reads its centre
    np.testing.assert_array_equal(np.isnan(imfilter.sobel(image)), around)


def test_infinities_that_meet_are_nan():
    image = np.array([0.0, np.inf, 0.0, -np.inf, 0.0])
    found = imfilter.correlate(image, [1.0, 1.0, 1.0], mode="zero")
    np.testing.assert_array_equal(found, [np.inf, np.inf, np.nan, -np.inf, -np.inf])
    np.testing.assert_array_equal(imfilter.correlate(image, [2.0, 0, 0]), 2 * image[[1, 0, 1, 2, 3]])


def test_a_nan_constant_spoils_the_border_alone():
    image = np.ones((6, 50))
    found = imfilter.correlate(image, np.ones((3, 3)), mode="constant", cval=np.nan)
    inside = np.zeros(image.shape, bool)
    inside[1:-1, 1:-1] = True
    np.testing.assert_array_equal(np.isfinite(found), inside)


def test_integer_images_with_a_large_constant():
    image = np.ones((6, 50), np.uint8)
    found = imfilter.box(image, 3, mode="constant", cval=1000.0)
    assert (
        found[0, 0] == 255
    )  # (4 * 1 + 5 * 1000) / 9 saturates; the constant itself is not cut to the image's type
    assert imfilter.correlate(image, [[1.0, 0, 0]], mode="constant", cval=-7.5)[0, 0] == -7.5


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("at", [(0, 0), (7, 31), (20, 64), (39, 99)])
def test_zero_taps_among_others(at, value):
    """Kernels with a few zeros are summed as if they had none, but not over what is not finite."""
    kernel = np.array([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]])
    image = np.random.default_rng(5).random((40, 100)).astype(np.float32)
    image[at] = value
    found = imfilter.correlate(image, kernel, mode="zero")
    touched = np.zeros(image.shape, bool)
    touched[at] = True
    touched = scipy.ndimage.binary_dilation(touched, kernel != 0)
    np.testing.assert_array_equal(np.isfinite(found), ~touched)
    strided = imfilter.correlate(image[:, ::2], kernel, mode="zero")
    hit = scipy.ndimage.binary_dilation(~np.isfinite(image[:, ::2]), kernel != 0)
    np.testing.assert_array_equal(np.isfinite(strided), ~hit)


def sparse(*shape, signed=True):
    """A kernel with a few zeros, which the window of a finite image also reads."""
    rng = np.random.default_rng(len(shape))
    kernel = rng.random(shape) - 0.5 * signed
    kernel.flat[:: max(4, kernel.size // 9)] = 0
    return kernel


#: Kernels whose sums have several parts, images and strides. Some kernels are longer than an axis.
ELSEWHERE = [
    (sparse(9, 9), (40, 90), 1),
    (sparse(12, 3), (40, 90), 1),
    (sparse(3, 12, signed=False), (40, 90), 1),
    (sparse(13, 13), (40, 90), 2),
    (sparse(4, 5, 4), (9, 12, 60), 1),
    (sparse(40, 3), (6, 90), 1),
    (sparse(40, 3, signed=False), (6, 90), 1),
]


@loop_over("dtype", ["float32", "float64"])
@loop_over("value", [np.nan, np.inf])
@loop_over("mode", ["mirror", "zero", "shrink"])
@loop_over(("kernel", "shape", "stride"), ELSEWHERE)
def test_other_results_keep_their_bits(kernel, shape, stride, mode, value, dtype):
    """A part of an image does not know whether another part has such a sample."""
    image = (np.random.default_rng(1).random(shape) * 100).astype(dtype)
    other = image.copy()
    other[..., 2] = value
    far = (..., slice(12, None))
    whole, found = (imfilter.correlate(one, kernel, mode=mode, stride=stride) for one in (image, other))
    assert not np.isfinite(found[..., 1]).all()
    np.testing.assert_array_equal(found[far], whole[far])


@pytest.mark.parametrize("function", [imfilter.difference_of_gaussians, imfilter.laplacian_of_gaussian])
@loop_over("mode", ["mirror", "wrap", "edge", "constant"])
@loop_over("dtype", ["float32", "float64"])
def test_other_results_of_longer_kernels_keep_their_bits(function, mode, dtype):
    """Both signs of the kernel read the same sample: they are summed apart where it is not finite."""
    image = (np.random.default_rng(1).random((6, 90)) * 100).astype(dtype)
    other = image.copy()
    other[3, 5] = np.nan
    whole, found = (function(one, 3, mode=mode, cval=7.0) for one in (image, other))
    assert np.isnan(found[3, :5]).all()
    near = {"wrap": slice(40, 70)}.get(mode, slice(40, None))
    np.testing.assert_array_equal(found[:, near], whole[:, near])
    for more in ({"dtype": "uint8"}, {"out": np.empty((90, 6)).T}):
        with np.errstate(invalid="ignore"):
            again = function(other, 3, mode=mode, cval=7.0, **more)[:, near]
        np.testing.assert_array_equal(again, function(image, 3, mode=mode, cval=7.0, **more)[:, near])
