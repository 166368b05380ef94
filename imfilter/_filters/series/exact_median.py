"""Medians of series of 64-bit integers and of long doubles, which float64 cannot represent exactly.

Windows still slide over float64 keys. The keys are differences to the smallest integer if all differences are
small. Otherwise they are the positions of the samples in sorted order.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._filters.rank.keys import Number, exact, places
from imfilter._filters.series.kernels.median import LOWER, UPPER
from imfilter._filters.series.median import Median, between

#: Up to this integer, float64 represents the mean of two integers exactly.
_EXACT = 1 << 52

#: Runs a design over keys; see `_found`.
_Run = Callable[[Any, npt.NDArray, float], npt.NDArray[np.float64]]


def takes(design: Any, dtype: np.dtype) -> bool:
    """Return whether a design is a median of samples that must not be rounded to float64."""
    if not isinstance(getattr(design, "window", None), Median):
        return False
    return not exact(dtype) or (dtype.kind in "iu" and dtype.itemsize == 8)


def whole(design: Any, lines: npt.NDArray, wanted: np.dtype, workers: int | None) -> npt.NDArray:
    """Return the medians of whole series in the dtype `wanted`."""

    def run(keyed: Any, keys: npt.NDArray, beyond: float) -> npt.NDArray[np.float64]:
        result: npt.NDArray[np.float64] = keyed.whole(keys, workers)
        return result

    return _found(design, lines, wanted, run)


def begin(design: Any, first: npt.NDArray) -> Any:
    """Return the state before the `first` samples. The border constant is added later."""
    state = design.begin(first.shape[2], first)
    if design.ends.mode in ("valid", "zero", "constant"):
        return state._replace(values=first[:, :0])
    return state._replace(values=np.repeat(first[:, :1], state.values.shape[1], axis=1))


def advance(design: Any, state: Any, lines: npt.NDArray, wanted: np.dtype) -> tuple[npt.NDArray, Any]:
    """Return the medians of the next samples in the dtype `wanted`, and the state after them."""
    values = np.concatenate([state.values, lines], axis=1)
    history, known = design.window.size - 1, state.values.shape[1]
    missing = 0 if design.ends.mode == "valid" else history - known
    after = state

    def run(keyed: Any, keys: npt.NDArray, beyond: float) -> npt.NDArray[np.float64]:
        nonlocal after
        before = np.full((1, missing, keys.shape[2]), beyond)
        begun = state._replace(values=np.concatenate([before, keys[:, :known]], axis=1))
        result, after = keyed.advance(begun, keys[:, known:])
        return result

    found = _found(design, values, wanted, run)
    return found, after._replace(values=values[:, max(0, values.shape[1] - history) :].copy())


def widened(design: Any, state: Any) -> Any:
    """Return a state in float64, for next samples of another type."""
    values = state.values.astype(np.float64)
    missing = design.window.size - 1 - values.shape[1]
    if missing > 0 and design.ends.mode in ("zero", "constant"):
        before = np.full((1, missing, values.shape[2]), design.ends.constant)
        values = np.concatenate([before, values], axis=1)
    return state._replace(values=values)


def _found(design: Any, samples: npt.NDArray, wanted: np.dtype, run: _Run) -> npt.NDArray:
    """Return medians in the dtype `wanted`, from the keys that ``run(design, keys, constant)`` finds."""
    ends = design.ends
    constant: Number | None = {"zero": 0, "constant": ends.cval}.get(ends.mode)
    if isinstance(constant, float) and constant.is_integer():
        constant = int(constant)
    if samples.dtype.kind in "iu" and isinstance(constant, int | None):
        found = _near(design, samples, constant, wanted, run)
        if found is not None:
            return found
    order = places(samples, constant)
    keys = order.values.astype(np.float64)
    if samples.dtype.kind == "f":
        keys[np.isnan(samples)] = math.nan
    beyond = math.nan if constant is not None and constant != constant else float(order.border_key)
    pair = [run(_keyed(design, beyond, which), keys, beyond) for which in (LOWER, UPPER)]
    out = np.empty(pair[0].shape, wanted)
    missing = np.isnan(pair[0])
    at = [np.where(missing, 0.0, found).astype(np.int64) for found in pair]
    low, high = (order.samples(found) for found in at)
    beside = [
        found == order.border_key if constant is not None else np.zeros(found.shape, bool) for found in at
    ]
    if samples.dtype.kind == "f":
        for found, where in zip((low, high), beside, strict=True):
            found[where] = constant
        dtypes.place(between(low, high), out)
    else:
        floor = (low >> 1) + (high >> 1) + (low & high & 1)
        _halfway(floor, (low ^ high) & 1, out)
        for where in np.argwhere(beside[0] | beside[1]):
            place = tuple(where)
            sides = [
                constant if b[place] else int(v[place]) for b, v in zip(beside, (low, high), strict=True)
            ]
            out[place] = dtypes.rounded(wanted, _middle(*sides, whole=wanted.kind in "iu"))
    out[missing] = dtypes.rounded(wanted, math.nan)
    return out


def _near(
    design: Any, samples: npt.NDArray, constant: int | None, wanted: np.dtype, run: _Run
) -> npt.NDArray | None:
    """Return medians of integers that are near 0 or near each other, from differences to a base."""
    limits = [0, 0] if not samples.size else [int(samples.min()), int(samples.max())]
    limits += [] if constant is None else [constant]
    base, bounds = 0 if max(map(abs, limits)) <= _EXACT else min(limits), np.iinfo(samples.dtype)
    if max(limits) - base > _EXACT or (base and not bounds.min <= base <= bounds.max):
        return None
    beyond, bits = float((constant or 0) - base), np.uint64(base % (1 << 64))  # sums are modulo 2**64
    keys = (samples.view(np.uint64) - bits if base else samples).astype(np.float64)
    result = run(_keyed(design, beyond), keys, beyond)
    out = np.empty(result.shape, wanted)
    if base:
        twice = (2.0 * result).astype(np.uint64)  # every window has a sample
        low = (bits + (twice >> np.uint64(1))).view(samples.dtype)
        _halfway(low, (twice & np.uint64(1)).astype(samples.dtype), out)
    else:
        dtypes.place(result, out)
    return out


def _keyed(design: Any, beyond: float, which: int | None = None) -> Any:
    """Return a design for keys. `beyond` is the key of the border constant."""
    ends = design.ends
    if ends.mode in ("zero", "constant"):
        ends = ends._replace(mode="constant", cval=beyond)
    window = design.window if which is None else replace(design.window, which=which)
    return replace(design, ends=ends, window=window)


def _halfway(low: npt.NDArray, odd: npt.NDArray, out: npt.NDArray) -> None:
    """Write `low`, plus a half where `odd` is 1. Integer results are rounded half to even."""
    if out.dtype.kind in "iu":
        dtypes.place(low + (odd & low & 1), out)
    else:
        dtypes.place(low.astype(np.longdouble) + 0.5 * odd, out)


def _middle(low: Any, high: Any, *, whole: bool) -> int | float:
    """Return the mean of an integer and the border constant, or of two constants, rounded once."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return float(low) + float(high)
    middle = sum(Fraction(*n.as_integer_ratio()) for n in (low, high)) / 2
    return round(middle) if whole else float(middle)
