"""Local thresholds: the mean and the standard deviation of each window, and what is computed from them."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, borders, dtypes, missing, threads
from imfilter._base.keywords import Common
from imfilter._base.plan import Plan, Planned, planning
from imfilter._filters.linear import apply as linear
from imfilter._filters.linear.operators import Operator, separable
from imfilter._filters.threshold import sliding

_Array = npt.NDArray
_Reals = npt.NDArray[np.float64]

#: A variance that is smaller, relative to the mean of squares, is a rounding error.
_ROUNDED = 1e-14


def apply(image: Any, size: Any, common: Common, numbers: tuple[float, float, float]) -> _Array:
    """Return ``m * (a + b*s) + c*s`` with the mean m and the standard deviation s of each window.

    numbers: a, b and c.
    """
    bare, own = missing.split(image)
    array = arguments.image(bare)
    place = arguments.fitting(arguments.out(common.out), array.shape)
    element = arguments.dtype(common.dtype, place, dtypes.derived(array.dtype))
    chosen = arguments.axes(array, common.axes, common.channel_axis)
    sizes = arguments.integers(size, len(chosen), "size", least=1)
    mode = borders.check_mode(common.mode, more=("shrink",))
    cval = arguments.number(common.cval, "cval", finite=False)
    both = (sizes[0] if len(sizes) > 1 else 1, sizes[-1])
    tiled = len(sizes) < 3 and sliding.fits(both)
    plans = planning.get()
    if plans is not None:
        reason = "sums of blocks of rows" if tiled else "a box of the image, and one of its squares"
        plans.append(Plan("tiles" if tiled else "boxes", reason, math.nan))
        raise Planned
    workers = threads.requested(common.workers)
    found = missing.presence(array, common._replace(out=place), own)
    apart = place is None or not np.may_share_memory(place, array)
    result = place if place is not None and apart else dtypes.empty(array.shape, element)
    undefined = None
    with np.errstate(all="ignore"):
        if found is None and tiled:
            sliding.run(array, chosen, sliding.Window(both, mode, cval, numbers), result, workers)
        else:
            window = common._replace(mode=mode, cval=cval, axes=chosen, out=None, workers=workers)
            mean, deviation, undefined = _mean_and_std(array, sizes, window, found, own is not None)
            a, b, c = numbers
            dtypes.place(mean * (a + b * deviation) + c * deviation, result)
    if place is not None and result is not place:
        place[...] = result
        result = place
    if own is None:
        return result
    return np.ma.MaskedArray(result, np.ma.nomask if undefined is None else undefined)


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
