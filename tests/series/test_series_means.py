"""Means over windows of any size: of what their sums are made, and where series are cut."""

import math

import numpy as np
import pytest

from imfilter import series
from imfilter._filters.series import mean
from imfilter._filters.series.kernels import doubling_sums
from imfilter._filters.series.kernels import mean as mean_kernels
from tests.looping import loop_over

RNG = np.random.default_rng(8)
#: Of single samples, of sums in registers, and of one to three levels of larger ones.
SIZES = (1, 2, 11, 12, 16, 17, 25, 63, 64, 65, 100, 127, 191, 192, 255, 999, 1000, 3001, 12345)


@pytest.fixture
def in_small_pieces(monkeypatch):
    """Cut series into more blocks, stretches and columns than they would be at these lengths."""
    for name, value in {"BLOCK": 24, "ROWS": 5, "COLUMNS": 16, "STRETCH": 100, "WINDOWS": 1}.items():
        monkeypatch.setattr(mean, f"_{name}", value)


def means(x, size, axis=0):
    return series.moving_average(x, size, axis=axis, mode="valid")


def exact(x, size):
    return np.array([math.fsum(x[i : i + size]) / size for i in range(len(x) - size + 1)])


def test_parts_make_up_the_sum():
    """Of sums of samples, and of those named before; no more of them than there is room for."""
    for size in (*range(1, 3000), 4096, 9999, 65_537, 10**6, 10**7 - 1, 2**31, 10**15):
        _, levels, parts = mean.parts_of(size)
        known = set(doubling_sums.LAGS)
        for width, own in (*levels, (size, parts)):
            assert sum(own) == width
            assert set(own) <= known
            assert len(own) <= mean_kernels.MOST
            known.add(width)
        assert len(known) <= mean_kernels.MOST


@loop_over("size", SIZES)
@loop_over("rows", [1, 2, 63, 64, 65, 700])
@pytest.mark.slow
def test_means_are_the_exact_ones(size, rows):
    """To a few units in the last place of the mean size of the samples."""
    x = RNG.normal(size=rows + size - 1)
    np.testing.assert_allclose(means(x, size), exact(x, size), rtol=0, atol=1e-15)


@loop_over("size", SIZES[:-2])
@loop_over("beside", [1, 2, 7, 15, 16, 17, 40, 129])
@pytest.mark.slow
def test_small_pieces_give_the_same_bits(size, beside, request):
    """However many series lie side by side, and wherever a block, a stretch or a column ends."""
    whole = [(rows, RNG.normal(size=(rows + size - 1, beside))) for rows in (1, 4, 5, 6, 90, 260)]
    expected = [np.stack([means(line, size) for line in x.T.copy()], axis=1) for _, x in whole]
    for (_, x), there in zip(whole, expected, strict=True):
        np.testing.assert_array_equal(means(x, size), there)
    request.getfixturevalue("in_small_pieces")
    for (_, x), there in zip(whole, expected, strict=True):
        np.testing.assert_array_equal(means(x, size), there)
        np.testing.assert_array_equal(means(x[:, 0].copy(), size), there[:, 0])


@pytest.mark.parametrize("size", [3, 25, 100, 999])
@pytest.mark.parametrize("non_finite", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_stays_in_its_windows(size, non_finite, in_small_pieces):
    """Whatever sums of blocks and stretches it is a part of."""
    x = RNG.normal(size=2 * size + 900)
    known = means(x, size)
    x[size + 300] = non_finite
    result = means(x, size)
    inside = slice(301, size + 301)
    np.testing.assert_array_equal(result[inside], np.full(size, non_finite))
    result[inside] = known[inside]
    np.testing.assert_array_equal(result, known)


@loop_over("size", [3, 25, 1000])
@loop_over("start", range(8))
def test_a_place_in_memory_does_not_count(size, start):
    """Results begin where lines of the cache do, and before that one by one."""
    x = RNG.normal(size=size + 40_000)
    room = np.zeros(len(x) + 8)
    out = room[start : start + len(x)]
    series.moving_average(x, size, out=out)
    np.testing.assert_array_equal(out, series.moving_average(x, size))
    np.testing.assert_array_equal(means(x[start:], size), means(x, size)[start:])
    assert not room[:start].any()
    assert not room[start + len(x) :].any()
