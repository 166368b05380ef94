"""Means and variances in boxes whose samples are all present.

Those of small integers are exact: `kernels/whole.py`. Results of float32 from samples of float32 or float16
are computed from sums where these have enough digits: `kernels/sums.py`. The others: `kernels/real.py`.
"""

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.loops import places_of, tiles
from imfilter._base.program import address, set_addresses
from imfilter._base.store import Store, roomy
from imfilter._filters.local import levels
from imfilter._filters.local.kernels import box as kernels
from imfilter._filters.local.kernels.real import real_boxes
from imfilter._filters.local.kernels.sums import LEAST, STRIP, UNSURE, sum_boxes
from imfilter._filters.local.kernels.whole import whole_boxes
from imfilter._filters.local.parts import Finish, packed
from imfilter._filters.local.rows import Rows
from imfilter._simd.registers import BYTES, LINE

_INT32 = np.dtype(np.int32)
#: Number of columns of rows that are read together.
TOGETHER = STRIP // 8
#: Most bytes of a line of sums, and of the lines that are kept. Those of a row stay in the first-level cache,
#: and those that are kept in the second.
_LINE, _RING = 1 << 12, 1 << 19
#: Number of rows of windows whose sums of float32 are computed together, see `kernels/sums.py`. 61 x 61
#: takes 27.6 ms for 3840x2160; with 16 rows 28.2, with 64 rows 26.8, of twice the memory (one thread).
_TOGETHER = 32
#: Least number of columns of a tile: a multiple of its margin, which each tile computes again, and vectors.
_LONG, _LEAST = 4, 128
#: If a piece has more than `_MANY` rectangles, those of a tile become one. If it still has more, the piece is
#: completed as a whole. With more than `_MOST` groups of rows, no rectangles are looked for.
_MANY, _MOST = 32, 4096
#: Most rows of a piece whose tables are kept for the next piece of the same shape.
_ROWS = 1 << 13


class Layout(NamedTuple):
    """What the tables of a kernel depend on: the shape of the results, the window, and the types.

    steps: the distances of batch elements, planes and rows of results in elements.
    """

    shape: tuple[int, ...]
    sizes: tuple[int, int, int]
    source: np.dtype
    target: np.dtype
    steps: tuple[int, ...]

    @property
    def columns(self) -> int:
        """The number of samples of a row of results."""
        return self.shape[3] * self.shape[4]

    @property
    def margin(self) -> int:
        """How many more samples the row of a piece has."""
        return (self.sizes[2] - 1) * self.shape[4]


class Prepared(NamedTuple):
    """A job without the addresses of a piece, and what it needs."""

    job: npt.NDArray
    owners: tuple[npt.NDArray, ...]  # of the tables
    size: int  # of the workspace in bytes
    places: dict[str, int]  # in the workspace
    widest: int  # tile


class Results(NamedTuple):
    """Where the kernels write the results of a piece, and how."""

    array: npt.NDArray  # the target, or an array of its shape that is converted
    layout: Layout
    form: int

    @classmethod
    def of(cls, source: np.dtype, sizes: tuple[int, int, int], finish: Finish) -> "Results":
        """Return the results for samples of a type."""
        target = finish.target
        kind = dtypes.direct_target(target.dtype, dtypes.FLOAT64)
        array = target if kind == target.dtype and packed(target, 3) else roomy(target.shape, kind)
        form = finish.form | (kernels.SHORT if array.dtype == dtypes.FLOAT32 else 0)
        steps = tuple(s // array.itemsize for s in array.strides[:3])
        return cls(array, Layout(target.shape, sizes, source, array.dtype, steps), form)

    def deliver(self, target: npt.NDArray) -> None:
        """Convert the results to the target, if they are not there."""
        if self.array is not target:
            dtypes.place(self.array, target)


def compute(samples: npt.NDArray, sizes: tuple[int, int, int], finish: Finish, store: Store) -> None:
    """Write the results of a piece. Every result depends on the samples of its window only."""
    results, taps = Results.of(samples.dtype, sizes, finish), math.prod(sizes)
    direct, layout, form = results
    types, sums = (layout.source, layout.target), _sums_of(samples.dtype, taps)
    # `prepared` owns the tables, so it must exist until the kernel returns.
    if sums is not None:
        narrow = kernels.NARROW if sums == _INT32 and _narrow(samples.dtype, taps) else 0
        prepared = _exact_sums(layout)
        kernel = whole_boxes.address(*types, sums, form | narrow)
        job = _job(prepared, results, 4, kernel, finish, store)
        job["piece"] = address(samples)
        kernels.sum_piece.entry()(address(job))
    elif not checked(*types):
        prepared = _groups(layout)
        job = _job(prepared, results, 3, real_boxes.address(*types, form), finish, store)
        job["piece"] = address(samples)
        kernels.sum_piece.entry()(address(job))
    elif _all_lacking(samples):
        direct.fill(np.nan)
        _complete(results, None, samples, finish, store)
    else:
        _sum(results, Rows.of(samples), lambda: samples, finish, store)
    results.deliver(finish.target)


def compute_rows(
    rows: Rows,
    piece: Callable[[], npt.NDArray],
    source: np.dtype,
    sizes: tuple[int, int, int],
    finish: Finish,
    store: Store,
) -> None:
    """Write what `compute` does, from rows. ``piece()`` copies them, for results whose sums lack digits."""
    results = Results.of(source, sizes, finish)
    _sum(results, rows, piece, finish, store)
    results.deliver(finish.target)


def _sum(
    results: Results, rows: Rows, piece: Callable[[], npt.NDArray], finish: Finish, store: Store
) -> None:
    """Write results from sums, and complete those whose sums lack digits."""
    _, layout, form = results
    prepared = _sums(layout)
    kernel = sum_boxes.address(layout.source, layout.target, form)
    job = _job(prepared, results, 3, kernel, finish, store)
    for name in ("inside", "before", "after"):
        job[name] = address(getattr(rows, name))
    job["low"], job["high"] = rows.low, rows.high
    blocks = -(-(layout.shape[2] + layout.sizes[1] - 1) // int(job["together"]))
    unsure = np.empty((math.prod(layout.shape[:2]), int(job["n_tiles"]), blocks, UNSURE), np.int64)
    job["unsure"] = address(unsure)
    kernels.sum_piece.entry()(address(job))
    if unsure[..., 1].any():
        _complete(results, unsure, piece(), finish, store)


def _job(
    prepared: Prepared, results: Results, numbers: int, kernel: int, finish: Finish, store: Store
) -> npt.NDArray:
    """Return the job of a piece, without the addresses of its samples."""
    job, workspace = (
        prepared.job.copy(),
        address(store.array("workspace", (prepared.size + BYTES,), np.uint8)),
    )
    job["numbers"], job["kernel"] = numbers, kernel
    job["result"], job["workspace"] = address(results.array), workspace
    for name, place in prepared.places.items():
        job[name] = workspace + place
    job["a"], job["b"], job["c"] = finish.numbers
    return job


def _kept(function: Callable[[Layout], Prepared]) -> Callable[[Layout], Prepared]:
    """Keep what a function returns for the layouts that were used last. It takes 0.1 ms to make."""
    kept = functools.lru_cache(maxsize=64)(function)
    return lambda layout: (kept if math.prod(layout.shape[:3]) <= _ROWS else function)(layout)


def _prepared(
    layout: Layout,
    tables: dict[str, npt.NDArray],
    pitch: int,
    size: int,
    places: dict[str, int] | None = None,
) -> Prepared:
    """Return what a kernel needs. pitch: bytes of a line in the workspace."""
    shape, sizes, cut = layout.shape, layout.sizes, tables["tiles"]
    inner = (*(n + t - 1 for n, t in zip(shape[1:4], sizes, strict=True)), shape[4])
    job = np.zeros((), kernels.BOX_JOB)
    job["batch"], job["planes"], job["rows"] = shape[:3]
    job["step_b"], job["step_z"], job["step_y"] = (math.prod(inner[a:]) for a in range(3))
    job["taps_z"], job["taps_y"], job["taps_x"] = sizes
    job["taps"], job["beside"] = math.prod(sizes), shape[4]
    job["pitch"], job["n_tiles"] = pitch, len(cut) - 1
    for name in ("down", "along", "eights", "fours"):
        job[f"n_{name}"] = len(tables.get(name, ()))
    owners = set_addresses(job, tables | {"places": places_of(shape[:3], layout.steps)})
    return Prepared(job, owners[1:], size, places or {}, int(np.diff(cut).max()))


def _cut(layout: Layout, most: int) -> npt.NDArray[Any]:
    """Return the tiles of a row: their starts, and the end of the last."""
    number = layout.columns // max(most, _LONG * layout.margin, _LEAST)
    return tiles(layout.columns, max(1, number))


def _pitch(columns: int, item: int) -> int:
    """Return the bytes of a line of columns in the workspace.

    Vectors are written beyond the columns. With one channel and registers of 16 bytes, `kernels/units.py`
    writes a line to its last byte.
    """
    return -(-item * columns // BYTES) * BYTES + BYTES + LINE


@_kept
def _exact_sums(layout: Layout) -> Prepared:
    """Prepare `kernels/whole.py`."""
    sums = _sums_of(layout.source, math.prod(layout.sizes))
    assert sums is not None
    cut = _cut(layout, _LINE // sums.itemsize - layout.margin)
    pitch = _pitch(int(np.diff(cut).max()) + layout.margin, sums.itemsize)
    eights, eight_parts = levels.eights(layout.sizes[2], layout.shape[4] * sums.itemsize)
    tables = {"tiles": cut, "eights": eights, "eight_parts": eight_parts}
    return _prepared(layout, tables, pitch, pitch * (2 * (len(eights) + 2) + 2))


@_kept
def _groups(layout: Layout) -> Prepared:
    """Prepare `kernels/real.py`."""
    z, y, x = layout.sizes
    down, down_parts = levels.groups(y, z, 1, 1)
    along, along_parts = levels.groups(x, 1, layout.shape[4] * 8, z * y)
    kept = 2 * int(down[:-1, 5].sum())  # lines of groups that later windows need
    cut = _cut(layout, min(_LINE, _RING // max(kept, 1)) // 8 - layout.margin)
    pitch = _pitch(int(np.diff(cut).max()) + layout.margin, 8)
    start = pitch * (2 * len(along) + 2) + 24 * (int(down[:, 2].max()) + 1)
    start = -(-start // LINE) * LINE
    tables = {"tiles": cut, "down": levels.placed(down, start, 2 * pitch), "down_parts": down_parts}
    tables |= {"along": along, "along_parts": along_parts}
    return _prepared(layout, tables, pitch, start + pitch * kept)


@_kept
def _sums(layout: Layout) -> Prepared:
    """Prepare `kernels/sums.py`."""
    (_, y, x), item = layout.sizes, 8
    unit = 32 if x >= 32 else 16 if x >= 16 else 8
    fours, four_parts = levels.fours(y)
    eights, eight_parts = levels.eights(x, layout.shape[4] * item, unit)
    strip = 2 * STRIP * int(fours[:, 5].sum())
    cut = _cut(layout, min(_LINE, _RING * STRIP // max(strip, 1)) // item - layout.margin)
    pitch = _pitch(int(np.diff(cut).max()) + layout.margin, item)
    together = _TOGETHER if y > 1 else 1
    groups = -(-pitch * 2 * (len(eights) + 3) // LINE) * LINE
    sums = groups + -(-pitch // STRIP) * strip
    table = sums + 2 * pitch * together
    tables = {"tiles": cut, "eights": eights, "eight_parts": eight_parts}
    tables |= {"fours": levels.placed(fours, 0, 2 * STRIP), "four_parts": four_parts}
    # Sums of eight neighbours of a channel are written for all columns: they read seven pixels beyond a line.
    beyond = 7 * item * layout.shape[4]
    size = table + 8 * together * int((fours[:, 2] + 2).sum()) + beyond
    found = _prepared(layout, tables, pitch, size, {"groups": groups, "sums": sums, "table": table})
    found.job["together"], found.job["strip"], found.job["unit"] = together, strip, unit
    return found


def _all_lacking(samples: npt.NDArray) -> bool:
    """Tell whether the sums of all windows lack digits, whatever their rounding errors."""
    return lacking(samples[0, 0, :1]) and lacking(samples)  # a row is usually enough to see that they do not


def lacking(samples: npt.NDArray) -> bool:
    """Tell whether the sums of all windows of some samples lack digits."""
    low, high = float(samples.min()), float(samples.max())
    nearest = min(abs(low), abs(high))
    # The variance is at most a quarter of the square of the range.
    return low * high > 0 and (high - low) ** 2 < 3.9 * LEAST * nearest**2


def _complete(
    results: Results,
    unsure: npt.NDArray[np.int64] | None,
    samples: npt.NDArray,
    finish: Finish,
    store: Store,
) -> None:
    """Compute the results that are NaN from differences of samples: those that are `unsure`, or all."""
    prepared = _groups(results.layout)
    kernel = real_boxes.address(results.layout.source, results.layout.target, results.form | kernels.FILL)
    job = _job(prepared, results, 3, kernel, finish, store)
    job["piece"] = address(samples)
    size, widest = samples.itemsize, prepared.widest
    found = None if unsure is None else _rectangles(unsure, int(job["taps_y"]))
    if found is None:
        kernels.sum_piece.entry()(address(job))
        return
    part, run = job.copy(), kernels.sum_piece.entry()
    part["batch"], part["planes"], part["n_tiles"] = 1, 1, 1
    piece, places, planes, rows, *steps = (
        int(job[name]) for name in ("piece", "places", "planes", "rows", "step_b", "step_z", "step_y")
    )
    for plane, top, bottom, left, right in found:
        offset = plane // planes * steps[0] + plane % planes * steps[1] + top * steps[2]
        part["piece"], part["places"] = piece + size * offset, places + 8 * (plane * rows + top)
        part["rows"] = bottom - top
        for first in range(left, right, widest):
            columns = np.array((first, min(first + widest, right)))
            part["tiles"] = address(columns)
            run(address(part))


def _rectangles(unsure: npt.NDArray[np.int64], taps: int) -> list[list[int]] | None:
    """Return rectangles that have all results to be completed, or None if there are many.

    Each is its plane, its rows and its columns. Those of a tile that are less than `taps` rows apart are
    one. If there are many, all of a tile are one.
    """
    where = np.argwhere(unsure[..., 1] > 0)
    if len(where) > _MOST:
        return None
    bounds = unsure[tuple(where.T)].tolist()
    for apart in (taps, math.inf):
        found: list[list[int]] = []
        before = None
        for (plane, tile, _), (top, bottom, left, right) in zip(where.tolist(), bounds, strict=True):
            if before == (plane, tile) and top - found[-1][2] < apart:
                last = found[-1]
                last[2:] = bottom, min(last[3], left), max(last[4], right)
            else:
                found.append([plane, top, bottom, left, right])
            before = plane, tile
        if len(found) <= _MANY:
            return found
    return None


def exact(source: np.dtype, taps: int) -> bool:
    """Tell whether the sums of a box of `taps` samples are exact."""
    return _sums_of(source, taps) is not None


def checked(source: np.dtype, target: np.dtype) -> bool:
    """Tell whether results of a type are computed from sums that are not exact, where these have digits."""
    return source.kind == "f" and source.itemsize <= 4 and target == dtypes.FLOAT32


def _sums_of(source: np.dtype, taps: int) -> np.dtype | None:
    """Return the type of exact sums of samples and of their squares, or None."""
    if source.kind not in "biu" or source.itemsize > 2:
        return None
    largest = taps << 16 * source.itemsize
    if largest < 1 << 31:
        return _INT32
    return dtypes.FLOAT64 if largest < 1 << 53 else None


def _narrow(source: np.dtype, taps: int) -> bool:
    """Tell whether int32 holds the variance times the square of the number of samples."""
    return taps * taps << 16 * source.itemsize - 2 < 1 << 31
