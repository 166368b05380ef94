"""Minima and maxima where samples are absent: they get a value that changes no result."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, bands, dtypes, missing
from imfilter._base.keywords import Common
from imfilter._base.missing import Presence
from imfilter._filters.rank.footprint import radii
from imfilter._filters.rank.picks import nth

#: Filters an image: ``rank(image, common, pick, window)``.
Rank = Callable[[npt.NDArray, Common, Callable[..., int], tuple[Any, ...]], npt.NDArray]
MINIMUM, MAXIMUM = "minimum", "maximum"


def extreme_of(pick: Callable[..., int], own: list[Any], taps: int) -> str | None:
    """Return which extreme a rank is for any number of samples, or None. Few numbers tell."""
    numbers = {1, 2, 3, taps // 2 or 1, taps}
    if all(pick(n, *own) == 0 for n in numbers):
        return MINIMUM
    return MAXIMUM if all(pick(n, *own) == n - 1 for n in numbers) else None


def among_present(
    rank: Rank,
    array: npt.NDArray,
    given: Common,
    pick: Callable[..., int],
    presence: Presence,
    window: tuple[Any, ...],
    dtype: np.dtype,
    fewest: int,
    *,
    largest: bool,
    wanted: bool,
) -> bands.Found:
    """Find the minimum or the maximum of the present samples, and where fewer than `fewest` are present.

    If not `wanted`, do not return where. Large images are cut into bands, because this makes several arrays.
    """
    axes = arguments.axes(array, given.axes, given.channel_axis)
    size, footprint, *_ = window
    lengths = arguments.window(size, footprint, len(axes))
    lengths = lengths.shape if isinstance(lengths, np.ndarray) else lengths
    reach = radii(array.ndim, axes, lengths)
    given = given._replace(axes=axes, channel_axis=None)

    def compute(samples: npt.NDArray, seen: Presence, common: Common) -> bands.Found:
        return _among(rank, samples, common, pick, seen, window, dtype, fewest, largest=largest)

    periodic = given.mode == "wrap"
    cut = bands.of(array.shape, bytes_of(array, periodic=periodic), reach, periodic=periodic)
    if not cut:
        return compute(array, presence, given)
    target = dtypes.empty(array.shape, dtype) if given.out is None else given.out
    if np.may_share_memory(target, array):
        array = array.copy()
    common = given._replace(out=None, workers=1)

    def of_band(band: bands.Band) -> bands.Found:
        return compute(band.of(array), band.present(presence), common)

    return bands.run(cut, of_band, target, given.workers, wanted=wanted)


def bytes_of(array: npt.NDArray, *, periodic: bool) -> int:
    """Return the bytes for each sample of the arrays that filters with absent samples make.

    With a `periodic` border, the image and the mask are copied, too.
    """
    return (4 + periodic) * array.itemsize + 5 + periodic


def _among(
    rank: Rank,
    array: npt.NDArray,
    given: Common,
    pick: Callable[..., int],
    presence: Presence,
    window: tuple[Any, ...],
    dtype: np.dtype,
    fewest: int,
    *,
    largest: bool,
) -> bands.Found:
    """Do what `among_present` does, at once.

    At least `fewest` samples are present if the sample of that rank, from the largest on, is present.
    """
    size, footprint, *_ = window
    there, absent = presence.present(array), dtypes.neutral(array.dtype, largest=largest)
    if array.dtype.kind == "f" and not largest and missing.has_nan(array, given.workers):
        absent = array.dtype.type(np.nan)  # sorts last, after infinity
    plain = Common(axes=given.axes, channel_axis=given.channel_axis, workers=given.workers)
    cval, beyond = given.cval if given.mode == "constant" else 0, 1
    mode = "constant" if given.mode in ("zero", "shrink") else given.mode
    if given.mode == "shrink":
        cval, beyond = (int(absent) if array.dtype.kind in "biu" else absent), 0
    found = rank(np.where(there, array, absent), plain._replace(mode=mode, cval=cval), pick, window)
    few = ~rank(there, plain._replace(mode=mode, cval=beyond), nth, (size, footprint, fewest))
    out = given.out
    if out is None:
        out = found if found.dtype == dtype else dtypes.empty(array.shape, dtype)
    if out is not found:
        dtypes.place(found, out)
    blank(out, few)
    return out, few


def blank(out: npt.NDArray, few: npt.NDArray[np.bool_]) -> None:
    """Write NaN, or 0 in integers, where too few samples are present."""
    out[few] = np.nan if out.dtype.kind == "f" else 0


def near_border(
    rank: Rank,
    shape: tuple[int, ...],
    axes: tuple[int, ...],
    inside: npt.NDArray[np.bool_],
    window: tuple[Any, ...],
    fewest: int,
) -> npt.NDArray[np.bool_] | None:
    """Return where fewer than `fewest` samples of a window are in the image, or None if they are nowhere.

    An image is looked at that is just so large that it has all cases.
    """
    if fewest <= 1 and inside[tuple(taps // 2 for taps in inside.shape)]:
        return None
    lengths, places = [1] * len(shape), [np.zeros(n, np.intp) for n in shape]
    for axis, taps in zip(axes, inside.shape, strict=True):
        n, before = shape[axis], taps // 2
        lengths[axis] = min(n, taps)
        position = np.arange(n)
        beyond = np.maximum(position - (n - lengths[axis]), before)  # positions near the end
        places[axis] = position if n <= taps else np.minimum(position, beyond)
    size, footprint, *_ = window
    common = Common(mode="zero", axes=axes, workers=1)
    enough = rank(np.ones(lengths, bool), common, nth, (size, footprint, fewest))
    return None if enough.all() else ~enough[np.ix_(*places)]
