"""Reference: correlation coefficients with a template, and blobs, by their definition in float64."""

import itertools

import numpy as np

from tests.reference import naive


def coefficients(image, template, *, counts=None, weights=None, mode="mirror", cval=0.0, valid=False):
    """The weighted correlation coefficient of each window, and how much of the template is present."""
    shape = template.shape
    weights = np.ones(shape) if weights is None else np.asarray(weights, float)
    counts = np.ones(image.shape) if counts is None else np.asarray(counts, float)
    image = np.where(counts > 0, image, 0.0)
    before, after = [k // 2 for k in shape], [k - 1 - k // 2 for k in shape]
    if valid:
        samples, present = image, counts
    else:
        border = "constant" if mode in ("zero", "shrink") else mode
        constant = cval if mode == "constant" else 0.0
        samples = naive.pad(image, before, after, border, constant)
        present = naive.pad(counts, before, after, border, float(mode != "shrink"))
    size = [n - k + 1 for n, k in zip(samples.shape, shape, strict=True)]
    found, share = np.zeros(size), np.zeros(size)
    for at in np.ndindex(*size):
        where = tuple(slice(i, i + k) for i, k in zip(at, shape, strict=True))
        x, w = samples[where], present[where] * weights
        share[at] = w.sum() / weights.sum()
        if not w.sum() > 0:
            found[at] = np.nan
            continue
        x, t = x - (w * x).sum() / w.sum(), template - (w * template).sum() / w.sum()
        square = (w * x * x).sum() * (w * t * t).sum()
        flat = np.ptp(samples[where][w > 0]) == 0 or np.ptp(template[w > 0]) == 0
        found[at] = 0.0 if flat else (w * x * t).sum() / np.sqrt(square)
    return found, share


def peaks(stack, present, least):
    """Places and scales of blobs: the largest responses of all neighbours in space and scale.

    A response that is NaN is no neighbour.
    Of equal neighbours at two scales, the smaller scale has the peak.
    """
    found = set()
    for scale, place in itertools.product(range(len(stack)), np.ndindex(*stack[0].shape)):
        value = stack[scale][place]
        if not value > least or not present[place]:
            continue
        higher = False
        for other, *step in itertools.product(*((-1, 0, 1),) * (stack[0].ndim + 1)):
            near = tuple(p + s for p, s in zip(place, step, strict=True))
            if not 0 <= scale + other < len(stack):
                continue
            if not all(0 <= p < n for p, n in zip(near, stack[0].shape, strict=True)):
                continue
            beside = stack[scale + other][near]
            higher |= bool(beside >= value) if other < 0 else bool(beside > value)
        if not higher:
            found.add((*place, scale))
    return found
