"""Normal equations for a kernel: sums of products of an image and its shifted copies, in float64 tiles.

The normal equations need, for each pair of taps, the sum of products of the samples that they read. Pairs of
rows of taps with the same distance multiply the same lines of the image, except a few at the border. So each
distance is summed once. The design matrix, with a row per sample and a column per tap, is never created.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import borders, threads
from imfilter._base.denormals import as_zeros
from imfilter._base.loops import tiles
from imfilter._base.padding import Padding

Array = npt.NDArray[np.float64]
Sums = tuple[Array, ...]

#: Samples of the lines of a tile, times the width of the kernel: 4 MB. Half of it took a quarter longer.
_TILE = 1 << 19
#: The longest line of a tile, for one and for more dimensions. For longer lines, OpenBLAS starts threads.
_LINE_ALONE, _LINE = 8192, 1024
#: Number of groups in which tiles are summed. It is fixed, so the number of workers does not affect rounding.
_GROUPS = 16


class Example(NamedTuple):
    """An image and its target. Axes: batch, channels, and three filtered axes."""

    image: npt.NDArray
    target: npt.NDArray
    paddings: tuple[Padding, ...]


class _Tile(NamedTuple):
    """A part of the outputs of an example: start and stop along the batch axis and the filtered axes."""

    example: Example
    bounds: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Examples:
    """Examples for one kernel. All have the same numbers of channels and outputs."""

    items: tuple[Example, ...]
    shape: tuple[int, int, int]
    mode: str
    cval: float

    @property
    def channels(self) -> int:
        """Number of channels of an image."""
        return int(self.items[0].image.shape[1])

    @property
    def samples(self) -> int:
        """Number of samples of all targets, per output."""
        return sum(item.target.size // item.target.shape[1] for item in self.items)

    def tiles(self) -> list[_Tile]:
        """Cut all examples into tiles."""
        return [_Tile(item, bounds) for item in self.items for bounds in _cut(item, self.shape)]

    def read(self, tile: _Tile) -> Array:
        """Return the lines that the outputs of a tile read. Axes: batch, planes, rows, channels, line."""
        image = tile.example.image[slice(*tile.bounds[0])]
        constants = []
        for axis, (taps, pad) in enumerate(zip(self.shape, tile.example.paddings, strict=True), 2):
            start, stop = tile.bounds[axis - 1]
            n, stop = image.shape[axis], stop + taps - 1
            if start >= pad.before and stop - pad.before <= n:
                image = image[(slice(None),) * axis + (slice(start - pad.before, stop - pad.before),)]
                continue
            outside = borders.outside(n, pad.before, pad.after, self.mode)
            index = np.r_[outside[: pad.before], np.arange(n), outside[pad.before :]][start:stop]
            image = np.take(image, index.clip(0), axis)
            constants.append((axis, index < 0))
        values = image.astype(np.float64)
        for axis, is_outside in constants:
            values[(slice(None),) * axis + (is_outside,)] = self.cval
        return np.ascontiguousarray(np.moveaxis(values, 1, -2))

    def goal(self, tile: _Tile) -> Array:
        """Return the targets of a tile. Axes: batch, planes, rows, outputs, line."""
        batch, *rest = (slice(*bounds) for bounds in tile.bounds)
        values = tile.example.target[(batch, slice(None), *rest)].astype(np.float64)
        return np.ascontiguousarray(np.moveaxis(values, 1, -2))


def _cut(example: Example, shape: tuple[int, int, int]) -> Iterator[tuple[tuple[int, int], ...]]:
    """Cut the outputs of an example into tiles, with as many planes as rows if possible."""
    batch, _, z, y, x = example.target.shape
    fitting = max(_TILE // (example.image.shape[1] * shape[2]), 1)
    line = min(x, _LINE_ALONE if z == y == 1 else _LINE, fitting)
    fitting = max(fitting // line, 1)
    # Rows and planes are at least twice those of the kernel. Otherwise most samples of a tile would be
    # around its outputs.
    rows = min(y, max(fitting if z == 1 else math.isqrt(fitting), 2 * shape[1]))
    planes = min(z, max(fitting // rows, 2 * shape[0]))
    steps = max(fitting // (rows * planes), 1), planes, rows, line
    spans = []
    for n, step in zip((batch, z, y, x), steps, strict=True):
        edges = tiles(n, -(-n // step)).tolist()
        spans.append(list(itertools.pairwise(edges)))
    return itertools.product(*spans)


def summed(examples: Examples, measure: Callable[[Array, Array], Sums], workers: int | None) -> Sums:
    """Sum ``measure(lines, goal)`` over all tiles. The result does not depend on the number of workers."""
    cut = examples.tiles()
    edges = tiles(len(cut), min(len(cut), _GROUPS))
    groups: list[Sums] = [()] * (len(edges) - 1)
    measure = as_zeros(measure)

    def task(start: int, stop: int) -> None:
        with np.errstate(all="ignore"):  # the caller checks for overflow
            for number in range(start, stop):
                for tile in cut[edges[number] : edges[number + 1]]:
                    sums = measure(examples.read(tile), examples.goal(tile))
                    groups[number] = _plus(groups[number], sums)

    threads.run(task, len(groups), workers, pieces=len(groups))
    total: Sums = ()
    for group in groups:
        total = _plus(total, group)
    return total


def _plus(total: Sums, more: Sums) -> Sums:
    return tuple(a + b for a, b in zip(total, more, strict=True)) if total else more


class Lines:
    """Lines of a tile for the taps of each row of a kernel. Axes: batch, planes, rows, taps, line.

    The axis of taps has the taps of the first channel, then those of the next channel.
    """

    def __init__(self, lines: Array, shape: tuple[int, int, int]) -> None:
        views = np.lib.stride_tricks.sliding_window_view(lines, lines.shape[-1] - shape[2] + 1, axis=-1)
        self._read = np.ascontiguousarray(views.reshape(*lines.shape[:3], -1, views.shape[-1]))
        self._shape = shape
        self._planes = lines.shape[1] - shape[0] + 1
        self._rows = lines.shape[2] - shape[1] + 1

    def _of(self, z: int, y: int) -> Array:
        """Return the samples that row (z, y) of the kernel reads for the outputs of the tile."""
        return self._read[:, z : z + self._planes, y : y + self._rows]

    def sums(self) -> Array:
        """Sum the samples that each tap reads. Axes: planes and rows of the kernel, taps."""
        return self._windows(self._read.sum(axis=-1))

    def products(self) -> Sums:
        """Sum the products of the samples that each pair of taps reads, for each of `distances`.

        Axes: the planes and rows of the kernel with another row at that distance, the taps of the first row,
        and the taps of the other row.
        """
        sums = []
        for z, y in distances(self._shape):
            first, second = (self._read[:, _from(z)], self._read[:, _from(-z)])
            first, second = first[:, :, _from(y)], second[:, :, _from(-y)]
            sums.append(self._windows(first @ second.swapaxes(-1, -2)))
        return tuple(sums)

    def crossed(self, goal: Array) -> Array:
        """Sum the targets times the samples of each tap. Axes: kernel planes and rows, outputs, taps."""
        rows = [
            (goal @ self._of(z, y).swapaxes(-1, -2)).sum(axis=(0, 1, 2))
            for z, y in np.ndindex(self._shape[:2])
        ]
        return np.stack(rows).reshape(*self._shape[:2], *rows[0].shape)

    def missed(self, goal: Array, kernel: Array, offset: Array) -> Array:
        """Return the residuals of the targets for a kernel with the axes of `crossed`."""
        result = goal - offset[:, None]
        scratch = np.empty_like(result)
        for z, y in np.ndindex(self._shape[:2]):
            result -= np.matmul(kernel[z, y], self._of(z, y), out=scratch)
        return result

    def _windows(self, values: Array) -> Array:
        """Sum over each window of planes and rows that a kernel row reads, and over the batch."""
        values = values.sum(axis=0) if len(values) > 1 else values[0]
        return _windows(_windows(values, 0, self._planes), 1, self._rows)


def distances(shape: tuple[int, int, int]) -> list[tuple[int, int]]:
    """Return the distances between two rows of a kernel. Of a distance and its negative, keep the larger."""
    z, y, _ = shape
    return [d for d in itertools.product(range(z), range(1 - y, y)) if d >= (0, 0)]


def _from(step: int) -> slice:
    """Return the slice of the first elements of pairs at distance `step`; for `-step`, of the second ones."""
    return slice(None, -step) if step > 0 else slice(-step, None)


def _windows(values: Array, axis: int, n: int) -> Array:
    """Sum over every window of `n` along the first or the second axis."""
    if n == 1:
        return values
    values = values.swapaxes(0, axis)
    more = len(values) - n
    if n > more + 1:  # the common part of all windows is summed once
        values = np.concatenate([values[:more], values[more:n].sum(axis=0)[None], values[n:]])
        n = more + 1
    return np.stack([values[i : i + n].sum(axis=0) for i in range(more + 1)]).swapaxes(0, axis)


def gram(products: Sums, shape: tuple[int, int, int]) -> Array:
    """Return the matrix of the normal equations from `Lines.products`. Each axis has all taps, row by row."""
    count, taps = shape[0] * shape[1], products[0].shape[-1]
    matrix = np.empty((count, taps, count, taps))
    row = np.arange(count).reshape(shape[:2])
    for (z, y), sums in zip(distances(shape), products, strict=True):
        first, second = row[_from(z), _from(y)].ravel(), row[_from(-z), _from(-y)].ravel()
        sums = sums.reshape(-1, taps, taps)
        matrix[first, :, second] = sums
        matrix[second, :, first] = sums.swapaxes(1, 2)
    return matrix.reshape(count * taps, count * taps)
