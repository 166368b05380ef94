"""Pyramids: the definition, the way back, OpenCV, types and errors."""

import cv2
import numpy as np
import pytest

import imfilter
from tests.looping import loop_over
from tests.photos import GREY, photo
from tests.reference import resampling as loops

RNG = np.random.default_rng(5)
TYPES = ("bool", "uint8", "int8", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32", ">i2")


@pytest.mark.parametrize("mode", ["mirror", "edge", "wrap", "constant", "shrink"])
def test_the_definition(mode):
    image = RNG.normal(size=(9, 12))
    cval = 1.5 if mode == "constant" else 0.0
    down = [[loops.reduced(n, i, mode) for i in range((n + 1) // 2)] for n in image.shape]
    up = [[loops.expanded((n + 1) // 2, i, mode) for i in range(n)] for n in image.shape]
    first, second = imfilter.pyramid(image, 1, mode=mode, cval=cval)
    np.testing.assert_array_equal(first, image)
    np.testing.assert_allclose(second, loops.summed(image, down, cval), rtol=0, atol=1e-13)
    difference, _ = imfilter.pyramid(image, 1, kind="laplacian", mode=mode, cval=cval)
    np.testing.assert_allclose(difference, image - loops.summed(second, up, cval), rtol=0, atol=1e-13)


@loop_over("dtype", TYPES)
@loop_over("shape", [(37,), (1, 1), (16, 33), (5, 6, 9)])
def test_the_way_back_is_exact(shape, dtype):
    kind = np.dtype(dtype)
    if kind.kind == "f":
        image = RNG.normal(size=shape).astype(dtype)
    else:
        high = 1 if kind.kind == "b" else np.iinfo(kind).max
        low = 0 if kind.kind == "b" else np.iinfo(kind).min
        image = RNG.integers(low, high, shape, np.uint64 if kind == np.uint64 else np.int64, endpoint=True)
        image = image.astype(dtype)
    for mode in ("mirror", "wrap", "shrink"):
        levels = imfilter.pyramid(image, kind="laplacian", mode=mode)
        assert len(levels) == (min(shape) - 1).bit_length() + 1
        back = imfilter.from_pyramid(levels, mode=mode)
        assert back.dtype == kind.newbyteorder("=")
        np.testing.assert_array_equal(back, image)


def test_float64_comes_back_within_its_bound():
    image = RNG.normal(size=(40, 50)) * 10.0 ** RNG.integers(-9, 9, (40, 50))
    back = imfilter.from_pyramid(imfilter.pyramid(image, 3, kind="laplacian"))
    around = imfilter.maximum(np.abs(image), 41)
    assert (np.abs(back - image) <= 2.0**-52 * around).all()


def test_opencv():
    image = photo(GREY[0])
    found = imfilter.pyramid(image, 3)
    others = [image.astype(np.float32)]
    for _ in range(3):
        others.append(cv2.pyrDown(others[-1]))
    for level, other in zip(found, others, strict=True):
        assert level.dtype == np.uint8
        assert np.abs(level - other).max() <= 1.2  # each level of ours is rounded
    short = imfilter.pyramid(image.astype(np.float32), 3)
    for level, other in zip(short, others, strict=True):
        np.testing.assert_allclose(level, other, rtol=0, atol=1e-3)
    up = cv2.pyrUp(short[1], dstsize=image.shape[::-1])
    (difference, _) = imfilter.pyramid(image.astype(np.float32), 1, kind="laplacian")
    inside = (slice(2, -2),) * 2  # OpenCV has another border at the end
    np.testing.assert_allclose((image - difference)[inside], up[inside], rtol=0, atol=1e-3)


def test_channels_axes_and_workers():
    image = RNG.integers(0, 255, (31, 40, 3)).astype(np.uint8)
    levels = imfilter.pyramid(image, 3, channel_axis=-1)
    assert [level.shape for level in levels] == [(31, 40, 3), (16, 20, 3), (8, 10, 3), (4, 5, 3)]
    for c in range(3):
        alone = imfilter.pyramid(image[..., c], 3)
        for level, one in zip(levels, alone, strict=True):
            np.testing.assert_array_equal(level[..., c], one)
    for level, one in zip(levels, imfilter.pyramid(image, 3, axes=(0, 1), workers=1), strict=True):
        np.testing.assert_array_equal(level, one)
    differences = imfilter.pyramid(image, 3, kind="laplacian", channel_axis=-1)
    np.testing.assert_array_equal(imfilter.from_pyramid(differences, channel_axis=-1), image)
    (only,) = imfilter.pyramid(image, 0, channel_axis=-1)
    only[:] = 0
    assert image.any()  # the first level is a copy


def test_errors():
    image = np.zeros((6, 8), np.uint8)
    for options, error, words in (
        ({"levels": -1}, ValueError, "levels must be at least 0"),
        ({"levels": 1.5}, TypeError, "levels must be an integer"),
        ({"kind": "steerable"}, ValueError, "kind must be one of"),
    ):
        with pytest.raises(error, match=words):
            imfilter.pyramid(image, **options)
    levels = imfilter.pyramid(image, 2, kind="laplacian")
    for wrong, error, words in (
        (image, TypeError, "pyramid must be a list of arrays"),
        ([], TypeError, "pyramid must be a list of arrays"),
        (levels[::2], ValueError, r"pyramid\[1\] must have shape \(3, 4\) after \(6, 8\), got \(2, 2\)"),
        ([levels[0].astype(np.int32), *levels[1:]], ValueError, r"pyramid\[0\] must have dtype int16"),
    ):
        with pytest.raises(error, match=words):
            imfilter.from_pyramid(wrong)


@pytest.mark.parametrize("mode", ["mirror", "edge", "wrap", "zero", "constant", "shrink"])
@pytest.mark.parametrize("graded", [False, True], ids=["bool", "graded"])
def test_absent_samples(mode, graded):
    """Each level is a mean of present samples. How much they count is smoothed as well."""
    image = RNG.normal(size=(11, 14))
    mask = RNG.random(image.shape) * (RNG.random(image.shape) < 0.4)
    mask[2:, :9] = 0
    mask = mask if graded else mask > 0
    cval = 1.5 if mode == "constant" else 0.0
    hidden = np.where(mask > 0, image, np.nan)
    for least in (0.0, 0.3):
        levels = imfilter.pyramid(hidden, 3, mode=mode, cval=cval, mask=mask, min_coverage=least)
        level, counts = hidden, mask.astype(float)
        for found in levels:
            np.testing.assert_allclose(
                found, np.where((counts > 0) & (counts >= least), level, np.nan), rtol=0, atol=1e-12
            )
            down = [[loops.reduced(n, i, mode) for i in range((n + 1) // 2)] for n in level.shape]
            level, counts = loops.summed(level, down, cval, counts)
        differences = imfilter.pyramid(
            hidden, 3, kind="laplacian", mode=mode, cval=cval, mask=mask, min_coverage=least
        )
        for found, smoothed in zip(differences[:-1], levels, strict=False):
            assert (found[np.isnan(smoothed)] == 0).all()
        back = imfilter.from_pyramid(differences, mode=mode, cval=cval)
        there = (mask > 0) & (mask >= least)
        np.testing.assert_allclose(back[there], image[there], rtol=0, atol=1e-15)
        assert np.isfinite(back).all()


@loop_over("dtype", TYPES)
@loop_over("shape", [(37,), (16, 33), (5, 6, 9)])
@pytest.mark.slow
def test_the_way_back_is_exact_with_absent_samples(shape, dtype):
    image = (RNG.random(shape) * 100).astype(dtype)
    mask = RNG.random(shape) < 0.3
    for levels in (None, 0, 1, 2):
        for mode in ("mirror", "shrink", "zero"):
            differences = imfilter.pyramid(image, levels, kind="laplacian", mode=mode, mask=mask)
            back = imfilter.from_pyramid(differences, mode=mode)
            assert back.dtype == np.dtype(dtype).newbyteorder("=")
            np.testing.assert_array_equal(back[mask], image[mask])
            assert np.isfinite(back.astype(float)).all()


def test_equal_samples_fill_holes():
    image = np.full((40, 50), 7, np.uint8)
    mask = np.zeros(image.shape, bool)
    mask[3, 5] = True
    image[~mask] = 99
    for level in imfilter.pyramid(image, mask=mask):
        assert set(np.unique(level)) <= {0, 7}
    differences = imfilter.pyramid(image, 3, kind="laplacian", mask=mask)
    assert not any(level.any() for level in differences[:-1])
    np.testing.assert_array_equal(imfilter.from_pyramid(differences), np.full(image.shape, 7))
    nothing = imfilter.pyramid(image.astype(float), 2, kind="laplacian", mask=np.zeros(image.shape))
    assert np.isnan(imfilter.from_pyramid(nothing)).all()


def test_absent_samples_in_other_words():
    image = RNG.normal(size=(19, 22, 3)).astype(np.float32)
    mask = RNG.random(image.shape[:2]) < 0.7
    holes = np.where(mask[..., None], image, np.float32(np.nan))
    for kind in ("gaussian", "laplacian"):
        expected = imfilter.pyramid(image, 3, kind=kind, mask=mask, channel_axis=-1)
        others = (
            imfilter.pyramid(holes, 3, kind=kind, nan="ignore", channel_axis=-1),
            imfilter.pyramid(holes, 3, kind=kind, mask=mask, channel_axis=-1, workers=1),
            [
                np.stack(levels, -1)
                for levels in zip(
                    *(imfilter.pyramid(holes[..., c], 3, kind=kind, mask=mask) for c in range(3)), strict=True
                )
            ],
        )
        for levels in others:
            for found, level in zip(levels, expected, strict=True):
                np.testing.assert_array_equal(found, level)
        hidden = np.ma.MaskedArray(image, mask=np.broadcast_to(~mask[..., None], image.shape))
        levels = imfilter.pyramid(hidden, 3, kind=kind, channel_axis=-1)
        for found, level in zip(levels, expected, strict=True):
            np.testing.assert_array_equal(found.data, level)
        if kind == "laplacian":
            back = imfilter.from_pyramid(levels, channel_axis=-1)
            np.testing.assert_array_equal(np.ma.getmaskarray(back), hidden.mask)
            np.testing.assert_array_equal(back.data[mask], image[mask])
        else:
            for found in levels:
                np.testing.assert_array_equal(np.ma.getmaskarray(found), np.isnan(found.data))
        full = imfilter.pyramid(image, 3, kind=kind, mask=np.ones(mask.shape), channel_axis=-1)
        for found, level in zip(full, imfilter.pyramid(image, 3, kind=kind, channel_axis=-1), strict=True):
            np.testing.assert_array_equal(found, level)
