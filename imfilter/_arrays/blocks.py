"""The graph of a filter: one task for each block, which reads its chunk and the edges of those around it."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import dask.array as da
import numpy as np
import numpy.typing as npt
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph

from imfilter._arrays import pieces
from imfilter._arrays.calls import Call
from imfilter._arrays.pieces import Piece, Range, Segment
from imfilter._base.plan import by_window
from imfilter._base.reach import Along, Reach

#: A smaller share of a chunk is cut out of it in a task of its own, so that the chunk need not be moved.
_SHARE = 0.5
_Slices = tuple[slice, ...]


class Axis(NamedTuple):
    """An axis of the image and of the result: its chunks, and which blocks are computed together."""

    chunks: tuple[int, ...]
    results: tuple[int, ...]
    blocks: tuple[Range, ...]  # of results
    pieces: tuple[Piece, ...]
    joined: tuple[Range, ...]  # the chunks of the result in each block


class ResultAxis(NamedTuple):
    """An axis of the result: one of the image, or a new one of some length."""

    axis: int | None
    length: int


def results_of(shape: tuple[int, ...], ndim: int) -> tuple[ResultAxis, ...]:
    """Return the axes of a result that has those of the image, perhaps after new ones."""
    more = len(shape) - ndim
    return tuple(ResultAxis(i - more if i >= more else None, n) for i, n in enumerate(shape))


@dataclass(frozen=True)
class Frame:
    """All axes of the image, and those of the result."""

    axes: tuple[Axis, ...]
    results: tuple[ResultAxis, ...]

    @classmethod
    def of(
        cls,
        chunks: Sequence[tuple[int, ...]],
        results: tuple[ResultAxis, ...],
        reach: Reach,
        *,
        wraps: bool,
    ) -> "Frame":
        """Return the frame of an image of given chunks, and of its result."""
        lengths = {result.axis: result.length for result in results}
        axes = []
        for axis, sizes in enumerate(chunks):
            along, n, length = reach.get(axis, Along(0, 0)), sum(sizes), lengths.get(axis, 1)
            made = (length,) if len(sizes) == 1 else pieces.of_results(sizes, along, length)
            joined = pieces.groups(made, along)
            edges = pieces.bounds(made)
            blocks = tuple((edges[a], edges[b]) for a, b in joined)
            if len(sizes) == 1:
                found = tuple(Piece(((0, n),), block) for block in blocks)
            else:
                found = tuple(pieces.piece(n, along, *block, wraps=wraps) for block in blocks)
            axes.append(Axis(tuple(sizes), made, blocks, found, tuple(joined)))
        return cls(tuple(axes), results)

    @property
    def chunks(self) -> tuple[tuple[int, ...], ...]:
        """The chunks of the result."""
        return tuple((r.length,) if r.axis is None else self.axes[r.axis].results for r in self.results)

    def kept(self, ranges: Sequence[Range]) -> _Slices:
        """Return the index of ranges along the axes of the image, in the result."""
        return tuple(slice(None) if r.axis is None else slice(*ranges[r.axis]) for r in self.results)

    def place(self, chunks: Sequence[int]) -> tuple[int, ...]:
        """Return the place of a chunk of the result."""
        return tuple(0 if r.axis is None else chunks[r.axis] for r in self.results)


class Part(NamedTuple):
    """Samples of a source of a task, and where they are in a piece.

    `cut` is the number of the part, if the source is the list of the parts of a chunk.
    """

    source: int
    cut: int | None
    samples: _Slices
    to: _Slices


class Input(NamedTuple):
    """A piece of an array that a task filters: its shape and its parts."""

    shape: tuple[int, ...]
    parts: tuple[Part, ...]


class Layout:
    """What a task reads and keeps. It is an object of its own, so that dask does not search it for tasks."""

    def __init__(
        self, inputs: dict[str, Input], keep: _Slices, options: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        self.inputs, self.keep, self.options = inputs, keep, dict(options)


class Cuts:
    """The parts of a chunk that other blocks read."""

    def __init__(self) -> None:
        self.parts: dict[tuple[Range, ...], int] = {}

    def number(self, samples: _Slices) -> int:
        """Return the number of a part."""
        return self.parts.setdefault(tuple((s.start, s.stop) for s in samples), len(self.parts))


def cut(chunk: npt.NDArray, cuts: Cuts) -> list[npt.NDArray]:
    """Return copies of the parts of a chunk."""
    return [chunk[tuple(slice(a, b) for a, b in part)].copy() for part in cuts.parts]


class Opaque:
    """A value that dask does not search for tasks."""

    def __init__(self, value: Any) -> None:
        self.value = value


def computed(
    call: Call, layout: Layout, sources: list[Any], names: Sequence[str] = (), values: Sequence[Any] = ()
) -> npt.NDArray:
    """Return the results of a block. `names` are the arguments whose `values` other tasks have computed."""
    found = {name: _joined(given, sources) for name, given in layout.inputs.items()}
    found |= layout.options | dict(zip(names, values, strict=True))
    token = by_window.set(True)
    try:
        result = call.changed(**found).run()
    finally:
        by_window.reset(token)
    kept: npt.NDArray = result[layout.keep] if isinstance(result, np.ndarray) else np.asarray(result)
    return kept


def _joined(given: Input, sources: list[Any]) -> npt.NDArray:
    """Return the piece of an array from its parts."""
    taken = [_taken(part, sources) for part in given.parts]
    if len(taken) == 1:
        return taken[0]
    masked = any(isinstance(samples, np.ma.MaskedArray) for samples in taken)
    piece: npt.NDArray = (np.ma.zeros if masked else np.empty)(given.shape, taken[0].dtype)
    for part, samples in zip(given.parts, taken, strict=True):
        piece[part.to] = samples
    return piece


def _taken(part: Part, sources: list[Any]) -> npt.NDArray:
    source = sources[part.source]
    found: npt.NDArray = source[part.samples] if part.cut is None else source[part.cut]
    return found


class Source(NamedTuple):
    """A lazy array that is cut into pieces, and which axis of the image each of its axes is, or None."""

    array: da.Array
    axes: tuple[int | None, ...]

    @classmethod
    def like(cls, array: da.Array, image: da.Array, channel: Any, name: str) -> "Source":
        """Return the source for an array of the image's shape, perhaps without its channels."""
        axes: tuple[int | None, ...] = tuple(range(image.ndim))
        if array.ndim < image.ndim and channel is not None:
            axes = tuple(a for a in axes if a != channel % image.ndim)
        elif array.ndim > image.ndim and channel is not None:  # channels that the image does not have
            axes = (*axes[: channel % array.ndim], None, *axes[channel % array.ndim :])
        each = zip(array.shape, axes, strict=False)
        if len(axes) != array.ndim or any(a is not None and n != image.shape[a] for n, a in each):
            raise ValueError(f"{name} must have shape {image.shape}, got {array.shape}")
        chunks = tuple(array.shape[i] if a is None else image.chunks[a] for i, a in enumerate(axes))
        return cls(array.rechunk(chunks), axes)


def array(
    call: Call,
    others: Mapping[str, Source],
    frame: Frame,
    dtype: np.dtype,
    *,
    masked: bool,
    options: Callable[[tuple[int, ...]], Mapping[str, Any]] = lambda block: {},
    delayed: Mapping[str, Any] = MappingProxyType({}),
) -> da.Array:
    """Return the lazy result of a call.

    `others` are the arguments that are cut like the image, and `delayed` those that are computed before.
    ``options(block)`` are further arguments of a block.
    """
    image = call.image
    sources = {call.first: Source(image, tuple(range(image.ndim))), **others}
    arrays: list[Any] = [source.array for source in sources.values()]
    plain = call.without(*sources)
    if "workers" in call.parameters and call.get("workers") is None:
        plain = plain.changed(workers=1)  # dask has threads of its own
    token = tokenize(
        call.name, plain.arguments, frame, *(a.name for a in arrays), *(d.key for d in delayed.values())
    )
    name = f"{call.name.replace('.', '-')}-{token}"
    layer = _Layer(name, plain, sources, frame, delayed, options).tasks()
    graph = HighLevelGraph.from_collections(name, layer, dependencies=[*arrays, *delayed.values()])
    empty: npt.NDArray = np.empty((0,) * len(frame.chunks), dtype)
    return da.Array(graph, name, frame.chunks, meta=np.ma.MaskedArray(empty) if masked else empty)


class _Layer:
    """The tasks of a result."""

    def __init__(
        self,
        name: str,
        call: Call,
        sources: Mapping[str, Source],
        frame: Frame,
        delayed: Mapping[str, Any],
        options: Callable[[tuple[int, ...]], Mapping[str, Any]],
    ) -> None:
        self.options = options
        self.name, self.call, self.sources, self.frame = name, call, sources, frame
        self.delayed = [list(delayed), [d.key for d in delayed.values()]] if delayed else []
        self.layer: dict[Any, Any] = {}
        self.cuts: dict[Any, tuple[Any, Cuts]] = {}

    def tasks(self) -> dict[Any, Any]:
        """Return all tasks by their keys."""
        axes = self.frame.axes
        segments = [[pieces.segments(a.chunks, p.ranges) for p in a.pieces] for a in axes]
        for block in itertools.product(*(range(len(axis.blocks)) for axis in axes)):
            here = [segments[axis][number] for axis, number in enumerate(block)]
            keys: dict[Any, int] = {}
            inputs = {n: self._input(n, source, here, keys) for n, source in self.sources.items()}
            keep = self.frame.kept([axis.pieces[i].keep for axis, i in zip(axes, block, strict=True)])
            layout = Layout(inputs, keep, self.options(block))
            self._place(block, (computed, self.call, layout, list(keys), *self.delayed))
        for key, (chunk, cuts) in self.cuts.items():
            self.layer[key] = (cut, chunk, cuts)
        return self.layer

    def _input(self, name: str, source: Source, here: list[list[Segment]], keys: dict[Any, int]) -> Input:
        """Return the parts of a piece. The keys of what they are in get numbers."""
        array, parts = source.array, []
        whole = [[Segment(i, 0, n, 0) for i, n in enumerate(chunks)] for chunks in array.chunks]
        lists = [whole[i] if a is None else here[a] for i, a in enumerate(source.axes)]
        for chosen in itertools.product(*lists):
            place = tuple(s.chunk for s in chosen)
            samples = tuple(slice(s.start, s.stop) for s in chosen)
            to = tuple(slice(s.to, s.to + s.stop - s.start) for s in chosen)
            sizes = (array.chunks[i][s.chunk] for i, s in enumerate(chosen))
            share = math.prod((s.stop - s.start) / n for s, n in zip(chosen, sizes, strict=True))
            key, number = (array.name, *place), None
            if share < _SHARE:
                chunk, key = key, (f"{self.name}-edges", name, *place)
                number = self.cuts.setdefault(key, (chunk, Cuts()))[1].number(samples)
            parts.append(Part(keys.setdefault(key, len(keys)), number, samples, to))
        return Input(tuple(s[-1].to + s[-1].stop - s[-1].start for s in lists), tuple(parts))

    def _place(self, block: tuple[int, ...], task: Any) -> None:
        """Add the task of a block, and those that split it into chunks if it has several."""
        joined = [axis.joined[i] for axis, i in zip(self.frame.axes, block, strict=True)]
        if all(b - a == 1 for a, b in joined):
            self.layer[self.name, *self.frame.place([a for a, _ in joined])] = task
            return
        key = (f"{self.name}-joined", *block)
        self.layer[key] = task
        edges = [pieces.bounds(axis.results) for axis in self.frame.axes]
        for place in itertools.product(*(range(a, b) for a, b in joined)):
            where = [
                (e[i] - e[a], e[i + 1] - e[a]) for e, i, (a, _) in zip(edges, place, joined, strict=True)
            ]
            self.layer[self.name, *self.frame.place(place)] = (split, key, Layout({}, self.frame.kept(where)))


def split(block: npt.NDArray, layout: Layout) -> npt.NDArray:
    """Return the results of one chunk."""
    kept: npt.NDArray = block[layout.keep]
    return kept
