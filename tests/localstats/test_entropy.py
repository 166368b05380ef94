"""The entropy of windows, against plain loops and scikit-image."""

import math

import numpy as np
import pytest
from skimage.filters import rank
from skimage.morphology import disk

import imfilter
from tests.looping import loop_over
from tests.reference import naive, windows

MODES = (*naive.MODES, "shrink")


def close(result, expected):
    np.testing.assert_allclose(result, expected, rtol=1e-13, atol=1e-15)


def picture(shape, seed=0, levels=256):
    return (np.random.default_rng(seed).random(shape) ** 3 * levels).astype("u1")


@pytest.mark.slow
@loop_over("mode", MODES)
@loop_over("shape", [(13,), (6, 7), (3, 4, 5), (1, 1), (1, 9)])
def test_every_border(mode, shape):
    rng = np.random.default_rng(1)
    image, there = picture(shape, 1, 5), rng.random(shape) < 0.6
    for sizes in ((3,) * len(shape), (4, 5, 2)[: len(shape)], (1,) * len(shape)):
        footprint = rng.random(sizes) < 0.7
        footprint.flat[-1] = True
        for window, given in ((np.ones(sizes), {"size": sizes}), (footprint, {"footprint": footprint})):
            for mask in (None, there):
                expected = windows.entropy(image, window, mode, 3, mask)
                found = imfilter.local_entropy(image, **given, mode=mode, cval=3, mask=mask, dtype=float)
                close(found, expected)


@pytest.mark.parametrize("radius", [1, 2, 5, 9])
def test_equal_to_scikit_image(radius):
    image = picture((80, 90), 2)
    found = imfilter.local_entropy(image, footprint=disk(radius), mode="shrink", dtype=float)
    np.testing.assert_allclose(found, rank.entropy(image, disk(radius)), rtol=0, atol=1e-12)


def test_equal_to_scikit_image_for_sixteen_bits():
    image = np.random.default_rng(3).integers(0, 1024, (40, 50), np.uint16)
    found = imfilter.local_entropy(image, footprint=disk(4), mode="shrink", levels=65536, dtype=float)
    np.testing.assert_allclose(found, rank.entropy(image, disk(4)), rtol=0, atol=1e-12)
    ten_bits = imfilter.local_entropy(
        image, footprint=disk(4), mode="shrink", levels=1024, value_range=(0, 1023), dtype=float
    )
    np.testing.assert_array_equal(ten_bits, found)


@pytest.mark.slow
@loop_over("levels", [2, 7, 16, 255, 256, 1000, 65536])
@loop_over("dtype", ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", ">i8"])
def test_bins_of_integers(dtype, levels):
    dtype = np.dtype(dtype)
    rng = np.random.default_rng(4)
    low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    values = [low, high, low // 3, high // 3, (low + high) // 2, (low + high) // 2 + 1, high - 1]
    image = np.array(values, dtype)[rng.integers(0, 7, (8, 9))]
    codes = np.array([(int(v) - low) * levels // (high - low + 1) for v in image.flat]).reshape(image.shape)
    expected = windows.entropy(codes, np.ones((3, 4)))
    close(imfilter.local_entropy(image, (3, 4), levels=levels, dtype=float), expected)


@pytest.mark.parametrize("dtype", ["u1", "i4", "f2", "f4", "f8", "g"])
def test_bins_of_a_range(dtype):
    rng = np.random.default_rng(5)
    image = (rng.normal(50, 30, (9, 10)) if dtype != "u1" else picture((9, 10))).astype(dtype)
    for levels, low, high in ((10, 0, 100), (256, -3.5, 77), (2, 10, 11)):
        codes = [math.floor((float(v) - low) * (levels / (high - low))) for v in image.flat]
        codes = np.clip(codes, 0, levels - 1).reshape(image.shape)
        cval = min(max(math.floor((30 - low) * (levels / (high - low))), 0), levels - 1)
        given = {"levels": levels, "value_range": (low, high), "mode": "constant", "cval": 30}
        expected = windows.entropy(codes, np.ones((3, 3)), "constant", cval)
        close(imfilter.local_entropy(image, 3, **given, dtype=float), expected)


def test_nan_and_infinity():
    image = np.random.default_rng(6).random((9, 10))
    image[2, 3], image[6, 6], image[7, 1] = np.nan, np.inf, -np.inf
    codes = np.clip(np.nan_to_num(np.floor(image * 8), nan=-1), -1, 7)
    codes[7, 1] = 0
    given = {"levels": 8, "value_range": (0, 1)}
    close(imfilter.local_entropy(image, 3, **given), windows.entropy(codes, np.ones((3, 3))))
    there = ~np.isnan(image)
    expected = windows.entropy(codes, np.ones((3, 3)), "mirror", 0, there)
    close(imfilter.local_entropy(image, 3, **given, nan="ignore"), expected)
    close(imfilter.local_entropy(image, 3, **given, mask=there), expected)
    line = imfilter.local_entropy([0.1, 0.2, 0.9], 3, **given, mode="constant", cval=np.nan)
    assert np.isnan(line).tolist() == [True, False, True]


def test_missing_samples():
    rng = np.random.default_rng(7)
    image, there = picture((12, 13), 7, 9), rng.random((12, 13)) < 0.4
    for least in (0, 0.3, 1):
        expected = windows.entropy(image, np.ones((3, 3)), "mirror", 0, there, least)
        found = imfilter.local_entropy(image, mask=there, min_coverage=least, dtype=float)
        close(found, expected)
        masked = imfilter.local_entropy(np.ma.array(image, mask=~there), min_coverage=least, dtype=float)
        np.testing.assert_array_equal(masked.data, found)
        np.testing.assert_array_equal(masked.mask, np.isnan(expected))
    confidences = there * rng.random((12, 13))
    np.testing.assert_array_equal(
        imfilter.local_entropy(image, mask=confidences), imfilter.local_entropy(image, mask=there)
    )
    assert (imfilter.local_entropy(image, mask=np.zeros((12, 13), bool), dtype="u1") == 0).all()


def test_known_values():
    assert (imfilter.local_entropy(np.full((9, 9), 7, "u1"), 5) == 0).all()
    line = imfilter.local_entropy(np.arange(64, dtype="u1"), 16, mode="wrap", dtype=float)
    assert (line == 4).all()
    checks = np.indices((10, 12)).sum(0) % 2 == 1
    assert (imfilter.local_entropy(checks, 4, mode="wrap", dtype=float) == 1).all()


def test_axes_and_channels():
    image = picture((5, 6, 7, 3), 8, 6)
    found = imfilter.local_entropy(image[0], (3, 2), channel_axis=-1)
    for channel in range(3):
        np.testing.assert_array_equal(
            found[..., channel], imfilter.local_entropy(image[0, ..., channel], (3, 2))
        )
    for axes in ((0,), (1,), (3,), (0, 2), (2, 0), (1, 3), (0, 1, 2), (3, 1, 2)):
        sizes = (2, 3, 4)[: len(axes)]
        turned = np.moveaxis(image, axes, range(len(axes)))
        flat = turned.reshape(*turned.shape[: len(axes)], -1)
        each = [imfilter.local_entropy(flat[..., i], sizes) for i in range(flat.shape[-1])]
        expected = np.moveaxis(np.stack(each, -1).reshape(turned.shape), range(len(axes)), axes)
        np.testing.assert_array_equal(imfilter.local_entropy(image, sizes, axes=axes), expected)


def test_the_same_bits_for_any_workers_and_layout():
    image = picture((700, 611), 9)
    expected = imfilter.local_entropy(image, 7, workers=1)
    np.testing.assert_array_equal(imfilter.local_entropy(image, 7, workers=3), expected)
    np.testing.assert_array_equal(imfilter.local_entropy(np.asfortranarray(image), 7), expected)
    part = np.ascontiguousarray(image[300:420, 100:300])
    inside = imfilter.local_entropy(part, 7)[3:-3, 3:-3]
    np.testing.assert_array_equal(inside, expected[303:417, 103:297])
    out = np.zeros((1400, 611), np.float64)[::2]
    imfilter.local_entropy(image, 7, out=out)
    np.testing.assert_array_equal(out.astype("f4"), expected)
    imfilter.local_entropy(image, 7, out=image)
    np.testing.assert_array_equal(image, np.rint(expected))


@pytest.mark.parametrize(
    ("image", "given", "error", "words"),
    [
        (np.zeros((4, 5)), {}, ValueError, "value_range must be given for an image of float64"),
        (np.zeros((4, 5), "u1"), {"levels": 1}, ValueError, "levels must be at least 2, got 1"),
        (np.zeros((4, 5), "u1"), {"levels": 65537}, ValueError, "levels must be at most 65536, got 65537"),
        (np.zeros((4, 5), "u1"), {"levels": 2.0}, TypeError, "levels must be an integer, got 2.0"),
        (np.zeros((4, 5)), {"value_range": (1, 0)}, ValueError, "value_range must be two numbers, the lower"),
        (np.zeros((4, 5)), {"value_range": 1}, ValueError, "value_range must be two numbers, the lower"),
        (np.zeros((4, 5)), {"value_range": (0, np.inf)}, ValueError, "value_range must be finite, got inf"),
        (np.zeros((4, 5)), {"value_range": ("a", 1)}, TypeError, "value_range must be a number, got 'a'"),
        (np.zeros((4, 5), "u1"), {"size": 5000}, ValueError, "size must span at most 16777216 samples"),
        (np.zeros((4, 5), "u1"), {"selem": [[1]]}, TypeError, "here it is called 'footprint'"),
    ],
)
def test_messages(image, given, error, words):
    with pytest.raises(error) as caught:
        imfilter.local_entropy(image, **given)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
