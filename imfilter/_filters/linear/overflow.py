"""Sums that overflow although the result is in the range of its type.

Samples at mirrored positions are added before they are multiplied by their weight. The sum of two samples may
be infinite, and a mean of them is not. Programs tell whether there are samples of such a size. Results that
are not finite are then computed again, from smaller samples.
"""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.missing import Presence, any_part
from imfilter._base.program import OVERFLOWED
from imfilter._filters.linear.algorithm import Call
from imfilter._filters.linear.operators import Operator, of_each

#: Samples up to this share of the largest number never overflow in a sum with weights of `_MOST` in all,
#: which adds four of them before they are weighted. `_simd.lines.fetch` looks for larger ones.
_SHARE, _MOST = 2.0**-20, 2.0**14
#: Factor of samples that are summed again. It makes any sample a reference; see `kernels.reference`.
_UNIT = 2.0**-60
#: Rounding error of a sum, in units of the last place.
_ERROR = 16
#: Samples that are looked at together. They and their sizes stay in the second-level cache.
_PIECE = 1 << 14


def possible(call: Call, done: int) -> bool:
    """Tell whether sums of a call may have overflowed. `done` is what its program returned."""
    if done != OVERFLOWED and abs(call.cval) <= float(np.finfo(call.real).max) * _SHARE:
        return False
    return math.isfinite(call.cval) and not call.operator.norm and _gain(call.choice.operator) <= _MOST


def recompute(
    run: Callable[..., npt.NDArray],
    call: Call,
    image: npt.NDArray,
    target: npt.NDArray,
    workers: int | None,
) -> None:
    """Replace the results in `target` that are not finite; `run` runs a call.

    A power of two leaves all digits of the samples as they are. Only those far below the largest number get
    fewer, and they change no result that overflowed.
    """
    real = call.real
    limit = float(np.finfo(real).max) * _SHARE
    if abs(call.cval) <= limit and not _has_larger(image, limit, workers):
        return  # sums over planes may be infinite or NaN for other reasons
    result = target
    if target.dtype != real:
        result = dtypes.empty(target.shape, real)
        plain = call.choice.implementation.fallback or call.choice.implementation
        same = call.changed(dtype=real, native=real)
        plain.run(same, call.choice.operator, image, result, workers, assume_finite=False)
    wrong = ~np.isfinite(result)
    if not wrong.any():
        return
    small = call.changed(dtype=real, native=real, bias=call.bias * _UNIT, cval=call.cval * _UNIT)
    found = run(small, np.multiply(image, _UNIT, dtype=real), None, workers)
    np.copyto(result, dtypes.enlarged(found, _UNIT, _ERROR), where=wrong)
    if result is not target:
        dtypes.place(result, target)


def recompute_with_missing(
    again: Callable[[npt.NDArray, float], npt.NDArray],
    operator: Operator,
    image: npt.NDArray,
    present: Presence,
    cval: float,
    target: npt.NDArray,
    real: np.dtype,
    workers: int | None,
) -> None:
    """Do what `recompute` does, for an image with missing data.

    ``again(samples, unit)`` filters other samples with the border constant and the bias times a unit. It
    returns results of the type `real` of the arithmetic.
    """
    limit = float(np.finfo(real).max) * _SHARE
    if present.mask is not None and present.graded:
        limit /= max(1.0, float(present.mask.max()))
    if operator.norm or not math.isfinite(cval) or _gain(operator) > _MOST:
        return
    if abs(cval) <= limit and not _has_larger(image, limit, workers):
        return
    if target.dtype != real:
        dtypes.place(again(image, 1.0), target)
    elif (wrong := ~np.isfinite(target)).any():
        found = again(np.multiply(image, _UNIT, dtype=real), _UNIT)
        np.copyto(target, dtypes.enlarged(found, _UNIT, _ERROR), where=wrong)


def _has_larger(image: npt.NDArray, limit: float, workers: int | None) -> bool:
    """Tell whether a finite sample is larger than a limit."""
    if image.dtype.kind == "f":
        limit = min(limit, float(np.finfo(image.dtype).max))

    def larger(part: npt.NDArray) -> bool:
        if -limit <= float(part.min()) and float(part.max()) <= limit:
            return False
        flat = part.reshape(-1)
        for start in range(0, flat.size, _PIECE):  # some are larger, infinite or NaN
            sizes = np.abs(flat[start : start + _PIECE])
            if ((sizes > limit) & (sizes < np.inf)).any():
                return True
        return False

    return image.size > 0 and any_part(image, larger, workers)


def _gain(operator: Operator) -> float:
    """Return at least the factor between the largest sample and any sum on the way to a result."""
    if operator.dense is not None:
        return operator.gain()
    return sum(math.prod(max(1.0, size) for size in of_each(term, _size)) for term in operator.terms)


def _size(taps: npt.NDArray[np.float64]) -> float:
    return float(np.abs(taps).sum())
