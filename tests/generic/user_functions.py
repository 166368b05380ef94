"""Functions of windows, as a user would write them."""

import math

import numba
import numpy as np


def total(window):
    found = 0.0
    for value in window:
        found += value
    return found


def spread(window):
    low = high = window[0]
    for i in range(1, len(window)):
        low = min(low, window[i])
        high = max(high, window[i])
    return high - low


def deviation(window):
    mean = 0.0
    for value in window:
        mean += value
    mean /= len(window)
    squares = 0.0
    for value in window:
        squares += (value - mean) ** 2
    return math.sqrt(squares / len(window))


def trimmed_mean(window):
    ordered = np.sort(window)
    cut = len(window) // 5
    found = 0.0
    for i in range(cut, len(window) - cut):
        found += ordered[i]
    return found / (len(window) - 2 * cut)


def contrast(window):
    return window[len(window) // 2] - window.mean()


def mode(window):
    """The most frequent value, the smallest of several."""
    ordered = np.sort(window)
    best, most, count = ordered[0], 0, 0
    for i in range(len(ordered)):
        count = count + 1 if i and ordered[i] == ordered[i - 1] else 1
        if count > most:
            best, most = ordered[i], count
    return best


def circular_mean(window):
    x = y = 0.0
    for value in window:
        x += np.cos(value)
        y += np.sin(value)
    return math.atan2(y, x)


def with_branches(window):
    if window[0] > 0.5:
        return window[-1]
    if window[-1] < 0.2:
        return -1.0
    return np.abs(window[0])


def weighted(window, low, factors):
    found = 0.0
    for i in range(len(window)):
        found += factors[i] * max(window[i], low)
    return found


def three(window):
    return window.min(), window.max(), abs(window[0]) ** 3


@numba.njit
def compiled_before(window):
    return window.sum() - window[0]


def clipped(window):
    """Only operations of vectors, the rarer ones."""
    middle = window[len(window) // 2]
    far = np.abs(window[0] - middle) > 0.3
    found = np.where(far, middle, np.minimum(window[0], 0.75))
    found = np.where((found > 0.1) & (found < 0.6), found, -found)
    return np.sqrt(np.maximum(found, 0)) + window.std() - np.var(window) + max(window) - min(window) * 2


ONE = {
    f.__name__: (f, ())
    for f in (total, spread, deviation, trimmed_mean, contrast, mode, circular_mean, with_branches, clipped)
} | {"weighted": (weighted, (0.4, np.linspace(-1, 2, 60))), "compiled_before": (compiled_before, ())}
