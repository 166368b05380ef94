"""Reconstruction of blocks in place."""

import functools
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.program import set_addresses
from imfilter._filters.morphology import neighbours as places
from imfilter._filters.morphology.kernels.reconstruct import (
    DILATE,
    ERODE,
    RECONSTRUCTION_JOB,
    follow_queue,
    run_reconstruction,
    sweep_rows,
)

#: Samples of a block that are compared at a time.
PART = 1 << 16


class Effort(NamedTuple):
    """How many samples left the queue, and how many words were searched for those that wait."""

    popped: int
    searched: int


def parts(*arrays: npt.NDArray) -> list[tuple[npt.NDArray, ...]]:
    """Return contiguous arrays of one shape in parts that stay in the cache."""
    flat = [array.reshape(-1) for array in arrays]
    return [tuple(a[i : i + PART] for a in flat) for i in range(0, flat[0].size, PART)]


def grow(
    samples: npt.NDArray, limits: npt.NDArray, neighbours: npt.NDArray[np.bool_], *, dilation: bool
) -> Effort:
    """Reconstruct samples in place by dilation, or by erosion.

    Both arrays are contiguous blocks of one native type. No sample exceeds its limit. Where either is NaN,
    the result is NaN.
    """
    shape: tuple[int, int, int] = (1,) * (3 - samples.ndim) + samples.shape  # type: ignore[assignment]
    if limits.dtype.kind == "f":
        for own, limit in parts(samples, limits):
            nan = np.isnan(limit)
            if nan.any():
                own[nan] = np.nan
    block, table = places.block(shape, neighbours)
    queue, *memory = places.queue(samples.size)
    tables = _passes(neighbours.tobytes(), neighbours.ndim)
    job = np.zeros((), RECONSTRUCTION_JOB)
    for kernel in (sweep_rows, follow_queue):
        job[kernel.name] = kernel.address(samples.dtype, DILATE if dilation else ERODE)
    owners = set_addresses(
        job,
        {
            "samples": samples,
            "limits": limits,
            "block": block,
            "queue": queue,
            "down": tables.down,
            "up": tables.up,
            "after": tables.after,
            "stamps": np.zeros(shape[0] * shape[1], np.uint8),
            "near": np.zeros(54, np.int64),
            "done": np.zeros(1, np.int64),
        },
    )
    for name in ("down", "up", "after"):
        job[f"n_{name}"] = len(getattr(tables, name))
    job["along_down"], job["along_up"] = tables.along_down, tables.along_up
    run_reconstruction.entry()(job.ctypes.data)
    del owners, table, memory
    return Effort(int(queue["popped"]), int(queue["searched"]))


@functools.lru_cache(maxsize=64)
def _passes(inside: bytes, n: int) -> places.Passes:
    return places.passes(np.frombuffer(inside, bool).reshape((3,) * n))


def readable(block: npt.NDArray) -> npt.NDArray:
    """Return a contiguous block in a type of the kernels, shared if possible."""
    return dtypes.ordered(dtypes.readable(block))


def barred(limits: npt.NDArray, absent: npt.NDArray[np.bool_], *, dilation: bool) -> npt.NDArray:
    """Return limits whose absent samples are on no path."""
    found = limits.copy()
    bar = np.nan if limits.dtype.kind == "f" else dtypes.neutral(limits.dtype, largest=dilation)
    found[absent] = bar
    return found


def extreme(block: npt.NDArray, *, lowest: bool) -> Any:
    """Return the smallest or the largest sample that is not NaN."""
    found = block.min() if lowest else block.max()
    if found == found:
        return found
    best, none = (np.fmin, np.inf) if lowest else (np.fmax, -np.inf)
    return best.reduce(block, axis=None, initial=none)
