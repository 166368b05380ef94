"""Results of lazy images that are written into an array of NumPy, block by block."""

from collections.abc import Iterator
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt
from dask.highlevelgraph import MaterializedLayer

from imfilter._arrays.calls import Call
from imfilter._arrays.results import computed_here
from imfilter._arrays.tasks import check_apart
from imfilter._base import arguments


def target(call: Call) -> npt.NDArray:
    """Return the array for the result, after checks. A graph may hide that it overlaps the image."""
    given = call.arguments["out"]
    is_complex = isinstance(given, np.ndarray) and given.dtype.kind == "c"
    array: npt.NDArray | None = given if is_complex else arguments.out(given)
    assert array is not None
    if isinstance(call.image._meta, np.ma.MaskedArray):
        raise ValueError("out must be left out for a dask array of masked arrays")
    if not computed_here():
        raise ValueError(
            "out must be left out for a dask array that is computed by other processes; store the result "
            "with its method to_zarr, or call within dask.config.set(scheduler='threads')"
        )
    for name, value in call.without("out").arguments.items():
        for one in _arrays_of(value):
            check_apart(array, one, name)
    return array


def _arrays_of(value: object) -> Iterator[npt.NDArray]:
    """Yield an array of NumPy, or those in the graph of a lazy array."""
    if isinstance(value, np.ndarray):
        yield value
    if isinstance(value, da.Array):
        for layer in value.dask.layers.values():
            for task in layer.mapping.values() if isinstance(layer, MaterializedLayer) else ():
                yield from _arrays_of(getattr(task, "value", task))  # dask may wrap what is no task


def typed(call: Call, place: npt.NDArray) -> Call:
    """Return the call without `out`, for a result of its type."""
    call = call.without("out")
    if "dtype" not in call.parameters:
        return call
    part = place.real
    wanted = arguments.dtype(call.get("dtype"), part, part.dtype)
    return call.changed(dtype=wanted.newbyteorder("="))


class _Apart:
    """Returns a chunk of an argument, which must have no memory of the array for the results.

    dask names a task by its function. The name must not depend on the samples of the array, which change.
    """

    def __init__(self, place: npt.NDArray, name: str) -> None:
        self._place, self._name = place, name

    def __call__(self, chunk: Any) -> Any:
        if isinstance(chunk, np.ndarray):
            check_apart(self._place, chunk, self._name)
        return chunk

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        return self._name, repr(self._place.__array_interface__)


def checked(call: Call, place: npt.NDArray) -> Call:
    """Return the call with lazy arguments whose chunks are checked. Their graphs may hide their memory."""
    found = {}
    for name, value in call.arguments.items():
        if isinstance(value, da.Array):
            found[name] = da.map_blocks(_Apart(place, name), value, dtype=value.dtype, meta=value._meta)
    return call.changed(**found)


def fitting(place: npt.NDArray, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Check that an array has the shape and the type of a result."""
    arguments.fitting(place, shape)
    if place.dtype.newbyteorder("=") != dtype:
        raise ValueError(f"out must have dtype {dtype}, got {place.dtype}")


def copied(result: da.Array, place: npt.NDArray) -> None:
    """Compute a lazy result and copy its chunks into an array. The call is `checked`."""
    fitting(place, result.shape, result.dtype)
    da.store(result, place, lock=False)
