"""Morphology where samples are absent, and by elements with weights, against plain loops."""

import numpy as np
import pytest

from imfilter import morphology
from tests.looping import loop_over
from tests.reference import naive
from tests.reference.morphology import difference, extreme, picture, same

DTYPES = ("?", "u1", "i1", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "g")
LOPSIDED = np.array([[0, 1, 1], [1, 1, 0]])


def eroded(image, there, element, least, mode, *, dilate):
    """One stage, and where it has a result."""
    found = extreme(image, element, dilate=dilate, mode=mode, there=there, least=least)
    marks = extreme(np.ones(image.shape, bool), element, dilate=dilate, mode=mode, cval=1, there=there,
        least=least)  # fmt: skip
    return found, marks


@pytest.mark.parametrize("dtype", ["?", "u1", "f4"])
@pytest.mark.parametrize("least", [0.0, 0.5])
@pytest.mark.parametrize("mode", ["shrink", "mirror"])
def test_masks(dtype, least, mode):
    image = picture(dtype, (9, 12))
    there = np.random.default_rng(3).random(image.shape) < 0.5
    empty = np.nan if image.dtype.kind == "f" else 0
    for element in (morphology.disk(2), LOPSIDED):
        options = {"mask": there, "min_coverage": least, "mode": mode}
        first, known = eroded(image, there, element, least, mode, dilate=False)
        same(morphology.erosion(image, element, **options), first)
        highest, known_high = eroded(image, there, element, least, mode, dilate=True)
        same(morphology.dilation(image, element, **options), highest)
        opened, whole = eroded(first, there & known, element, least, mode, dilate=True)
        same(morphology.opening(image, element, **options), opened)
        spread = difference(highest, first)
        spread[~(known & known_high)] = empty
        same(morphology.gradient(image, element, **options), spread)
        hat = difference(image, opened)
        hat[~(there & whole)] = empty
        same(morphology.white_tophat(image, element, **options), hat)


def test_absent_samples_may_have_any_value():
    image = picture("f4", (9, 12))
    there = np.random.default_rng(3).random(image.shape) < 0.6
    other = np.where(there, image, np.nan)
    for name in ("erosion", "opening", "closing", "white_tophat", "black_tophat", "gradient"):
        filtered = getattr(morphology, name)
        expected = filtered(image, morphology.disk(1), mask=there)
        same(filtered(other, morphology.disk(1), mask=there), expected)
        same(filtered(other, morphology.disk(1), nan="ignore"), expected)
        masked = filtered(np.ma.MaskedArray(image, ~there), morphology.disk(1))
        same(masked.data, expected)
        np.testing.assert_array_equal(masked.mask, np.isnan(expected))


def test_a_full_mask_changes_nothing():
    image = picture("u1", (9, 12))
    for name in ("erosion", "opening", "white_tophat", "gradient"):
        filtered = getattr(morphology, name)
        same(filtered(image, mask=np.ones(image.shape)), filtered(image))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.slow
def test_weights(dtype):
    rng = np.random.default_rng(0)
    heights = rng.integers(-30, 40, (3, 4))
    element = rng.random((3, 4)) < 0.7
    for strange in (False, True):
        image = picture(dtype, (7, 20), strange=strange)
        for mode in ("shrink", "mirror", "constant"):
            for name, dilate in (("erosion", False), ("dilation", True)):
                options = {"mode": mode, "cval": 1}
                found = getattr(morphology, name)(image, element, weights=heights, **options)
                same(found, extreme(image, element, dilate=dilate, weights=heights, **options))


@pytest.mark.parametrize("shape", [(15,), (5, 6, 4)])
@pytest.mark.parametrize("mode", ["shrink", *naive.MODES])
def test_weights_in_any_number_of_axes(shape, mode):
    image = picture("u1", shape)
    heights = np.random.default_rng(1).integers(0, 200, (2, 3, 2)[: len(shape)])
    inside = np.ones(heights.shape)
    for name, dilate in (("erosion", False), ("dilation", True)):
        found = getattr(morphology, name)(image, weights=heights, mode=mode, cval=5)
        same(found, extreme(image, inside, dilate=dilate, weights=heights, mode=mode, cval=5))
    opened = morphology.opening(image, weights=heights, mode=mode, cval=5)
    first = extreme(image, inside, weights=heights, mode=mode, cval=5)
    same(opened, extreme(first, inside, dilate=True, weights=heights, mode=mode, cval=5))


def test_weights_that_are_not_whole():
    image = picture("u1", (8, 9))
    heights = np.array([[0.25, 1.5, 0.0], [2.75, -0.5, 3.0]])
    exact = extreme(image.astype(float), np.ones((2, 3)), weights=heights)
    expected = np.clip(np.rint(exact), 0, 255).astype(np.uint8)
    same(morphology.erosion(image, weights=heights), expected)
    real = picture("f4", (8, 9))
    same(morphology.erosion(real, weights=heights), extreme(real, np.ones((2, 3)), weights=heights))


@loop_over("dtype", ["?", "u1", "i4", "u4", "i8", "u8"])
@loop_over("mode", ["shrink", "mirror", "constant"])
def test_fractions_are_exact(dtype, mode):
    """Differences of integers and fractions are rounded once, half to even, whatever their size."""
    image = picture(dtype, (5, 7))
    if image.dtype.kind != "b":
        bounds = np.iinfo(image.dtype)
        image.flat[::5], image.flat[1::5] = bounds.max, bounds.min
    near = np.nextafter(0.5, 0)
    for heights in (
        np.array([[0.5, near, 1.5], [-2.5, 0.1, -near]]),
        np.array([[2.0**52 + 0.5, 1e-300, 2.0**50 + 0.25], [-1.5, 2.0**-40, 1e300]]),
    ):
        for name, dilate in (("erosion", False), ("dilation", True)):
            found = getattr(morphology, name)(image, weights=heights, mode=mode, cval=1)
            same(found, extreme(image, heights != 9, dilate=dilate, mode=mode, cval=1, weights=heights))


def test_fractions_in_results_that_are_floats():
    image = np.array([2**62 + 1, -(2**53) - 1, 3], np.int64)
    found = morphology.erosion(image, weights=[0.5], dtype="f8")
    same(found, np.array([float(2 * v - 1) / 2 for v in image.tolist()]))
    found = morphology.dilation(image.astype("i4"), weights=[0.1], dtype="f8")
    same(found, image.astype("i4") + 0.1)


def test_weights_saturate():
    image = np.array([0, 100, 255], np.uint8)
    same(morphology.erosion(image, weights=[10**6]), np.zeros(3, np.uint8))
    same(morphology.dilation(image, weights=[10**18]), np.full(3, 255, np.uint8))
    assert morphology.erosion(image, weights=[50], dtype="i2").tolist() == [-50, 50, 205]
    wide = np.array([np.iinfo(np.int64).min, 5], np.int64)
    assert morphology.erosion(wide, weights=[7]).tolist() == [np.iinfo(np.int64).min, -2]


@pytest.mark.parametrize("dtype", ["u1", "f4", "i8"])
def test_weights_and_masks(dtype):
    image = picture(dtype, (7, 9))
    there = np.random.default_rng(3).random(image.shape) < 0.4
    heights = np.arange(6).reshape(2, 3)
    for least in (0.0, 0.5):
        for mode in ("shrink", "mirror", "zero"):
            for name, dilate in (("erosion", False), ("dilation", True)):
                found = getattr(morphology, name)(
                    image, weights=heights, mask=there, min_coverage=least, mode=mode
                )
                same(
                    found,
                    extreme(image, np.ones((2, 3)), dilate=dilate, weights=heights, there=there, least=least,
                        mode=mode),
                )  # fmt: skip


def test_flat_weights_are_flat():
    image = picture("f4", (20, 30), strange=True)
    element = np.asarray(morphology.disk(2))
    for name in ("erosion", "dilation", "closing", "gradient"):
        flat = getattr(morphology, name)(image, element)
        same(getattr(morphology, name)(image, element, weights=np.zeros(element.shape)), flat)
