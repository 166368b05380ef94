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


class Ranks:
    """The sample of a rank in windows of any shape. The axes are those of the footprint.

    ``pick(n, *own)`` is the rank among the n samples of a window.
    """

    complex_result = False

    def __init__(
        self,
        window: npt.NDArray | tuple[int, ...],
        axes: tuple[int, ...],
        mode: str,
        cval: Any,
        pick: rank.Pick,
        *own: Any,
    ) -> None:
        if len(axes) > arguments.MOST_AXES:
            raise Elsewhere("the window has more than three axes")
        box = isinstance(window, tuple)
        self._window = (window, None, *own) if box else (NO_SIZE, window, *own)
        self._axes, self._mode, self._cval, self._pick = axes, mode, cval, pick
        self._call: rank.Call | None = None

    def run(self, image: npt.NDArray, out: npt.NDArray) -> None:
        """Write the result to `out`."""
        call, direct = self._settled(image), out.dtype == image.dtype
        check_before(image, out)
        found = rank.FAMILY.compute(call, image, out if direct else None, None)
        check_size(found)
        if not direct:
            truncated(found.astype(np.float64), out)

    def run_finite(self, image: npt.NDArray, out: npt.NDArray) -> bool:
        """Write the result to `out`, of the image's type, unless a sample is NaN. Tell whether it is written.

        Some windows cannot tell without a search, and are not tried.
        """
        return rank.FAMILY.compute_finite(self._settled(image), image, out, None) is not None

    def _settled(self, image: npt.NDArray) -> rank.Call:
        if self._call is None:
            common = shared(image, self._mode, self._cval, self._axes)
            self._call = rank.FAMILY.settle(image, common, self._pick, self._window)
        return self._call


class Boxes:
    """The first or the last sample of boxes, as `pick` says."""

    complex_result = False

    def __init__(self, windows: Sequence[Line], cval: Any, pick: rank.Pick) -> None:
        windows = [window for window in windows if window.length > 1]
        self._lines = [
            Ranks(centred(np.ones(n, bool), [before]), (axis,), mode, cval, pick)
            for axis, n, before, mode in windows
        ]
        modes = {window.mode for window in windows}
        self._whole = None
        middle = all(window.before == window.length // 2 for window in windows)
        if len(modes) == 1 and middle and len(windows) <= arguments.MOST_AXES:
            axes = tuple(window.axis for window in windows)
            self._whole = Ranks(tuple(window.length for window in windows), axes, modes.pop(), cval, pick)

    def run(self, image: npt.NDArray, out: npt.NDArray) -> None:
        """Write the result to `out`. Where it has another type, each axis is converted, as in SciPy."""
        if self._whole is not None and out.dtype == image.dtype:
            self._whole.run(image, out)
            return
        if len(self._lines) > 1 and image.dtype.kind != "b":
            arguments.check_steps(out)
        if not self._lines:
            np.copyto(out, image, casting="unsafe")
        for each in self._lines:
            each.run(image, out)
            image = out


def at(n: int, place: int) -> int:
    """Return a rank that is given: a `Pick` for any number of samples."""
    return place


def centred(footprint: npt.NDArray, befores: Sequence[int]) -> npt.NDArray:
    """Return a footprint with samples that do not count on one side, so that its centre is in the middle."""
    pads = padding(footprint.shape, befores)
    return np.pad(footprint, pads) if any(map(any, pads)) else footprint


def padding(shape: Sequence[int], befores: Sequence[int]) -> list[tuple[int, int]]:
    """Return how many samples a window needs on each side, so that its centre is in the middle."""
    pads = []
    for n, before in zip(shape, befores, strict=True):
        after = n - 1 - before
        even = before == n // 2  # the engine has the same centre
        pads.append((0, 0) if even else (max(after - before, 0), max(before - after, 0)))
    return pads


def check_before(array: npt.NDArray, out: npt.NDArray) -> None:
    """Check the image before it is overwritten, as `check_size` checks the result."""
    if np.may_share_memory(array, out):
        check_size(array)


def check_size(found: npt.NDArray) -> None:
    """Leave integers to SciPy that it rounds: it compares them as float64."""
    long = found.dtype.itemsize == 8 and found.dtype.kind in "iu"
    if long and (int(found.max()) > arguments.EXACT or int(found.min()) < -arguments.EXACT):
        raise Elsewhere("SciPy rounds integers of more than 53 bits")


def shared(
    array: npt.NDArray, mode: str, cval: Any, axes: tuple[int, ...], out: npt.NDArray | None = None
) -> Common:
    """Return the shared arguments. The constant must be a value of the image's type."""
    level = arguments.number(cval) if mode == "constant" else 0.0
    if mode == "constant" and array.dtype.kind in "biu":
        whole = np.iinfo(array.dtype) if array.dtype.kind != "b" else None
        low, high = (0, 1) if whole is None else (whole.min, whole.max)
        if not level.is_integer() or not max(low, -arguments.EXACT) <= level <= min(high, arguments.EXACT):
            raise Elsewhere("cval is not a value of the image's type")
    return Common(mode, level, axes, out=out)
