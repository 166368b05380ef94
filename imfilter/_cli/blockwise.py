"""Filter an array of zarr block by block, so that memory does not grow with any of its axes."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from imfilter._base import dtypes, threads
from imfilter._base.reach import Along

from .._files import source, zarr_store
from .._files.atomic import replacing_folder
from .._files.image import FileError, Image
from . import apart, blocks, heap, pipeline, stack_header
from .blocks import Axis, Block, Grid
from .stack_windows import Array, part
from .stack_work import Work
from .task import Filter

#: Bytes that may be in memory for what is filtered at once. More is read in blocks.
_LARGE = 1 << 26
#: Bytes along axes that are not cut, above which one thread would hold and compute too much at once.
_PLANE = 1 << 26


class Plan(NamedTuple):
    """What is computed: the filter, the blocks of its result, and the header of the result."""

    work: Work
    grid: Grid
    header: Image


def is_large(work: Work) -> bool:
    """Return whether so much of an array of zarr would be read at once that blocks need less memory."""
    if zarr_store.ZARR not in work.stack.header.details:
        return False
    pixels, leading = work.stack.header.pixels, work.leading
    together = array_of(work).chunks[leading - 1] if leading else 1
    return bool(math.prod(pixels.shape[leading:]) * together * pixels.itemsize > _LARGE)


def array_of(work: Work) -> Any:
    """Return the open array that a filter reads."""
    return work.stack.header.details[zarr_store.ZARR]["array"]


def plan(work: Work) -> Plan | None:
    """Return what is computed block by block, or None if the filter needs the array as a whole.

    The smallest block is computed: it tells the type and the axes of the result.
    """
    header = work.stack.header
    if header.alpha:  # whether an image is opaque is known from all its pixels
        return None
    work = dataclasses.replace(work, blockwise=True)
    axes = axes_of(work)
    if not any(axis.along for axis in axes.values()):
        return None
    whole = math.prod(axis.length for axis in axes.values() if axis.along is None)
    if whole * header.pixels.itemsize > _PLANE and work.options["cluster"] is None:
        return None  # all threads filter one plane or volume after the other
    letters = "".join(axes)
    block = smallest(Grid(axes, letters, {}))
    pixels = blocks.read(array_of(work), block.ranges)
    first = apart.compiled(lambda: filtered(work, block, pixels))
    if not first.axes:
        return None
    lengths = dict(zip(first.axes, first.pixels.shape, strict=True))
    known = {a: axis if axis.along else axis._replace(outputs=lengths.get(a, 1)) for a, axis in axes.items()}
    grid = Grid(known, first.axes, {a: n for a, n in lengths.items() if a not in known})
    blank = dtypes.blank(grid.shape, first.pixels.dtype)
    return Plan(work, grid, stack_header.of(work, dataclasses.replace(first, pixels=blank)))


def smallest(grid: Grid) -> Block:
    """Return a block of as few results as can be. What it needs is compiled before there are threads."""
    return grid.block(
        "0", [(0, 1 if axis.along is not None else axis.outputs) for axis in grid.axes.values()]
    )


def axes_of(work: Work) -> dict[str, Axis]:
    """Return the axes of an array by their letters."""
    shape = work.lengths
    axes = {a: Axis(n, n, None if a == "S" else Along(0, 0)) for a, n in shape.items()}
    lengths = [shape[a] for a in work.filtered]
    if work.command.kind == "resampling":
        from . import resized  # imports the filter

        run = Filter(work.command, {**work.changed, "workers": 1}, len(lengths))
        found = resized.tables(lambda image: run(image), lengths, work.stack.header.pixels.dtype)
        made = None if found is None else zip(work.filtered, found, strict=True)
        return axes | (
            {a: Axis(shape[a], shape[a], None) for a in work.filtered}
            if made is None
            else {a: Axis.resampled(table, shape[a]) for a, table in made}
        )
    rows = work.rows(lengths)
    for letter, known in zip(work.filtered, rows, strict=True):
        n = shape[letter]
        if known is None or None in rows:
            axes[letter] = Axis(n, n, None)
        else:
            along = Along(known.above, known.below, known.step, known.cell)
            axes[letter] = Axis(n, known.length, along, known.wraps)
    return axes


def filtered(work: Work, block: Block, pixels: Array) -> Image:
    """Return the result of the samples of a block, of which the block keeps a part."""
    if block.tables:
        work = copy.copy(work)
        work.changed = {**work.changed, "tables": [block.tables[letter] for letter in work.filtered]}
    with part():
        return work.result(pixels, *known_in(work, block))


def known_in(work: Work, block: Block) -> tuple[Array | None, list[Array]]:
    """Return which samples of a block are present, if that is known, and the thresholds of its loops."""
    loops = [np.arange(*block.ranges[work.axes.index(letter)][0]) for letter in work.separate]
    places = np.ix_(np.arange(1), *loops)
    levels = [one[places].reshape([len(along) for along in loops]) for one in work.levels]
    if work.mask is None:
        return None, levels
    assert isinstance(work.mask, np.ndarray)
    ranges = block.ranges[: work.mask.ndim]
    chosen = [np.concatenate([np.arange(a, b) for a, b in along]) for along in ranges]
    return work.mask[np.ix_(*chosen)], levels


def read(name: str, array: Any, block: Block) -> Array:
    """Return the samples of a block. An error names the file and the place."""
    try:
        with source.reading(name):
            return blocks.read(array, block.ranges)
    except FileError as error:
        places = [f"{along[0][0]}:{along[-1][1]}" for along in block.ranges]
        words = str(error).removeprefix(f"{name}: ")
        raise FileError(f"{name}: block [{', '.join(places)}] {words}") from error


def run(found: Plan, destination: str, levels: int) -> None:
    """Filter an array block by block with the threads of this process, and write the result.

    Parameters
    ----------
    found : Plan
        What is computed.
    destination : str
        The folder of the result.
    levels : int
        Number of levels of an OME-Zarr image.
    """
    heap.keep_freed()
    work, workers = found.work, threads.most(threads.requested(found.work.options["workers"]))
    work = dataclasses.replace(work, options={**work.options, "workers": 1})
    with replacing_folder(destination) as folder:
        arrays = zarr_store.created(folder, found.header, levels)
        (grid, inside, target), *halves = stages(found, arrays)
        items = ((block, read(work.name, inside, block)) for block in grid.blocks(units(target)))

        def compute(item: tuple[Block, Array]) -> tuple[Block, Array]:
            block, pixels = item
            return block, filtered(work, block, pixels).pixels[block.keep]

        def write(item: tuple[Block, Array]) -> None:
            zarr_store.put(target, item[0].where, item[1])

        pipeline.run(items, compute, write, workers)
        for grid, large, small in halves:
            for block in grid.blocks(units(small)):
                pixels = blocks.read(large, block.ranges)
                zarr_store.put(small, block.where, _half_apart(pixels, block, grid.letters, workers))


def stages(found: Plan, arrays: Sequence[Any]) -> Iterator[tuple[Grid, Any, Any]]:
    """Yield for each level what is computed, the array that is read, and the array that is written."""
    yield found.grid, array_of(found.work), arrays[0]
    for large, small in itertools.pairwise(arrays):
        yield _halved(large, small, found.grid.letters), large, small


def units(array: Any) -> tuple[int, ...]:
    """Return the size of the parts of an array that are written at once."""
    return tuple(getattr(array, "shards", None) or array.chunks)


def _halved(large: Any, small: Any, letters: str) -> Grid:
    """Return the axes of a level of an OME-Zarr image, and how they depend on the level before."""
    from imfilter.resampling import resize

    from . import resized

    inside = [place for place, letter in enumerate(letters) if letter in "ZYX"]
    shape = tuple(small.shape[place] for place in inside)
    lengths = [large.shape[place] for place in inside]
    tables = resized.tables(lambda image: resize(image, shape, method="area"), lengths, large.dtype)
    assert tables is not None
    axes = {a: Axis(n, n, Along(0, 0)) for a, n in zip(letters, large.shape, strict=True)}
    for place, table in zip(inside, tables, strict=True):
        axes[letters[place]] = Axis.resampled(table, large.shape[place])
    return Grid(axes, letters, {})


def _half_apart(pixels: Array, block: Block, letters: str, workers: int) -> Array:
    """Return `half`, for which a copy of this process compiles."""
    return apart.compiled(lambda: half(pixels, block, letters, workers))


def half(pixels: Array, block: Block, letters: str, workers: int) -> Array:
    """Return a block of a level of an OME-Zarr image from samples of the level before."""
    from . import resized

    places = tuple(letters.index(letter) for letter in block.tables)
    return resized.by_tables(pixels, list(block.tables.values()), axes=places, workers=workers)
