"""Hessian matrices and their eigenvalues."""

import numpy as np
import pytest
import scipy.ndimage as ndi
import skimage.feature

import imfilter
from imfilter._base.store import roomy
from imfilter._filters.orientation import family, measures
from tests.looping import loop_over
from tests.reference import missing, naive
from tests.reference import orientation as reference

MODES = ("mirror", "symmetric", "edge", "wrap", "zero", "constant")
SHAPES = ((23,), (13, 11), (8, 9, 7))
BOTH = (imfilter.hessian, imfilter.hessian_eigenvalues)


def image_of(shape, seed=0):
    return np.random.default_rng(seed).uniform(-2, 5, shape)


@loop_over("shape", SHAPES)
@loop_over("mode", MODES)
def test_components(shape, mode):
    image = image_of(shape)
    border = {"mode": mode, "cval": 1.5 if mode == "constant" else 0.0}
    expected = reference.hessian(image, 1.0, **border)
    found = imfilter.hessian(image, 1.0, **border)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)
    values = imfilter.hessian_eigenvalues(image, 1.0, **border)
    np.testing.assert_allclose(values, reference.eigenvalues(expected), rtol=0, atol=1e-13)


def test_loops():
    image = image_of((6, 5))
    for found, kernel in zip(imfilter.hessian(image, 1.0), reference.hessian_taps(1.0, 2), strict=True):
        np.testing.assert_allclose(found, naive.correlate_loops(image, kernel), rtol=0, atol=1e-14)


def test_the_taps_are_those_of_gaussian_and_the_response_to_a_constant_is_subtracted():
    image, taps = image_of((20, 21)), imfilter.weights.gaussian(1.0, order=2)
    expected = imfilter.gaussian(image, 1.0, order=(2, 0)) - taps.sum() * imfilter.gaussian(image, 1.0)
    rr, rc, _ = imfilter.hessian(image, 1.0)
    np.testing.assert_allclose(rr, expected, rtol=0, atol=1e-14)
    np.testing.assert_allclose(rc, imfilter.gaussian(image, 1.0, order=1), rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    "options",
    [
        {"spacing": (1.5, 2.5)},
        {"truncate": 2.4, "spacing": (1.5, 2.5), "radius": None},
        {"radius": (2, 4)},
    ],
)
def test_options(options):
    image = image_of((14, 12))
    expected = reference.hessian(image, (1.5, 2.5), **options)
    np.testing.assert_allclose(imfilter.hessian(image, (1.5, 2.5), **options), expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    "dtype", ["bool", "uint8", "int16", "uint16", "float16", "float32", "int64", "longdouble"]
)
def test_types(dtype):
    image = (image_of((12, 13)) * 20).astype(dtype)
    expected = reference.hessian(image.astype(float), 1.0)
    for function in BOTH:
        found = function(image, 1.0)
        narrow = np.dtype(dtype).itemsize < 4 or dtype == "float32"
        assert found.dtype == (np.float32 if narrow else np.float64)
        wanted = expected if function is imfilter.hessian else reference.eigenvalues(expected)
        bound = 2e-6 if narrow else 1e-14
        np.testing.assert_allclose(found, wanted, rtol=0, atol=bound * np.abs(image.astype(float)).max())
        whole = function(image, 1.0, dtype="int16")
        assert whole.dtype == np.int16
        assert np.abs(whole - np.rint(wanted)).max() <= 1
        out = np.empty(found.shape, np.float64)
        assert function(image, 1.0, out=out) is out
        np.testing.assert_allclose(out, wanted, rtol=0, atol=1e-13 * np.abs(image.astype(float)).max())


@pytest.mark.parametrize("function", BOTH)
def test_axes_and_channels(function):
    image = image_of((3, 12, 11, 2))
    found = function(image, 1.0, axes=(1, 2))
    for a in range(3):
        for c in range(2):
            np.testing.assert_array_equal(found[:, a, :, :, c], function(image[a, :, :, c], 1.0))
    swapped = function(image, (1.0, 2.0), axes=(2, 1))
    expected = function(image, (2.0, 1.0), axes=(1, 2))
    if function is imfilter.hessian:
        expected = expected[::-1]
    np.testing.assert_allclose(swapped, expected, rtol=0, atol=1e-14)
    channels = function(image[0], 1.0, channel_axis=-1)
    np.testing.assert_array_equal(channels, found[:, 0])
    first = function(np.moveaxis(image[0], -1, 0), 1.0, channel_axis=0)
    np.testing.assert_array_equal(np.moveaxis(first, 1, -1), found[:, 0])
    turned = function(np.asfortranarray(image[0, :, :, 0]), 1.0)
    np.testing.assert_array_equal(turned, found[:, 0, :, :, 0])


@loop_over("shape", [(1,), (1, 1), (2, 1), (1, 5, 1), (2, 2, 2)])
@loop_over("mode", [*MODES, "shrink"])
def test_tiny(shape, mode):
    image = image_of(shape)
    for function in BOTH:
        found = function(image, 1.0, mode=mode)
        assert found.shape[1:] == shape
        if mode != "shrink":
            expected = reference.hessian(image, 1.0, mode=mode)
            wanted = expected if function is imfilter.hessian else reference.eigenvalues(expected)
            np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-13)
        elif function is imfilter.hessian:
            kernels = reference.hessian_taps(1.0, len(shape))
            wanted = [missing.separable(image, np.ones(shape), k, mode=mode) for k in kernels]
            np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
@pytest.mark.parametrize("value", [0.0, 0.1, 1.0, 200.7])
def test_flat_images_give_0(dtype, value):
    for shape in ((17, 19), (8, 9, 7)):
        image = np.full(shape, value).astype(dtype)
        for sigma in (0.5, 1.0):
            for function in BOTH:
                assert not function(image, sigma).any()
                assert not function(image, sigma, mode="edge").any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(40, 37), (16, 13, 15)])
def test_a_mirrored_image_has_the_mirrored_bits(dtype, shape):
    image = image_of(shape).astype(dtype)
    for axis in range(len(shape)):
        found = imfilter.hessian_eigenvalues(np.flip(image, axis), 1.0)
        np.testing.assert_array_equal(np.flip(found, axis + 1), imfilter.hessian_eigenvalues(image, 1.0))


@pytest.mark.parametrize("shape", [(90, 300), (20, 31, 29)])
def test_neither_workers_nor_cuts_change_a_bit(shape, monkeypatch):
    image = image_of(shape).astype(np.float32)
    image[3, 4] = np.inf
    expected = imfilter.hessian_eigenvalues(image, 1.0, workers=1)
    with monkeypatch.context() as patch:
        patch.setattr(family, "_PIECE", 500)
        for workers in (1, 2, 3):
            found = imfilter.hessian_eigenvalues(image, 1.0, workers=workers)
            np.testing.assert_array_equal(found, expected)
    part = imfilter.hessian_eigenvalues(image[: shape[0] // 2 + 4], 1.0)
    np.testing.assert_array_equal(part[:, : shape[0] // 2], expected[:, : shape[0] // 2])


@loop_over("shape", [(11, 12), (8, 6, 7)])
@loop_over("mode", ["mirror", "shrink", "constant"])
@pytest.mark.parametrize("kind", ["bool", "number", "nan"])
@pytest.mark.slow
def test_missing(shape, mode, kind):
    rng = np.random.default_rng(2)
    image, counts = image_of(shape), rng.random(shape)
    counts[counts < 0.4] = 0
    if kind != "number":
        counts = (counts > 0).astype(float)
    options = {"mode": mode, "cval": 2.0}
    kernels = reference.hessian_taps(1.0, len(shape))
    for least in (0.0, 0.6):
        given = {"mask": counts > 0 if kind == "bool" else counts}
        samples = np.where(counts > 0, image, 1e30)
        if kind == "nan":
            given, samples = {"nan": "ignore"}, np.where(counts > 0, image, np.nan)
        kernels = reference.hessian_taps(1.0, len(shape))
        wanted = np.stack(
            [missing.separable(image, counts, k, mode=mode, cval=2.0, least=least) for k in kernels]
        )
        found = imfilter.hessian(samples, 1.0, min_coverage=least, **given, **options)
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12)
        known = np.isfinite(wanted).all(0)
        values = imfilter.hessian_eigenvalues(samples, 1.0, min_coverage=least, **given, **options)
        np.testing.assert_array_equal(np.isnan(values).any(0), ~known)
        expected = reference.eigenvalues(np.where(known, wanted, 0))
        np.testing.assert_allclose(values[:, known], expected[:, known], rtol=0, atol=1e-12)


def test_masked_arrays():
    image, absent = image_of((30, 40)), np.zeros((30, 40), bool)
    absent[5:28, 4:30] = True
    masked = np.ma.array(image, mask=absent)
    for function in BOTH:
        found = function(masked, 1.0)
        assert isinstance(found, np.ma.MaskedArray)
        np.testing.assert_array_equal(found.mask, np.isnan(found.data))
        assert found.mask.any()
        np.testing.assert_array_equal(found.data, function(image, 1.0, mask=~absent))
        full = function(image, 1.0, mask=np.ones(image.shape))
        np.testing.assert_array_equal(full, function(image, 1.0))


def test_nan_and_infinity_stay_in_their_windows():
    image = image_of((31, 33))
    expected = imfilter.hessian_eigenvalues(image, 1.0)
    for value in (np.nan, np.inf, -np.inf):
        spoiled = image.copy()
        spoiled[15, 16] = value
        found = imfilter.hessian_eigenvalues(spoiled, 1.0)
        inside = np.zeros(image.shape, bool)
        inside[11:20, 12:21] = True
        np.testing.assert_array_equal(found[:, ~inside], expected[:, ~inside])
        assert np.isnan(found[:, 15, 16]).any() or np.isinf(found[:, 15, 16]).any()


def symmetric(n, kind, rng):
    matrix = rng.standard_normal((n, 3, 3))
    if kind == "two nearly equal":
        turn = np.linalg.qr(matrix)[0]
        values = np.stack(
            [np.ones(n), 1 + 10 ** rng.uniform(-17, -1, n), 3 * rng.standard_normal(n)], axis=-1
        )
        matrix = (turn * values[:, None, :]) @ turn.transpose(0, 2, 1)
    elif kind == "three nearly equal":
        matrix = np.eye(3) * rng.standard_normal((n, 1, 1)) + 10 ** rng.uniform(-18, -3, (n, 1, 1)) * matrix
    elif kind == "equal":
        matrix = np.eye(3) * rng.standard_normal((n, 1, 1))
    elif kind == "rank 1":
        line = rng.standard_normal((n, 3))
        matrix = line[:, :, None] * line[:, None, :]
    elif kind == "any size":
        matrix = matrix * 10 ** rng.uniform(-34, 34, (n, 1, 1))
    elif kind == "small integers":
        matrix = rng.integers(-2, 3, (n, 3, 3)).astype(float)
    return (matrix + matrix.transpose(0, 2, 1)) / 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "kind",
    [
        "any",
        "two nearly equal",
        "three nearly equal",
        "equal",
        "rank 1",
        "any size",
        "small integers",
    ],
)
def test_eigenvalues_are_exact_to_some_roundings(dtype, kind):
    count = 20_001
    given = symmetric(count, kind, np.random.default_rng(3)).astype(dtype)
    for ndim in (2, 3):
        matrices = given[:, :ndim, :ndim]
        components = []
        for i, j in reference.pairs(ndim):
            components.append(roomy((count,), dtype))
            components[-1][:] = matrices[:, i, j]
        results = [roomy((count,), dtype) for _ in range(ndim)]
        measures.write_eigenvalues(components, results)
        found = np.stack(results, axis=-1)
        expected = np.linalg.eigvalsh(matrices.astype(np.float64))[:, ::-1]
        size = np.abs(expected).max(-1, keepdims=True)
        assert (np.abs(found - expected) <= 12 * np.finfo(dtype).eps * size).all()
        assert (np.diff(found, axis=-1) <= 0).all()
        if kind == "equal":
            np.testing.assert_array_equal(found[:, 0], found[:, -1])


def test_scikit_image():
    volume = ndi.gaussian_filter(image_of((36, 35, 34)), 1.0)
    inner = (slice(None), *(slice(13, -13),) * 3)
    theirs = skimage.feature.hessian_matrix(volume, 1.5, mode="nearest", use_gaussian_derivatives=True)
    ours = imfilter.hessian(volume, 1.5, truncate=8, mode="edge")
    np.testing.assert_allclose(ours[inner], np.stack(theirs)[inner], rtol=0, atol=1e-5)
    values = imfilter.hessian_eigenvalues(volume, 1.5, truncate=8, mode="edge")
    np.testing.assert_allclose(
        values[inner], skimage.feature.hessian_matrix_eigvals(theirs)[inner], rtol=0, atol=1e-5
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sigma": 0.0}, "sigma must be positive for a derivative of order 1, got 0.0"),
        ({"sigma": -1}, "sigma must be at least 0, got -1"),
        ({"sigma": (1, 2, 3)}, "sigma must be one number or one for each of 2 filtered axes"),
        ({"sigma": 1, "spacing": 0}, "spacing must be positive, got 0"),
        ({"sigma": 1, "mode": "reflect"}, "mode 'reflect' is ambiguous"),
        ({"sigma": 1e5}, "sigma must give a kernel of at most 16384 taps, got 800001"),
        ({"sigma": 1, "out": np.empty((2, 8, 9))}, r"out must have shape \(\d, 8, 8\), got \(2, 8, 9\)"),
    ],
)
def test_errors(options, message):
    for function in BOTH:
        with pytest.raises(ValueError, match=message):
            function(np.zeros((8, 8)), **options)
