"""Reference: resampling by its definition, with loops over outputs and samples, in float64."""

import itertools
import math

import numpy as np

from tests.reference import naive


def kernel(method, x, a):
    """The weight of a sample at distance `x` from the output, in samples."""
    x = abs(x)
    if method == "linear":
        return max(0.0, 1.0 - x)
    if method == "cubic":
        if x <= 1:
            return (a + 2) * x**3 - (a + 3) * x**2 + 1
        return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x < 2 else 0.0
    if x == 0:
        return 1.0
    return 3 * math.sin(math.pi * x) * math.sin(math.pi * x / 3) / (math.pi * x) ** 2 if x < 3 else 0.0


def weights(n, m, i, method, *, antialias=True, align="centres", cubic=-0.5, mode="edge"):
    """The weights of output i of m: a dictionary by sample; the constant beyond the border is None."""
    step = n / m
    if method == "area":
        low, high = i * step, (i + 1) * step
        shared = {j: min(j + 1, high) - max(j, low) for j in range(n)}
        return {j: w / step for j, w in shared.items() if w > 1e-9}
    at = (i + 0.5) * step - 0.5
    if align == "corners":
        step = (n - 1) / (m - 1) if m > 1 else 0.0
        at = i * step
    if method == "nearest":
        return {min(max(math.floor(at + 0.5), 0), n - 1): 1.0}
    wide = max(step, 1.0) if antialias else 1.0
    reach = math.ceil(3 * wide) + 1
    around = range(math.floor(at) - reach, math.floor(at) + reach + 1)
    found = {j: kernel(method, (j - at) / wide, cubic) for j in around}
    return bordered(found, n, mode)


def bordered(found, n, mode):
    """Weights by position as weights by sample. They add up to 1."""
    if mode == "shrink":
        found = {j: w for j, w in found.items() if 0 <= j < n}
    whole = math.fsum(found.values())
    merged = {}
    for j, w in found.items():
        sample = naive.border_index(j, n, "constant" if mode in ("zero", "shrink") else mode)
        merged[sample] = merged.get(sample, 0.0) + w / whole
    return {j: w for j, w in merged.items() if abs(w) > 1e-15}


def reduced(n, i, mode):
    """The weights of output i of half an axis."""
    taps = {2 * i - 2: 1.0, 2 * i - 1: 4.0, 2 * i: 6.0, 2 * i + 1: 4.0, 2 * i + 2: 1.0}
    return bordered(taps, n, mode)


def expanded(n, i, mode):
    """The weights of output i of an axis of twice the size."""
    half = i // 2
    taps = {half: 1.0, half + 1: 1.0} if i % 2 else {half - 1: 1.0, half: 6.0, half + 1: 1.0}
    return bordered(taps, n, mode)


def summed(image, each, cval=0.0, counts=None):
    """The sums of an image over all axes: `each` has the dictionaries of the outputs of each axis.

    With `counts`, an absent sample counts as the mean of those present, weighted by the magnitudes of the
    weights. The second result is the share that is present.
    """
    shape = [len(one) for one in each]
    found, share = np.zeros(shape), np.zeros(shape)
    for at in np.ndindex(*shape):
        plain = weighted = present = absent = size = 0.0
        for taps in itertools.product(*(each[a][i].items() for a, i in enumerate(at))):
            place, weight = tuple(j for j, _ in taps), math.prod(w for _, w in taps)
            inside = None not in place
            count = 1.0 if counts is None or not inside else float(counts[place])
            value = cval if not inside else float(image[place]) if count > 0 else 0.0
            plain += weight * count * value
            weighted += abs(weight) * count * value
            present += abs(weight) * count
            absent += weight * (1 - count)
            size += abs(weight)
        share[at] = present / size
        found[at] = plain + (absent * weighted / present if absent else 0.0) if present > 0 else math.nan
    return found if counts is None else (found, share)


def resize(image, shape, *, method="area", cval=0.0, mode="edge", counts=None, **options):
    """The image in another size."""
    each = [
        [weights(n, m, i, method, mode=mode, **options) for i in range(m)]
        for n, m in zip(image.shape, shape, strict=True)
    ]
    return summed(image, each, cval if mode == "constant" else 0.0, counts)
