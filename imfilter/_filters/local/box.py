"""Means and variances in boxes whose samples are all present.

Those of small integers are exact: `kernels/whole.py`. Results of float32 from samples of float32 or float16
are computed from sums where these have enough digits: `kernels/sums.py`. The others: `kernels/real.py`.
"""

import functools
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.grouping import levels_of
from imfilter._base.loops import places_of, tiles
from imfilter._base.program import address, set_addresses
from imfilter._base.store import Store, roomy
from imfilter._filters.local.kernels import box as kernels
from imfilter._filters.local.kernels.real import real_boxes
from imfilter._filters.local.kernels.sums import LEAST, UNSURE, sum_boxes
from imfilter._filters.local.kernels.whole import whole_boxes
from imfilter._filters.local.parts import Finish, packed
from imfilter._simd.registers import BYTES, LINE

_INT32 = np.dtype(np.int32)
#: Most bytes of a line of sums, and of the lines that are kept. Those of a row stay in the first-level cache,
#: and those that are kept in the second.
_LINE, _RING = 1 << 12, 1 << 19
#: Number of rows of windows whose sums of float32 are computed together, see `kernels/sums.py`. 61 x 61
#: takes 36.2 ms for 3840x2160; with 8 rows 37.7, with 64 37.8, with 128 40.3 (one thread, Sapphire Rapids).
_TOGETHER = 32
#: Least number of columns of a tile: a multiple of its margin, which each tile computes again, and vectors.
_LONG, _LEAST = 4, 128
#: Number of tiles from which on all tiles of a piece are completed together.
_MANY = 32


def compute(samples: npt.NDArray, sizes: tuple[int, int, int], finish: Finish, store: Store) -> None:
    """Write the results of a piece. Every result depends on the samples of its window only."""
    shape = (samples.shape[0], *(n - t + 1 for n, t in zip(samples.shape[1:4], sizes, strict=True)),
             samples.shape[4])  # fmt: skip
    pitches = [math.prod(samples.shape[a + 1 :]) for a in range(5)]
    beside, columns, taps = shape[4], shape[3] * shape[4], math.prod(sizes)
    target = finish.target
    kind = dtypes.direct_target(target.dtype, dtypes.FLOAT64)
    direct = target if kind == target.dtype and packed(target, 3) else roomy(shape, kind)
    short = kernels.SHORT if direct.dtype == dtypes.FLOAT32 else 0
    sums = _sums_of(samples.dtype, taps)
    item = 8 if sums is None else sums.itemsize
    margin = (sizes[2] - 1) * beside
    along, along_parts = _tables(sizes[2], 1, beside * item, 1 if sums is not None else sizes[0] * sizes[1])
    eights, eight_parts = _eights(sizes[2], beside * item)
    down, down_parts = _tables(sizes[1], sizes[0], 1, 1)
    kept = 2 * int(down[:-1, 5].sum()) if sums is None else 0  # lines of groups that later windows need
    most = min(_LINE, _RING // max(kept, 1)) // item - margin
    cut = tiles(columns, max(1, columns // max(most, _LONG * margin, _LEAST)))
    pitch = -(-item * (int(np.diff(cut).max()) + margin) // BYTES) * BYTES + BYTES + LINE
    start = pitch * (2 * max(len(along), len(eights) + 2) + 2) + 24 * (int(down[:, 2].max()) + 1)
    start = -(-start // LINE) * LINE
    in_two = checked(samples.dtype, direct.dtype)
    # Groups are kept in lines, or in strips of columns, which take as much memory or a little more.
    lines, strips = _placed(down, start, 2 * pitch), _placed(down, 0, 2 * BYTES)
    strip = 2 * BYTES * int(down[:-1, 5].sum())
    together = _TOGETHER if len(down) > 1 else 1
    places = {"groups": start, "sums": start + -(-pitch // BYTES) * strip}
    places["table"] = places["sums"] + 2 * pitch * together * in_two
    start = places["table"] + 8 * together * int((down[:, 2] + 3).sum())
    memory = store.array("workspace", (start + BYTES + LINE,), np.uint8)
    workspace = memory[-address(memory) % LINE :]  # lines start at cache lines
    job = np.zeros((), kernels.BOX_JOB)
    job["piece"], job["result"] = address(samples), address(direct)
    job["batch"], job["planes"], job["rows"] = shape[:3]
    job["step_b"], job["step_z"], job["step_y"] = pitches[:3]
    job["taps_z"], job["taps_y"], job["taps_x"] = sizes
    job["taps"], job["beside"], job["pitch"], job["n_tiles"] = taps, beside, pitch, len(cut) - 1
    job["n_down"], job["n_along"], job["n_eights"] = len(down), len(along), len(eights)
    job["numbers"] = 3 if sums is None else 4
    job["a"], job["b"], job["c"] = finish.numbers
    lacking = in_two and _all_lacking(samples)
    if lacking:
        direct.fill(np.nan)
    elif in_two:
        job["kernel"] = sum_boxes.address(samples.dtype, direct.dtype, finish.form | short)
        job["together"], job["strip"] = together, strip
        for name, place in places.items():
            job[name] = address(workspace) + place
    elif sums is None:
        job["kernel"] = real_boxes.address(samples.dtype, direct.dtype, finish.form | short)
    else:
        narrow = kernels.NARROW if sums == _INT32 and _narrow(samples.dtype, taps) else 0
        job["kernel"] = whole_boxes.address(samples.dtype, direct.dtype, sums, finish.form | short | narrow)
    steps = [s // direct.itemsize for s in direct.strides]
    tables = {"places": places_of(shape[:3], steps[:3]), "tiles": cut, "workspace": workspace}
    tables |= {"eights": eights, "eight_parts": eight_parts}
    tables |= {"down": strips if in_two else lines, "down_parts": down_parts}
    tables |= {"along": along, "along_parts": along_parts}
    if in_two:
        tables["unsure"] = np.empty((math.prod(shape[:2]), len(cut) - 1, UNSURE), np.int64)
    owners = set_addresses(job, tables)
    if not lacking:
        kernels.sum_piece.entry()(address(job))
    if lacking or (in_two and tables["unsure"][..., 1].any()):
        job["kernel"] = real_boxes.address(samples.dtype, direct.dtype, finish.form | short | kernels.FILL)
        job["down"] = address(lines)
        _complete(job, None if lacking else tables["unsure"], samples.itemsize)
    del owners
    if direct is not target:
        dtypes.place(direct, target)


def _placed(levels: npt.NDArray[Any], start: int, size: int) -> npt.NDArray[Any]:
    """Return levels down the columns whose groups, of `size` bytes, follow each other in the workspace."""
    placed = levels.copy()
    placed[1:, 4] = levels[:-1, 5].cumsum()
    placed[:, 4] = start + size * placed[:, 4]
    return placed


def _all_lacking(samples: npt.NDArray) -> bool:
    """Tell whether the sums of all windows lack digits, whatever their rounding errors."""
    for part in (samples[0, 0, :1], samples):  # a row is usually enough to see that they do not
        low, high = float(part.min()), float(part.max())
        nearest = min(abs(low), abs(high))
        # The variance is at most a quarter of the square of the range.
        if not (low * high > 0 and (high - low) ** 2 < 3.9 * LEAST * nearest**2):
            return False
    return True


def _complete(job: npt.NDArray, unsure: npt.NDArray[np.int64] | None, size: int) -> None:
    """Run the kernel of a job where results are to be completed, or everywhere. size: of a sample."""
    found = None if unsure is None else np.argwhere(unsure[..., 1] > 0)
    if found is None or unsure is None or len(found) > _MANY:
        kernels.sum_piece.entry()(address(job))
        return
    for plane, tile in found.tolist():
        part, (top, bottom, left, right) = job.copy(), unsure[plane, tile].tolist()
        batch, z = divmod(plane, int(job["planes"]))
        part["piece"] += size * (batch * job["step_b"] + z * job["step_z"] + top * job["step_y"])
        part["places"] += 8 * (plane * job["rows"] + top)
        part["batch"], part["planes"], part["rows"] = 1, 1, bottom - top
        columns = np.array([left, right])
        part["tiles"], part["n_tiles"] = address(columns), 1
        kernels.sum_piece.entry()(address(part))


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


@functools.lru_cache(maxsize=64)
def _eights(size: int, step: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the tables of the levels above eights, in windows of `size` columns, and of their parts.

    step: bytes of a column.
    """
    levels: list[tuple[int, ...]] = []
    parts: list[tuple[int, int, int, int]] = []
    for width, members in levels_of(size // 8) if size >= 8 else []:
        levels.append((8 * width, 8 * width, len(members), len(parts), 0, 0))
        parts += [(level + 2 if level else 1, 8 * step * column, 0, 0) for level, column in members]
    if levels and size % 8:
        *_, n_parts, first, _, _ = levels[-1]
        levels[-1] = size, size, n_parts + 1, first, 0, 0
        parts.append((2, size // 8 * 8 * step, 0, 0))
    return np.array(levels, np.int64).reshape(-1, kernels.LEVEL), np.array(parts, np.int64)


@functools.lru_cache(maxsize=64)
def _tables(size: int, planes: int, step: int, samples: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the tables of the levels of windows of `size` rows and `planes`, and of their parts.

    step: of a row or column in the table. samples: of each row or column.
    """
    levels: list[tuple[int, ...]] = []
    parts: list[tuple[int, int, int, int]] = []

    def add(width: int, members: list[tuple[int, int, int]], counts: list[int]) -> None:
        levels.append((sum(counts) * samples, width, len(members), len(parts), 0, 0))
        for (level, row, plane), count in zip(members, counts, strict=True):
            parts.append((level, row * step, plane, int(np.float64(count * samples).view(np.int64))))

    if planes > 1:
        add(1, [(0, 0, plane) for plane in range(planes)], [1] * planes)
        if size == 1:
            return np.array(levels, np.int64), np.array(parts, np.int64)
    above = planes > 1
    widths = [1]
    for width, members in levels_of(size):
        add(
            width,
            [(level + above, row, 0) for level, row in members],
            [widths[level] * planes for level, _ in members],
        )
        widths.append(width)
    found = np.array(levels, np.int64)
    # A group is kept until the last group that contains it is complete.
    for width, _, n_parts, first, _, _ in zip(*found[:, [1, 0, 2, 3, 4, 5]].T.tolist(), strict=True):
        for level, row, _, _ in parts[first : first + n_parts]:
            if level:
                delay = width - row // step - int(found[level - 1, 1])
                found[level - 1, 5] = max(found[level - 1, 5], delay + 1)
    return found, np.array(parts, np.int64)
