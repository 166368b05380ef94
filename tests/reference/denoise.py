"""Denoising by its definitions, in plain loops and float64."""

import itertools
import math

import numpy as np

from tests.reference import naive


def noise(image, present=None):
    """The robust standard deviation: second differences at every second sample of each axis."""
    steps = [[(0, 1.0)] if n == 1 else [(0, 1.0), (1, -1.0)] if n == 2 else [(0, 1.0), (1, -2.0), (2, 1.0)]
             for n in image.shape]  # fmt: skip
    if all(len(taps) == 1 for taps in steps):
        return math.nan
    scale = math.sqrt(math.prod(sum(w * w for _, w in taps) for taps in steps))
    starts = [range(0, n - len(taps) + 1, 2) for n, taps in zip(image.shape, steps, strict=True)]
    found = []
    for place in itertools.product(*starts):
        total, there = 0.0, True
        for taps in itertools.product(*steps):
            at = tuple(i + offset for i, (offset, _) in zip(place, taps, strict=True))
            total += float(image[at]) * math.prod(weight for _, weight in taps)
            there = there and (present is None or bool(present[at]))
        if there:
            found.append(abs(total) / scale)
    return float(np.median(found)) / 0.6744897501960817 if found else math.nan


def non_local_means(image, patch, search, strength, noise, mode="mirror", cval=0.0, counts=None, least=0.0):
    """Weighted means of samples with similar patches.

    image: the channels, then the filtered axes. patch, search: odd lengths along each axis. counts: how much
    each sample counts. Where at most `least` of the samples of a search window count, the result is NaN.
    """
    spatial = image.shape[1:]
    counts = np.ones(image.shape) if counts is None else counts
    patches = list(itertools.product(*(range(-(n // 2), n // 2 + 1) for n in patch)))
    window = list(itertools.product(*(range(-(n // 2), n // 2 + 1) for n in search)))
    reach = [a // 2 + b // 2 for a, b in zip(patch, search, strict=True)]
    samples = {}  # by channel and place: the value, and how much it counts
    for at in itertools.product(*(range(-r, n + r) for r, n in zip(reach, spatial, strict=True))):
        inside = tuple(
            naive.border_index(i, n, "constant" if mode in ("zero", "shrink") else mode)
            for i, n in zip(at, spatial, strict=True)
        )
        for c in range(len(image)):
            if None in inside:
                samples[c, at] = (cval if mode == "constant" else 0.0), float(mode != "shrink")
            else:
                samples[c, at] = float(image[(c, *inside)]), float(counts[(c, *inside)])

    def moved(place, offset):
        return tuple(i + d for i, d in zip(place, offset, strict=True))

    result = np.empty(image.shape)
    for place in np.ndindex(*spatial):
        total, weights = np.zeros(len(image)), np.zeros(len(image))
        share = np.zeros(len(image))
        for offset in window:
            squares = number = 0.0
            for step, c in itertools.product(patches, range(len(image))):
                a, own = samples[c, moved(place, step)]
                b, other = samples[c, moved(moved(place, step), offset)]
                if own * other > 0:
                    squares += own * other * ((a - b) * (a - b))  # a power would raise an error
                    number += own * other
            centre = not any(offset)
            weight = 0.0
            if centre:
                weight = 1.0
            elif number:
                excess = max(squares / number - 2 * noise**2, 0.0) if squares == squares else math.nan
                weight = math.exp(-excess / strength**2) if strength else float(excess == 0)
            for c in range(len(image)):
                value, own = samples[c, moved(place, offset)]
                share[c] += own
                if own > 0:
                    total[c] += weight * own * value
                    weights[c] += weight * own
        for c in range(len(image)):
            enough = weights[c] != 0 and (least == 0 or share[c] > least * len(window) * (1 - 1e-12))
            result[(c, *place)] = total[c] / weights[c] if enough else math.nan
    return result


def _steps(shape):
    """The pairs of a place and the next one along an axis, with the number of the axis."""
    for place in np.ndindex(*shape):
        for axis, n in enumerate(shape):
            if place[axis] + 1 < n:
                yield place, (*place[:axis], place[axis] + 1, *place[axis + 1 :]), axis


def energy(result, image, weight, present=None):
    """The energy of total variation. Channels, the first axis, share the magnitude of the gradient."""
    shape = image.shape[1:]
    squares = np.zeros(shape)
    there = np.ones(image.shape, bool) if present is None else present
    for c in range(len(image)):
        for place, after, _ in _steps(shape):
            if there[(c, *place)] and there[(c, *after)]:
                squares[place] += (float(result[(c, *after)]) - float(result[(c, *place)])) ** 2
    away = np.where(there, result - np.where(there, image, 0.0), 0.0)
    return float((away**2).sum() / 2 + weight * np.sqrt(squares).sum())


def total_variation(image, weight, steps):
    """The iteration of Chambolle (2004) for one channel, with its semi-implicit step."""
    shape = image.shape
    dual = np.zeros((len(shape), *shape))
    result = image.astype(float).copy()
    rate = 1 / (4 * len(shape))
    for _ in range(steps):
        slope = np.zeros_like(dual)
        for place, after, axis in _steps(shape):
            slope[(axis, *place)] = result[after] - result[place]
        size = np.sqrt((slope**2).sum(0))
        dual = (dual + rate * slope) / (1 + rate * size / weight)
        result = image.astype(float).copy()
        for place, after, axis in _steps(shape):
            result[place] += dual[(axis, *place)]
            result[after] -= dual[(axis, *place)]
    return result


def anisotropic_diffusion(image, iterations, kappa, function, step, spacing, present=None):
    """The steps of Perona and Malik (1990)."""
    there = np.ones(image.shape, bool) if present is None else present
    result = np.where(there, image, 0).astype(float)
    for _ in range(iterations):
        change = np.zeros(result.shape)
        for place, after, axis in _steps(image.shape):
            if there[place] and there[after]:
                difference = result[after] - result[place]
                slope = difference / spacing[axis] / kappa
                share = math.exp(-slope * slope) if function == "exponential" else 1 / (1 + slope * slope)
                change[place] += share * difference / spacing[axis] ** 2
                change[after] -= share * difference / spacing[axis] ** 2
        result += step * change
    return np.where(there, result, np.nan)
