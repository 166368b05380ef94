"""From raw responses to what a file shows: one fixed rule, the same for every image."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._files.fit import no_room, saturated
from .._files.formats import Format
from .._files.image import full_scale

_LONGEST_STEP = 1 << 20


def target_dtype(
    kind: Format, dtype: np.dtype[Any], wanted: str | None, *, derivative: bool
) -> np.dtype[Any] | None:
    """Return the type that the file will hold; None leaves it to the filter (``.npy``).

    The input's own where the format holds it, else the nearest that it holds.
    """
    if wanted is not None:
        if not kind.holds(wanted):
            raise ValueError(f"{kind.name} cannot hold {wanted}; it holds {', '.join(kind.dtypes)}")
        return np.dtype(wanted)
    if not kind.picture:
        return None
    if kind.holds(dtype):
        return dtype
    if dtype.kind == "b" or dtype == np.uint16:
        return np.dtype(np.uint8)
    if not derivative:
        raise no_room(kind, dtype)
    return np.dtype(np.uint16 if kind.holds("uint16") else np.uint8)


def depth_scale(source: np.dtype[Any], target: np.dtype[Any]) -> float:
    """Return the factor that keeps white white between 8 and 16 bits; 1 for every other pair."""
    if {source, target} == {np.dtype(np.uint8), np.dtype(np.uint16)}:
        return full_scale(target) / full_scale(source)
    return 1.0


def quantised(
    values: NDArray[Any], target: np.dtype[Any], scale: float = 1.0, *, signed: bool = False
) -> NDArray[Any]:
    """Scale, move zero to mid-grey if signed, round half to even and saturate."""
    if scale != 1.0:
        values = values * values.dtype.type(scale)
    if signed and target.kind in "ui":
        limits = np.iinfo(target)
        values = values + values.dtype.type((int(limits.max) + int(limits.min) + 1) // 2)
    return saturated(values, target)


def pictured(values: NDArray[Any], target: np.dtype[Any], edge: float, *, signed: bool) -> NDArray[Any]:
    """Show a derivative in integers.

    Parameters
    ----------
    values : ndarray
        Raw responses.
    target : dtype
        An integer type.
    edge : float
        The response to a full-scale straight edge: it becomes white.
    signed : bool
        Show zero as mid-grey and the edge as white or black, instead of the absolute value.
    """
    white = full_scale(target)
    if signed:
        return quantised(values, target, white / 2 / edge, signed=True)
    return quantised(np.abs(values), target, white / edge)


def edge_response(
    call: Callable[[NDArray[Any]], NDArray[Any]], dtype: np.dtype[Any], ndim: int, options: Mapping[str, Any]
) -> float:
    """Return the largest response of a filter to a straight edge across any axis, 0 to full scale.

    The filter itself is asked, with an edge in the type of the image, so that every option is
    heeded and nothing else is compiled. The other axes have length 1: along an edge nothing changes.
    """
    length = min(2 * math.ceil(_reach(options)) + 4, _LONGEST_STEP)
    best = 0.0
    for axis in range(ndim):
        shape = [1] * ndim
        shape[axis] = length
        step = np.zeros(length, dtype)
        step[length // 2 :] = np.array(full_scale(dtype)).astype(dtype)
        best = max(best, float(np.abs(call(step.reshape(shape))).max()))
    return best or 1.0


def edge_in_cell(call: Callable[[NDArray[Any]], NDArray[Any]], size: Any, white: float) -> float:
    """Return how bright the picture of a descriptor is at a straight edge to `white` through a cell."""
    cell, best = np.broadcast_to(size, 2), 0.0
    for axis in (0, 1):
        step = np.zeros([3 * n for n in cell])
        np.moveaxis(step, axis, 0)[cell[axis] + cell[axis] // 2 :] = white
        best = max(best, float(call(step).max()))
    return best or 1.0


def _reach(options: Mapping[str, Any]) -> float:
    """Return how far from an edge the filter responds, in pixels."""
    if options.get("radius") is not None:
        return float(np.max(options["radius"]))
    sigma = options.get("sigma", options.get("low"))
    if sigma is None:
        return 1.0
    sigma = 1.6 * np.max(sigma) if options.get("high") is None and "low" in options else np.max(sigma)
    if options.get("high") is not None:
        sigma = max(sigma, np.max(options["high"]))
    spacing = options.get("spacing")
    return float(options["truncate"] * sigma / (1.0 if spacing is None else np.min(spacing)))
