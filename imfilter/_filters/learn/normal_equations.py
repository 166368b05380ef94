"""Least squares for a kernel: sums of an image times itself, shifted, in tiles and in float64.

The normal equations need, for each pair of taps, the sum of products of what they read. Rows of taps that are
the same distance apart multiply the same lines of the image, but for a few at the border. So each distance
is summed up once, and the design matrix, with a row for each sample and a column for each tap, is never made.
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

#: Samples of a tile's lines, each as often as the kernel is wide: 4 MB. Half as many took a quarter longer.
_TILE = 1 << 19
#: The longest line of a tile, in one and in more dimensions; OpenBLAS has threads of its own for longer ones.
_LINE_ALONE, _LINE = 8192, 1024
#: Tiles are summed up in so many groups, whatever the number of workers, so that rounding is always the same.
_GROUPS = 16


class Example(NamedTuple):
    """An image and what is to become of it: axes of the batch, of channels, and three filtered ones."""

    image: npt.NDArray
    target: npt.NDArray
    paddings: tuple[Padding, ...]


class _Tile(NamedTuple):
    """A part of an example's outputs: where it starts and stops along the batch and the filtered axes."""

    example: Example
    bounds: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Examples:
    """Examples of one kernel's work, all with the same channels and outputs."""

    items: tuple[Example, ...]
    shape: tuple[int, int, int]
    mode: str
    cval: float

    @property
    def channels(self) -> int:
        """Channels of an image."""
        return int(self.items[0].image.shape[1])

    @property
    def samples(self) -> int:
        """Samples of all targets, for each output."""
        return sum(item.target.size // item.target.shape[1] for item in self.items)

    def tiles(self) -> list[_Tile]:
        """Cut all examples into tiles."""
        return [_Tile(item, bounds) for item in self.items for bounds in _cut(item, self.shape)]

    def read(self, tile: _Tile) -> Array:
        """Return the lines that a tile's outputs read: axes of batch, planes, rows, channels and line."""
        image = tile.example.image[slice(*tile.bounds[0])]
        beyond = []
        for axis, (taps, pad) in enumerate(zip(self.shape, tile.example.paddings, strict=True), 2):
            start, stop = tile.bounds[axis - 1]
            n, stop = image.shape[axis], stop + taps - 1
            if start >= pad.before and stop - pad.before <= n:
                image = image[(slice(None),) * axis + (slice(start - pad.before, stop - pad.before),)]
                continue
            around = borders.outside(n, pad.before, pad.after, self.mode)
            index = np.r_[around[: pad.before], np.arange(n), around[pad.before :]][start:stop]
            image = np.take(image, index.clip(0), axis)
            beyond.append((axis, index < 0))
        values = image.astype(np.float64)
        for axis, where in beyond:
            values[(slice(None),) * axis + (where,)] = self.cval
        return np.ascontiguousarray(np.moveaxis(values, 1, -2))

    def goal(self, tile: _Tile) -> Array:
        """Return a tile's targets: axes of batch, planes, rows, outputs and line."""
        batch, *rest = (slice(*bounds) for bounds in tile.bounds)
        values = tile.example.target[(batch, slice(None), *rest)].astype(np.float64)
        return np.ascontiguousarray(np.moveaxis(values, 1, -2))


def _cut(example: Example, shape: tuple[int, int, int]) -> Iterator[tuple[tuple[int, int], ...]]:
    """Cut an example's outputs into tiles, of as many planes as rows where there is room."""
    batch, _, z, y, x = example.target.shape
    fitting = max(_TILE // (example.image.shape[1] * shape[2]), 1)
    line = min(x, _LINE_ALONE if z == y == 1 else _LINE, fitting)
    fitting = max(fitting // line, 1)
    # Not much shorter than the kernel, or most of the tile would be what lies around its outputs.
    rows = min(y, max(fitting if z == 1 else math.isqrt(fitting), 2 * shape[1]))
    planes = min(z, max(fitting // rows, 2 * shape[0]))
    steps = max(fitting // (rows * planes), 1), planes, rows, line
    spans = []
    for n, step in zip((batch, z, y, x), steps, strict=True):
        edges = tiles(n, -(-n // step)).tolist()
        spans.append(list(itertools.pairwise(edges)))
    return itertools.product(*spans)


def summed(examples: Examples, measure: Callable[[Array, Array], Sums], workers: int | None) -> Sums:
    """Sum up what ``measure(lines, goal)`` returns over all tiles, the same for any number of workers."""
    cut = examples.tiles()
    edges = tiles(len(cut), min(len(cut), _GROUPS))
    groups: list[Sums] = [()] * (len(edges) - 1)
    measure = as_zeros(measure)

    def task(start: int, stop: int) -> None:
        with np.errstate(all="ignore"):  # what overflows is refused by the caller
            for number in range(start, stop):
                for tile in cut[edges[number] : edges[number + 1]]:
                    found = measure(examples.read(tile), examples.goal(tile))
                    groups[number] = _plus(groups[number], found)

    threads.run(task, len(groups), workers, pieces=len(groups))
    total: Sums = ()
    for group in groups:
        total = _plus(total, group)
    return total


def _plus(total: Sums, more: Sums) -> Sums:
    return tuple(a + b for a, b in zip(total, more, strict=True)) if total else more


class Lines:
    """Lines of a tile as the taps of each row of a kernel read them: axes of batch, planes, rows, taps, line.

    The axis of taps has those of the first channel, then those of the next.
    """

    def __init__(self, lines: Array, shape: tuple[int, int, int]) -> None:
        views = np.lib.stride_tricks.sliding_window_view(lines, lines.shape[-1] - shape[2] + 1, axis=-1)
        self._read = np.ascontiguousarray(views.reshape(*lines.shape[:3], -1, views.shape[-1]))
        self._shape = shape
        self._planes = lines.shape[1] - shape[0] + 1
        self._rows = lines.shape[2] - shape[1] + 1

    def _of(self, z: int, y: int) -> Array:
        """Return what row (z, y) of the kernel reads for the tile's outputs."""
        return self._read[:, z : z + self._planes, y : y + self._rows]

    def sums(self) -> Array:
        """Sum what each tap reads: the kernel's planes and rows, its taps."""
        return self._windows(self._read.sum(axis=-1))

    def products(self) -> Sums:
        """Sum the products of what each two taps read, for each of `distances`.

        Axes: the planes and rows of the kernel that have others at that distance, the taps of
        the first, those of the other.
        """
        found = []
        for z, y in distances(self._shape):
            here, there = (self._read[:, _from(z)], self._read[:, _from(-z)])
            here, there = here[:, :, _from(y)], there[:, :, _from(-y)]
            found.append(self._windows(here @ there.swapaxes(-1, -2)))
        return tuple(found)

    def crossed(self, goal: Array) -> Array:
        """Sum the targets times what each tap reads: the kernel's planes and rows, outputs, taps."""
        rows = [
            (goal @ self._of(z, y).swapaxes(-1, -2)).sum(axis=(0, 1, 2))
            for z, y in np.ndindex(self._shape[:2])
        ]
        return np.stack(rows).reshape(*self._shape[:2], *rows[0].shape)

    def missed(self, goal: Array, kernel: Array, offset: Array) -> Array:
        """Return what is missing to the targets when a kernel, of axes as in `crossed`, has been applied."""
        result = goal - offset[:, None]
        scratch = np.empty_like(result)
        for z, y in np.ndindex(self._shape[:2]):
            result -= np.matmul(kernel[z, y], self._of(z, y), out=scratch)
        return result

    def _windows(self, values: Array) -> Array:
        """Sum over each window of planes and rows that some output reads, and over the batch."""
        values = values.sum(axis=0) if len(values) > 1 else values[0]
        return _windows(_windows(values, 0, self._planes), 1, self._rows)


def distances(shape: tuple[int, int, int]) -> list[tuple[int, int]]:
    """Return the distances between two rows of a kernel; of one and its negative the one that is larger."""
    z, y, _ = shape
    return [d for d in itertools.product(range(z), range(1 - y, y)) if d >= (0, 0)]


def _from(step: int) -> slice:
    """Return where the first of each two at a distance of `step` lies; with `-step`, the second."""
    return slice(None, -step) if step > 0 else slice(-step, None)


def _windows(values: Array, axis: int, n: int) -> Array:
    """Sum over every window of `n` along the first or the second axis."""
    if n == 1:
        return values
    values = values.swapaxes(0, axis)
    more = len(values) - n
    if n > more + 1:  # what all windows have in common is summed up once
        values = np.concatenate([values[:more], values[more:n].sum(axis=0)[None], values[n:]])
        n = more + 1
    return np.stack([values[i : i + n].sum(axis=0) for i in range(more + 1)]).swapaxes(0, axis)


def gram(products: Sums, shape: tuple[int, int, int]) -> Array:
    """Return the matrix of the normal equations from `Lines.products`: rows by rows, and their taps."""
    count, taps = shape[0] * shape[1], products[0].shape[-1]
    matrix = np.empty((count, taps, count, taps))
    row = np.arange(count).reshape(shape[:2])
    for (z, y), found in zip(distances(shape), products, strict=True):
        first, second = row[_from(z), _from(y)].ravel(), row[_from(-z), _from(-y)].ravel()
        found = found.reshape(-1, taps, taps)
        matrix[first, :, second] = found
        matrix[second, :, first] = found.swapaxes(1, 2)
    return matrix.reshape(count * taps, count * taps)
