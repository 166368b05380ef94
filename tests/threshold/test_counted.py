"""Thresholds of histograms of many bins with counts of 32 bits, in which most bins are not looked at."""

import math

import numpy as np
import pytest

from imfilter._base.program import address
from imfilter._filters.threshold.kernels import block_sums, counted, split
from tests.looping import loop_over

BLOCK, MANY = block_sums.BLOCK, block_sums.MANY
#: Criteria of fewer than twice `MANY` bins are all computed, but not the middles between means.
ENDS = tuple(many + more for many in (MANY, 2 * MANY) for more in (-1, 0, 1, BLOCK, BLOCK + 1, BLOCK + 2))
SIZES = (2, 3, *ENDS, 20_001, 65_536)


def histograms(bins, rng):
    """Yield places and counts of histograms of several shapes."""
    dense = np.arange(bins)
    sparse = (
        np.sort(rng.choice(np.arange(1, 65_536), bins - 1, replace=False)) if bins < 65_536 else dense[1:]
    )
    sparse = np.r_[0, sparse]
    x = dense / bins
    peaks = np.exp(-(((x - 0.3) / 0.1) ** 2)) + 0.4 * np.exp(-(((x - 0.8) / 0.05) ** 2))
    far = np.ones(bins)
    far[0], far[-1] = 1, 1 << 30
    spikes = np.where(rng.random(bins) < 0.01, 1 << 20, 1)
    for places in (dense, sparse):
        for counts in (
            np.ones(bins),
            1 + rng.poisson(200 * peaks),
            1 + rng.poisson(200 * peaks)[::-1],
            rng.integers(1, 9, bins),
            far,
            far[::-1],
            spikes,
            np.where(np.minimum(dense, dense[::-1]) < 2, 1 << 28, 1),  # many equally good thresholds
        ):
            yield places, counts.astype(np.int64)


def found(kernel, form, places, counts):
    """What a kernel finds. What follows the bins is not looked at."""
    bins, total = len(places), float(counts.sum())
    more = np.full(64, 123_456_789, np.uint32)
    places, counts = np.r_[places.astype(np.uint32), more], np.r_[counts.astype(np.uint32), more]
    lines = np.full(split.COUNTED_LINES * bins + split.MORE, np.nan)
    code = kernel.address(places.dtype, counts.dtype)
    split.choose.entry()(code, form, address(places), address(counts), bins, total, address(lines))
    return lines[0]


def first_of_best(values):
    return np.flatnonzero(values >= values.max() - abs(values.max()) * 1e-12)[0]


def whole_histogram(form, places, counts):
    """The same with the criterion of every bin."""
    places, counts = places.astype(np.uint64), counts.astype(np.uint64)
    below, low = np.cumsum(counts), np.cumsum(counts * (counts if form == split.CORRELATION else places))
    numbers = below[:-1], low[:-1], below[-1] - below[:-1], low[-1] - low[:-1]
    below, low, above, high = (a.astype(np.float64) for a in numbers)
    if form == split.CORRELATION:
        value = below * above
        return first_of_best(value * value / (low * high))
    if form == split.VARIANCE:
        apart = high / above - low / below
        return first_of_best(below * above * (apart * apart))
    value = (low / below + high / above) / 2
    value = np.floor(value + np.maximum(value, 1) * 1e-12)
    fits = np.flatnonzero((places[:-1] <= value) & (value < places[1:]))
    return value[fits[0] if len(fits) else 0]


@pytest.mark.parametrize("form", [split.VARIANCE, split.CORRELATION, split.MIDDLE])
@loop_over("bins", SIZES)
def test_the_best_bin_is_that_of_all_bins(form, bins):
    for places, counts in histograms(bins, np.random.default_rng(bins)):
        assert found(counted.split_counted, form, places, counts) == whole_histogram(form, places, counts)


@loop_over("bins", SIZES)
def test_the_descent_is_that_of_all_sums(bins):
    for places, counts in histograms(bins, np.random.default_rng(bins)):
        whole, number, now, before = int((counts * places).sum()), int(counts.sum()), 0.0, -math.inf
        now = whole / number
        while abs(now - before) > 0.5:
            inside = places <= now
            below, low = int(counts[inside].sum()), int((counts * places)[inside].sum())
            lower, higher, before = low / below, (whole - low) / (number - below), now
            if lower == 0:
                break
            now = (lower - higher) / (math.log(lower) - math.log(higher))
        assert found(counted.descend_counted, split.WHOLE, places, counts) == now
