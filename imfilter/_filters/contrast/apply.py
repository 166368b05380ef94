"""Contrast-limited adaptive histogram equalisation: the checks, and the way of a call."""

import math
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, dtypes, engine, threads
from imfilter._base.keywords import Common
from imfilter._base.missing import Presence
from imfilter._base.plan import Plan
from imfilter._base.program import address, layout_workspace, set_addresses
from imfilter._filters.contrast import tiles
from imfilter._filters.contrast.kernels import histograms, mapping
from imfilter._simd import lines
from imfilter._simd.registers import BYTES

_U8 = np.dtype(np.uint8)
#: Values of the table of a line for each sample of a line, at most.
_BLENDED = 4
#: Most bins of four tables in turns, which stay in the first-level cache.
_TURNS = 1024
#: Samples whose range is so small that its inverse is infinite are multiplied by the first number, and those
#: whose range may be infinite by the second one.
_FACTOR, _SHRINK = 2.0**700, 2.0**-2
#: Samples of an image that one thread computes alone.
_ALONE = 1 << 15


@dataclass(frozen=True, eq=False)
class Call:
    """The part of a call that is known before the samples are read."""

    order: tuple[int, ...]  # of the axes: batch, filtered, channels
    shape: tuple[int, int, int, int, int]  # batch, z, y, x, channels
    counts: tuple[int, int, int]  # of tiles along z, y and x
    clip_limit: float
    bins: int
    values: tiles.Range | None
    dtype: np.dtype
    result_shape: tuple[int, ...]

    def ordered(self, array: npt.NDArray) -> npt.NDArray:
        """Return an array of the shape of the image with five axes, shared if possible."""
        return array.transpose(self.order).reshape(self.shape)


def apply(
    image: npt.ArrayLike, size: Any, clip_limit: Any, bins: Any, value_range: Any, common: Common
) -> npt.NDArray:
    """Return the image with more contrast."""
    return engine.apply(FAMILY, image, common, "clahe", (size, clip_limit, bins, value_range))


def _checked(array: npt.NDArray, given: Common, fixed: str, own: tuple[Any, ...]) -> Call:
    """Check the arguments."""
    size, clip_limit, bins, value_range = own
    chosen = arguments.axes(array, given.axes, given.channel_axis)
    axes = tuple(sorted(chosen))
    by_axis = dict(zip(chosen, tiles.counts_of(size, tuple(array.shape[a] for a in chosen)), strict=True))
    limit = arguments.number(clip_limit, "clip_limit", finite=False)
    if not limit > 0:
        raise ValueError(f"clip_limit must be positive, or infinity for no limit, got {limit}")
    count = arguments.integer(bins, "bins", least=2, most=tiles.MOST_BINS)
    native = array.dtype.newbyteorder("=")
    values = tiles.range_of(value_range, native)
    if values is not None and values.unit:
        count = int(min(count, values.high - values.low + 1))
    before = [a for a in range(axes[-1]) if a not in axes]
    after = range(axes[-1] + 1, array.ndim)
    missing = 3 - len(axes)
    z, y, x = [1] * missing + [array.shape[a] for a in axes]
    counts_z, counts_y, counts_x = [1] * missing + [by_axis[a] for a in axes]
    batch, last = (math.prod(array.shape[a] for a in some) for some in (before, after))
    return Call(
        (*before, *axes, *after),
        (batch, z, y, x, last),
        (counts_z, counts_y, counts_x),
        limit,
        count,
        values,
        arguments.dtype(given.dtype, given.out, native),
        array.shape,
    )


def _compute(call: Call, array: npt.NDArray, out: npt.NDArray | None, workers: int | None) -> npt.NDArray:
    """Write the result to `out` or a new array."""
    return _mapped(call, array, None, out, workers)[0]


def _mapped(
    call: Call,
    array: npt.NDArray,
    present: npt.NDArray[np.bool_] | None,
    out: npt.NDArray | None,
    workers: int | None,
) -> tuple[npt.NDArray, npt.NDArray[np.float64] | None]:
    """Count, make the tables, and map all samples. `present` tells which samples are.

    Return the result, and the share of each tile that is present.
    """
    source, values, shift = dtypes.readable(array), call.values, 0
    if values is None:
        values = tiles.seen(source, present)
    if source.dtype.kind in "iu" and source.dtype.itemsize == 8:  # float64 has 53 bits
        limits = np.iinfo(source.dtype)
        shift = min(max(int(values.low), limits.min), limits.max)
        source = np.clip(source, shift, max(shift, min(int(values.high), limits.max)))
        with np.errstate(over="ignore"):
            source = (source - source.dtype.type(shift)).view(np.uint64).astype(np.float64)
        values = tiles.Range(float(int(values.low) - shift), float(int(values.high) - shift), 1)
    bins = int(min(call.bins, values.high - values.low + 1)) if values.unit else call.bins
    factor = 1.0
    if values.is_large() or values.is_narrow(bins):
        factor = _SHRINK if values.is_large() else _FACTOR
        with np.errstate(over="ignore"):  # beyond the range, which is in the last bin
            source = np.multiply(source, factor, dtype=np.float64)
        values = tiles.Range(values.low * factor, values.high * factor, 0)
    flat = values.high <= values.low
    if flat:  # all samples are equal, and stay as they are
        above = max(values.low + 1, math.nextafter(values.low, math.inf))  # 1 may be less than half a unit
        values = tiles.Range(values.low, above, values.unit)
    counted = _counted(call, call.ordered(source), present, values, bins, workers)
    whole = bool(values.unit) and bins == values.high - values.low + 1
    found = tiles.knots(counted, call.clip_limit, values, whole=whole)
    if flat:
        found[...] = 0
    shares = None
    if present is not None:
        shares = (counted[:, :bins].sum(1) + counted[:, bins]) / _sizes(call)
    fast = (
        present is None and call.counts[0] == call.shape[1] == 1
        and array.dtype == call.dtype == _U8 and values == tiles.Range(0, 255, 1) and bins == 256
    )  # fmt: skip
    wide = shift != 0 or factor != 1
    target = dtypes.target(
        out, array, array.shape, dtypes.FLOAT64 if wide else dtypes.direct_target(call.dtype, dtypes.FLOAT64)
    )
    view = call.ordered(target)
    make = _bytes if fast else _general
    make(call, call.ordered(source), view, present, (values, bins, found, shares), workers)
    if not np.may_share_memory(view, target):
        target.transpose(call.order)[...] = view.reshape([target.shape[a] for a in call.order])
    if factor != 1:
        out = dtypes.empty(target.shape, call.dtype) if out is None else out
        most = sys.float_info.max * factor  # rounded values may be just beyond the range
        dtypes.place(np.clip(target, -most, most) / factor, out)
        return out, shares
    if wide:
        return _moved_back(target, shift, out, call.dtype), shares
    return engine.delivered(target, out, call.dtype), shares


def _moved_back(found: npt.NDArray, shift: int, out: npt.NDArray | None, dtype: np.dtype) -> npt.NDArray:
    """Return values plus an offset that float64 cannot hold."""
    out = dtypes.empty(found.shape, dtype) if out is None else out
    if out.dtype.kind in "iu" and out.dtype.itemsize == 8:
        absent = np.isnan(found)
        whole = np.rint(np.where(absent, 0, np.maximum(found, 0))).astype(np.uint64)
        with np.errstate(over="ignore"):
            out[...] = (whole + np.array(shift).astype(np.uint64)).astype(out.dtype)
        out[absent] = 0
    else:
        dtypes.place(found + shift, out)
    return out


def _sizes(call: Call) -> npt.NDArray[np.int64]:
    """Return the number of samples of each tile of all channels and batch elements."""
    z, y, x = (np.diff(tiles.edges(n, c)) for n, c in zip(call.shape[1:4], call.counts, strict=True))
    one = (z[:, None, None] * y[:, None] * x).reshape(-1)
    return np.tile(one, call.shape[0] * call.shape[4])


def _set_steps(job: npt.NDArray, name: str, array: npt.NDArray) -> None:
    """Write the distances between samples to a job."""
    for axis, step in zip("bzyxc", array.strides, strict=True):
        job[f"{name}_{axis}"] = step


def _counted(
    call: Call,
    source: npt.NDArray,
    present: npt.NDArray[np.bool_] | None,
    values: tiles.Range,
    bins: int,
    workers: int | None,
) -> npt.NDArray[np.int64]:
    """Return the histograms of all tiles. The last number is that of NaN."""
    number = call.shape[0] * call.shape[4] * math.prod(call.counts)
    found = dtypes.empty((number, bins + 1), np.dtype(np.int64))
    found.fill(0)
    job = np.zeros((), histograms.HISTOGRAM_JOB)
    job["image"], job["histograms"] = address(source), address(found)
    _set_steps(job, "image", source)
    mask = None if present is None else call.ordered(present).view(np.uint8)
    if mask is not None:
        job["mask"] = address(mask)
        _set_steps(job, "mask", mask)
    job["channels"], job["bins"] = call.shape[4], bins
    job["shift"], job["turns"] = values.shift(bins, source.dtype), mask is None and bins <= _TURNS
    job["low"], job["high"], job["scale"] = values.low, values.high, values.scale(bins)
    job["count"] = histograms.count_tile.address(source.dtype)
    tables = {}
    for axis, n, count in zip("zyx", call.shape[1:4], call.counts, strict=True):
        job[f"tiles_{axis}"] = count
        tables[f"edges_{axis}"] = tiles.edges(n, count)
    owners = set_addresses(job, tables)
    run, at = histograms.count_tiles.entry(), address(job)

    def task(start: int, stop: int) -> None:
        memory = np.zeros(4 * (bins + 1) if job["turns"] else 0, np.int64)
        run(at, address(memory), start, stop)

    pace = threads.pace_of(run, source.dtype, call.shape, call.counts, bins)
    threads.run(task, number, 1 if source.size < _ALONE else workers, max(1, source.size >> 28), pace)
    del owners
    return found


def _bytes(
    call: Call,
    source: npt.NDArray,
    view: npt.NDArray,
    present: npt.NDArray[np.bool_] | None,
    made: tuple[tiles.Range, int, npt.NDArray, npt.NDArray | None],
    workers: int | None,
) -> None:
    """Map bytes of lines or planes."""
    _, tiles_y, tiles_x = call.counts
    values = made[2][:, 1:].astype(np.uint8).reshape(-1, tiles_y, tiles_x, 256)
    job = np.zeros((), mapping.MAPPING_JOB)
    tables: dict[str, npt.NDArray] = {"knots": tiles.cells(values)}
    for axis, n, count in zip("yx", call.shape[2:4], call.counts[1:], strict=True):
        along = tiles.Along.narrow(n, count)
        tables[f"first_{axis}"] = along.first
        tables[f"weight_{axis}"] = np.append(along.weight, np.zeros(BYTES, np.float32))
    sizes = {"words": 4 * 1024 + BYTES, "line": BYTES, "spare": BYTES}
    _run(call, job, tables, sizes, source, view, workers)


def _general(
    call: Call,
    source: npt.NDArray,
    view: npt.NDArray,
    present: npt.NDArray[np.bool_] | None,
    made: tuple[tiles.Range, int, npt.NDArray, npt.NDArray | None],
    workers: int | None,
) -> None:
    """Map samples of any type in float64."""
    values, bins, found, shares = made
    job = np.zeros((), mapping.MAPPING_JOB)
    # Vectors are read beyond the last value.
    tables: dict[str, npt.NDArray] = {"knots": np.append(found, np.zeros(BYTES))}
    if shares is not None:
        tables["shares"] = shares
    mask = None if present is None else call.ordered(present).view(np.uint8)
    if mask is not None:
        job["mask"] = address(mask)
        _set_steps(job, "mask", mask)
    for axis, n, count in zip("zyx", call.shape[1:4], call.counts, strict=True):
        along = tiles.Along.of(n, count)
        tables |= {f"first_{axis}": along.first, f"second_{axis}": along.second}
        tables[f"weight_{axis}"] = np.append(along.weight, np.zeros(BYTES // 8))
        if axis == "x":  # where the tables of columns of tiles begin in that of a line
            begins = [8 * (bins + 1) * side for side in (along.first, along.second)]
            more = np.zeros(BYTES // 8, np.int64)
            tables |= {"begin": np.append(begins[0], more), "begin_second": np.append(begins[1], more)}
    job["bins"], job["low"], job["high"], job["scale"] = bins, values.low, values.high, values.scale(bins)
    job["part"] = values.unit * job["scale"]
    job["map"] = mapping.map_line.address(source.dtype)
    job["place"] = lines.place.address(dtypes.FLOAT64, view.dtype)
    columns = call.shape[3]
    # The table of a line takes a third of a nanosecond for each value, and saves ten for each sample.
    values_of_line = call.counts[2] * (bins + 1)
    job["blended"] = shares is None and mask is None and values_of_line <= _BLENDED * columns
    sizes = {
        "words": 64 + (8 * values_of_line + BYTES if job["blended"] else 0),
        "line": 8 * columns + 2 * BYTES,
        "spare": 8 * columns + BYTES,
    }
    _run(call, job, tables, sizes, source, view, workers)
    del mask


def _run(
    call: Call,
    job: npt.NDArray,
    tables: dict[str, npt.NDArray],
    sizes: dict[str, int],
    source: npt.NDArray,
    view: npt.NDArray,
    workers: int | None,
) -> None:
    """Map all lines."""
    _set_steps(job, "image", source)
    _set_steps(job, "target", view)
    job["width"] = view.itemsize
    batch, job["planes"], job["rows"], job["columns"], job["channels"] = call.shape
    job["tiles_z"], job["tiles_y"], job["tiles_x"] = call.counts
    size = layout_workspace(job, sizes)
    owners = set_addresses(job, tables)
    run, at = mapping.map_lines.entry(), address(job)

    def task(start: int, stop: int) -> None:
        workspace = np.zeros(size, np.uint8)
        run(at, address(source), address(view), address(workspace), start, stop)

    total = batch * call.shape[4] * call.shape[1] * call.shape[2]
    pace = threads.pace_of(run, source.dtype, view.dtype, call.shape, call.counts, size)
    threads.run(task, total, 1 if source.size < _ALONE else workers, max(1, source.size >> 28), pace)
    del owners


def _with_missing(
    array: npt.NDArray, given: Common, fixed: str, presence: Presence, wanted: bool, own: tuple[Any, ...]
) -> tuple[npt.NDArray, npt.NDArray[np.bool_] | None]:
    """Equalise the samples that are present."""
    call = _checked(array, given, fixed, own)
    arguments.fitting(given.out, call.result_shape)
    present = presence.present(array)
    found, shares = _mapped(call, array, present, given.out, threads.requested(given.workers))
    few = ~present if wanted or presence.min_coverage > 0 else None
    if few is not None and shares is not None and presence.min_coverage > 0:
        sparse = _covered(call, shares) < presence.least(1.0)
        few.transpose(call.order)[...] |= sparse.reshape([few.shape[a] for a in call.order])
        found[few] = np.nan if found.dtype.kind == "f" else 0
    return found, few if wanted else None


def _covered(call: Call, shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the share of the tiles around each sample that is present, weighted as their tables are."""
    batch, *lengths, channels = call.shape
    found = shares.reshape(batch, channels, *call.counts)
    for axis, (n, count) in enumerate(zip(lengths, call.counts, strict=True), 2):
        along = tiles.Along.of(n, count)
        weight = along.weight.reshape([-1 if a == axis else 1 for a in range(5)])
        first, second = found.take(along.first, axis), found.take(along.second, axis)
        found = first + (second - first) * weight
    return np.moveaxis(found, 1, -1)


def _planned(call: Call, array: npt.NDArray) -> Plan:
    """Return the algorithm."""
    return Plan("histogram", "the histograms of tiles are equalised", math.nan)


FAMILY: engine.Family[Call] = engine.Family(_checked, _planned, _compute, _with_missing)
