"""The tiles of an image, the values in each, and the tables between them."""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments

#: Largest number of bins.
MOST_BINS = 1 << 16
#: Types whose whole range is the range of values.
_NARROW = frozenset(map(np.dtype, ("bool", "uint8", "int8", "uint16", "int16")))
#: The difference of floats up to this size does not overflow.
_LARGEST = 2.0**1022
#: Tiles along an axis by default.
_TILES = 8


class Range(NamedTuple):
    """A range of values. `unit` is 1 for integers, which fill it, and 0 for floats."""

    low: float
    high: float
    unit: int

    def scale(self, bins: int) -> float:
        """Return the number of bins of a unit."""
        return bins / (self.high - self.low + self.unit)

    def is_narrow(self, bins: int) -> bool:
        """Tell whether the number of bins of a unit is infinite."""
        return not self.unit and self.high > self.low and math.isinf(self.scale(bins))

    def is_large(self) -> bool:
        """Tell whether the range, or a sum of values in it, may be infinite."""
        return not self.unit and max(-self.low, self.high) > _LARGEST

    def shift(self, bins: int, dtype: np.dtype) -> int:
        """Return by how many bits samples less the lowest are moved to be bins, or -1."""
        if dtype not in _NARROW or dtype.kind == "b" or self != range_of(None, dtype):
            return -1
        values = int(self.high - self.low) + 1
        return -1 if bins & (bins - 1) else values.bit_length() - bins.bit_length()


def counts_of(size: Any, lengths: tuple[int, ...]) -> tuple[int, ...]:
    """Return the number of tiles along each axis. `size` is their length."""
    if size is None:
        return tuple(min(n, _TILES) for n in lengths)
    wanted = arguments.integers(size, len(lengths), "size", least=1)
    return tuple(max(1, round(n / s)) for n, s in zip(lengths, wanted, strict=True))


def range_of(value: Any, dtype: np.dtype) -> Range | None:
    """Return the range of values that is given, or that of a type. None: that of the samples."""
    unit = 0 if dtype.kind == "f" else 1
    if value is None:
        if dtype not in _NARROW:
            return None
        if dtype.kind == "b":
            return Range(0, 1, 1)
        return Range(np.iinfo(dtype).min, np.iinfo(dtype).max, 1)
    low, high = arguments.interval(value, "value_range")
    if unit and not (low.is_integer() and high.is_integer()):
        raise ValueError(f"value_range must be two integers for {dtype}, got {arguments.brief(value)}")
    return Range(low, high, unit)


def seen(image: npt.NDArray, present: npt.NDArray[np.bool_] | None) -> Range:
    """Return the range of the finite samples that are present."""
    where: Any = True if present is None else present
    unit = 0 if image.dtype.kind == "f" else 1
    low, high = _extremes(image, where)
    if not (math.isfinite(low) and math.isfinite(high)):
        finite = np.isfinite(image)
        low, high = _extremes(image, finite if present is None else finite & present)
        if low > high:
            return Range(0, 1, unit)
    return Range(low, high, unit)


def _extremes(image: npt.NDArray, where: Any) -> tuple[float, float]:
    """Return the smallest and the largest sample. Without samples, the first is larger."""
    kept = image if where is True else image[where]
    if not kept.size:
        return math.inf, -math.inf
    return kept.min().item(), kept.max().item()  # an integer stays exact


def edges(n: int, count: int) -> npt.NDArray[np.int64]:
    """Return the first sample of each of `count` tiles of an axis of `n` samples, and `n`."""
    return np.arange(count + 1, dtype=np.int64) * n // count


class Along(NamedTuple):
    """The tiles before and after each sample of an axis, and the weight of the second.

    The middle of a tile of n samples is sample n/2, as in OpenCV.
    """

    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float64]

    @classmethod
    def of(cls, n: int, count: int) -> "Along":
        """Return the table of `count` tiles of an axis of `n` samples."""
        position = np.arange(n) * count / n - 0.5
        first = np.floor(position).astype(np.int64)
        return cls(np.maximum(first, 0), np.minimum(first + 1, count - 1), position - first)

    @classmethod
    def narrow(cls, n: int, count: int) -> "Along":
        """Return the same in float32. `first` is the number of the cell between two tiles, from 0."""
        inverse = np.float32(1) / np.float32(n / count)
        position = np.arange(n, dtype=np.float32) * inverse - np.float32(0.5)
        first = np.floor(position)
        cell = np.clip(first.astype(np.int64) + 1, 0, count)
        return cls(cell, cell, (position - first).astype(np.float32))


def knots(
    histograms: npt.NDArray[np.int64], clip_limit: float, values: Range, *, whole: bool
) -> npt.NDArray[np.float64]:
    """Return the values at the ends of all bins, less the lowest value of the range.

    With `whole`, each value has a bin, and values are rounded.
    """
    bins = histograms.shape[1] - 1
    found = np.zeros((len(histograms), bins + 1))
    step = max(1, (1 << 20) // bins)
    for start in range(0, len(histograms), step):
        some = slice(start, start + step)
        given = histograms[some, :bins]
        total = given.sum(1, keepdims=True)
        summed = np.cumsum(_clipped(given, total, clip_limit), 1)
        with np.errstate(all="ignore"):
            if whole:
                scale = np.float32(bins - 1) / total.astype(np.float32)
                found[some, 1:] = np.rint(summed.astype(np.float32) * scale)
            else:
                found[some, 1:] = summed / total * (values.high - values.low)
    found[histograms[:, bins] > 0] = np.nan
    return found


def _clipped(
    counts: npt.NDArray[np.int64], total: npt.NDArray[np.int64], clip_limit: float
) -> npt.NDArray[np.int64]:
    """Return histograms with bins of at most the limit, and what was above shared by all bins.

    What is left after whole shares is given to bins at equal distances, from the first on.
    """
    if math.isinf(clip_limit):
        return counts
    bins = counts.shape[1]
    with np.errstate(over="ignore"):
        limit = np.maximum(np.minimum(clip_limit * total / bins, total).astype(np.int64), 1)
    excess = np.maximum(counts - limit, 0).sum(1, keepdims=True)
    share, rest = np.divmod(excess, bins)
    found = np.minimum(counts, limit) + share
    number = np.arange(bins)
    step = np.maximum(bins // np.maximum(rest, 1), 1)
    found += (number % step == 0) & (number // step < rest)
    return found


def cells(values: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return the four values of each byte in each cell, from the values of tiles.

    The cells before the first and after the last tile have equal tiles. `values` has the shape (..., tiles
    along y, along x, 256).
    """
    wide = np.pad(values, [(0, 0)] * (values.ndim - 3) + [(1, 1), (1, 1), (0, 0)], mode="edge")
    above, below = wide[..., :-1, :, :], wide[..., 1:, :, :]
    four = above[..., :-1, :], above[..., 1:, :], below[..., :-1, :], below[..., 1:, :]
    return np.stack(four, -1)
