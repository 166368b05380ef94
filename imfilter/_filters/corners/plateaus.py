"""Plateaus: connected samples of equal height without a higher neighbour."""

import itertools
import math
import operator
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
    return Tops(alone, *_joined(joined, joined + 1, sloped, length))


def _joined(starts: _Ints, stops: _Ints, sloped: _Bools, length: int) -> tuple[_Ints, _Ints, _Bools]:
    """Join runs that follow each other in a line."""
    begins = np.ones(len(starts), bool)
    np.not_equal(starts[1:], stops[:-1], out=begins[1:])
    begins |= starts % length == 0
    if begins.all():
        return starts, stops, sloped
    first = begins.nonzero()[0]
    ends = np.empty_like(first)
    ends[:-1], ends[-1] = first[1:], len(starts)
    return starts[first], stops[ends - 1], np.logical_or.reduceat(sloped, first)


def middles(strips: list[Tops], shape: tuple[int, ...]) -> _Ints:
    """Return the sample nearest to the centroid of each plateau without a slope, in C order."""
    places, starts, stops, sloped = (np.concatenate(parts) for parts in zip(*strips, strict=True))
    if len(starts):
        # A run of a signal may continue in the next strip.
        if len(shape) == 1:
            starts, stops, sloped = _joined(starts, stops, sloped, shape[-1])
        places = np.concatenate([places, _nearest(starts, stops, sloped, shape)])
        places.sort()
    return np.array(np.unravel_index(places, shape)).T


def _nearest(starts: _Ints, stops: _Ints, sloped: _Bools, shape: tuple[int, ...]) -> _Ints:
    """Return the sample nearest to the centroid of each plateau of runs that has no slope."""
    owner = _components(starts, stops, shape)
    bad = np.zeros(len(starts), bool)
    bad[owner[sloped]] = True
    kept = (~bad[owner]).nonzero()[0]
    if not len(kept):
        return kept
    kept = kept[owner[kept].argsort(kind="stable")]
    owner, starts, amounts = owner[kept], starts[kept], stops[kept] - starts[kept]
    is_first = np.ones(len(kept), bool)
    np.not_equal(owner[1:], owner[:-1], out=is_first[1:])
    first, group = is_first.nonzero()[0], is_first.cumsum() - 1
    at = np.array(np.unravel_index(starts, shape), np.float64)
    low, high = at[-1].copy(), at[-1] + (amounts - 1)
    at[-1] = (low + high) / 2
    # All sums are whole numbers or halves, so they are exact.
    centroids = np.add.reduceat(at * amounts, first, axis=1) / np.add.reduceat(amounts, first)
    centroids = centroids[:, group]
    # The nearest sample of the line, of two the first. If it is not in the run, an end of the run is nearest.
    at[-1] = np.minimum(np.maximum(np.ceil(centroids[-1] - 0.5), low), high)
    far = ((at - centroids) ** 2).sum(axis=0)
    best = np.lexsort((far, group))[first]  # of equal distances, the first in C order
    nearest: _Ints = starts[best] + (at[-1] - low)[best].astype(np.int64)
    return nearest


def _components(starts: _Ints, stops: _Ints, shape: tuple[int, ...]) -> _Ints:
    """Return the first run of the plateau of each run. Runs that touch, also at corners, are one plateau."""
    # With a gap after each line, plane and so on, the last run of one does not touch the first of the next.
    strides = [math.prod(n + 1 for n in shape[axis + 1 :]) for axis in range(len(shape))]
    begins = sum(map(operator.mul, np.unravel_index(starts, shape), strides), np.zeros(1, np.int64))
    ends = begins + (stops - starts)
    pairs = []
    for step in itertools.product((-1, 0, 1), repeat=len(shape) - 1):
        if step >= (0,) * len(step):  # the lines before a line are enough
            continue
        move = sum(map(operator.mul, step, strides))
        first = ends.searchsorted(begins + move)
        many = begins.searchsorted(ends + move, "right") - first
        runs = many.nonzero()[0]
        if len(runs):
            first, many = first[runs], many[runs]
            others = np.arange(many.sum()) - (many.cumsum() - many - first).repeat(many)
            pairs.append(np.array([others, runs.repeat(many)]))
    owner = np.arange(len(starts))
    known = np.concatenate(pairs, axis=1) if pairs else np.empty((2, 0), np.int64)
    while known.size:  # the owner of each run is the first of the runs that are known to be connected to it
        np.minimum.at(owner, np.maximum(*known), np.minimum(*known))
        while (owner[owner] != owner).any():
            owner = owner[owner]
        known = owner[known]
        known = known[:, known[0] != known[1]]
    return owner
