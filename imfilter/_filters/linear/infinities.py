"""Infinity under a sum of terms: one term may give +inf and another -inf, and their sum is NaN.

The result must be that of the dense kernel. It is +inf or -inf if all infinities of the window, times their
weights, have the same sign, and NaN if they do not. Infinities are counted, which takes two more
correlations.
"""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._filters.linear.algorithm import AUTO, Call, Choice, Request, method_of
from imfilter._filters.linear.operators import LARGEST, Operator, Taps
from imfilter._filters.linear.planner import ALGORITHMS, choose


def absent(image: npt.NDArray, cval: float) -> bool:
    """Tell whether the image and its border have no NaN or infinity."""
    return math.isfinite(cval) and (image.dtype.kind != "f" or bool(np.isfinite(image).all()))


def meets(chosen: Choice, image: npt.NDArray, cval: float) -> bool:
    """Tell whether the sum of several terms may add infinities of the image or of its border."""
    operator = chosen.operator
    if operator.norm or len(operator.terms) < 2 or math.prod(operator.shape) > LARGEST:
        return False
    return math.isinf(cval) or (image.dtype.kind == "f" and bool(np.isinf(image).any()))


def correlate(
    run: Callable[..., npt.NDArray],
    call: Call,
    image: npt.NDArray,
    target: npt.NDArray,
    workers: int | None,
) -> None:
    """Write the correlation of `image` to `target`; `run` runs a call."""
    kernel = call.operator.components()[0]
    where, beyond = np.isinf(image), math.isinf(call.cval)
    signs = np.where(where, np.sign(image), 0.0).astype(np.float64)
    border = math.copysign(1.0, call.cval) if beyond else 0.0

    def count(samples: npt.NDArray, weights: Taps, cval: float) -> npt.NDArray:
        return run(_counting(call, weights, image, cval), samples, None, workers)

    # Count how many infinities become +inf and how many -inf, by the sum and the difference of two counts.
    both = count(np.abs(signs), np.abs(np.sign(kernel)), abs(border))
    more = count(signs, np.sign(kernel), border)
    finite = call.changed(dtype=call.real, native=call.real, cval=0.0 if beyond else call.cval)
    result = run(finite, np.where(where, image.dtype.type(0), image), None, workers)
    with np.errstate(invalid="ignore"):
        result[both + more > 1] += np.inf
        result[both - more > 1] -= np.inf
    dtypes.place(result, target)


def correlate_folded(
    run: Callable[..., npt.NDArray],
    call: Call,
    image: npt.NDArray,
    target: npt.NDArray,
    workers: int | None,
) -> None:
    """Write the correlation with a folded kernel to `target`; `run` runs a call.

    The taps of ``call.apart`` find the results that depend on a sample that is not finite. They do not make
    the others: their sums are rounded in another way, and a part of the image without such samples has sums
    of the folded taps.
    """
    assert call.apart is not None
    finite, inside = np.isfinite(image), math.isfinite(call.cval)
    zero, real = image.dtype.type(0), {"dtype": call.real, "native": call.real}
    touched = call.apart.changed(cval=0.0 if inside else call.cval, **real)
    result = run(touched, np.where(finite, zero, image), None, workers)
    folded = call.changed(cval=call.cval if inside else 0.0, **real)
    sums = run(folded, np.where(finite, image, zero), None, workers)
    np.copyto(result, sums, where=np.isfinite(result))
    dtypes.place(result, target)


def _counting(call: Call, weights: Taps, image: npt.NDArray, cval: float) -> Call:
    """Return the call that correlates with other weights, in float64, without a bias."""
    operator, real = Operator(dense=weights), dtypes.FLOAT64
    unit = max(call.stride + call.dilation) == 1
    shapes = image.shape, call.shape
    request = Request(real, real, real, *shapes, call.axes, unit, 0.0, cval, 0, method_of(AUTO))
    plain = tuple(a for a in ALGORITHMS if a.name in ("direct", "separable", "fft"))
    best = choose(operator, request, plain)
    return call.changed(
        operator=operator, choice=best, bias=0.0, cval=cval, dtype=real, real=real, native=real, tolerance=0.0
    )
