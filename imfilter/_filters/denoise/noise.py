"""The standard deviation of the noise of an image, from differences that smooth regions do not have."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, dtypes, missing, strips, threads
from imfilter._base.denormals import as_zeros
from imfilter._base.keywords import Common

#: The median of the magnitudes of normally distributed numbers of variance 1.
_MEDIAN = 0.6744897501960817
#: Half the number of samples in a strip.
_STRIP = 1 << 17


def estimate(
    image: Any, mask: Any, nan: Any, axes: Any, channel_axis: Any, workers: Any
) -> float | npt.NDArray[np.float64]:
    """Check the arguments, and return the standard deviation: one number, or one for each channel."""
    bare, own = missing.split(image)
    array = arguments.image(bare)
    chosen = arguments.axes(array, axes, channel_axis)
    wanted = threads.requested(workers)
    presence = missing.presence(array, Common(mask=mask, nan=nan, channel_axis=channel_axis), own)
    present = None if presence is None else np.broadcast_to(presence.present(array), array.shape)
    last = range(-len(chosen), 0)
    blocks = np.moveaxis(array, sorted(chosen), last)
    there = None if present is None else np.moveaxis(present, sorted(chosen), last)
    shape = blocks.shape[: -len(chosen)]
    found = np.empty(shape)

    def work(start: int, stop: int) -> None:
        for number in range(start, stop):
            place = np.unravel_index(number, shape) if shape else ()
            found[place] = deviation(blocks[place], None if there is None else there[place], wanted)

    threads.run(work, math.prod(shape), wanted)
    return found if shape else float(found)


def deviation(block: npt.NDArray, present: npt.NDArray[np.bool_] | None, workers: int | None = None) -> float:
    """Return the standard deviation of the noise of a block, of which every axis is spatial.

    Return NaN if no neighbours are present, or if a sample that is present is NaN or infinite.
    """
    found = _median(_differences(block, present, 1.0, workers))
    if math.isfinite(found) or block.dtype.kind != "f":
        return found
    # The sums of large samples may be beyond the range of their type.
    return _median(_differences(block, present, 2.0**-8, workers)) * 2.0**8


def _median(values: npt.NDArray) -> float:
    """Return the standard deviation that belongs to magnitudes, or NaN without them and if one is NaN.

    It changes the order of the magnitudes.
    """
    if not values.size or np.isnan(values).any():
        return math.nan
    middle = values.size // 2
    if values.size % 2:
        values.partition(middle)
        return float(values[middle]) / _MEDIAN
    values.partition([middle - 1, middle])
    return (float(values[middle - 1]) + float(values[middle])) / 2 / _MEDIAN


def _differences(
    block: npt.NDArray, present: npt.NDArray[np.bool_] | None, unit: float, workers: int | None
) -> npt.NDArray:
    """Return the magnitudes of differences that have the variance of the noise, in any order."""
    long = [axis for axis, n in enumerate(block.shape) if n > 2]
    if not long:
        return _of_part(block, present, unit)
    count = block.shape[long[0]]

    def of_strip(first: int, stop: int) -> npt.NDArray:
        part = (slice(None),) * long[0] + (slice(2 * first, 2 * stop + 1),)
        return _of_part(block[part], None if present is None else present[part], unit)

    step = max(_STRIP * count // block.size, 1)
    return np.concatenate(strips.each(of_strip, (count - 1) // 2, step, workers))


@as_zeros
def _of_part(block: npt.NDArray, present: npt.NDArray[np.bool_] | None, unit: float) -> npt.NDArray:
    """Return the magnitudes of the differences of a part of a block, as if it were a block.

    They are second differences along one axis after the other, ``a - 2*b + c``, at every second sample. Along
    an axis of two samples, it is their first difference, and along an axis of one sample nothing.
    """
    if unit != 1:
        block = np.multiply(block, unit, dtype=np.promote_types(block.dtype, np.float64))
    # Sums of squares of the coefficients are 6, 2 and 1.
    real = dtypes.FLOAT64 if dtypes.derived(block.dtype) == dtypes.FLOAT64 else dtypes.FLOAT32
    found, there, square, used = block, present, 1, False
    with np.errstate(all="ignore"):
        for axis, n in enumerate(block.shape):
            if n == 1:
                continue
            used = True
            square *= 6 if n > 2 else 2
            every = (_part(found, axis, first, n) for first in range(min(n, 3)))
            parts: list[npt.NDArray[Any]] = [part.astype(real, copy=False) for part in every]
            found = parts[0] - parts[1] if n == 2 else (parts[0] + parts[2]) - 2 * parts[1]
            if there is not None:
                together = [_part(there, axis, first, n) for first in range(min(n, 3))]
                there = np.logical_and.reduce(together)
        if not used:
            return np.empty(0)
        values = np.abs(found)
    return (values.reshape(-1) if there is None else values[there]) / real.type(math.sqrt(square))


def _part(array: npt.NDArray, axis: int, first: int, n: int) -> npt.NDArray:
    """Return every second sample along an axis from the first on, as many as have two others after them."""
    count = max((n - 1) // 2, 1)
    return array[(slice(None),) * axis + (slice(first, first + 2 * count - 1, 2),)]
