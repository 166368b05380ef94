"""Medians, extremes, quantiles and ranks of 64-bit integers and of long doubles, which float64 cannot hold.

The windows slide over float64 keys. If all samples are near each other, the keys are their differences to the
smallest sample. Otherwise the keys are the positions of the samples in sorted order.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._filters.rank.keys import Keys, Number, exact, places
from imfilter._filters.series.kernels.median import LOWER, MEAN, UPPER
from imfilter._filters.series.kernels.order import FRACTION, LINEAR
from imfilter._filters.series.median import Median, between
from imfilter._filters.series.moving import Extreme
from imfilter._filters.series.order import Quantile, Rank
from imfilter._filters.series.pieces import Present

#: Up to this integer, float64 represents the mean of two integers exactly.
_EXACT = 1 << 52

#: Where a result has too few samples.
Undefined = npt.NDArray[np.bool_]
#: Runs a design over keys; see `_results`.
_Run = Callable[[Any, npt.NDArray, float], npt.NDArray[np.float64]]


def takes(design: Any, dtype: np.dtype) -> bool:
    """Return whether a design compares samples that must not be rounded to float64."""
    if not isinstance(getattr(design, "window", None), Median | Extreme | Quantile | Rank):
        return False
    return not exact(dtype) or (dtype.kind in "iu" and dtype.itemsize == 8)


def whole(
    design: Any, lines: npt.NDArray, present: Present | None, wanted: np.dtype, workers: int | None
) -> tuple[npt.NDArray, Undefined]:
    """Return the results of whole series in the dtype `wanted`, and where there is none."""

    def run(keyed: Any, keys: npt.NDArray, border_key: float) -> npt.NDArray[np.float64]:
        result: npt.NDArray[np.float64] = keyed.whole(keys, present, workers)
        return result

    return _results(design, lines, wanted, run)


def begin(design: Any, first: npt.NDArray, present: Present | None) -> Any:
    """Return the state before the `first` samples. The border constant is added later."""
    state = design.begin(first.shape[2], first, present)
    if design.ends.mode in ("valid", "zero", "constant"):
        return state._replace(values=first[:, :0], present=None)
    return state._replace(values=np.repeat(first[:, :1], state.values.shape[1], axis=1))


def advance(
    design: Any, state: Any, lines: npt.NDArray, present: Present | None, wanted: np.dtype
) -> tuple[npt.NDArray, Undefined, Any]:
    """Return the results of the next samples in the dtype `wanted`, where there is none, and the state."""
    values = np.concatenate([state.values, lines], axis=1)
    history, known = design.window.size - 1, state.values.shape[1]
    missing = 0 if design.ends.mode == "valid" else history - known
    after = state

    def run(keyed: Any, keys: npt.NDArray, border_key: float) -> npt.NDArray[np.float64]:
        nonlocal after
        begun = _after_constants(state, missing, border_key, keys[:, :known])
        result, after = keyed.advance(begun, keys[:, known:], present)
        return result

    results, undefined = _results(design, values, wanted, run)
    kept = values[:, max(0, values.shape[1] - history) :].copy()
    counts = None if after.present is None else after.present[:, after.present.shape[1] - kept.shape[1] :]
    return results, undefined, after._replace(values=kept, present=counts)


def _after_constants(state: Any, missing: int, constant: float, values: npt.NDArray) -> Any:
    """Return a state whose `values` follow border constants."""
    counts = state.present
    if missing > 0:
        before = (1, missing, values.shape[2])
        values = np.concatenate([np.full(before, constant), values], axis=1)
        if counts is not None:
            counts = np.concatenate([np.ones(before, counts.dtype), counts], axis=1)
    return state._replace(values=values, present=counts)


def widened(design: Any, state: Any) -> Any:
    """Return a state in float64, for next samples of another type."""
    values = state.values.astype(np.float64)
    constants = design.ends.mode in ("zero", "constant")
    missing = design.window.size - 1 - values.shape[1] if constants else 0
    return _after_constants(state, missing, design.ends.constant, values)


def _results(design: Any, samples: npt.NDArray, wanted: np.dtype, run: _Run) -> tuple[npt.NDArray, Undefined]:
    """Return results in the dtype `wanted`, and where there is none.

    They come from the keys that ``run(design, keys, border_key)`` returns.
    """
    ends = design.ends
    constant: Number | None = {"zero": 0, "constant": ends.cval}.get(ends.mode)
    if isinstance(constant, float) and constant.is_integer():
        constant = int(constant)
    which = getattr(design.window, "which", LOWER)
    if samples.dtype.kind in "iu" and isinstance(constant, int | None):
        results = _near(design, samples, constant, wanted, run)
        if results is not None:
            return results
    order = places(samples, constant)
    if isinstance(design.window, Rank):
        order = _with_ties(order, samples, constant)
    keys = order.values.astype(np.float64)
    if samples.dtype.kind == "f":
        keys[np.isnan(samples)] = math.nan
    border_key = math.nan if constant is not None and constant != constant else float(order.border_key)

    def keyed(which: int | None) -> npt.NDArray[np.float64]:
        return run(_keyed(design, border_key, which), keys, border_key)

    if isinstance(design.window, Rank):
        return _placed(keyed(None), wanted)
    pair = [keyed(LOWER), keyed(UPPER)] if which in (MEAN, LINEAR) else [keyed(None)] * 2
    out = np.empty(pair[0].shape, wanted)
    undefined = np.isnan(pair[0])
    share = np.where(undefined, 0.0, keyed(FRACTION)) if which == LINEAR else np.full(out.shape, 0.5)
    indices = [np.where(undefined, 0.0, found).astype(np.int64) for found in pair]
    low, high = (order.samples(index) for index in indices)
    is_border = [
        index == order.border_key if constant is not None else np.zeros(index.shape, bool)
        for index in indices
    ]
    if samples.dtype.kind == "f":
        for values, mask in zip((low, high), is_border, strict=True):
            values[mask] = constant
        if which == LINEAR:
            low = _along(low, high, share)
        elif which == MEAN:
            low = between(low, high)
        dtypes.place(low, out)
    else:
        if which == LINEAR:
            _along_integers(low, high, share, out)
        else:
            floor = (low >> 1) + (high >> 1) + (low & high & 1)
            _halfway(floor, (low ^ high) & 1, out)
        for index in map(tuple, np.argwhere(is_border[0] | is_border[1])):
            both = [
                constant if b[index] else int(v[index]) for b, v in zip(is_border, (low, high), strict=True)
            ]
            middle = _middle(both[0], both[1], float(share[index]), whole=wanted.kind in "iu")
            out[index] = dtypes.rounded(wanted, middle)
    out[undefined] = dtypes.rounded(wanted, math.nan)
    return out, undefined


def _placed(result: npt.NDArray[np.float64], wanted: np.dtype) -> tuple[npt.NDArray, Undefined]:
    """Return results in the dtype `wanted`, and where there is none."""
    out, undefined = np.empty(result.shape, wanted), np.isnan(result)
    dtypes.place(result, out)
    out[undefined] = dtypes.rounded(wanted, math.nan)
    return out, undefined


def _with_ties(order: Keys, samples: npt.NDArray, constant: Number | None) -> Keys:
    """Return keys that are the same for equal samples, and for the constant if it is equal to samples."""
    if not samples.size:
        return order
    ordered = order.samples(np.arange(0, 2 * samples.size, 2))
    starts = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    first = np.maximum.accumulate(np.where(starts, np.arange(samples.size), 0))
    border_key = order.border_key
    if constant is not None and (samples.dtype.kind == "f" or isinstance(constant, int)):
        same = np.flatnonzero(ordered == constant)
        border_key = 2 * int(same[0]) if len(same) else border_key
    return order._replace(values=2 * first[order.values >> 1], border_key=border_key)


def _along(low: npt.NDArray, high: npt.NDArray, share: npt.NDArray[np.float64]) -> npt.NDArray:
    """Return the samples between two samples, as `kernels.order` computes them."""
    with np.errstate(invalid="ignore", over="ignore"):  # infinite samples, and differences that overflow
        gap = high - low
        near = np.where(share < 0.5, low + gap * share, high - gap * (1 - share))
        between = np.where(gap < math.inf, near, low * (1 - share) + high * share)
        return np.where((low == high) | (share == 0), low, between) + 0.0


def _along_integers(
    low: npt.NDArray, high: npt.NDArray, share: npt.NDArray[np.float64], out: npt.NDArray
) -> None:
    """Write the numbers between two integers. Integer results are rounded half to even."""
    gap = high.view(np.uint64) - low.view(np.uint64)  # modulo 2**64
    more = gap.astype(np.longdouble) * share
    if out.dtype.kind not in "iu":
        dtypes.place(low.astype(np.longdouble) + more, out)
        return
    floor = np.floor(more)
    below = (low.view(np.uint64) + floor.astype(np.uint64)).view(low.dtype)
    rest = more - floor
    dtypes.place(below + ((rest > 0.5) | ((rest == 0.5) & (below & 1 == 1))).astype(low.dtype), out)


def _near(
    design: Any, samples: npt.NDArray, constant: int | None, wanted: np.dtype, run: _Run
) -> tuple[npt.NDArray, Undefined] | None:
    """Return results for integers that are near 0 or near each other, from differences to a base."""
    limits = [0, 0] if not samples.size else [int(samples.min()), int(samples.max())]
    limits += [] if constant is None else [constant]
    base, bounds = 0 if max(map(abs, limits)) <= _EXACT else min(limits), np.iinfo(samples.dtype)
    if max(limits) - base > _EXACT or (base and not bounds.min <= base <= bounds.max):
        return None
    window = design.window
    if base and getattr(window, "which", LOWER) == LINEAR:
        return None  # these results are not multiples of a half
    border_key, bits = float((constant or 0) - base), np.uint64(base % (1 << 64))  # sums are modulo 2**64
    keys = (samples.view(np.uint64) - bits if base else samples).astype(np.float64)
    result = run(_keyed(design, border_key), keys, border_key)
    if isinstance(window, Rank) or not base:
        return _placed(result, wanted)
    out, undefined = np.empty(result.shape, wanted), np.isnan(result)
    twice = (2.0 * np.where(undefined, 0.0, result)).astype(np.uint64)
    low = (bits + (twice >> np.uint64(1))).view(samples.dtype)
    _halfway(low, (twice & np.uint64(1)).astype(samples.dtype), out)
    out[undefined] = dtypes.rounded(wanted, math.nan)
    return out, undefined


def _keyed(design: Any, border_key: float, which: int | None = None) -> Any:
    """Return a design for keys. `border_key` is the key of the border constant."""
    ends = design.ends
    if ends.mode in ("zero", "constant"):
        ends = ends._replace(mode="constant", cval=border_key)
    window = design.window if which is None else replace(design.window, which=which)
    return replace(design, ends=ends, window=window)


def _halfway(low: npt.NDArray, odd: npt.NDArray, out: npt.NDArray) -> None:
    """Write `low`, plus a half where `odd` is 1. Integer results are rounded half to even."""
    if out.dtype.kind in "iu":
        dtypes.place(low + (odd & low & 1), out)
    else:
        dtypes.place(low.astype(np.longdouble) + 0.5 * odd, out)


def _middle(low: Any, high: Any, share: float, *, whole: bool) -> int | float:
    """Return a number between two numbers, each an integer or the border constant, rounded once."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return float(low) if low == high or not share else float(low) + float(high)
    ends = [Fraction(*n.as_integer_ratio()) for n in (low, high)]
    middle = ends[0] + (ends[1] - ends[0]) * Fraction(share)
    return round(middle) if whole else float(middle)
