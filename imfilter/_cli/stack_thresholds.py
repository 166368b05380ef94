"""Thresholds of a stack that is filtered in parts: the histograms of the parts are merged."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from imfilter._base import dtypes, threads
from imfilter._filters.threshold import small

from .._files.image import Image
from . import apart, blocks, blockwise, heap, pipeline, stack_windows, strips, thresholds
from .blocks import Block, Grid
from .stack_windows import Array, Window, part
from .stack_work import Work

#: The leading axes and the loops of a stack: the axes that are not filtered.
_Index = tuple[int, ...]
#: Values of an image whose threshold is found only to compile: more than there are classes.
_VALUES = 256
_Parts = Callable[[], Iterator[tuple[_Index, Image]]]


def found(work: Work) -> Work:
    """Return a work whose thresholds are known. IN is read once or twice for each of them."""
    known = copy.copy(work)
    for number in work.waiting:
        known.levels = [*known.levels, _levels(known, number)]
    return known


def _levels(work: Work, number: int) -> Array:
    """Return the thresholds of a step for each index of the leading axes, and of the loops."""
    step, header = work.every[number], work.stack.header
    options = {**step.options, "workers": work.options["workers"]}
    dtype = header.pixels.dtype if work.steps is None else dtypes.derived(header.pixels.dtype)
    head = Image(np.zeros((1, 1), dtype))  # of a single axis: all samples beside it
    if len(work.filtered) > 1:
        channels = header.pixels.shape[-1:] if header.channels else ()
        head = Image(np.zeros((*[1] * len(work.filtered), *channels), dtype), header.channels, header.alpha)
    lengths = work.lengths
    result = np.empty([1, *(lengths[axis] for axis in (*work.axes[: work.leading], *work.separate))], object)
    # Sums of floats are rounded, so that the order of a mean matters.
    in_order = options["method"] == "mean" and (dtype.kind == "f" or header.channels)
    _compile(head, options)
    groups = _of_blocks(work, number) if work.blockwise and not in_order else [_of_frames(work, number)]
    try:
        for parts in groups:
            for index, one in thresholds.of_groups(parts, head, options).items():
                result[0, *index] = one
    except (ValueError, TypeError, OverflowError) as error:
        if work.steps is None:
            raise
        from . import pipe

        raise pipe.named(step, error) from error
    return result.reshape(-1, *(lengths[axis] for axis in work.separate))


def _compile(head: Image, options: Mapping[str, Any]) -> None:
    """Let a copy of this process compile what finds a threshold, before there are threads."""
    values = np.arange(_VALUES, dtype=np.uint8).astype(head.pixels.dtype)
    image = dataclasses.replace(head, pixels=np.resize(values, (small.MANY + 1, *head.pixels.shape[1:])))
    with contextlib.suppress(ValueError, TypeError, OverflowError):  # they will be raised for the stack
        apart.compiled(lambda: thresholds.of_groups(lambda: [((), image)], head, options))


def _of_frames(work: Work, number: int) -> _Parts:
    """Return a function that yields what a step gets, in the order of the file."""
    frames = dataclasses.replace(work, blockwise=False) if work.blockwise else work
    shape = frames.stack.header.pixels.shape
    loops = [frames.lengths[axis] for axis in frames.separate]
    frames = frames.input_of(number, [one.reshape(-1, *loops) for one in work.levels])

    def pieces(window: Window) -> list[tuple[_Index, Image]]:
        with part():
            return list(frames.each(window.block, window.present, window.levels))

    def parts() -> Iterator[tuple[_Index, Image]]:
        for window in frames.windows():
            index = np.unravel_index(window.number, shape[: frames.leading]) if frames.leading else ()
            for inner, image in stack_windows.compiled(pieces, window, frames.reach):
                kept = image if window.keep is None else strips.cut(image, window.keep)
                yield (*map(int, index), *inner), kept

    return parts


def _of_blocks(work: Work, number: int) -> Iterator[_Parts]:
    """Yield functions that yield what a step gets, block by block: one for some indices of the loops."""
    heap.keep_freed()
    workers = threads.most(threads.requested(work.options["workers"]))
    work = work.input_of(number, work.levels)
    work.changed = {**work.changed, "workers": 1}
    array = blockwise.array_of(work)
    grid = Grid(blockwise.axes_of(work), work.axes, {})
    loops, filtered = ([work.axes.index(axis) for axis in axes] for axes in (work.separate, work.filtered))

    def samples(item: tuple[Block, Array]) -> list[tuple[_Index, Image]]:
        block, pixels = item
        start, keep = place(block), tuple(block.keep[axis] for axis in filtered)
        pieces = []
        with part():
            for index, image in work.each(pixels, *blockwise.known_in(work, block)):
                present = None if image.present is None else image.present[keep]
                kept = dataclasses.replace(image, pixels=image.pixels[keep], present=present)
                pieces.append((tuple(a + b for a, b in zip(start, index, strict=True)), kept))
        return pieces

    def place(block: Block) -> list[int]:
        return [block.where[axis].start for axis in loops]

    block = blockwise.smallest(grid)
    pixels = blocks.read(array, block.ranges)
    apart.compiled(lambda: samples((block, pixels)))
    every = sorted(grid.blocks(blockwise.units(array)), key=place)
    for _, group in itertools.groupby(every, place):
        those = list(group)

        def parts(those: list[Block] = those) -> Iterator[tuple[_Index, Image]]:
            items = ((block, blockwise.read(work.name, array, block)) for block in those)
            for pieces in pipeline.results(items, samples, workers):
                yield from pieces

        yield parts
