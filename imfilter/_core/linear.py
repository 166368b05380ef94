"""Every linear filter ends here: the image's axes are given their parts, and the chosen algorithm runs."""

import contextvars
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._core import bands, border, check, dtypes, padding, plan, schedule
from imfilter._core.common import Common, complete
from imfilter._core.operators import Operator, Taps
from imfilter._core.padding import Padding
from imfilter._kernels.simd import BYTES
from imfilter._kernels.slide import JOB, slide

#: Set while `imfilter.plan` asks which algorithm a call would run.
planning: contextvars.ContextVar[list[plan.Plan] | None] = contextvars.ContextVar("planning", default=None)

#: What the window of lines may take of the second-level cache, in bytes; half of the usual 1 MB.
_WINDOW = 512 * 1024
#: The longest line computed at once, in elements. A signal has one line: it must be cut to be shared.
_LONGEST = 16384
#: A trailing batch axis at least this long is a better line than the filtered axis before it.
_WIDE_BATCH = 32
#: Multiply-adds below which one thread finishes before a second has started (40 us).
_SMALL = 1_000_000


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


@dataclass(frozen=True, eq=False)
class _Part:
    """One of the loops z, y, x: lengths, strides in bytes, and the kernel's place in it."""

    source_step: int = 0
    target_step: int = 0
    length: int = 1
    samples: int = 1
    stride: int = 1
    dilation: int = 1
    taps: int = 1
    before: int = 0
    after: int = 0
    axis: int | None = None  # which of the filtered axes this is, if any

    @property
    def span(self) -> int:
        """Padded samples that one output needs."""
        return (self.taps - 1) * self.dilation + 1

    def index_map(self, mode: str) -> npt.NDArray[np.int64]:
        """Return the map from padded to source coordinates."""
        return border.index_map(self.samples, self.before, self.after, mode)


def _slide(
    image: npt.NDArray, chosen: plan.Plan, target: npt.NDArray, real: np.dtype, request: Request
) -> None:
    """Run the sliding window: give axes their parts, cut the line into tiles, share out the lines."""
    operator = chosen.operator
    order = sorted(range(len(request.axes)), key=request.axes.__getitem__)
    filtered = [request.axes[i] for i in order]
    first_trailing = filtered[-1] + 1
    leading = [a for a in range(first_trailing) if a not in filtered]
    channels, channel_source, channel_target = 1, 0, 0
    if image.ndim > first_trailing:
        merged = _merged(target, first_trailing)
        if not np.may_share_memory(merged, target):
            aside = np.empty(target.shape, target.dtype)
            _slide(image, chosen, aside, real, request)
            target[...] = aside
            return
        image, target = _merged(image, first_trailing), merged
        channels = image.shape[-1]
        channel_source, channel_target = image.strides[-1], target.strides[-1]
    parts = [_part(image, target, request, i, operator.shape[i]) for i in order]
    if channels >= _WIDE_BATCH and len(parts) < 3:
        parts.append(_batch_part(image, target, first_trailing))
        channels, channel_source, channel_target = 1, 0, 0
    while len(parts) < 3:
        parts.insert(0, _batch_part(image, target, leading.pop()) if leading else _Part())
    with np.errstate(over="ignore"):
        tap_tables = _schedule(chosen, parts, real)
    x = parts[2]
    job = np.zeros(1, JOB)
    widest, tiles = _tiles(x, parts[1].span, tap_tables, channels, real)
    phase = (widest + (x.span - 1) // x.stride) * channels + BYTES // real.itemsize
    tap_tables = schedule.placed(tap_tables, x.stride, phase, channels)
    job["planes"], job["rows"], job["channels"] = parts[0].length, parts[1].length, channels
    for name, part in zip("zyx", parts, strict=True):
        job[f"step_{name}"] = part.stride
        job[f"source_{name}"], job[f"target_{name}"] = part.source_step, part.target_step
    job["window_y"], job["span_x"], job["widest"] = parts[1].span, x.span, widest
    job["inner_start"], job["inner_stop"], job["before_x"] = x.before, x.before + x.samples, x.before
    job["source_c"], job["target_c"] = channel_source, channel_target
    job["source_packed"] = _packed(x.source_step, channel_source, channels, image.itemsize)
    job["target_packed"] = _packed(x.target_step, channel_target, channels, target.itemsize)
    batch = _addresses(image, target, leading)
    maps = [part.index_map(request.mode) for part in parts]
    with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, as in the image
        bias, cval = real.type(request.bias), real.type(request.cval)
    arguments = (
        *(np.empty(0, real), np.empty(0, image.dtype), np.empty(0, target.dtype)),
        *(job, batch, *maps, tiles, *tap_tables.arguments()),
        *(bias, cval),
    )
    lines = len(batch) * parts[0].length * parts[1].length * (len(tiles) - 1)
    work = target.size * (len(tap_tables.weights) + len(tap_tables.weights_x) + 8)
    workers = request.workers if work > _SMALL else 1
    bands.run(lambda start, stop: slide(*arguments, start, stop), lines, workers)


def _part(image: npt.NDArray, target: npt.NDArray, request: Request, i: int, taps: int) -> _Part:
    axis, padding = request.axes[i], request.paddings[i]
    return _Part(
        *(image.strides[axis], target.strides[axis], target.shape[axis], image.shape[axis]),
        *(request.stride[i], request.dilation[i], taps, padding.before, padding.after),
        i,
    )


def _batch_part(image: npt.NDArray, target: npt.NDArray, axis: int) -> _Part:
    """Return a loop over an axis that is not filtered."""
    n = image.shape[axis]
    return _Part(image.strides[axis], target.strides[axis], n, n)


def _merged(array: npt.NDArray, first: int) -> npt.NDArray:
    """Merge the axes from `first` on into one, in place where the strides allow, else in a copy."""
    return array.reshape(*array.shape[:first], -1)


def _packed(step_x: int, step_c: int, channels: int, itemsize: int) -> bool:
    """Tell whether the elements of a line lie side by side."""
    return step_x == channels * itemsize and (channels == 1 or step_c == itemsize)


def _schedule(chosen: plan.Plan, parts: list[_Part], real: np.dtype) -> schedule.Schedule:
    """Return the tap tables of the chosen algorithm, with the kernel's axes in their parts."""
    operator = chosen.operator
    dilation = (parts[0].dilation, parts[1].dilation, parts[2].dilation)
    one = np.ones(1)
    if chosen.algorithm != "direct":
        terms = [tuple(one if p.axis is None else term[p.axis] for p in parts) for term in operator.terms]
        whole = [t for t in terms if all(np.any(taps) for taps in t)]
        if whole:
            return schedule.separable(operator, whole, dilation, real)  # type: ignore[arg-type]  # three parts
    where = [p.axis for p in parts if p.axis is not None]
    extents = tuple(p.taps for p in parts)
    components: list[Taps] = [c.transpose(where).reshape(extents) for c in operator.components()]
    return schedule.direct(components, operator.norm, dilation, real)


def _tiles(
    x: _Part, depth: int, tables: schedule.Schedule, channels: int, real: np.dtype
) -> tuple[int, npt.NDArray[np.int64]]:
    """Cut the line so that the window fits the cache; return the widest tile and all their edges."""
    layers = len(tables.ends_x)
    lines = (layers * depth + len(tables.offsets_z) + 1) if layers else len(tables.offsets_z) * depth
    fits = _WINDOW // (lines * channels * real.itemsize) // x.stride - x.span // x.stride
    # A tile shorter than the kernel would spend its time on its overhang.
    least = max(256 // channels, x.span // x.stride, 1)
    count = -(-x.length // max(least, min(fits, _LONGEST // channels)))
    edges = np.arange(count + 1, dtype=np.int64) * x.length // count
    return int(np.diff(edges).max()), edges


def _addresses(image: npt.NDArray, target: npt.NDArray, axes: list[int]) -> npt.NDArray[np.int64]:
    """Return the addresses of each image of the batch and of its output."""
    total = np.zeros((1, 2), np.int64)
    total += (image.__array_interface__["data"][0], target.__array_interface__["data"][0])
    for axis in axes:
        steps = np.arange(image.shape[axis])[:, None] * (image.strides[axis], target.strides[axis])
        total = (total[:, None] + steps).reshape(-1, 2)
    return total


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
    operator = build(array, chosen)
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
