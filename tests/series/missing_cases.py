"""Definitions of series filters with missing data by plain loops, and calls that are tested."""

import math

import numpy as np

from imfilter import series

KERNEL = np.array([0.5, -1.5, 0.25, 2.0])
GAUSS = np.exp(-0.5 * (np.arange(-4, 5) / 1.3) ** 2)
GAUSS /= GAUSS.sum()


def position(t, n, mode):
    """The sample at position t of a series of n samples; None: absent; -1: the constant."""
    if 0 <= t < n:
        return t
    if mode in ("zero", "constant"):
        return -1
    if mode in ("shrink", "valid"):
        return None
    if mode == "edge":
        return min(max(t, 0), n - 1)
    if mode == "wrap":
        return t % n
    period = 2 * n if mode == "symmetric" else max(2 * n - 2, 1)
    t %= period
    return t if t < n else period - t - (mode == "symmetric")


def windows(x, counts, size, align, mode, cval):
    """Samples, how much they count and their places in the window, for each result."""
    before = size - 1 if align == "causal" else size // 2
    for t in range(len(x)):
        taken = [position(t + i - before, len(x), mode) for i in range(size)]
        if mode == "valid" and None in taken:
            continue
        beyond = cval if mode == "constant" else 0.0
        values = [beyond if p == -1 else 0.0 if p is None else x[p] for p in taken]
        weights = [1.0 if p == -1 else 0.0 if p is None else float(counts[p]) for p in taken]
        yield np.array(values), np.array(weights), before


def of_kernel(taps, bias=0.0):
    def result(x, c, before):
        there = c > 0
        sizes = np.abs(taps[there]) * c[there]
        if not sizes.sum() > 0:
            return math.nan, 0.0
        mean = (sizes * x[there]).sum() / sizes.sum()
        filled = np.where(there, c * np.where(there, x, 0.0) + (1 - c) * mean, mean)
        return (taps * filled).sum() + bias, sizes.sum() / np.abs(taps).sum()

    return result


def of_median(x, c, before):
    there = c > 0
    return (np.median(x[there]) if there.any() else math.nan), there.mean()


def of_sum(x, c, before):
    there = c > 0
    return ((c * x)[there].sum() if there.any() else math.nan), c.mean()


def of_sorted(value):
    def result(x, c, before):
        there = c > 0
        return (value(x[there]) if there.any() else math.nan), there.mean()

    return result


def of_variance(ddof, root):
    def result(x, c, before):
        there = c > 0
        known, counts = x[there], c[there]
        if not counts.sum() > ddof:
            return math.nan, c.mean()
        mean = (counts * known).sum() / counts.sum()
        variance = (counts * (known - mean) ** 2).sum() / (counts.sum() - ddof)
        return (math.sqrt(variance) if root else variance), c.mean()

    return result


def of_rank(x, c, before):
    there = c > 0
    if not there[before]:
        return math.nan, there.mean()
    less, equal = (x[there] < x[before]).sum(), (x[there] == x[before]).sum()
    return less + (equal + 1) / 2, there.mean()


def of_polynomial(order, deriv, spacing=1.0):
    def result(x, c, before):
        there = np.flatnonzero(c > 0)
        degree = min(order, len(there) - 1)
        if degree < deriv:
            return math.nan, c.sum() / len(c)
        powers = np.vander((there - before).astype(np.longdouble), degree + 1, increasing=True)
        roots = np.sqrt(c[there])[:, None]
        found = np.linalg.lstsq((roots * powers).astype(float), roots[:, 0] * x[there], rcond=None)[0]
        return math.factorial(deriv) * found[deriv] / spacing**deriv, c.sum() / len(c)

    return result


FILTERS = {
    "moving_average": (series.moving_average, (6,), {}, 6, of_kernel(np.full(6, 1 / 6))),
    "weighted_average": (series.weighted_average, ([1, 2, 4, 0, 0.5],), {}, 5,
                         of_kernel(np.array([1, 2, 4, 0, 0.5]) / 7.5)),
    "signed average": (series.weighted_average, ([-1, 3, -0.5],), {}, 3,
                       of_kernel(np.array([-1, 3, -0.5]) / 1.5)),
    "gaussian": (series.gaussian, (1.3,), {"radius": 4}, 9, of_kernel(GAUSS)),
    "median": (series.median, (5,), {}, 5, of_median),
    "even median": (series.median, (4,), {}, 4, of_median),
    "moving_sum": (series.moving_sum, (6,), {}, 6, of_sum),
    "moving_minimum": (series.moving_minimum, (5,), {}, 5, of_sorted(np.min)),
    "moving_maximum": (series.moving_maximum, (6,), {}, 6, of_sorted(np.max)),
    "moving_variance": (series.moving_variance, (7,), {}, 7, of_variance(0, False)),
    "moving_std": (series.moving_std, (6, 0.5), {}, 6, of_variance(0.5, True)),
    "moving_quantile": (series.moving_quantile, (6, 0.3), {}, 6, of_sorted(lambda v: np.quantile(v, 0.3))),
    "moving_rank": (series.moving_rank, (5,), {}, 5, of_rank),
    "savgol": (series.savgol, (7, 2), {}, 7, of_polynomial(2, 0)),
    "savgol slope": (series.savgol, (7, 3, 1), {"spacing": 0.5}, 7, of_polynomial(3, 1, 0.5)),
    "difference": (series.difference, (), {}, 3, of_polynomial(1, 1)),
    "second difference": (series.difference, (2,), {}, 3, of_polynomial(2, 2)),
}  # fmt: skip
MODES = ("edge", "zero", "constant", "mirror", "symmetric", "wrap", "shrink", "valid")


CALLS = [
    *((f, a, o) for f, a, o, _, _ in FILTERS.values()),
    (series.exponential, (), {"alpha": 0.3}),
    (series.exponential, (), {"halflife": 2.0, "adjust": True}),
    (series.exponential, (), {"alpha": 1e-4}),
    (series.exponential, (), {"span": 5.0, "align": "centre"}),
    (series.causal, (KERNEL, 0.5), {}),
]


def bits(array):
    return np.ascontiguousarray(array, np.float64).view(np.int64)
