"""Restoration by its definitions, in plain loops."""

import math

import numpy as np


def ball(radii, height):
    """The offsets of a ball and how far below its top they are."""
    reach = [math.ceil(r) for r in radii]
    found = []
    for index in np.ndindex(*(2 * r + 1 for r in reach)):
        offset = [i - r for i, r in zip(index, reach, strict=True)]
        share = sum((d / r) ** 2 for d, r in zip(offset, radii, strict=True) if r)
        if share <= 1:
            found.append((offset, height * (1 - math.sqrt(1 - share))))
    return found


def eroded(image, present, taps):
    """The top of the ball below each sample, and where a sample is present in it."""
    found, some = np.full(image.shape, np.inf), np.zeros(image.shape, bool)
    for at in np.ndindex(*image.shape):
        for offset, depth in taps:
            to = tuple(a + d for a, d in zip(at, offset, strict=True))
            if all(0 <= t < n for t, n in zip(to, image.shape, strict=True)) and present[to]:
                found[at] = min(found[at], image[to] + depth)
                some[at] = True
    return found, some


def rolling_ball(image, radii, height, method="opening", present=None):
    """The background. Samples beyond the border are absent. NaN where nothing is present."""
    present = np.ones(image.shape, bool) if present is None else present
    taps = ball(radii, height)
    found, some = eroded(image.astype(float), present, taps)
    if method == "opening":
        found, some = eroded(-found, some, taps)
        found = -found
    return np.where(some, found, np.nan)
