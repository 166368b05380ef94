"""Thresholds of OpenCV."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from imfilter._base import dtypes, strips, threads
from imfilter._base.call_cache import Calls, remembered
from imfilter._compat import cv2_arguments as arguments
from imfilter._compat.cv2_arguments import U8
from imfilter._compat.cv2_prepared import Prepared, filtered
from imfilter._compat.serving import Elsewhere, like
from imfilter._filters.threshold import histogram
from imfilter.compat.cv2.smoothing import boxes
from imfilter.typing import NDArray

#: Number of levels of bytes, and OpenCV's smallest share of samples on one side of a threshold.
_LEVELS, _LEAST = 256, float(np.finfo(np.float32).eps)
#: Types with two results, and the largest byte.
_BINARY, _WHITE = (cv2.THRESH_BINARY, cv2.THRESH_BINARY_INV), 255
#: Samples of a block. Its intermediate results stay in the cache.
_BLOCK = 1 << 17
#: Writes the result of some rows: ``fill(rows)``.
_Fill = Callable[[slice], object]


def _over_rows(shape: tuple[int, ...], fill: _Fill) -> None:
    """Fill the result, a block of rows at a time."""
    if math.prod(shape) <= _BLOCK:
        fill(slice(None))
        return
    step = max(1, _BLOCK // max(math.prod(shape[1:]), 1))

    strips.each(lambda first, stop: fill(slice(first, stop)), shape[0], step, threads.requested(None))


@like(cv2.threshold, "cv2.threshold")
def threshold(
    src: NDArray,
    thresh: float,
    maxval: float,
    type: int,
    dst: NDArray | None = None,
) -> tuple[float, NDArray]:
    """Compare samples with a threshold, as `cv2.threshold` does."""
    array, kind = arguments.image(src), arguments.integer(type)
    if kind & cv2.THRESH_OTSU and array.dtype == U8 and array.ndim == 2:
        thresh, kind = _otsu(array), kind - cv2.THRESH_OTSU
    level, compare = remembered(_comparisons, _comparison, array, (thresh, maxval, kind))
    out = arguments.result(dst, array.shape, array.dtype)
    arguments.without_nan(array)
    _over_rows(array.shape, lambda rows: compare(array[rows], out[rows]))
    return level, out


#: Levels and comparisons, by the arguments that they are made of.
_comparisons: Calls[tuple[float, Callable[[NDArray, NDArray], object]]] = Calls()


def _comparison(
    array: NDArray, thresh: Any, maxval: Any, kind: int
) -> tuple[float, Callable[[NDArray, NDArray], object]]:
    """Return the level, and what writes the result for some samples."""
    level, most = arguments.number(thresh, "thresh"), arguments.number(maxval, "maxval")
    if not cv2.THRESH_BINARY <= kind <= cv2.THRESH_TOZERO_INV:
        raise Elsewhere("type is not usual")
    if array.dtype.kind == "f":
        level = dtypes.rounded(array.dtype, level)
    else:
        level = math.floor(level)
        if abs(level) >= 1 << 31:
            raise Elsewhere("thresh exceeds 32 bits")
    limit, value = _of_type(array.dtype, level), array.dtype.type(dtypes.rounded(array.dtype, most))
    clipped = array.dtype.type(dtypes.rounded(array.dtype, level))
    keeps_low = kind in (cv2.THRESH_BINARY_INV, cv2.THRESH_TOZERO_INV)
    bits = np.dtype(f"i{array.dtype.itemsize}")

    def fill(samples: NDArray, to: NDArray) -> None:
        if kind == cv2.THRESH_TRUNC:
            np.minimum(samples, clipped, out=to)
            return
        if samples.dtype == U8 and limit is not None and kind in _BINARY:
            (np.less_equal if keeps_low else np.greater)(samples, limit, out=to.view(bool))
            if value == _WHITE:
                np.negative(to, out=to)  # 1 becomes 255, in less time than by a product
            else:
                np.multiply(to, value, out=to)
            return
        kept = _compared(samples, limit, above=not keeps_low)
        if kind in _BINARY:
            np.multiply(kept, value, out=to)
        else:
            # Bits, because infinity times 0 is NaN.
            mask = np.negative(kept.view(np.int8), out=kept.view(np.int8)).astype(bits, copy=False)
            np.bitwise_and(np.ascontiguousarray(samples).view(bits), mask, out=to.view(bits))

    return float(level), fill


def _otsu(array: NDArray) -> float:
    """Return Otsu's threshold of bytes, in the order of OpenCV's operations."""
    samples = histogram.present(array, None, "propagate", None)
    found = None if samples is None else histogram.of_samples(samples, _LEVELS)
    if not isinstance(found, histogram.Histogram):  # all samples are equal
        return 0.0
    counts = [0.0] * _LEVELS
    for place, count in zip(found.places.tolist(), found.counts.tolist(), strict=True):
        counts[int(found.value(place))] = count
    scale = 1 / array.size
    mean = sum(level * count for level, count in enumerate(counts)) * scale
    best, threshold = 0.0, 0
    below = share = 0.0
    for level, count in enumerate(counts):
        below *= share
        share += count * scale
        rest = 1 - share
        if min(share, rest) < _LEAST or max(share, rest) > 1 - _LEAST:
            continue
        below = (below + level * (count * scale)) / share
        above = (mean - share * below) / rest
        between = share * rest * (below - above) * (below - above)
        if between > best:
            best, threshold = between, level
    return float(threshold)


def _of_type(kind: np.dtype, level: float) -> Any:
    """Return a level as a number of the type; None if all samples are above, infinity if none is."""
    if kind.kind == "f":
        return kind.type(level)
    bounds = np.iinfo(kind)
    if level < bounds.min:
        return None
    return kind.type(min(level, bounds.max))


def _compared(samples: NDArray, limit: Any, *, above: bool) -> NDArray:
    """Return where samples are above a limit, or where they are not."""
    if limit is None:
        return np.full(samples.shape, above)
    return samples > limit if above else samples <= limit


@like(cv2.adaptiveThreshold, "cv2.adaptiveThreshold")
def adaptiveThreshold(
    src: NDArray,
    maxValue: float,
    adaptiveMethod: int,
    thresholdType: int,
    blockSize: int,
    C: float,
    dst: NDArray | None = None,
) -> NDArray:
    """Compare samples with means around them, as `cv2.adaptiveThreshold` does."""
    array = arguments.image(src, (U8,))
    return filtered(array, dst, _adaptive, maxValue, adaptiveMethod, thresholdType, blockSize, C)


def _adaptive(
    array: NDArray, maxValue: Any, adaptiveMethod: Any, thresholdType: Any, blockSize: Any, C: Any
) -> Prepared:
    size = arguments.integer(blockSize)
    most, offset = arguments.number(maxValue, "maxValue"), arguments.number(C, "C")
    if array.ndim != 2 or size < 3 or size % 2 == 0 or most < 0:
        raise Elsewhere("an argument is not usual")
    if adaptiveMethod != cv2.ADAPTIVE_THRESH_MEAN_C:
        raise Elsewhere("means near a half are rounded in the order of OpenCV's sums")
    if thresholdType not in (cv2.THRESH_BINARY, cv2.THRESH_BINARY_INV):
        raise Elsewhere("thresholdType is not usual")
    inverse = thresholdType == cv2.THRESH_BINARY_INV
    means = boxes(array, U8, (size, size), None, cv2.BORDER_REPLICATE, normalize=True)
    value = np.uint8(min(round(most), 255))
    # Levels from 0 to 255 are compared. A larger offset decides all samples in the same way.
    shift = np.int16(max(-256, min(256, math.floor(offset) if inverse else math.ceil(offset))))

    def run(image: NDArray, out: NDArray) -> None:
        levels = np.empty(image.shape, U8)
        means.run(image, levels)

        def fill(rows: slice) -> None:
            limits = levels[rows].astype(np.int16)
            limits -= shift
            kept = image[rows] <= limits if inverse else image[rows] > limits
            np.multiply(kept, value, out=out[rows], casting="unsafe")

        _over_rows(image.shape, fill)

    return means._replace(run=run)
