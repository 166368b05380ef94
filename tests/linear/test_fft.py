"""Correlation through transforms: every border, at every place of a tile, and however tiles are shared."""

import math

import numpy as np
import pytest

import imfilter
from imfilter._filters.linear import fft_lengths, fft_sums
from tests.looping import loop_over
from tests.reference import naive

RNG = np.random.default_rng(23)


@pytest.fixture
def by_transform(by_transform, monkeypatch):
    """Transforms for every kernel, in tiles that are only a little longer than the kernel."""

    def tiles(kernel, image):
        return tuple(min(2 * k + 3, n + k - 1) for k, n in zip(kernel, image, strict=True))

    monkeypatch.setattr(fft_sums, "tile_of", tiles)
    monkeypatch.setattr(fft_sums, "_TOGETHER", 64)


@loop_over("mode", naive.MODES)
@loop_over(
    ("shape", "size"),
    [
        ((97,), (8,)),
        ((300,), (13,)),
        ((5,), (17,)),
        ((40, 61), (5, 8)),
        ((3, 70), (9, 4)),
        ((33, 2), (4, 7)),
        ((9, 14, 20), (3, 4, 5)),
        ((2, 5, 30), (6, 3, 3)),
    ],
)
def test_every_border(by_transform, shape, size, mode):
    """Also on images shorter than the kernel."""
    image, kernel = RNG.normal(size=shape), RNG.normal(size=size)
    cval = -1.5 if mode == "constant" else 0.0
    expected = naive.correlate(image, kernel, mode=mode, cval=cval, bias=0.5)
    bound = np.abs(kernel).sum() * 5
    found = imfilter.correlate(image, kernel, mode=mode, cval=cval, bias=0.5)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-15 * bound)
    found = imfilter.correlate(image.astype(np.float32), kernel, mode=mode, cval=cval, bias=0.5)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * bound)


@pytest.mark.parametrize(
    ("padding", "pads"),
    [
        ("valid", [(0, 0), (0, 0)]),
        (30, [(30, 30), (30, 30)]),
        ([(0, 9), (25, 0)], [(0, 9), (25, 0)]),
        ([(7, 2), (0, 40)], [(7, 2), (0, 40)]),
    ],
)
def test_paddings(by_transform, padding, pads):
    image, kernel = RNG.normal(size=(50, 61)), RNG.normal(size=(7, 6))
    expected = naive.correlate(naive.pad(image, *zip(*pads, strict=True), "wrap"), kernel, padding="valid")
    found = imfilter.correlate(image, kernel, mode="wrap", padding=padding)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_axes_layouts_and_workers(by_transform):
    image, kernel = RNG.normal(size=(50, 4, 61)).astype(np.float32), RNG.normal(size=(7, 6))
    alone = imfilter.correlate(image, kernel, axes=(0, 2), workers=1)
    for i in range(4):
        expected = naive.correlate(image[:, i].astype(float), kernel)
        np.testing.assert_allclose(alone[:, i], expected, rtol=0, atol=1e-4)
    for workers in (2, 3, 8):
        np.testing.assert_array_equal(imfilter.correlate(image, kernel, axes=(0, 2), workers=workers), alone)
    out = np.empty(image.shape, np.float32, order="F")
    imfilter.correlate(np.asfortranarray(image)[::-1][::-1], kernel, axes=(0, 2), out=out)
    np.testing.assert_array_equal(out, alone)
    lines = RNG.normal(size=(40, 3, 300))
    alone = imfilter.correlate(lines, kernel[0], axes=2, workers=1)
    np.testing.assert_array_equal(imfilter.correlate(lines, kernel[0], axes=2, workers=3), alone)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "int32", "bool"])
def test_integers_are_rounded_and_saturated(by_transform, dtype):
    info = np.iinfo(dtype if dtype != "bool" else np.uint8)
    image = RNG.integers(max(info.min, -(2**20)), min(info.max, 2**20), (60, 70), endpoint=True).astype(dtype)
    kernel = RNG.normal(size=(9, 9)) / 2
    kernel -= kernel.mean()
    expected = naive.correlate(image.astype(float), kernel, bias=3.0)
    found = imfilter.correlate(image, kernel, bias=3.0, dtype=dtype)
    if dtype == "bool":
        clear = np.abs(expected - 0.5) > 1e-4
        np.testing.assert_array_equal(found[clear], (expected >= 0.5)[clear])
        return
    assert dtype == "int32" or ((expected < info.min).any() and (expected > info.max).any())
    clear = np.abs(expected - np.floor(expected) - 0.5) > 1e-3
    wanted = np.clip(np.rint(expected), info.min, info.max)
    np.testing.assert_array_equal(found[clear], wanted[clear])


@loop_over("kernel", [(3,), (501,), (5000,), (3, 90), (63, 63), (1, 400), (9, 9, 9), (2, 70, 5)])
@loop_over("scale", [1, 7, 400])
def test_tiles(kernel, scale):
    """Longer than the kernel, no longer than what there is to transform, and fast to transform."""
    image = tuple(max(1, k * scale // 5) for k in kernel)
    for k, n, t in zip(kernel, image, fft_lengths.tile_of(kernel, image), strict=True):
        assert k <= t <= 2 * max(n + k - 1, 1)
        rest = t
        for p in (2, 3, 5):
            rest //= p ** next(i for i in range(64) if rest % p ** (i + 1))
        assert rest == 1
    assert math.prod(fft_lengths.tile_of(kernel, image)) < 1 << 22


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("mode", ["mirror", "zero", "constant"])
def test_what_is_not_finite_is_where_the_taps_put_it(by_transform, mode, dtype):
    """Under weights of either sign, and under zeros, which are not read; all else is as ever."""
    image, kernel = RNG.normal(size=(40, 45)).astype(dtype), RNG.normal(size=(5, 6))
    kernel[1, 2] = kernel[4, 0] = kernel[2, 5] = 0.0
    for values in ([np.nan], [np.inf], [-np.inf], [np.inf, -np.inf], [np.nan, np.inf, np.inf, -np.inf]):
        spoiled = image.copy()
        for value in values:
            spoiled[tuple(RNG.integers(5, 30, 2))] = value
        cval = np.inf if mode == "constant" else 0.0
        with np.errstate(invalid="ignore"):
            expected = naive.correlate_loops(spoiled.astype(float), kernel, mode=mode, cval=cval, bias=1.0)
        found = imfilter.correlate(spoiled, kernel, mode=mode, cval=cval, bias=1.0)
        finite = np.isfinite(expected)
        np.testing.assert_array_equal(found[~finite], expected[~finite])
        np.testing.assert_allclose(found[finite], expected[finite], rtol=0, atol=1e-5)


def test_samples_near_the_end_of_the_range(by_transform):
    """Tiles are scaled before they are transformed: neither large samples nor small ones are lost."""
    kernel = RNG.random((7, 9)) + 0.1
    image = RNG.random((60, 80)) + 0.5
    for scale in (1e-300, 1e-150, 1.0, 1e150, 1e300):
        found = imfilter.correlate(image * scale, kernel)
        np.testing.assert_allclose(found, naive.correlate(image, kernel) * scale, rtol=1e-11)
    image[:20] *= 1e300
    image[40:] *= 1e-300
    found = imfilter.correlate(image, kernel)
    np.testing.assert_allclose(found, naive.correlate(image, kernel), rtol=1e-11)
    narrow = (RNG.random((60, 80)) + 0.5).astype(np.float32)
    for factor in (1e-30, 1e-16, 1e16, 1e35):
        found = imfilter.correlate((narrow * np.float32(factor)), kernel)
        expected = naive.correlate((narrow * np.float32(factor)).astype(float), kernel)
        np.testing.assert_allclose(found, expected, rtol=4e-6)


@loop_over(
    ("shape", "expected"),
    [
        ((60, 20000), "winograd"),
        ((20000, 60), "winograd"),
        ((512, 512), "winograd"),
        ((300, 8000), "fft"),
        ((1080, 1920), "fft"),
    ],
)
def test_only_many_large_tiles_are_cheap(shape, expected):
    """Small tiles do not scale over threads."""
    assert (
        imfilter.plan(shape, "float64", np.random.default_rng(5).normal(size=(31, 31))).algorithm == expected
    )
