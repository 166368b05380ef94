"""What the tasks of a graph do: they cut the edges of chunks, filter pieces, and split blocks into chunks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._arrays.calls import Call
from imfilter._arrays.layouts import Copies, Layout
from imfilter._arrays.pieces import Range
from imfilter._base.plan import by_window

_Slices = tuple[slice, ...]


class Block:
    """A block of the result: its layout, and further arguments of its call.

    With `place`, the results are written to a `part` of it.
    """

    def __init__(
        self,
        layout: Layout,
        options: Mapping[str, Any],
        place: npt.NDArray | None = None,
        part: _Slices = (),
    ) -> None:
        self.layout, self.options, self.place = layout, dict(options), place
        self.out: npt.NDArray | None = None if place is None else place[part]


class Cuts:
    """The parts of a chunk that other blocks read."""

    def __init__(self) -> None:
        self.parts: dict[tuple[Range, ...], int] = {}

    def number(self, part: tuple[Range, ...]) -> int:
        """Return the number of a part."""
        return self.parts.setdefault(part, len(self.parts))


class Opaque:
    """A value that dask does not search for tasks."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __dask_tokenize__(self) -> Any:
        return self.value


class MaskedChunkError(ValueError):
    """A chunk is a masked array, which the lazy array does not show, and an array has no place for a mask."""


def cut(chunk: npt.NDArray, cuts: Cuts, *_: Any) -> list[npt.NDArray]:
    """Return copies of the parts of a chunk. Further arguments are only waited for."""
    return [chunk[tuple(slice(a, b) for a, b in part)].copy() for part in cuts.parts]


def split(block: npt.NDArray, layout: Layout) -> npt.NDArray:
    """Return the results of one chunk."""
    kept: npt.NDArray = block[layout.keep]
    return kept


def computed(
    call: Call, block: Block, sources: list[Any], names: Sequence[str] = (), values: Sequence[Any] = ()
) -> npt.NDArray:
    """Return the results of a block. `names` are the arguments whose `values` other tasks have computed.

    If the results are written, one True is returned.
    """
    layout, out = block.layout, block.out
    call = call.changed(**block.options, **dict(zip(names, values, strict=True)))
    _check_sources(block, sources)
    token = by_window.set(True)
    try:
        if layout.inside is not None and _are_plain(sources):
            found = _in_place(call, block, sources)
        else:
            result = _run(_writing(call, out) if layout.whole else call, layout.pieces, sources)
            found = result[layout.keep] if isinstance(result, np.ndarray) else np.asarray(result)
    finally:
        by_window.reset(token)
    if out is None:
        return found
    if not _is_same(found, out):
        out[...] = found
    return np.ones((1,) * out.ndim, bool)


def check_apart(place: npt.NDArray, array: npt.NDArray, name: str) -> None:
    """Check that the array for the results has no memory of an argument."""
    if np.may_share_memory(place, array):
        raise ValueError(f"out must not overlap {name} for a dask array: blocks read their neighbours")


def _check_sources(block: Block, sources: list[Any]) -> None:
    """Check what other tasks have returned, if results are written. The graph does not show it."""
    if block.place is None:
        return
    if any(isinstance(one, np.ma.MaskedArray) for one in _each(sources)):
        raise MaskedChunkError("out must be left out for a dask array of masked arrays")
    for name, given in block.layout.inputs.items():
        for part in given.parts:
            source = sources[part.source]
            if isinstance(source, np.ndarray):  # else they are copies of parts
                check_apart(block.place, source, name)


def _writing(call: Call, out: npt.NDArray | None) -> Call:
    """Return the call that writes into the array for the results, if there is one of a native type.

    The results have a native type. They are copied to an array of another byte order.
    """
    if out is None or not out.dtype.isnative or "out" not in call.parameters:
        return call
    return call.changed(out=out)


def _is_same(one: npt.NDArray, other: npt.NDArray) -> bool:
    """Tell whether two arrays are the same samples in memory."""
    return one.__array_interface__ == other.__array_interface__


def _are_plain(sources: list[Any]) -> bool:
    """Tell whether no source is a masked array. These have masks of their own."""
    return all(type(one) is np.ndarray for one in _each(sources))


def _each(sources: list[Any]) -> Iterator[Any]:
    """Yield the sources of a task, and the parts of those that are lists of parts."""
    for source in sources:
        yield from source if isinstance(source, list) else [source]


def _run(call: Call, made: Mapping[str, Copies], sources: list[Any]) -> Any:
    """Return the result for pieces that are made of sources."""
    return call.changed(**{name: copies.of(sources) for name, copies in made.items()}).run()


def _in_place(call: Call, block: Block, sources: list[Any]) -> npt.NDArray:
    """Return the results of a chunk without a copy of it: those of it alone, and of strips along its ends."""
    result: npt.NDArray = _run(_writing(call, block.out), block.layout.chunks, sources)
    for strips in block.layout.strips:
        found = _run(call, strips.made, sources)
        for at, to in strips.kept:
            more = (slice(None),) * (result.ndim - len(to))
            result[more + to] = found[more + at]
    return result
