"""Peaks along scales: samples that are not lower than their neighbours at two other scales."""

import itertools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._filters.detection.parabola import top_of_parabola


class Candidates(NamedTuple):
    """Samples that are not lower than their neighbours at one scale, and higher than those at the one before.

    `before` has the responses at the scale before, if there is one.
    """

    where: npt.NDArray[np.int64]
    heights: npt.NDArray[np.float64]
    before: npt.NDArray[np.float64] | None


class Peaks(NamedTuple):
    places: npt.NDArray[np.float64]
    scales: npt.NDArray[np.float64]
    heights: npt.NDArray[np.float64]


def confirmed(
    candidates: Candidates, here: npt.NDArray, after: npt.NDArray | None, number: int, refined: bool
) -> Peaks:
    """Return the candidates at a scale that are not lower than their neighbours at the next one."""
    where, heights, before = candidates
    if after is not None:
        kept = heights >= highest_around(after, where)
        where, heights, before = where[kept], heights[kept], None if before is None else before[kept]
    places, scales = where.astype(np.float64), np.full(len(where), float(number))
    if refined and len(where):
        for axis, n in enumerate(here.shape):
            step = np.zeros(here.ndim, np.int64)
            step[axis] = 1
            inner = (where[:, axis] > 0) & (where[:, axis] < n - 1)
            sides = [here[tuple((where[inner] + s * step).T)].astype(np.float64) for s in (-1, 1)]
            places[inner, axis] += top_of_parabola(sides[0], heights[inner], sides[1])
        if before is not None and after is not None:
            scales += top_of_parabola(before, heights, after[tuple(where.T)].astype(np.float64))
    return Peaks(places, scales, heights)


def highest_around(response: npt.NDArray, where: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the maximum of a response at some samples and their neighbours."""
    found = np.full(len(where), -np.inf)
    along = []
    for axis, n in enumerate(response.shape):
        x = where[:, axis]
        along.append((np.maximum(x - 1, 0), x, np.minimum(x + 1, n - 1)))
    for at in itertools.product(*along):
        np.fmax(found, response[at], out=found)
    return found
