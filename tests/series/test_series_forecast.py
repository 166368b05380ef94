"""Forecasts of series: the kernels found, what they say, and how much better that is than nothing."""

import pickle
import runpy
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from imfilter import series
from tests.looping import loop_over
from tests.reference import series_by_loops as loops
from tests.series.test_series_stream import bits, pieces

RNG = np.random.default_rng(21)
SAMPLE = Path(__file__).parents[2] / "samples" / "forecast.py"


def autoregressive(n, weights, rng, bias=0.0, noise=1.0):
    """A series in which each value is a weighted sum of those before, and noise."""
    x = np.zeros(n + 500)
    for t in range(len(weights), len(x)):
        x[t] = x[t - len(weights) : t][::-1] @ weights + bias + noise * rng.normal()
    return x[500:]


def wiggle(shape):
    return RNG.normal(size=shape).cumsum(axis=-1) * 0.3 + np.sin(np.arange(shape[-1]))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_it_recovers_an_ar3_within_its_standard_errors(seed):
    weights, bias = np.array([0.5, -0.3, 0.2]), 2.0
    x = autoregressive(20_000, weights, np.random.default_rng(seed), bias)
    found = series.fit_forecaster(x, 3)
    windows, _ = loops.examples(x, 3, 1)
    rows = np.column_stack([windows, np.ones(len(windows))])
    variance = (found.residuals**2).sum() / (len(rows) - 4)
    errors = np.sqrt(variance * np.diagonal(np.linalg.inv(rows.T @ rows)))
    off = np.abs(np.append(found.kernel - weights, found.bias - bias)) / errors
    assert (off < 3).all()  # of 20 such numbers one is beyond 3 in every 20th test, and these are fixed
    assert (off < 1).mean() >= 0.25
    assert found.errors.beats
    assert found.evaluate(autoregressive(5000, weights, np.random.default_rng(99), bias)).beats


@loop_over("horizon", [1, 2, 3, 4, 5])
@loop_over("bias", [True, False])
@loop_over("ridge", [0.0, 2.5])
def test_the_kernel_is_that_of_the_design_matrix(horizon, bias, ridge):
    for shape, size in (((60,), 1), ((80,), 7), ((3, 40), 4), ((2, 3, 30), 5)):
        x = wiggle(shape) + 3.0
        lines = x.reshape(-1, shape[-1])
        found = series.fit_forecaster(x, size, bias=bias, ridge=ridge, horizon=horizon)
        kernel, level = loops.fit(lines, size, horizon, bias, ridge)
        np.testing.assert_allclose(found.kernel, kernel, atol=1e-9)
        assert found.bias == pytest.approx(level, abs=1e-9)
        assert (found.size, found.horizon) == (size, horizon)
        pairs = [loops.examples(line, size, horizon) for line in lines]
        windows, goals = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
        peer = Ridge(alpha=ridge, fit_intercept=bias, tol=1e-12).fit(windows, goals) if ridge else None
        if peer:
            np.testing.assert_allclose(found.kernel, peer.coef_, atol=1e-9)
            assert found.bias == pytest.approx(peer.intercept_, abs=1e-9)
        residuals = goals - windows @ kernel - level
        np.testing.assert_allclose(found.residuals.ravel(), residuals, atol=1e-8)
        last = goals - windows[:, 0]
        expected = [np.sqrt(np.mean(r**2)) for r in (residuals, last, goals - x.mean())]
        np.testing.assert_allclose(found.errors, expected, atol=1e-9)
        assert found.evaluate(x) == found.errors
        again = series.fit_forecaster(
            np.moveaxis(x, -1, 0), size, bias=bias, ridge=ridge, horizon=horizon, axis=0
        )
        np.testing.assert_array_equal(bits(again.kernel), bits(found.kernel))
        np.testing.assert_array_equal(np.moveaxis(again.residuals, 0, -1), found.residuals)
        np.testing.assert_allclose(np.moveaxis(again.forecast(7), 0, -1), found.forecast(7), rtol=1e-15)


def test_levels_far_from_zero():
    x = autoregressive(500, [0.6, 0.2], RNG)
    near, far = series.fit_forecaster(x, 2), series.fit_forecaster(x + 1e6, 2)
    np.testing.assert_allclose(far.kernel, near.kernel, atol=1e-7)


@pytest.mark.parametrize("horizon", [1, 2, 3, 5])
def test_predictions_and_forecasts(horizon):
    x, other = wiggle((200,)), wiggle((90,))
    found = series.fit_forecaster(x, 4, horizon=horizon)
    for initial, past in (("edge", [other[0]] * 3), ("zero", None), ("valid", []), (x[-3:], x[-3:])):
        expected = loops.causal(other, found.kernel, found.bias, past)
        np.testing.assert_allclose(found.predict(other, initial=initial), expected, atol=1e-12)
    edge = found.predict(other)
    assert edge.shape == other.shape
    np.testing.assert_array_equal(found.predict(other), found.predict(other, initial="edge"))
    np.testing.assert_allclose(found.residuals, x[3 + horizon :] - found.predict(x)[3:-horizon], atol=1e-15)
    for steps in (0, 1, horizon - 1, horizon, horizon + 1, 23):
        expected = loops.forecast(x, found.kernel, found.bias, horizon, steps)
        np.testing.assert_allclose(found.forecast(steps), expected, atol=1e-10)
        expected = loops.forecast(other, found.kernel, found.bias, horizon, steps)
        np.testing.assert_allclose(found.forecast(steps, other), expected, atol=1e-10)
        np.testing.assert_array_equal(found.forecast(steps), found.forecast(steps, x))
    direct = found.forecast(horizon, other)
    np.testing.assert_array_equal(bits(direct), bits(edge[-horizon:]))
    # What follows is what it says of a series that has gone on as forecast.
    longer = np.append(other, direct)
    np.testing.assert_array_equal(
        bits(found.forecast(2 * horizon, other)[horizon:]), bits(found.predict(longer)[-horizon:])
    )


@pytest.mark.parametrize("seed", range(5))
def test_errors_do_not_depend_on_the_layout(seed):
    x = np.random.default_rng(seed).normal(size=(6, 5, 70))
    found = series.fit_forecaster(x, 3, horizon=2)
    other = np.ascontiguousarray(np.moveaxis(x, -1, 1))
    assert found.evaluate(other, axis=1) == found.errors
    assert series.fit_forecaster(other, 3, horizon=2, axis=1).errors == found.errors


def test_many_series_at_once():
    x = wiggle((6, 5, 70))
    found = series.fit_forecaster(x, 3, horizon=2)
    result = found.forecast(9)
    assert result.shape == (6, 5, 9)
    for i, j in np.ndindex(6, 5):
        np.testing.assert_array_equal(bits(result[i, j]), bits(found.forecast(9, x[i, j])))
        np.testing.assert_array_equal(bits(found.predict(x)[i, j]), bits(found.predict(x[i, j])))
    other = np.ascontiguousarray(np.moveaxis(x, -1, 1))
    np.testing.assert_array_equal(np.moveaxis(found.forecast(9, other, axis=1), 1, -1), result)
    np.testing.assert_array_equal(np.moveaxis(found.predict(other, axis=1), 1, -1), found.predict(x))
    assert found.evaluate(other, axis=1) == found.errors
    assert found.forecast(4, np.empty((0, 70))).shape == (0, 4)
    assert found.predict(np.empty((3, 0))).shape == (3, 0)


@pytest.mark.parametrize("horizon", [1, 4])
def test_streams(horizon):
    x = wiggle((150,))
    found = series.fit_forecaster(x, 6, horizon=horizon)
    assert series.timing(found).lookahead == 0
    assert series.check_causal(found.predict, 40)
    stream = series.Stream(found)
    for turn in range(200):
        stream.reset()
        parts = [stream.push(p) for p in pieces(x)]
        if turn == 0:
            stream.reset()
            parts = [[stream.push(v)] for v in x.tolist()]
        np.testing.assert_array_equal(bits(np.concatenate(parts)), bits(found.predict(x)))
    rows = RNG.normal(size=(40, 8))
    stream = series.Stream(found, initial="zero", channels=8)
    first = stream.push(rows[:11])
    stream = series.Stream.from_state(pickle.loads(pickle.dumps(stream.state())))
    parts = np.concatenate([first, stream.push(rows[11:])])
    np.testing.assert_array_equal(bits(parts), bits(found.predict(rows, initial="zero", axis=0)))
    assert len(pickle.dumps(series.Stream(found))) < 1000  # the kernel, not the series


def test_the_delay_of_a_forecast_is_its_horizon():
    """Of a straight line it is that line, so many samples ahead."""
    found = series.fit_forecaster(np.arange(50.0), 2, horizon=3, bias=False)
    np.testing.assert_allclose(found.kernel, [4, -3], atol=1e-9)
    assert series.timing(found) == (0, pytest.approx(-3.0))


def test_dtypes():
    x = np.rint(autoregressive(100, [0.6, 0.2], RNG) * 20 + 120).clip(0, 255)
    exact = series.fit_forecaster(x, 3)
    for kind in ("u1", "i2", ">i4", "f4", ">f8", "u8"):
        found = series.fit_forecaster(x.astype(kind), 3)
        np.testing.assert_allclose(found.kernel, exact.kernel, atol=1e-12)
        wanted = np.float32 if kind in ("u1", "i2", "f4") else np.float64
        assert found.predict(x.astype(kind)).dtype == found.forecast(3).dtype == wanted
        assert found.residuals.dtype == np.float64
        np.testing.assert_allclose(found.forecast(3), exact.forecast(3), rtol=1e-6)
    assert series.fit_forecaster(x > 100, 2).kernel.dtype == np.float64
    np.testing.assert_array_equal(series.fit_forecaster(x[::-1][::-1].tolist(), 3).kernel, exact.kernel)
    out = np.empty(100, "f4")
    assert exact.predict(x, out=out) is out
    np.testing.assert_array_equal(exact.predict(x, dtype="f4"), out)


def test_any_number_of_workers_gives_the_same_bits():
    x = wiggle((3, 30_000))
    one, three = (series.fit_forecaster(x, 9, workers=n) for n in (1, 3))
    np.testing.assert_array_equal(bits(one.kernel), bits(three.kernel))
    assert one.bias == three.bias
    assert one.errors == three.errors


def test_a_pickle_leaves_the_series_behind():
    x = wiggle((50_000,))
    found = series.fit_forecaster(x, 3, horizon=2)
    assert len(pickle.dumps(found)) < 2000
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.forecast(5), found.forecast(5))
    np.testing.assert_array_equal(again.predict(x), found.predict(x))
    assert (again.errors, again.size, again.axis) == (found.errors, 3, -1)
    assert repr(again) == repr(found)
    assert repr(found).startswith("Forecaster(size=3, horizon=2, errors=ForecastErrors(model=")
    with pytest.raises(ValueError, match="residuals must be read before the forecaster is pickled"):
        _ = again.residuals
    assert np.shares_memory(found._training, x)  # no copy
    assert not np.shares_memory(found._tail, x)


def test_too_few_samples_and_a_ridge():
    x = wiggle((12,))
    found = series.fit_forecaster(x, 8, ridge=1.0, horizon=2)
    kernel, bias = loops.fit([x], 8, 2, True, 1.0)
    np.testing.assert_allclose(found.kernel, kernel, atol=1e-10)
    assert found.bias == pytest.approx(bias)
    constant = series.fit_forecaster(np.full(20, 3.0), 2, ridge=1.0)
    assert constant.forecast(3).tolist() == pytest.approx([3.0] * 3)
    assert not constant.errors.beats
    exact = series.fit_forecaster(wiggle((7,)), 3)  # as many examples as unknowns
    assert exact.errors.model < 1e-9


WAVE = np.sin(np.arange(50.0))
WRONG = [
    (lambda: series.fit_forecaster(WAVE, 0), ValueError, "size must be at least 1, got 0"),
    (lambda: series.fit_forecaster(WAVE, 2.0), TypeError, "size must be an integer, got 2.0"),
    (lambda: series.fit_forecaster(WAVE, 2, horizon=0), ValueError, "horizon must be at least 1, got 0"),
    (lambda: series.fit_forecaster(WAVE, 2, horizon="1"), TypeError, "horizon must be an integer, got '1'"),
    (lambda: series.fit_forecaster(WAVE, 2, ridge=-1), ValueError, "ridge must not be negative, got -1.0"),
    (lambda: series.fit_forecaster(WAVE, 2, ridge=np.nan), ValueError, "ridge must be finite, got nan"),
    (lambda: series.fit_forecaster(WAVE, 2, bias=1), TypeError, "bias must be True or False, got 1"),
    (lambda: series.fit_forecaster(WAVE, 2, axis=1), ValueError, "axis must be from -1 to 0"),
    (lambda: series.fit_forecaster(WAVE, 2, workers=0), ValueError, "workers must be at least 1, got 0"),
    (
        lambda: series.fit_forecaster(WAVE * 1j, 2),
        TypeError,
        "x must contain real numbers, got dtype complex128",
    ),
    (lambda: series.fit_forecaster(3.0, 2), ValueError, "x must have at least one axis"),
    (
        lambda: series.fit_forecaster(np.ones((0, 9)), 2),
        ValueError,
        "x must contain at least one series, got shape (0, 9)",
    ),
    (
        lambda: series.fit_forecaster(WAVE[:6], 3, horizon=1),
        ValueError,
        "x must have at least 7 samples for size=3 and horizon=1, got 6",
    ),
    (
        lambda: series.fit_forecaster(WAVE[:4].reshape(2, 2), 2, bias=False),
        ValueError,
        "x must have at least 3 samples for size=2 and horizon=1, got 2",
    ),
    (
        lambda: series.fit_forecaster(WAVE[:4], 3, horizon=2, ridge=1),
        ValueError,
        "x must have at least 5 samples for size=3 and horizon=2, got 4",
    ),
    (
        lambda: series.fit_forecaster(np.full(50, 0.1), 2),
        ValueError,
        "x must vary, got a constant series, for which kernel and bias are not unique; use ridge > 0",
    ),
    (
        lambda: series.fit_forecaster(np.zeros(50), 2, bias=False),
        ValueError,
        "x must vary, got zeros alone; use ridge > 0",
    ),
    (
        lambda: series.fit_forecaster(np.ones(50), 2, bias=False),
        ValueError,
        "x must determine all 2 weights, got samples that determine 1 (",
    ),
    (
        lambda: series.fit_forecaster(WAVE, 4),
        ValueError,
        "x must determine all 4 weights, got samples that determine 2 (",
    ),
    (
        lambda: series.fit_forecaster([*WAVE, np.nan], 2),
        ValueError,
        "x must be finite and below 1e+150, got NaN; fill missing",
    ),
    (lambda: series.fit_forecaster([*WAVE, np.inf], 2), ValueError, "below 1e+150, got inf"),
    (lambda: series.fit_forecaster([*WAVE, -1e200], 2), ValueError, "below 1e+150, got -1e+200"),
    (lambda: FOUND.forecast(-1), ValueError, "steps must be at least 0, got -1"),
    (lambda: FOUND.forecast(2.0), TypeError, "steps must be an integer, got 2.0"),
    (
        lambda: FOUND.forecast(2, [1.0, 2.0, 3.0]),
        ValueError,
        "x must have at least 4 samples for size=2 and horizon=3, got 3",
    ),
    (lambda: FOUND.forecast(2, axis=0), ValueError, "axis must be left out if x is left out, got 0"),
    (lambda: FOUND.forecast(2, WAVE, axis=1), ValueError, "axis must be from -1 to 0"),
    (lambda: FOUND.evaluate(WAVE[:4]), ValueError, "x must have at least 5 samples"),
    (lambda: FOUND.evaluate([*WAVE, np.nan]), ValueError, "x must be finite and below"),
    (
        lambda: FOUND.predict(WAVE, initial="none"),
        ValueError,
        "initial must be one of 'zero', 'edge', 'valid'",
    ),
    (lambda: series.Stream(FOUND, mode="edge"), TypeError, "Forecaster() has no argument 'mode'"),
    (lambda: series.Stream(FOUND, 3), TypeError, "args must be empty for a Forecaster, got 3"),
    (lambda: series.Stream(FOUND, axis=0), TypeError, "axis must be left out"),
]
FOUND = series.fit_forecaster(WAVE + RNG.normal(size=50), 2, horizon=3)


@pytest.mark.parametrize(("call", "kind", "words"), WRONG, ids=[w[2][:50] for w in WRONG])
def test_errors(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_sample_beats_both_baselines(capsys):
    runpy.run_path(str(SAMPLE))
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    table = [[float(v) for v in row[-3:]] for row in rows if row and row[0].isdigit()]
    assert len(table) == 3
    for model, last, mean in table:
        assert 0 < model < min(last, mean)
