"""The histogram of an image from those of its blocks. Counts are integers, so the blocks do not matter."""

import math
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._filters.threshold.histogram import (
    UNSIGNED,
    WIDEST,
    Histogram,
    Number,
    Samples,
    counted,
    extremes,
    of_counts,
    of_real_counts,
    real_bins,
)

Key = TypeVar("Key")

#: The smallest and the largest sample of a block. Empty: no sample is present. NaN: one of them is.
Limits = tuple[Number, ...]


def refuse_weights(weighted: bool) -> None:
    """Raise an error if the samples of a mask have weights."""
    if weighted:
        raise ValueError("mask must contain truth values for an image of several blocks, got numbers")


def limits(samples: Samples | None) -> Limits:
    """Return the limits of the samples of a block."""
    if samples is None:
        return math.nan, math.nan
    refuse_weights(samples.weights is not None)
    return extremes(samples) if len(samples.values) else ()


def joined(found: list[Limits]) -> Limits:
    """Return the limits of all blocks."""
    ends = [end for pair in found for end in pair]
    if any(end != end for end in ends):
        return math.nan, math.nan
    if not ends:
        raise ValueError("image must have at least one sample that is present, got none")
    return min(ends), max(ends)


def narrow(dtype: np.dtype) -> Limits:
    """Return limits of all samples of a type that has so few values that each is counted; else nothing."""
    if dtype.kind == "b":
        return 0, 255
    if dtype.kind == "f" or dtype.itemsize > 2:
        return ()
    info = np.iinfo(dtype)
    return int(info.min), int(info.max)


def counts(samples: Samples | None, ends: Limits, bins: int) -> Any:
    """Return the counts of a block in the bins of the image; of a wide range, places and their counts."""
    low, high = ends
    if samples is None or low == high or low != low:
        return None
    refuse_weights(samples.weights is not None)
    if not samples.whole:
        _, table = real_bins(samples.values.dtype, low, high, bins)
        return counted(samples, 0, bins, np.append(table, bins / (high - low)))
    if high - low < WIDEST:
        return counted(samples, int(low), int(high - low) + 1, None)
    unsigned = UNSIGNED[samples.values.dtype.itemsize]
    places = samples.values.view(unsigned) - unsigned.type(int(low) % (1 << 8 * unsigned.itemsize))
    return np.unique(places, return_counts=True)


def total(found: list[Any]) -> Any:
    """Return the counts of all blocks together. They are those of a block, too."""
    if any(one is None for one in found):
        return None
    if not isinstance(found[0], tuple):
        return np.sum(found, axis=0)
    places, back = np.unique(np.concatenate([one for one, _ in found]), return_inverse=True)
    added = np.zeros(len(places), np.int64)
    np.add.at(added, back.reshape(-1), np.concatenate([one for _, one in found]))
    return places, added


def histogram(found: list[Any], ends: Limits, bins: int, dtype: np.dtype) -> Histogram | Number:
    """Return the histogram of all blocks."""
    low, high = ends
    if low != low or any(one is None for one in found):
        return high if low == high else math.nan
    joint = total(found)
    if dtype.kind == "f":
        centres, _ = real_bins(_read(dtype), low, high, bins)
        return of_real_counts(joint, low, high, centres)
    if high - low < WIDEST:
        if not joint.any():
            raise ValueError("image must have at least one sample that is present, got none")
        return of_counts(joint, int(low))
    places, sums = joint
    return Histogram(places, sums.astype(np.float64), low, 1.0, None)


def of_parts(parts: Callable[[], Iterable[Samples | None]], dtype: np.dtype, bins: int) -> Histogram | Number:
    """Return the histogram of an image of a type from its parts, which are read once or twice.

    ``parts()`` yields the samples of each part. None: one of them is NaN.
    """
    return of_groups(lambda: ((None, part) for part in parts()), dtype, bins)[None]


def of_groups(
    parts: Callable[[], Iterable[tuple[Key, Samples | None]]], dtype: np.dtype, bins: int
) -> dict[Key, Histogram | Number]:
    """Return the histograms of several images: see `of_parts`. A part comes with the key of its image."""
    same, found = narrow(dtype), dict[Key, Histogram | Number]()
    ends: dict[Key, Limits] = {}
    if not same:
        pairs: dict[Key, list[Limits]] = {}
        for key, part in parts():
            pairs.setdefault(key, []).append(limits(part))
        ends = {key: joined(every) for key, every in pairs.items()}
        found = {key: high for key, (low, high) in ends.items() if not low < high}  # equal samples, or NaN
        if len(found) == len(ends):
            return found
    counted: dict[Key, Any] = {}
    for key, part in parts():
        if key not in found:
            one = counts(part, same or ends[key], bins)
            counted[key] = total([counted[key], one]) if key in counted else one
    return found | {key: histogram([one], same or ends[key], bins, dtype) for key, one in counted.items()}


def _read(dtype: np.dtype) -> np.dtype:
    """Return the type in which samples of a type are read."""
    empty: npt.NDArray = np.empty(0, dtype)
    return dtypes.readable(empty).dtype
