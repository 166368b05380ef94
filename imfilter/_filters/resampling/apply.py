"""Weighted sums at other positions than those of the samples: the checks, and the program for a layout."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, borders, dtypes, engine, threads
from imfilter._base.axis_order import Order
from imfilter._base.keywords import Common
from imfilter._base.missing import Presence
from imfilter._base.plan import Plan, planning
from imfilter._base.program import Job, Program, layout_workspace, pitch
from imfilter._filters.pooling import apply as pooling
from imfilter._filters.pooling.windows import Windows
from imfilter._filters.resampling import columns_first, missing
from imfilter._filters.resampling.columns_first import Groups, Phases
from imfilter._filters.resampling.kernels import sums as kernels
from imfilter._filters.resampling.kernels.pairs import sum_pairs
from imfilter._filters.resampling.kernels.phases import sum_phases
from imfilter._filters.resampling.kernels.row_sums import stream_rows, sum_rows
from imfilter._filters.resampling.pairs import Pairs
from imfilter._filters.resampling.tables import Table
from imfilter._filters.resampling.tables import exact as exact_sums
from imfilter._simd import lane_transpose, lines, streaming
from imfilter._simd.registers import BYTES, in_register

#: Elements of a line that are kept for each row of a group. All rows stay in the second-level cache.
_ELEMENTS = 1024
#: The same where the weights of columns repeat, for sizes of an element of the arithmetic. From 4K to 8K,
#: linear float32 takes 13.7 instead of 15.0 ms with 1024, and cubic uint16 21.9 instead of 24.0 (Zen 4).
_PHASED = {4: 2048, 8: 512}
#: Fields of a job for sums of columns before those of rows.
_OF_COLUMNS_FIRST = (
    *("group_starts", "group_rows", "row_in_group", "about_in_group", "last_in_group"),
    *("sum_lines", "sum_phases"),
)
#: Fields of a job for sums of two columns.
_OF_PAIRS = (
    *("sum_pairs", "pair_blocks", "pair_outputs", "pair_windows"),
    *("pair_places", "pair_weights", "pair_second"),
)
#: Bytes of a result that no cache keeps. It is written past the caches.
_FAR = 3 << 23
#: Bits of float32 beside those of a sample of 16 bits. Sums that need no more are exact, so they are the same
#: as in float64.
_SPARE = 8
#: Most taps of one sum in float32. The errors of more could add up to more than the bound.
_FEW = 32
#: Bytes for each output of an axis while its table is made.
_TABLE = 200
#: Nanoseconds of a multiply-add and of a sample on one core (Zen 4).
_TAP, _SAMPLE = 0.04, 0.3

#: Returns the tables of the filtered axes: ``tables(lengths, *own)``. The border 'shrink' is one of its own
#: arguments, because its weights are scaled and no sample is absent.
Tables = Callable[..., tuple[Table, ...]]


@dataclass(frozen=True, eq=False)
class Call:
    """The part of a call that is known before the samples are read."""

    order: Order
    tables: tuple[Table, Table, Table]  # of z, y and x
    axes: tuple[int, ...]
    relative: bool  # whether sums are relative to a sample, because the weights add up to 1
    exact: bool  # whether the arithmetic holds all sums exactly
    cval: float
    real: np.dtype
    dtype: np.dtype
    result_shape: tuple[int, ...]
    picks: bool  # whether every result is a sample
    pools: pooling.Call | None  # means of cells, if every result is the mean of a cell of samples
    programs: dict[Any, Program] = field(default_factory=dict)


def apply(
    image: npt.ArrayLike,
    tables: Tables,
    own: tuple[Any, ...],
    common: Common,
    outputs: Callable[..., tuple[int, ...]] | None = None,
) -> npt.NDArray:
    """Return the sums of an image. ``tables(lengths, mode, *own)`` checks the filter's own arguments.

    ``outputs(lengths, mode, *own)`` returns the lengths of the result, where a user may ask for very many.
    """
    mode = borders.check_mode(common.mode, more=("shrink",))
    if mode == "shrink":
        common = common._replace(mode="edge")
    return engine.apply(FAMILY, image, common, (tables, outputs), (mode, *own))


def _checked(array: npt.NDArray, given: Common, fixed: Any, own: tuple[Any, ...]) -> Call:
    """Check the arguments."""
    tables, outputs = fixed
    axes = arguments.axes(array, given.axes, given.channel_axis)
    cval = arguments.beyond(given.cval, given.mode)
    lengths = tuple(array.shape[a] for a in axes)
    dtype = arguments.dtype(given.dtype, given.out, array.dtype.newbyteorder("="))
    if outputs is not None:
        shape = list(array.shape)
        for axis, length in zip(axes, outputs(lengths, *own), strict=True):
            shape[axis] = length
        _check_memory(tuple(shape), dtype, given.out, axes)
    return _call(array, axes, tables(lengths, *own), dtype, cval)


def _check_memory(
    shape: tuple[int, ...], dtype: np.dtype, out: npt.NDArray | None, axes: tuple[int, ...]
) -> None:
    """Refuse a result whose shape is wrong or too large before its tables are made, which takes seconds."""
    arguments.fitting(out, shape)
    if out is None and planning.get() is None:  # the results of lazy calls may be larger than the memory
        dtypes.empty(shape, dtype)
    longest = max(shape[axis] for axis in axes)
    try:
        np.empty((longest, _TABLE), np.uint8)
    except MemoryError:
        message = f"the weights of {longest} outputs along an axis do not fit into memory"
        raise MemoryError(message) from None


def _call(
    array: npt.NDArray,
    axes: tuple[int, ...],
    tables: tuple[Table, ...],
    dtype: np.dtype,
    cval: float,
    *,
    relative: bool = True,
) -> Call:
    """Return the call for the tables of the filtered axes."""
    shape = list(array.shape)
    for axis, table in zip(axes, tables, strict=True):
        shape[axis] = table.outputs
    zyx = [_SINGLE] * (3 - len(axes)) + [tables[axes.index(a)] for a in sorted(axes)]
    real = dtypes.working(array.dtype, dtype)
    whole = array.dtype.kind in "biu" and dtype.kind in "iu"
    short = max(array.dtype.itemsize, dtype.itemsize) == 2
    if relative and whole and short and sum(t.bits for t in zyx) <= _SPARE:
        real = dtypes.FLOAT32
    z, y, x = zyx
    if real == dtypes.FLOAT32 and max(z.most * y.most, x.most) > _FEW:
        real = dtypes.FLOAT64
    exact = relative and whole and exact_sums((z, y, x), array.dtype, real)
    picks = all(t.picks for t in zyx) and relative
    pools = None
    if relative and not picks and all(t.factor for t in tables):
        factors = tuple(table.factor for table in tables)
        pools = pooling.settled(array, Common(axes=axes, dtype=dtype), (pooling.MEAN, _cells, True), factors)
    order = Order.of(array.ndim, axes)
    return Call(order, (z, y, x), axes, relative, exact, cval, real, dtype, tuple(shape), picks, pools)


#: The table of an axis that there is not.
_SINGLE = Table(1, np.array([0, 1]), np.zeros(1, np.int64), np.ones(1), np.zeros(1), np.zeros(1, np.int64), 1)


def _compute(call: Call, array: npt.NDArray, out: npt.NDArray | None, workers: int | None) -> npt.NDArray:
    """Write the sums to `out` or a new array."""
    if call.picks:
        return _picked(call, array, out)
    if call.pools is not None:  # takes a third of the time of sums
        return pooling.compute(call.pools, array, out, workers)
    source = call.order.packed(dtypes.readable(array))
    target = dtypes.target(out, array, call.result_shape, dtypes.direct_target(call.dtype, call.real))
    view = call.order.packed(target)
    key = source.strides, view.strides, source.dtype, view.dtype
    engine.cached(call.programs, key, lambda: _program(call, source, view)).run(source, view, workers)
    call.order.back(view, target)
    return engine.delivered(target, out, call.dtype)


def sums(
    image: npt.NDArray, axes: tuple[int, ...], tables: tuple[Table, ...], cval: float, workers: int | None
) -> npt.NDArray[np.float64]:
    """Return the sums in float64. They are exactly 0 where all samples are."""
    call = _call(image, axes, tables, dtypes.FLOAT64, cval, relative=False)
    return _compute(call, image, None, threads.requested(workers))


def given(lengths: tuple[int, ...], mode: str, *tables: Table) -> tuple[Table, ...]:
    """Return tables that are known."""
    return tables


#: What `FAMILY` gets for tables that are known: lengths need no check.
GIVEN = given, None


def along(call: Call) -> tuple[Table, ...]:
    """Return the tables of the filtered axes, in the order of `axes`."""
    along = sorted(call.axes)
    return tuple(call.tables[3 - len(along) + along.index(a)] for a in call.axes)


def _picked(call: Call, array: npt.NDArray, out: npt.NDArray | None) -> npt.NDArray:
    """Copy samples, which is exact for every type."""
    for axis, table in zip(call.axes, along(call), strict=True):
        if not table.identity:
            shape = (*array.shape[:axis], table.outputs, *array.shape[axis + 1 :])
            taken = dtypes.empty(shape, array.dtype)
            array = array.take(table.samples, axis, taken, "clip")  # "raise" would copy `taken`
    if out is not None and np.may_share_memory(array, out):
        array = array.copy()
    out = dtypes.empty(call.result_shape, call.dtype) if out is None else out
    dtypes.place(array, out)
    return out


def _cells(lengths: tuple[int, ...], *factors: int) -> tuple[Windows, ...]:
    """Return windows of so many samples along each axis, without gaps."""
    return tuple(Windows(n, n // k, taps=k, stride=k) for n, k in zip(lengths, factors, strict=True))


def _program(call: Call, source: npt.NDArray, target: npt.NDArray) -> Program:
    """Return the program for one layout."""
    z, y, x = call.tables
    real, last, far = call.real, source.shape[4], target.nbytes >= _FAR
    lanes, size = in_register(real), real.itemsize
    job = Job(kernels.SUM_JOB, *_OF_COLUMNS_FIRST, *_OF_PAIRS)
    for name, array in (("source", source), ("target", target)):
        job[f"{name}_b"], job[f"{name}_z"], job[f"{name}_y"] = array.strides[:3]
    job["width"], job["size"], job["lanes"] = source.itemsize, size, lanes
    job["target_width"], job["planes"], job["rows"] = target.itemsize, z.outputs, y.outputs
    job["last"], job["cval"] = last, call.cval
    for axis, table in zip("zyx", call.tables, strict=True):
        for name in ("starts", "samples", "weights", "constants", "about"):
            job[f"{name}_{axis}"] = getattr(table, name)
    job["whole"] = whole = call.relative and source.dtype.kind in "biu"
    taps_x, plain = along_lines(call, whole=whole)
    job["starts_x"], job["samples_x"], job["weights_x"] = taps_x.starts, taps_x.samples, taps_x.weights
    _order_of_sums(job, call, taps_x, source.dtype, target.dtype, far=far, plain=plain)
    pairs = None
    if call.relative and not job["by_columns"]:
        pairs = Pairs.of(call.tables, last, source.dtype, real, whole=whole)
    if pairs is not None:
        job["sum_pairs"] = sum_pairs.address(real, source.dtype, target.dtype, pairs.window, int(whole))
        job["pair_blocks"] = len(pairs.outputs)
        for name, values in zip(pairs._fields[1:], pairs[1:], strict=True):
            job[f"pair_{name}"] = values
    most = (_PHASED[size] if job["phases"] else _ELEMENTS) // last
    tiles = _pieces(x, most, most) if pairs is None else np.array([(0, x.outputs, 0, x.length)], np.int64)
    for name, column in zip(("outputs", "count", "first", "samples"), tiles.T, strict=True):
        job[f"tile_{name}"] = column
    job["tiles"], job["relative"] = len(tiles), call.relative and not plain
    job["along"] = pairs is None and not x.identity
    rows, placed = pairs is None and not job["phases"], pairs is None and not job["by_columns"]
    transposes = rows and job["along"]
    for name, kernel, kinds, used in (
        ("sum_rows", sum_rows, (real, source.dtype, real, int(call.relative)), rows),
        ("to_lanes", lane_transpose.to_lanes, (real,), transposes),
        ("sum_columns", kernels.sum_columns, (real,), transposes),
        ("join", lane_transpose.join, (real,), transposes),
        ("place", lines.place, (real, target.dtype), placed and not far),
        ("far", streaming.stream_line, (real, target.dtype), placed and far),
    ):
        job[name] = kernel.address(*kinds) if used else 0  # others are not compiled
    job["past"] = far and pairs is None
    elements, outputs = int(tiles[:, 3].max()) * last, int(tiles[:, 1].max()) * last
    register = lanes * size
    job["pitch"] = pitch(elements * size + register)
    job["pitch_joined"] = pitch(max(outputs, lanes) * size)
    job["offsets"] = np.arange(-(-elements // lanes) * lanes) * register
    job["segments"] = np.arange(lanes) * job["pitch_joined"]
    taps = z.most * y.most
    sizes = {
        "lines": 0 if job["phases"] or pairs is not None else lanes * job["pitch"],
        "line": job["pitch_joined"] if far and job["by_columns"] else 0,
        "transposed": (elements + lanes) * register if transposes else 0,
        "sums": max(outputs, lanes) * register if transposes else 0,
        "joined": job["kept"] * job["pitch_joined"] + register if job["along"] else 0,
        "taps": 16 * taps,
        "spare": BYTES,
    }
    workspace = layout_workspace(job, sizes)
    rows = source.shape[0] * z.outputs * y.outputs
    count = rows * last * (taps * x.length + x.most * x.outputs)
    return job.program(
        kernels.resample,
        lines=source.shape[0] * z.outputs * job["groups"] * len(tiles),
        work=count,
        rows=1,
        workspace=workspace,
    )


def along_lines(call: Call, *, whole: bool) -> tuple[Table, bool]:
    """Return the table of x, and whether sums are `plain`.

    Sums of `whole` samples that are not plain are relative to references, whose taps are not in the table.
    """
    x, plain = call.tables[2], call.exact and columns_first.of(*call.tables)
    taps = x.beside() if whole and not plain else x
    return taps._replace(weights=taps.weights.astype(call.real)), plain


def _order_of_sums(
    job: Job, call: Call, taps: Table, source: np.dtype, target: np.dtype, *, far: bool, plain: bool
) -> None:
    """Write to the job whether columns are summed first, and the tables for it.

    `taps` is the table of x, without the references of integers if the sums are not `plain`.
    """
    z, y, x = call.tables
    job["by_columns"] = by_columns = call.relative and columns_first.of(z, y, x)
    groups, phases, outputs = None, columns_first.NO_PHASES, in_register(call.real)
    if by_columns:
        groups, outputs = Groups.of(y), columns_first.GROUP
        phases = Phases.of(taps) if job["last"] == 1 else phases
        job["group_starts"], job["group_rows"] = groups.starts, groups.rows
        job["row_in_group"], job["about_in_group"] = groups.of_taps, groups.of_references
        job["last_in_group"] = groups.last
        write = stream_rows if far else sum_rows
        job["sum_lines"] = write.address(call.real, call.real, target, int(not plain))
    job["group_outputs"], job["groups"] = outputs, -(-y.outputs // outputs)
    job["phases"], job["phases_begin"], job["phases_end"], job["phases_window"], pattern = phases
    if phases.number:
        job["sum_phases"] = sum_phases.address(call.real, source, phases.number, pattern, int(plain))
    step = 1 if phases.number else in_register(call.real)  # rows whose columns are summed at once
    job["kept"] = step * -(-(groups.span + step - 1) // step) if groups else step


def _pieces(axis: Table, samples: float, outputs: float) -> npt.NDArray[np.int64]:
    """Cut an axis into pieces of at most so many outputs that read at most so many samples, or of one output.

    Return the first output, the number of outputs, the first sample and the number of samples of each.
    """
    if axis.outputs <= outputs and axis.length <= samples:
        first = int(axis.samples.min(initial=axis.length - 1))
        read = max(int(axis.samples.max(initial=-1)) - first + 1, 1)
        return np.array([(0, axis.outputs, first, read)], np.int64)
    low = np.minimum.reduceat(np.append(axis.samples, axis.length), axis.starts[:-1])
    high = np.maximum.reduceat(np.append(axis.samples, -1), axis.starts[:-1])
    empty = axis.starts[1:] == axis.starts[:-1]
    low[empty], high[empty] = axis.length, -1
    # A border may read the other end of the axis. Then the axis is not cut.
    if (np.diff(low[~empty]) < 0).any() or (np.diff(high[~empty]) < 0).any():
        samples = outputs = math.inf
    lows, highs, n = low.tolist(), high.tolist(), axis.outputs
    found, begin = [], 0
    while begin < n:
        stop, first = begin + 1, lows[begin]
        while stop < n and highs[stop] - first + 1 <= samples and stop + 1 - begin <= outputs:
            stop += 1
        first = min(min(lows[begin:stop]), axis.length - 1)
        read = max(max(highs[begin:stop]) - first + 1, 1)
        found.append((begin, stop - begin, first, read))
        begin = stop
    return np.array(found, np.int64)


def _with_missing(
    array: npt.NDArray,
    given: Common,
    fixed: Any,
    presence: Presence,
    wanted: bool,
    own: tuple[Any, ...],
) -> tuple[npt.NDArray, npt.NDArray[np.bool_] | None]:
    """Sum the samples that are present; see `missing`."""
    call = _checked(array, given, fixed, own)
    arguments.fitting(given.out, call.result_shape)

    def summed(samples: npt.NDArray, made: tuple[Table, ...]) -> npt.NDArray:
        inside = tuple(t._replace(constants=np.zeros(t.outputs)) for t in made)
        return sums(samples, call.axes, inside, 0.0, given.workers)

    place = missing.Place(call.axes, array.ndim)
    found, few = missing.resampled(array, presence, along(call), place, call.cval, summed)
    out = dtypes.empty(call.result_shape, call.dtype) if given.out is None else given.out
    dtypes.place(found, out)
    out[few] = np.nan if out.dtype.kind == "f" else 0
    return out, few if wanted else None


def _planned(call: Call, array: npt.NDArray) -> Plan:
    """Return the algorithm that would run, and the reason."""
    z, y, x = call.tables
    rows = math.prod(call.result_shape) / x.outputs
    taps = z.most * y.most
    cost = rows * (x.length * (taps * _TAP + _SAMPLE) + x.outputs * (x.most * _TAP + _SAMPLE))
    reason = f"sums of {taps} rows and {x.most} columns take {cost:.3g} ns"
    return Plan("separable", reason, cost * 1e-9)


FAMILY: engine.Family[Call] = engine.Family(_checked, _planned, _compute, _with_missing)
