"""The common part of all poolings: the windows, the arithmetic, and the program for a layout."""

import functools
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, dtypes, engine
from imfilter._base.keywords import Common
from imfilter._base.loops import ArrayLayout, LoopAxis, Loops, extent, over_merged, tiles
from imfilter._base.missing import Presence
from imfilter._base.plan import Plan
from imfilter._base.program import Job, Program, layout_workspace
from imfilter._base.reach import Along, Reach
from imfilter._filters.pooling import present, quads
from imfilter._filters.pooling.kernels import pooled_lines, quotients
from imfilter._filters.pooling.kernels import windows as windows_kernels
from imfilter._filters.pooling.windows import Windows, table
from imfilter._filters.rank import keys as rank_keys
from imfilter._simd import lines
from imfilter._simd.registers import BYTES, in_register

#: How the samples of a window are reduced.
MAX, MIN, MEAN = "max", "min", "mean"
REDUCTIONS = (MEAN, MAX, MIN)
_EXTREMES = {MAX: pooled_lines.LARGEST, MIN: pooled_lines.SMALLEST}

#: Bytes of a line that is reduced along itself. It stays in the first-level cache.
_LINE = 1 << 14
#: Bytes of a channel of the line to which a long window is reduced. It decides the order of the sum, so it
#: does not depend on the number of channels.
_CHUNK = 2048
#: Number of row addresses listed at a time: fewer of longer lines. It does not change the order. The global
#: mean of 1000x1200 float64 took 6.6 ms for 8 channels, and 14 with 64 addresses: more pages than the
#: processor fetches ahead (Sapphire Rapids, one thread).
_ROWS = 64
#: Bytes of a row of long windows of rows that are reduced at a time. Half a chunk of them stays in the
#: second-level cache. Means of 100 rows of 1000x3000 float64 took 2.9 ms, and 3.7 and 9.7 with 1024 and 512
#: bytes (Sapphire Rapids, one thread).
_STRIP = 2048
#: Most samples of a window, and fewest bytes of all channels, for which channels are the line of means of
#: floats.
_FEW_TAPS, _WIDE = 16, 512
#: Largest sums whose quotients are rounded like the exact ones, in float32 and in float64.
_EXACT: dict[np.dtype, int] = {dtypes.FLOAT32: 1 << 23, dtypes.FLOAT64: 1 << 52}
_INT64, _UINT64 = np.dtype(np.int64), np.dtype(np.uint64)
#: Number of samples whose pooling takes as long as a multiply-add in `Program`, and nanoseconds per byte.
_WORK, _BYTE = 8, 0.2

#: Kernels of a job that only some kinds of pooling have.
_OPTIONAL = ("along", "finish", "fold", "join_along", "join_first", "join_low", "stage")


@dataclass(frozen=True, eq=False)
class Call:
    """The part of a call that is known before the samples are read."""

    reduction: str
    axes: tuple[int, ...]
    windows: tuple[Windows, ...]
    shape: tuple[int, ...]  # of the result, with all axes of the image
    dtype: np.dtype
    joined: np.dtype  # type of reduced samples
    real: np.dtype  # type in which sums are divided
    target: np.dtype  # type that the kernels write
    keyed: bool  # whether samples are compared by keys; see `rank_keys`
    keep: bool  # whether filtered axes stay in the result
    programs: dict[Any, Program] = field(default_factory=dict)

    @functools.cached_property
    def result_shape(self) -> tuple[int, ...]:
        """The shape of the result."""
        return tuple(n for a, n in enumerate(self.shape) if self.keep or a not in self.axes)

    @property
    def reach(self) -> Reach | None:
        """The samples that a result depends on. None: all of them, because cells depend on the length."""
        if any(along.cells for along in self.windows):
            return None
        return {
            axis: Along(along.padding, (along.taps - 1) * along.dilation - along.padding, along.stride)
            for axis, along in zip(self.axes, self.windows, strict=True)
        }


#: Returns the windows of the filtered axes. Its first argument is the lengths of these axes.
Cut = Callable[..., tuple[Windows, ...]]


def apply(
    image: npt.ArrayLike,
    reduction: str,
    cut: Cut,
    options: tuple[Any, ...],
    common: Common,
    *,
    keep: bool = True,
) -> npt.NDArray:
    """Check the arguments and reduce the windows that ``cut(lengths, *options)`` returns.

    Unless `keep`, the result has no filtered axes. Then each filtered axis must have exactly one window.
    """
    return engine.apply(FAMILY, image, common, (reduction, cut, keep), options)


def compute(call: Call, array: npt.NDArray, out: npt.NDArray | None, workers: int | None) -> npt.NDArray:
    """Reduce the windows, into `out` or a new array."""
    place = out if out is None or call.keep else np.expand_dims(out, call.axes)
    place = (_by_keys if call.keyed else _pooled)(call, array, place, workers)
    if out is not None:
        return out
    return place if call.keep else place.reshape(call.result_shape)


def _pooled(call: Call, array: npt.NDArray, place: npt.NDArray | None, workers: int | None) -> npt.NDArray:
    """Reduce the windows of samples that kernels can read, into `place` or a new array."""
    source = dtypes.readable(array)
    last = max(call.axes)
    if not _packed(source, last):
        source = np.ascontiguousarray(source)  # one copy of all, instead of a copy of each row of each window
    target = dtypes.target(place, array, call.shape, call.target)
    if not _packed(target, last):
        target = dtypes.empty(call.shape, call.target)
    if source.ndim <= last + 2:
        _run(call, workers, source, target)
    else:
        over_merged(functools.partial(_run, call, workers), source, target, call.axes)
    return engine.delivered(target, place, call.dtype)


def _by_keys(call: Call, array: npt.NDArray, place: npt.NDArray | None, workers: int | None) -> npt.NDArray:
    """Reduce the windows of samples that are compared by their positions in sorted order."""
    keys = rank_keys.keys_of(array, nan_first=call.reduction == MIN)
    reduced = _pooled(replace(call, dtype=_INT64, programs={}), keys.values.astype(_INT64), None, workers)
    place = dtypes.empty(call.shape, call.dtype) if place is None else place
    lowest, highest = np.iinfo(_INT64).min, np.iinfo(_INT64).max
    empty = {limit: reduced == limit for limit in (lowest, highest)}  # windows without a sample
    keys.place(np.where(empty[lowest] | empty[highest], 0, reduced), place)
    for limit, where in empty.items():
        place[where] = dtypes.rounded(place.dtype, math.copysign(math.inf, limit))
    return place


def _packed(array: npt.NDArray, first: int) -> bool:
    """Return whether samples are contiguous along the axes from `first` on."""
    if array.flags.c_contiguous:
        return True
    step = array.itemsize
    for axis in reversed(range(first, array.ndim)):
        if array.shape[axis] > 1 and array.strides[axis] != step:
            return False
        step *= array.shape[axis]
    return True


def settled(
    array: npt.NDArray, given: Common, fixed: tuple[str, Cut, bool], options: tuple[Any, ...]
) -> Call:
    """Check the arguments and derive the settings of the call."""
    reduction, cut, keep = fixed
    axes = arguments.axes(array, given.axes, given.channel_axis)
    windows = cut(tuple(array.shape[a] for a in axes), *options)
    shape = list(array.shape)
    for axis, along in zip(axes, windows, strict=True):
        shape[axis] = along.length
    dtype = arguments.dtype(given.dtype, given.out, array.dtype.newbyteorder("="))
    keyed = reduction != MEAN and not rank_keys.exact(array.dtype)
    read = _INT64 if keyed else dtypes.readable(array[(slice(1),) * array.ndim]).dtype
    joined = real = target = read
    if reduction == MEAN:
        joined, real, target = _arithmetic(read, dtype, math.prod(along.taps for along in windows))
    return Call(reduction, axes, windows, tuple(shape), dtype, joined, real, target, keyed, keep)


def _with_missing(
    array: npt.NDArray,
    given: Common,
    fixed: tuple[str, Cut, bool],
    presence: Presence,
    wanted: bool,
    options: tuple[Any, ...],
) -> tuple[npt.NDArray, npt.NDArray[np.bool_] | None]:
    """Reduce the present samples of the windows; see `present`."""
    reduction, cut, _ = fixed
    call = settled(array, given, fixed, options)
    arguments.fitting(given.out, call.result_shape)
    if reduction == MEAN:
        found, few = present.mean(array, presence, call.axes, call.windows)
    else:
        plain = Common(axes=given.axes, channel_axis=given.channel_axis, workers=given.workers)

        def pooled(filled: npt.NDArray) -> npt.NDArray:
            return engine.apply(FAMILY, filled, plain, (reduction, cut, True), options)

        found, few = present.extreme(
            array, presence, call.axes, call.windows, pooled, largest=reduction == MAX
        )
    out = dtypes.empty(call.result_shape, call.dtype) if given.out is None else given.out
    dtypes.place(found.reshape(call.result_shape), out)
    few = np.broadcast_to(few, found.shape).reshape(call.result_shape)
    out[few] = np.nan if out.dtype.kind == "f" else 0
    return out, few


def _arithmetic(source: np.dtype, dtype: np.dtype, samples: int) -> tuple[np.dtype, np.dtype, np.dtype]:
    """Return the types of the sums of a number of samples, of their division, and of the kernels' results.

    Means of integers are exact. If float64 may not hold the sum, the high and low halves of the samples are
    summed as integers, also for float results. For floats, sums in float64 do not overflow, and their order
    changes no significant bit. Means of 2x2 float32 samples of an array of 8x64x112x112 take 7.2 ms, sums in
    float32 would take 6.5 ms, and a copy takes 5.4 ms (Cascade Lake, one thread).
    """
    if source.kind == "f":
        return dtypes.FLOAT64, dtypes.FLOAT64, dtypes.direct_target(dtype, dtypes.FLOAT64)
    bounds = np.iinfo(source)
    largest = max(bounds.max, -bounds.min) * samples
    narrow = dtypes.working(dtypes.FLOAT32, dtype.newbyteorder("=")) == dtypes.FLOAT32 or dtype.itemsize <= 2
    for real, exact in _EXACT.items():
        if largest <= exact and (narrow or real == dtypes.FLOAT64):
            short = np.dtype(f"{source.kind}2")
            joined = short if source.itemsize == 1 and largest <= np.iinfo(short).max else real
            return joined, real, dtypes.direct_target(dtype, real)
    if dtype.kind == "f":
        return _INT64, _INT64, dtypes.direct_target(dtype, dtypes.FLOAT64)
    return _INT64, _INT64, _INT64 if source.kind == "i" else _UINT64


def _run(call: Call, workers: int | None, source: npt.NDArray, target: npt.NDArray) -> bool:
    """Run the program for the layout of image and output. Create it if the layout is new."""
    layout = source.strides, target.strides  # the call fixes shapes and types
    program = engine.cached(call.programs, layout, _program, call, source, target)
    return bool(program.run(source, target, workers))


def _program(call: Call, source: npt.NDArray, target: npt.NDArray) -> Program:
    """Return the program for one layout: geometry, kernels and workspace."""
    cuts = call.windows
    rounds = call.reduction == MEAN and source.dtype.kind == "f"  # the order of others has no effect
    loops = Loops.of(
        ArrayLayout.of(source),
        ArrayLayout.of(target),
        tuple(w.taps for w in cuts),
        call.axes,
        tuple(w.padded for w in cuts),
        tuple(w.stride for w in cuts),
        tuple(w.dilation for w in cuts),
        line_from=_line_from(call, source) if rounds and len(cuts) == 2 else None,
    )
    z, y, x = (_windows(part, cuts) for part in loops[:3])
    joined, channels = call.joined, loops.channels
    if call.reduction == MEAN and quads.apply_to(source.dtype, target.dtype, loops, (z, y, x)):
        return quads.program(loops, source.dtype)
    job = Job(windows_kernels.POOL_JOB, *_OPTIONAL)
    job["planes"], job["rows"], job["channels"] = z.length, y.length, channels
    for name, part in zip("zy", loops[:2], strict=True):
        job[f"source_{name}"], job[f"target_{name}"] = part.source_step, part.target_step
    job["width"], job["size"] = source.dtype.itemsize, joined.itemsize
    job["real_width"], job["target_width"] = call.real.itemsize, target.dtype.itemsize
    job["samples_x"], job["taps_x"], job["stride_x"], job["before_x"] = x.samples, x.taps, x.stride, x.padding
    job["batch"] = loops.batch
    for name, along in zip("zyx", (z, y, x), strict=True):
        job[f"dilation_{name}"], job[f"windows_{name}"] = along.dilation, table(along)
    job["tiles"] = _tiles(x, channels * joined.itemsize)
    inverse = call.reduction == MEAN and _inverts(call, [job[f"windows_{name}"]["divisor"] for name in "zyx"])
    job["inverse"] = inverse
    divisors = np.repeat(job["windows_x"]["divisor"], channels).astype(call.real)
    job["divisors"] = 1 / divisors if inverse else divisors
    job["n_tiles"] = len(job["tiles"]) - 1
    shortest_tile, longest_tile = extent(job["tiles"])
    chunk = _CHUNK // joined.itemsize * channels if x.one_by_one else 0
    job["chunk"] = chunk
    down = rounds and loops.x.axis is None  # windows are reduced like those of a line
    job["by_columns"], down = down and len(cuts) == 2, down and len(cuts) == 1
    job["chunk_y"] = _CHUNK // joined.itemsize if down and y.one_by_one else 0
    stage = y.stage(pooled_lines.MOST_STRIDE) if down and not job["chunk_y"] else 0
    job["group_y"] = stage if stage > 1 else 0
    job["stride_y"], job["before_y"], job["strip"] = y.stride, y.padding, _STRIP // joined.itemsize
    direct = _kernels(job, call, source.dtype, target.dtype, x, channels)
    direct = direct and (
        job["along"] != windows_kernels.PICKED or shortest_tile * channels >= in_register(joined)
    )
    job["direct"] = direct
    row_count = max(_ROWS // channels, 2) if chunk else min(z.taps, z.samples) * min(y.taps, y.samples)
    job["most"] = row_count
    line = chunk or job["chunk_y"] // 2 * job["strip"]
    line = line or ((longest_tile - 1) * x.stride + (x.taps - 1) * x.dilation + 1) * channels
    # The samples of the last register come from a number of registers that is equal to the stride.
    slack = (min(x.stride, pooled_lines.MOST_STRIDE) + 1) * BYTES
    results = (longest_tile * channels) * joined.itemsize + slack
    sizes = {
        "line": line * joined.itemsize + slack,
        "staged": line * joined.itemsize // 2 + slack if job["join_first"] else 0,
        "result": 0 if direct else results,
        "below": results if job["join_low"] else 0,
        "spare": BYTES,
        "at": 8 * row_count,
    }
    workspace = layout_workspace(job, sizes)
    count = len(loops.batch) * z.length * y.length
    work = _WORK * count * z.taps * y.taps * (x.samples + x.length) * channels
    driver = windows_kernels.slide_means if call.reduction == MEAN else windows_kernels.slide_extremes
    return job.program(
        driver,
        lines=count * job["n_tiles"],
        work=work,
        rows=1,
        workspace=workspace,
    )


def _line_from(call: Call, source: npt.NDArray) -> int:
    """Return from how many channels on they are the line of means of float windows of two axes.

    A mean is the sum of the sums of the columns of a window in both cases. Means of 2x2 samples of 90x90x2000
    float64 took 16 ms with such a line, and 22 with interleaved channels, those of 8x8 samples of float32 13
    and 5 (Sapphire Rapids, one thread).
    """
    taps = math.prod(w.taps for w in call.windows)
    x = call.windows[call.axes.index(max(call.axes))]
    if taps > _FEW_TAPS or x.one_by_one or x.stage(pooled_lines.MOST_STRIDE) > 1:
        return sys.maxsize
    return _WIDE // source.dtype.itemsize


def _windows(part: LoopAxis, cuts: tuple[Windows, ...]) -> Windows:
    """Return the windows of the axis of a loop. Without a filtered axis, each sample is a window."""
    return Windows(part.samples, part.length) if part.axis is None else cuts[part.axis]


def _inverts(call: Call, divisors: list[npt.NDArray[np.int64]]) -> bool:
    """Return whether to multiply by the inverse: if it is as exact, or computed in float64 for float32."""
    if call.real == dtypes.FLOAT64 and call.target == dtypes.FLOAT32:
        return True
    return call.real.kind == "f" and all(((d > 0) & (d & (d - 1) == 0)).all() for d in divisors)


def _tiles(x: Windows, pixel: int) -> npt.NDArray[np.int64]:
    """Cut a line of outputs into tiles whose samples stay in the first-level cache."""
    samples = x.taps if x.cells else x.stride
    return tiles(x.length, min(x.length, max(1, x.length * samples * pixel // _LINE)))


def _kernels(job: Job, call: Call, source: np.dtype, target: np.dtype, x: Windows, channels: int) -> bool:
    """Write the kernels to the job. Return whether windows may be reduced directly in the output."""
    joined, mean = call.joined, call.reduction == MEAN
    halves = mean and joined == _INT64
    reduction = _EXTREMES.get(call.reduction, pooled_lines.HIGH if halves else pooled_lines.SUM)
    along = pooled_lines.SUM if mean else reduction
    grouped = int(job["by_columns"] or job["chunk_y"] > 0 or job["group_y"] > 0)
    job["join_rows"] = pooled_lines.join_rows.address(joined, source, reduction, grouped)
    if halves:
        job["join_low"] = pooled_lines.join_rows.address(joined, source, pooled_lines.LOW, 0)
    job["divides"] = mean
    exact, stage = True, x.stage(pooled_lines.MOST_STRIDE)
    if job["chunk"] or job["chunk_y"]:
        job["fold"] = pooled_lines.fold.address(joined, along)
    if job["chunk"] or (x.taps == 1 and x.stride == 1):
        job["along"] = windows_kernels.NOT
    elif x.stride == 1:
        job["along"] = windows_kernels.NEIGHBOURS
        job["join_along"] = pooled_lines.join_neighbours.address(joined, along)
    elif stage and channels <= min(pooled_lines.MOST_CHANNELS, in_register(joined)):
        job["along"], job["stage"] = windows_kernels.PICKED, stage
        if stage > 1:
            job["join_first"] = pooled_lines.join_picked.address(joined, along, stage, channels)
        job["join_along"] = pooled_lines.join_picked.address(joined, along, x.stride // stage, channels)
        exact = in_register(joined) % channels == 0
    else:
        job["along"], job["stage"] = windows_kernels.APART, max(stage, 1)
        job["join_along"] = pooled_lines.join_apart.address(joined, along)
    if mean:
        wide = quotients.divide_to_real if target.kind == "f" else quotients.divide_wide
        finish = wide if halves else quotients.divide
        job["finish"] = finish.address(call.real, joined, target, int(job["inverse"]))
    elif not exact or job["along"] == windows_kernels.PICKED:
        job["finish"] = lines.place.address(joined, target)
    return exact and not mean


def _planned(call: Call, array: npt.NDArray) -> Plan:
    """Return the algorithm that would run, and the reason."""
    taps = [along.taps for along in call.windows]
    strides = [along.length / along.samples for along in call.windows]
    read = max(1.0, math.prod(t * s for t, s in zip(taps, strides, strict=True)))
    cost = read * array.size * array.dtype.itemsize * _BYTE
    reason = f"windows of {'x'.join(map(str, taps))} samples, by rows and then along them, take {cost:.3g} ns"
    return Plan("pooling", reason, cost * 1e-9)


FAMILY: engine.Family[Call] = engine.Family(settled, _planned, compute, _with_missing)
