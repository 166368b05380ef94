"""Means of integers: the exact quotient, rounded half to even, whatever computes it."""

from fractions import Fraction

import numpy as np
import pytest

import imfilter
from tests.looping import loop_over
from tests.reference import naive

TYPES = ("bool", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8")


def limits(dtype, samples=1):
    """The range of a type, as far as float64 holds the sum of so many samples."""
    if dtype == "bool":
        return 0, 1
    info, held = np.iinfo(dtype), 2**52 // samples
    return max(info.min, -held), min(info.max, held)


def exact(sums, samples):
    """Integer sums over their number, rounded half to even."""
    whole, rest = np.divmod(sums, samples)
    return whole + ((2 * rest > samples) | ((2 * rest == samples) & (whole % 2 == 1)))


def means(image, sizes, mode, cval=0):
    """The definition, in integers."""
    before = [n // 2 for n in sizes]
    padded = naive.pad(
        image.astype(np.int64), before, [n - 1 - b for n, b in zip(sizes, before, strict=True)], mode, cval
    )
    for axis, n in enumerate(sizes):
        padded = np.lib.stride_tricks.sliding_window_view(padded, n, axis).sum(axis=-1)
    return exact(padded, int(np.prod(sizes)))


def test_the_oracle():
    for total in range(-50, 51):
        for samples in range(1, 20):
            assert exact(np.array(total), samples) == round(Fraction(total, samples))


@pytest.mark.slow
@loop_over("dtype", TYPES)
@loop_over("mode", naive.MODES)
def test_boxes_of_any_size_and_dimension(dtype, mode):
    """Even and odd, longer than the image, over steps whose means are often half-way."""
    rng = np.random.default_rng(sum(map(ord, dtype + mode)))
    lengths = np.array([1, 2, 3, 4, 6, 7, 11, 18])  # a few, because kernels are compiled for each of them
    shapes = [(1,), (27,), (300,), (5, 9), (20, 33), (70, 150), (4, 6, 9), (9, 21, 34)]
    for shape in shapes:
        for _ in range(6):
            sizes = tuple(map(int, rng.choice(lengths[: rng.choice([3, 6, 8])], len(shape))))
            low, high = limits(dtype, int(np.prod(sizes)))
            few = rng.integers(low, high, 2, endpoint=True, dtype=np.int64)
            image = np.where(rng.random(shape) < 0.5, *few) if rng.random() < 0.5 else None
            if image is None:
                image = rng.integers(low, high, shape, endpoint=True, dtype=np.int64)
            image = image.astype(dtype)
            cval = int(rng.integers(0, 2)) if mode == "constant" else 0
            found = imfilter.box(image, sizes, mode=mode, cval=cval)
            assert found.dtype == image.dtype
            wanted = means(image, sizes, mode, cval).astype(dtype)
            np.testing.assert_array_equal(found, wanted, err_msg=f"{shape} {sizes}")


@loop_over("dtype", TYPES)
@loop_over("channels", [1, 2, 3, 4, 5, 7, 16, 40])
def test_any_number_of_channels(dtype, channels):
    """Interleaved or in planes of their own: what is half-way goes the same way."""
    rng = np.random.default_rng(channels)
    low, high = limits(dtype, 36)
    image = rng.integers(low, high, (19, 30, channels), endpoint=True, dtype=np.int64).astype(dtype)
    for sizes in ((2, 2), (6, 6), (4, 9), (1, 8)):
        wanted = np.stack([means(image[..., c], sizes, "edge") for c in range(channels)], -1).astype(dtype)
        for given in (image, np.asfortranarray(image)):
            found = imfilter.box(given, sizes, mode="edge", channel_axis=-1)
            np.testing.assert_array_equal(found, wanted)
        planes = np.ascontiguousarray(np.moveaxis(image, -1, 0))
        found = imfilter.box(planes, sizes, mode="edge", channel_axis=0)
        np.testing.assert_array_equal(np.moveaxis(found, 0, -1), wanted)


@loop_over("result", ["u1", "i2", "i4", "u8", "bool"])
@loop_over("dtype", TYPES)
def test_results_of_another_integer_type(dtype, result):
    """Rounded first, saturated then."""
    rng = np.random.default_rng(5)
    image = rng.integers(*limits(dtype, 12), (13, 40), endpoint=True, dtype=np.int64).astype(dtype)
    for sizes in ((3, 4), (2, 3), (1, 2)):
        found = imfilter.box(image, sizes, dtype=result)
        wanted = np.clip(means(image, sizes, "mirror"), *limits(result))
        np.testing.assert_array_equal(found, wanted.astype(result))


@pytest.mark.parametrize("dtype", TYPES)
def test_uniform_kernels_are_boxes(dtype):
    rng = np.random.default_rng(6)
    image = rng.integers(*limits(dtype, 60), (40, 31), endpoint=True, dtype=np.int64).astype(dtype)
    for sizes in ((2, 2), (6, 7), (10, 6)):
        kernel = np.full(sizes, 1 / np.prod(sizes))
        wanted = means(image, sizes, "mirror").astype(dtype)
        np.testing.assert_array_equal(imfilter.correlate(image, kernel, dtype=dtype), wanted)
        strided = imfilter.correlate(image, kernel, dtype=dtype, stride=3)
        np.testing.assert_array_equal(strided, wanted[::3, ::3])


@pytest.mark.parametrize("dtype", ["u4", "i4"])
def test_long_lines_of_large_integers(dtype):
    """Prefix sums of a whole line do not fit float64 where those of a box still do."""
    rng = np.random.default_rng(7)
    info = np.iinfo(dtype)
    image = rng.integers(info.max - 9, info.max, (130, 40_000), endpoint=True, dtype=np.int64).astype(dtype)
    rows = rng.integers(0, 130, 20)
    found, wanted = imfilter.box(image, (128, 4)), means(image, (128, 4), "mirror")
    np.testing.assert_array_equal(found[rows], wanted[rows])


@pytest.mark.parametrize("cval", [0.5, -0.25, 1e-20, 3e9])
@pytest.mark.parametrize("dtype", ["u1", "i2", "u4"])
def test_a_constant_that_is_no_whole_number(dtype, cval):
    rng = np.random.default_rng(8)
    image = rng.integers(0, 100, (9, 12)).astype(dtype)
    for size in (2, 4, 9):
        before, after = [size // 2] * 2, [size - 1 - size // 2] * 2
        padded = naive.pad(image.astype(object), before, after, "constant", Fraction(cval))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size))
        sums = [[sum(windows[i, j].ravel().tolist()) for j in range(12)] for i in range(9)]
        info = np.iinfo(dtype)
        wanted = [[min(max(round(Fraction(s) / size**2), info.min), info.max) for s in row] for row in sums]
        found = imfilter.box(image, size, mode="constant", cval=cval)
        if cval != 1e-20:  # which float64 does not see beside a whole number
            np.testing.assert_array_equal(found, np.array(wanted).astype(dtype))
        unrounded = imfilter.box(image, size, mode="constant", cval=cval, dtype=float)
        np.testing.assert_allclose(
            unrounded, np.array([[float(Fraction(s) / size**2) for s in row] for row in sums]), rtol=1e-12
        )
