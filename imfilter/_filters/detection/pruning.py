"""Removal of blobs that overlap larger ones."""

import itertools

import numpy as np
import numpy.typing as npt

_Reals = npt.NDArray[np.float64]


#: Pairs of neighbours that are compared together. Among many, some are of blobs that another pair removes.
_PAIRS = 1 << 16


def pruned(centres: _Reals, radii: _Reals, most: float) -> npt.NDArray[np.int64]:
    """Return the numbers of the blobs that are kept, in the given order, the strongest first.

    The largest blobs are tested first. A blob is removed if it shares more than the part `most` of itself
    with a larger one that is kept.
    """
    from scipy.spatial import cKDTree

    order = np.lexsort((np.arange(len(radii)), -radii))
    centres, radii = centres[order], radii[order]
    gone = np.zeros(len(order), bool)
    tree = cKDTree(centres)
    first, count = 0, 16
    while first < len(order):
        large = first + np.flatnonzero(~gone[first : first + count])
        first += count
        found = tree.query_ball_point(centres[large], 2 * radii[large], return_sorted=False)
        large = np.repeat(large, [len(near) for near in found])
        small = np.fromiter(itertools.chain.from_iterable(found), np.int64, len(large))
        count = count * 2 if 2 * len(small) < _PAIRS else max(1, min(count, count * _PAIRS // len(small)))
        later = (small > large) & ~gone[small]
        large, small = large[later], small[later]
        distance = np.sqrt(((centres[small] - centres[large]) ** 2).sum(1))
        overlap = _shared(distance, radii[large], radii[small], centres.shape[1]) > most
        large, small = large[overlap], small[overlap]
        starts = np.flatnonzero(np.diff(large, prepend=-1))
        stops = np.flatnonzero(np.diff(large, append=-1)) + 1
        for i, start, stop in zip(large[starts], starts, stops, strict=True):
            if not gone[i]:
                gone[small[start:stop]] = True
    return np.sort(order[~gone])


def _shared(distance: _Reals, large: _Reals, small: _Reals, ndim: int) -> _Reals:
    """Return the part of each small ball that it shares with its large one: its length, area or volume."""
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
