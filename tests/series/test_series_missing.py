"""Missing data in series: masks, confidences, NaN and coverage, against plain loops and pandas."""

import math
from fractions import Fraction
from functools import partial

import numpy as np
import pandas as pd
import pytest

from imfilter import series
from imfilter._filters.series import variance
from imfilter._filters.series import windows as blocks
from tests.looping import loop_over
from tests.series.missing_cases import CALLS, FILTERS, KERNEL, MODES, bits, of_kernel, windows

RNG = np.random.default_rng(2020)
N = 37


def absences():
    """Series with missing samples: values, mask, and how much each sample counts."""
    x = RNG.normal(size=N)
    some, rows = RNG.random(N) > 0.3, np.ones(N, bool)
    rows[10:24] = False
    graded = np.where(RNG.random(N) > 0.3, RNG.random(N), 0.0)
    holes = np.where(RNG.random(N) > 0.25, x, np.nan)
    numbers = ~np.isnan(holes)
    yield "mask", x, some, some
    yield "rows", x, rows, rows
    yield "confidences", x, graded, graded
    yield "large confidences", x, graded * 3, graded * 3
    yield "NaN", holes, None, numbers
    yield "NaN and mask", holes, graded, graded * numbers
    yield "nothing", x, np.zeros(N), np.zeros(N)
    yield "one sample", x, np.arange(N) == 20, np.arange(N) == 20


ABSENCES = list(absences())


def close(result, expected):
    np.testing.assert_allclose(result, expected, rtol=1e-10, atol=1e-11, equal_nan=True)


@pytest.mark.parametrize("name", FILTERS)
@loop_over("mode", MODES)
@pytest.mark.slow
def test_windows_against_plain_loops(name, mode):
    call, given, own, size, definition = FILTERS[name]
    aligns = ("centre",) if mode in ("mirror", "symmetric", "wrap") else ("centre", "causal")
    for align in aligns:
        for kind, x, mask, counts in ABSENCES:
            pairs = [definition(*w) for w in windows(x, counts, size, align, mode, 0.7)]
            for least in (0.0, 0.5, 1.0):
                expected = [math.nan if share < least * (1 - 1e-9) else value for value, share in pairs]
                result = call(
                    x, *given, align=align, mode=mode, cval=0.7, mask=mask, nan="ignore",
                    min_coverage=least, **own,
                )  # fmt: skip
                np.testing.assert_array_equal(np.isnan(result), np.isnan(expected), f"{kind} {align} {least}")
                close(result, expected)


@pytest.mark.parametrize("initial", ["zero", "edge", "valid", "given"])
def test_causal_kernels_against_plain_loops(initial):
    past = np.array([0.5, -2.0, 3.0])
    definition = of_kernel(KERNEL[::-1], 0.25)
    for _, x, mask, counts in ABSENCES:
        more, known = x, counts.astype(float)
        mode = "valid" if initial == "given" else initial
        if initial == "given":
            more, known = np.concatenate([past, x]), np.concatenate([np.ones(3), known])
        pairs = [definition(*w) for w in windows(more, known, 4, "causal", mode, 0.0)]
        for least in (0.0, 0.6):
            expected = [math.nan if share < least else value for value, share in pairs]
            given = past if initial == "given" else initial
            result = series.causal(
                x, KERNEL, 0.25, initial=given, mask=mask, nan="ignore", min_coverage=least
            )
            close(result, expected)


def exponential(x, counts, alpha, mode, adjust, cval):
    """Exponential means and their coverage, sample by sample."""
    mean, weight = math.nan, 0.0
    share = {"edge": float(counts[0]), "shrink": 0.0}.get(mode, 1.0)
    if mode in ("zero", "constant"):
        mean, weight = (cval if mode == "constant" else 0.0), 1.0
    for value, count in zip(x, counts.astype(float), strict=True):
        share = (1 - alpha) * share + alpha * count
        if count == 0:
            weight *= 1 - alpha
        elif mode == "shrink" or adjust:
            old, new = weight * (1 - alpha), count
            mean = value if old == 0 else (old * mean + new * value) / (old + new)
            weight = old + new
        else:
            old, new = weight * (1 - alpha), alpha * count
            mean, weight = (value if weight == 0 else (old * mean + new * value) / (old + new)), 1.0
        yield mean, share


@pytest.mark.parametrize("mode", ["edge", "zero", "constant", "shrink", "adjust"])
def test_exponential_means_against_plain_loops(mode):
    how = {"adjust": True} if mode == "adjust" else {"mode": mode, "cval": 0.7}
    for _, x, mask, counts in ABSENCES:
        pairs = list(exponential(x, counts, 0.3, "shrink" if mode == "adjust" else mode, False, 0.7))
        for least in (0.0, 0.4):
            expected = [math.nan if share < least else value for value, share in pairs]
            result = series.exponential(x, alpha=0.3, mask=mask, nan="ignore", min_coverage=least, **how)
            close(result, expected)


@pytest.mark.parametrize("call", CALLS, ids=lambda c: c[0].__name__)
def test_what_a_mask_hides_changes_nothing(call):
    f, given, own = call
    x, mask = RNG.normal(size=(4, 3 * N)), RNG.random((4, 3 * N)) > 0.3
    expected = f(x, *given, mask=mask, **own)
    for value in (1e300, -1e300, np.nan, np.inf):
        np.testing.assert_array_equal(
            bits(f(np.where(mask, x, value), *given, mask=mask, **own)), bits(expected)
        )
    holes = np.where(mask, x, np.nan)
    np.testing.assert_array_equal(bits(f(holes, *given, nan="ignore", **own)), bits(expected))
    np.testing.assert_array_equal(bits(f(x, *given, mask=mask.astype(np.uint8), **own)), bits(expected))
    plain = f(x, *given, **own)
    for full in (np.ones(x.shape, bool), np.ones(3 * N), np.ones(x.shape, np.uint8)):
        np.testing.assert_array_equal(bits(f(x, *given, mask=full, nan="ignore", **own)), bits(plain))
    bad = x.copy()
    bad[2, 50] = np.nan  # NaN that is present
    assert np.isnan(f(bad, *given, mask=mask | np.isnan(bad), **own)[2]).any()


@pytest.mark.parametrize("call", CALLS, ids=lambda c: c[0].__name__)
def test_axes_layouts_and_workers_give_the_same_bits(call):
    f, given, own = call
    x, mask = RNG.normal(size=(3, 5, 300)), RNG.random((3, 5, 300)) > 0.2
    own = {**own, "min_coverage": 0.3}
    expected = f(x, *given, mask=mask, workers=1, **own)
    alone = f(x[1, 2], *given, mask=mask[1, 2], **own)
    np.testing.assert_array_equal(bits(alone), bits(expected[1, 2]))
    other, there = np.moveaxis(x, 2, 0).copy(), np.moveaxis(mask, 2, 0)
    result = f(other, *given, mask=there, axis=0, workers=3, **own)
    np.testing.assert_array_equal(bits(np.moveaxis(result, 0, 2)), bits(expected))
    one_for_all = f(other, *given, mask=mask[0, 0], axis=0, **own)
    each = f(other, *given, mask=np.broadcast_to(mask[0, 0][:, None, None], other.shape), axis=0, **own)
    np.testing.assert_array_equal(bits(one_for_all), bits(each))
    out = mask.astype(np.float64)
    np.testing.assert_array_equal(bits(f(x, *given, mask=out, out=out, **own)), bits(expected))


def test_masked_arrays_come_in_and_go_out():
    x, mask = RNG.normal(size=200), RNG.random(200) > 0.4
    masked = np.ma.MaskedArray(x, ~mask)
    for f, given, own in CALLS:
        result = f(masked, *given, min_coverage=0.5, **own)
        expected = f(x, *given, mask=mask, min_coverage=0.5, **own)
        assert isinstance(result, np.ma.MaskedArray)
        np.testing.assert_array_equal(np.ma.getmaskarray(result), np.isnan(expected))
        np.testing.assert_array_equal(result.filled(np.nan), expected)
        both = f(masked, *given, mask=np.arange(200) > 50, **own)
        np.testing.assert_array_equal(
            both.filled(np.nan), f(x, *given, mask=mask & (np.arange(200) > 50), **own)
        )
    whole = np.ma.MaskedArray((100 * x).astype(np.int16), ~mask)
    result = series.moving_average(whole, 3, min_coverage=0.9)
    assert result.dtype == np.int16
    assert result.mask.any()
    assert (result.data[result.mask] == 0).all()
    assert isinstance(series.median(np.ma.MaskedArray(np.zeros(0)), 3), np.ma.MaskedArray)


@pytest.mark.parametrize("dtype", [np.int64, np.uint64, np.longdouble])
@pytest.mark.parametrize("base", [0, 1 << 60])
def test_exact_medians_of_present_samples(dtype, base):
    x = (RNG.integers(0, 1 << 40, 90) + base).astype(dtype)
    mask = RNG.random(90) > 0.5
    x[~mask] = 0 if base else 1 << 62
    for least in (0.0, 0.6):
        for wanted in (dtype, np.float64):
            result = series.median(
                x, 5, align="causal", mode="shrink", mask=mask, min_coverage=least, dtype=wanted
            )
            stream = series.Stream(series.median, 5, mode="shrink", min_coverage=least, dtype=wanted)
            pieces = [stream.push(x[i : i + 7], mask=mask[i : i + 7]) for i in range(0, 90, 7)]
            np.testing.assert_array_equal(np.concatenate(pieces), result)
            for t in range(90):
                there = np.sort(x[max(0, t - 4) : t + 1][mask[max(0, t - 4) : t + 1]])
                if not len(there) or len(there) < 5 * least:
                    expected = 0 if np.dtype(wanted).kind in "iu" else np.nan
                else:
                    low, high = there[(len(there) - 1) // 2], there[len(there) // 2]
                    if np.dtype(dtype).kind in "iu":
                        middle = Fraction(int(low) + int(high), 2)
                        expected = round(middle) if np.dtype(wanted).kind in "iu" else float(middle)
                    else:
                        expected = low / 2 + high / 2
                np.testing.assert_array_equal(result[t], np.array(expected, wanted))


@pytest.mark.parametrize("size", [1, 4, 9])
def test_min_coverage_is_min_periods_of_pandas(size):
    for n in (1, 5, 120):
        x = np.where(RNG.random(n) < 0.4, np.nan, RNG.normal(size=n))
        for periods in range(1, size + 1):
            rolling = pd.Series(x).rolling(size, min_periods=periods)
            for call, name in ((series.moving_average, "mean"), (series.median, "median")):
                result = call(
                    x, size, align="causal", mode="shrink", nan="ignore", min_coverage=periods / size
                )
                np.testing.assert_allclose(result, getattr(rolling, name)().to_numpy(), atol=1e-12)


def test_full_windows_have_full_coverage():
    x, mask = np.arange(8.0), np.arange(8) != 1
    expected = [1.0, np.nan, np.nan, 1.0, 1.0, 1.0, 1.0, 1.0]
    result = series.causal(x, [0.0, 0.0], 1.0, mask=mask, min_coverage=0.5)
    np.testing.assert_array_equal(result, expected)
    stream = series.Stream(series.causal, [0.0, 0.0], 1.0, min_coverage=0.5)
    pushed = [stream.push(*pair) for pair in zip(x.tolist(), mask.tolist(), strict=True)]
    np.testing.assert_array_equal(pushed, expected)
    many = 100_000  # the sum of so many equal shares is 1 - 1.9e-12
    mask = np.arange(many + 50) != 0
    result = series.weighted_average(
        np.ones(many + 50), np.ones(many), mode="valid", mask=mask, min_coverage=1
    )
    np.testing.assert_array_equal(np.isnan(result), np.arange(51) == 0)


@pytest.mark.parametrize("count", [1e-20, 1e-12, 0.5, 1e9])
def test_a_polynomial_through_all_samples_does_not_depend_on_what_they_count(count):
    result = series.savgol([1.0, 4.0, 9.0], 3, 2, mode="valid", mask=[1, count, 1])
    np.testing.assert_allclose(result, [4.0], rtol=1e-14)
    slope = series.difference([1.0, 4.0, 9.0], mode="valid", mask=[1, 0, count])
    np.testing.assert_allclose(slope, [4.0], rtol=1e-14)


def test_products_that_overflow_give_no_warning():
    for value, count in ((1e300, 1e10), (1.0, 1e308)):
        x, mask = np.full(6, value), np.full(6, count)
        for call in (
            partial(series.moving_average, size=3),
            partial(series.gaussian, sigma=1),
            partial(series.weighted_average, weights=[1, -3, 1]),
        ):
            assert call(x, mask=mask).shape == x.shape
    huge = np.full(6, np.finfo(np.longdouble).max)
    if huge[0] > np.finfo(np.float64).max:
        with pytest.raises(ValueError, match="mask must contain truth values or finite numbers"):
            series.moving_average(x, 3, mask=huge)


@pytest.mark.parametrize("adjust", [False, True])
def test_masked_exponential_means_are_those_of_pandas(adjust):
    x, mask = RNG.normal(size=150), RNG.random(150) > 0.3
    expected = pd.Series(np.where(mask, x, np.nan)).ewm(alpha=0.2, adjust=adjust).mean().to_numpy()
    result = series.exponential(x, alpha=0.2, adjust=adjust, mask=mask)
    np.testing.assert_allclose(result, expected, atol=1e-13)


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"mask": np.ones(4)}, ValueError, r"mask must have shape \(2, 5\) or \(5,\), got \(4,\)"),
        ({"mask": -np.ones((2, 5))}, ValueError, "finite numbers of at least 0, got -1.0"),
        ({"mask": np.full(5, np.nan)}, ValueError, "finite numbers of at least 0, got nan"),
        ({"mask": ["a"] * 5}, TypeError, "mask must contain real numbers"),
        ({"mask": np.ma.ones(5)}, TypeError, r"must be an array without mask, .*: use mask.filled\(0\)"),
        ({"min_coverage": 1.5}, ValueError, "min_coverage must be from 0 to 1, got 1.5"),
        ({"min_coverage": "all"}, TypeError, "min_coverage must be a number"),
        ({"nan": "drop"}, ValueError, "nan must be one of 'propagate', 'ignore', got 'drop'"),
    ],
)
def test_wrong_masks(options, kind, words):
    with pytest.raises(kind, match=words):
        series.moving_average(np.ones((2, 5)), 3, **options)
    with pytest.raises(kind, match=words):
        series.causal(np.ones((2, 5)), [1.0, 2.0], **options)
    if "mask" not in options:
        with pytest.raises(kind, match=words):
            series.Stream(series.moving_average, 3, **options)


@pytest.mark.parametrize(
    "name", ["moving_average", "moving_sum", "moving_minimum", "moving_maximum", "moving_variance"]
)
@loop_over("size", [1, 2, 8, 13, 100, 301])
@loop_over("series_of", [1, 3, 20])
def test_nan_is_absent_as_under_a_mask(name, size, series_of, monkeypatch):
    """Blocks of windows that skip NaN have the bits of windows whose absent samples a mask names."""
    rng = np.random.default_rng(4)
    x = rng.normal(0, 100, (800, series_of))
    x[rng.random(x.shape) < 0.03] = np.nan
    x[300:340] = np.nan
    x[500, 0], x[510:520] = np.inf, -0.0
    few = {"min_count": (size + 1) // 2} if name != "moving_average" else {"min_coverage": 1 / 3}
    for block in (blocks._BLOCK, 37):
        monkeypatch.setattr(blocks, "_BLOCK", block * series_of)
        monkeypatch.setattr(blocks, "_BLOCK_WINDOWS", 0)
        for name_of_limit in ("_ROWS", "_MOST"):
            monkeypatch.setattr(variance, name_of_limit, block)
        for options in ({}, few, {"mode": "shrink"}, {"mode": "valid", "align": "causal"}):
            filtered = partial(getattr(series, name), x, size, axis=0, **options)
            found, expected = filtered(nan="ignore"), filtered(mask=~np.isnan(x))
            np.testing.assert_array_equal(bits(found), bits(expected), str(options))
