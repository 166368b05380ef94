"""Moving variances of long series: the levels of groups follow each other stretch by stretch."""

import numpy as np
import pytest

from imfilter import series
from imfilter._base.grouping import levels_of
from imfilter._filters.series.variance import widths as widths_of
from tests.looping import loop_over


@loop_over("size", [2, 9, 97, 300, 1000, 1025, 2600])
@loop_over("shape", [(9000,), (3, 4100), (4100, 3), (900, 70)])
def test_variances_far_from_the_ends(size, shape):
    """The levels of groups are computed stretch by stretch: the same in any part of a series."""
    axis = 0 if shape[0] > 100 else 1
    x = np.random.default_rng(3).normal(1e3, 1, shape)
    found = series.moving_variance(x, size, axis=axis, align="causal")
    lines, results = np.moveaxis(x, axis, -1), np.moveaxis(found, axis, -1)
    for stop in range(size, lines.shape[-1], 311):
        part = lines[..., stop - size : stop]
        np.testing.assert_allclose(results[..., stop - 1], part.var(-1), rtol=1e-11)


@pytest.mark.parametrize("size", [2, 40, 999, 1000, 7001])
@pytest.mark.parametrize("shape", [(40_000,), (14_000, 3), (3000, 70)])
def test_groups_that_are_kept_from_block_to_block(size, shape):
    """A window has the same bits in the first block of a series and in a later one."""
    x = np.random.default_rng(4).normal(1e7, 1, shape)
    if size > len(x):
        return
    x[len(x) // 2] = np.nan
    found = series.moving_std(x, size, axis=0, mode="valid", workers=1)
    for first in (1, 1000, 1777, 12_288, 13_001, 25_000):
        part = x[first : first + size + 300]
        if len(part) >= size:
            expected = series.moving_std(part, size, axis=0, mode="valid", workers=1)
            np.testing.assert_array_equal(found[first : first + len(expected)], expected)


def fused(a, b, c):
    """Return ``a*b + c`` with one rounding (Boldo and Melquiond, Emulation of FMA, 2008)."""

    def split(x):
        high = x * 134217729.0  # 2**27 + 1
        high = high - (high - x)
        return high, x - high

    def added(x, y):
        total = x + y
        part = total - x
        return total, (x - (total - part)) + (y - part)

    product, (a_high, a_low), (b_high, b_low) = a * b, split(a), split(b)
    error = a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)
    high, low = added(c, error)
    high, more = added(product, high)
    low, rest = added(low, more)
    # Rounded to the neighbour whose last bit is odd, the last addition rounds as if all digits were there.
    odd = low.view(np.int64) & 1 == 1
    return high + np.where((rest == 0) | odd, low, np.nextafter(low, np.where(rest > 0, np.inf, -np.inf)))


def variances(x, size, fma):
    """Return those of all windows, by the groups of `widths_of` and the additions of the kernel."""
    known = [(1, x, None, None)]
    for width, parts in levels_of(size, widths_of(size)):
        count = len(x) - width + 1
        reference, equal = x[:count], len({level for level, _ in parts}) == 1
        total = squares = sums = reference - reference
        for level, first in parts:
            samples, group, means, below = known[parts[0][0] if equal else level]
            there = slice(first, first + count)
            u = group[there] - reference
            if means is not None:
                u, sums = u + means[there], sums + below[there]
            if equal:
                total, squares = total + u, fma(u, u, squares)
            else:
                weight = np.full(count, float(samples))
                total, squares = fma(u, weight, total), fma(u * weight, u, squares)
        if equal:
            weight = np.full(count, float(known[parts[0][0]][0]))
            shift = total * (weight * (1.0 / width))
            squares = fma(fma(total, -shift, squares), weight, sums)
        else:
            inverse = np.full(count, 1.0 / width)
            shift = total * inverse
            squares = sums + fma(total * -inverse, total, squares)
        known.append((width, reference, shift, squares))
    return squares * (1.0 / size)


def multiply_add():
    """Return the multiply-add of the processor for which kernels are compiled: with one rounding, or two."""
    x = np.random.default_rng(6).normal(1e5, 1, 200)
    found = series.moving_variance(x, 5, align="causal", mode="valid")
    return fused if np.array_equal(found, variances(x, 5, fused)) else lambda a, b, c: a * b + c


@loop_over(
    "size, widths",
    [
        (88, [16]), (104, [24]), (160, [32]), (200, [40]), (289, [24, 96]), (304, [16, 48]), (328, [32, 160]),
        (689, [40, 160]), (999, [32, 160]), (1000, [40, 200]), (1608, [32, 160, 800]), (2440, [40, 160, 800]),
        (3184, [16, 48, 240, 960]), (4000, [40, 200, 1000]),
    ],
)  # fmt: skip
def test_groups_in_registers(size, widths):
    """Groups of two to five parts, of which some stay in registers, have the bits of a loop over groups."""
    assert widths_of(size) == (1, 8, *widths)
    x = np.random.default_rng(5).normal(1e5, 1, 9000)
    x[7000] = np.nan
    expected = variances(x, size, multiply_add())
    for series_of in (x[:, None], np.stack([x, x[::-1], x], 1)):
        found = series.moving_variance(series_of, size, axis=0, align="causal", mode="valid")
        np.testing.assert_array_equal(found[:, 0], expected)


def with_gaps(shape):
    """Return values near 1e7 with single gaps and long ones, one of which an infinite sample follows."""
    rng = np.random.default_rng(7)
    x = rng.normal(1e7, 1, shape)
    x[rng.random(shape) < 0.01] = np.nan
    x[1500:1700], x[2400:3600] = np.nan, np.nan
    x[3600] = np.inf
    return x


@loop_over("size", [1, 2, 5, 13, 97, 300, 1000, 1025])
@loop_over("shape", [(9000,), (5000, 3), (4000, 70)])
def test_variances_of_present_samples(size, shape):
    """Groups with absent samples lose no digits of an offset, and groups without them have the same bits."""
    x = with_gaps(shape)
    few = max(1, size // 3)
    found = series.moving_variance(
        x, size, axis=0, align="causal", mode="valid", nan="ignore", min_count=few, ddof=1
    )
    whole = series.moving_variance(x, size, axis=0, align="causal", mode="valid", ddof=1)
    full = ~np.isnan(whole)
    np.testing.assert_array_equal(found[full], whole[full])
    part = np.lib.stride_tricks.sliding_window_view(x - 1e7, size, axis=0)[::23]
    number, infinite = (~np.isnan(part)).sum(-1), np.isinf(part).any(-1)
    known = np.where(np.isnan(part) | np.isinf(part), 0.0, part)
    mean = known.sum(-1) / np.maximum(number, 1)
    squares = np.where(np.isfinite(part), (part - mean[..., None]) ** 2, 0.0).sum(-1)
    expected = np.where(number > 1, squares / np.maximum(number - 1, 1), np.nan)
    expected[(number < few) | infinite] = np.nan
    np.testing.assert_allclose(found[::23], expected, rtol=1e-9)
    assert not (found < 0).any()


@pytest.mark.parametrize("size", [2, 40, 999, 1000, 7001])
@pytest.mark.parametrize("shape", [(40_000,), (14_000, 3)])
def test_windows_with_gaps_have_the_same_bits_anywhere(size, shape):
    """The bits of a window depend neither on the block, nor on threads, nor on how gaps are given."""
    x = with_gaps(shape)
    options = {"axis": 0, "mode": "valid"}
    found = series.moving_std(x, size, nan="ignore", workers=1, **options)
    others = [series.moving_std(x, size, nan="ignore", workers=2, **options)]
    others += [
        series.moving_std(x, size, mask=(~np.isnan(x)).astype(kind), **options) for kind in (bool, float)
    ]
    for other in others:
        np.testing.assert_array_equal(other, found)
    for first in (1, 1000, 1777, 3300, 12_288, 25_000):
        part = x[first : first + size + 300]
        if len(part) >= size:
            expected = series.moving_std(part, size, nan="ignore", workers=1, **options)
            np.testing.assert_array_equal(found[first : first + len(expected)], expected)


def test_a_present_nan_is_not_absent():
    """A mask may leave a sample that is NaN. The variances of its windows are NaN."""
    rng = np.random.default_rng(8)
    x, mask = rng.normal(size=500), rng.random(500) < 0.9
    x[200], mask[200] = np.nan, True
    for kind in (bool, float):
        found = series.moving_variance(x, 25, align="causal", mask=mask.astype(kind))
        np.testing.assert_array_equal(np.flatnonzero(np.isnan(found)), np.arange(200, 225))


@pytest.mark.parametrize("shape", [(70,), (30, 3)])
def test_a_single_gap_anywhere(shape):
    """One absent sample is found at any place, also as the only one and the last one of a block."""
    rng = np.random.default_rng(9)
    known = rng.normal(size=shape)
    for place in np.ndindex(shape):
        x = known.copy()
        x[place] = np.nan
        found = series.moving_variance(x, 5, axis=0, align="causal", mode="valid", nan="ignore")
        part = np.lib.stride_tricks.sliding_window_view(x, 5, axis=0)
        np.testing.assert_allclose(found, np.nanvar(part, axis=-1), rtol=1e-12)


def test_windows_with_shares_beside_others():
    """A count that is a share changes the windows with this sample, and no bit of the others."""
    rng = np.random.default_rng(10)
    x, counts = rng.normal(1e7, 1, 400), (rng.random(400) < 0.9).astype(float)
    expected = series.moving_variance(x, 20, align="causal", mask=counts)
    counts[200] = 0.5
    found = series.moving_variance(x, 20, align="causal", mask=counts)
    np.testing.assert_array_equal(np.flatnonzero(found != expected), np.arange(200, 220))
