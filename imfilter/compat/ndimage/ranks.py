"""Rank filters of `scipy.ndimage`."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.ndimage

from imfilter._compat import ndimage_arguments as arguments
from imfilter._compat import ndimage_ranks as engine
from imfilter._compat.prepared import Prepared, filtered
from imfilter._compat.serving import Elsewhere, like
from imfilter._filters.rank.apply import Pick
from imfilter._filters.rank.picks import first, last
from imfilter.compat.ndimage.sums import Output
from imfilter.typing import ArrayLike, NDArray


@like(scipy.ndimage.minimum_filter1d, "scipy.ndimage.minimum_filter1d")
def minimum_filter1d(
    input: ArrayLike,
    size: int,
    axis: int = -1,
    output: Output = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> NDArray:
    """Take the minima along an axis, as `scipy.ndimage.minimum_filter1d` does."""
    return filtered(input, output, _along, (size, axis, mode, cval, origin, False))


@like(scipy.ndimage.maximum_filter1d, "scipy.ndimage.maximum_filter1d")
def maximum_filter1d(
    input: ArrayLike,
    size: int,
    axis: int = -1,
    output: Output = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> NDArray:
    """Take the maxima along an axis, as `scipy.ndimage.maximum_filter1d` does."""
    return filtered(input, output, _along, (size, axis, mode, cval, origin, True))


def _along(
    array: NDArray, size: Any, axis: Any, mode: Any, cval: Any, origin: Any, largest: bool
) -> Prepared:
    line = engine.line(arguments.axis(axis, array), size, origin, mode)
    return engine.Boxes([line], cval, last if largest else first)


@like(scipy.ndimage.minimum_filter, "scipy.ndimage.minimum_filter")
def minimum_filter(
    input: ArrayLike,
    size: int | Sequence[int] | None = None,
    footprint: ArrayLike | None = None,
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Take the minima of windows, as `scipy.ndimage.minimum_filter` does."""
    return filtered(input, output, extremes, (size, footprint, mode, cval, origin, axes, False))


@like(scipy.ndimage.maximum_filter, "scipy.ndimage.maximum_filter")
def maximum_filter(
    input: ArrayLike,
    size: int | Sequence[int] | None = None,
    footprint: ArrayLike | None = None,
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Take the maxima of windows, as `scipy.ndimage.maximum_filter` does."""
    return filtered(input, output, extremes, (size, footprint, mode, cval, origin, axes, True))


def extremes(
    array: NDArray,
    size: Any,
    footprint: Any,
    mode: Any,
    cval: Any,
    origin: Any,
    axes: Any,
    largest: bool,
) -> Prepared:
    """Return the filter of the minima or the maxima of windows."""
    chosen, pick = arguments.axes(axes, array), last if largest else first
    window = None if footprint is None else _footprint(footprint, size, len(chosen))
    if window is not None and not window.all():
        return _in_footprint(window, chosen, origin, mode, cval, pick)
    if window is None and size is None:
        raise Elsewhere("there is no window")
    sizes = arguments.each(size if window is None else window.shape, len(chosen), "size")
    others = [arguments.each(v, len(chosen), "an argument") for v in (origin, mode)]
    along = [engine.line(a, s, o, m) for a, s, o, m in zip(chosen, sizes, *others, strict=True) if s > 1]
    return engine.Boxes(along, cval, pick)


def _footprint(footprint: Any, size: Any, count: int) -> NDArray:
    window = np.asarray(footprint, bool)
    if size is not None or window.ndim != count or not window.any():
        raise Elsewhere("size and footprint do not fit")
    return window


def _in_footprint(
    window: NDArray, axes: tuple[int, ...], origin: Any, mode: Any, cval: Any, pick: Pick, *own: Any
) -> Prepared:
    """Take ranks. The axes of the footprint are in ascending order, in whichever order `axes` names them."""
    shifts = dict(zip(axes, arguments.each(origin, len(axes), "origin"), strict=True))
    ascending = tuple(sorted(axes))
    befores = [arguments.before(n, shifts[a]) for a, n in zip(ascending, window.shape, strict=True)]
    shape = engine.centred(window, befores)
    return engine.Ranks(
        shape.shape if shape.all() else shape, ascending, arguments.mode(mode), cval, pick, *own
    )


@like(scipy.ndimage.median_filter, "scipy.ndimage.median_filter")
def median_filter(
    input: ArrayLike,
    size: int | Sequence[int] | None = None,
    footprint: ArrayLike | None = None,
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Take the medians of windows, as `scipy.ndimage.median_filter` does."""
    own = "median", 0, size, footprint, mode, cval, origin, axes
    return filtered(input, output, _ranked, own)


@like(scipy.ndimage.percentile_filter, "scipy.ndimage.percentile_filter")
def percentile_filter(
    input: ArrayLike,
    percentile: float,
    size: int | Sequence[int] | None = None,
    footprint: ArrayLike | None = None,
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Take a percentile of windows, as `scipy.ndimage.percentile_filter` does."""
    own = "percentile", percentile, size, footprint, mode, cval, origin, axes
    return filtered(input, output, _ranked, own)


@like(scipy.ndimage.rank_filter, "scipy.ndimage.rank_filter")
def rank_filter(
    input: ArrayLike,
    rank: int,
    size: int | Sequence[int] | None = None,
    footprint: ArrayLike | None = None,
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Take the sample of a rank in windows, as `scipy.ndimage.rank_filter` does."""
    own = "rank", rank, size, footprint, mode, cval, origin, axes
    return filtered(input, output, _ranked, own)


def _place(which: str, number: Any, count: int) -> int:
    """Return the index of a sample among the `count` of a window, in ascending order."""
    if which == "median":
        return count // 2
    if which == "percentile":
        share = float(number) + 100.0 * (number < 0)
        place = count - 1 if share == 100 else int(float(count) * share / 100.0)
        return place if 0 <= share <= 100 else -1
    if int(number) != number:
        raise Elsewhere("rank is not an integer")
    return int(number) + count * (number < 0)


def _ranked(
    array: NDArray,
    which: str,
    number: Any,
    size: Any,
    footprint: Any,
    mode: Any,
    cval: Any,
    origin: Any,
    axes: Any,
) -> Prepared:
    chosen = arguments.axes(axes, array)
    if footprint is None and size is None:
        raise Elsewhere("there is no window")
    if footprint is None:  # SciPy makes a footprint, whose axes are in ascending order
        window = np.ones([operator.index(n) for n in arguments.each(size, len(chosen), "size")], bool)
    else:
        window = _footprint(footprint, size, len(chosen))
    count = int(window.sum())
    place = _place(which, number, count)
    if not 0 <= place < count:
        raise Elsewhere("rank is outside the window")
    if place in (0, count - 1):
        return extremes(array, None, window, mode, cval, origin, axes, place > 0)
    return _in_footprint(window, chosen, origin, mode, cval, engine.at, place)
