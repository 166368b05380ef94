"""Every linear filter ends here: the image's axes are given their parts, and the chosen algorithm runs."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, borders, dtypes, padding, threads
from imfilter._base.call_cache import Calls, key_of, words
from imfilter._base.keywords import Common
from imfilter._base.loops import Placement, Side, along, interleaved, over_merged
from imfilter._base.plan import planning
from imfilter._base.program import Program, Settings
from imfilter._filters.linear import (
    box,
    cosine,
    direct,
    infinities,
    planner,
    whole_numbers,
    winograd,
    winograd_line,
    winograd_rows,
)
from imfilter._filters.linear.call import Call
from imfilter._filters.linear.fold import cancels, folded
from imfilter._filters.linear.operators import Operator


def _winograd(operator: Operator, *where: Any) -> Program:
    """Return the program of short sums along the line, or of those of rows."""
    return (winograd_line if len(operator.shape) == 1 else winograd_rows).make(operator, *where)


#: Algorithms that have programs of their own; the others slide a window.
_MAKERS: dict[str, Callable[..., Program | None]] = {
    "running": box.make,
    "cosines": cosine.make,
    "winograd": _winograd,
}
#: What runs instead of an algorithm that spreads what is not finite, or very large.
_PLAIN = {"running": "separable", "cosines": "separable", "winograd": "direct"}
#: Programs kept with a call, one for each layout of image and output.
_MOST_PROGRAMS = 16


def run(call: Call, given: npt.NDArray, out: npt.NDArray | None, workers: int | None) -> npt.NDArray:
    """Apply the operator of `call` to the image `given`; return `out` or a new array."""
    chosen, native = call.plan, call.native
    asked = planning.get()
    if asked is not None:
        asked.append(chosen)
        return np.broadcast_to(np.zeros((), call.dtype), (1,))
    image = dtypes.readable(given)
    if call.apart is not None and not infinities.absent(image, call.cval):
        return run(call.apart, given, out, workers)
    target = dtypes.target(out, given, call.shape, native)
    if chosen.algorithm == "fft":
        from imfilter._filters.linear import fft

        fft.correlate(image, chosen.operator.components()[0], target, call, workers)
    elif math.isinf(call.cval) or not _slide(image, chosen, target, call, workers):
        # Something is not finite, and must stay where the kernel's own taps put it.
        if infinities.meets(chosen, image, call.cval):
            infinities.correlate(run, call, image, target, workers)
        else:
            plain = replace(chosen, algorithm=_PLAIN.get(chosen.algorithm, chosen.algorithm))
            _slide(image, plain, target, call, workers, trusting=False)
    if out is None:
        out = target if native == call.dtype else dtypes.empty(call.shape, call.dtype)
    if out is not target:
        dtypes.place(target, out)
    return out


def _slide(
    image: npt.NDArray,
    chosen: planner.LinearPlan,
    target: npt.NDArray,
    call: Call,
    workers: int | None,
    *,
    trusting: bool = True,
) -> bool:
    """Run the sliding window over all output lines; return whether the algorithm could take the image."""
    if image.ndim > max(call.axes) + 2:

        def task(image: npt.NDArray, target: npt.NDArray) -> bool:
            return _slide(image, chosen, target, call, workers, trusting=trusting)

        return over_merged(task, image, target, call.axes)
    key = chosen.algorithm, trusting, image.strides, target.strides  # the call fixes shapes and types
    try:
        made = call.programs[key]
    except KeyError:
        if len(call.programs) >= _MOST_PROGRAMS:
            call.programs.clear()
        sides = Side.of(image), Side.of(target)
        place = Placement(*sides, chosen.operator.shape, call.axes, call.paddings, call.stride, call.dilation)
        settings = Settings(
            *(chosen.algorithm, call.real, call.mode, call.bias, call.cval),
            *(call.tolerance, trusting, call.divisor),
        )
        made = _MAKERS.get(chosen.algorithm, direct.make)(chosen.operator, settings, place)
        call.programs[key] = made
    if made is None:
        return _slide(np.ascontiguousarray(image), chosen, target, call, workers, trusting=trusting)
    return made.run(image, target, workers)


class Geometry(NamedTuple):
    """Arguments, unchecked, that say where the outputs lie."""

    stride: Any = 1
    dilation: Any = 1
    padding: Any = "same"
    flipped: bool = False
    bias: Any = 0.0


_EVERY_SAMPLE = Geometry()

#: Makes the operator for the image's number of axes, the filtered ones, and the filter's own arguments.
Build = Callable[..., Operator]

_calls: Calls[Call] = Calls()
_operators: Calls[Operator] = Calls()
#: Weights outside this range, and sums of more taps, are too much for float32.
_TINY, _HUGE, _LONG = 1e-25, 1e25, 3_000


def apply(
    image: npt.ArrayLike,
    build: Build,
    own: tuple[Any, ...],
    common: Common,
    *,
    keeps: bool,
    method: str = "auto",
    geometry: Geometry = _EVERY_SAMPLE,
) -> npt.NDArray:
    """Check the arguments, have ``build(ndim, axes, *own)`` make the operator, and run it.

    `keeps` says that the filter averages, so that the result has the image's dtype.
    """
    array = image if type(image) is np.ndarray else arguments.image(image)
    out, workers = common.out, threads.requested(common.workers)
    given = (own,) if geometry is _EVERY_SAMPLE else (own, geometry)
    key = key_of(array, out, common, (build, keeps, method), *given)
    call = _calls.get(key)
    if call is None:  # or else the same has been checked before
        out = arguments.out(out)
        call = _settle(arguments.image(array), build, own, common, keeps, method, geometry)
        arguments.fitting(out, call.shape)
        _calls.keep(key, call)
    return run(call, array, out, workers)


def _settle(
    array: npt.NDArray,
    build: Build,
    own: tuple[Any, ...],
    given: Common,
    keeps: bool,
    method: str,
    geometry: Geometry,
    *,
    apart: bool = False,
) -> Call:
    """Check the arguments and work out what follows from them; see `folded` for `apart`."""
    chosen = arguments.axes(array, given.axes, given.channel_axis)
    operator = _operator(build, array.ndim, chosen, own)
    low, high = operator.extremes
    count, lengths = len(chosen), [array.shape[a] for a in chosen]
    bias = arguments.number(geometry.bias, "bias")
    stride = arguments.integers(geometry.stride, count, "stride", least=1)
    dilation = arguments.integers(geometry.dilation, count, "dilation", least=1)
    paddings = padding.resolve(
        geometry.padding, lengths, operator.shape, stride, dilation, flipped=geometry.flipped
    )
    mode = borders.check_mode(given.mode)
    cval = arguments.number(given.cval, "cval", finite=False)
    cval = cval if mode == "constant" else 0.0
    shape = list(array.shape)
    for axis, pad in zip(chosen, paddings, strict=True):
        shape[axis] = pad.length
    default = array.dtype.newbyteorder("=") if keeps else dtypes.derived(array.dtype)
    dtype = arguments.dtype(given.dtype, given.out, default)
    spoiled = None
    if (
        not apart
        and (array.dtype.kind == "f" or not math.isfinite(cval))
        and cancels(operator, lengths, dilation)
    ):
        spoiled = _settle(array, build, own, given, keeps, method, geometry, apart=True)
    divisor = operator.mean_of() if _whole(array.dtype) and _whole(dtype) and bias == 0 else 0
    operator = operator.known("ones", operator.ones) if divisor else operator
    operator, paddings, stride, dilation = folded(
        operator, lengths, paddings, stride, dilation, mode, apart=apart
    )
    real = dtypes.working(array.dtype, dtype)
    wide = array.dtype.kind == dtype.kind == "f" and real == dtypes.FLOAT64  # no sums are shared in float64
    if divisor and not box.holds(array.dtype, cval, divisor, real):
        real = dtypes.FLOAT64
    if low < _TINY or high > _HUGE or max(operator.shape) > _LONG:
        real = dtypes.FLOAT64
    dense = max(stride + dilation) == 1
    totals = _totals(array, operator, chosen, cval) if dense and not wide else None
    # Only a plain sum for every sample can be a product of transforms; one of whole numbers is to be exact.
    may_fft = dense and not operator.norm and not divisor and _TINY**10 < operator.gain() < _HUGE**10
    plain = may_fft and along(array.shape, chosen)
    may_winograd = plain and winograd.fits(operator, cval, shape[max(chosen)], real)
    may_cosines = plain and bias == 0 and math.isfinite(cval)
    may_cosines = may_cosines and cosine.fits(operator.shape, math.prod(shape[max(chosen) :]), real)
    peak = whole_numbers.peak(array.dtype, cval)
    if (may_winograd or may_cosines) and peak and whole_numbers.power(operator, real.itemsize) is not None:
        may_winograd, may_cosines = may_winograd and winograd.exact(operator, peak, real), False
    tolerance = cosine.tolerance(array.dtype, dtype) if may_cosines else 0.0
    planned = planner.choose(
        *(operator, tuple(lengths), math.prod(shape), real),
        may_fft=may_fft,
        totals=totals,
        tolerance=tolerance,
        may_winograd=may_winograd,
        whole=peak is not None,
        method=method,
    )
    return Call(
        *(operator, planned, chosen, paddings, stride, dilation, bias),
        *(mode, cval, tuple(shape), dtype),
        *(real, dtypes.direct_target(dtype, real), tolerance),
        divisor=divisor,
        whole=peak is not None,
        apart=spoiled,
    )


def _operator(build: Build, ndim: int, axes: tuple[int, ...], own: tuple[Any, ...]) -> Operator:
    """Return the operator of a filter, which is made once for images of many shapes."""
    try:
        key = build, ndim, axes, words(own)
    except TypeError:
        key = None
    operator = _operators.get(key)
    if operator is None:
        with np.errstate(all="ignore"):  # what overflows is refused
            operator = build(ndim, axes, *own)
        _, high = operator.extremes
        if not math.isfinite(high):
            raise ValueError(f"the weights of the kernel must be finite, got {high}")
        _operators.keep(key, operator)
    return operator


def _whole(dtype: np.dtype) -> bool:
    """Tell whether values of a type are whole numbers."""
    return dtype.kind in "biu"


def _totals(array: npt.NDArray, operator: Operator, axes: tuple[int, ...], cval: float) -> np.dtype | None:
    """Return the type of running sums that can be trusted with the samples, if there is one."""
    source = np.dtype(np.uint8) if array.dtype.kind == "b" else array.dtype.newbyteorder("=")
    if source == np.float16:
        source = dtypes.FLOAT32  # in which it is read
    last, taps = max(axes), math.prod(operator.shape)
    if interleaved(array.shape, last, len(axes)) > box.MOST_CHANNELS or source not in dtypes.NATIVE:
        return None
    along_line = operator.shape[axes.index(last)]
    line = array.shape[last] + 2 * along_line
    most = max(taps // along_line * line, taps * math.prod(array.shape[last + 1 :]))
    return box.totals(source, cval, taps, most)
