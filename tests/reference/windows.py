"""Statistics of windows by their definitions, in plain loops and exact fractions."""

import functools
import math
from collections import Counter
from fractions import Fraction

import numpy as np

from tests.reference import naive


def samples(image, weights, place, mode="mirror", cval=0, counts=None):
    """The pairs (sample, how much it counts) of one window; NaN and infinity as floats."""
    found = []
    for tap in np.argwhere(weights).tolist():
        at = [
            naive.border_index(i + j - k // 2, n, "constant" if mode in ("zero", "shrink") else mode)
            for i, j, k, n in zip(place, tap, weights.shape, image.shape, strict=True)
        ]
        weight = weights[tuple(tap)].item()
        if None not in at:
            weight *= 1 if counts is None else counts[tuple(at)].item()
            value = image[tuple(at)]
        elif mode == "shrink":
            weight = 0
        else:
            value = cval if mode == "constant" else 0
        if weight:
            found.append((value, weight))
    return found


def variance(image, weights, mode="mirror", cval=0, counts=None, least=0.0):
    """The variance of every window, rounded once."""
    result, total = np.empty(image.shape), float(np.sum(weights))
    for place in np.ndindex(image.shape):
        found = samples(image, weights, place, mode, cval, counts)
        share = sum(w for _, w in found)
        if (
            not found
            or not share >= least * total * (1 - 1e-12)
            or not all(math.isfinite(v) for v, _ in found)
        ):
            result[place] = np.nan
        else:
            # Sums of fractions take three times as long as those of the same numbers times a power of 2.
            values, unit = integers(v for v, _ in found)
            counted, _ = integers(w for _, w in found)
            whole = sum(counted)
            sum_ = sum(w * v for v, w in zip(values, counted, strict=True))
            squares = sum(w * v * v for v, w in zip(values, counted, strict=True))
            result[place] = (whole * squares - sum_ * sum_) / (whole * unit) ** 2
    return result


def integers(values):
    """Integers in the ratio of the values, and what 1 is among them. All denominators are powers of 2."""
    ratios = [ratio(value) for value in values]
    unit = max(denominator for _, denominator in ratios)
    return [numerator * (unit // denominator) for numerator, denominator in ratios], unit


@functools.cache
def ratio(value):
    """The numerator and the denominator of a number."""
    return exact(value).as_integer_ratio()


def exact(value):
    """A number as a fraction. A long double is the sum of two floats."""
    if isinstance(value, np.longdouble):
        return Fraction(float(value)) + Fraction(float(value - np.longdouble(float(value))))
    return Fraction(int(value) if isinstance(value, np.integer | np.bool_) else float(value))


def entropy(codes, weights, mode="mirror", cval=0, counts=None, least=0.0):
    """The entropy of every window in bits, for samples that are bins. A bin of -1 is NaN."""
    result, total = np.empty(codes.shape), np.count_nonzero(weights)
    for place in np.ndindex(codes.shape):
        found = [int(v) for v, _ in samples(codes, weights != 0, place, mode, cval, counts)]
        if not found or not len(found) >= least * total * (1 - 1e-12) or -1 in found:
            result[place] = np.nan
            continue
        shares = [n / len(found) for n in Counter(found).values()]
        result[place] = abs(math.fsum(p * math.log2(p) for p in shares))
    return result
