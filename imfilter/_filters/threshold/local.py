"""Local thresholds: the mean and the standard deviation of each window, and what is computed from them."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, borders, dtypes, engine, missing
from imfilter._base.keywords import Common
from imfilter._base.plan import Plan
from imfilter._filters.linear import apply as linear
from imfilter._filters.linear.operators import Operator, separable
from imfilter._filters.threshold import sliding

_Array = npt.NDArray
_Reals = npt.NDArray[np.float64]

#: A variance that is smaller, relative to the mean of squares, is a rounding error.
_ROUNDED = 1e-14


@dataclass(frozen=True, eq=False)
class Call:
    """The part of a call that is known before the samples are read."""

    axes: tuple[int, ...]
    sizes: tuple[int, ...]
    window: sliding.Window
    dtype: np.dtype
    result_shape: tuple[int, ...]

    @property
    def tiled(self) -> bool:
        """Whether the windows can slide over tiles."""
        return len(self.sizes) < 3 and sliding.fits(self.window.sizes)


def apply(image: Any, size: Any, common: Common, numbers: tuple[float, float, float]) -> _Array:
    """Return ``m * (a + b*s) + c*s`` with the mean m and the standard deviation s of each window.

    numbers: a, b and c.
    """
    return engine.apply(FAMILY, image, common, "threshold", (size,), numbers)


def _checked(
    array: _Array, given: Common, fixed: str, own: tuple[Any, ...], numbers: tuple[float, float, float]
) -> Call:
    """Check the arguments."""
    (size,) = own
    element = arguments.dtype(given.dtype, given.out, dtypes.derived(array.dtype))
    axes = arguments.axes(array, given.axes, given.channel_axis)
    sizes = arguments.integers(size, len(axes), "size", least=1)
    mode = borders.check_mode(given.mode, more=("shrink",))
    cval = arguments.number(given.cval, "cval", finite=False)
    both = (sizes[0] if len(sizes) > 1 else 1, sizes[-1])
    return Call(axes, sizes, sliding.Window(both, mode, cval, numbers), element, array.shape)


def _compute(call: Call, array: _Array, out: _Array | None, workers: int | None) -> _Array:
    """Return the thresholds of an image without missing data, in `out` or a new array."""
    if not call.tiled:
        window = Common(call.window.mode, call.window.cval, call.axes, workers=workers)
        return _from_moments(call, array, window, None, out, masked=False)[0]
    target = dtypes.target(out, array, array.shape, call.dtype)
    with np.errstate(all="ignore"):
        sliding.run(array, call.axes, call.window, target, workers)
    return engine.delivered(target, out, call.dtype)


def _with_missing(
    array: _Array,
    given: Common,
    fixed: str,
    presence: missing.Presence,
    wanted: bool,
    own: tuple[Any, ...],
    numbers: tuple[float, float, float],
) -> tuple[_Array, npt.NDArray[np.bool_] | None]:
    """Return the thresholds of an image with missing data."""
    call = _checked(array, given, fixed, own, numbers)
    arguments.fitting(given.out, array.shape)
    window = given._replace(mode=call.window.mode, cval=call.window.cval, axes=call.axes, out=None)
    return _from_moments(call, array, window, presence, given.out, masked=wanted)


def _from_moments(
    call: Call,
    array: _Array,
    window: Common,
    presence: missing.Presence | None,
    out: _Array | None,
    *,
    masked: bool,
) -> tuple[_Array, npt.NDArray[np.bool_] | None]:
    """Return the thresholds from means and deviations of the size of the image."""
    a, b, c = call.window.numbers
    target = dtypes.target(out, array, array.shape, call.dtype)
    with np.errstate(all="ignore"):
        mean, deviation, undefined = _mean_and_std(array, call.sizes, window, presence, masked)
        dtypes.place(mean * (a + b * deviation) + c * deviation, target)
    return engine.delivered(target, out, call.dtype), undefined


def _plan(call: Call, image: _Array) -> Plan:
    """Return the algorithm."""
    reason = "sums of blocks of rows" if call.tiled else "a box of the image, and one of its squares"
    return Plan("tiles" if call.tiled else "boxes", reason, math.nan)


FAMILY: engine.Family[Call] = engine.Family(_checked, _plan, _compute, _with_missing)


def _box(ndim: int, chosen: tuple[int, ...], sizes: tuple[int, ...]) -> Operator:
    return separable(tuple(np.full(n, 1 / n) for n in sizes))


def _mean_and_std(
    array: _Array, sizes: tuple[int, ...], window: Common, found: missing.Presence | None, masked: bool
) -> tuple[_Reals, _Reals, npt.NDArray[np.bool_] | None]:
    """Return the mean and the standard deviation of each window, and if `masked`, where they are undefined.

    The squares are those of the differences to a reference, the mean of the samples that are present, so the
    variance is not the small difference of two large numbers.
    """
    wide = array.dtype.itemsize >= 8 and array.dtype.newbyteorder("=") != dtypes.FLOAT64
    values = dtypes.ordered(array.astype(np.longdouble if wide else np.float64))
    used = np.isfinite(values)
    if found is not None:
        used &= found.present(array)
    # A constant beyond the border has one reference.
    constant = window.mode in ("zero", "constant")
    axes = None if constant else window.axes
    number = used.sum(axis=axes, keepdims=True)
    reference = np.sum(values, axis=axes, keepdims=True, where=used) / np.maximum(number, 1)
    reference = np.where(np.isfinite(reference), reference, 0).astype(np.float64)
    values = (values - reference).astype(np.float64)
    border = (window.cval if window.mode == "constant" else 0.0) - float(reference.flat[0])
    given = Common(
        "constant" if constant else window.mode,
        border,
        window.axes,
        workers=window.workers,
        mask=None if found is None else found.mask,
        nan="ignore" if found is not None and found.ignore_nan else "propagate",
        min_coverage=window.min_coverage,
    )

    def averaged(values: Any, given: Common) -> Any:
        return linear.apply(values, _box, (sizes,), given, preserves_dtype=True)

    squares = values * values
    mean = averaged(np.ma.MaskedArray(values) if masked else values, given)
    undefined = np.ma.getmaskarray(mean) if masked else None
    mean = np.ma.getdata(mean)
    square = averaged(squares, given._replace(cval=border * border))
    variance = square - mean * mean
    variance[variance < square * _ROUNDED] = 0
    return mean + reference, np.sqrt(variance), undefined


def half_range(dtype: np.dtype) -> float:
    """Return half of the range of a type: 1 for floats, which are from -1 to 1."""
    if dtype.kind == "f":
        return 1.0
    if dtype.kind == "b":
        return 0.5
    info = np.iinfo(dtype)
    return math.ldexp(float(int(info.max) - int(info.min)), -1)
