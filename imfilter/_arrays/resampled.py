"""Lazy images of another size: each block reads the samples that its part of the tables names."""

import itertools
from collections.abc import Mapping
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from imfilter._arrays import blocks, lazy, pieces
from imfilter._arrays.blocks import Axis, Frame, Source, results_of
from imfilter._arrays.calls import Call, dry, filtered_axes
from imfilter._arrays.pieces import Piece
from imfilter._base import arguments, dtypes
from imfilter._base.keywords import Common
from imfilter._base.plan import settled
from imfilter._filters.resampling import apply as resampling
from imfilter._filters.resampling.tables import Table, reduced

#: The arguments that blocks get as they are.
_SHARED = ("mode", "cval", "nan", "min_coverage", "workers")


def resize(call: Call) -> Any:
    """Return the lazy result of `imfilter.resize`."""
    plan = settled(dry(call, call.image.shape).run)
    mode = call.get("mode")
    tables = resampling.along(plan)
    if mode == "shrink":  # its weights are those of the border
        image = dtypes.blank(call.image.shape, call.image.dtype)
        plan = settled(call.without("mask").changed(**{call.first: image}, nan="propagate").run) or plan
        tables = resampling.along(plan)
    return of_tables(call, dict(zip(plan.axes, tables, strict=True)), plan.dtype)


def pyramid(call: Call) -> list[Any]:
    """Return the lazy levels of `imfilter.pyramid`."""
    image, axes = call.image, filtered_axes(call)
    dry(call, (1,) * image.ndim).changed(levels=0, channel_axis=None, axes=axes).run()  # checks the arguments
    if call.get("kind") != "gaussian":
        raise ValueError(f"kind must be 'gaussian' for a dask array, got {call.get('kind')!r}")
    if call.arguments.get("mask") is not None or call.get("nan") != "propagate":
        raise ValueError("mask and nan must be left out for pyramid of a dask array; use imfilter.fill first")
    levels = call.get("levels")
    if levels is None:
        levels = (min(image.shape[a] for a in axes) - 1).bit_length()
    found = [image.astype(image.dtype.newbyteorder("="))]
    for _ in range(arguments.integer(levels, "levels", least=0, most=64)):
        last = found[-1]
        tables = {axis: reduced(last.shape[axis], call.get("mode")) for axis in axes}
        level = call.changed(**{call.first: last})
        found.append(of_tables(level, tables, last.dtype))
    return found


def of_tables(call: Call, tables: Mapping[int, Table], dtype: np.dtype) -> da.Array:
    """Return the sums of an image by the tables of some axes."""
    image = call.image
    parts: dict[int, list[Table]] = {}
    axes = []
    for axis, chunks in enumerate(image.chunks):
        if axis not in tables:
            axes.append(_kept(chunks))
            continue
        made, parts[axis] = _axis(chunks, tables[axis])
        axes.append(made)
    shape = tuple(sum(axis.results) for axis in axes)
    frame = Frame(tuple(axes), results_of(shape, image.ndim))
    order = tuple(tables)
    options = {name: call.get(name) for name in _SHARED} | {"axes": order, "dtype": dtype}
    mask = call.arguments.get("mask")
    sources = {}
    if mask is not None:
        sources["mask"] = Source.like(lazy.as_lazy(mask, "mask"), image, call.get("channel_axis"), "mask")
        options["channel_axis"] = call.get("channel_axis")
    made_call = Call(block, {"image": image, "mask": None, **options})

    def tables_of(place: tuple[int, ...]) -> Mapping[str, Any]:
        return {"tables": tuple(parts[axis][place[axis]] for axis in order)}

    key = [tuple(tables[axis]) for axis in order]
    return blocks.array(made_call, sources, frame, dtype, masked=False, options=tables_of, key=key)


def _kept(chunks: tuple[int, ...]) -> Axis:
    """Return an axis that keeps its size."""
    edges = pieces.bounds(chunks)
    ranges = tuple(itertools.pairwise(edges))
    found = tuple(Piece((r,), (0, r[1] - r[0])) for r in ranges)
    return Axis(tuple(chunks), tuple(chunks), ranges, found, tuple((i, i + 1) for i in range(len(chunks))))


def _axis(chunks: tuple[int, ...], table: Table) -> tuple[Axis, list[Table]]:
    """Return an axis of another size, and the table of each block. Chunks are in proportion."""
    n, length = sum(chunks), table.outputs
    edges = sorted({round(start * length / n) for start in pieces.bounds(chunks)})
    ranges = tuple(itertools.pairwise(edges))
    found, tables = [], []
    for start, stop in ranges:
        read, part = table.part(start, stop)
        found.append(Piece(pieces.runs(read), (0, stop - start)))
        tables.append(part)
    results = tuple(stop - start for start, stop in ranges)
    joined = tuple((i, i + 1) for i in range(len(ranges)))
    return Axis(tuple(chunks), results, ranges, tuple(found), joined), tables


def block(
    image: npt.NDArray,
    *,
    tables: tuple[Table, ...],
    axes: tuple[int, ...],
    dtype: np.dtype,
    mode: Any,
    cval: Any,
    mask: Any,
    nan: Any,
    min_coverage: Any,
    workers: Any,
    channel_axis: Any = None,
) -> npt.NDArray:
    """Return the sums of a block."""
    common = Common(mode, cval, axes, channel_axis, dtype, None, workers, mask, nan, min_coverage)
    return resampling.apply(image, resampling.given, tables, common)
