"""Integers that grow by powers of two: all sums are exact, so columns are summed before rows."""

import numpy as np
import pytest

import imfilter
from tests.looping import loop_over
from tests.reference import resampling as loops

RNG = np.random.default_rng(29)


def noise(shape, dtype):
    """Return noise over the whole range of a type."""
    if dtype == "bool":
        return RNG.random(shape) < 0.5
    limits = np.iinfo(dtype)
    return RNG.integers(limits.min, limits.max, shape, endpoint=True).astype(dtype)


def rounded(exact, dtype):
    """Return float64 sums as a type, rounded half to even."""
    return np.rint(exact).astype(dtype)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16"])
@pytest.mark.parametrize("scale", [2, 4])
def test_the_definition(scale, dtype):
    image = noise((13, 6), dtype)
    expected = loops.resize(image, (13 * scale, 6 * scale), method="linear")
    found = imfilter.resize(image, scale=scale, method="linear")
    np.testing.assert_array_equal(found, rounded(expected, dtype))


@loop_over("dtype", ["bool", "uint8", "int8", "uint16", "int16"])
@loop_over("mode", ["edge", "mirror", "wrap", "shrink"])
@pytest.mark.slow
def test_many_tiles_and_groups(mode, dtype):
    """The sums of float64 samples go another way, and are exact too."""
    image = noise((101, 1300), dtype)
    for shape in ((202, 2600), (404, 2600), (202, 1300), (101, 2600), (202, 325)):
        exact = imfilter.resize(image.astype(np.float64), shape, method="linear", mode=mode)
        found = imfilter.resize(image, shape, method="linear", mode=mode)
        if shape[1] == 325 and mode == "shrink":
            # The weights of the first and the last column are multiples of 1/28: half may go either way.
            assert np.abs(found[:, [0, -1]] - exact[:, [0, -1]]).max() < 0.5 + 1e-9
            found, exact = found[:, 1:-1], exact[:, 1:-1]
        np.testing.assert_array_equal(found, rounded(exact, dtype))
        if shape[1] > 325:  # weights at a border that shrinks are not powers of two
            real = imfilter.resize(image, shape, method="linear", mode=mode, dtype=np.float32)
            np.testing.assert_array_equal(real, exact)


def test_other_weights():
    """Thirds are not exact, so rows are summed first."""
    image = noise((90, 120), "uint8")
    whole = imfilter.resize(image, (270, 360), method="linear")
    exact = imfilter.resize(image.astype(np.float64), (270, 360), method="linear")
    assert np.abs(whole - exact).max() <= 0.5 + 1e-4


def test_layouts_axes_workers_and_output():
    image = noise((70, 60, 3), "uint8")
    whole = imfilter.resize(image, (140, 120), method="linear", channel_axis=-1, workers=1)
    for c in range(3):
        one = imfilter.resize(image[..., c], (140, 120), method="linear")
        np.testing.assert_array_equal(one, whole[..., c])
    for view in (np.asfortranarray(image), image[::-1][::-1], np.ascontiguousarray(image[:, ::-1])[:, ::-1]):
        found = imfilter.resize(view, (140, 120), method="linear", channel_axis=-1, workers=3)
        np.testing.assert_array_equal(found, whole)
    out = np.zeros((140, 240, 3), np.uint8)[:, ::2]
    imfilter.resize(image, (140, 120), method="linear", channel_axis=-1, out=out)
    np.testing.assert_array_equal(out, whole)
    stack = noise((4, 50, 40), "uint16")
    each = np.stack([imfilter.resize(one, (100, 80), method="linear") for one in stack])
    np.testing.assert_array_equal(imfilter.resize(stack, (100, 80), method="linear", axes=(1, 2)), each)
    np.testing.assert_array_equal(imfilter.resize(stack, (4, 100, 80), method="linear"), each)
    picked = imfilter.resize(stack, (4, 100, 80), method="linear", mode="wrap")
    wrapped = np.stack([imfilter.resize(one, (100, 80), method="linear", mode="wrap") for one in stack])
    np.testing.assert_array_equal(picked, wrapped)


def test_laplacian_pyramids_are_exact():
    image = noise((300, 211), "uint16")
    levels = imfilter.pyramid(image, kind="laplacian")
    np.testing.assert_array_equal(imfilter.from_pyramid(levels), image)
