"""What the filters of this family have in common: each block of an image is computed as a whole.

A block has the filtered axes of an image, and a position along the others. Threads share the blocks.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, dtypes, engine, threads
from imfilter._base.keywords import Common
from imfilter._base.missing import Presence
from imfilter._base.plan import Plan
from imfilter._filters.rank.keys import exact

Block = npt.NDArray[Any]
Absent = npt.NDArray[np.bool_] | None


class Filter(Protocol):
    """A filter of blocks."""

    @property
    def plan(self) -> Plan:
        """The algorithm."""

    @property
    def ordering(self) -> bool:
        """Whether results are truth values or samples, and depend on the order of samples alone."""

    def checked(self, array: npt.NDArray, n: int, *own: Any) -> Any:
        """Check the arguments of a filter of `n` axes."""

    def dtype(self, dtype: np.dtype) -> np.dtype:
        """Return the type of the result for a type of the image."""

    def fill(self, settings: Any, block: Block, to: Block, absent: Absent) -> None:
        """Write the result for a block. Both are contiguous, in native types or bool, and share no memory.

        Results of absent samples may have any value.
        """


@dataclass(frozen=True, eq=False)
class Call:
    """The part of a call that is known before the samples are read."""

    filter: Filter
    settings: Any
    axes: tuple[int, ...]
    dtype: np.dtype
    result_shape: tuple[int, ...]


def apply(image: npt.ArrayLike, which: Filter, own: tuple[Any, ...], common: Common) -> npt.NDArray:
    """Return the result of a filter."""
    return engine.apply(FAMILY, image, common, which, own)


def _checked(array: npt.NDArray, given: Common, which: Filter, own: tuple[Any, ...]) -> Call:
    axes = arguments.axes(array, given.axes, given.channel_axis)
    settings = which.checked(array, len(axes), *own)
    own_type = which.dtype(array.dtype.newbyteorder("="))
    dtype = own_type if given.out is None else given.out.dtype
    return Call(which, settings, axes, dtype, array.shape)


def _plan(call: Call, array: npt.NDArray) -> Plan:
    return call.filter.plan


def _filled(
    call: Call,
    array: npt.NDArray,
    out: npt.NDArray | None,
    workers: int | None,
    presence: Presence | None,
    few: Absent,
) -> npt.NDArray:
    absent = None
    if presence is not None:
        absent = np.logical_not(np.broadcast_to(presence.present(array), array.shape), out=few)
    target = dtypes.target(out, array, array.shape, call.dtype)
    kind = dtypes.direct_target(call.filter.dtype(array.dtype), dtypes.readable(array[:0]).dtype)
    kind = np.dtype(bool) if call.filter.dtype(array.dtype).kind == "b" else kind
    nothing = np.nan if call.dtype.kind == "f" else 0

    def fill(block: Block, to: Block, gone: Absent) -> None:
        samples, values, size = block, None, kind
        if not exact(block.dtype) and call.filter.ordering:
            (samples,), values = ranked(block)
        elif not exact(block.dtype):
            samples, size = block.astype(np.longdouble), np.dtype(np.longdouble if kind.kind == "f" else kind)
        elif block.dtype.kind != "b":
            samples = dtypes.readable(block)
        samples, own = dtypes.ordered(samples), gone if gone is None else dtypes.ordered(gone)
        direct = to.dtype == size and to.dtype.isnative and to.flags.c_contiguous and to.flags.aligned
        found = to if direct else np.empty(to.shape, size)
        call.filter.fill(call.settings, samples, found, own)
        if values is not None and kind.kind == "f":
            dtypes.place(of_ranks(found, values), to)
        elif not direct:
            dtypes.place(found.view(np.uint8) if kind.kind == "b" else found, to)
        if gone is not None:
            to[gone] = nothing

    over(fill, call.axes, workers, array, target, absent)
    return engine.delivered(target, out, call.dtype)


def ranked(*blocks: Block) -> tuple[list[npt.NDArray[np.float64]], Block]:
    """Return the places of samples among the values of all blocks, and the values. NaN stays NaN."""
    values = np.unique(np.concatenate([block.reshape(-1) for block in blocks]))
    values = values[~np.isnan(values)]
    found = []
    for block in blocks:
        places = np.searchsorted(values, block).astype(np.float64)
        places[np.isnan(block)] = np.nan
        found.append(places)
    return found, values


def of_ranks(places: npt.NDArray[np.float64], values: Block) -> Block:
    """Return the values at places: NaN, or 0 in integers, where there is no place."""
    nothing = np.nan if values.dtype.kind == "f" else 0
    found, known = np.full(places.shape, nothing, values.dtype), ~np.isnan(places)
    found[known] = values[places[known].astype(np.int64)]
    return found


def over(
    task: Callable[..., None], axes: tuple[int, ...], workers: int | None, *arrays: npt.NDArray | None
) -> None:
    """Call ``task(*blocks)`` for the blocks of several arrays of one shape. An array may be None."""
    last = range(-len(axes), 0)
    views = [None if a is None else np.moveaxis(a, axes, last) for a in arrays]
    places = next(v for v in views if v is not None).shape[: -len(axes)]

    def blocks(start: int, stop: int) -> Iterator[list[npt.NDArray | None]]:
        for number in range(start, stop):
            place = np.unravel_index(number, places) if places else ()
            yield [None if v is None else v[place] for v in views]

    def work(start: int, stop: int) -> None:
        for some in blocks(start, stop):
            task(*some)

    threads.run(work, int(np.prod(places, dtype=np.int64)), workers)


def as_floats(block: Block, absent: npt.NDArray[np.bool_]) -> tuple[Block, npt.NDArray | None]:
    """Return a block of the same order whose absent samples are NaN.

    If the second array is not None, the samples are places in it.
    """
    values = None
    if block.dtype.kind == "f":
        found = block.copy()
    elif block.dtype.itemsize <= 4:
        found = block.astype(dtypes.derived(block.dtype))
    else:
        (found,), values = ranked(block)
    found[absent] = np.nan
    return found, values


FAMILY: engine.Family[Call] = engine.family_of(_checked, _plan, _filled)
