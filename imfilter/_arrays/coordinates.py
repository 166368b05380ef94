"""Coordinates of labelled arrays: the distance between samples, and those of a result."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from imfilter._arrays.calls import Call, dry
from imfilter._arrays.rules import POINTS, RULES
from imfilter._base.plan import settled

#: Steps of even coordinates may differ by this share of a step, and by rounding errors of the coordinates.
_EVEN, _ROUNDED = 1e-6, 4


def step(image: xr.DataArray, name: Hashable) -> float:
    """Return the distance between neighbouring samples along a dimension, which must be even."""
    if name not in image.coords:
        raise ValueError(f"spacing='coords' needs coordinates along {name!r}, got none")
    values = image.coords[name].values
    if values.dtype.kind not in "iuf":
        raise ValueError(f"spacing='coords' needs numbers along {name!r}, got coordinates of {values.dtype}")
    if len(values) < 2:
        raise ValueError(f"spacing='coords' needs two coordinates along {name!r}, got {len(values)}")
    if not even(values):
        steps = np.diff(values)
        raise ValueError(
            f"spacing='coords' needs even coordinates along {name!r}, got steps from {steps.min()} to "
            f"{steps.max()}"
        )
    return abs(float(values[-1]) - float(values[0])) / (len(values) - 1)


def even(values: npt.NDArray) -> bool:
    """Tell whether numbers follow each other in even steps that are not 0."""
    real = values.astype(np.float64)
    mean = (real[-1] - real[0]) / (len(real) - 1)
    eps = np.finfo(values.dtype if values.dtype.kind == "f" else np.float64).eps
    allowed = _EVEN * abs(mean) + _ROUNDED * eps * np.abs(real).max()
    return bool(mean != 0 and (np.abs(np.diff(real) - mean) <= allowed).all())


def of(
    image: xr.DataArray, dims: tuple[Hashable, ...], shape: tuple[int, ...], call: Call
) -> dict[Hashable, Any]:
    """Return the coordinates of a result: those of dimensions that are as they were, and those that follow.

    Where the length of a dimension changes, a result has the coordinate of the centre of its window. If that
    is between two samples, the coordinates must be even. Other coordinates are dropped.
    """
    changed = {d: n for d, n in zip(dims, shape, strict=True) if d in image.dims and n != image.sizes[d]}
    if call.name in RULES and RULES[call.name].kind == POINTS and call.get("channel_axis") is not None:
        changed |= {image.dims[int(call.get("channel_axis"))]: -1}  # other channels
    found: dict[Hashable, Any] = {
        name: along
        for name, along in image.coords.items()
        if set(along.dims) <= set(dims) and not set(along.dims) & set(changed)
    }
    if not any(n >= 0 for n in changed.values()):
        return found
    places = _places(image, changed, call)
    for name, n in changed.items():
        if name in image.coords and name in places and image.coords[name].dims == (name,):
            values = _at(image.coords[name].values, places[name])
            if values is not None and len(values) == n:
                found[name] = (name, values, image.coords[name].attrs)
    return found


def _places(image: xr.DataArray, changed: dict[Hashable, int], call: Call) -> dict[Hashable, npt.NDArray]:
    """Return where results are, in samples, along dimensions whose length changes."""
    sizes = {name: (image.sizes[name], n) for name, n in changed.items()}
    if call.name == "pyramid":
        return {
            name: 1.0 * np.arange(m) * (1 << ((n - 1) // m).bit_length()) for name, (n, m) in sizes.items()
        }
    if call.name == "resize":
        if call.get("align") == "corners":
            return {name: np.arange(m) * ((n - 1) / max(m - 1, 1)) for name, (n, m) in sizes.items()}
        return {name: (np.arange(m) + 0.5) * n / m - 0.5 for name, (n, m) in sizes.items()}
    plan = settled(dry(call, image.shape).run)
    reach = getattr(plan, "reach", None) or {}
    places = {}
    for name, (_, m) in sizes.items():
        along = reach.get(image.dims.index(name))
        if along is not None:
            centre = 0.0 if call.get("padding") == "same" else (along.after - along.before) / 2
            places[name] = np.arange(m) * along.step + centre
    return places


def _at(values: npt.NDArray, places: npt.NDArray) -> npt.NDArray | None:
    """Return coordinates at places, if they are known exactly."""
    whole = np.rint(places).astype(int)
    if (whole == places).all() and whole.min() >= 0 and whole.max() < len(values):
        found: npt.NDArray = values[whole]
        return found
    if values.dtype.kind not in "iuf" or len(values) < 2 or not even(values):
        return None
    first = float(values[0])
    return first + places * ((float(values[-1]) - first) / (len(values) - 1))
