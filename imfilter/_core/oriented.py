"""Histograms of oriented gradients: strips of cells, which threads share."""

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from imfilter._core import bands

_Array = npt.NDArray

#: Samples of a strip, whose intermediates are in the second-level cache.
_STRIP = 1 << 16
#: Added to the norm of a block, which may be 0.
_EPSILON = 1e-5
#: What a normalised value of L2-Hys is cut at.
_MOST = 0.2


def cells(
    image: _Array, orientations: int, cell: tuple[int, int], *, root: bool, workers: int | None
) -> _Array:
    """Return the histogram of each cell of an image of two axes, and channels or one more of length 1.

    The strongest channel counts where there are several. Gradients are central differences, 0 at the border.
    """
    rows, columns = image.shape[0] // cell[0], image.shape[1] // cell[1]
    real = np.dtype(np.float32 if image.dtype in (np.float16, np.float32) else np.float64)
    result = np.empty((rows, columns, orientations), real)
    high = max(1, _STRIP // (cell[0] * image.shape[1] * image.shape[2]))

    def task(start: int, stop: int) -> None:
        for first in range(start * high, min(stop * high, rows), high):
            last = min(first + high, rows)
            with np.errstate(invalid="ignore"):  # as in the image
                across, down = _gradients(
                    image, first * cell[0], last * cell[0], columns * cell[1], real, root
                )
            result[first:last] = _histograms(across, down, orientations, cell)

    bands.run(task, -(-rows // high), 1 if rows <= high else workers)
    return result


def _gradients(
    image: _Array, first: int, last: int, columns: int, real: np.dtype, root: bool
) -> tuple[_Array, _Array]:
    """Return the differences along rows and down the columns of some rows, of the strongest channel."""
    above, below = max(first - 1, 0), min(last + 1, len(image))
    samples = image[above:below].astype(real)
    if root:
        samples = np.sqrt(samples)
    inner = samples[first - above : last - above]
    across = np.zeros(inner.shape, real)
    across[:, 1:-1] = inner[:, 2:] - inner[:, :-2]
    down = np.zeros(inner.shape, real)
    # Of the image's first and last row there is none.
    begin, end = int(first == 0), last - first - int(last == len(image))
    if end > begin:
        offset = first - above
        down[begin:end] = samples[offset + begin + 1 : offset + end + 1]
        down[begin:end] -= samples[offset + begin - 1 : offset + end - 1]
    if image.shape[2] > 1:
        strongest = np.hypot(across, down).argmax(axis=2)[..., None]
        across, down = (np.take_along_axis(part, strongest, axis=2) for part in (across, down))
    return across[:, :columns, 0], down[:, :columns, 0]


def _histograms(across: _Array, down: _Array, orientations: int, cell: tuple[int, int]) -> _Array:
    """Return the histogram of each cell, divided by its size."""
    strength = np.hypot(across, down)
    # Half a turn is no turn: angles from 0 to 180 degrees.
    turned = (down < 0) | ((down == 0) & (across < 0))
    across, down = (np.where(turned, -part, part) for part in (across, down))
    # The number of a bin is how many limits an angle has passed; no tangent is needed to tell.
    number = np.zeros(across.shape, np.intp)
    for i in range(1, orientations):
        angle = math.pi * i / orientations
        # Rounded, so that what is 0 is 0, and the two at 45 degrees are one.
        number += down * round(math.cos(angle), 15) >= across * round(math.sin(angle), 15)
    rows, columns = across.shape[0] // cell[0], across.shape[1] // cell[1]
    where = np.arange(across.shape[0]) // cell[0] * columns
    number += (where[:, None] + np.arange(across.shape[1]) // cell[1]) * orientations
    sums = np.bincount(number.ravel(), strength.ravel(), rows * columns * orientations)
    return sums.reshape(rows, columns, orientations) / (cell[0] * cell[1])


def blocks(histograms: _Array, block: tuple[int, int], norm: str) -> _Array:
    """Return the blocks of neighbouring cells, normalised: block rows and columns, then cells, then bins."""
    views = np.lib.stride_tricks.sliding_window_view(histograms, block, axis=(0, 1))
    found = np.moveaxis(views, 2, -1).copy()
    within = (2, 3, 4)
    if norm.startswith("L1"):
        found /= np.abs(found).sum(axis=within, keepdims=True) + _EPSILON
        return np.sqrt(found) if norm == "L1-sqrt" else found
    found /= np.sqrt((found**2).sum(axis=within, keepdims=True) + _EPSILON**2)
    if norm == "L2-Hys":
        np.minimum(found, _MOST, out=found)
        found /= np.sqrt((found**2).sum(axis=within, keepdims=True) + _EPSILON**2)
    return found


def picture(histograms: _Array, cell: tuple[int, int], shape: tuple[int, int]) -> _Array:
    """Return an image that shows each cell's histogram as a star of lines along its edges."""
    image = np.zeros(shape, histograms.dtype)
    rows, columns, orientations = histograms.shape
    radius = min(cell) // 2 - 1
    if radius < 0:  # no room for a line
        return image
    middles = [np.arange(n) * c + c // 2 for n, c in zip((rows, columns), cell, strict=True)]
    for o in range(orientations):
        angle = math.pi * (o + 0.5) / orientations
        down, across = radius * math.sin(angle), radius * math.cos(angle)
        # Ends are rounded where they lie, so that lines of one direction are not all alike.
        for at_rows, first_row, last_row in _ends(middles[0], -across):
            for at_columns, first_column, last_column in _ends(middles[1], down):
                here = histograms[np.ix_(at_rows, at_columns)][..., o]
                for row, column in _line(first_row, first_column, last_row, last_column):
                    image[np.ix_(middles[0][at_rows] + row, middles[1][at_columns] + column)] += here
    return image


def _ends(middles: _Array, reach: float) -> Iterator[tuple[_Array, int, int]]:
    """Yield which lines begin and end alike, `reach` to both sides of their middles, and where from there."""
    ends = np.stack([(middles + reach).astype(int), (middles - reach).astype(int)], axis=1) - middles[:, None]
    for first, last in np.unique(ends, axis=0):
        yield np.flatnonzero((ends == (first, last)).all(axis=1)), int(first), int(last)


def _line(row: int, column: int, last_row: int, last_column: int) -> list[tuple[int, int]]:
    """Return the samples of a line (J. Bresenham, IBM Systems Journal 4, 1965)."""
    down, across = abs(last_row - row), abs(last_column - column)
    step = (1 if last_row > row else -1), (1 if last_column > column else -1)
    steep = down > across
    if steep:
        row, column, down, across, step = column, row, across, down, step[::-1]
    off, found = 2 * down - across, []
    for _ in range(across):
        found.append((column, row) if steep else (row, column))
        while off >= 0:
            row += step[0]
            off -= 2 * across
        column += step[1]
        off += 2 * down
    return [*found, (last_row, last_column)]
