"""Missing data: which samples of an image are present, how much each counts, and how much must be present."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, borders, dtypes, threads
from imfilter._base.keywords import Common
from imfilter._base.plan import by_window, some_absent

#: Bytes of an array that are searched at a time, and bytes from which on threads share the search. A thread
#: reads 29 GB/s, and to wake another one takes as long as to read 3 MB.
_CHUNK, _MANY = 1 << 21, 1 << 24
#: Samples of an image that are looked at before it is filtered as if nothing was absent.
_FEW = 1000
#: Range of confidences that are multiplied in float32.
_TINY, _HUGE = 1e-10, 1e10
#: Shares that differ by less, relative to them, are equal.
ROUNDED = 1e-12
#: Advice for a mask that is a masked array.
_UNMASK = "use mask.filled(0)"
NAN_POLICIES = ("propagate", "ignore")


@dataclass(frozen=True)
class Presence:
    """The samples of an image that are present.

    The mask has the shape of the image. Without a mask, all samples are present. With `ignore_nan`, NaN is
    absent. With `shrink`, samples beyond the border are absent.
    """

    mask: npt.NDArray | None
    ignore_nan: bool
    shrink: bool
    min_coverage: float

    @property
    def graded(self) -> bool:
        """Whether samples may count more or less, not only be present or absent."""
        return self.mask is not None and self.mask.dtype.kind != "b"

    @property
    def only_nan(self) -> bool:
        """Whether all samples are present except NaN."""
        return self.ignore_nan and self.mask is None and not self.shrink

    @property
    def moderate(self) -> bool:
        """Whether float32 holds how much samples count, and products of it."""
        if self.mask is None or not self.graded:
            return True
        low = float(np.min(self.mask, where=self.mask > 0, initial=np.inf))
        return low > _TINY and float(self.mask.max()) < _HUGE

    def apart_from(self, out: npt.NDArray) -> "Presence":
        """Return the same presence, with a mask that an output does not overwrite."""
        shared = self.mask is not None and np.may_share_memory(self.mask, out)
        return replace(self, mask=np.array(self.mask)) if shared else self

    def least(self, total: Any) -> Any:
        """Return how much of a `total` must be present. Shares that differ by rounding errors are equal."""
        return self.min_coverage * total * (1 - ROUNDED)

    def at(self, image: npt.NDArray, where: Any) -> npt.NDArray:
        """Return how much the samples at an index of the image count: truth values, or floats if `graded`."""
        samples = image[where]
        found = np.ones(samples.shape, bool) if self.mask is None else self.mask[where]
        if self.ignore_nan and samples.dtype.kind == "f":
            absent = np.isnan(samples)
            found = np.where(absent, found.dtype.type(0), found)
        return found

    def present(self, image: npt.NDArray) -> npt.NDArray[np.bool_]:
        """Return which samples of the image are present."""
        return self.at(image, ...) > 0 if self.graded else self.at(image, ...)


def is_masked(image: object) -> bool:
    """Tell whether an image is a masked array. NumPy imports their module at the first look."""
    return type(image) is not np.ndarray and isinstance(image, np.ma.MaskedArray)


def split(image: Any) -> tuple[Any, npt.NDArray[np.bool_] | None]:
    """Return an image without its mask, and True where its samples are present. None: it has no mask."""
    if is_masked(image):
        mask = np.ma.getmaskarray(image)
        # Each field of a structured array has a mask. Such arrays are refused later, like those without mask.
        return np.ma.getdata(image), ~mask if mask.dtype.kind == "b" else None
    return image, None


def wanted(image: Any, common: Common) -> bool:
    """Tell whether a call asks for missing data in any way, or may have a wrong argument about it.

    Most calls do this, so it takes 0.2 us.
    """
    mode, _, _, _, _, _, _, mask, nan, min_coverage = common
    return (
        mask is not None
        or not isinstance(nan, str)
        or nan != "propagate"
        or type(min_coverage) is not float
        or min_coverage != 0
        or (isinstance(mode, str) and mode == "shrink")
        or is_masked(image)
    )


def presence(image: npt.NDArray, common: Common, own: npt.NDArray | None = None) -> Presence | None:
    """Check the arguments about missing data. Return None if every sample is present; see `asked`."""
    if own is None and not wanted(image, common):
        return None  # the checks would take 0.6 us
    return found(asked(image, common, own), image, common.workers)


def asked(image: npt.NDArray, common: Common, own: npt.NDArray | None = None) -> Presence:
    """Check the arguments about missing data. The image is not yet searched for NaN.

    `own` is the mask of the image itself: True where a sample is present.
    """
    ignore, least = policy(common.nan, common.min_coverage)
    mask = None if common.mask is None else _checked(common.mask, image, common.channel_axis)
    if common.out is not None and mask is not None and np.may_share_memory(mask, common.out):
        mask = mask.copy()  # `out` is written while the mask is read
    if own is not None:
        mask = own if mask is None else np.where(own, mask, mask.dtype.type(0))
    alone = by_window.get() or some_absent.get()
    if mask is not None and not alone and _all_ones(mask, threads.requested(common.workers)):
        mask = None
    shrink = isinstance(common.mode, str) and common.mode == "shrink"
    return Presence(mask, ignore and image.dtype.kind == "f", shrink, least)


def policy(nan: Any, min_coverage: Any) -> tuple[bool, float]:
    """Return whether NaN is absent, and how much of a window must be present."""
    ignore = arguments.word(nan, "nan", NAN_POLICIES) == "ignore"
    return ignore, arguments.share(min_coverage, "min_coverage")


def found(asked: Presence, image: npt.NDArray, workers: int | None) -> Presence | None:
    """Return the presence that was asked for, or None if every sample of the image is present.

    Sums with and without absent samples are rounded differently. A block of an image does not know whether
    samples of other blocks are absent. So it is filtered as if some were.
    """
    if asked.ignore_nan and not by_window.get() and not has_nan(image, threads.requested(workers)):
        asked = replace(asked, ignore_nan=False)
    nothing = asked.mask is None and not asked.ignore_nan and not asked.shrink
    return None if nothing else asked


def _checked(value: npt.ArrayLike, image: npt.NDArray, channel_axis: Any) -> npt.NDArray:
    """Return a mask in the shape of the image: truth values, or floats of at least 0."""
    mask = arguments.numbers_of(value, "mask", _UNMASK)
    shape, spatial = image.shape, image.shape
    if channel_axis is not None:
        channel = arguments.axis_index(channel_axis, image.ndim, "channel_axis")
        spatial = shape[:channel] + shape[channel + 1 :]
        if mask.shape == spatial and mask.shape != shape:
            mask = np.expand_dims(mask, channel)
            mask = np.broadcast_to(mask, shape)
    return _weights(_of_shape(mask, shape, spatial))


def _of_shape(mask: npt.NDArray, shape: tuple[int, ...], other: tuple[int, ...]) -> npt.NDArray:
    """Return the mask if it has the shape of the data. The error also names another accepted shape."""
    if mask.shape != shape:
        accepted = f"{shape}" if other == shape else f"{shape} or {other}"
        raise ValueError(f"mask must have shape {accepted}, got {mask.shape}")
    return mask


def _weights(mask: npt.NDArray) -> npt.NDArray:
    """Return how much samples count: truth values, or floats of at least 0."""
    if mask.dtype.kind == "b":
        return mask
    with np.errstate(over="ignore"):  # of long doubles
        mask = dtypes.readable(mask)
    if mask.dtype.kind != "f":
        mask = mask.astype(np.float64)
    if not mask.min(initial=0) >= 0 or not np.isfinite(mask.max(initial=0)):
        wrong = mask[~(np.isfinite(mask) & (mask >= 0))].flat[0]
        raise ValueError(f"mask must contain truth values or finite numbers of at least 0, got {wrong}")
    present = mask > 0
    return present if np.array_equal(present, mask) else mask  # 0 and 1 are truth values


def counts(
    value: npt.ArrayLike | None, own: npt.NDArray[np.bool_] | None, shape: tuple[int, ...], along: int | None
) -> npt.NDArray | None:
    """Return how much each sample of series counts. None: all samples count 1.

    `value` is a mask of the series, or one along the axis of time for all. `own` is that of a masked array.
    """
    mask = own
    if value is not None:
        mask, other = arguments.numbers_of(value, "mask", _UNMASK), shape
        if along is not None:
            other = shape[along : along + 1]
            if mask.shape == other != shape:
                mask = np.broadcast_to(mask.reshape(-1, *(1,) * (len(shape) - 1 - along)), shape)
        mask = _weights(_of_shape(mask, shape, other))
        if own is not None:
            mask = np.where(own, mask, mask.dtype.type(0))
    if mask is None or (mask == 1).all():
        return None
    return mask if mask.dtype.kind == "b" else mask.astype(np.float64)


def _all_ones(mask: npt.NDArray, workers: int | None) -> bool:
    """Tell whether a mask changes nothing."""
    return not any_part(mask, lambda part: not (part if part.dtype.kind == "b" else part == 1).all(), workers)


def often_nan(image: npt.NDArray) -> bool:
    """Tell whether some samples of an image, spread over it, contain NaN."""
    each = math.ceil(_FEW ** (1 / image.ndim))
    return bool(np.isnan(image[tuple(slice(None, None, max(1, n // each)) for n in image.shape)]).any())


def has_nan(image: npt.NDArray, workers: int | None) -> bool:
    """Tell whether an array of floats contains NaN, without an array of its size."""
    # The smallest number is NaN if any is. This takes a tenth of the time of a search.
    return any_part(image, lambda part: bool(np.isnan(np.min(part))), workers)


def any_part(array: npt.NDArray, found: Callable[[npt.NDArray], bool], workers: int | None) -> bool:
    """Tell whether some part of an array has a property. Threads share the search."""
    parts = array.reshape(-1) if array.flags.c_contiguous else array
    step, met = max(1, _CHUNK * len(parts) // array.nbytes), list[bool]()

    def task(start: int, stop: int) -> None:
        for first in range(start * step, stop * step, step):
            if not met and found(parts[first : first + step]):
                met.append(True)

    threads.run(task, -(-len(parts) // step), 1 if array.nbytes < _MANY else workers)
    return bool(met)


def border_of_counts(mode: str) -> str:
    """Return the border of an array of how much samples count, with a constant of 1.

    Beyond a border of zeros samples are present, and beyond 'shrink' they are absent.
    """
    return {"zero": "constant", "shrink": "zero"}.get(mode, mode)


def rows_of(
    n: int, before: int, after: int, mode: str, start: int = 0, stop: int | None = None
) -> npt.NDArray[np.int64]:
    """Return the sample at positions `start` … `stop` of a padded axis of `n` samples; -1 is the constant."""
    outside = borders.outside(n, before, after, "zero" if mode == "shrink" else mode)
    rows = np.arange(start, before + n + after if stop is None else stop) - before
    low, high = rows < 0, rows >= n
    if low.any() or high.any():
        rows[high], rows[low] = outside[before + rows[high] - n], outside[before + rows[low]]
    return rows


def taken(rows: npt.NDArray[np.int64]) -> slice | npt.NDArray[np.int64]:
    """Return the index of the samples at positions of `rows_of`, as a slice if it is one.

    At a constant it is any sample.
    """
    near = np.maximum(rows, 0) if rows.min() < 0 else rows
    first, last = int(near[0]), int(near[-1])
    straight = last - first + 1 == len(near) and bool((np.diff(near) == 1).all())
    return slice(first, last + 1) if straight else near
