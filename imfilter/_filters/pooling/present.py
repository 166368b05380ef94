"""Pooling of images in which samples are absent: the maximum, the minimum or the mean of those present.

Sums run over the windows of one axis after the other.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.missing import Presence
from imfilter._filters.pooling.windows import Windows, table

#: Pools an image without missing data.
Plain = Callable[[npt.NDArray], npt.NDArray]


def mean(
    image: npt.NDArray, presence: Presence, axes: tuple[int, ...], windows: tuple[Windows, ...]
) -> tuple[npt.NDArray, npt.NDArray[np.bool_]]:
    """Return the means, weighted by how much samples count, and where too little is present.

    Positions in the padding that the divisor counts are samples that are 0.
    """
    counts = presence.at(image, ...)
    whole = image.dtype.kind in "biu"
    wide: Any = np.int64 if whole and not presence.graded else np.float64
    if image.dtype.itemsize > 8 or (whole and image.dtype.itemsize == 8):
        wide = np.longdouble
    samples = np.where(counts > 0, image, image.dtype.type(0)).astype(wide)
    if presence.graded:
        samples = samples * counts
    divisors = _outer(windows, axes, image.ndim, "divisor")
    padding = divisors - _outer(windows, axes, image.ndim, "count")
    present = _summed(counts.astype(np.float64), axes, windows) + padding
    with np.errstate(all="ignore"):
        found = _summed(samples, axes, windows) / present
    few = ~(present > 0) | (present < presence.least(divisors))
    return found, few


def extreme(
    image: npt.NDArray,
    presence: Presence,
    axes: tuple[int, ...],
    windows: tuple[Windows, ...],
    plain: Plain,
    *,
    largest: bool,
) -> tuple[npt.NDArray, npt.NDArray[np.bool_]]:
    """Return the extremes of the present samples, and where too few are present. The padding is not there."""
    there = presence.present(image)
    found = plain(np.where(there, image, dtypes.neutral(image.dtype, largest=largest)))
    present = _summed(there.astype(np.int64), axes, windows)
    samples = _outer(windows, axes, image.ndim, "count")
    return found, (present == 0) | (present < presence.least(samples))


def _outer(windows: tuple[Windows, ...], axes: tuple[int, ...], ndim: int, name: str) -> npt.NDArray:
    """Return the product of a number of each axis, for all windows."""
    columns = [
        table(along)[name].reshape([-1 if a == axis else 1 for a in range(ndim)])
        for along, axis in zip(windows, axes, strict=True)
    ]
    return np.asarray(math.prod(columns))


def _summed(array: npt.NDArray, axes: tuple[int, ...], windows: tuple[Windows, ...]) -> npt.NDArray:
    """Return the sums of all windows."""
    for axis, along in zip(axes, windows, strict=True):
        entries = table(along)
        lines = np.moveaxis(array, axis, 0)
        found = np.zeros((along.length, *lines.shape[1:]), array.dtype)
        if along.length < along.taps:
            for number, entry in enumerate(entries):
                stop = entry["first"] + entry["count"] * along.dilation
                found[number] = lines[entry["first"] : stop : along.dilation].sum(axis=0)
        else:
            for tap in range(along.taps):
                used = entries["count"] > tap
                found[used] += lines[entries["first"][used] + tap * along.dilation]
        array = np.moveaxis(found, 0, axis)
    return array
