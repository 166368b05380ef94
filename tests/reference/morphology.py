"""Erosion and dilation by their definitions, in plain loops.

Samples are compared as Python numbers: NaN after infinity, -0.0 before 0.0. Without weights, NumPy compares
their places in that order, and replaces the loops over pixels. `test_naive.py` compares this with the loops.
"""

import operator
from fractions import Fraction

import numpy as np

from tests.reference import naive


def order(value):
    """A key of the order of samples."""
    if isinstance(value, np.floating):
        return (bool(np.isnan(value)), 0 if np.isnan(value) else value, not np.signbit(value))
    return (False, int(value), True)


ABSENT = None


def padded(image, element, sign, mode, cval, there):
    """The samples with a border for the offsets of an element, and where the sample of each offset begins."""
    samples = np.empty(image.shape, object)
    for place in np.ndindex(image.shape):
        samples[place] = image[place] if there is None or there[place] else ABSENT
    outside = ABSENT if mode == "shrink" else image.dtype.type(cval if mode == "constant" else 0)
    return _with_border(samples, element, sign, mode, outside)


def _with_border(samples, element, sign, mode, outside):
    ends = [(k // 2, k - 1 - k // 2)[::sign] for k in element.shape]
    before, after = zip(*ends, strict=True)
    mode = "constant" if mode in ("zero", "shrink") else mode
    taps = [tuple(tap.tolist()) for tap in np.argwhere(element)]
    starts = [
        tuple(b + sign * (j - k // 2) for b, j, k in zip(before, tap, element.shape, strict=True))
        for tap in taps
    ]
    return naive.pad(samples, before, after, mode, outside), list(zip(taps, starts, strict=True))


def extreme(
    image, element, *, dilate=False, mode="shrink", cval=0, there=None, least=0.0, weights=None, sign=None
):
    """The minimum at ``x + b`` (of ``f(x+b) - w(b)``), or the maximum at ``x - b`` (of ``f(x-b) + w(b)``)."""
    result, element = np.empty_like(image), np.asarray(element) != 0
    sign = (-1 if dilate else 1) if sign is None else sign
    if weights is None:
        return _extreme_of_places(image, element, sign, mode, cval, there, least, dilate)
    samples, taps = padded(image, element, sign, mode, cval, there)
    for place in np.ndindex(image.shape):
        values = []
        for tap, start in taps:
            value = samples[tuple(map(operator.add, place, start))]
            if value is not ABSENT:
                values.append(weighed(value, weights[tap], dilate, image.dtype))
        if not values or len(values) < least * np.count_nonzero(element) * (1 - 1e-12):
            result[place] = np.nan if image.dtype.kind == "f" else 0
        else:
            result[place] = (max if dilate else min)(values, key=order)
    return result


def _extreme_of_places(image, element, sign, mode, cval, there, least, dilate):
    """The extreme without weights: that of the places of the samples in their order."""
    outside = image.dtype.type(cval if mode == "constant" else 0)
    keys = [order(value) for value in (*image.flat, outside)]
    sorted_values = dict(sorted(zip(keys, (*image.flat, outside), strict=True), key=lambda pair: pair[0]))
    values = np.array([*sorted_values.values(), np.nan if image.dtype.kind == "f" else 0], image.dtype)
    place_of = {key: place for place, key in enumerate(sorted_values)}
    *places, beyond = (place_of[key] for key in keys)
    places = np.array(places).reshape(image.shape)
    absent, nothing = (-1 if dilate else len(values)), len(values) - 1
    if there is not None:
        places = np.where(np.asarray(there, bool), places, absent)
    samples, taps = _with_border(places, element, sign, mode, absent if mode == "shrink" else beyond)
    windows = np.stack(
        [
            samples[tuple(slice(b, b + n) for b, n in zip(start, image.shape, strict=True))]
            for _, start in taps
        ]
    )
    count = (windows != absent).sum(0)
    enough = (count > 0) & (count >= least * len(taps) * (1 - 1e-12))
    return values[np.where(enough, windows.max(0) if dilate else windows.min(0), nothing)]


def weighed(value, weight, dilate, dtype):
    """A sample plus or minus a weight, saturated."""
    if dtype.kind == "f":
        return value + dtype.type(weight) if dilate else value - dtype.type(weight)
    low, high = (0, 1) if dtype.kind == "b" else (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
    height = Fraction(weight.item())
    exact = round(int(value) + height if dilate else int(value) - height)  # half to even
    return dtype.type(min(max(exact, low), high))


def difference(a, b):
    """The difference of two arrays of one type, saturated."""
    if a.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            return a - b
    low, high = (0, 1) if a.dtype.kind == "b" else (int(np.iinfo(a.dtype).min), int(np.iinfo(a.dtype).max))
    pairs = zip(a.flat, b.flat, strict=True)
    return np.array([min(max(int(x) - int(y), low), high) for x, y in pairs], a.dtype).reshape(a.shape)


def picture(dtype, shape, seed=0, *, strange=False):
    """An image of a type. `strange` adds NaN, infinities and -0.0 to floats."""
    rng, dtype = np.random.default_rng(seed), np.dtype(dtype)
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    if dtype.kind == "f":
        image = rng.integers(-20, 20, shape).astype(dtype)
        if strange:
            for value in (np.nan, np.inf, -np.inf, -0.0):
                image[rng.random(shape) < 0.1] = value
        return image
    bounds = np.iinfo(dtype)
    return rng.integers(bounds.min, bounds.max, shape, dtype, endpoint=True)


def same(result, expected):
    """Assert that two arrays have the same dtype and bits, where NaN is any NaN."""
    assert result.dtype == expected.dtype
    np.testing.assert_array_equal(result, expected)
    if result.dtype.kind == "f":
        there = ~np.isnan(expected)
        np.testing.assert_array_equal(np.signbit(result)[there], np.signbit(expected)[there])
