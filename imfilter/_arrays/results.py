"""Lazy results: dask arrays that are computed in one array of NumPy where that is possible."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dask.array as da
import dask.config
import dask.local
import dask.threaded
import numpy as np
import numpy.typing as npt
from dask.base import get_scheduler

from imfilter._arrays.tasks import MaskedChunkError

#: The schedulers that run all tasks in this process. Others write into copies of an array.
_HERE = (dask.threaded.get, dask.local.get_sync)


def computed_here(scheduler: Any = None) -> bool:
    """Tell whether all tasks run in this process, with a scheduler or that of the settings."""
    given = dask.config.get("scheduler", None) if scheduler is None else scheduler
    return isinstance(given, ThreadPoolExecutor) or get_scheduler(scheduler=scheduler, cls=da.Array) in _HERE


class Result(da.Array):
    """A lazy result whose method `compute` writes blocks where they belong, as `out` does.

    dask keeps all chunks apart, and then copies them with one thread. For a Sobel filter of 2 GB, that takes
    longer than the filter. All that is made from a result is a dask array like any other.
    """

    _written: tuple[str, Callable[..., da.Array]]

    @classmethod
    def of(
        cls,
        graph: Any,
        name: str,
        chunks: tuple[tuple[int, ...], ...],
        meta: npt.NDArray,
        written: Callable[..., da.Array],
    ) -> "Result":
        """Return a result. ``written(out=place)`` returns the tasks that write it."""
        found: Result = cls(graph, name, chunks, meta=meta)
        found._written = name, written
        return found

    def compute(self, **kwargs: Any) -> Any:
        """Return the result as an array of NumPy."""
        name, written = self._written
        changed = self.name != name  # samples were assigned
        if changed or self.npartitions == 1 or not computed_here(kwargs.get("scheduler")):
            return super().compute(**kwargs)
        place = self._in_one_array(written, kwargs)
        return super().compute(**kwargs) if place is None else place

    def _in_one_array(self, written: Callable[..., da.Array], options: dict[str, Any]) -> npt.NDArray | None:
        """Return the result, or None if some chunks are masked arrays."""
        place: npt.NDArray = np.empty(self.shape, self.dtype)
        try:
            written(out=place).compute(**options)
        except MaskedChunkError:
            return None
        return place
