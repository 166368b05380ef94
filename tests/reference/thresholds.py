"""Thresholds by their definitions, in plain loops and fractions."""

import functools
import itertools
import math
from fractions import Fraction

import numpy as np


def counted(values, weights=None):
    """The different values in order, and how much each counts."""
    found = {}
    for i, value in enumerate(values):
        found[int(value)] = found.get(int(value), 0) + (1 if weights is None else Fraction(weights[i]))
    return sorted((v, n) for v, n in found.items() if n)


def _mean(pairs):
    return Fraction(sum(v * n for v, n in pairs)) / sum(n for _, n in pairs)


def multi_otsu(pairs, classes):
    best, found = None, None

    @functools.cache
    def between(a, b):
        """The part of a class in the sum of squares between the classes, up to a constant."""
        return sum(n for _, n in pairs[a:b]) * _mean(pairs[a:b]) ** 2

    for cuts in itertools.combinations(range(1, len(pairs)), classes - 1):
        value = sum(itertools.starmap(between, itertools.pairwise((0, *cuts, len(pairs)))))
        if best is None or value > best:
            best, found = value, [pairs[c - 1][0] for c in cuts]
    return found


def otsu(pairs):
    return multi_otsu(pairs, 2)[0]


def yen(pairs):
    total, best, found = sum(n for _, n in pairs), None, None
    for i in range(1, len(pairs)):
        low = Fraction(sum(n for _, n in pairs[:i])) / total
        squares = [sum((Fraction(n) / total) ** 2 for _, n in part) for part in (pairs[:i], pairs[i:])]
        value = (low * (1 - low)) ** 2 / (squares[0] * squares[1])
        if best is None or value > best:
            best, found = value, pairs[i - 1][0]
    return found


def isodata(pairs):
    for t in range(pairs[0][0], pairs[-1][0]):
        low, high = [p for p in pairs if p[0] <= t], [p for p in pairs if p[0] > t]
        if math.floor((_mean(low) + _mean(high)) / 2) == t:
            return t
    return None


def triangle(pairs):
    """The farthest bin. Of several, the one nearest to the end of the tail."""
    return farthest(pairs)[0]


def farthest(pairs):
    """All bins that are farthest from the line (Zack, Rogers and Latt 1977), from the end of the tail on."""
    counts, first, last = dict(pairs), pairs[0][0], pairs[-1][0]
    peak = max(counts, key=lambda v: (counts[v], -v))
    flipped = peak - first < last - peak
    if flipped:
        counts = {-v: n for v, n in counts.items()}
        peak = -peak
        first = -last
    far = {v: counts[peak] * (v - first) - (peak - first) * counts.get(v, 0) for v in range(first, peak)}
    best = max(far.values())
    return [-v if flipped else v for v, value in far.items() if value == best]


def li(pairs):
    first = pairs[0][0]
    pairs = [(v - first, n) for v, n in pairs]
    before, now = -1.0, float(_mean(pairs))
    while abs(now - before) > 0.5:
        before = now
        low, high = (float(_mean([p for p in pairs if (p[0] > now) == side])) for side in (False, True))
        if low == 0:
            break
        now = (low - high) / (math.log(low) - math.log(high))
    return now + first


def windows(image, size):
    """The mean and the standard deviation of each window, with the border mirror."""
    (ky, kx), (h, w) = size, image.shape
    padded = np.pad(image, ((ky // 2, ky - 1 - ky // 2), (kx // 2, kx - 1 - kx // 2)), mode="reflect")
    mean, deviation = np.empty((h, w)), np.empty((h, w))
    for y in range(h):
        for x in range(w):
            samples = [float(v) for v in padded[y : y + ky, x : x + kx].flat]
            mean[y, x] = math.fsum(samples) / len(samples)
            squares = [(v - mean[y, x]) ** 2 for v in samples]
            deviation[y, x] = math.sqrt(math.fsum(squares) / len(samples))
    return mean, deviation
