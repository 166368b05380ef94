"""Reconstruction of one image within another: the checks, and the blocks of both."""

from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, dtypes, engine, strips, threads
from imfilter._base.keywords import Common
from imfilter._base.plan import Planned, planning
from imfilter._filters.morphology import family
from imfilter._filters.morphology import neighbours as places
from imfilter._filters.morphology.geodesic import PLAN
from imfilter._filters.morphology.reconstruction import PART, grow, readable
from imfilter._filters.rank.keys import exact


def between(seed: Any, mask: Any, method: Any, around: tuple[Any, Any], common: Common) -> npt.NDArray:
    """Return the reconstruction of `seed` within `mask`. around: connectivity and footprint."""
    start, limits = arguments.image(seed, "seed"), arguments.image(mask, "mask")
    dilation = arguments.word(method, "method", ("dilation", "erosion")) == "dilation"
    if limits.shape != start.shape:
        raise ValueError(f"mask must have the shape of seed, {start.shape}, got {limits.shape}")
    axes = arguments.axes(start, common.axes, common.channel_axis)
    connectivity, footprint = around
    neighbours = places.of_footprint(footprint, connectivity, len(axes))
    dtype = np.result_type(start.dtype, limits.dtype)
    if dtype.kind == "f" and start.dtype.kind != "f" and limits.dtype.kind != "f":
        raise TypeError(
            f"mask must have a type that has a common type of integers with {start.dtype}, got {limits.dtype}"
        )
    out = arguments.fitting(arguments.out(common.out), start.shape)
    workers = threads.requested(common.workers)
    asked = planning.get()
    if asked is not None:
        asked.append(PLAN)
        raise Planned
    wrong = beyond(start, limits, workers, dilation=dilation)
    if wrong is not None:
        raise ValueError(
            f"seed must not be {'greater' if dilation else 'less'} than mask with method={method!r}, "
            f"got {start[wrong]} and {limits[wrong]} at {wrong}"
        )
    return within(start, limits, neighbours, axes, out, workers, dilation=dilation)


def within(
    start: npt.NDArray,
    limits: npt.NDArray,
    neighbours: npt.NDArray[np.bool_],
    axes: tuple[int, ...],
    out: npt.NDArray | None,
    workers: int | None,
    *,
    dilation: bool,
) -> npt.NDArray:
    """Return the reconstruction of a seed that is not beyond the limits. All arguments are checked."""
    dtype = np.result_type(start.dtype, limits.dtype)
    given = None if out is None or np.may_share_memory(out, limits) else out
    target = dtypes.target(given, start, start.shape, dtype)

    def block(own: npt.NDArray, limit: npt.NDArray, to: npt.NDArray) -> None:
        if not exact(dtype):
            (places, bounds), values = family.ranked(own.astype(dtype), limit.astype(dtype))
            grow(places, bounds, neighbours, dilation=dilation)
            to[...] = family.of_ranks(places, values)
            return
        limit = readable(limit.astype(dtype, copy=False))
        kind = limit.dtype
        direct = to.flags.c_contiguous and to.flags.aligned and to.dtype.isnative
        direct = direct and (to.dtype == kind or to.dtype.kind == "b")
        found = to.view(kind) if direct else np.empty(to.shape, kind)
        found[...] = own
        grow(found, limit, neighbours, dilation=dilation)
        if not direct:
            to[...] = found

    family.over(block, axes, workers, start, limits, target)
    return engine.delivered(target, out, dtype)


def beyond(
    seed: npt.NDArray, mask: npt.NDArray, workers: int | None, *, dilation: bool
) -> tuple[int, ...] | None:
    """Return the place of the first sample of `seed` that exceeds `mask`, or None. It takes little memory."""
    worse = np.greater if dilation else np.less
    step = max(1, PART * len(seed) // seed.size)

    def strip(first: int, stop: int) -> tuple[int, ...] | None:
        wrong = worse(seed[first:stop], mask[first:stop])
        if not wrong.any():
            return None
        place = np.unravel_index(int(wrong.argmax()), wrong.shape)
        return first + int(place[0]), *map(int, place[1:])

    found = strips.each(strip, len(seed), step, workers)
    return next((place for place in found if place is not None), None)
