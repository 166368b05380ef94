"""Denormals in series: zeros for means and weighted sums, whole or live; themselves for medians."""

import functools
import itertools

import numpy as np
import pytest

from imfilter import series
from tests.denormals import FLOATS, SERIES, flushed, near_zero, none_denormal, same, smallest

RNG = np.random.default_rng(5)


@pytest.mark.parametrize("name", SERIES)
def test_series_count_denormals_as_zeros(name):
    call = SERIES[name]
    for dtype in FLOATS:
        x = near_zero((4000,), dtype)
        x[0] = 100 * smallest(dtype)  # the first value of an exponential mean is the sample as it is
        expected = call(flushed(x), workers=1)
        assert none_denormal(expected)
        same(call(x, workers=1), expected)
        same(call(x, workers=3), expected)
        side_by_side = np.stack([x] * 5, axis=1)
        same(call(side_by_side, axis=0)[:, 3], expected)
        x[RNG.random(len(x)) < 0.03] = np.nan
        gaps = functools.partial(call, nan="ignore")
        if name != "causal":
            same(gaps(x), gaps(flushed(x)))


@pytest.mark.parametrize("name", [*SERIES, "median", "chain"])
def test_streams_of_denormals_give_the_bits_of_the_whole(name):
    smooth = functools.partial(SERIES["gaussian"], align="causal")
    cascade = series.Cascade(SERIES["exponential"], smooth)
    call = {"median": functools.partial(series.median, size=5), "chain": cascade}.get(name) or SERIES[name]
    for dtype in FLOATS:
        x = near_zero((300,), dtype)
        x[150:] = 0  # to which means fall
        expected = call(x) if name in ("chain", "causal") else call(x, align="causal")
        stream = series.Stream(call)
        same(np.concatenate([stream.push(piece) for piece in np.split(x, (1, 7, 50, 51, 200))]), expected)
        if dtype == "float64":
            stream.reset()
            same(np.array([stream.push(value) for value in x.tolist()]), expected)


def test_a_decayed_exponential_ends_in_zeros():
    x = np.zeros(100_000)
    x[0] = 1.0
    for dtype, options in itertools.product(FLOATS, ({"alpha": 0.3}, {"alpha": 0.01}, {"alpha": 0.0009})):
        y = x.astype(dtype)
        result = series.exponential(y, **options)
        expected = (1 - options["alpha"]) ** np.arange(len(x))
        assert none_denormal(result)
        np.testing.assert_allclose(result, expected, rtol=1e-6 if dtype == "float32" else 1e-9, atol=2e-38)
        for workers in (1, 2, 3):
            same(series.exponential(y, workers=workers, **options), result)


def test_medians_of_denormals_are_samples():
    for dtype in FLOATS:
        x = near_zero((500,), dtype)
        windows = np.lib.stride_tricks.sliding_window_view(x, 5)
        expected = np.sort(windows, axis=1)[:, 2]
        same(series.median(x, 5, mode="valid", align="causal"), expected)
