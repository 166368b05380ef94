"""Filters of series by plain loops over one line of float64, with exact sums."""

import math

import numpy as np

MODES = ("mirror", "symmetric", "edge", "wrap", "zero", "constant")


def position(i, n, mode):
    """The index of the sample at position `i` of a series of `n` samples, or None for a constant."""
    if 0 <= i < n:
        return i
    if mode == "edge":
        return min(max(i, 0), n - 1)
    if mode == "wrap":
        return i % n
    if mode == "symmetric":
        i %= 2 * n
        return i if i < n else 2 * n - 1 - i
    if mode == "mirror":
        i %= max(2 * n - 2, 1)
        return i if i < n else 2 * n - 2 - i
    return None


def window(x, t, size, before, mode="edge", cval=0.0, nan="propagate"):
    """The samples of the window at `t`, the oldest first. A missing sample is None."""
    n, samples = len(x), []
    for i in range(t - before, t - before + size):
        if mode == "shrink" and not 0 <= i < n:
            samples.append(None)
            continue
        index = position(i, n, mode)
        value = float(x[index]) if index is not None else float(cval) if mode == "constant" else 0.0
        samples.append(None if nan == "ignore" and math.isnan(value) else value)
    return samples


def before_of(size, align):
    """The number of samples of a window before the position of its result."""
    return size - 1 if align == "causal" else size // 2


def slide(x, size, value, align="centre", mode="edge", before=None, **options):
    """``value(window)`` for each window."""
    if before is None:
        before = before_of(size, align)
    after = size - 1 - before
    positions = range(before, len(x) - after) if mode == "valid" else range(len(x))
    return np.array([value(window(x, t, size, before, mode, **options)) for t in positions], float)


def exact_sum(values):
    """The sum, rounded once. Infinities and NaN are added as in IEEE 754."""
    if all(map(math.isfinite, values)):
        return math.fsum(values)
    total = 0.0
    for value in values:
        total += value
    return total


def weighted(weights):
    """The weighted mean of the samples of a window that are not missing."""

    def value(samples):
        present = [(w, v) for w, v in zip(weights, samples, strict=True) if v is not None]
        total = exact_sum([w for w, _ in present])
        return exact_sum([w * v for w, v in present]) / total if present and total else math.nan

    return value


def average(x, size, **options):
    return slide(x, size, weighted([1.0] * size), **options)


def weighted_average(x, weights, **options):
    return slide(x, len(weights), weighted([float(w) for w in weights]), **options)


def median(x, size, **options):
    def value(samples):
        present = sorted(v for v in samples if v is not None)
        if not present or any(math.isnan(v) for v in present):
            return math.nan
        low, high = present[(len(present) - 1) // 2], present[len(present) // 2]
        return low if low == high else (low + high) / 2

    return slide(x, size, value, **options)


def polynomial_at(samples, order, deriv, at, spacing=1.0):
    """The derivative at position `at` of the least-squares polynomial of the samples that are not missing."""
    present = [(i, v) for i, v in enumerate(samples) if v is not None]
    degree = min(order, len(present) - 1)
    if degree < deriv or degree < 0:
        return math.nan if len(present) <= deriv else 0.0
    if any(not math.isfinite(v) for _, v in present):
        return math.nan
    base = present[0][1]
    scale = max(1, len(samples) - 1)
    powers = np.array([[((i - at) / scale) ** p for p in range(degree + 1)] for i, _ in present])
    coefficients = np.linalg.lstsq(powers, np.array([v - base for _, v in present]), rcond=None)[0]
    result = coefficients[deriv] * math.factorial(deriv) / scale**deriv / spacing**deriv
    return result + base if deriv == 0 else result


def savgol(x, size, order, deriv=0, spacing=1.0, align="centre", mode="edge", **options):
    before = size - 1 if align == "causal" else size // 2
    if mode != "fit":
        return slide(
            x,
            size,
            lambda samples: polynomial_at(samples, order, deriv, before, spacing),
            align=align,
            mode=mode,
            **options,
        )
    n, result = len(x), []
    for t in range(n):
        first = min(max(t - before, 0), max(n - size, 0))
        samples = [
            None if options.get("nan") == "ignore" and math.isnan(v) else float(v)
            for v in x[first : first + size]
        ]
        result.append(polynomial_at(samples, order, deriv, t - first, spacing))
    return np.array(result, float)


def causal(x, kernel, bias=0.0, past=None):
    """y[t] = sum_i K[i]*x[t-i] + b, after the samples `past`, the oldest first; zeros by default."""
    size = len(kernel)
    past = [0.0] * (size - 1) if past is None else list(past)
    whole, shift = past + [float(v) for v in x], len(past)
    return np.array(
        [
            exact_sum([k * whole[shift + t - i] for i, k in enumerate(kernel) if shift + t - i >= 0] + [bias])
            for t in range(len(x))
            if shift + t >= size - 1
        ],
        float,
    )


def exponential(x, alpha, mode="edge", cval=0.0, nan="propagate"):
    """The weighted mean of all samples so far. A weight is 1 - alpha times the weight of the next sample.

    Mode 'shrink' uses only the samples of the series. The other modes assume infinitely many earlier samples
    of one value, in a recursion with exact weights. A missing sample keeps its position in time.
    """
    decay, result = 1.0 - alpha, []
    if mode == "shrink":
        for t in range(len(x)):
            present = [j for j in range(t + 1) if nan != "ignore" or not math.isnan(x[t - j])]
            present = [(decay ** (j - present[0]), float(x[t - j])) for j in present]
            total = math.fsum(w for w, _ in present)
            result.append(exact_sum([w * v for w, v in present]) / total if present else math.nan)
        return np.array(result, float)
    y = None if mode == "edge" else (cval if mode == "constant" else 0.0)
    old = 1.0
    for v in map(float, x):
        old = old * decay
        if y is None:
            if not (nan == "ignore" and math.isnan(v)):
                y, old = v, 1.0
        elif not (nan == "ignore" and math.isnan(v)):
            y, old = (old * y + alpha * v) / (old + alpha), 1.0
        result.append(math.nan if y is None else y)
    return np.array(result, float)


def examples(x, size, horizon):
    """Windows of one series, the newest sample first, and the value `horizon` samples after each."""
    positions = range(size - 1, len(x) - horizon)
    windows = [[float(x[t - i]) for i in range(size)] for t in positions]
    return np.array(windows, float).reshape(-1, size), np.array([float(x[t + horizon]) for t in positions])


def fit(lines, size, horizon=1, bias=True, ridge=0.0):
    """The least-squares kernel, the newest sample first, and bias, from all windows of several series."""
    pairs = [examples(line, size, horizon) for line in lines]
    windows, goals = np.concatenate([w for w, _ in pairs]), np.concatenate([g for _, g in pairs])
    centre, level = (windows.mean(axis=0), goals.mean()) if bias else (np.zeros(size), 0.0)
    # A ridge is equal to more rows with the target 0.
    rows = np.concatenate([windows - centre, np.sqrt(ridge) * np.eye(size)])
    kernel = np.linalg.lstsq(rows, np.concatenate([goals - level, np.zeros(size)]), rcond=None)[0]
    return kernel, level - centre @ kernel


def forecast(x, kernel, bias, horizon, steps):
    """The `steps` values after a series. Each uses values at least `horizon` positions before it."""
    known = [float(v) for v in x]
    for _ in range(steps):
        newest = len(known) - horizon
        known.append(sum(k * known[newest - i] for i, k in enumerate(kernel)) + bias)
    return np.array(known[len(x) :])


def cells(x, level):
    """The samples of each of `level` cells. Two cells may share a sample."""
    n = len(x)
    return [x[i * n // level : -((-(i + 1) * n) // level)] for i in range(level)]
