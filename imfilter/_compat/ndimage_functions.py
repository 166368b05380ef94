"""Functions of windows that give the same result here as in SciPy, which calls them for each window.

They are functions of NumPy that pick samples, or whose sums have a known order, and functions that Numba has
compiled and that depend on nothing but the window. The result of any other function may depend on the order
of the calls, or on the order in which NumPy adds.
"""

import builtins
import math
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba.core.dispatcher import Dispatcher

from imfilter._base.keywords import Common
from imfilter._compat import ndimage_ranks as ranks
from imfilter._compat import ndimage_sums as sums
from imfilter._compat import numpy_sums
from imfilter._compat.samples import has_nan
from imfilter._compat.serving import Elsewhere
from imfilter._filters.generic import apply as generic
from imfilter._filters.generic import dependencies
from imfilter._filters.generic.user_function import UserFunction
from imfilter._filters.rank.picks import first, last

#: What functions compute.
_KNOWN: dict[Any, str] = {
    np.min: "minimum",
    np.amin: "minimum",
    np.nanmin: "minimum",
    np.max: "maximum",
    np.amax: "maximum",
    np.nanmax: "maximum",
    np.median: "median",
    np.nanmedian: "median",
    np.sum: "sum",
    np.nansum: "sum",
    np.mean: "mean",
    np.nanmean: "mean",
    np.var: "variance",
    np.std: "deviation",
}
#: What picks samples. The others add them.
PICKS = ("minimum", "maximum", "median")
#: The same of functions that take the samples of one window alone.
_OF_ONE: dict[Any, str] = {builtins.min: "minimum", builtins.max: "maximum"}
#: Most samples of a window whose sum is exact after it is rounded to an integer.
_MOST_SUMMED = 1 << 20
#: Bytes of the widest integers that are summed.
_NARROW = 2


class Windows(NamedTuple):
    """The windows of a call: the footprint, over ascending axes, its centre, and the border."""

    inside: npt.NDArray[np.bool_]
    axes: tuple[int, ...]
    befores: tuple[int, ...]
    mode: str
    cval: float


def known(function: Any, *, of_one: bool) -> str | None:
    """Return what a function computes: the name of one of the results below, or None."""
    try:
        return _KNOWN.get(function) or (_OF_ONE.get(function) if of_one else None)
    except TypeError:  # it has no hash
        return None


class Picks:
    """Minima, maxima or medians for images of one shape and type. Medians are computed in the type `real`."""

    def __init__(self, what: str, windows: Windows, source: np.dtype, real: np.dtype) -> None:
        inside, axes, befores, mode, cval = windows
        if math.isnan(cval):
            raise Elsewhere("a sample is NaN")
        self._source, self._real = source, real if what == "median" else source
        count, window = int(np.count_nonzero(inside)), ranks.centred(inside, befores)
        picks: list[tuple[Any, ...]] = [(first if what == "minimum" else last,)]
        if what == "median":
            picks = [(ranks.at, count // 2), (ranks.at, count // 2 - 1)][: 1 if count % 2 else 2]
        self._filters = [ranks.Ranks(window, axes, mode, cval, *pick) for pick in picks]

    def found(self, image: npt.NDArray, place: npt.NDArray | None = None) -> npt.NDArray:
        """Return the results for an image without NaN. If they are samples of the type of `place`, use it."""
        samples = image.astype(self._source, copy=False)
        if place is not None and place.dtype == self._source and len(self._filters) == 1:
            self._pick(self._filters[0], image, samples, place)
            return place
        results = []
        for each in self._filters:
            out = np.empty(image.shape, self._source)
            self._pick(each, image, samples, out)
            results.append(out.astype(self._real, copy=False))
        if len(results) > 1:
            with np.errstate(all="ignore"):
                results[0] += results[1]
                results[0] /= 2
        return results[0]

    @staticmethod
    def _pick(each: ranks.Ranks, image: npt.NDArray, samples: npt.NDArray, out: npt.NDArray) -> None:
        if image.dtype.kind == "f":
            if each.run_finite(samples, out):
                return
            if has_nan(image):
                raise Elsewhere("a sample is NaN")
        each.run(samples, out)


def sums_exactly(array: npt.NDArray, what: str, windows: Windows) -> bool:
    """Tell whether sums of integers are exact, in any order."""
    inside, _, _, mode, cval = windows
    if array.dtype.kind not in "biu" or array.dtype.itemsize > _NARROW or inside.size > _MOST_SUMMED:
        return False
    return what in ("sum", "mean") and (mode != "constant" or (cval.is_integer() and abs(cval) < 1 << 16))


def summed(array: npt.NDArray, what: str, windows: Windows) -> npt.NDArray:
    """Return exact sums or means of integers as float64."""
    inside, axes, befores, mode, cval = windows
    lengths, places = [1] * array.ndim, [0] * array.ndim
    for axis, length, before in zip(axes, inside.shape, befores, strict=True):
        lengths[axis], places[axis] = length, before
    found = np.empty(array.shape)
    sums.Window(inside.astype(np.float64).reshape(lengths), places, mode, cval).run(array, found)
    np.rint(found, out=found)
    if what == "mean":
        found /= int(np.count_nonzero(inside))
    return found


def ordered(array: npt.NDArray, function: Any, what: str, windows: Windows) -> npt.NDArray:
    """Return sums, means, variances or standard deviations as NumPy computes them for each window."""
    if function in (np.nansum, np.nanmean):
        raise Elsewhere("samples may be NaN")
    ours = numpy_sums.function(what, int(np.count_nonzero(windows.inside)))
    return _each(array, UserFunction.checked(ours, (), True), windows)


def called(array: npt.NDArray, function: Any, args: tuple[Any, ...], windows: Windows) -> npt.NDArray:
    """Return what a function that Numba has compiled returns for each window, as float64."""
    if not isinstance(function, Dispatcher):
        raise Elsewhere("the function may depend on the order of calls, or of NumPy's sums")
    user = replace(UserFunction.checked(function, args, True), vectors=False)
    if not all(isinstance(a, bool | int | float) for a in user.args) or not dependencies.repeatable(function):
        raise Elsewhere("the compiled function may depend on more than the window")
    return _each(array, user, windows)


def _each(array: npt.NDArray, user: UserFunction, windows: Windows) -> npt.NDArray:
    inside, axes, befores, mode, cval = windows
    pads = tuple((b, n - 1 - b) for b, n in zip(befores, inside.shape, strict=True))
    common = Common(mode, cval if mode == "constant" else 0.0, axes, dtype=np.float64)
    return generic.apply(array, user, 1, (None, inside), (1, pads), common)
