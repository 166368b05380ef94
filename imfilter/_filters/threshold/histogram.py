"""The histogram of an image: its samples that are present, counted in bins."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, colour_warning, dtypes, missing, strips, threads
from imfilter._base.keywords import Common
from imfilter._base.program import address
from imfilter._filters.threshold import small
from imfilter._filters.threshold.kernels import histogram as kernels
from imfilter._filters.threshold.kernels import split

_Array = npt.NDArray
_U64 = np.dtype(np.uint64)
Number = int | float

#: Largest range of integers with a bin for each. Integers of a wider range are sorted.
WIDEST = 1 << 20
#: Samples from which on the sums of all tables may need more than 32 bits.
_MOST = 1 << 32
#: Samples whose counts have 32 bits.
_PIECE = 1 << 30
#: Bins from which on there are two tables, not four, which would not fit into the second-level cache.
_MANY_BINS = 1 << 13
#: Samples of a part of an image whose extremes are searched.
_PART = 1 << 18
UNSIGNED: dict[int, np.dtype] = {1: np.dtype("u1"), 2: np.dtype("u2"), 4: np.dtype("u4"), 8: np.dtype("u8")}


class Histogram(NamedTuple):
    """The bins of an image that are not empty. Place 0 is the first bin, and bins have a width of 1.

    Every criterion gives the same threshold for values that are scaled and shifted, so it works on places. A
    threshold at place p is ``value(p)``.
    """

    places: _Array  # increasing integers
    counts: npt.NDArray[np.float64]
    low: Number  # the value at position 0
    step: float  # the width of a bin
    centres: _Array | None  # of the bins of real numbers; None: the value of a place is low + place

    @property
    def positions(self) -> npt.NDArray[np.float64]:
        """The bins that are not empty, as floats."""
        return self.places.astype(np.float64)

    @property
    def middle(self) -> float:
        """The distance from the smallest sample to the centre of the first bin, in widths of a bin."""
        return 0.0 if self.centres is None else 0.5

    def value(self, place: Any) -> Number:
        """Return the value of a bin."""
        return int(self.low) + int(place) if self.centres is None else float(self.centres[place])

    def at(self, position: float) -> float:
        """Return the value at a distance from the smallest sample, in widths of a bin."""
        return float(self.low + position * self.step)


class Samples(NamedTuple):
    """The samples of an image that are present, as an array of one axis in a native type."""

    values: _Array
    weights: npt.NDArray[np.float64] | None  # how much each counts, or None
    workers: int | None

    @property
    def whole(self) -> bool:
        """Whether the samples are integers."""
        return self.values.dtype.kind != "f"


@dataclass(frozen=True)
class Counted:
    """What `of_samples` has returned for an image, in place of the image. NaN: a sample is NaN."""

    found: Histogram | Number


def plain(image: Any, mask: Any, nan: Any) -> bool:
    """Tell whether an image is an array of a small type without gaps, whose samples are all present."""
    if type(image) is not np.ndarray or mask is not None or type(nan) is not str or nan != "propagate":
        return False
    return image.dtype in small.LIMITS and image.flags.c_contiguous and image.size > 0 and image.ndim > 0


def present(image: Any, mask: Any, nan: Any, workers: Any, *, least: int = 1) -> Samples | None:
    """Check the arguments and return the samples that are present. None: one of them is NaN."""
    if plain(image, mask, nan):  # this takes 1 us, and the way that follows 11
        return Samples(image.reshape(-1), None, threads.requested(workers))
    bare, own = missing.split(image)
    array = arguments.image(bare)
    if least:  # a whole image, which was no array if it has not been looked at yet
        colour_warning.of_counted_colours(array)
    threads_wanted = threads.requested(workers)
    found = missing.presence(array, Common(mask=mask, nan=nan, workers=workers), own)
    with np.errstate(over="ignore"):  # of long doubles
        values, weights = dtypes.readable(array), None
    if found is None:
        values = values.reshape(-1) if values.flags.c_contiguous else values.ravel(order="K")
    else:
        inside = found.present(array)
        values = values[inside]
        if len(values) < least:
            raise ValueError("image must have at least one sample that is present, got none")
        if found.graded:
            weights = np.asarray(found.at(array, ...)[inside], np.float64)
    if values.dtype.kind == "f" and len(values) and missing.has_nan(values, threads_wanted):
        return None
    return Samples(values, weights, threads_wanted)


def threshold(
    image: Any,
    choose: Callable[[Histogram], Any] | small.Criterion,
    bins: Any,
    mask: Any,
    nan: Any,
    workers: Any,
) -> Any:
    """Return the threshold of an image: NaN, the value of a constant image, or what is chosen."""
    colour_warning.of_counted_colours(image)
    known = type(bins) is int and 2 <= bins <= WIDEST
    number = bins if known else arguments.integer(bins, "bins", least=2, most=WIDEST)
    found: Histogram | Number
    if isinstance(choose, small.Criterion) and plain(image, mask, nan) and image.size < _MOST:
        return small.threshold(image, threads.requested(workers), choose)
    if isinstance(image, Counted):
        found = image.found
    else:
        samples = present(image, mask, nan, workers)
        if samples is None:
            return math.nan
        if isinstance(choose, small.Criterion) and _fits(samples):
            return small.threshold(samples.values, samples.workers, choose)
        found = of_samples(samples, number)
    if not isinstance(found, Histogram):
        return found
    return chosen(found, choose) if isinstance(choose, small.Criterion) else choose(found)


def chosen(h: Histogram, criterion: small.Criterion) -> Number:
    """Return the threshold that a criterion chooses."""
    places, bins = h.places, len(h.places)
    if places.dtype.itemsize < 8:
        places = places.astype(np.uint64)
    lines, total = np.empty(split.LINES * bins + split.MORE), float(h.counts.sum())
    code, entry = criterion.kernel.address(_U64, dtypes.FLOAT64), split.choose.entry()
    form = criterion.form if h.centres is None else criterion.real
    entry(code, form, address(places), address(h.counts), bins, total, address(lines))
    place = criterion.place(h.places, float(lines[0]), float(lines[1]))
    return h.at(place) if isinstance(place, float) else h.value(place)


def _fits(samples: Samples) -> bool:
    """Tell whether the counts of samples of a small type have 32 bits."""
    return samples.weights is None and samples.values.dtype in small.LIMITS and len(samples.values) < _MOST


def of_samples(samples: Samples, bins: int) -> Histogram | Number:
    """Return the histogram of samples, or their value if they are equal."""
    kind = samples.values.dtype
    if kind in small.LIMITS:  # to count all values takes less time than to find the extremes
        return _of_small(samples) if _fits(samples) else _nonempty(samples, *small.LIMITS[kind])
    low, high = extremes(samples)
    if low == high:
        return high
    if samples.whole:
        return _nonempty(samples, low, high) if high - low < WIDEST else _sorted(samples, low)
    return _real(samples, low, high, bins)


def extremes(samples: Samples) -> tuple[Any, Any]:
    """Return the smallest and the largest sample as numbers of Python."""
    values = samples.values

    def strip(first: int, stop: int) -> tuple[Any, Any]:
        part = values[first:stop]
        return part.min().item(), part.max().item()

    found = strips.each(strip, len(values), _PART, samples.workers)
    return min(low for low, _ in found), max(high for _, high in found)


def _of_small(samples: Samples) -> Histogram | Number:
    """Return the histogram of integers of 8 or 16 bits without weights."""
    low, places, counts = small.histogram(samples.values, samples.workers)
    return low if len(places) == 1 else Histogram(places, counts, low, 1.0, None)


def _nonempty(samples: Samples, low: int, high: int) -> Histogram | Number:
    """Return the histogram of integers from `low` to `high`."""
    bins = high - low + 1
    if samples.weights is None:
        counts: _Array = counted(samples, low, bins, None)
    else:
        # The difference of integers is right in their own unsigned type.
        unsigned = UNSIGNED[samples.values.dtype.itemsize]
        places = samples.values.view(unsigned) - unsigned.type(low % (1 << 8 * unsigned.itemsize))
        counts = np.bincount(places.astype(np.int64), samples.weights, bins)
    return of_counts(counts, low)


def of_counts(counts: npt.NDArray[np.float64], low: int) -> Histogram | Number:
    """Return the histogram of integers from `low` on."""
    places = np.flatnonzero(counts != 0)  # a third of the time of `np.flatnonzero(counts)`
    first, heights = int(places[0]), counts[places]
    if len(places) == 1:
        return low + first
    places -= first
    return Histogram(places, heights, low + first, 1.0, None)


def _sorted(samples: Samples, low: int) -> Histogram:
    """Return the histogram of integers of a wide range."""
    unsigned = UNSIGNED[samples.values.dtype.itemsize]
    values = samples.values.view(unsigned) - unsigned.type(low % (1 << 8 * unsigned.itemsize))
    places, back, counts = np.unique(values, return_inverse=True, return_counts=True)
    weighed = counts if samples.weights is None else np.bincount(back.reshape(-1), samples.weights)
    return Histogram(places, weighed.astype(np.float64), low, 1.0, None)


def _real(samples: Samples, low: float, high: float, bins: int) -> Histogram:
    """Return the histogram of real numbers in equal bins from the smallest to the largest."""
    centres, table = real_bins(samples.values.dtype, low, high, bins)
    if samples.weights is None:
        counts: _Array = counted(samples, 0, bins, np.append(table, bins / (high - low)))
    else:
        places = np.searchsorted(table[1:-1], samples.values, side="right")
        counts = np.bincount(places, samples.weights, bins)
    return of_real_counts(counts, low, high, centres)


def of_real_counts(counts: npt.NDArray[np.float64], low: float, high: float, centres: _Array) -> Histogram:
    """Return the histogram of real numbers in bins."""
    filled = np.flatnonzero(counts)
    return Histogram(filled, counts[filled], low, (high - low) / len(counts), centres)


def real_bins(dtype: np.dtype, low: float, high: float, bins: int) -> tuple[_Array, npt.NDArray[np.float64]]:
    """Return the centres and the limits of equal bins from the smallest to the largest sample of a type."""
    if not (math.isfinite(low) and math.isfinite(high)):
        wrong = high if math.isfinite(low) else low
        raise ValueError(f"image must be finite, got {wrong}; leave such samples out with mask=")
    if not math.isfinite(high - low):
        raise ValueError(f"image must have a range that fits into float64, got {low} to {high}")
    # The limits of NumPy and scikit-image are computed in the type of the samples.
    for element in (dtype, dtypes.FLOAT64):
        with np.errstate(over="ignore", invalid="ignore"):  # the range may not fit into the type
            limits = np.linspace(element.type(low), element.type(high), bins + 1, dtype=element)
        if (limits[1:] > limits[:-1]).all():
            break
    else:
        raise ValueError(
            f"bins must be fewer than the floats between the smallest and the largest sample, {low} and "
            f"{high}, got {bins}"
        )
    with np.errstate(over="ignore"):
        centres = (limits[1:] + limits[:-1]) / 2
    beyond = np.isinf(centres)
    centres[beyond] = (limits[1:] / 2 + limits[:-1] / 2)[beyond]
    return centres, limits.astype(np.float64)


def counted(
    samples: Samples, low: int, bins: int, limits: npt.NDArray[np.float64] | None
) -> npt.NDArray[np.float64]:
    """Return the number of samples in each bin. Counts are whole numbers, so the order does not matter."""
    values = samples.values
    size = values.dtype.itemsize
    total = np.zeros(bins)
    if limits is None and bins == 1 << 8 * size:
        for start in range(0, len(values), _PIECE):
            first, places, counts = small.histogram(values[start : start + _PIECE], samples.workers)
            total[places + (first - low)] += counts
    else:
        for table in _counted(samples, low, bins, limits):
            np.add(total, table, out=total)
    return total


def _counted(
    samples: Samples, low: int, bins: int, limits: npt.NDArray[np.float64] | None
) -> list[npt.NDArray[np.uint32]]:
    """Return tables of counts: the number of samples in a bin is the sum over all of them."""
    values, found = samples.values, list[npt.NDArray[np.uint32]]()
    size, entry, at = values.dtype.itemsize, kernels.count_samples.entry(), address(values)
    if limits is not None:
        kernel, mask = kernels.count_real.address(values.dtype), 0
    else:
        kernel, mask = kernels.count_whole.address(UNSIGNED[size]), (1 << min(8 * size, 63)) - 1
        low -= (low >> 63) << 64 if low > 0 else 0  # the same 64 bits
    number = 2 if bins > _MANY_BINS and limits is None else kernels.TABLES
    more = number if limits is None else address(limits)

    def count(first: int, samples: int) -> None:
        tables = np.zeros((number, bins), np.uint32)
        entry(kernel, at + first * size, samples, low, mask, address(tables), bins, more)
        found.extend(tables)

    small.count_in_pieces(count, len(values), samples.workers, kernel, mask, bins)
    return found
