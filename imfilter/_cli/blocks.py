"""Blocks of an array with chunks along all axes, and the samples that each of them depends on."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imfilter._arrays import pieces
from imfilter._arrays.pieces import Range
from imfilter._base.reach import Along
from imfilter._filters.resampling.tables import Table

Array = NDArray[Any]
#: Most samples that are read for a block, unless a chunk of the result needs more. A worker holds them and
#: a few arrays of results in floating point: 32 MB each in float64.
SAMPLES = 1 << 22


class Axis(NamedTuple):
    """An axis of an array, and how the results along it depend on its samples.

    Attributes
    ----------
    length : int
        Number of samples.
    outputs : int
        Number of results.
    along : Along or None
        The samples that a result depends on. None: all of them, so that the axis is not cut.
    wraps : bool
        Whether the axis continues beyond its border with its other end.
    table : Table or None
        The samples and weights of all results, if the axis is resampled.
    """

    length: int
    outputs: int
    along: Along | None
    wraps: bool = False
    table: Table | None = None

    @classmethod
    def resampled(cls, table: Table, length: int) -> Axis:
        """Return the axis that a table resamples."""
        along = Along(table.most, table.most, max(length // max(table.outputs, 1), 1))
        return cls(length, table.outputs, along, table=table)

    def piece(self, start: int, stop: int) -> tuple[pieces.Piece, Table | None]:
        """Return the samples for some results, and the table for these samples."""
        if self.along is None:
            return pieces.Piece(((0, self.length),), (start, stop)), None
        if self.table is not None:
            read, part = self.table.part(start, stop)
            return pieces.Piece(pieces.runs(read), (0, stop - start)), part
        return pieces.piece(self.length, self.along, start, stop, wraps=self.wraps), None

    def read(self, outputs: int) -> int:
        """Return about how many samples so many results depend on."""
        if self.along is None:
            return self.length
        before, after, step, *_ = self.along
        return min(outputs * step + before + after, self.length)


class Block(NamedTuple):
    """A part of a result: what is read, what of its result is kept, and where that is in the result.

    Attributes
    ----------
    name : str
        The block in the list of blocks that are done.
    ranges : tuple
        The ranges of samples along each axis of the array.
    keep, where : tuple of slice
        Along each axis of the result.
    tables : dict
        The tables of the axes that are resampled, by their letters.
    """

    name: str
    ranges: tuple[tuple[Range, ...], ...]
    keep: tuple[slice, ...]
    where: tuple[slice, ...]
    tables: dict[str, Table]

    @property
    def title(self) -> str:
        """The block in messages."""
        return f"[{', '.join(f'{s.start}:{s.stop}' for s in self.where)}]"


class Grid(NamedTuple):
    """The axes of an array by their letters, those of its result, and the lengths of axes that are new."""

    axes: Mapping[str, Axis]
    letters: str
    new: Mapping[str, int]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the result."""
        return tuple(self.axes[a].outputs if a in self.axes else self.new[a] for a in self.letters)

    def block(self, name: str, where: Sequence[Range]) -> Block:
        """Return the block of some results."""
        wanted = dict(zip(self.letters, where, strict=True))
        found = {}
        for letter, axis in self.axes.items():
            found[letter] = axis.piece(*wanted.get(letter, (0, axis.outputs)))
        keep = {letter: slice(*piece.keep) for letter, (piece, _) in found.items()}
        tables = {letter: table for letter, (_, table) in found.items() if table is not None}
        return Block(
            name,
            tuple(piece.ranges for piece, _ in found.values()),
            tuple(keep.get(letter, slice(0, self.new.get(letter))) for letter in self.letters),
            tuple(slice(*pair) for pair in where),
            tables,
        )

    def blocks(self, chunks: Sequence[int], prefix: str = "") -> Iterator[Block]:
        """Yield all blocks of a result. A chunk of the result is in one block."""
        sizes = self.sizes(chunks)
        parts = [
            [(start, min(start + size, n)) for start in range(0, n, size)]
            for n, size in zip(self.shape, sizes, strict=True)
        ]
        for number, where in enumerate(itertools.product(*parts)):
            yield self.block(f"{prefix}{number}", where)

    def count(self, chunks: Sequence[int]) -> int:
        """Return the number of blocks."""
        sizes = self.sizes(chunks)
        return math.prod(-(-n // size) for n, size in zip(self.shape, sizes, strict=True))

    def sizes(self, chunks: Sequence[int]) -> list[int]:
        """Return the shape of a block: so many chunks that few samples are read twice."""
        shape = self.shape
        cut = [letter in self.axes and self.axes[letter].along is not None for letter in self.letters]
        sizes = [min(c, n) if k else n for c, n, k in zip(chunks, shape, cut, strict=True)]
        while True:
            place = self._next(sizes, chunks, cut)
            if place is None:
                return sizes
            sizes[place] = min(sizes[place] + chunks[place], shape[place])

    def _next(self, sizes: Sequence[int], chunks: Sequence[int], cut: Sequence[bool]) -> int | None:
        """Return the axis along which a block should be longer, or None if it would be too large."""
        shape, best, most = self.shape, None, -1.0
        for place, letter in enumerate(self.letters):
            if not cut[place] or sizes[place] >= shape[place]:
                continue
            longer = [n + chunks[place] * (p == place) for p, n in enumerate(sizes)]
            if self._samples(longer) > SAMPLES:
                continue
            along = self.axes[letter].along
            assert along is not None
            share = (along.before + along.after) / (sizes[place] * along.step)
            if share >= most:  # the last axis, if there is no difference
                best, most = place, share
        return best

    def _samples(self, sizes: Sequence[int]) -> int:
        wanted = dict(zip(self.letters, sizes, strict=True))
        return math.prod(axis.read(wanted.get(a, axis.outputs)) for a, axis in self.axes.items())


def read(array: Any, ranges: Sequence[Sequence[Range]]) -> Array:
    """Return the samples of an array in ranges along each axis, one range after the other."""
    native = array.dtype.newbyteorder("=")
    if all(len(along) == 1 for along in ranges):
        found = np.asarray(array[tuple(slice(*along[0]) for along in ranges)])
        return found.astype(native, copy=False)
    out = np.empty(tuple(sum(b - a for a, b in along) for along in ranges), native)
    targets = [pieces.bounds([b - a for a, b in along]) for along in ranges]
    for chosen in itertools.product(*(range(len(along)) for along in ranges)):
        each = list(zip(chosen, ranges, targets, strict=True))
        out[tuple(slice(to[i], to[i + 1]) for i, _, to in each)] = array[
            tuple(slice(*along[i]) for i, along, _ in each)
        ]
    return out
