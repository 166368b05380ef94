"""Plain loops of reconstruction and what stands on it."""

import functools
import itertools

import numpy as np


def neighbours(n, connectivity):
    """The offsets of neighbours that differ along at most `connectivity` of `n` axes."""
    moves = itertools.product((-1, 0, 1), repeat=n)
    return [m for m in moves if 0 < sum(map(abs, m)) <= connectivity]


def around(shape, place, moves):
    """The neighbours of a place inside an array."""
    for move in moves:
        other = tuple(p + m for p, m in zip(place, move, strict=True))
        if all(0 <= p < n for p, n in zip(other, shape, strict=True)):
            yield other


def reconstruct(seed, mask, moves, *, dilation=True):
    """Dilate by one step and limit, until nothing changes. NaN is on no path, and stays."""
    pick, limit = (max, min) if dilation else (min, max)
    found = seed.copy()
    if found.dtype.kind == "f":
        found[np.isnan(mask)] = np.nan
    while True:
        before = found.copy()
        for place in np.ndindex(seed.shape):
            if before[place] != before[place]:
                continue
            # A sample is reached from the places of which it is a neighbour.
            back = [tuple(-m for m in move) for move in moves]
            values = [before[o] for o in around(seed.shape, place, back) if before[o] == before[o]]
            found[place] = limit(pick([before[place], *values]), mask[place])
        if np.array_equal(before, found, equal_nan=found.dtype.kind == "f"):
            return found


def components(inside, moves):
    """The connected sets of True samples, as lists of places."""
    return _components(inside.shape, inside.tobytes(), tuple(moves))


@functools.lru_cache(20_000)  # tests of many types and areas ask for the same sets
def _components(shape, samples, moves):
    inside = np.frombuffer(samples, bool).reshape(shape)
    left = {tuple(map(int, p)) for p in np.argwhere(inside)}
    found = []
    while left:
        stack = [left.pop()]
        places = []
        while stack:
            place = stack.pop()
            places.append(place)
            for other in around(inside.shape, place, moves):
                if other in left:
                    left.remove(other)
                    stack.append(other)
        found.append(places)
    return found


def at_border(shape, place):
    """Whether a place is at the border of an array."""
    return any(p in (0, n - 1) for p, n in zip(place, shape, strict=True))


def fill_holes(image, moves):
    """Fill the components of the background that do not touch the border."""
    found = image.copy()
    for places in components(~image, moves):
        if not any(at_border(image.shape, p) for p in places):
            found[tuple(zip(*places, strict=True))] = True
    return found


def clear_border(image, moves):
    """Remove the components that touch the border."""
    found = image.copy()
    for places in components(image, moves):
        if any(at_border(image.shape, p) for p in places):
            found[tuple(zip(*places, strict=True))] = False
    return found


def local_maxima(image, moves, *, borders=True):
    """The plateaus without a higher neighbour. NaN is no neighbour."""
    found = np.zeros(image.shape, bool)
    values = np.unique(image[image == image])
    if len(values) < 2:
        return found
    for value in values:
        for places in components(image == value, moves):
            higher = any(image[o] > value for p in places for o in around(image.shape, p, moves))
            border = any(at_border(image.shape, p) for p in places)
            if not higher and (borders or not border):
                found[tuple(zip(*places, strict=True))] = True
    return found


def area_opening(image, area, moves):
    """The highest level at which the component of each sample has the area. NaN is in no component."""
    found = image.copy()
    values = np.unique(image[image == image])
    for place in np.ndindex(image.shape):
        if image[place] == image[place]:
            found[place] = values[0]
    for value in values:
        for places in components(image >= value, moves):
            if len(places) >= area:
                found[tuple(zip(*places, strict=True))] = value
    # A component that no lower sample touches stays as it is.
    for places in components(image == image, moves):
        index = tuple(zip(*places, strict=True))
        found[index] = np.maximum(found[index], image[index].min())
    return found


def hit_or_miss(image, present, absent):
    """Where all samples of one element are foreground, and all of another one are background."""
    found = np.ones(image.shape, bool)
    for element, wanted in ((present, True), (absent, False)):
        for place in np.ndindex(image.shape):
            for part in np.argwhere(element):
                at = [p + q - n // 2 for p, q, n in zip(place, part, element.shape, strict=True)]
                inside = all(0 <= p < n for p, n in zip(at, image.shape, strict=True))
                if (bool(image[tuple(at)]) if inside else False) != wanted:
                    found[place] = False
    return found
