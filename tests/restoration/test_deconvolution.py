"""Wiener and Richardson-Lucy: the definitions, scikit-image, borders, absent samples and errors."""

import numpy as np
import pytest
import skimage.restoration

import imfilter
from tests.reference import restoration

RNG = np.random.default_rng(9)


def blur(*shape):
    kernel = RNG.random(shape) + 0.1
    return kernel / kernel.sum()


def scene(shape):
    """A smooth image with some bright spots, which goes on beyond any border."""
    image = imfilter.gaussian(RNG.random(shape) * 100, 2) + 20
    image[tuple(RNG.integers(0, n, 40) for n in shape)] += 60
    return image


@pytest.mark.parametrize(
    ("shape", "size"), [((23,), (5,)), ((12, 15), (3, 4)), ((6, 5, 8), (3, 2, 3)), ((4, 3), (5, 7))]
)
@pytest.mark.parametrize("regularizer", ["laplacian", "constant"])
def test_wiener_is_its_definition(shape, size, regularizer):
    image, kernel = RNG.random(shape), blur(*size)
    h = restoration.response_of(kernel, shape)
    r = sum(2 - 2 * np.cos(2 * np.pi * f) for f in restoration.waves(shape)) ** 2
    power = 0.05 * (r if regularizer == "laplacian" else 1)
    expected = restoration.by_response(image, h.conj() / (abs(h) ** 2 + power))
    options = {"balance": 0.05, "regularizer": regularizer}
    found = imfilter.wiener(image, kernel, mode="wrap", **options)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    wide = np.pad(image, [(0, n - 2) for n in shape], mode="reflect")
    mirrored = imfilter.wiener(wide, kernel, mode="wrap", **options)[tuple(map(slice, shape))]
    np.testing.assert_allclose(imfilter.wiener(image, kernel, **options), mirrored, atol=1e-12)


def test_wiener_of_scikit_image():
    image, kernel = RNG.random((31, 40)), blur(5, 3)
    expected = skimage.restoration.wiener(image, kernel, 0.1, clip=False)
    np.testing.assert_allclose(imfilter.wiener(image, kernel, balance=0.1, mode="wrap"), expected, atol=1e-12)


@pytest.mark.parametrize(("shape", "size"), [((23,), (5,)), ((9, 11), (3, 4)), ((4, 5, 6), (3, 1, 2))])
@pytest.mark.slow
def test_richardson_lucy_is_its_definition(shape, size):
    image, kernel = RNG.random(shape) + 0.1, blur(*size) * 1.3
    ones = np.ones(shape)
    expected = restoration.richardson_lucy(image, kernel, 7, ones, size)
    np.testing.assert_allclose(imfilter.richardson_lucy(image, kernel, 7), expected, rtol=1e-9)
    counts = RNG.random(shape) * (RNG.random(shape) < 0.7)
    expected = restoration.richardson_lucy(image, kernel, 7, counts, size)
    changed = np.where(counts > 0, image, 1e6)
    found = imfilter.richardson_lucy(changed, kernel, 7, mask=counts)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9)


def test_richardson_lucy_of_scikit_image():
    kernel, image = blur(5, 3), np.zeros((40, 44))  # even kernels have another centre there
    image[12:28, 14:25] = RNG.random((16, 11)) + 0.2
    seen = imfilter.convolve(image, kernel, mode="zero")
    expected = skimage.restoration.richardson_lucy(seen, kernel, 20, clip=False)
    for mode in ("zero", "shrink", "wrap"):
        np.testing.assert_allclose(imfilter.richardson_lucy(seen, kernel, 20, mode=mode), expected, atol=1e-9)


def test_borders_do_not_ripple():
    image = scene((90, 100)) + np.linspace(0, 150, 100)  # brighter on one side
    kernel = np.outer(np.hanning(9)[1:-1], np.hanning(9)[1:-1])
    kernel /= kernel.sum()
    seen = imfilter.convolve(image, kernel)[20:-20, 20:-20]
    truth = image[20:-20, 20:-20]

    def error(found, whole=False):
        counted = np.ones(found.shape, bool)
        counted[8:-8, 8:-8] = whole
        return np.sqrt(((found - truth)[counted] ** 2).mean())

    lucy = error(imfilter.richardson_lucy(seen, kernel, 30))
    assert lucy < 0.25 * error(imfilter.richardson_lucy(seen, kernel, 30, mode="zero"))
    assert lucy < 0.5 * error(skimage.restoration.richardson_lucy(seen, kernel, 30, clip=False))
    sharp = imfilter.wiener(seen, kernel, balance=1e-3)
    wiener = error(sharp)
    assert wiener < 0.8 * error(imfilter.wiener(seen, kernel, balance=1e-3, mode="wrap"))
    assert lucy < error(seen)
    assert error(sharp, whole=True) < error(seen, whole=True)


@pytest.mark.parametrize("mode", ["mirror", "symmetric", "edge", "wrap", "zero", "constant"])
def test_constant_images_stay(mode):
    kernel = blur(3, 5)
    value = 0 if mode == "zero" else 7
    image = np.full((20, 17), value, np.uint8)
    for found in (
        imfilter.wiener(image, kernel, mode=mode, cval=7),
        imfilter.richardson_lucy(image, kernel, 5, mode=mode, cval=7),
    ):
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, image, atol=1e-5)


def test_absent_samples():
    image, kernel = scene((40, 50)), blur(3, 3)
    present = RNG.random(image.shape) < 0.8
    present[10:20, 10:20] = False
    holes = np.where(present, image, np.nan)
    for function, own in ((imfilter.wiener, ()), (imfilter.richardson_lucy, (4,))):
        found = function(image, kernel, *own, mask=present)
        np.testing.assert_array_equal(function(holes, kernel, *own, nan="ignore"), found)
        assert np.isfinite(found).all()
        assert np.isnan(function(holes, kernel, *own)).all()
        np.testing.assert_array_equal(
            function(image, kernel, *own, mask=np.ones(image.shape)), function(image, kernel, *own)
        )
        assert np.isnan(function(image, kernel, *own, mask=np.zeros(image.shape, bool))).all()
        masked = function(np.ma.array(image, mask=~present), kernel, *own)
        assert not np.ma.getmaskarray(masked).any()
    flat = imfilter.wiener(np.where(present, 5.0, 1e9), kernel, mask=present)
    np.testing.assert_allclose(flat, 5, rtol=1e-9)


def test_axes_types_and_workers():
    image, kernel = RNG.random((2, 30, 260, 3)) * 200, blur(3, 4)
    for function in (imfilter.wiener, imfilter.richardson_lucy):
        options = {} if function is imfilter.wiener else {"iterations": 3}
        found = function(image, kernel, axes=(1, 2), **options)
        for b, c in ((0, 0), (1, 2)):
            one = np.ascontiguousarray(image[b, ..., c])
            np.testing.assert_array_equal(function(one, kernel, **options), found[b, ..., c])
            np.testing.assert_array_equal(function(one, kernel.T, axes=(1, 0), **options), found[b, ..., c])
        rows = function(image[0], [kernel[:, 0], kernel[0]], channel_axis=-1, workers=1, **options)
        dense = np.outer(kernel[:, 0], kernel[0])
        other = function(image[0], dense, channel_axis=-1, workers=3, **options)
        np.testing.assert_array_equal(rows, other)
        for dtype in ("uint8", "int16", "float16", "float32", ">f8", "longdouble"):
            source = image[0, ..., 0].astype(dtype)
            real = function(source.astype(float), kernel, **options)
            result = function(source, kernel, **options)
            wide = np.dtype(dtype).itemsize >= 8
            assert result.dtype == (np.float64 if wide else np.float32)
            np.testing.assert_array_equal(result, real.astype(result.dtype))
        out = np.zeros((30, 260), np.uint8)
        assert function(image[0, ..., 0], kernel, out=out, **options) is out
        expected = function(image[0, ..., 0], kernel, **options)
        np.testing.assert_array_equal(out, np.rint(np.clip(expected, 0, 255)))


def test_small_images():
    for function in (imfilter.wiener, imfilter.richardson_lucy):
        assert function([[3.0]], [[1.0]]).tolist() == [[pytest.approx(3)]]
        assert function(np.zeros((1, 4)), np.ones((3, 3))).tolist() == [[0, 0, 0, 0]]
    assert (imfilter.richardson_lucy(-np.ones((4, 5)), np.ones((3, 3))) == 0).all()


@pytest.mark.parametrize(
    ("name", "options", "error", "words"),
    [
        ("wiener", {"kernel": [1.0, 2]}, ValueError, "kernel must have 2 axes"),
        ("wiener", {"kernel": np.zeros((3, 3))}, ValueError, "kernel must not be zero everywhere"),
        ("wiener", {"balance": 0}, ValueError, "balance must be positive"),
        ("wiener", {"regularizer": "none"}, ValueError, "regularizer must be one of"),
        ("wiener", {"mode": "shrink"}, ValueError, "mode must be one of"),
        ("richardson_lucy", {"kernel": [[1, -1]]}, ValueError, "kernel must have no negative weights"),
        ("richardson_lucy", {"kernel": np.zeros((3, 3))}, ValueError, "kernel must not be zero everywhere"),
        ("richardson_lucy", {"iterations": 0}, ValueError, "iterations must be at least 1"),
    ],
    ids=str,
)
def test_errors(name, options, error, words):
    with pytest.raises(error, match=words):
        getattr(imfilter, name)(np.ones((5, 6)), **{"kernel": np.ones((3, 3)), **options})
