"""Erosion and dilation with weights, one sample of the element after the other.

This is for types that the kernels do not compute: long doubles, and integers of 64 bits, whose differences
may have more. These are computed as Python integers, or as multiples of a fraction that divides all weights.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base.missing import rows_of
from imfilter._filters.morphology.settings import Settings
from imfilter._filters.morphology.structure import Structure


def stage(
    array: npt.NDArray,
    there: npt.NDArray[np.bool_] | None,
    structure: Structure,
    settings: Settings,
    border: Any,
    out: npt.NDArray,
    *,
    dilates: bool,
) -> None:
    """Write the results to `out`, 0 where no sample is present."""
    exact = np.dtype(object) if array.dtype.kind != "f" else array.dtype.newbyteorder("=")
    assert structure.weights is not None
    best, known = np.zeros(array.shape, exact), np.zeros(array.shape, bool)
    samples, scale = array.astype(exact), 1
    if exact.kind != "f":  # all numbers as multiples of the same fraction
        scale = max(float(w).as_integer_ratio()[1] for w in _fractions(structure.weights))
        samples, border = samples * scale, int(border) * scale
    there = np.ones(array.shape, bool) if there is None else there
    for tap in np.argwhere(structure.inside):
        values, present = _shifted(samples, there, tap, structure, settings, border)
        height = structure.weights[tuple(tap)]
        weight = height.astype(exact) if exact.kind == "f" else _times(scale, height)
        values = values + weight if dilates else values - weight
        better = _before(best, values) if dilates else _before(values, best)
        chosen = present & (~known | better)
        best[chosen] = values[chosen]
        known |= present
    if exact.kind == "f":
        out[...] = best
    elif out.dtype.kind == "f":
        out[...] = (best if scale == 1 else best / scale).astype(out.dtype)
    else:
        best = _rounded(best, scale)
        low, high = (0, 1) if out.dtype.kind == "b" else (np.iinfo(out.dtype).min, np.iinfo(out.dtype).max)
        out[...] = np.minimum(np.maximum(best, int(low)), int(high)).astype(out.dtype)


def _fractions(weights: npt.NDArray) -> list[float]:
    """Return the weights that are no integers, and 1."""
    return [1.0, *(weights.ravel().tolist() if weights.dtype.kind == "f" else ())]


def _times(scale: int, weight: np.generic) -> int:
    """Return a weight times a power of 2 of which it is a multiple of the inverse."""
    number, of = weight.item().as_integer_ratio()
    return int(number * (scale // of))


def _rounded(values: npt.NDArray, scale: int) -> npt.NDArray:
    """Return Python integers divided by `scale`, rounded half to even."""
    if scale == 1:
        return values
    whole = values // scale
    more = 2 * (values - whole * scale)
    return whole + ((more > scale) | ((more == scale) & (whole % 2 == 1))).astype(bool).astype(object)


def _shifted(
    samples: npt.NDArray,
    there: npt.NDArray[np.bool_],
    tap: npt.NDArray,
    structure: Structure,
    settings: Settings,
    border: Any,
) -> tuple[npt.NDArray, npt.NDArray[np.bool_]]:
    """Return the sample of each window at a position of the element, and whether it is present."""
    for axis, position, origin in zip(settings.axes, tap.tolist(), structure.origin, strict=True):
        n, offset = samples.shape[axis], position - origin
        before, after = max(-offset, 0), max(offset, 0)
        rows = rows_of(n, before, after, settings.mode, before + offset, before + offset + n)
        samples, there = (np.take(part, np.maximum(rows, 0), axis) for part in (samples, there))
        if (rows < 0).any():
            outside: tuple[Any, ...] = (*(slice(None),) * axis, rows < 0)
            samples[outside], there[outside] = border, settings.mode != "shrink"
    return samples, there


def _before(a: npt.NDArray, b: npt.NDArray) -> npt.NDArray[np.bool_]:
    """Tell which samples of `a` sort before those of `b`: NaN last, and -0.0 before 0.0."""
    if a.dtype.kind != "f":
        return (a < b).astype(bool)
    zeros = (a == b) & np.signbit(a) & ~np.signbit(b)
    return (a < b) | zeros | (np.isnan(b) & ~np.isnan(a))
