"""The oracles themselves: against examples worked by hand, and the quick ones against the loops."""

import itertools

import numpy as np
import pytest
import scipy.ndimage

from tests.looping import loop_over
from tests.reference import morphology, naive

PICTURES = {  # three samples before, the image a b c d, and three after, with k for the constant
    "mirror": "dcb abcd cba",
    "symmetric": "cba abcd dcb",
    "edge": "aaa abcd ddd",
    "wrap": "bcd abcd abc",
    "zero": "kkk abcd kkk",
    "constant": "kkk abcd kkk",
}
NUMPY_PAD = {"mirror": "reflect", "symmetric": "symmetric", "edge": "edge", "wrap": "wrap"}


@pytest.mark.parametrize("mode", naive.MODES)
def test_border_pictures(mode):
    letters = [naive.border_index(i, 4, mode) for i in range(-3, 7)]
    assert "".join("k" if i is None else "abcd"[i] for i in letters) == PICTURES[mode].replace(" ", "")


@loop_over("mode", NUMPY_PAD)
@loop_over("n", range(1, 6))
def test_padding_is_numpys(mode, n):
    image = np.arange(2.0 * n).reshape(2, n) + 1
    expected = np.pad(image, ((3, 4), (11, 9)), mode=NUMPY_PAD[mode])
    np.testing.assert_array_equal(naive.pad(image, (3, 11), (4, 9), mode), expected)


def test_constant_padding():
    image = np.ones((2, 3))
    np.testing.assert_array_equal(
        naive.pad(image, (1, 2), (3, 0), "zero", 9.0), np.pad(image, ((1, 3), (2, 0)))
    )
    np.testing.assert_array_equal(
        naive.pad(image, (1, 2), (3, 0), "constant", 9.0),
        np.pad(image, ((1, 3), (2, 0)), constant_values=9.0),
    )


def test_a_correlation_worked_by_hand():
    image = np.array([1.0, 2.0, 4.0, 8.0])
    for correlate in (naive.correlate_loops, naive.correlate):
        assert correlate(image, [1.0, 10.0, 100.0]).tolist() == [212, 421, 842, 484]
        assert correlate(image, [1.0, 10.0, 100.0], padding="valid").tolist() == [421, 842]
        assert correlate(image, [1.0, 10.0], mode="zero").tolist() == [10, 21, 42, 84]
        assert correlate(image, [1.0, 10.0], padding=(0, 1), mode="zero", stride=2).tolist() == [21, 84]
        assert correlate(image, [1.0, 10.0], dilation=3, padding="valid", bias=0.5).tolist() == [81.5]
        assert correlate(image, [1.0, 10.0], mode="zero", flip=True).tolist() == [12, 24, 48, 80]


def options_of_the_grid():
    rng = np.random.default_rng(3)
    for case in range(400):
        ndim = 1 + case % 3
        shape = rng.integers(1, 6, ndim)
        kernel = rng.integers(1, 5, ndim)
        dilation = rng.integers(1, 3, ndim)
        before = dilation * (kernel - 1)
        padding = ["same", [(int(b), int(rng.integers(0, 3))) for b in before]][case % 2]
        yield (
            shape,
            kernel,
            naive.MODES[case % 6],
            rng.integers(1, 4, ndim).tolist(),
            dilation.tolist(),
            padding,
        )


def test_the_quick_sum_is_the_loops():
    rng = np.random.default_rng(4)
    for shape, size, mode, stride, dilation, padding in options_of_the_grid():
        image, kernel = rng.normal(size=shape), rng.normal(size=size)
        options = {
            "stride": stride,
            "dilation": dilation,
            "padding": padding,
            "mode": mode,
            "cval": 0.7,
            "bias": 0.25,
        }
        for flip in (False, True):
            np.testing.assert_allclose(
                naive.correlate(image, kernel, flip=flip, **options),
                naive.correlate_loops(image, kernel, flip=flip, **options),
                rtol=0,
                atol=1e-13,
                err_msg=str((shape, size, options, flip)),
            )


@pytest.mark.parametrize("mode", naive.SCIPY_MODES)
def test_the_loops_are_scipys(mode):
    rng = np.random.default_rng(5)
    for shape, size in itertools.product([(5,), (1,), (3, 4), (2, 3, 2)], (1, 2, 3, 4)):
        image, kernel = rng.normal(size=shape), rng.normal(size=(size,) * len(shape))
        border = {"mode": naive.SCIPY_MODES[mode], "cval": 0.3}
        for ours, theirs in (
            (naive.correlate_loops, scipy.ndimage.correlate),
            (naive.convolve_loops, scipy.ndimage.convolve),
        ):
            np.testing.assert_allclose(
                ours(image, kernel, mode=mode, cval=0.3), theirs(image, kernel, **border), rtol=0, atol=1e-12
            )


@loop_over("mode", naive.SCIPY_MODES)
@loop_over("order", range(4))
def test_gaussian_is_scipys(mode, order):
    image = np.random.default_rng(6).normal(size=(9, 14))
    expected = scipy.ndimage.gaussian_filter(image, (1.3, 0.8), order=order, mode=naive.SCIPY_MODES[mode])
    np.testing.assert_allclose(
        naive.gaussian(image, (1.3, 0.8), order=order, mode=mode), expected, atol=1e-12
    )


def test_separable_is_the_outer_product():
    rng = np.random.default_rng(7)
    image, taps = rng.normal(size=(4, 6)), [rng.normal(size=3), rng.normal(size=4)]
    for mode in naive.MODES:
        np.testing.assert_allclose(
            naive.separable(image, taps, mode, 0.6),
            naive.correlate(image, taps, mode=mode, cval=0.6),
            atol=1e-12,
        )


def test_casts():
    values = [0.5, 1.5, 2.5, -3.0, 254.5, 255.5, 1e30, -np.inf, np.inf, np.nan]
    assert naive.cast(values, np.uint8).tolist() == [0, 2, 2, 0, 254, 255, 255, 0, 255, 0]
    assert naive.cast([2.0**63, -(2.0**63), 2.0**62], np.int64).tolist() == [2**63 - 1, -(2**63), 2**62]
    assert naive.cast([0.5, 0.51, -1.0, 3.0], bool).tolist() == [False, True, False, True]


@loop_over("mode", ["shrink", *naive.MODES])
@loop_over("dtype", ["?", "u1", "i8", "f2", "f4", "g"])
@loop_over("shape", [(7,), (4, 5), (2, 3, 4)])
def test_extremes_are_those_of_the_loops(shape, dtype, mode):
    """Weights of 0, with the sign that keeps that of -0.0, are computed in loops."""
    image = morphology.picture(dtype, shape, strange=True)
    rng = np.random.default_rng(8)
    for there in (None, rng.random(shape) < 0.6):
        element = rng.random(rng.integers(1, 5, len(shape))) < 0.7
        element.flat[-1] = True
        for dilate, zero in ((False, 0.0), (True, -0.0)):
            options = {"dilate": dilate, "mode": mode, "cval": 1, "there": there}
            for least, sign in ((0.0, None), (0.5, 1)):
                found = morphology.extreme(image, element, least=least, sign=sign, **options)
                weights = np.full(element.shape, zero)
                loops = morphology.extreme(image, element, least=least, sign=sign, weights=weights, **options)
                morphology.same(found, loops)
