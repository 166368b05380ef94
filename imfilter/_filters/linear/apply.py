"""The last step of every linear filter: find the roles of the image's axes, and run the chosen algorithm."""

import math
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, borders, dtypes, engine, padding, threads
from imfilter._base.call_cache import Calls, key_of, words
from imfilter._base.keywords import Common
from imfilter._base.loops import ArrayLayout
from imfilter._base.missing import Presence, border_of_counts
from imfilter._base.plan import Section, part_of, unused_rows
from imfilter._base.program import OVERFLOWED
from imfilter._filters.linear import (
    box,
    cosine,
    normalized,
    normalized_window,
    overflow,
    planner,
)
from imfilter._filters.linear.algorithm import AUTO, HUGE, TINY, Call, Compiled, Request, method_of
from imfilter._filters.linear.fold import cancels, folded, reach_of_folded
from imfilter._filters.linear.operators import Operator
from imfilter._filters.linear.running import run, run_finite


class Geometry(NamedTuple):
    """Unchecked arguments that determine the positions of the outputs."""

    stride: Any = 1
    dilation: Any = 1
    padding: Any = "same"
    flipped: bool = False
    bias: Any = 0.0
    #: Type of the arithmetic. None: it follows from the types of image and result.
    real: np.dtype | None = None
    #: How many of the first and the last results along the first axis are left out; see `unused_rows`.
    unused: tuple[int, int] = (0, 0)
    #: Where the image is in a larger one.
    part: Section | None = None


EVERY_SAMPLE = Geometry()

#: Makes the operator from the image's number of axes, the filtered axes, and the filter's own arguments.
Build = Callable[..., Operator]

_operators: Calls[Operator] = Calls()
#: Calls by what they depend on except the weights.
_alike: Calls[Call] = Calls()
#: A sum of more taps is computed in float64, because float32 would round too much.
_LONG = 3_000


def apply(
    image: npt.ArrayLike,
    build: Build,
    own: tuple[Any, ...],
    common: Common,
    *,
    preserves_dtype: bool,
    method: str = "auto",
    geometry: Geometry = EVERY_SAMPLE,
) -> npt.NDArray:
    """Check the arguments, make the operator with ``build(ndim, axes, *own)``, and run it.

    `preserves_dtype` is set for filters that average. Their result has the image's dtype.
    """
    unused = unused_rows.get()
    if unused != (0, 0):
        geometry = geometry._replace(unused=unused)
    part = part_of.get()
    if part is not None:
        geometry = geometry._replace(part=part)
    given = (own,) if geometry is EVERY_SAMPLE else (own, geometry)
    return engine.apply(FAMILY, image, common, (build, preserves_dtype, method_of(method)), *given)


def prepared(
    image: npt.NDArray,
    build: Build,
    own: tuple[Any, ...],
    common: Common,
    geometry: Geometry,
    *,
    watch: bool,
) -> Callable[[npt.NDArray, npt.NDArray], bool]:
    """Return a filter for images and results of the types and shapes of `image` and ``common.out``.

    The filter ``run(image, out)`` does not average. With `watch` it writes nothing and returns False if a
    sample is not finite.
    """
    call = _validate_and_plan(image, common, (build, False, method_of(AUTO)), own, geometry)
    if image.dtype.kind != "f" or not watch:

        def run_any(image: npt.NDArray, out: npt.NDArray) -> bool:
            run(call, image, out, None)
            return True

        return run_any

    def run_if_finite(image: npt.NDArray, out: npt.NDArray) -> bool:
        if run_finite(call, image, out, None) is not None:
            return True
        if isinstance(call.choice.implementation, Compiled) or not np.isfinite(image).all():
            return False
        run(call, image, out, None)  # an algorithm that cannot tell
        return True

    return run_if_finite


def _validate_and_plan(
    array: npt.NDArray,
    given: Common,
    fixed: tuple[Build, bool, str],
    own: tuple[Any, ...],
    geometry: Geometry = EVERY_SAMPLE,
) -> Call:
    """Check the arguments, and make the call that follows from them."""
    build, preserves_dtype, method = fixed
    chosen = arguments.axes(array, given.axes, given.channel_axis)
    operator, known = _operator(build, array.ndim, chosen, own)
    others = preserves_dtype, method, geometry
    if known:
        return _planned(array, given, chosen, operator, *others)
    key = _likeness(operator)
    if key is not None:
        more = () if geometry is EVERY_SAMPLE else (geometry,)
        key = key_of(array, given, (key, chosen, preserves_dtype, method), more)
    call = _alike.get(key)
    if call is None:
        call = _planned(array, given, chosen, operator, *others)
        _alike.keep(key if call.operator is operator else None, call)  # folded weights are not alike
        return call
    return call.with_weights(operator)


class _Resolved(NamedTuple):
    """Checked arguments that determine the positions of samples, and the result."""

    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    paddings: tuple[padding.Padding, ...]
    mode: str
    cval: float
    bias: float
    shape: tuple[int, ...]
    dtype: np.dtype


def _resolved(
    array: npt.NDArray,
    given: Common,
    chosen: tuple[int, ...],
    operator: Operator,
    geometry: Geometry,
    *,
    preserves_dtype: bool,
) -> _Resolved:
    """Check the arguments that all linear filters have."""
    count, lengths = len(chosen), [array.shape[a] for a in chosen]
    bias = arguments.number(geometry.bias, "bias") + 0.0  # -0.0 becomes 0.0, which has the same key
    stride = arguments.integers(geometry.stride, count, "stride", least=1)
    dilation = arguments.integers(geometry.dilation, count, "dilation", least=1)
    paddings = padding.resolve(
        geometry.padding, lengths, operator.shape, stride, dilation, flipped=geometry.flipped
    )
    mode = borders.check_mode(given.mode, more=("shrink",))
    cval = arguments.beyond(given.cval, mode) + 0.0
    shape = list(array.shape)
    for axis, pad in zip(chosen, paddings, strict=True):
        shape[axis] = pad.length
    default = array.dtype.newbyteorder("=") if preserves_dtype else dtypes.derived(array.dtype)
    dtype = arguments.dtype(given.dtype, given.out, default)
    return _Resolved(stride, dilation, paddings, mode, cval, bias, tuple(shape), dtype)


def _likeness(operator: Operator) -> Hashable:
    """Return the facts about an operator that calls depend on; None if they may depend on the weights."""
    low, high = operator.extremes
    return None if operator.equal or low < TINY or high > HUGE else planner.likeness(operator)


def _planned(
    array: npt.NDArray,
    given: Common,
    chosen: tuple[int, ...],
    operator: Operator,
    preserves_dtype: bool,
    method: str,
    geometry: Geometry,
    *,
    apart: bool = False,
) -> Call:
    """Check the other arguments, and make the call that follows from them; `folded` explains `apart`."""
    low, high = operator.extremes
    lengths = [array.shape[a] for a in chosen]
    stride, dilation, paddings, mode, cval, bias, shape, dtype = _resolved(
        array, given, chosen, operator, geometry, preserves_dtype=preserves_dtype
    )
    spoiled = None
    if (
        not apart
        and (array.dtype.kind == "f" or not math.isfinite(cval))
        and cancels(operator, lengths, dilation)
    ):
        spoiled = _planned(array, given, chosen, operator, preserves_dtype, method, geometry, apart=True)
    divisor = operator.mean_of() if _whole(array.dtype) and _whole(dtype) and bias == 0 else 0
    operator = operator.known("ones", operator.ones) if divisor else operator
    reads = reach_of_folded(chosen, lengths, operator.shape, paddings, stride, dilation)
    operator, paddings, stride, dilation = folded(
        operator, lengths, paddings, stride, dilation, mode, apart=apart
    )
    real = dtypes.working(array.dtype, dtype)
    if divisor and not box.holds(array.dtype, cval, divisor, real):
        real = dtypes.FLOAT64
    if low < TINY or high > HUGE or max(operator.shape) > _LONG:
        real = dtypes.FLOAT64
    real = geometry.real or real
    unit = max(stride + dilation) == 1
    whole = array.shape if geometry.part is None else geometry.part.shape
    outputs = tuple([n + b - a for n, a, b in zip(whole, array.shape, shape, strict=True)])
    request = Request(
        *(array.dtype, dtype, real, whole, outputs, chosen),
        *(unit, bias, cval, divisor, method),
    )
    planned = planner.choose(operator, request)
    left_out = geometry.unused != (0, 0) and unit and geometry.padding == "same"
    if left_out and not planned.implementation.shares(request):
        paddings, shape = _shortened(paddings, shape, chosen, geometry.unused)
    return Call(
        *(operator, planned, chosen, paddings, stride, dilation, bias),
        *(mode, cval, shape, dtype),
        *(real, dtypes.direct_target(dtype, real), cosine.tolerance(array.dtype, dtype)),
        divisor=divisor,
        whole=request.peak is not None,
        apart=spoiled,
        reads=reads,
        part=geometry.part,
    )


def _shortened(
    paddings: tuple[padding.Padding, ...],
    shape: tuple[int, ...],
    chosen: tuple[int, ...],
    unused: tuple[int, int],
) -> tuple[tuple[padding.Padding, ...], tuple[int, ...]]:
    """Return the paddings and the shape of a result without the first and the last results along axis 0.

    They are left out if they are exactly those that read samples beyond the border. Then the others read
    the same samples, and their bits stay.
    """
    first, last = unused
    pads = list(paddings)
    if 0 not in chosen:
        return paddings, shape
    place = chosen.index(0)
    before, after, length = pads[place]
    if first > before or last > after or first + last >= length:
        return paddings, shape
    pads[place] = padding.Padding(before - first, after - last, length - first - last)
    return tuple(pads), (length - first - last, *shape[1:])


def _with_missing(
    array: npt.NDArray,
    given: Common,
    fixed: tuple[Build, bool, str],
    present: Presence,
    undefined: bool,
    own: tuple[Any, ...],
    geometry: Geometry = EVERY_SAMPLE,
) -> tuple[npt.NDArray, npt.NDArray[np.bool_] | None]:
    """Filter an image with missing data; see `normalized`."""
    build, preserves_dtype, _ = fixed
    chosen = arguments.axes(array, given.axes, given.channel_axis)
    operator, _ = _operator(build, array.ndim, chosen, own)
    operator = operator.whole() if operator.joint else operator
    stride, dilation, paddings, mode, cval, bias, shape, dtype = _resolved(
        array, given, chosen, operator, geometry, preserves_dtype=preserves_dtype
    )
    real = dtypes.FLOAT64 if present.min_coverage else dtypes.working(array.dtype, dtype)
    low, high = operator.extremes
    if low < TINY or high > HUGE or not present.moderate:
        real = dtypes.FLOAT64
    spans = tuple((n - 1) * d + 1 for n, d in zip(operator.shape, dilation, strict=True))
    layout = normalized.Layout(chosen, paddings, stride, dilation, spans, mode, cval, bias, shape, real)
    arguments.fitting(given.out, layout.shape)
    target = dtypes.target(given.out, array, layout.shape, dtypes.direct_target(dtype, real))
    inner = border_of_counts(mode)

    def correlate(
        samples: npt.NDArray, part: normalized.SignedKernel, pairs: tuple[tuple[int, int], ...], beyond: float
    ) -> npt.NDArray:
        common = Common(inner, beyond, chosen, dtype=real, workers=1)
        places = Geometry(stride, dilation, pairs)
        method = "separable" if isinstance(part.kernel, tuple) else "direct"
        return apply(
            samples, _known, (part.kernel,), common, preserves_dtype=False, method=method, geometry=places
        )

    kernels = operator.known("normalized", lambda: normalized.kernels_of(operator))
    workers, image = threads.requested(given.workers), dtypes.readable(array)
    mask = present.mask
    if mask is not None and mask.dtype.kind == "b":
        mask = mask.view(np.uint8)
    sides = ArrayLayout.of(image), None if mask is None else ArrayLayout.of(mask), ArrayLayout.of(target)
    case = layout, *sides, present.ignore_nan, present.min_coverage
    small = operator.known(case, lambda: normalized_window.prepared(kernels, operator.norm, *case))
    if small is not None:
        tables = {} if mask is None else {"mask": mask}
        large = small.program(**tables).run(image, target, workers) == OVERFLOWED
    else:
        large = normalized.run(kernels, operator.norm, layout, correlate, image, present, target, workers)

    def again(samples: npt.NDArray, unit: float) -> npt.NDArray:
        other, moved = given._replace(cval=cval * unit, dtype=real, out=None), bias * unit
        found, _ = _with_missing(samples, other, fixed, present, False, own, geometry._replace(bias=moved))
        return found

    if large or cval:
        overflow.recompute_with_missing(again, operator, image, present, cval, target, real, workers)
    hollow = None
    if undefined:
        hollow = normalized.uncovered(kernels, layout, correlate, image, present, workers)
    return engine.delivered(target, given.out, dtype), hollow


def _known(ndim: int, axes: tuple[int, ...], kernel: Any) -> Operator:
    """Return the operator of a part of a kernel."""
    return Operator((kernel,)) if isinstance(kernel, tuple) else Operator(dense=kernel)


def _operator(build: Build, ndim: int, axes: tuple[int, ...], own: tuple[Any, ...]) -> tuple[Operator, bool]:
    """Return the operator of a filter, and whether an earlier call has made it."""
    try:
        key = build, ndim, axes, words(own)
    except TypeError:
        key = None
    operator = _operators.get(key)
    known = operator is not None
    if operator is None:
        with np.errstate(all="ignore"):  # overflow is refused later
            operator = build(ndim, axes, *own)
        _, high = operator.extremes
        if not math.isfinite(high):
            raise ValueError(f"the weights of the kernel must be finite, got {high}")
        _operators.keep(key, operator)
    return operator, known


def _whole(dtype: np.dtype) -> bool:
    """Tell whether values of a type are whole numbers."""
    return dtype.kind in "biu"


FAMILY: engine.Family[Call] = engine.Family(
    _validate_and_plan, lambda call, image: call.choice.plan(call.shape), run, _with_missing, run_finite
)
