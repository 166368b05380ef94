"""Removal of blobs that overlap larger ones."""

import numpy as np
import numpy.typing as npt

_Reals = npt.NDArray[np.float64]


def pruned(centres: _Reals, radii: _Reals, most: float) -> npt.NDArray[np.int64]:
    """Return the numbers of the blobs that are kept, in the given order, the strongest first.

    The largest blobs are tested first. A blob is removed if it shares more than the part `most` of itself
    with a larger one that is kept.
    """
    from scipy.spatial import cKDTree

    order = np.lexsort((np.arange(len(radii)), -radii))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    gone = np.zeros(len(order), bool)
    tree = cKDTree(centres)
    for i in order:
        if gone[i]:
            continue
        near = np.array(tree.query_ball_point(centres[i], 2 * radii[i]), np.int64)
        near = near[(rank[near] > rank[i]) & ~gone[near]]
        if len(near):
            distance = np.sqrt(((centres[near] - centres[i]) ** 2).sum(1))
            gone[near[_shared(distance, radii[i], radii[near], centres.shape[1]) > most]] = True
    return np.flatnonzero(~gone)


def _shared(distance: _Reals, large: float, small: _Reals, ndim: int) -> _Reals:
    """Return the part of each small ball that it shares with a large one: its length, area or volume."""
    inside, apart = distance <= large - small, distance >= large + small
    d = np.where(inside | apart, large, distance)  # any value that divides
    if ndim == 1:
        found = (large + small - d) / (2 * small)
    elif ndim == 2:
        a = np.clip((d * d + small * small - large * large) / (2 * d * small), -1, 1)
        b = np.clip((d * d + large * large - small * small) / (2 * d * large), -1, 1)
        corner = (large + small - d) * (d + small - large) * (d + large - small) * (d + large + small)
        area = small**2 * np.arccos(a) + large**2 * np.arccos(b) - np.sqrt(np.maximum(corner, 0)) / 2
        found = area / (np.pi * small**2)
    else:
        deep = large + small - d
        volume = np.pi * deep**2 * (d * d + 2 * d * (large + small) - 3 * (large - small) ** 2) / (12 * d)
        found = volume / (4 / 3 * np.pi * small**3)
    return np.where(inside, 1.0, np.where(apart, 0.0, found))
