"""Products of derivatives summed over a window, and measures of corners made of them, strip by strip.

A strip has so few rows that what lies between the image and the result stays in the cache; nothing else is
of the image's size.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._core import bands, border, dtypes, linear
from imfilter._core.common import Common
from imfilter._core.operators import Operator, separable

_Array = npt.NDArray
_Taps = npt.NDArray[np.float64]

#: Samples of a strip: five arrays of them are in the second-level cache.
_STRIP = 1 << 18
#: Samples of an image that one thread measures alone.
_ALONE = 1 << 16


class Window(NamedTuple):
    """What is summed up, and how: the taps of derivatives, and of the window along each axis."""

    smooth: _Taps
    difference: _Taps
    taps: _Taps


#: Makes of the sums of xx, xy and yy the measure, in place of the first.
Measure = Callable[[_Array, _Array, _Array], None]


def respond(
    image: _Array, window: Window, measure: Measure, mode: str, cval: float, workers: int | None
) -> _Array:
    """Return the measure of every sample of an image of two axes."""
    rows, columns = image.shape
    result = np.empty(image.shape, dtypes.derived(image.dtype))
    high = max(1, min(rows, _STRIP // columns))

    def task(start: int, stop: int) -> None:
        for first in range(start * high, min(stop * high, rows), high):
            last = min(first + high, rows)
            sums = _sums(image, window, mode, cval, first, last)
            with np.errstate(all="ignore"):  # as in the image
                measure(*sums)
            result[first:last] = sums[0]

    bands.run(task, -(-rows // high), 1 if image.size <= _ALONE else workers)
    return result


def _sums(
    image: _Array, window: Window, mode: str, cval: float, first: int, last: int
) -> tuple[_Array, _Array, _Array]:
    """Return the sums of xx, xy and yy over the window for some rows.

    The window finds products beyond the border as if they were an image: no derivatives are taken there.
    """
    before, after = len(window.taps) // 2, len(window.taps) - 1 - len(window.taps) // 2
    where = _padded(len(image), before, after, mode)[first : last + before + after]
    made = [np.zeros((len(where), image.shape[1]), dtypes.derived(image.dtype)) for _ in range(3)]
    for start, stop in _runs(where):
        if where[start] >= 0:
            rows = where[start], where[start] + stop - start
            dx, dy = _derivatives(image, window, mode, cval, *rows)
            for to, (a, b) in zip(made, ((dx, dx), (dx, dy), (dy, dy)), strict=True):
                np.multiply(a, b, out=to[start:stop])
    beyond = "zero" if mode == "constant" else mode
    common: Common = {"mode": beyond, "workers": 1}
    geometry = linear.Geometry(padding=((0, 0), (before, after)))
    xx, xy, yy = (
        linear.apply(m, _operator, (window.taps, window.taps), common, keeps=False, geometry=geometry)
        for m in made
    )
    return xx, xy, yy


def _derivatives(
    image: _Array, window: Window, mode: str, cval: float, first: int, last: int
) -> tuple[_Array, _Array]:
    """Return the derivatives along both axes, x first, for some rows of the image."""
    reach = len(window.smooth) // 2
    where = _padded(len(image), reach, reach, mode)[first : last + 2 * reach]
    if where[0] >= 0 and where[-1] - where[0] == len(where) - 1:
        rows = image[where[0] : where[-1] + 1]
    else:
        rows = image[where]
        rows[where < 0] = _sample(cval, rows.dtype)
    common: Common = {"mode": mode, "cval": cval, "workers": 1}
    geometry = linear.Geometry(padding=((0, 0), (reach, reach)))
    pairs = (window.smooth, window.difference), (window.difference, window.smooth)
    dx, dy = (linear.apply(rows, _operator, pair, common, keeps=False, geometry=geometry) for pair in pairs)
    return dx, dy


def _sample(value: float, dtype: np.dtype) -> _Array:
    """Return a value as a sample of a type, rounded and saturated."""
    sample = np.zeros(1, dtype)
    dtypes.place(np.array([value]), sample)
    return sample


def _padded(n: int, before: int, after: int, mode: str) -> npt.NDArray[np.int64]:
    """Return which row of an image of `n` stands at each padded row, or -1."""
    outside = border.outside(n, before, after, mode)
    return np.concatenate([outside[:before], np.arange(n), outside[before:]])


def _runs(where: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield where rows that follow each other, or are none, begin and end."""
    cuts = np.flatnonzero((np.diff(where) != 1) | (where[:-1] < 0)) + 1
    yield from itertools.pairwise([0, *cuts.tolist(), len(where)])


def _operator(ndim: int, chosen: tuple[int, ...], rows: _Taps, columns: _Taps) -> Operator:
    return separable((rows, columns))
