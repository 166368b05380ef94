"""Erosion and dilation with weights, one sample of the element after the other.

This is for types that the kernels do not compute: long doubles, and integers of 64 bits, whose differences
may have more. These are computed as Python integers.
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
    samples = array.astype(exact)
    there = np.ones(array.shape, bool) if there is None else there
    for tap in np.argwhere(structure.inside):
        values, present = _shifted(samples, there, tap, structure, settings, border)
        weight = (
            structure.weights[tuple(tap)].astype(exact)
            if exact.kind == "f"
            else int(structure.weights[tuple(tap)])
        )
        values = values + weight if dilates else values - weight
        better = _before(best, values) if dilates else _before(values, best)
        chosen = present & (~known | better)
        best[chosen] = values[chosen]
        known |= present
    if exact.kind == "f":
        out[...] = best
    elif out.dtype.kind == "f":
        out[...] = best.astype(out.dtype)
    else:
        low, high = (0, 1) if out.dtype.kind == "b" else (np.iinfo(out.dtype).min, np.iinfo(out.dtype).max)
        out[...] = np.minimum(np.maximum(best, int(low)), int(high)).astype(out.dtype)


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
