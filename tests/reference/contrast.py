"""Contrast-limited adaptive histogram equalisation in plain loops (K. Zuiderveld, 1994)."""

import itertools
import math

import numpy as np


def tables(image, counts, clip_limit, bins, low, high, unit, present):
    """The function of each tile as `bins + 1` values, and the share of its samples that is present.

    `unit` is 1 for integers and 0 for floats.
    """
    whole = unit == 1 and bins == high - low + 1
    found, shares = {}, {}
    for tile in np.ndindex(*counts):
        where = tuple(
            slice(k * n // c, (k + 1) * n // c) for k, n, c in zip(tile, image.shape, counts, strict=True)
        )
        total, histogram = 0, [0] * bins
        for value, there in zip(image[where].ravel().tolist(), present[where].ravel().tolist(), strict=True):
            if there:
                total += 1
                histogram[place(value, bins, low, high, unit)[0]] += 1
        shares[tile] = total / image[where].size
        if not total:
            continue
        if not math.isinf(clip_limit):
            limit = max(int(clip_limit * total / bins), 1)
            excess = sum(max(n - limit, 0) for n in histogram)
            histogram = [min(n, limit) + excess // bins for n in histogram]
            rest = excess % bins
            step = max(bins // rest, 1) if rest else 1
            for i in range(rest):
                histogram[i * step] += 1
        knots = [0, *itertools.accumulate(histogram)]
        found[tile] = [low + n / total * (high - low) for n in knots]
        if whole:
            scale = np.float32(bins - 1) / np.float32(total)
            found[tile] = [low + float(np.rint(np.float32(n) * scale)) for n in knots]
    return found, shares


def place(value, bins, low, high, unit):
    """The bin of a value, and the share of the bin that is not above it."""
    value = min(max(value, low), high)
    scale = bins / (high - low + unit)
    code = min(int((value - low) * scale), bins - 1)
    return code, (value - low) * scale + unit * scale - code


def clahe(image, counts, clip_limit=2.0, bins=256, value_range=None, present=None, least=0.0):
    """The result in float64, not rounded. NaN where a sample is absent, or less of its tiles is present."""
    unit = 0 if image.dtype.kind == "f" else 1
    present = np.ones(image.shape, bool) if present is None else present
    low, high = value_range
    known, shares = tables(image, counts, clip_limit, bins, low, high, unit, present)
    out = np.full(image.shape, np.nan)
    for at in np.ndindex(*image.shape):
        if not present[at]:
            continue
        corners = []
        for x, n, count in zip(at, image.shape, counts, strict=True):
            position = x * count / n - 0.5
            first = math.floor(position)
            right = position - first
            corners.append(((max(first, 0), 1 - right), (min(first + 1, count - 1), right)))
        code, part = place(image[at].item(), bins, low, high, unit)
        total = weight = 0.0
        for corner in itertools.product(*corners):
            tile = tuple(k for k, _ in corner)
            if shares[tile]:
                w = math.prod(w for _, w in corner) * shares[tile]
                knots = known[tile]
                total += w * (knots[code] + part * (knots[code + 1] - knots[code]))
                weight += w
        if weight >= least - 1e-12:
            out[at] = total / weight
    return out
