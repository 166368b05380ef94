"""The graph of a filter: one task for each block, which reads its chunk and the edges of those around it."""

import functools
import itertools
import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import dask.array as da
import numpy as np
import numpy.typing as npt
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph

from imfilter._arrays import held, pieces
from imfilter._arrays.calls import Call
from imfilter._arrays.layouts import Fragment, Input, Layout
from imfilter._arrays.pieces import Piece, Range, Segment
from imfilter._arrays.results import Result
from imfilter._arrays.tasks import Block, Cuts, computed, cut, split
from imfilter._base.reach import Along, Reach

#: A smaller share of a chunk is cut out of it in a task of its own, so that the chunk need not be moved.
_SHARE = 0.5
#: A band has at least so many times the samples that a result depends on. Strips along both of its ends have
#: three times as many.
_BAND = 64
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
    #: How far the samples are that results depend on, before and after them.
    margins: tuple[Range, ...] = ()
    wraps: bool = False

    @property
    def steady(self) -> bool:
        """Whether there is a result for each sample, so that a part of a result is that of a part."""
        kept = [result.axis for result in self.results if result.axis is not None]
        same = all(axis.chunks == axis.results for axis in self.axes)
        return bool(self.margins) and same and kept == list(range(len(self.axes)))

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
        each = [reach.get(axis, Along(0, 0)) for axis in range(len(chunks))]
        plain = all(along.step == along.cell == along.tile == 1 for along in each)
        return cls(tuple(axes), results, tuple((a.before, a.after) for a in each) if plain else (), wraps)

    @property
    def chunks(self) -> tuple[tuple[int, ...], ...]:
        """The chunks of the result."""
        return tuple((r.length,) if r.axis is None else self.axes[r.axis].results for r in self.results)

    @property
    def written(self) -> tuple[tuple[int, ...], ...]:
        """The chunks of an array with one sample for each block."""
        return tuple((1,) * (1 if r.axis is None else len(self.axes[r.axis].blocks)) for r in self.results)

    def kept(self, ranges: Sequence[Range]) -> _Slices:
        """Return the index of ranges along the axes of the image, in the result."""
        return tuple(slice(None) if r.axis is None else slice(*ranges[r.axis]) for r in self.results)

    def place(self, chunks: Sequence[int]) -> tuple[int, ...]:
        """Return the place of a chunk of the result."""
        return tuple(0 if r.axis is None else chunks[r.axis] for r in self.results)


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
    key: Any = None,
    out: npt.NDArray | None = None,
) -> da.Array:
    """Return the lazy result of a call.

    `others` are the arguments that are cut like the image, and `delayed` those that are computed before.
    ``options(block)`` are further arguments of a block. They follow from `key`, which is a part of the name.
    With `out`, blocks are written there when they are computed. Then the result has one True for each block.
    """
    if out is not None and not others and key is None:
        call, frame = _in_bands(call, frame)
    image = call.image
    sources = {call.first: Source(image, tuple(range(image.ndim))), **others}
    arrays: list[Any] = [source.array for source in sources.values()]
    plain = call.without(*sources)
    if "workers" in call.parameters and call.get("workers") is None:
        plain = plain.changed(workers=1)  # dask has threads of its own
    if out is None:
        token = tokenize(
            *(call.name, plain.arguments, frame, key),
            *(a.name for a in arrays),
            *(d.key for d in delayed.values()),
        )
    else:
        token = uuid.uuid4().hex  # tasks that write are not kept
    name = f"{call.name.replace('.', '-')}-{token}"
    layer = _Layer(name, plain, sources, frame, delayed, options, out).tasks()
    graph = HighLevelGraph.from_collections(name, layer, dependencies=[*arrays, *delayed.values()])
    chunks = frame.chunks if out is None else frame.written
    empty: npt.NDArray = np.empty((0,) * len(chunks), dtype if out is None else bool)
    if out is not None:
        return da.Array(graph, name, chunks, meta=empty)
    if masked:
        return da.Array(graph, name, chunks, meta=np.ma.MaskedArray(empty))
    more = {"masked": masked, "options": options, "delayed": delayed, "key": key}
    return Result.of(graph, name, chunks, empty, functools.partial(array, call, others, frame, dtype, **more))


def _in_bands(call: Call, frame: Frame) -> tuple[Call, Frame]:
    """Return the call and its frame, with bands for chunks if these are parts of one array in memory.

    Bands of its rows have no neighbours beside them. A strip of columns takes much longer than one of rows.
    """
    image, margins = call.image, frame.margins
    whole = held.whole(image) if frame.steady and image.npartitions > 1 else None
    if whole is None:
        return call, frame
    axis = max(range(image.ndim), key=lambda a: (image.shape[a] > 1, abs(whole.strides[a])))
    count, least = image.npartitions, max(_BAND * sum(margins[axis]), 1)
    has_neighbours = any(sum(margins[a]) and image.numblocks[a] > 1 for a in range(image.ndim) if a != axis)
    if not has_neighbours or len(image.chunks[axis]) == 1 or count * least > image.shape[axis]:
        return call, frame
    bands = held.bands(whole, axis, count)
    reach = {a: Along(*each) for a, each in enumerate(margins)}
    made = Frame.of(bands.chunks, frame.results, reach, wraps=frame.wraps)
    return call.changed(**{call.first: bands}), made


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
        out: npt.NDArray | None,
    ) -> None:
        self.options, self.out = options, out
        self.name, self.call, self.sources, self.frame = name, call, sources, frame
        self.delayed = [list(delayed), [d.key for d in delayed.values()]] if delayed else []
        self.layer: dict[Any, Any] = {}
        self.cuts: dict[Any, tuple[Any, Cuts]] = {}
        #: Arguments whose chunks are read as they are. Nothing moves them if results are written here.
        self.at_hand = {n for n, s in sources.items() if out is not None and held.chunks(s.array)}
        self.inputs: dict[Any, Input] = {}
        self.layouts: dict[Any, Layout] = {}

    def tasks(self) -> dict[Any, Any]:
        """Return all tasks by their keys."""
        axes = self.frame.axes
        segments = [[pieces.segments(a.chunks, p.ranges) for p in a.pieces] for a in axes]
        whole = {
            name: [[Segment(i, 0, n, 0) for i, n in enumerate(chunks)] for chunks in source.array.chunks]
            for name, source in self.sources.items()
        }
        for block in itertools.product(*(range(len(axis.blocks)) for axis in axes)):
            keys: dict[Any, int] = {}
            forms = {}
            for name, source in self.sources.items():
                each = enumerate(source.axes)
                lists = [whole[name][i] if a is None else segments[a][block[a]] for i, a in each]
                forms[name] = self._form(name, source, lists, keys)
            layout = self._layout(forms, block)
            made = Block(layout, self.options(block), self.out, self._part(block))
            self._place(block, (computed, self.call, made, list(keys), *self.delayed))
        # Cuts wait for what may need all chunks. Otherwise the cuts of all chunks would be in memory, too.
        before = self.delayed[1] if self.delayed else []
        for key, (chunk, cuts) in self.cuts.items():
            self.layer[key] = (cut, chunk, cuts, *before)
        return self.layer

    def _form(self, name: str, source: Source, lists: list[list[Segment]], keys: dict[Any, int]) -> Any:
        """Return what the parts of a piece depend on. The keys of what they are in get numbers."""
        array, found, chunks = source.array, [], source.array.chunks
        for chosen in itertools.product(*lists):
            place = tuple([s.chunk for s in chosen])
            key, number = (array.name, *place), None
            if name not in self.at_hand:
                sizes = [chunks[i][s.chunk] for i, s in enumerate(chosen)]
                share = math.prod([(s.stop - s.start) / n for s, n in zip(chosen, sizes, strict=True)])
                if share < _SHARE:
                    chunk, key = key, (f"{self.name}-edges", name, *place)
                    samples = tuple([(s.start, s.stop) for s in chosen])
                    number = self.cuts.setdefault(key, (chunk, Cuts()))[1].number(samples)
            found.append((keys.setdefault(key, len(keys)), number))
        form = (name, tuple(found), tuple([tuple([s[1:] for s in one]) for one in lists]))
        if form not in self.inputs:
            self.inputs[form] = _input(source, lists, found)
        return form

    def _layout(self, forms: Mapping[str, Any], block: tuple[int, ...]) -> Layout:
        """Return the layout of a block, or that of an earlier block of the same form."""
        margins = self._margins(block)
        keep = [axis.pieces[i].keep for axis, i in zip(self.frame.axes, block, strict=True)]
        form = (*forms.values(), tuple(keep), margins)
        if form not in self.layouts:
            inputs = {name: self.inputs[form] for name, form in forms.items()}
            self.layouts[form] = Layout(inputs, self.frame.kept(keep), margins)
        return self.layouts[form]

    def _margins(self, block: tuple[int, ...]) -> tuple[Range, ...] | None:
        """Return how far the samples are that results depend on, if a chunk may be filtered in place."""
        if not self.frame.steady:
            return None
        for axis, number in zip(self.frame.axes, block, strict=True):
            whole = axis.pieces[number].ranges == ((0, sum(axis.chunks)),)
            if self.frame.wraps and whole and len(axis.chunks) > 1:
                return None  # the ends of the piece follow each other, but those of a chunk do not
        return self.frame.margins

    def _part(self, block: tuple[int, ...]) -> tuple[slice, ...]:
        """Return where the results of a block are in `out`."""
        if self.out is None:
            return ()
        return self.frame.kept([axis.blocks[i] for axis, i in zip(self.frame.axes, block, strict=True)])

    def _place(self, block: tuple[int, ...], task: Any) -> None:
        """Add the task of a block, and those that split it into chunks if it has several."""
        if self.out is not None:
            self.layer[self.name, *self.frame.place(block)] = task
            return
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


def _input(source: Source, lists: list[list[Segment]], numbers: list[tuple[int, int | None]]) -> Input:
    """Return a piece from the segments along each axis. Each part has the numbers of what it is in."""
    parts = []
    for chosen, (number, part) in zip(itertools.product(*lists), numbers, strict=True):
        samples = tuple(slice(s.start, s.stop) for s in chosen)
        to = tuple(slice(s.to, s.to + s.stop - s.start) for s in chosen)
        parts.append(Fragment(number, part, samples, to))
    shape = tuple(s[-1].to + s[-1].stop - s[-1].start for s in lists)
    return Input(shape, source.axes, tuple(parts))
