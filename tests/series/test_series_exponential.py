"""Exponential means against plain loops and SciPy, and on several threads."""

import itertools

import numpy as np
import pytest
import scipy.signal as sps

from imfilter import series
from tests.reference import series_by_loops as loops
from tests.series.test_series import close, hard

RNG = np.random.default_rng(6)


@pytest.mark.parametrize("nan", ["propagate", "ignore"])
@pytest.mark.parametrize("mode", ["edge", "zero", "constant", "shrink"])
def test_exponential_means_are_what_loops_say(mode, nan):
    for n in (1, 2, 10, 90):
        for x in hard(n).values():
            for alpha in (1.0, 0.5, 0.03, 1e-4):
                expected = loops.exponential(x, alpha, mode, 0.7, nan)
                result = series.exponential(x, alpha=alpha, mode=mode, cval=0.7, nan=nan)
                close(result, expected, x)
                if mode == "shrink":
                    np.testing.assert_array_equal(
                        result, series.exponential(x, alpha=alpha, adjust=True, nan=nan)
                    )


def test_spans_and_halflives():
    x = RNG.normal(size=30)
    np.testing.assert_array_equal(series.exponential(x, span=9), series.exponential(x, alpha=0.2))
    np.testing.assert_allclose(
        series.exponential(x, halflife=1), series.exponential(x, alpha=0.5), rtol=1e-14
    )
    assert series.timing(series.exponential, span=9).delay == 4


def test_the_mean_of_a_long_past_keeps_its_digits():
    """Of a constant it is the constant, and steps are followed to the end, however small the gain is."""
    x = np.full(50_000, 0.1)
    x[1] = 3.0
    for alpha in (1e-6, 1e-4, 1e-3, 0.3):
        result = series.exponential(x, alpha=alpha)
        exact = 0.1 + 2.9 * alpha * (1 - alpha) ** np.arange(0, len(x) - 1)
        close(result[1:], exact, x, 1e-13)


def test_exponential_agrees_with_lfilter():
    x = RNG.normal(size=1000)
    for alpha in (0.9, 0.2, 0.001):
        b, a = [alpha], [1, alpha - 1]
        expected = sps.lfilter(b, a, x)
        np.testing.assert_allclose(series.exponential(x, alpha=alpha, mode="zero"), expected, atol=1e-12)
        expected = sps.lfilter(b, a, x, zi=[(1 - alpha) * 3.0])[0]
        result = series.exponential(x, alpha=alpha, mode="constant", cval=3.0)
        np.testing.assert_allclose(result, expected, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"adjust": True}, {"mode": "zero"}, {"align": "centre"}])
def test_exponential_means_on_several_threads_are_those_of_one(options):
    """Each begins with a guess; where that is wrong, it is walked again."""
    n = 300_000
    x = RNG.normal(size=n) + 5
    kinds = {"random": x, "constant": np.full(n, 0.3), "zeros": np.zeros(n)}
    for place in (n // 2 - 1, n // 2, n // 3 - 5):
        gone, whole = x.copy(), x.copy()
        gone[place - 40_000 : place] = np.nan
        whole[place] = np.inf
        kinds[f"a gap before {place}"], kinds[f"infinite at {place}"] = gone, whole
    kinds["from 1e300 to 1e-300"] = np.where(np.arange(n) < n // 2, 1e300, 1e-300)
    kinds["denormal"] = x * 1e-310
    for name, y in kinds.items():
        for alpha, nan in itertools.product((0.9, 0.02, 0.0015), ("propagate", "ignore")):
            how = {"alpha": alpha, "nan": nan, **options}
            expected = series.exponential(y, workers=1, **how)
            for workers in (2, 3):
                result = series.exponential(y, workers=workers, **how)
                np.testing.assert_array_equal(result.view(np.int64), expected.view(np.int64), err_msg=name)


def test_gains_next_to_nothing():
    x = RNG.normal(size=40_000)
    for options in ({"span": 1e308}, {"halflife": 1e308}, {"alpha": 5e-324}):
        np.testing.assert_array_equal(series.exponential(x, **options), np.full(40_000, x[0]))


def test_a_missing_value_before_the_first_sample_does_not_count():
    x = RNG.normal(size=9)
    found = series.exponential(x, alpha=0.3, mode="constant", cval=np.nan, nan="ignore")
    np.testing.assert_array_equal(found, series.exponential(x, alpha=0.3, mode="shrink"))
