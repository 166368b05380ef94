"""What the tasks of a graph do: they cut the edges of chunks, filter pieces, and split blocks into chunks."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._arrays.calls import Call
from imfilter._arrays.pieces import Range
from imfilter._base.plan import by_window

_Slices = tuple[slice, ...]
#: A chunk is filtered in place if its piece has at most so many times its samples.
_MOST = 2.0


class Fragment(NamedTuple):
    """Samples of a source of a task, and where they are in a piece.

    `cut` is the number of the part, if the source is the list of the parts of a chunk.
    """

    source: int
    cut: int | None
    samples: _Slices
    to: _Slices


class Input(NamedTuple):
    """A piece of an array that a task filters: its shape, the image's axes, and its parts."""

    shape: tuple[int, ...]
    axes: tuple[int | None, ...]
    parts: tuple[Fragment, ...]

    @property
    def core(self) -> Fragment:
        """The part with the most samples."""
        return max(self.parts, key=lambda part: np.prod([s.stop - s.start for s in part.to]))

    def along(self, ranges: Sequence[Range]) -> list[Range]:
        """Return the ranges of this array from those of the image."""
        return [(0, n) if a is None else ranges[a] for a, n in zip(self.axes, self.shape, strict=True)]


class Layout:
    """What a task reads and keeps. It is an object of its own, so that dask does not search it for tasks.

    `margins` are how far the samples are that results depend on, or None; see `_in_place`. With `place`, the
    results are written to a `part` of it.
    """

    def __init__(
        self,
        inputs: dict[str, Input],
        keep: _Slices,
        options: Mapping[str, Any] = MappingProxyType({}),
        margins: tuple[Range, ...] | None = None,
        place: npt.NDArray | None = None,
        part: _Slices = (),
    ) -> None:
        self.inputs, self.keep, self.options = inputs, keep, dict(options)
        self.margins, self.place = margins, place
        self.out: npt.NDArray | None = None if place is None else place[part]

    @property
    def whole(self) -> bool:
        """Whether the results of the piece are those of the block."""
        image, *_ = self.inputs.values()
        kept = [(s.start, s.stop) for s in self.keep if s.start is not None]
        return self.margins is not None and kept == [(0, n) for n in image.shape]


class Cuts:
    """The parts of a chunk that other blocks read."""

    def __init__(self) -> None:
        self.parts: dict[tuple[Range, ...], int] = {}

    def number(self, samples: _Slices) -> int:
        """Return the number of a part."""
        return self.parts.setdefault(tuple((s.start, s.stop) for s in samples), len(self.parts))


class Opaque:
    """A value that dask does not search for tasks."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __dask_tokenize__(self) -> Any:
        return self.value


def cut(chunk: npt.NDArray, cuts: Cuts) -> list[npt.NDArray]:
    """Return copies of the parts of a chunk."""
    return [chunk[tuple(slice(a, b) for a, b in part)].copy() for part in cuts.parts]


def split(block: npt.NDArray, layout: Layout) -> npt.NDArray:
    """Return the results of one chunk."""
    kept: npt.NDArray = block[layout.keep]
    return kept


def computed(
    call: Call, layout: Layout, sources: list[Any], names: Sequence[str] = (), values: Sequence[Any] = ()
) -> npt.NDArray:
    """Return the results of a block. `names` are the arguments whose `values` other tasks have computed.

    If the results are written, one True is returned.
    """
    call = call.changed(**layout.options, **dict(zip(names, values, strict=True)))
    _check_sources(layout, sources)
    token = by_window.set(True)
    try:
        found = None if layout.margins is None else _in_place(call, layout, sources, layout.margins)
        if found is None:
            result = _run(_writing(call, layout) if layout.whole else call, layout, sources, None)
            found = result[layout.keep] if isinstance(result, np.ndarray) else np.asarray(result)
    finally:
        by_window.reset(token)
    if layout.out is None:
        return found
    if not _is_same(found, layout.out):
        layout.out[...] = found
    return np.ones((1,) * layout.out.ndim, bool)


def check_apart(place: npt.NDArray, array: npt.NDArray, name: str) -> None:
    """Check that the array for the results has no memory of an argument."""
    if np.may_share_memory(place, array):
        raise ValueError(f"out must not overlap {name} for a dask array: blocks read their neighbours")


def _check_sources(layout: Layout, sources: list[Any]) -> None:
    """Check the memory that other tasks have returned. The graph does not show it."""
    if layout.place is None:
        return
    for name, given in layout.inputs.items():
        for part in given.parts:
            source = sources[part.source]
            if isinstance(source, np.ndarray):  # else they are copies of parts
                check_apart(layout.place, source, name)


def _writing(call: Call, layout: Layout) -> Call:
    """Return the call that writes into the array for the results, if there is one of a native type.

    The results have a native type. They are copied to an array of another byte order.
    """
    if layout.out is None or not layout.out.dtype.isnative or "out" not in call.parameters:
        return call
    return call.changed(out=layout.out)


def _is_same(one: npt.NDArray, other: npt.NDArray) -> bool:
    """Tell whether two arrays are the same samples in memory."""
    return one.__array_interface__ == other.__array_interface__


def _run(call: Call, layout: Layout, sources: list[Any], ranges: Sequence[Range] | None) -> Any:
    """Return the result of a piece, or of ranges of it."""
    given = layout.inputs.items()
    return call.changed(**{name: _joined(one, sources, ranges) for name, one in given}).run()


def _in_place(
    call: Call, layout: Layout, sources: list[Any], margins: tuple[Range, ...]
) -> npt.NDArray | None:
    """Return the results of a chunk without a copy of it, or None if its piece is not much larger.

    The chunk is filtered alone. Results near its ends depend on other chunks. They are computed from strips.
    """
    image, *_ = layout.inputs.values()
    core = image.core
    inside = [(s.start, s.stop) for s in core.to]
    kept = [s for s in layout.keep if s.start is not None]
    if len(image.parts) == 1 or core.cut is not None or [(s.start, s.stop) for s in kept] != inside:
        return None
    for (first, last), (before, after), n in zip(inside, margins, image.shape, strict=True):
        if last - first < min(n, 2 * (before + after + 1)):
            return None  # a border could need more samples than a chunk has
    if np.prod(image.shape) > _MOST * np.prod([b - a for a, b in inside]):
        return None
    if any(type(one) is not np.ndarray for source in sources for one in _arrays_of(source)):
        return None  # masked arrays have masks of their own
    result: npt.NDArray = _run(_writing(call, layout), layout, sources, inside)
    todo = list(inside)
    for axis, ((first, last), (before, after), n) in enumerate(
        zip(inside, margins, image.shape, strict=True)
    ):
        low = min(first + (before if first > 0 else 0), last)
        high = max(last - (after if last < n else 0), low)
        for start, stop in ((first, low), (high, last)):
            if start < stop:
                strip = [*todo[:axis], (start, stop), *todo[axis + 1 :]]
                _write_strip(call, layout, sources, strip, margins, inside, result)
        todo[axis] = (low, high)
        if low == high:
            break
    return result


def _write_strip(
    call: Call,
    layout: Layout,
    sources: list[Any],
    strip: list[Range],
    margins: tuple[Range, ...],
    inside: list[Range],
    result: npt.NDArray,
) -> None:
    """Compute a part of a result again, from all samples around it."""
    image, *_ = layout.inputs.values()
    # A strip is at least one sample wide, so no window is longer than the samples around it.
    around = [
        (max(start - before, 0), min(stop + after, n))
        for (start, stop), (before, after), n in zip(strip, margins, image.shape, strict=True)
    ]
    found = _run(call, layout, sources, around)
    at = tuple(slice(a - c, b - c) for (a, b), (c, _) in zip(strip, around, strict=True))
    to = tuple(slice(a - c, b - c) for (a, b), (c, _) in zip(strip, inside, strict=True))
    more = (slice(None),) * (result.ndim - len(to))
    result[more + to] = found[more + at]


def _arrays_of(source: Any) -> list[Any]:
    return source if isinstance(source, list) else [source]


def _joined(given: Input, sources: list[Any], ranges: Sequence[Range] | None) -> npt.NDArray:
    """Return the piece of an array from its parts, or ranges of it."""
    wanted = [(0, n) for n in given.shape] if ranges is None else given.along(ranges)
    taken: list[tuple[npt.NDArray, _Slices]] = []
    for part in given.parts:
        low = [max(s.start, a) for s, (a, _) in zip(part.to, wanted, strict=True)]
        high = [min(s.stop, b) for s, (_, b) in zip(part.to, wanted, strict=True)]
        if any(a >= b for a, b in zip(low, high, strict=True)):
            continue
        source = sources[part.source]
        first = [s.start for s in part.samples] if part.cut is None else [0] * len(low)
        at = [f - s.start for f, s in zip(first, part.to, strict=True)]
        samples = tuple(slice(a + f, b + f) for a, b, f in zip(low, high, at, strict=True))
        to = tuple(slice(a - c, b - c) for a, b, (c, _) in zip(low, high, wanted, strict=True))
        array: npt.NDArray = source if part.cut is None else source[part.cut]
        taken.append((array[samples], to))
    if len(taken) == 1:
        return taken[0][0]
    masked = any(isinstance(samples, np.ma.MaskedArray) for samples, _ in taken)
    shape = tuple(b - a for a, b in wanted)
    piece: npt.NDArray = (np.ma.zeros if masked else np.empty)(shape, taken[0][0].dtype)
    for values, place in taken:
        piece[place] = values
    return piece
