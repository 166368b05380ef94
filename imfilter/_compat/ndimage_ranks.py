"""Rank filters of `scipy.ndimage`: windows with an origin, and a border for each axis.

SciPy defines no result for NaN: its own depends on the order of its comparisons. Here NaN sorts after +inf.
"""

import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base.keywords import Common
from imfilter._compat import ndimage_arguments as arguments
from imfilter._compat.serving import Elsewhere
from imfilter._filters.ordered.rounding import truncated
from imfilter._filters.rank import apply as rank

#: The size that stands for none beside a footprint.
NO_SIZE = 3


class Line(NamedTuple):
    """A window along an axis: its length, the samples before its centre, and the border."""

    axis: int
    length: int
    before: int
    mode: str


def line(axis: int, size: Any, origin: Any, mode: Any) -> Line:
    """Return a checked window along an axis."""
    length = operator.index(size)
    if length < 1:
        raise Elsewhere("size is not positive")
    return Line(axis, length, arguments.before(length, origin), arguments.mode(mode))


def extreme_of_boxes(
    array: npt.NDArray, windows: Sequence[Line], cval: Any, out: npt.NDArray, pick: rank.Pick
) -> npt.NDArray:
    """Write the first or the last sample of boxes, as `pick` says."""
    windows = [window for window in windows if window.length > 1]
    modes = {window.mode for window in windows}
    centred = all(window.before == window.length // 2 for window in windows)
    if not windows:
        np.copyto(out, array, casting="unsafe")
    elif len(modes) == 1 and centred and out.dtype == array.dtype and len(windows) <= arguments.MOST_AXES:
        axes = tuple(window.axis for window in windows)
        sizes = tuple(window.length for window in windows)
        check_before(array, out)
        rank.apply(array, pick, sizes, None, shared(array, modes.pop(), cval, axes, out))
        check_size(out)
    else:
        if len(windows) > 1 and array.dtype.kind != "b":
            arguments.check_steps(out)
        for window in windows:
            shape = np.ones(window.length, bool)
            array = of_rank(array, shape, (window.axis,), (window.before,), window.mode, cval, out, pick)
    return out


def of_rank(
    array: npt.NDArray,
    footprint: npt.NDArray,
    axes: tuple[int, ...],
    befores: Sequence[int],
    mode: str,
    cval: Any,
    out: npt.NDArray,
    pick: rank.Pick,
    *own: Any,
) -> npt.NDArray:
    """Write the sample of a rank in windows of any shape. The axes are those of the footprint."""
    if len(axes) > arguments.MOST_AXES:
        raise Elsewhere("the window has more than three axes")
    window = centred(footprint, befores)
    direct = out.dtype == array.dtype
    check_before(array, out)
    common = shared(array, mode, cval, axes, out if direct else None)
    found = rank.apply(array, pick, NO_SIZE, window, common, *own)
    check_size(found)
    if not direct:
        truncated(found.astype(np.float64), out)
    return out


def centred(footprint: npt.NDArray, befores: Sequence[int]) -> npt.NDArray:
    """Return a footprint with samples that do not count on one side, so that its centre is in the middle."""
    pads = padding(footprint.shape, befores)
    return np.pad(footprint, pads) if any(map(any, pads)) else footprint


def check_before(array: npt.NDArray, out: npt.NDArray) -> None:
    """Check the image before it is overwritten, as `check_size` checks the result."""
    if np.may_share_memory(array, out):
        check_size(array)


def check_size(found: npt.NDArray) -> None:
    """Leave integers to SciPy that it rounds: it compares them as float64."""
    long = found.dtype.itemsize == 8 and found.dtype.kind in "iu"
    if long and (int(found.max()) > arguments.EXACT or int(found.min()) < -arguments.EXACT):
        raise Elsewhere("SciPy rounds integers of more than 53 bits")


def padding(shape: Sequence[int], befores: Sequence[int]) -> list[tuple[int, int]]:
    """Return how many samples a window needs on each side, so that its centre is in the middle."""
    pads = []
    for n, before in zip(shape, befores, strict=True):
        after = n - 1 - before
        even = before == n // 2  # the engine has the same centre
        pads.append((0, 0) if even else (max(after - before, 0), max(before - after, 0)))
    return pads


def shared(
    array: npt.NDArray, mode: str, cval: Any, axes: tuple[int, ...], out: npt.NDArray | None
) -> Common:
    """Return the shared arguments. The constant must be a value of the image's type."""
    level = arguments.number(cval) if mode == "constant" else 0.0
    if mode == "constant" and array.dtype.kind in "biu":
        low, high = (
            (0, 1) if array.dtype.kind == "b" else (np.iinfo(array.dtype).min, np.iinfo(array.dtype).max)
        )
        if not level.is_integer() or not max(low, -arguments.EXACT) <= level <= min(high, arguments.EXACT):
            raise Elsewhere("cval is no value of the image's type")
    return Common(mode, level, axes, out=out)
