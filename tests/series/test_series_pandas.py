"""Filters of series against pandas, where both define the same thing."""

import itertools

import numpy as np
import pandas as pd
import pytest

from imfilter import series

RNG = np.random.default_rng(21)


def hard(n):
    """Series of `n` samples by name; those with gaps have `holes` in their names."""
    x = RNG.normal(size=n)
    holes, run, late = x.copy(), x.copy(), x.copy()
    holes[RNG.random(n) < 0.3] = np.nan
    run[n // 4 : n // 2] = np.nan
    late[: n // 3] = np.nan
    return {
        "random": x,
        "constant": np.full(n, 0.1),
        "ramp": np.arange(n) * 0.1,
        "holes": holes,
        "holes, a run": run,
        "holes in front": late,
        "holes alone": np.full(n, np.nan),
    }


def close(result, expected, x):
    finite = np.abs(x[np.isfinite(x)])
    np.testing.assert_allclose(
        result, expected, rtol=0, atol=1e-12 * finite.max(initial=1e-300), equal_nan=True
    )


@pytest.mark.parametrize("size", [1, 2, 5, 30])
def test_rolling_means_and_medians(size):
    for n in (0, 1, 2, 4, 100):
        for x in hard(n).values():
            rolling = pd.Series(x).rolling(size)
            there = pd.Series(x).rolling(size, min_periods=1)
            for call, name in ((series.moving_average, "mean"), (series.median, "median")):
                whole = call(x, size, align="causal", mode="valid")
                close(whole, getattr(rolling, name)().to_numpy()[size - 1 :], x)
                found = call(x, size, align="causal", mode="shrink", nan="ignore")
                close(found, getattr(there, name)().to_numpy(), x)
                centred = call(x, size, mode="shrink", nan="ignore")
                middle = pd.Series(x).rolling(size, min_periods=1, center=True)
                if size % 2:  # pandas has an even window farther to the back
                    close(centred, getattr(middle, name)().to_numpy(), x)


@pytest.mark.parametrize("adjust", [False, True])
@pytest.mark.parametrize(
    "weights", [{"alpha": 1.0}, {"alpha": 0.3}, {"alpha": 0.01}, {"span": 9}, {"halflife": 2.5}]
)
def test_exponential_means(adjust, weights):
    for n in (0, 1, 2, 5, 300):
        for x in hard(n).values():
            expected = pd.Series(x).ewm(adjust=adjust, **weights).mean().to_numpy()
            close(series.exponential(x, adjust=adjust, nan="ignore", **weights), expected, x)


def test_large_offsets_are_kept_where_pandas_keeps_them():
    """To the last bits of the offset: pandas' running sums round there too."""
    x = RNG.normal(size=400) + 1e15
    for size in (2, 7, 50):
        expected = pd.Series(x).rolling(size).mean().to_numpy()[size - 1 :]
        close(series.moving_average(x, size, align="causal", mode="valid"), expected, x)
    for adjust in (False, True):
        expected = pd.Series(x).ewm(span=20, adjust=adjust).mean().to_numpy()
        close(series.exponential(x, span=20, adjust=adjust), expected, x)


def test_gaussian_windows():
    x = RNG.normal(size=200)
    expected = pd.Series(x).rolling(9, win_type="gaussian", center=True).mean(std=1.5).to_numpy()
    result = series.gaussian(x, 1.5, radius=4)
    close(result[4:-4], expected[4:-4], x)


def test_differences():
    x = RNG.normal(size=50)
    expected = (pd.Series(x).shift(-1) - pd.Series(x).shift(1)).to_numpy()
    close(series.difference(x, spacing=0.5)[1:-1], expected[1:-1], x)
    for order, size in itertools.product((1, 2), (1, 7)):
        many = pd.DataFrame(RNG.normal(size=(40, size)))
        step = many.diff(2) / 2 if order == 1 else many.diff().diff()
        result = series.difference(many.to_numpy(), order, axis=0, align="causal", mode="valid")
        np.testing.assert_allclose(result, step.to_numpy()[2:], atol=1e-12)
