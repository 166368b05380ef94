"""Filters of series against plain loops, SciPy and NumPy, on random and on hard input."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.ndimage as ndi
import scipy.signal as sps

import imfilter
from imfilter import series
from imfilter._filters.series.windows import polynomial_taps
from tests.reference import series_by_loops as loops

RNG = np.random.default_rng(5)
BORDERS = (*loops.MODES, "shrink", "valid")
CAUSAL = ("edge", "zero", "constant", "shrink", "valid")
SCIPY = {
    "edge": "nearest",
    "mirror": "mirror",
    "symmetric": "reflect",
    "wrap": "wrap",
    "constant": "constant",
}


def hard(n):
    """Series of `n` samples that are hard on an average: by name."""
    x = RNG.normal(size=n)
    holes = x.copy()
    holes[RNG.random(n) < 0.3] = np.nan
    run = x.copy()
    run[n // 4 : n // 2] = np.nan
    return {
        "random": x,
        "constant": np.full(n, 0.1),
        "ramp": np.arange(n) * 0.1,
        "offset": x + 1e15,
        "holes": holes,
        "run": run,
        "nothing": np.full(n, np.nan),
    }


def close(result, expected, x, share=1e-12):
    """Within a share of the largest input, and not a number in the same places."""
    assert result.shape == expected.shape
    assert result.dtype == np.float64
    np.testing.assert_array_equal(np.isnan(result), np.isnan(expected))
    finite = np.abs(x[np.isfinite(x)])
    atol = share * finite.max(initial=0.7)  # which is `cval`
    np.testing.assert_allclose(result, expected, rtol=0, atol=atol, equal_nan=True)


def places(align):
    return CAUSAL if align == "causal" else BORDERS


@pytest.mark.slow
@pytest.mark.parametrize("align", ["centre", "causal"])
@pytest.mark.parametrize("nan", ["propagate", "ignore"])
def test_sliding_filters_are_what_loops_say(align, nan):
    for n, mode in itertools.product((1, 2, 3, 5, 9, 40), places(align)):
        how = {"align": align, "mode": mode, "cval": 0.7, "nan": nan}
        for x in hard(n).values():
            for size in (1, 2, 3, 4, 7, 12):
                expected = loops.average(x, size, **how)
                close(series.moving_average(x, size, **how), expected, x)
                close(series.median(x, size, **how), loops.median(x, size, **how), x)
                weights = np.arange(1.0, size + 1) ** 1.5
                expected = loops.weighted_average(x, weights, **how)
                close(series.weighted_average(x, weights, **how), expected, x)
            taps = imfilter.weights.gaussian(1.3)
            expected = loops.slide(x, len(taps), loops.weighted(taps), **how)
            close(series.gaussian(x, 1.3, **how), expected, x)


@pytest.mark.slow
@pytest.mark.parametrize("align", ["centre", "causal"])
@pytest.mark.parametrize("nan", ["propagate", "ignore"])
def test_polynomials_are_what_loops_say(align, nan):
    modes = places(align) if align == "causal" else (*BORDERS, "fit")
    for n, mode in itertools.product((1, 2, 4, 20), modes):
        how = {"align": align, "mode": mode, "cval": 0.7, "nan": nan}
        for name, x in hard(n).items():
            # The loops lose digits themselves, to the offset of what they take the difference from.
            share = 1e-12 if name != "offset" else 4e-15
            for size, order, deriv in ((3, 1, 0), (5, 2, 0), (5, 2, 1), (7, 3, 2), (4, 1, 1), (6, 0, 0)):
                expected = loops.savgol(x, size, order, deriv, 0.5, **how)
                result = series.savgol(x, size, order, deriv, spacing=0.5, **how)
                close(result, expected, x, share if name == "offset" and not deriv else 1e-11)
            if mode != "fit":
                for order in (1, 2):
                    expected = loops.savgol(x, 3, order, order, 2.0, **how)
                    close(series.difference(x, order, 2.0, **how), expected, x)


def test_causal_is_what_loops_say():
    for n in (1, 2, 5, 40, 200):
        for x in hard(n).values():
            for size in (1, 2, 3, 6, 25):
                kernel, past = RNG.normal(size=size), RNG.normal(size=size - 1)
                bound = x * np.abs(kernel).sum()
                for initial in ("zero", "edge", "valid", past):
                    before = {"zero": None, "edge": [x[0]] * (size - 1), "valid": []}
                    given = past if isinstance(initial, np.ndarray) else before[initial]
                    expected = loops.causal(x, kernel, 0.3, given)
                    close(series.causal(x, kernel, 0.3, initial=initial), expected, np.append(bound, 1.0))


def test_causal_agrees_with_scipy_and_numpy():
    x, kernel, past = RNG.normal(size=500), RNG.normal(size=9), RNG.normal(size=8)
    np.testing.assert_allclose(series.causal(x, kernel), sps.lfilter(kernel, 1, x), atol=1e-12)
    np.testing.assert_allclose(series.causal(x, kernel), np.convolve(x, kernel)[:500], atol=1e-12)
    expected = np.convolve(x, kernel, "valid")
    np.testing.assert_allclose(series.causal(x, kernel, initial="valid"), expected, atol=1e-12)
    zi = sps.lfiltic(kernel, 1, [], past[::-1])
    expected = sps.lfilter(kernel, 1, x, zi=zi)[0]
    np.testing.assert_allclose(series.causal(x, kernel, initial=past), expected, atol=1e-12)
    many, pasts = RNG.normal(size=(3, 40, 4)), RNG.normal(size=(3, 8, 4))
    found = series.causal(many, kernel, initial=pasts, axis=1)
    for i, j in np.ndindex(3, 4):
        expected = series.causal(many[i, :, j], kernel, initial=pasts[i, :, j])
        np.testing.assert_array_equal(found[i, :, j], expected)


@pytest.mark.parametrize("mode", SCIPY)
def test_agrees_with_scipy(mode):
    for n in (1, 2, 7, 300):
        x = RNG.normal(size=n)
        how, theirs = {"mode": mode, "cval": 0.4}, {"mode": SCIPY[mode], "cval": 0.4}
        for size in (1, 2, 5, 8, 31):
            result = series.moving_average(x, size, **how)
            np.testing.assert_allclose(result, ndi.uniform_filter1d(x, size, **theirs), atol=1e-12)
            kernel = RNG.random(size) + 0.1
            expected = ndi.correlate1d(x, kernel / kernel.sum(), **theirs)
            np.testing.assert_allclose(series.weighted_average(x, kernel, **how), expected, atol=1e-12)
            if size % 2 and size <= n:  # SciPy 1.17 repeats mirrored series wrongly
                expected = ndi.median_filter(x, size, **theirs)
                np.testing.assert_array_equal(series.median(x, size, **how), expected)
        expected = ndi.gaussian_filter1d(x, 2.0, **theirs)
        np.testing.assert_allclose(series.gaussian(x, 2.0, **how), expected, atol=1e-12)


def test_savgol_agrees_with_scipy():
    x = RNG.normal(size=(3, 200)) + 5
    for size, order, deriv in itertools.product((5, 11, 51), (0, 1, 2, 3, 4), (0, 1, 2, 3)):
        for ours, theirs in (("fit", "interp"), ("edge", "nearest"), ("mirror", "mirror"), ("wrap", "wrap")):
            expected = sps.savgol_filter(x, size, order, deriv, delta=0.5, mode=theirs)
            result = series.savgol(x, size, order, deriv, spacing=0.5, mode=ours)
            np.testing.assert_allclose(result, expected, atol=2e-11)
        expected = sps.savgol_coeffs(size, order, deriv, pos=size - 1, use="dot")
        result = series.savgol(x[0], size, order, deriv, align="causal", mode="valid")
        # SciPy solves for powers of places as they are, and loses digits by that.
        np.testing.assert_allclose(result, np.correlate(x[0], expected), atol=1e-9)


@pytest.mark.parametrize(("size", "order"), [(3, 1), (5, 2), (11, 3), (51, 4), (101, 8), (1001, 3)])
def test_taps_of_polynomials_have_exact_moments(size, order):
    """They give each power back to nearly the last bit of their sum."""
    for before, deriv in itertools.product((size - 1, size // 2, 0), range(order + 1)):
        taps = polynomial_taps(np.ones((1, size), bool), order, deriv, before)[0].tolist()
        for p in range(order + 1):
            parts = [Fraction(w) * (i - before) ** p for i, w in enumerate(taps)]
            wanted = math.factorial(p) if p == deriv else 0
            assert abs(sum(parts) - wanted) <= 1e-14 * sum(map(abs, parts))


def test_even_savgol_and_high_orders_give_polynomials_back():
    t = np.arange(60.0)
    for size, order in ((4, 3), (6, 2), (21, 12), (101, 9)):
        coefficients = RNG.normal(size=order + 1)
        x = np.polynomial.Polynomial(coefficients, domain=[0, 59])(t)
        for mode in ("fit", "valid"):
            result = series.savgol(x, min(size, 59), order, mode=mode)
            inside = x if mode == "fit" else x[min(size, 59) // 2 :][: len(result)]
            np.testing.assert_allclose(result, inside, atol=1e-9)


def test_a_moving_average_does_not_drift():
    x = np.tile(RNG.normal(size=1000) * 1e6, 3000)
    x[:1000] *= 1e9
    result = series.moving_average(x, 100, mode="wrap")
    np.testing.assert_array_equal(result[2_000_000:2_001_000], result[2_000:3_000])
    np.testing.assert_array_equal(result[-2_000:-1_000], result[2_000:3_000])
    large = np.full(3_000_000, 0.1)
    assert np.abs(series.moving_average(large, 99_999) - 0.1).max() < 1e-15


def test_what_is_infinite_stays_in_its_windows():
    x = RNG.normal(size=400)
    x[100], x[200] = np.inf, np.nan
    for result in (
        series.moving_average(x, 7),
        series.weighted_average(x, np.arange(1, 8)),
        series.savgol(x, 7, 2),
    ):
        off = np.flatnonzero(~np.isfinite(result))
        np.testing.assert_array_equal(off, [*range(97, 104), *range(197, 204)])
    assert np.flatnonzero(~np.isfinite(series.median(x, 7))).tolist() == list(range(197, 204))


CALLS = [
    (series.moving_average, (5,), {}),
    (series.weighted_average, ([1, 2, 4],), {"nan": "ignore"}),
    (series.gaussian, (1.5,), {"mode": "shrink"}),
    (series.median, (4,), {}),
    (series.exponential, (), {"span": 5}),
    (series.exponential, (), {"span": 5, "align": "centre"}),
    (series.savgol, (5, 2), {"mode": "fit"}),
    (series.savgol, (5, 2, 1), {"nan": "ignore", "align": "causal"}),
    (series.difference, (2,), {}),
    (series.causal, ([1, 0.5, 0.25],), {"bias": 2.0}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("call", "args", "options"), CALLS)
def test_any_axis_layout_and_number_of_threads(call, args, options):
    x = RNG.normal(size=(2, 23, 3, 40))
    for axis in range(4):
        moved = np.moveaxis(x, axis, -1)
        expected = np.array([call(line, *args, **options) for line in moved.reshape(-1, moved.shape[-1])])
        expected = np.moveaxis(expected.reshape(moved.shape), -1, axis)
        for layout in (x, np.asfortranarray(x), x[::-1][::-1], np.flip(np.flip(x, 1).copy(), 1)):
            for workers in (1, 3):
                result = call(layout, *args, axis=axis, workers=workers, **options)
                np.testing.assert_array_equal(result, expected)
                result = call(layout, *args, axis=axis - 4, workers=workers, **options)
                np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize(("call", "args", "options"), CALLS)
def test_any_dtype(call, args, options):
    narrow = ["bool", "uint8", "int8", "uint16", "int16", "float16", "float32"]
    keeps = call in (series.moving_average, series.weighted_average, series.gaussian, series.median) or (
        call in (series.exponential, series.savgol) and len(args) < 3
    )
    for kind in [*narrow, "uint32", "int32", "uint64", "int64", "float64", "longdouble", ">f8", ">i2"]:
        x = (RNG.random(40) * 100).astype(kind)
        result = call(x, *args, **options)
        wide = call(x.astype(np.float64), *args, **options)
        native = np.dtype(kind).newbyteorder("=")
        derived = np.float32 if native in list(map(np.dtype, narrow)) else np.float64
        assert result.dtype == (native if keeps else derived)
        if result.dtype.kind == "f":  # the mean of two long doubles has more digits
            narrower = min(result.dtype, wide.dtype)
            np.testing.assert_array_equal(result.astype(narrower), wide.astype(narrower))
        elif result.dtype.kind != "b":
            limits = np.iinfo(result.dtype)
            rounded = np.rint(wide).clip(max(limits.min, -(2.0**53)), min(limits.max, 2.0**53))
            np.testing.assert_array_equal(result, rounded.astype(result.dtype))
        np.testing.assert_array_equal(call(x, *args, dtype="f8", **options), wide)


@pytest.mark.parametrize(("call", "args", "options"), CALLS)
def test_out_and_empty_series(call, args, options):
    x = RNG.normal(size=(4, 50))
    expected = call(x, *args, **options)
    place = np.empty((8, 50), np.float32)[::2]
    assert call(x, *args, out=place, **options) is place
    np.testing.assert_array_equal(place, expected.astype(np.float32))
    own = x.copy()
    assert call(own, *args, out=own, **options) is own
    np.testing.assert_array_equal(own, expected)
    room = np.append(x.reshape(-1), np.zeros(3))
    call(room[:-3].reshape(4, 50), *args, out=room[3:].reshape(4, 50), **options)
    np.testing.assert_array_equal(room[3:].reshape(4, 50), expected)
    for shape in ((0,), (3, 0), (0, 5), (0, 3, 4)):
        assert call(np.empty(shape), *args, **options).shape == shape
    frozen = x.copy()
    frozen.flags.writeable = False
    np.testing.assert_array_equal(call(frozen, *args, **options), expected)


@pytest.mark.parametrize(("call", "args", "options"), CALLS)
def test_many_series_along_either_axis(call, args, options):
    """Short lines, and more side by side than a block of columns."""
    for shape in ((50, 8), (333, 60), (40, 1100)):
        x = RNG.normal(size=shape)
        expected = np.array([call(line, *args, **options) for line in x])
        np.testing.assert_array_equal(call(x, *args, **options), expected)
        turned = np.ascontiguousarray(x.T)
        for workers in (1, 2):
            result = call(turned, *args, axis=0, workers=workers, **options)
            np.testing.assert_array_equal(result, expected.T)


def test_valid_of_less_than_a_window_is_empty():
    assert series.moving_average([1.0, 2.0], 3, mode="valid").shape == (0,)
    assert series.causal(np.ones((2, 4)), np.ones(9), initial="valid").shape == (2, 0)


def test_timing_is_what_ramps_say():
    """The lag on a slow signal, far from the ends."""
    t = np.arange(400.0)
    for align in ("centre", "causal"):
        for call, *args in (
            (series.moving_average, 5),
            (series.moving_average, 6),
            (series.weighted_average, [3, 1, 0.5, 1]),
            (series.gaussian, 2.0),
            (series.median, 7),
            (series.savgol, 7, 2),
            (series.savgol, 7, 0),
        ):
            found = series.timing(call, *args, align=align)
            assert found.delay == pytest.approx((t - call(t, *args, align=align))[200], abs=1e-9)
        for call, *args in ((series.difference, 1), (series.savgol, 7, 2, 1), (series.savgol, 8, 1, 1)):
            found = series.timing(call, *args, align=align)
            lag = t - call(t * t / 2, *args, align=align)
            assert found.delay == pytest.approx(lag[200], abs=1e-9)
    assert series.timing(series.causal, [0, 0, 1]) == (0, 2.0)
    assert series.timing(series.causal, [1, -1]) == (0, 0.5)
    assert math.isnan(series.timing(series.causal, [0.0, 0.0]).delay)
    assert series.timing(series.exponential, alpha=0.2) == (0, 4.0)
    assert series.timing(series.exponential, alpha=0.2, align="centre") == (math.inf, 0.0)
    lagged = series.exponential(t, alpha=0.2)
    assert (t - lagged)[300] == pytest.approx(4.0)


@pytest.mark.slow
def test_medians_of_long_series_are_those_of_short_ones():
    """Blocks of windows are ranked together where all samples are numbers, and one by one where not."""
    x = np.round(RNG.normal(size=600_000), 2) * RNG.choice([-1.0, 1.0], 600_000)  # zeros of either sign
    x[300_000:300_010] = np.nan
    x[590_000:590_004] = [np.inf, -np.inf, np.inf, 5e-324]
    for size, nan in itertools.product((2, 3, 8, 25), ("propagate", "ignore")):
        how = {"align": "causal", "mode": "valid", "nan": nan}
        expected = np.concatenate(
            [
                series.median(x[i : i + 1000 + size - 1], size, **how)
                for i in range(0, 600_000 - size + 1, 1000)
            ]
        )
        for workers in (1, 3):
            result = series.median(x, size, workers=workers, **how)
            np.testing.assert_array_equal(result.view(np.int64), expected.view(np.int64))
    wide = RNG.normal(size=(9000, 70))
    expected = np.array([series.median(line, 5) for line in wide.T]).T
    np.testing.assert_array_equal(series.median(wide, 5, axis=0), expected)


def test_derivatives_beyond_the_order_are_nothing():
    x = RNG.normal(size=30)
    for size, order, deriv in ((3, 2, 3), (5, 2, 3), (1, 0, 1), (7, 1, 2**70)):
        np.testing.assert_array_equal(series.savgol(x, size, order, deriv), 0.0)
    gaps = np.where(np.arange(30) < 10, np.nan, x)
    result = series.savgol(gaps, 3, 1, 2, nan="ignore", align="causal")
    np.testing.assert_array_equal(np.isnan(result), np.arange(30) < 10)
    assert math.isnan(series.timing(series.savgol, 1559, 2, 3).delay)
    assert math.isnan(series.timing(series.causal, np.zeros(3000)).delay)
    assert series.timing(series.savgol, 8, 3) == (3, 0.0)


def test_weights_of_both_signs_count_an_absent_sample_as_the_mean_of_the_others():
    how = {"nan": "ignore", "mode": "valid"}
    weights = [0.1, -0.3, 0.2, 1]
    found = series.weighted_average([1.0, 2, 3, np.nan], weights, **how)
    np.testing.assert_allclose(found, [0.1 + (0.1 * 1 + 0.3 * 2 + 0.2 * 3) / 0.6])
    found = series.weighted_average([np.nan, 2, 3, 4], weights, **how)
    np.testing.assert_allclose(found, [4.0 + 0.1 * (0.3 * 2 + 0.2 * 3 + 4) / 1.5])


@pytest.mark.parametrize("size", [3, 16, 18, 25, 100])
@pytest.mark.slow
def test_means_of_more_series_than_a_block_holds(size):
    """Also where a block of rows, or the last one, has one row."""
    for windows, count in itertools.product((1, 2, 9, 129, 4 * size + 1), (257, 300, 513)):
        x = RNG.normal(size=(windows + size - 1, count))
        expected = [series.moving_average(line, size, mode="valid") for line in x.T.copy()]
        result = series.moving_average(x, size, axis=0, mode="valid")
        np.testing.assert_array_equal(result, np.array(expected).T)
