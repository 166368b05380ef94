"""Chunks that a graph holds in memory: as they are, and as the array of NumPy that they are parts of."""

import itertools
import uuid

import dask.array as da
import numpy as np
import numpy.typing as npt
from dask.highlevelgraph import MaterializedLayer

from imfilter._arrays.pieces import bounds


def chunks(array: da.Array) -> dict[tuple[int, ...], npt.NDArray] | None:
    """Return the chunks of a lazy array by their places, if all are arrays of NumPy in its graph."""
    layer = array.dask.layers.get(array.name)
    if not isinstance(layer, MaterializedLayer):
        return None
    # dask may wrap what is no task.
    found = {key[1:]: getattr(task, "value", task) for key, task in layer.mapping.items()}
    return found if all(type(chunk) is np.ndarray for chunk in found.values()) else None


def whole(array: da.Array) -> npt.NDArray | None:
    """Return the array that all chunks are parts of, as `dask.array.from_array` cuts it, or None."""
    found = chunks(array)
    if not found or array.npartitions != len(found):
        return None
    first = found[(0,) * array.ndim]
    place, edges = first.__array_interface__["data"][0], [bounds(sizes) for sizes in array.chunks]
    for numbers, chunk in found.items():
        starts = [edge[i] for edge, i in zip(edges, numbers, strict=True)]
        distance = sum(a * step for a, step in zip(starts, first.strides, strict=True))
        same = chunk.strides == first.strides and chunk.dtype == array.dtype
        if chunk.base is None or chunk.base is not first.base or not same:
            return None
        shape = tuple(sizes[i] for sizes, i in zip(array.chunks, numbers, strict=True))
        if chunk.shape != shape or chunk.__array_interface__["data"][0] != place + distance:
            return None
    return np.lib.stride_tricks.as_strided(first, array.shape, first.strides, writeable=False)


def bands(array: npt.NDArray, axis: int, count: int) -> da.Array:
    """Return a lazy array of so many parts along an axis. `dask.array.from_array` would copy the array."""
    edges = [array.shape[axis] * i // count for i in range(count + 1)]
    chunks = [(size,) for size in array.shape]
    chunks[axis] = tuple(b - a for a, b in itertools.pairwise(edges))
    name, before, after = f"bands-{uuid.uuid4().hex}", (0,) * axis, (0,) * (array.ndim - axis - 1)
    every = (slice(None),) * axis
    graph = {
        (name, *before, i, *after): array[(*every, slice(a, b))]
        for i, (a, b) in enumerate(itertools.pairwise(edges))
    }
    return da.Array(graph, name, tuple(chunks), meta=array[(slice(0, 0),) * array.ndim])
