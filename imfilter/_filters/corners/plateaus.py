"""Plateaus: connected samples of equal height without a higher neighbour."""

import itertools
import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_Ints = npt.NDArray[np.int64]
_Bools = npt.NDArray[np.bool_]


class Tops(NamedTuple):
    """Samples that are not lower than their neighbours, in C order. A place counts all samples before it.

    Those that are `alone` have no other beside them. All others are in runs along the last axis, from
    `starts` to `stops`. A run is `sloped` if one of its samples has a neighbour of equal height that is not
    a top.
    """

    alone: _Ints
    starts: _Ints
    stops: _Ints
    sloped: _Bools


def neighbours(tops: _Bools) -> npt.NDArray:
    """Return how many samples of a map are marked among each sample and its neighbours."""
    found: npt.NDArray = tops.astype(np.uint8 if tops.ndim < 6 else np.uint16)
    for axis in range(tops.ndim):
        lines, single = found.swapaxes(0, axis), found.copy().swapaxes(0, axis)
        lines[1:] += single[:-1]
        lines[:-1] += single[1:]
    return found


def in_runs(alone: _Ints, joined: _Ints, sloped: _Bools, length: int) -> Tops:
    """Return tops by their places. `sloped` is of those that are `joined`. Lines have `length` samples."""
    breaks = (np.diff(joined) > 1) | (joined[1:] % length == 0)
    return Tops(alone, *_joined(joined, joined + 1, sloped, breaks))


def _joined(starts: _Ints, stops: _Ints, sloped: _Bools, breaks: _Bools) -> tuple[_Ints, _Ints, _Bools]:
    """Join runs that follow each other without a break between them."""
    if breaks.all():
        return starts, stops, sloped
    begins = np.flatnonzero(np.append(True, breaks))
    ends = np.flatnonzero(np.append(breaks, True))
    return starts[begins], stops[ends], np.logical_or.reduceat(sloped, begins)


def middles(strips: list[Tops], shape: tuple[int, ...]) -> _Ints:
    """Return the sample nearest to the centroid of each plateau without a slope, in C order."""
    places, starts, stops, sloped = (np.concatenate(parts) for parts in zip(*strips, strict=True))
    if len(starts):
        # A run of a signal may continue in the next strip.
        breaks = (starts[1:] != stops[:-1]) | (starts[1:] % shape[-1] == 0)
        runs = _joined(starts, stops, sloped, breaks)
        places = np.concatenate([places, _nearest(*runs, shape)])
        places.sort()
    return np.stack(np.unravel_index(places, shape), axis=1)


def _nearest(starts: _Ints, stops: _Ints, sloped: _Bools, shape: tuple[int, ...]) -> _Ints:
    """Return the sample nearest to the centroid of each plateau of runs that has no slope."""
    owner = _components(starts, stops, shape)
    bad = np.zeros(len(starts), bool)
    bad[owner[sloped]] = True
    kept = np.flatnonzero(~bad[owner])
    if not len(kept):
        return kept
    owner, starts, stops = owner[kept], starts[kept], stops[kept]
    lines, low = np.divmod(starts, shape[-1])
    amounts = stops - starts
    high = low + amounts - 1
    # All sums are whole numbers, so they are exact.
    at = (*(np.unravel_index(lines, shape[:-1]) if len(shape) > 1 else ()), (low + high) / 2)
    centroids = np.empty((len(starts), len(shape)))
    total = np.bincount(owner, amounts)[owner]
    for axis, x in enumerate(at):
        np.divide(np.bincount(owner, x * amounts)[owner], total, out=centroids[:, axis])
    # The nearest sample of each run is on one side of the centroid or on the other.
    nearest = np.empty((len(starts), 2), np.int64)
    far = np.zeros(nearest.shape)
    for number, side in enumerate((np.floor, np.ceil)):
        nearest[:, number] = np.clip(side(centroids[:, -1]).astype(np.int64), low, high)
        points = np.stack([*at[:-1], nearest[:, number]], axis=1)
        far[:, number] = ((points - centroids) ** 2).sum(axis=1)
    owner, nearest = np.repeat(owner, 2), nearest + lines[:, None] * shape[-1]
    order = np.lexsort((far.ravel(), owner))  # of equal distances, the first in C order
    first = np.r_[True, owner[order][1:] != owner[order][:-1]]
    return nearest.ravel()[order[first]]


def _components(starts: _Ints, stops: _Ints, shape: tuple[int, ...]) -> _Ints:
    """Return the first run of the plateau of each run. Runs that touch, also at corners, are one plateau."""
    count, length = len(starts), shape[-1]
    lines = starts // length
    pitch = length + 2  # so that runs of different lines do not touch
    begins, ends = starts + lines * (pitch - length), stops + lines * (pitch - length)
    at = np.unravel_index(lines, shape[:-1] or (1,))
    ones, others = [], []
    for step in itertools.product((-1, 0, 1), repeat=len(shape) - 1):
        if step >= (0,) * len(step):  # the lines before a line are enough
            continue
        there = np.ones(count, bool)
        for x, move, n in zip(at, step, shape[:-1], strict=True):
            there &= (x + move >= 0) & (x + move < n)
        runs = np.flatnonzero(there)
        move = pitch * sum(s * math.prod(shape[i + 1 : -1]) for i, s in enumerate(step))
        first = np.searchsorted(ends, begins[runs] + move)
        many = np.searchsorted(begins, ends[runs] + move, "right") - first
        many = np.maximum(many, 0)
        ones.append(np.repeat(runs, many))
        others.append(np.arange(many.sum()) - np.repeat(np.cumsum(many) - many - first, many))
    owner = np.arange(count)
    if not ones:
        return owner
    pairs = np.stack([np.concatenate(ones), np.concatenate(others)])
    while True:  # the owner of each run is the first of the runs that are known to be connected to it
        pairs = np.sort(owner[pairs], axis=0)
        pairs = pairs[:, pairs[0] != pairs[1]]
        if not pairs.size:
            return owner
        np.minimum.at(owner, pairs[1], pairs[0])
        while (owner[owner] != owner).any():
            owner = owner[owner]
