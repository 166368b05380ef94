"""The bilateral and the guided filter by their definitions, in plain loops over float64.

Images and guides are lists of planes, one for each channel. `counts` is how much each sample counts, and is
None if all samples are present.
"""

import itertools
import math

import numpy as np

from tests.reference import naive


def window(place, shape, inside, mode):
    """The offsets of a window, and the samples there: None for the constant. An absent border is left out."""
    for tap in np.argwhere(inside):
        offset = [int(t) - k // 2 for t, k in zip(tap, inside.shape, strict=True)]
        at = [
            naive.border_index(i + o, n, "constant" if mode in ("zero", "shrink") else mode)
            for i, o, n in zip(place, offset, shape, strict=True)
        ]
        if None not in at:
            yield offset, tuple(at)
        elif mode != "shrink":
            yield offset, None


def bilateral(
    image, sigma_space, sigma_range, radius, guide=None, mode="mirror", cval=0, counts=None, least=0.0, **how
):
    """The planes of the result. how: `disc`, `manhattan`."""
    shape, constant = image[0].shape, cval if mode == "constant" else 0.0
    own, guide = guide is None, image if guide is None else guide
    inside = np.ones([2 * r + 1 for r in radius], bool)
    for tap in np.argwhere(inside) if how.get("disc") else ():
        far = sum(((t - r) / r) ** 2 if r else 0 for t, r in zip(tap, radius, strict=True))
        inside[tuple(tap)] = far <= 1 + 1e-12
    result = [np.full(shape, np.nan) for _ in image]
    for place in np.ndindex(shape):
        known = not own or counts is None or counts[place] > 0
        share = total = whole = 0.0
        sums = [0.0] * len(image)
        everything = sum(
            position(offset, sigma_space) for offset in (np.argwhere(inside) - np.array(radius)).tolist()
        )
        for offset, at in window(place, shape, inside, mode):
            count = 1.0 if counts is None or at is None else float(counts[at])
            if count == 0:
                continue
            near = position(offset, sigma_space)
            share += near * count
            weight = near * count
            if known:
                apart = [float(g[place]) - (constant if at is None else float(g[at])) for g in guide]
                apart = sum(map(abs, apart)) if how.get("manhattan") else math.sqrt(sum(d * d for d in apart))
                ratio = apart / sigma_range  # its power would raise an error if it were infinite
                weight *= math.exp(-0.5 * ratio * ratio)
            total += weight
            whole += 1
            for j, plane in enumerate(image):
                sums[j] += weight * (constant if at is None else float(plane[at]))
        if total > 0 and share >= least * everything * (1 - 1e-12):
            for plane, found in zip(result, sums, strict=True):
                plane[place] = found / total
    return result


def position(offset, sigma):
    """The weight of a position."""
    return math.exp(-0.5 * sum((o / s) ** 2 if s else 0 for o, s in zip(offset, sigma, strict=True)))


def guided(image, radius, eps, guide=None, mode="mirror", cval=0, counts=None, least=0.0):
    """The planes of the result. The image continues beyond its border by two radii."""
    own, guide = guide is None, image if guide is None else guide
    wide = [2 * r for r in radius]
    there = np.ones(image[0].shape) if counts is None else np.asarray(counts, float)
    border = "zero" if mode == "shrink" else mode
    extended = [naive.pad(np.asarray(plane, float), wide, wide, border, cval) for plane in (*image, *guide)]
    there = naive.pad(there, wide, wide, *("zero",) if mode == "shrink" else (
        ("constant", 1.0) if mode in ("zero", "constant") else (mode,)))  # fmt: skip
    planes, guides = extended[: len(image)], extended[len(image) :]
    shape = [n - 2 * r for n, r in zip(planes[0].shape, radius, strict=True)]
    slopes = np.zeros((len(planes), len(guides), *shape))
    constants, means = np.zeros((len(planes), *shape)), np.full((len(planes), *shape), np.nan)
    for place in np.ndindex(*shape):
        at = [(*map(sum, zip(place, o, strict=True)),)
              for o in itertools.product(*(range(2 * r + 1) for r in radius))]  # fmt: skip
        at = [a for a in at if there[a] > 0]
        if not at:
            continue
        weights = np.array([there[a] for a in at])
        weights /= weights.sum()
        values = np.array([[g[a] for a in at] for g in guides])
        middle = values @ weights
        matrix = np.atleast_2d(((values - middle[:, None]) * weights) @ (values - middle[:, None]).T)
        for j, plane in enumerate(planes):
            p = np.array([plane[a] for a in at])
            mean = p @ weights
            side = ((values - middle[:, None]) * weights) @ (p - mean)
            a = np.linalg.solve(matrix + eps * np.eye(len(guides)), side)
            slopes[(j, slice(None), *place)] = a
            constants[(j, *place)], means[(j, *place)] = mean - a @ middle, mean
    result = [np.full(image[0].shape, np.nan) for _ in image]
    for place in np.ndindex(image[0].shape):
        offsets = list(itertools.product(*(range(2 * r + 1) for r in radius)))
        fits = [(*map(sum, zip(place, o, strict=True)),) for o in offsets]
        centres = [tuple(f + r for f, r in zip(fit, radius, strict=True)) for fit in fits]
        weights = np.array([there[c] for c in centres])
        share = weights.sum()
        if not (share > 0 and share >= least * len(offsets) * (1 - 1e-12)):
            continue
        weights /= share
        for j in range(len(image)):
            if own and counts is not None and not counts[place] > 0:
                centre = tuple(p + r for p, r in zip(place, radius, strict=True))
                result[j][place] = means[(j, *centre)]
                continue
            slope = sum(w * slopes[(j, slice(None), *f)] for w, f in zip(weights, fits, strict=True) if w)
            constant = sum(w * constants[(j, *f)] for w, f in zip(weights, fits, strict=True) if w)
            result[j][place] = constant + sum(s * float(g[place]) for s, g in zip(slope, guide, strict=True))
    return result
