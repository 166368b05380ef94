"""Histograms of oriented gradients: of cells, of blocks of cells, and as a picture."""

import functools
import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.loops import ArrayLayout, Loops, tiles
from imfilter._base.padding import Padding
from imfilter._base.program import Job, Program, layout_workspace, pitch, set_geometry
from imfilter._filters.hog.kernels import blocks as blocks_kernels
from imfilter._filters.hog.kernels import cells as cells_kernels
from imfilter._filters.hog.kernels import orientation_votes
from imfilter._simd import lines
from imfilter._simd.registers import BYTES, LINE, in_register

_Array = npt.NDArray

#: Normalisations of blocks, with the names of scikit-image.
NORMS = {
    "L1": blocks_kernels.L1,
    "L1-sqrt": blocks_kernels.L1_SQRT,
    "L2": blocks_kernels.L2,
    "L2-Hys": blocks_kernels.L2_HYS,
}
#: Number of samples of a row in a tile, and of rows in a tile. Their data stay in the caches.
_TILE, _HEIGHT = 256, 8
_REAL = dtypes.FLOAT64


class Cells(NamedTuple):
    """The settings of the histograms of cells."""

    orientations: int
    size: tuple[int, int]
    root: bool  # whether to take the square root of the image first
    shared: bool  # whether votes are divided between neighbouring orientations and cells


def cells(image: _Array, settings: Cells, workers: int | None) -> _Array:
    """Return the histogram of each cell of an image with two axes and an axis of channels.

    With several channels, the strongest gradient is used. Gradients are central differences, 0 at the border.
    """
    orientations, cell = settings.orientations, settings.size
    source = dtypes.readable(image)
    rows, columns = image.shape[0] // cell[0], image.shape[1] // cell[1]
    # Values are read in whole registers, even at the end.
    padded = dtypes.empty((rows * columns * orientations + in_register(_REAL),), _REAL)
    result = padded[: rows * columns * orientations].reshape(rows, columns, orientations)
    _voting(ArrayLayout.of(source), settings).run(source, result, workers)
    return result


@functools.lru_cache(maxsize=64)
def _voting(source: ArrayLayout, settings: Cells) -> Program:
    """Return the program that computes the histograms of cells."""
    orientations, cell = settings.orientations, settings.size
    rows, columns = source.shape[0] // cell[0], source.shape[1] // cell[1]
    channels = source.shape[2]
    plane = ArrayLayout(source.shape[:2], source.strides[:2], source.dtype)
    paddings = tuple(Padding.same(n, 3, 1, 1) for n in plane.shape)
    loops = Loops.of(plane, plane, (3, 3), (0, 1), paddings, (1, 1), (1, 1))
    loops = loops._replace(channels=channels, source_c=source.strides[2])
    job = Job(cells_kernels.CELLS_JOB, "cval", "check_finite")
    set_geometry(job, loops, plane.dtype, plane.dtype, "mirror")  # makes differences 0 at the border
    angles = [math.pi * i / orientations for i in range(1, orientations)]
    # After rounding, zeros are exact, and both values at 45 degrees are equal.
    job["limits"] = np.array([(round(math.cos(a), 15), round(math.sin(a), 15)) for a in angles])
    tile_cells = max(1, _TILE // cell[1])  # cells of a tile
    job["tiles"] = tiles(columns, -(-columns // tile_cells))
    height = min(_HEIGHT, cell[0])
    job["cells_y"], job["cells_x"] = rows, columns
    for axis, n in zip("yx", cell, strict=True):
        before, parts = shares(n) if settings.shared else (0, np.ones(n))
        job[f"cell_{axis}"], job[f"before_cell_{axis}"], job[f"reach_{axis}"] = n, before, len(parts)
        job[f"shares_{axis}"] = parts
    job["n_tiles"], job["bins"], job["height"] = len(job["tiles"]) - 1, orientations, height
    job["fetch"] = lines.fetch.address(_REAL, source.dtype)
    real = source.dtype if source.dtype == dtypes.FLOAT32 else _REAL
    job["roots"] = orientation_votes.roots.address(real) if settings.root else 0
    job["gradients"] = orientation_votes.gradients.address(real, 1)
    job["gradients_more"] = orientation_votes.gradients.address(real, 0) if channels > 1 else 0
    job["vote"] = (orientation_votes.share if settings.shared else orientation_votes.vote).address()
    step = pitch(
        ((min(tile_cells, columns) + int(settings.shared)) * cell[1] + 3) * _REAL.itemsize + 2 * BYTES
    )
    job["pitch"] = job["step"] = step
    sizes = {
        "window": (height + 2) * channels * step,
        "mixed": channels * step,
        **dict.fromkeys(("across", "down", "strength"), step),
        "votes": orientations * step + BYTES,
        "flag": LINE,
    }
    workspace = layout_workspace(job, sizes)
    return job.program(
        cells_kernels.slide_cells,
        lines=rows * job["n_tiles"],
        work=rows
        * columns
        * math.prod(cell)
        * (4 * orientations + 10 * channels)
        * (3 if settings.shared else 1),
        rows=1,
        workspace=workspace,
    )


def shares(length: int) -> tuple[int, _Array]:
    """Return the number of samples before a cell that vote for it, and the share of each vote for the cell.

    The shares decrease linearly from the middle of the cell to the middles of its neighbours.
    """
    before = length // 2
    distances = (np.arange(-before, length + before) + 0.5) / length - 0.5
    return before, np.maximum(1.0 - np.abs(distances), 0.0)


def blocks(
    histograms: _Array, block: tuple[int, int], norm: str, dtype: np.dtype, workers: int | None
) -> _Array:
    """Return the normalised blocks of neighbouring cells. Axes: block rows and columns, cells, bins."""
    rows, columns, bins = histograms.shape
    result = dtypes.empty((rows - block[0] + 1, columns - block[1] + 1, *block, bins), dtype)
    _normalizing(ArrayLayout.of(histograms), ArrayLayout.of(result), norm).run(histograms, result, workers)
    return result


@functools.lru_cache(maxsize=64)
def _normalizing(source: ArrayLayout, target: ArrayLayout, norm: str) -> Program:
    """Return the program that normalises blocks."""
    rows, columns, *_, bins = target.shape
    values = math.prod(target.shape[2:])
    job = Job(blocks_kernels.DESCRIPTOR_JOB)
    job["blocks"], job["cell"], job["runs"], job["run"] = (
        columns,
        bins,
        target.shape[2],
        target.shape[3] * bins,
    )
    job["source_y"], job["target_y"], job["target_x"] = source.strides[0], *target.strides[:2]
    job["normalize"] = blocks_kernels.normalize.address(target.dtype, NORMS[norm])
    workspace = layout_workspace(job, {"values": values * _REAL.itemsize + BYTES, "sums": BYTES})
    return job.program(
        blocks_kernels.slide_descriptor,
        lines=rows,
        work=8 * rows * columns * values,
        rows=1,
        workspace=workspace,
    )


def picture(histograms: _Array, cell: tuple[int, int], shape: tuple[int, int], dtype: np.dtype) -> _Array:
    """Return an image of the histograms. Each cell has a star of lines in the directions of its edges."""
    image = np.zeros(shape, dtype)
    rows, columns, orientations = histograms.shape
    radius = min(cell) // 2 - 1
    if radius < 0:  # no space for a line
        return image
    middles = [np.arange(n) * c + c // 2 for n, c in zip((rows, columns), cell, strict=True)]
    for o in range(orientations):
        angle = math.pi * (o + 0.5) / orientations
        down, across = radius * math.sin(angle), radius * math.cos(angle)
        # The ends are rounded to positions in the image. So lines of the same direction can differ.
        for at_rows, first_row, last_row in _ends(middles[0], -across):
            for at_columns, first_column, last_column in _ends(middles[1], down):
                values = histograms[np.ix_(at_rows, at_columns)][..., o]
                for row, column in _line(first_row, first_column, last_row, last_column):
                    image[np.ix_(middles[0][at_rows] + row, middles[1][at_columns] + column)] += values
    return image


def _ends(middles: _Array, reach: float) -> Iterator[tuple[_Array, int, int]]:
    """Yield lines with the same ends relative to their middles: indices, first and last end."""
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
    error, samples = 2 * down - across, []
    for _ in range(across):
        samples.append((column, row) if steep else (row, column))
        while error >= 0:
            row += step[0]
            error -= 2 * across
        column += step[1]
        error += 2 * down
    return [*samples, (last_row, last_column)]
