"""correlate and convolve against SciPy, OpenCV and the formula of a convolution layer."""

import itertools

import cv2
import numpy as np
import pytest
import scipy.ndimage

import imfilter
from tests import photos
from tests.looping import loop_over
from tests.reference import naive

SHAPES = [
    (1,),
    (2,),
    (37,),
    (300,),
    (1, 1),
    (1, 9),
    (7, 1),
    (13, 40),
    (40, 131),
    (3, 4, 5),
    (6, 17, 33),
    (1, 8, 2),
]
SIZES = (1, 2, 3, 4, 5, 8, 11)
CVAL = 1.25


@pytest.mark.slow
@loop_over("mode", naive.SCIPY_MODES)
@loop_over("shape", SHAPES)
@pytest.mark.parametrize("function", ["correlate", "convolve"])
def test_scipy(function, shape, mode):
    """Odd and even kernels, also larger than the image, on the five borders that both have."""
    rng = np.random.default_rng(1)
    image = rng.normal(size=shape)
    sizes = [s for s in itertools.product(SIZES, repeat=len(shape)) if np.prod(s) <= 600]
    for size in [sizes[i] for i in rng.permutation(len(sizes))[:40]]:
        kernel = rng.normal(size=size)
        border = {"mode": naive.SCIPY_MODES[mode], "cval": CVAL}
        expected = getattr(scipy.ndimage, function)(image, kernel, **border)
        unit = naive.scale(image, kernel, CVAL)
        for dtype, bound in (("float64", 1e-12), ("float32", 2e-6)):
            found = getattr(imfilter, function)(image.astype(dtype), kernel, mode=mode, cval=CVAL)
            assert found.dtype == dtype
            # A float32 image has lost up to 6e-8 of itself before either library sees it.
            assert np.abs(found - expected).max() <= bound * unit, f"kernel {size} {dtype}"


@pytest.mark.slow
@loop_over("mode", naive.SCIPY_MODES)
@loop_over("shape", [(61, 61), (97, 40), (1, 200), (201, 1), (33, 5), (120, 121)])
def test_huge_kernels_are_scipys(shape, mode):
    """Kernels of the sizes where another algorithm takes over, and larger than the image."""
    rng = np.random.default_rng(2)
    image, kernel = rng.normal(size=(30, 47)), rng.normal(size=shape)
    for function in ("correlate", "convolve"):
        border = {"mode": naive.SCIPY_MODES[mode], "cval": CVAL}
        expected = getattr(scipy.ndimage, function)(image, kernel, **border)
        unit = naive.scale(image, kernel, CVAL)
        for dtype, bound in (("float64", 1e-12), ("float32", 2e-6)):
            found = getattr(imfilter, function)(image.astype(dtype), kernel, mode=mode, cval=CVAL)
            assert np.abs(found - expected).max() <= bound * unit


@loop_over("shape", [(1,), (2,), (3, 2), (1, 5), (2, 1, 3)])
@loop_over("mode", naive.MODES)
def test_kernels_much_larger_than_the_image(shape, mode):
    """The border pattern repeats, many times over."""
    rng = np.random.default_rng(3)
    image = rng.normal(size=shape)
    for k in (20, 41) if len(shape) < 3 else (12, 13):
        kernel = rng.normal(size=(k,) * len(shape))
        parts = [rng.normal(size=k) for _ in shape]
        for given in (kernel, parts):
            expected = naive.correlate(image, given, mode=mode, cval=CVAL)
            unit = naive.scale(image, given, CVAL)
            for dtype, bound in (("float64", 1e-12), ("float32", 2e-6)):
                found = imfilter.correlate(image.astype(dtype), given, mode=mode, cval=CVAL)
                assert np.abs(found - expected).max() <= bound * unit


CV_BORDERS = {
    "mirror": cv2.BORDER_REFLECT_101,
    "symmetric": cv2.BORDER_REFLECT,
    "edge": cv2.BORDER_REPLICATE,
    "zero": cv2.BORDER_CONSTANT,
}


@pytest.mark.parametrize("mode", CV_BORDERS)
def test_opencv_filter2d(mode):
    rng = np.random.default_rng(4)
    photo = photos.photo("coins")
    for size in [(3, 3), (5, 5), (2, 2), (4, 3), (1, 6), (7, 1), (11, 11), (15, 9)]:
        kernel = rng.normal(size=size)
        for image, depth in ((photo, cv2.CV_32F), (photos.as_type(photo, "float64"), cv2.CV_64F)):
            # OpenCV keeps the kernel in the width of the result.
            weights = kernel.astype(np.float32 if depth == cv2.CV_32F else np.float64)
            expected = cv2.filter2D(image, depth, weights, borderType=CV_BORDERS[mode])
            found = imfilter.correlate(image, weights, mode=mode)
            bound = 4e-6 if depth == cv2.CV_32F else 1e-12
            assert found.dtype == expected.dtype
            assert np.abs(found - expected).max() <= bound * naive.scale(image, weights)


def layer(x, weight, stride, padding, dilation):
    """Compute a convolution layer's output by its formula.

    out[i] = sum over j of weight[j] * x[i*stride + j*dilation - padding], with zeros outside.
    """
    lengths = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, p, d, k, s in zip(x.shape, padding, dilation, weight.shape, stride, strict=True)
    ]
    out = np.zeros(lengths)
    for i in np.ndindex(*lengths):
        for j in np.ndindex(*weight.shape):
            at = [a * s + b * d - p for a, s, b, d, p in zip(i, stride, j, dilation, padding, strict=True)]
            if all(0 <= v < n for v, n in zip(at, x.shape, strict=True)):
                out[i] += weight[j] * x[tuple(at)]
    return out


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_convolution_layer(ndim):
    """Stride, dilation and zero padding are a layer's, in shape and in value."""
    rng = np.random.default_rng(5)
    for _ in range(40):
        size, stride, dilation = rng.integers(1, 4, ndim), rng.integers(1, 4, ndim), rng.integers(1, 4, ndim)
        padding = rng.integers(0, 4, ndim)
        shape = np.maximum(dilation * (size - 1) + 1 - 2 * padding, 1) + rng.integers(0, 7, ndim)
        x, weight = rng.normal(size=shape), rng.normal(size=size)
        expected = layer(x, weight, stride, padding, dilation)
        found = imfilter.correlate(
            x,
            weight,
            stride=tuple(stride.tolist()),
            dilation=tuple(dilation.tolist()),
            padding=[(p, p) for p in padding.tolist()],
            mode="zero",
        )
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * naive.scale(x, weight))


def test_padding_spelled_differently_is_the_same():
    image, kernel = np.random.default_rng(6).normal(size=(9, 8)), np.ones((3, 3))
    expected = imfilter.correlate(image, kernel, padding=[(1, 1), (1, 1)])
    for padding in (1, [1, 1], (1, (1, 1)), "same", np.int64(1)):
        np.testing.assert_array_equal(imfilter.correlate(image, kernel, padding=padding), expected)
    line = imfilter.correlate(image[0], np.ones(3), padding=[(2, 1)])
    np.testing.assert_array_equal(imfilter.correlate(image[0], np.ones(3), padding=(2, 1)), line)


def test_stride_of_same_is_every_nth_of_the_whole():
    image, kernel = (
        np.random.default_rng(7).normal(size=(23, 31)),
        np.random.default_rng(8).normal(size=(4, 5)),
    )
    for function in (imfilter.correlate, imfilter.convolve):
        whole = function(image, kernel, dilation=(2, 1))
        np.testing.assert_allclose(
            function(image, kernel, dilation=(2, 1), stride=(3, 2)), whole[::3, ::2], rtol=0, atol=1e-12
        )


def test_convolve_is_correlate_with_the_kernel_flipped():
    image, kernel = (
        np.random.default_rng(9).normal(size=(12, 40)),
        np.random.default_rng(10).normal(size=(3, 5)),
    )
    flipped = np.flip(kernel)
    np.testing.assert_array_equal(imfilter.convolve(image, kernel), imfilter.correlate(image, flipped))
    even = kernel[:, :4]
    np.testing.assert_array_equal(
        imfilter.convolve(image, even, padding=2), imfilter.correlate(image, np.flip(even), padding=2)
    )
