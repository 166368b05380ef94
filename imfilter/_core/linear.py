"""Every linear filter ends here: the image's axes are given their parts, and the chosen algorithm runs."""

import contextvars
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._core import bands, border, check, dtypes, padding, plan, program
from imfilter._core.common import Common, complete
from imfilter._core.operators import Operator, interned
from imfilter._core.padding import Padding

#: Set while `imfilter.plan` asks which algorithm a call would run.
planning: contextvars.ContextVar[list[plan.Plan] | None] = contextvars.ContextVar("planning", default=None)


@dataclass(frozen=True, eq=False)
class Request:
    """A checked call: what to compute, and where the result goes."""

    image: npt.NDArray
    axes: tuple[int, ...]
    paddings: tuple[Padding, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    bias: float
    mode: str
    cval: float
    workers: int
    shape: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        shape = list(self.image.shape)
        for axis, pad in zip(self.axes, self.paddings, strict=True):
            shape[axis] = pad.length
        object.__setattr__(self, "shape", tuple(shape))


def run(
    request: Request, operator: Operator, dtype: np.dtype, out: npt.NDArray | None, method: str
) -> npt.NDArray:
    """Apply `operator`, plan and all, and return the result in `out` or a new array of `dtype`."""
    image = dtypes.readable(request.image)
    real = dtypes.working(request.image.dtype, dtype)
    extents = tuple(image.shape[a] for a in request.axes)
    plain = all(n == 1 for n in request.stride + request.dilation) and not operator.norm
    chosen = plan.choose(operator, extents, math.prod(request.shape), real, may_fft=plain, method=method)
    asked = planning.get()
    if asked is not None:
        asked.append(chosen)
        return np.broadcast_to(np.zeros((), dtype), request.shape)
    if chosen.algorithm == "fft" and not _finite(image, request.cval):
        # A transform would smear a NaN over its whole tile.
        chosen = plan.choose(operator, extents, image.size, real, may_fft=False)
    native = dtypes.direct_target(dtype, real)
    fits = out is not None and native == out.dtype and not np.may_share_memory(out, request.image)
    target = out if fits and out is not None else np.empty(request.shape, native)
    if chosen.algorithm == "fft":
        from imfilter._core import fft  # SciPy takes longer to import than most images to filter

        fft.correlate(image, chosen.operator.components()[0], target, real, request)
    else:
        _slide(image, chosen, target, real, request)
    if out is None:
        out = target if native == dtype else np.empty(request.shape, dtype)
    if out is not target:
        dtypes.place(target, out)
    return out


def _finite(image: npt.NDArray, cval: float) -> bool:
    """Tell whether all samples are finite, by a sum that needs no memory (or may be: never wrongly)."""
    if image.dtype.kind != "f":
        return math.isfinite(cval)
    with np.errstate(over="ignore", invalid="ignore"):
        return math.isfinite(cval) and bool(np.isfinite(image.sum(dtype=np.float64)))


def _slide(
    image: npt.NDArray, chosen: plan.Plan, target: npt.NDArray, real: np.dtype, request: Request
) -> None:
    """Run the sliding window over all output lines."""
    first = max(request.axes) + 1
    if image.ndim > first:  # what follows the filtered axes is one axis to the kernels
        image, merged = image.reshape(*image.shape[:first], -1), target.reshape(*target.shape[:first], -1)
        if not np.may_share_memory(merged, target):
            _slide(image, chosen, merged, real, request)
            target[...] = merged.reshape(target.shape)
            return
        target = merged
    made = program.make(
        *(chosen.operator, chosen.algorithm, real),
        *(program.Side.of(image), program.Side.of(target)),
        *(request.axes, request.paddings, request.stride, request.dilation, request.mode),
    )
    made.run(image, target, request.bias, request.cval, request.workers)


@dataclass(frozen=True)
class Geometry:
    """Arguments, unchecked, that say where the outputs lie."""

    stride: Any = 1
    dilation: Any = 1
    padding: Any = "same"
    flipped: bool = False
    bias: float = 0.0


def apply(
    image: npt.ArrayLike,
    build: Callable[[npt.NDArray, tuple[int, ...]], Operator],
    common: Common,
    *,
    keeps: bool,
    method: str = "auto",
    geometry: Geometry = Geometry(),
) -> npt.NDArray:
    """Check the arguments, have ``build(array, axes)`` make the operator, and run it.

    `keeps` says that the filter averages, so that the result has the image's dtype.
    """
    given = complete(common)
    array = check.image(image)
    chosen = check.axes(array, given["axes"], given["channel_axis"])
    operator = interned(build(array, chosen))
    count = len(chosen)
    stride = check.integers(geometry.stride, count, "stride", least=1)
    dilation = check.integers(geometry.dilation, count, "dilation", least=1)
    lengths = [array.shape[a] for a in chosen]
    paddings = padding.resolve(
        geometry.padding, lengths, operator.shape, stride, dilation, flipped=geometry.flipped
    )
    mode = border.check_mode(given["mode"])
    cval = check.number(given["cval"], "cval", finite=False)
    request = Request(
        *(array, chosen, paddings, stride, dilation, geometry.bias),
        *(mode, cval if mode == "constant" else 0.0, bands.resolve(given["workers"])),
    )
    default = array.dtype.newbyteorder("=") if keeps else dtypes.derived(array.dtype)
    wanted, place = check.result(request.shape, default, given["dtype"], given["out"])
    return run(request, operator, wanted, place, method)
