"""Filters of `scipy.ndimage` that call a function for each window."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.ndimage

from imfilter._base import dtypes
from imfilter._base.call_cache import Calls, remembered
from imfilter._compat import ndimage_arguments as arguments
from imfilter._compat import ndimage_functions as engine
from imfilter._compat.ndimage_functions import Windows
from imfilter._compat.ndimage_ranks import shared
from imfilter._compat.serving import Elsewhere, like
from imfilter._filters.ordered.rounding import truncated
from imfilter.compat.ndimage.sums import Output
from imfilter.typing import ArrayLike, NDArray

#: Borders of `vectorized_filter`. SciPy 1.17 treats 'grid-mirror' as 'mirror' there.
_MODES = arguments.MODES | {"grid-mirror": "mirror"}


@like(scipy.ndimage.generic_filter, "scipy.ndimage.generic_filter")
def generic_filter(
    input: ArrayLike,
    function: Callable[..., float],
    size: int | Sequence[int] | None = None,
    footprint: ArrayLike | None = None,
    output: Output = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    extra_arguments: tuple[Any, ...] = (),
    extra_keywords: dict[str, Any] | None = None,
    *,
    axes: int | tuple[int, ...] | None = None,
) -> NDArray:
    """Call a function for each window, as `scipy.ndimage.generic_filter` does.

    Functions that Numba has compiled, and minima, maxima, medians, sums, means, variances and standard
    deviations of NumPy run here, if they certainly give the same result.
    """
    array, window = arguments.image(input), (size, footprint, mode, cval, origin, axes)
    what = engine.known(function, of_one=True)
    out = arguments.output(output, array)
    if np.may_share_memory(array, out) or extra_keywords:
        raise Elsewhere("output overlaps the image, or the function has keywords")
    if what is not None and extra_arguments:
        raise Elsewhere("the function has more arguments")
    if what in engine.PICKS:
        found = remembered(_kept, _picks, array, (what, *window)).found(array, out)
        if found is out:
            return out
        truncated(found.astype(np.float64, copy=False), out)
        return out
    windows = _window(array, *window)
    if what is None:
        found = engine.called(array, function, tuple(extra_arguments), windows)
    elif engine.sums_exactly(array, what, windows):
        found = engine.summed(array, what, windows)
    else:
        found = engine.ordered(array, function, what, windows)
    truncated(found.astype(np.float64, copy=False), out)
    return out


#: Filters that pick samples, by the arguments that they are made of.
_kept: Calls[engine.Picks] = Calls()


def _window(
    array: NDArray, size: Any, footprint: Any, mode: Any, cval: Any, origin: Any, axes: Any
) -> Windows:
    """Return the checked windows of `generic_filter`."""
    chosen = arguments.axes(axes, array)
    if (size is None) == (footprint is None):
        raise Elsewhere("size and footprint do not fit")
    inside = _footprint(np.ones(_sizes(size, len(chosen)), bool) if footprint is None else footprint, chosen)
    return _windows(inside, chosen, origin, arguments.mode(mode), cval)


def _picks(array: NDArray, what: str, *window: Any) -> engine.Picks:
    windows, kind = _window(array, *window), array.dtype.newbyteorder("=")
    if windows.mode == "constant" and not dtypes.holds(kind, windows.cval):
        kind = np.dtype(np.float64)
    return engine.Picks(what, windows, kind, np.dtype(np.float64))  # SciPy passes windows as float64


def _footprint(footprint: Any, axes: tuple[int, ...]) -> NDArray:
    inside = np.asarray(footprint, bool)
    if inside.ndim != len(axes) or not inside.any() or axes != tuple(sorted(axes)) or len(axes) > 3:
        raise Elsewhere("the window does not fit")
    return inside


def _sizes(size: Any, count: int) -> list[int]:
    lengths = [operator.index(n) for n in arguments.each(size, count, "size")]
    if not lengths or min(lengths) < 1:
        raise Elsewhere("size is not positive")
    return lengths


def _windows(inside: NDArray, axes: tuple[int, ...], origin: Any, mode: str, cval: Any) -> Windows:
    shifts = arguments.each(origin, len(axes), "origin")
    befores = tuple(arguments.before(n, o) for n, o in zip(inside.shape, shifts, strict=True))
    return Windows(inside, axes, befores, mode, arguments.number(cval))


@like(scipy.ndimage.generic_filter1d, "scipy.ndimage.generic_filter1d")
def generic_filter1d(
    input: ArrayLike,
    function: Callable[..., None],
    filter_size: int,
    axis: int = -1,
    output: Output = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
    extra_arguments: tuple[Any, ...] = (),
    extra_keywords: dict[str, Any] | None = None,
) -> NDArray:
    """Call a function for each line, as `scipy.ndimage.generic_filter1d` does. All calls run in SciPy."""
    raise Elsewhere("a function of whole lines may depend on the order of calls")


@like(scipy.ndimage.vectorized_filter, "scipy.ndimage.vectorized_filter")
def vectorized_filter(
    input: ArrayLike,
    function: Callable[..., NDArray],
    *,
    size: int | Sequence[int] | None = None,
    footprint: ArrayLike | None = None,
    output: NDArray | None = None,
    mode: str = "reflect",
    cval: complex | None = None,
    origin: int | Sequence[int] | None = None,
    axes: int | tuple[int, ...] | None = None,
    batch_memory: int = 2**30,
) -> NDArray:
    """Call a function for all windows at once, as `scipy.ndimage.vectorized_filter` does.

    Minima, maxima and medians of NumPy, and its sums and means of integers of at most 16 bits run here.
    """
    array, what = arguments.image(input), engine.known(function, of_one=False)
    if what is None or output is not None or not array.dtype.isnative:
        raise Elsewhere("the function may depend on the order of calls, or output is given")
    window = size, footprint, mode, cval, origin, axes, batch_memory
    if what in engine.PICKS:
        return remembered(_kept, _vectorized_picks, array, (what, *window)).found(array)
    windows = _vectorized_window(array, *window)
    if not engine.sums_exactly(array, what, windows):
        raise Elsewhere("the order of NumPy's sums may change the result")
    found = engine.summed(array, what, windows)
    kind = "u8" if array.dtype.kind == "u" else "i8"
    return found if what == "mean" else found.astype(kind)


def _vectorized_window(
    array: NDArray,
    size: Any,
    footprint: Any,
    mode: Any,
    cval: Any,
    origin: Any,
    axes: Any,
    batch_memory: Any,
) -> Windows:
    """Return the checked windows of `vectorized_filter`."""
    chosen = arguments.axes(axes, array)
    if (size is None) == (footprint is None) or mode not in _MODES:
        raise Elsewhere("size and footprint do not fit, or the mode is unknown")
    border = _MODES[mode]
    if cval is not None and border != "constant":
        raise Elsewhere("cval is given for another mode")
    inside = np.asarray(np.ones(_sizes(size, len(chosen)), bool) if footprint is None else footprint, bool)
    if inside.ndim != len(chosen):
        raise Elsewhere("the window does not fit")
    shifts = arguments.each(0 if origin is None else origin, len(chosen), "origin")
    order = sorted(range(len(chosen)), key=chosen.__getitem__)  # the axes of the window follow `axes`
    inside, ascending = _footprint(inside.transpose(order), tuple(sorted(chosen))), tuple(sorted(chosen))
    windows = _windows(inside, ascending, [shifts[n] for n in order], border, 0.0 if cval is None else cval)
    _check_memory(array, chosen, inside, batch_memory)
    shared(array, border, windows.cval, ascending, None)  # NumPy casts cval to the type of the image
    return windows


def _vectorized_picks(array: NDArray, what: str, *window: Any) -> engine.Picks:
    if array.dtype.kind == "b" and what == "median":
        raise Elsewhere("NumPy has its own medians of truth values")
    real = array.dtype if array.dtype.kind == "f" else np.dtype(np.float64)
    return engine.Picks(what, _vectorized_window(array, *window), array.dtype, real)


def _check_memory(array: NDArray, axes: tuple[int, ...], inside: NDArray, memory: Any) -> None:
    """Leave images to SciPy for which it has too little memory."""
    lengths = [n for a, n in enumerate(array.shape) if a not in axes] + [array.shape[a] for a in axes]
    if not memory >= math.prod(lengths[1:]) * inside.size * array.dtype.itemsize:
        raise Elsewhere("batch_memory is insufficient")
