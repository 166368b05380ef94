"""Medians of series: those in the middle of an even number, one by one or all at once, of any length."""

import pickle
from fractions import Fraction

import numpy as np
import pytest

from imfilter import series
from imfilter._filters.series import by_order
from tests.looping import loop_over


def alike(found, wanted):
    """The same to the sign of a zero, and NaN in the same places."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.dtype.str == wanted.dtype.str
    np.testing.assert_array_equal(found, wanted)
    zeros = (found == 0) & (found.dtype.kind == "f")
    np.testing.assert_array_equal(np.signbit(found[zeros]), np.signbit(wanted[zeros]))


def by_fractions(x, size):
    """Causal medians of windows that are whole, each computed exactly and rounded once."""
    found = []
    for i in range(size, len(x) + 1):
        window = x[i - size : i]
        if np.isnan(window).any():
            found.append(np.nan)
            continue
        low, high = np.sort(window)[[(size - 1) // 2, size // 2]] + 0.0
        if np.isfinite([low, high]).all():
            found.append(float((Fraction(float(low)) + Fraction(float(high))) / 2) + 0.0)
        else:
            found.append(np.nan if low == -high else low + high)
    return np.array(found)


def samples(rng, kind, n):
    """Series of denormals, of what sums beyond float64, of few values, and of all of them."""
    values = {
        "denormals": lambda: rng.integers(-20, 20, n) * 5e-324,
        "smallest": lambda: rng.integers(-40, 40, n) * np.finfo(float).tiny / 16,
        "largest": lambda: rng.choice([-1.0, 1.0], n) * np.finfo(float).max * rng.uniform(0.5, 1, n),
        "few": lambda: rng.integers(-3, 3, n) / 2,
        "normal": lambda: rng.normal(size=n),
        "bits": lambda: rng.integers(-(2**63), 2**63 - 1, n).view(float),
    }[kind]()
    values[rng.random(n) < 0.1] = -0.0
    if kind != "bits":
        for special in (np.inf, -np.inf, np.nan):
            values[rng.random(n) < 0.02] = special
    return values


KINDS = ("denormals", "smallest", "largest", "few", "normal", "bits")


@pytest.mark.parametrize("kind", KINDS)
@loop_over("size", [1, 2, 3, 4, 10, 31, 33, 64, 65, 150])
@pytest.mark.slow
def test_rounded_once_and_alike_in_every_way(kind, size, monkeypatch):
    rng = np.random.default_rng(size)
    x = samples(rng, kind, 900)
    wanted = by_fractions(x, size)
    options = {"align": "causal", "mode": "valid"}
    alike(series.median(x, size, **options), wanted)  # one by one
    monkeypatch.setattr(by_order, "FEW", 0)
    alike(series.median(x, size, **options), wanted)  # and by ranks, where nothing is NaN
    finite = np.where(np.isnan(x), 1.0, x)
    alike(series.median(finite, size, **options), by_fractions(finite, size))
    monkeypatch.undo()
    stream = series.Stream(series.median, size, mode="valid")
    pushed = [stream.push(sample) for sample in x.tolist()]
    alike([one for one in pushed if one is not None], wanted)
    stream.reset()
    cuts = np.sort(rng.integers(0, len(x), 20))
    alike(np.concatenate([stream.push(part) for part in np.split(x, cuts)]), wanted)
    wide = np.stack([x, x[::-1]], axis=1)
    alike(series.median(wide, size, axis=0, **options)[:, 0], wanted)


@loop_over("mode", ["edge", "zero", "constant", "shrink", "valid"])
@loop_over("nan", ["propagate", "ignore"])
@loop_over("seed", range(4))
@pytest.mark.slow
def test_live_medians_are_those_of_the_whole(mode, nan, seed):
    """Numbers and chunks in turns, through a pickle now and then, to the bit."""
    rng = np.random.default_rng(seed)
    for _ in range(12):
        size = int(rng.choice([1, 2, 7, 8, 32, 63, 64, 65, 129, 300]))
        x = samples(rng, str(rng.choice(KINDS)), int(rng.integers(1, 700)))
        options = {"mode": mode, "nan": nan, "cval": 0.25}
        wanted = series.median(x, size, align="causal", **options)
        stream, found, at = series.Stream(series.median, size, **options), [], 0
        while at < len(x):
            many = int(rng.choice([1, 1, 1, 5, 40]))
            if rng.random() < 0.8:
                one_by_one = [stream.push(float(v)) for v in x[at : at + 10 * many]]
                found += [v for v in one_by_one if v is not None]
                at += 10 * many
            else:
                found += stream.push(x[at : at + many]).tolist()
                at += many
            if rng.random() < 0.1:
                stream = pickle.loads(pickle.dumps(stream))
        alike(np.array(found), wanted)


def test_a_long_window_moves_little():
    """Rising, falling, swinging and equal samples turn blocks of the order both ways, all of them."""
    size = 2000
    t = np.arange(9000.0)
    rng = np.random.default_rng(0)
    shapes = [t, -t, np.sin(t / 300) * t, np.zeros(9000), (-1) ** t * t, rng.permutation(t), t % 700]
    for x in (part for whole in shapes for part in (whole, np.repeat(whole[::3], 3))):
        stream = series.Stream(series.median, size)
        live = [stream.push(sample) for sample in x.tolist()]
        alike(np.array(live), series.median(x, size, align="causal"))


def test_the_state_is_that_of_the_samples():
    stream, general = series.Stream(series.median, 6), series.Stream(series.median, 6)
    x = np.random.default_rng(1).normal(size=50)
    for sample in x.tolist():
        stream.push(sample)
    general.push(x)
    held, other = stream.state()["held"], general.state()["held"]
    np.testing.assert_array_equal(held[0], other[0])
    assert held[1] is other[1] is None


def test_windows_as_long_as_the_series():
    """Of which the general way would move every sample for every other one."""
    n = 60_001
    x = np.random.default_rng(2).normal(size=n)
    found = series.median(x, n, align="causal", mode="edge")
    for i in (0, 1, n // 3, n // 2, n - 1):
        window = np.concatenate([np.full(n - 1 - i, x[0]), x[: i + 1]])
        assert found[i] == np.median(window)
