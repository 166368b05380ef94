"""Functions of a user for windows of series: against plain loops and pandas, in streams, and with gaps."""

import math
import pickle
from functools import partial

import numpy as np
import pandas as pd
import pytest

from imfilter import series
from tests.generic import user_functions as user
from tests.series.missing_cases import bits, windows

RNG = np.random.default_rng(31)
MODES = ("edge", "zero", "constant", "mirror", "symmetric", "wrap", "shrink", "valid")


@pytest.mark.parametrize("function", [user.trimmed_mean, user.with_branches])
@pytest.mark.parametrize("mode", MODES)
def test_plain_loops(function, mode):
    x = RNG.random(50)
    known = RNG.random(50) > 0.3
    aligns = ("centre",) if mode in ("mirror", "symmetric", "wrap") else ("centre", "causal")
    for align in aligns:
        for mask in (None, known):
            counts = np.ones(50) if mask is None else mask
            for least in (0.0, 0.6):
                expected = []
                for samples, there, _ in windows(x, counts, 6, align, mode, 0.4):
                    enough = there.any() and there.mean() >= least
                    expected.append(function(samples[there > 0]) if enough else math.nan)
                for native in (True, False):
                    found = series.moving_apply(
                        x, function, 6, compile=native, align=align, mode=mode, cval=0.4, mask=mask,
                        min_coverage=least,
                    )  # fmt: skip
                    np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_pandas():
    x = np.where(RNG.random(200) < 0.2, np.nan, RNG.normal(size=200))
    expected = pd.Series(x).rolling(6, min_periods=3).apply(lambda w: np.nanmax(w) - np.nanmin(w), raw=True)
    found = series.moving_apply(
        x, user.spread, 6, align="causal", mode="shrink", nan="ignore", min_coverage=0.5
    )
    np.testing.assert_allclose(found, expected.to_numpy(), rtol=1e-13)


@pytest.mark.parametrize("function", [user.deviation, user.with_branches])
def test_axes_workers_and_streams_give_the_same_bits(function):
    x = RNG.random((3, 90, 5))
    expected = series.moving_apply(x, function, 6, axis=1, align="causal", workers=1)
    for line, place in np.ndindex(3, 5):
        alone = series.moving_apply(x[line, :, place].copy(), function, 6, align="causal", workers=3)
        np.testing.assert_array_equal(bits(alone), bits(expected[line, :, place]))
    for length in (1, 7, 50):
        stream = series.Stream(series.moving_apply, function, 6, channels=5)
        found = []
        for first in range(0, 90, length):
            found.append(stream.push(x[0, first : first + length]))
            stream = pickle.loads(pickle.dumps(stream))
        np.testing.assert_array_equal(bits(np.concatenate(found)), bits(expected[0]))
    stream = series.Stream(series.moving_apply, function, 6)
    one = [stream.push(value) for value in x[0, :, 0].tolist()]
    np.testing.assert_array_equal(bits(np.array(one)), bits(expected[0, :, 0]))
    gaps = RNG.random((90, 5)) > 0.2
    whole = series.moving_apply(x[0], function, 6, axis=0, align="causal", mask=gaps)
    stream = series.Stream(series.moving_apply, function, 6, channels=5)
    parts = [stream.push(x[0, i : i + 9], gaps[i : i + 9]) for i in range(0, 90, 9)]
    np.testing.assert_array_equal(bits(np.concatenate(parts)), bits(whole))


def test_arguments_types_and_the_cascade():
    x = RNG.integers(0, 50, 40).astype(np.int16)
    factors = np.linspace(0, 1, 6)
    found = series.moving_apply(x, user.weighted, 6, args=(3.0, factors), mode="valid")
    expected = [user.weighted(w, 3.0, factors) for w in np.lib.stride_tricks.sliding_window_view(x * 1.0, 6)]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    whole = series.moving_apply(x, user.spread, 6, dtype=np.int16)
    assert whole.dtype == np.int16
    assert series.timing(series.moving_apply, user.spread, 6) == (2, 0.5)
    twice = series.Cascade(series.difference, partial(series.moving_apply, function=user.spread, size=6))
    np.testing.assert_array_equal(
        twice(x, dtype=float), series.moving_apply(series.difference(x, dtype=float), user.spread, 6)
    )
    assert series.moving_apply([], user.spread, 3).shape == (0,)
    assert series.moving_apply([2.0], user.spread, 5).tolist() == [0.0]
    assert series.check_causal(lambda part: series.moving_apply(part, user.spread, 3, align="causal"), 20)


def test_errors():
    x = np.arange(9.0)
    with pytest.raises(TypeError, match="function must be a function of a window, got 3"):
        series.moving_apply(x, 3, 2)
    with pytest.raises(TypeError, match="args must be a tuple, got 4"):
        series.moving_apply(x, user.spread, 2, args=4)
    with pytest.raises(TypeError, match="compile must be True or False"):
        series.moving_apply(x, user.spread, 2, compile="no")
    with pytest.raises(TypeError, match="must return a number, got a string"):
        series.moving_apply(x, lambda w: "a", 2)

    def fails(window):
        if window[-1] == 5.0:
            raise ValueError("five")
        return 0.0

    for native in (True, False):
        with pytest.raises(ValueError, match="five") as caught:
            series.moving_apply(x, fails, 2, align="causal", compile=native)
        assert "fails() was called for the window from" in caught.value.__notes__[0]


def third(window):
    """A function that needs three samples."""
    return window[2] - window[0] + len(window)


@pytest.mark.parametrize("native", [True, False])
def test_too_few_samples_are_not_given_to_the_function(native):
    x, known = RNG.random(80), RNG.random(80) > 0.5
    confidence = known * RNG.uniform(0.01, 3, 80)
    for mode, align in (("edge", "centre"), ("shrink", "causal"), ("valid", "causal"), ("wrap", "centre")):
        for mask in (known, confidence):
            expected = []
            for samples, there, _ in windows(x, mask, 6, align, mode, 0.0):
                kept = samples[there > 0]
                expected.append(third(kept) if len(kept) >= 3 else math.nan)
            assert np.isnan(expected).any()
            for option in ({"min_count": 3}, {"min_coverage": 0.5}):
                how = {"align": align, "mode": mode, "mask": mask, "compile": native} | option
                found = series.moving_apply(x, third, 6, **how)
                np.testing.assert_array_equal(found, expected)
                gaps = series.moving_apply(np.where(known, x, np.nan), third, 6, nan="ignore", **how)
                np.testing.assert_array_equal(gaps, expected)


def test_min_count_in_streams_and_of_pandas():
    x = np.where(RNG.random((90, 4)) < 0.4, np.nan, RNG.normal(size=(90, 4)))
    how = {"nan": "ignore", "mode": "shrink", "min_count": 4}
    whole = series.moving_apply(x, third, 6, axis=0, align="causal", **how)
    frame = pd.DataFrame(x).rolling(6, min_periods=4)
    expected = frame.apply(lambda w: third(w[~np.isnan(w)]), raw=True)
    np.testing.assert_allclose(whole, expected.to_numpy(), rtol=1e-13)
    for length in (1, 7, 50):
        stream = series.Stream(series.moving_apply, third, 6, channels=4, **how)
        parts = [stream.push(x[i : i + length]) for i in range(0, 90, length)]
        np.testing.assert_array_equal(bits(np.concatenate(parts)), bits(whole))
    stream = series.Stream(series.moving_apply, third, 6, **how)
    one = [stream.push(value) for value in x[:, 0].tolist()]
    np.testing.assert_array_equal(bits(np.array(one)), bits(whole[:, 0]))
    with pytest.raises(ValueError, match="min_count must be at most 3, got 4"):
        series.moving_apply(x, third, 3, min_count=4)
    with pytest.raises(ValueError, match=r"must not both be given, got 2 and 0\.5"):
        series.moving_apply(x, third, 3, min_count=2, min_coverage=0.5)
