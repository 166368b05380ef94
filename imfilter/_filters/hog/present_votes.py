"""Histograms of oriented gradients with missing data: gradients beside an absent sample do not vote."""

import math

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._filters.hog.descriptor import Cells, shares

_Array = npt.NDArray


def cells(image: _Array, present: npt.NDArray[np.bool_], settings: Cells) -> _Array:
    """Return the histogram of each cell; see `descriptor.cells`. `present` has the shape of the image."""
    source = dtypes.readable(image)
    real = source.dtype if source.dtype == dtypes.FLOAT32 else dtypes.FLOAT64
    values = np.where(present, source, source.dtype.type(0)).astype(np.float64)
    with np.errstate(all="ignore"):
        if settings.root:
            values = np.sqrt(values).astype(real).astype(np.float64)
        dx, dy, strength = _gradients(values, present, real)
        rows, columns = (n // c for n, c in zip(image.shape, settings.size, strict=False))
        result = np.empty((rows, columns, settings.orientations))
        for i, votes in enumerate(_votes(dx, dy, strength, settings)):
            for axis, count in enumerate((rows, columns)):
                votes = _summed(votes, axis, count, settings)
            result[..., i] = votes / math.prod(settings.size)
    return result


def _gradients(values: _Array, present: npt.NDArray[np.bool_], real: np.dtype) -> tuple[_Array, ...]:
    """Return the differences of the strongest channel, half a turn being no turn, and their strength."""
    known, differences = present.copy(), []
    for axis in (1, 0):
        difference = np.zeros(values.shape)
        inner, before, after = (
            (*(slice(None),) * axis, part) for part in (slice(1, -1), slice(None, -2), slice(2, None))
        )
        difference[inner] = values[after] - values[before]
        known[inner] &= present[after] & present[before]  # at the border a difference is 0
        differences.append(difference.astype(real).astype(np.float64))
    dx, dy = differences
    strength = np.sqrt(dx * dx + dy * dy).astype(real).astype(np.float64)
    best = np.where(known, strength, -1.0).argmax(axis=-1)[..., None]

    def chosen(of_channels: _Array) -> _Array:
        return np.asarray(np.take_along_axis(of_channels, best, -1)[..., 0])

    x, y = chosen(dx), chosen(dy)
    sign = np.where((y < 0) | ((y == 0) & (x < 0)), -1.0, 1.0)
    return sign * x + 0.0, sign * y + 0.0, np.where(chosen(known), chosen(strength), 0.0)


def _votes(dx: _Array, dy: _Array, strength: _Array, settings: Cells) -> list[_Array]:
    """Return the votes of the gradients for each orientation."""
    bins, votes = settings.orientations, []
    if settings.shared:
        place = np.arctan2(dy, dx) * (bins / math.pi) - 0.5
        for i in range(bins):
            apart = np.abs(place - i)
            near = [np.where(d >= 1, 0.0, strength * (1 - d)) for d in (apart, bins - apart)]
            votes.append(np.where(strength == 0, 0.0, near[0] + near[1]))
        return votes
    rest = strength
    for i in range(1, bins):
        angle = math.pi * i / bins
        # After rounding, zeros are exact, and both values at 45 degrees are equal.
        passed = dy * round(math.cos(angle), 15) >= dx * round(math.sin(angle), 15)
        votes.append(np.where(passed, 0.0, rest))
        rest = np.where(passed, rest, 0.0)
    return [*votes, rest]


def _summed(votes: _Array, axis: int, count: int, settings: Cells) -> _Array:
    """Return the sums of votes for `count` cells along an axis."""
    length = settings.size[axis]
    before, weights = shares(length) if settings.shared else (0, np.ones(length))
    widths = [(0, 0), (0, 0)]
    widths[axis] = before, length
    inside = (*(slice(None),) * axis, slice(0, count * length))
    padded = np.pad(votes[inside], widths)
    total = np.zeros(())
    for i, weight in enumerate(weights):
        total = total + weight * padded[(*(slice(None),) * axis, slice(i, i + count * length, length))]
    return total
