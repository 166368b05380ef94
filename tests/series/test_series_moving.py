"""Moving extremes, sums, variances, quantiles and ranks, against loops, NumPy, pandas and bottleneck."""

import itertools
import math
import pickle
import warnings
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from imfilter import series
from imfilter._base import grouping
from imfilter._filters.series import by_order, variance
from tests.looping import loop_over
from tests.reference import series_by_loops as loops

RNG = np.random.default_rng(77)
METHODS = ("linear", "lower", "higher", "nearest", "midpoint")
#: By name: the other arguments, and the value of the present samples of a window.
CALLS = {
    "moving_minimum": ((), min),
    "moving_maximum": ((), max),
    "moving_sum": ((), math.fsum),
    "moving_std": ((), np.std),
    "moving_variance": ((), np.var),
    "moving_quantile": ((0.3,), lambda v: np.quantile(v, 0.3)),
}
SIZES = (1, 2, 3, 7, 8, 25, 64)


def bits(array):
    return np.ascontiguousarray(array, np.float64).view(np.int64)


def by_loops(name, x, size, **options):
    _, value = CALLS[name]

    def result(samples):
        there = [v for v in samples if v is not None]
        return value(there) if there and not np.isnan(there).any() else math.nan

    return loops.slide(x, size, result, **options)


def rank_by_loops(x, size, align, mode, nan, cval=0.0):
    before = loops.before_of(size, align)

    def result(samples):
        sample, there = samples[before], [v for v in samples if v is not None]
        if sample is None or np.isnan(there).any():
            return math.nan
        return sum(v < sample for v in there) + (sum(v == sample for v in there) + 1) / 2

    return loops.slide(x, size, result, align=align, mode=mode, nan=nan, cval=cval)


def cases(n):
    x = np.round(RNG.normal(size=n), 1)  # with equal samples
    holes = np.where(RNG.random(n) < 0.2, np.nan, x)
    return ((x, "propagate"), (holes, "propagate"), (holes, "ignore"), (np.full(n, np.nan), "ignore"))


@pytest.mark.slow
@pytest.mark.parametrize("name", [*CALLS, "moving_rank"])
@loop_over("size", SIZES)
def test_every_mode_against_plain_loops(name, size):
    for mode in (*loops.MODES, "shrink", "valid"):
        aligns = ("centre",) if mode in ("mirror", "symmetric", "wrap") else ("centre", "causal")
        for align in aligns:
            for n in (1, 5, 40):
                for x, nan in cases(n):
                    how = {"align": align, "mode": mode, "nan": nan, "cval": 0.5}
                    if name == "moving_rank":
                        expected = rank_by_loops(x, size, **how)
                        found = series.moving_rank(x, size, **how)
                    else:
                        expected = by_loops(name, x, size, **how)
                        found = getattr(series, name)(x, size, *CALLS[name][0], **how)
                    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", [*CALLS, "moving_rank"])
def test_no_samples_and_many_series(name):
    call, own = getattr(series, name), CALLS.get(name, ((),))[0]
    assert call(np.zeros(0), 5, *own).shape == (0,)
    assert call(np.zeros((3, 0)), 5, *own, mode="valid").shape == (3, 0)
    assert call(np.zeros(4), 5, *own, mode="valid").shape == (0,)
    x = RNG.normal(size=(90, 3, 70))
    expected = call(x, 31, *own, axis=0, workers=1)
    for i, j in ((0, 0), (2, 69), (1, 33)):
        np.testing.assert_array_equal(bits(call(x[:, i, j], 31, *own)), bits(expected[:, i, j]))
    np.testing.assert_array_equal(
        bits(call(np.moveaxis(x, 0, -1), 31, *own, workers=3)), bits(np.moveaxis(expected, 0, -1))
    )
    out = np.empty_like(x)
    assert call(x, 31, *own, axis=0, out=out) is out
    np.testing.assert_array_equal(bits(out), bits(expected))


@loop_over("size, offset", itertools.product([1, 2, 9, 12, 100, 999, 1000], [0.0, 1e7, 1e9, -1e12]))
def test_an_offset_costs_no_digits(size, offset):
    x = RNG.normal(size=1500) + offset
    windows = np.lib.stride_tricks.sliding_window_view(x - offset, size)  # the differences are exact
    exact = windows.astype(np.longdouble).var(axis=1).astype(np.float64)
    for call, expected in ((series.moving_variance, exact), (series.moving_std, np.sqrt(exact))):
        found = call(x, size, align="causal", mode="valid")
        np.testing.assert_allclose(found, expected, rtol=1e-13 if size > 1 else 0)
        mask = np.ones(1500)
        mask[0] = 0
        gaps = call(x, size, align="causal", mode="valid", mask=mask)[1:]
        np.testing.assert_array_equal(bits(gaps), bits(found[1:]))


def test_equal_samples_and_outliers():
    for value in (0.1, 1e300, -7.0, 1e-300):
        for size in (1, 3, 25, 1000):
            x = np.full(1200, value)
            x[50] = 5 * value
            for call in (series.moving_variance, series.moving_std):
                found = call(x, size, align="causal", mode="valid")
                known = ~((50 - size + 1 <= np.arange(len(found))) & (np.arange(len(found)) <= 50))
                np.testing.assert_array_equal(found[known], 0.0)
                holes = np.where(np.arange(1200) % 7 == 3, np.nan, x)
                found = call(holes, size, align="causal", mode="valid", nan="ignore")
                assert not (found < 0).any()
    x = np.r_[np.zeros(40), 1e8, RNG.normal(size=200)]
    found = series.moving_variance(x, 30, align="causal", mode="valid")
    expected = np.lib.stride_tricks.sliding_window_view(x, 30).var(axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_degrees_of_freedom():
    x = RNG.normal(size=60)
    for size in (1, 2, 5):
        for ddof in (0, 1, 2, 0.5):
            expected = [
                v.var(ddof=0) * size / (size - ddof) if size > ddof else math.nan
                for v in np.lib.stride_tricks.sliding_window_view(x, size)
            ]
            found = series.moving_variance(x, size, ddof, mode="valid")
            np.testing.assert_allclose(found, expected, rtol=1e-12)
            np.testing.assert_allclose(
                series.moving_std(x, size, ddof, mode="valid"), np.sqrt(expected), rtol=1e-12
            )


def test_groups_compose_every_window():
    for size in (*range(1, 300), 999, 1000, 4097, 10**6, 2**31 - 1):
        for widths in (grouping.widths_of(size), variance.widths(size)):
            assert all(b % a == 0 for a, b in itertools.pairwise(widths))
            parts = [widths[level] for level in grouping.parts_of(size, widths)]
            assert sum(parts) == size
            assert len(parts) < 200


@pytest.mark.parametrize("method", METHODS)
@loop_over("size", [1, 2, 4, 5, 30])
def test_quantiles_are_those_of_numpy_however_they_are_computed(method, size, monkeypatch):
    x = np.round(RNG.normal(size=400), 1)
    windows = np.lib.stride_tricks.sliding_window_view(x, size)
    for q in (0, 0.1, 0.25, 0.5, 0.625, 1):
        expected = np.quantile(windows, q, axis=1, method=method) + 0.0
        for few in (1 << 12, 0):  # one by one, and by ranks
            monkeypatch.setattr(by_order, "FEW", few)
            found = series.moving_quantile(x, size, q, method, align="causal", mode="valid")
            np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-15)
        stream = series.Stream(series.moving_quantile, size, q, method, mode="valid")
        pushed = [value for value in map(stream.push, x.tolist()) if value is not None]
        np.testing.assert_array_equal(bits(pushed), bits(found))


def test_quantiles_of_infinite_and_large_samples():
    huge = np.finfo(float).max
    x = np.array([-huge, huge, -huge, huge])
    np.testing.assert_array_equal(series.moving_quantile(x, 2, 0.5, mode="valid"), 0.0)
    x = np.array([1.0, np.inf, np.inf, -np.inf])
    found = series.moving_quantile(x, 2, 0.5, mode="valid")
    np.testing.assert_array_equal(found, [np.inf, np.inf, np.nan])
    found = series.moving_quantile(x, 2, 0.0, mode="valid")
    np.testing.assert_array_equal(found, [1.0, np.inf, -np.inf])


def test_extremes_of_infinite_samples_and_zeros():
    x = np.array([np.inf, np.nan, -np.inf, np.inf, 1.0])
    found = series.moving_minimum(x, 2, align="causal", mode="valid", nan="ignore")
    np.testing.assert_array_equal(found, [np.inf, -np.inf, -np.inf, 1.0])
    found = series.moving_maximum(x, 2, align="causal", mode="valid", nan="ignore")
    np.testing.assert_array_equal(found, [np.inf, -np.inf, np.inf, np.inf])
    zeros = RNG.choice([0.0, -0.0, 5e-324, -5e-324], 400)
    for size in (2, 5, 40):
        low = series.moving_minimum(zeros, size, align="causal", mode="valid")
        windows = np.lib.stride_tricks.sliding_window_view(zeros, size)
        np.testing.assert_array_equal(low, windows.min(axis=1))
        signed = np.signbit(np.where(windows == 0, windows, 1.0)).any(axis=1)
        np.testing.assert_array_equal(np.signbit(low[low == 0]), signed[low == 0])


def quantile_of(values, q, method, whole):
    """A quantile of integers, rounded once."""
    ordered = sorted(map(int, values))
    position = q * (len(ordered) - 1)
    low, high = ordered[math.floor(position)], ordered[math.ceil(position)]
    share = Fraction(position - math.floor(position))
    if method == "nearest":
        return ordered[round(position)]
    if method in ("lower", "higher"):
        return low if method == "lower" else high
    share = Fraction(1, 2) if method == "midpoint" and share else share
    found = low + (high - low) * share
    return round(found) if whole else float(found)


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
@pytest.mark.parametrize("span", [100, 1 << 62])
@pytest.mark.parametrize("base", [0, (1 << 60) + 1])
def test_integers_of_64_bits_are_exact(dtype, span, base):
    x = RNG.integers(0, span, 120).astype(dtype) + dtype(base)
    mask = RNG.random(120) > 0.3
    for size in (1, 2, 5, 6):
        for options in ({}, {"mask": mask}):
            how = {"align": "causal", "mode": "shrink", **options}
            known = np.ones(120, bool) if not options else mask
            groups = [
                x[max(0, t - size + 1) : t + 1][known[max(0, t - size + 1) : t + 1]] for t in range(120)
            ]
            for name, value in (("moving_minimum", min), ("moving_maximum", max)):
                found = getattr(series, name)(x, size, **how)
                assert found.dtype == dtype
                assert found.tolist() == [int(value(g)) if len(g) else 0 for g in groups]
            for q, method in ((0.25, "lower"), (0.5, "midpoint"), (0.75, "nearest"), (0.25, "linear")):
                found = series.moving_quantile(x, size, q, method, **how)
                expected = [quantile_of(g, q, method, True) if len(g) else 0 for g in groups]
                assert found.tolist() == expected, (q, method)
            found = series.moving_rank(x, size, **how)
            expected = [
                (g < x[t]).sum() + ((g == x[t]).sum() + 1) / 2 if known[t] else np.nan
                for t, g in enumerate(groups)
            ]
            np.testing.assert_array_equal(found, expected)


def test_ties_of_64_bit_ranks_with_a_border():
    big = 1 << 62
    x = np.array([big, 5, 5, -big, 5], np.int64)
    found = series.moving_rank(x, 3, align="causal", mode="constant", cval=5)
    np.testing.assert_array_equal(found, [3, 1.5, 1.5, 1, 2.5])
    found = series.moving_rank(x.astype(np.longdouble), 3, align="causal", mode="constant", cval=0.5)
    np.testing.assert_array_equal(found, [3, 2, 1.5, 1, 2.5])


@pytest.mark.parametrize("dtype", [np.int64, np.uint64, np.longdouble])
@pytest.mark.parametrize("mode", ["edge", "constant", "shrink", "valid"])
def test_streams_of_64_bits(dtype, mode):
    x = (RNG.integers(0, 50, 80) + (1 << 60)).astype(dtype)
    for name, own in (
        ("moving_minimum", ()),
        ("moving_maximum", ()),
        ("moving_quantile", (0.3,)),
        ("moving_rank", ()),
    ):
        call, options = getattr(series, name), {"mode": mode, "cval": 7}
        expected = call(x, 5, *own, align="causal", **options)
        stream, found = series.Stream(call, 5, *own, **options), []
        for i in range(0, 80, 9):
            found.append(stream.push(x[i : i + 9]))
            stream = pickle.loads(pickle.dumps(stream))
        result = np.concatenate(found)
        assert result.dtype == expected.dtype
        np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("name", [*CALLS, "moving_rank"])
def test_dtypes(name):
    call, own = getattr(series, name), CALLS.get(name, ((),))[0]
    keeps = name in ("moving_minimum", "moving_maximum", "moving_quantile")
    for kind in ("bool", "uint8", "int16", "uint32", "int64", "float16", "float32", "float64", ">i4", ">f8"):
        x = (RNG.random(50) * 9).astype(kind)
        native = np.dtype(kind).newbyteorder("=")
        small = native.itemsize < 4 or native == np.float32
        found = call(x, 4, *own)
        assert found.dtype == (native if keeps else np.float32 if small else np.float64)
        wide = call(x.astype(np.float64), 4, *own)
        if found.dtype.kind == "f":
            np.testing.assert_array_equal(found, wide.astype(found.dtype))
        elif native.kind != "b":
            np.testing.assert_array_equal(found, np.rint(wide).astype(found.dtype))
        np.testing.assert_array_equal(call(x, 4, *own, dtype=float), wide)


PANDAS = {
    "moving_minimum": ((), lambda r: r.min()),
    "moving_maximum": ((), lambda r: r.max()),
    "moving_sum": ((), lambda r: r.sum()),
    "moving_std": ((1,), lambda r: r.std()),
    "moving_variance": ((0,), lambda r: r.var(ddof=0)),
    "moving_quantile": ((0.3,), lambda r: r.quantile(0.3)),
    "moving_rank": ((), lambda r: r.rank()),
}


@pytest.mark.parametrize("name", PANDAS)
@loop_over("size", [1, 2, 5, 30])
def test_min_count_is_min_periods_of_pandas(name, size):
    own, theirs = PANDAS[name]
    for n in (0, 1, 4, 120):
        for x in (RNG.normal(size=n), np.where(RNG.random(n) < 0.4, np.nan, np.round(RNG.normal(size=n), 1))):
            for periods in {1, (size + 1) // 2, size}:
                expected = theirs(pd.Series(x).rolling(size, min_periods=periods)).to_numpy()
                found = getattr(series, name)(
                    x, size, *own, align="causal", mode="shrink", nan="ignore", min_count=periods
                )
                np.testing.assert_allclose(found, expected, atol=2e-8 if "std" in name else 1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_quantiles_of_pandas(method):
    x = np.where(RNG.random(200) < 0.2, np.nan, RNG.normal(size=200))
    for q in (0.0, 0.2, 0.7, 1.0):
        expected = pd.Series(x).rolling(6, min_periods=2).quantile(q, interpolation=method).to_numpy()
        found = series.moving_quantile(
            x, 6, q, method, align="causal", mode="shrink", nan="ignore", min_count=2
        )
        np.testing.assert_allclose(found, expected, atol=1e-14)


@pytest.mark.parametrize("size", [1, 2, 5, 30])
def test_bottleneck(size):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bottleneck = pytest.importorskip("bottleneck", reason="bottleneck is an optional peer of these tests")
    x = np.where(RNG.random(300) < 0.2, np.nan, np.round(RNG.normal(size=300), 1))
    for least in {1, size}:
        how = {"align": "causal", "mode": "shrink", "nan": "ignore", "min_count": least}
        for name, theirs in (
            ("moving_minimum", "min"),
            ("moving_maximum", "max"),
            ("moving_sum", "sum"),
            ("moving_std", "std"),
            ("moving_variance", "var"),
        ):
            expected = getattr(bottleneck, f"move_{theirs}")(x, size, min_count=least)
            # The running sums of bottleneck lose digits.
            np.testing.assert_allclose(getattr(series, name)(x, size, **how), expected, atol=1e-6)
        rank = series.moving_rank(x, size, **how)
        present = series.moving_sum(~np.isnan(x), size, align="causal", mode="shrink")
        with np.errstate(invalid="ignore", divide="ignore"):
            scaled = np.where(
                present == 1, np.where(np.isnan(rank), np.nan, 0.0), 2 * (rank - 1) / (present - 1) - 1
            )
        np.testing.assert_allclose(scaled, bottleneck.move_rank(x, size, min_count=least), atol=1e-12)


def test_min_count_counts_samples_and_min_coverage_what_they_count():
    x, mask = np.ones(6), np.array([1, 0.25, 0.25, 0, 0, 1])
    found = series.moving_sum(x, 3, mode="valid", mask=mask, min_count=2)
    np.testing.assert_array_equal(found, [1.5, 0.5, np.nan, np.nan])
    found = series.moving_sum(x, 3, mode="valid", mask=mask, min_coverage=0.5)
    np.testing.assert_array_equal(found, [1.5, np.nan, np.nan, np.nan])
    stream = series.Stream(series.moving_sum, 3, mode="valid", min_count=2)
    pushed = [stream.push(*pair) for pair in zip(x.tolist(), mask.tolist(), strict=True)]
    np.testing.assert_array_equal(pushed[2:], [1.5, 0.5, np.nan, np.nan])


X = np.ones(5)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: series.moving_minimum(X, 0), ValueError, "size must be at least 1, got 0"),
        (lambda: series.moving_rank(X, 2.5), TypeError, "size must be an integer, got 2.5"),
        (lambda: series.moving_quantile(X, 3, 1.5), ValueError, "q must be from 0 to 1, got 1.5"),
        (lambda: series.moving_quantile(X, 3, "half"), TypeError, "q must be a number, got 'half'"),
        (lambda: series.moving_quantile(X, 3, 0.5, "best"), ValueError, "method must be one of 'linear', "),
        (lambda: series.moving_std(X, 3, "one"), TypeError, "ddof must be a number, got 'one'"),
        (lambda: series.moving_std(X, 3, math.inf), ValueError, "ddof must be"),
        (lambda: series.moving_sum(X, 3, min_count=4), ValueError, "min_count must be at most 3, got 4"),
        (lambda: series.moving_sum(X, 3, min_count=0), ValueError, "min_count must be at least 1, got 0"),
        (lambda: series.moving_sum(X, 3, min_count=1.0), TypeError, "min_count must be an integer, got 1.0"),
        (
            lambda: series.moving_sum(X, 3, min_count=2, min_coverage=0.5),
            ValueError,
            "min_count and min_coverage must not both be given, got 2 and 0.5",
        ),
        (lambda: series.moving_sum(X, 3, min_periods=2), TypeError, "here it is called 'min_count'"),
        (lambda: series.moving_average(X, 3, min_count=2), TypeError, "no argument 'min_count'"),
        (
            lambda: series.Stream(series.moving_maximum, 3, mode="wrap"),
            ValueError,
            "mode must be one of",
        ),
    ],
)
def test_wrong_arguments(call, kind, words):
    with pytest.raises(kind) as error:
        call()
    assert words in str(error.value)
    assert "\n" not in str(error.value)
