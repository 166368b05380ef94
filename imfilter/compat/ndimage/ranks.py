"""Rank filters of `scipy.ndimage`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.ndimage

from imfilter._compat import ndimage_arguments as arguments
from imfilter._compat import ndimage_ranks as engine
from imfilter._compat.serving import Elsewhere, like
from imfilter._filters.rank.apply import Pick
from imfilter._filters.rank.picks import first, last
from imfilter.compat.ndimage.sums import Output
from imfilter.typing import ArrayLike, NDArray


@like(scipy.ndimage.minimum_filter1d, "scipy.ndimage.minimum_filter1d")
def minimum_filter1d(
    input: ArrayLike,  # noqa: A002  # the name in SciPy
    size: int,
    axis: int = -1,
    output: Output = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> NDArray:
    """Take the minima along an axis, as `scipy.ndimage.minimum_filter1d` does."""
    return _along(input, size, axis, output, mode, cval, origin, first)


@like(scipy.ndimage.maximum_filter1d, "scipy.ndimage.maximum_filter1d")
def maximum_filter1d(
    input: ArrayLike,  # noqa: A002  # the name in SciPy
    size: int,
    axis: int = -1,
    output: Output = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> NDArray:
    """Take the maxima along an axis, as `scipy.ndimage.maximum_filter1d` does."""
    return _along(input, size, axis, output, mode, cval, origin, last)


def _along(
    given: ArrayLike,
    size: int,
    axis: int,
    output: Output,
    mode: str,
    cval: float,
    origin: int,
    pick: Pick,
) -> NDArray:
    array = arguments.image(given)
    line = engine.line(arguments.axis(axis, array), size, origin, mode)
    return engine.extreme_of_boxes(array, [line], cval, arguments.output(output, array), pick)


@like(scipy.ndimage.minimum_filter, "scipy.ndimage.minimum_filter")
def minimum_filter(
    input: ArrayLike,  # noqa: A002  # the name in SciPy
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
    return extreme(input, size, footprint, output, mode, cval, origin, axes, first)


@like(scipy.ndimage.maximum_filter, "scipy.ndimage.maximum_filter")
def maximum_filter(
    input: ArrayLike,  # noqa: A002  # the name in SciPy
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
    return extreme(input, size, footprint, output, mode, cval, origin, axes, last)


def extreme(
    given: ArrayLike,
    size: Any,
    footprint: Any,
    output: Output,
    mode: Any,
    cval: Any,
    origin: Any,
    axes: Any,
    pick: Pick,
) -> NDArray:
    """Take the minima or the maxima of windows."""
    array = arguments.image(given)
    chosen = arguments.axes(axes, array)
    window = None if footprint is None else _footprint(footprint, size, len(chosen))
    if window is None and size is None:
        raise Elsewhere("there is no window")
    out = arguments.output(output, array)
    if window is None or window.all():
        sizes = arguments.each(size if window is None else window.shape, len(chosen), "size")
        others = [arguments.each(v, len(chosen), "an argument") for v in (origin, mode)]
        along = [engine.line(a, s, o, m) for a, s, o, m in zip(chosen, sizes, *others, strict=True) if s > 1]
        return engine.extreme_of_boxes(array, along, cval, out, pick)
    return _in_footprint(array, window, chosen, origin, mode, cval, out, pick)


def _footprint(footprint: Any, size: Any, count: int) -> NDArray:
    window = np.asarray(footprint, bool)
    if size is not None or window.ndim != count or not window.any():
        raise Elsewhere("size and footprint do not fit")
    return window


def _in_footprint(
    array: NDArray,
    window: NDArray,
    axes: tuple[int, ...],
    origin: Any,
    mode: Any,
    cval: Any,
    out: NDArray,
    pick: Pick,
    *own: Any,
) -> NDArray:
    """Take ranks. The axes of the footprint are in ascending order, in whichever order `axes` names them."""
    shifts = dict(zip(axes, arguments.each(origin, len(axes), "origin"), strict=True))
    ascending = tuple(sorted(axes))
    befores = [arguments.before(n, shifts[a]) for a, n in zip(ascending, window.shape, strict=True)]
    border = arguments.mode(mode)
    return engine.of_rank(array, window, ascending, befores, border, cval, out, pick, *own)


@like(scipy.ndimage.median_filter, "scipy.ndimage.median_filter")
def median_filter(
    input: ArrayLike,  # noqa: A002  # the name in SciPy
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
    return _ranked(input, lambda n: n // 2, size, footprint, output, mode, cval, origin, axes)


@like(scipy.ndimage.percentile_filter, "scipy.ndimage.percentile_filter")
def percentile_filter(
    input: ArrayLike,  # noqa: A002  # the name in SciPy
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
    share = float(percentile) + 100.0 * (percentile < 0)
    if not 0 <= share <= 100:
        raise Elsewhere("percentile is not from 0 to 100")

    def index(n: int) -> int:
        return n - 1 if share == 100 else int(float(n) * share / 100.0)

    return _ranked(input, index, size, footprint, output, mode, cval, origin, axes)


@like(scipy.ndimage.rank_filter, "scipy.ndimage.rank_filter")
def rank_filter(
    input: ArrayLike,  # noqa: A002  # the name in SciPy
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
    place = int(rank)
    if place != rank:
        raise Elsewhere("rank is not an integer")
    return _ranked(
        input, lambda n: place + n * (place < 0), size, footprint, output, mode, cval, origin, axes
    )


def _at(n: int, place: int) -> int:
    return place


def _ranked(
    given: ArrayLike,
    index: Any,
    size: Any,
    footprint: Any,
    output: Output,
    mode: Any,
    cval: Any,
    origin: Any,
    axes: Any,
) -> NDArray:
    """Take the sample that ``index(n)`` names, of the n of each window in ascending order."""
    array = arguments.image(given)
    chosen = arguments.axes(axes, array)
    if footprint is None and size is None:
        raise Elsewhere("there is no window")
    if footprint is None:
        sizes = arguments.each(size, len(chosen), "size")
        # SciPy makes the footprint before it looks at the axes, so it is in ascending order too.
        window = np.ones([int(n) for n in sizes], bool)
    else:
        window = _footprint(footprint, size, len(chosen))
    count = int(window.sum())
    place = int(index(count))
    if not 0 <= place < count:
        raise Elsewhere("rank is outside the window")
    if place in (0, count - 1):
        return extreme(given, None, window, output, mode, cval, origin, axes, last if place else first)
    out = arguments.output(output, array)
    return _in_footprint(array, window, chosen, origin, mode, cval, out, _at, place)
