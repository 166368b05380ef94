"""Results that are in the range of their type, from sums of samples that are not."""

import numpy as np
import pytest

import imfilter
from tests.looping import loop_over
from tests.reference import naive

RNG = np.random.default_rng(0)
#: A power of two. Sums of samples that are multiplied by it do not overflow.
UNIT = 2.0**-20
LONG = np.exp(-(np.linspace(-3, 3, 61) ** 2))
KERNELS = {
    "mean": np.full((3, 3), 1 / 9),
    "even mean": np.full((4, 2), 1 / 8),
    "not symmetric": RNG.random((5, 3)) / 8,
    "with zeros": np.array([[1.0, 0, 1], [0, 1, 0], [1, 0, 1]]) / 5,
    "large and dense": RNG.random((25, 21)) / 300,
    "separable": [np.array([1.0, 2, 1]) / 4, np.array([1.0, 4, 6, 4, 1]) / 16],
    "difference": [np.array([1.0, 2, 1]) / 4, np.array([-1.0, 0, 1])],
    "of a line": [np.ones(1), LONG / LONG.sum()],
    "long": [LONG / LONG.sum(), LONG / LONG.sum()],
    "second difference": np.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
}


def images(dtype):
    """Images with samples of the largest size: everywhere, of both signs, and a few."""
    rng, most = np.random.default_rng(1), np.finfo(dtype).max
    shape = 40, 71
    yield np.full(shape, most * dtype(0.9))
    yield np.where(rng.random(shape) < 0.5, -most, most) * dtype(0.9)
    some = rng.normal(size=shape).astype(dtype)
    some[4:8, 10:20], some[20:25, 40:44] = most, -most
    yield some
    some = some.copy()
    some[6, 12], some[30, 30] = np.nan, np.inf
    yield some


def check(result, small, unit):
    """Compare with the sums of the samples times `UNIT`. `unit` is the scale of their errors."""
    dtype, most = result.dtype, float(np.finfo(result.dtype).max) * UNIT
    error = (2e-6 if dtype == np.float32 else 1e-12) * unit
    inside = np.abs(small) < most - error
    found = result.astype(np.float64) * UNIT
    np.testing.assert_allclose(found[inside], small[inside], rtol=0, atol=error)
    beyond = np.abs(small) > most + error
    np.testing.assert_array_equal(result[beyond], np.copysign(np.inf, small[beyond]))
    np.testing.assert_array_equal(np.isnan(result), np.isnan(small))


@pytest.mark.slow
@loop_over("dtype", [np.float32, np.float64])
@loop_over("mode", ["mirror", "zero", "wrap"])
@pytest.mark.parametrize("name", KERNELS)
def test_correlate(name, mode, dtype):
    kernel = KERNELS[name]
    for image in images(dtype):
        finite = np.where(np.isfinite(image), image, 0).astype(np.float64) * UNIT
        scale = naive.scale(finite, kernel)
        with np.errstate(invalid="ignore"):
            small = naive.correlate(image.astype(np.float64) * UNIT, kernel, mode=mode)
            # A dense kernel does not read where its weight is 0.
            absent = naive.correlate((~np.isfinite(image)).astype(float), used(kernel), mode=mode) > 0
        small = np.where(absent, np.nan, naive.correlate(finite, kernel, mode=mode))
        result = imfilter.correlate(image, kernel, mode=mode)
        assert not np.isfinite(result[absent]).any()
        check(np.where(absent, np.nan, result).astype(dtype), small, scale)


def used(kernel):
    """Return 1 for weights that are not 0."""
    return (naive.dense(kernel, 2) != 0).astype(float)


FILTERS = {
    "gaussian": lambda x, **k: imfilter.gaussian(x, 2.0, **k),
    "wide gaussian": lambda x, **k: imfilter.gaussian(x, 30.0, **k),
    "box": lambda x, **k: imfilter.box(x, 5, **k),
    "long box": lambda x, **k: imfilter.box(x, 61, **k),
    "farid": lambda x, **k: imfilter.farid(x, axis=1, **k),
    "sharpen": lambda x, **k: imfilter.sharpen(x, 0.5, **k),
    "unsharp_mask": lambda x, **k: imfilter.unsharp_mask(x, 2.0, 0.5, **k),
    "laplacian_of_gaussian": lambda x, **k: imfilter.laplacian_of_gaussian(x, 2.0, **k),
    "difference_of_gaussians": lambda x, **k: imfilter.difference_of_gaussians(x, 1.0, 2.0, **k),
    "gaussian, a mask": lambda x, **k: imfilter.gaussian(x, 2.0, mask=MASK[: len(x)], **k),
    "hessian": lambda x, **k: imfilter.hessian(x, 1.5, **k)[0],
    "gabor": lambda x, **k: imfilter.gabor(x, 0.2, 0.3, part="real", **k),
}
MASK = np.random.default_rng(2).random((40, 71)) < 0.9


@loop_over("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", FILTERS)
def test_filters(name, dtype):
    """The same call for smaller samples gives the result, of which `UNIT` changes the exponent alone."""
    function = FILTERS[name]
    for image in images(dtype):
        small = function(image * dtype(UNIT))
        result = function(image)
        check(result, small.astype(np.float64), float(np.finfo(dtype).max) * UNIT)


@loop_over("dtype", [np.float32, np.float64])
def test_a_flat_image_stays(dtype):
    image = np.full((30, 40), np.finfo(dtype).max)
    for result in (imfilter.gaussian(image, 2.0), imfilter.box(image, 5)):
        np.testing.assert_array_equal(result, image)
    assert not imfilter.sobel(image, axis=1).any()
    assert not imfilter.laplacian(image).any()


@loop_over("dtype", [np.float32, np.float64])
@loop_over("name", ["gaussian", "box", "sharpen"])
def test_bits_of_parts(name, dtype):
    """Results do not depend on large samples elsewhere, on workers, or on the layout."""
    function = FILTERS[name]
    image = list(images(dtype))[2]
    whole = function(image)
    np.testing.assert_array_equal(function(image[:30])[:20], whole[:20])
    np.testing.assert_array_equal(function(image[12:])[10:], whole[22:])
    for other in (function(image, workers=1), function(np.asfortranarray(image)), function(image.T.copy().T)):
        np.testing.assert_array_equal(other, whole)
    far = image.copy()
    far[:29] = RNG.normal(size=(29, 71))
    np.testing.assert_array_equal(function(far)[38:], whole[38:])
    inside = image.copy()
    assert function(inside, out=inside) is inside
    np.testing.assert_array_equal(inside, whole)


@loop_over("dtype", [np.float32, np.float64])
def test_volumes_and_channels(dtype):
    image = list(images(dtype))[2]
    volume = np.stack([image] * 9)
    volume[4, 30, 30] = np.nan
    result, small = imfilter.gaussian(volume, 1.5), imfilter.gaussian(volume * dtype(UNIT), 1.5)
    check(result, small.astype(np.float64), float(np.finfo(dtype).max) * UNIT)
    pixels = np.stack([image] * 3, axis=-1)
    found = imfilter.gaussian(pixels, 1.5, channel_axis=-1)
    np.testing.assert_array_equal(found[..., 1], imfilter.gaussian(image, 1.5))


def test_constants_and_other_types():
    image = np.ones((20, 30), np.float32)
    most = float(np.finfo(np.float32).max)
    result = imfilter.box(image, 3, mode="constant", cval=most)
    assert np.isfinite(result).all()
    np.testing.assert_allclose(result[0, 0], most * 5 / 9, rtol=1e-6)
    image[:] = most
    kernel = np.full((3, 3), 1 / 9)
    np.testing.assert_allclose(imfilter.correlate(image, kernel, bias=-most), 0, atol=most * 1e-6)
    image[:, :15] = 7
    result = imfilter.gaussian(image, 1.0, dtype=np.uint8)
    np.testing.assert_array_equal(result[:, :11], 7)
    np.testing.assert_array_equal(result[:, 15:], 255)
    wide = imfilter.gaussian(image, 1.0, dtype=np.float64)
    np.testing.assert_allclose(imfilter.gaussian(image, 1.0), wide, rtol=1e-5)


MISSING = {
    "gaussian": lambda x, **k: imfilter.gaussian(x, 2.0, **k),
    "box": lambda x, **k: imfilter.box(x, 5, **k),
    "derivative": lambda x, **k: imfilter.sobel(x, axis=1, **k),
    "sharpen": lambda x, **k: imfilter.sharpen(x, 0.5, **k),
    "laplacian_of_gaussian": lambda x, **k: imfilter.laplacian_of_gaussian(x, 2.0, **k),
}


@loop_over("dtype", [np.float32, np.float64])
@loop_over("name", MISSING)
def test_missing_data(name, dtype):
    function, most = MISSING[name], float(np.finfo(dtype).max)
    cases = {"nan": "ignore"}, {"mask": MASK}, {"mask": MASK * 1e6}, {"mask": MASK, "min_coverage": 0.9}
    for image in images(dtype):
        image[2, 3] = np.nan
        for given in (*cases, {"nan": "ignore", "mode": "shrink"}, {"nan": "ignore", "mode": "zero"}):
            small = function(image * dtype(UNIT), **given)
            result = function(image, **given)
            check(result, small.astype(np.float64), most * UNIT)
            np.testing.assert_array_equal(function(image, workers=1, **given), result)
            inside = image.copy()
            np.testing.assert_array_equal(function(inside, out=inside, **given), result)
            part = {key: value[:30] if key == "mask" else value for key, value in given.items()}
            np.testing.assert_array_equal(function(image[:30], **part)[:20], result[:20])


@loop_over("dtype", [np.float32, np.float64])
@loop_over("name", ["gaussian", "box", "sharpen"])
def test_a_fill_beside_missing_data(name, dtype):
    """Rounding errors do not make a mean of the largest number infinite."""
    image = RNG.normal(size=(40, 50)).astype(dtype)
    image[:20], image[5, 5], image[30, 30] = np.finfo(dtype).min, np.nan, np.nan
    result = MISSING[name](image, nan="ignore")
    np.testing.assert_allclose(result[:12], np.finfo(dtype).min, rtol=1e-6)
    whole = MISSING[name](image, nan="ignore", dtype=np.int16)
    np.testing.assert_array_equal(whole[:12], -(2**15))
    assert np.abs(whole[28:]).max() < 10


@loop_over("dtype", ["f4", "f8", "u1"])
def test_constants_and_missing_data(dtype):
    """A large constant beyond the border, where no sample is absent and where one is."""
    image = (RNG.random((300, 310)) * 9).astype(dtype)
    most = float(np.finfo(np.float64 if dtype == "f8" else np.float32).max)
    given = {"mode": "constant", "cval": most, "dtype": "f8" if dtype == "f8" else "f4"}
    plain = imfilter.gaussian(image, 2.0, **given)
    assert np.isfinite(plain).all()
    np.testing.assert_array_equal(imfilter.gaussian(image, 2.0, nan="ignore", **given), plain)
    mask = np.ones(image.shape, bool)
    mask[150, 150] = False
    found = imfilter.gaussian(image, 2.0, mask=mask, **given)
    np.testing.assert_allclose(found[:100], plain[:100], rtol=2e-6)
