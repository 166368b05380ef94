"""Missing data under a small window: one kernel computes all sums of an output; see `normalized`."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import borders
from imfilter._base.loops import ArrayLayout
from imfilter._base.missing import ROUNDED, rows_of
from imfilter._base.program import Job, Prepared, layout_workspace, pitch
from imfilter._filters.linear.kernels.normalized_window import (
    BORDER,
    STATE,
    SUMMED,
    TAP,
    TERM,
    WINDOW_JOB,
    merge,
    slide_normalized,
    sum_rows,
    sum_up,
)
from imfilter._filters.linear.normalized import Kernel, Layout
from imfilter._filters.linear.operators import Taps, Term
from imfilter._simd import lines
from imfilter._simd.registers import BYTES

#: Number of taps, of all terms, up to which one pass over all taps is faster than a sum for each part.
MOST_TAPS = 80
#: A last axis after one filtered axis is the line if it is at least as long. Otherwise its samples are
#: channels. After several filtered axes they always are, so that the order of sums does not depend on their
#: number.
_LINE_LENGTH = 32
#: Samples of the longest range of columns. The rows of a window stay in the second-level cache.
_LONGEST = 1 << 14


class _Line(NamedTuple):
    """The axis along a line with its place among the filtered axes, and the axis of the channels or None."""

    along: int
    filtered: int | None
    channels: int | None

    @classmethod
    def of(cls, layout: Layout, shape: tuple[int, ...]) -> "_Line":
        """Choose the axes of the line."""
        last, channels = len(shape) - 1, None
        if last not in layout.axes and last and (shape[last] < _LINE_LENGTH or len(layout.axes) > 1):
            last, channels = last - 1, last
        return cls(last, layout.axes.index(last) if last in layout.axes else None, channels)

    def steps(self, array: ArrayLayout) -> tuple[int, int, int]:
        """Return the steps along a line and from channel to channel, and whether a line is contiguous."""
        size = array.dtype.itemsize
        step, between = array.strides[self.along], size
        count = 1
        if self.channels is not None:
            between, count = array.strides[self.channels], array.shape[self.channels]
        return step, between, int(step == count * size and (count == 1 or between == size))


def prepared(
    kernels: tuple[Kernel, ...],
    norm: bool,
    layout: Layout,
    image: ArrayLayout,
    mask: ArrayLayout | None,
    target: ArrayLayout,
    ignore_nan: bool,
    least: float,
) -> Prepared | None:
    """Return the job for arrays of these layouts. It lacks the mask, if there is one.

    Return None if the window is large, if outputs are not neighbours along the line, or if the kernel is 0.
    """
    real, line = layout.real, _Line.of(layout, image.shape)
    if line.filtered is not None and layout.stride[line.filtered] > 1:
        return None
    for kernel in kernels:
        if not kernel.parts or (kernel.weights is None and any(part.centre for part in kernel.parts)):
            return None
    size = real.itemsize
    samples, columns = image.shape[line.along], layout.shape[line.along]
    channels = 1 if line.channels is None else image.shape[line.channels]
    before, padded, dilation = 0, samples, 1
    if line.filtered is not None:
        before, dilation = layout.paddings[line.filtered].before, layout.dilation[line.filtered]
        padded = columns - 1 + layout.spans[line.filtered]
    others = [a for a in range(len(image.shape)) if a not in (line.along, line.channels)]
    tables = _tables(kernels, layout, least, line.filtered, others, dilation * channels * size)
    if tables is None:
        return None
    ones = None
    if mask is None:  # one row of ones serves all rows
        ones = np.ones((1,) * line.along + image.shape[line.along :], np.uint8)
        mask = ArrayLayout.of(np.broadcast_to(ones, image.shape))

    job = Job(WINDOW_JOB)
    rows = _rows(layout, image.shape, (image.strides, mask.strides), others)
    job["taps"], job["terms"], job["row_taps"], job["summed"] = tables
    job["n_summed"] = len(tables.summed)
    job["n_terms"], job["norm"], job["ignore_nan"] = len(kernels), int(norm), int(ignore_nan)
    job["rows"], job["masks"] = rows
    job["n_rows"] = rows[0].shape[1]
    job["targets"] = _starts(layout.shape, target.strides, others)
    job["mask"] = 0 if ones is None else ones
    mode = "zero" if layout.mode == "shrink" else layout.mode
    job["border_x"] = borders.outside(samples, before, max(padded - before - samples, 0), mode)
    ranges = -(-columns * channels // _LONGEST)
    wide = -(-columns // ranges)
    job["before_x"], job["samples_x"], job["channels"] = before, samples, channels
    job["width"], job["columns"], job["padded_x"] = columns, wide, padded - columns + wide
    job["lines"] = len(job["targets"])
    for name, array in (("source", image), ("mask", mask), ("target", target)):
        job[f"{name}_x"], job[f"{name}_c"], job[f"{name}_packed"] = line.steps(array)
    job["cval"], job["bias"] = layout.cval, layout.bias
    job["beyond"] = 0.0 if layout.mode == "shrink" else 1.0
    job["fetch"] = lines.fetch.address(real, image.dtype)
    job["fetch_mask"] = lines.fetch.address(real, mask.dtype)
    job["place"] = lines.place.address(real, target.dtype)
    job["merge"], job["sum_up"] = merge.address(real), sum_up.address(real)
    job["sum_rows"] = sum_rows.address(real)
    straight = target.dtype == real and wide * channels >= BYTES // size
    job["direct"] = int(straight and job["target_packed"])
    job["pitch"] = pitch((padded - columns + wide) * channels * size + 2 * BYTES)
    workspace = layout_workspace(
        job,
        {
            "copied": 2 * (job["n_rows"] + job["n_summed"]) * job["pitch"],
            "state": (STATE + 8) * (job["n_rows"] + job["n_summed"]),
            "line": job["pitch"],
            "spare": wide * channels * 8 + BYTES,
            "flag": 8,
        },
    )
    work = math.prod(layout.shape) * 2 * len(job["taps"])
    count = job["lines"] * ranges
    return job.prepared(
        slide_normalized, lines=count, work=work, rows=1, workspace=workspace, check_finite=True, refused=0,
        large=lines.UNUSUAL,
    )  # fmt: skip


def _rows(
    layout: Layout, shape: tuple[int, ...], sides: tuple[tuple[int, ...], ...], others: list[int]
) -> list[npt.NDArray[np.int64]]:
    """Return the offsets of the rows that each row of outputs needs, for arrays of different strides."""
    found, beyond = [np.zeros((1, 1), np.int64) for _ in sides], np.zeros((1, 1), bool)
    for axis in others:
        index = np.arange(shape[axis])[:, None]
        if axis in layout.axes:
            k = layout.axes.index(axis)
            pad, span, dilation = layout.paddings[k], layout.spans[k], layout.dilation[k]
            padded = rows_of(shape[axis], pad.before, pad.after, layout.mode)
            first = np.arange(pad.length)[:, None] * layout.stride[k]
            index = padded[first + np.arange(0, span, dilation)]
        outside = (beyond[:, None, :, None] | (index < 0)[None, :, None, :]).reshape(
            len(beyond) * len(index), -1
        )
        found = [
            (offsets[:, None, :, None] + index[None, :, None, :] * strides[axis]).reshape(outside.shape)
            for offsets, strides in zip(found, sides, strict=True)
        ]
        beyond = outside
    return [np.ascontiguousarray(np.where(beyond, BORDER, offsets)) for offsets in found]


def _starts(shape: tuple[int, ...], strides: tuple[int, ...], others: list[int]) -> npt.NDArray[np.int64]:
    """Return the offset of each row of outputs."""
    found = np.zeros(1, np.int64)
    for axis in others:
        found = (found[:, None] + np.arange(shape[axis]) * strides[axis]).reshape(-1)
    return found


class _Tables(NamedTuple):
    """Tables of a job: taps, terms, the taps of sums of rows, and these sums."""

    taps: npt.NDArray
    terms: npt.NDArray
    row_taps: npt.NDArray
    summed: npt.NDArray


def _tables(
    kernels: tuple[Kernel, ...],
    layout: Layout,
    least: float,
    filtered: int | None,
    others: list[int],
    step: int,
) -> _Tables | None:
    """Return the tables; None if there are too many taps. `step`: bytes from tap to tap along the line."""
    order = [layout.axes.index(axis) for axis in others if axis in layout.axes]
    n_rows = math.prod(len(range(0, layout.spans[k], layout.dilation[k])) for k in order)
    taps: list[tuple[int, int, float]] = []
    row_taps: list[tuple[int, int, float]] = []
    terms, summed, known = [], list[tuple[int, int]](), dict[bytes, int]()
    for kernel in kernels:
        bounds = [len(taps)]
        for positive in (True, False):
            for part in _parts(kernel, positive=positive):
                for rows, along in _factors(part, order, filtered):
                    if np.count_nonzero(rows) == 1:
                        number = int(np.flatnonzero(rows)[0])
                        along = along * rows[number]
                    else:
                        key = rows.tobytes()
                        if key not in known:
                            known[key] = n_rows + len(summed)
                            begin = len(row_taps)
                            row_taps += [(int(r), 0, float(rows[r])) for r in np.flatnonzero(rows)]
                            summed.append((begin, len(row_taps)))
                        number = known[key]
                    taps += [(number, int(x) * step, float(along[x])) for x in np.flatnonzero(along)]
            bounds.append(len(taps))
        if bounds[0] == bounds[1]:  # only negative weights: their magnitudes are the first part
            bounds[1] = bounds[2]
        terms.append((*bounds, kernel.total, least * kernel.size * (1 - ROUNDED)))
    # With one filtered axis, the choice is the same whether rows or samples of a line are summed.
    count = len(row_taps) if len(layout.axes) == 1 else len(row_taps) // 2
    if max(len(taps), count) > MOST_TAPS or len(taps) + len(row_taps) // 2 > MOST_TAPS:
        return None
    return _Tables(
        np.array(taps, TAP), np.array(terms, TERM), np.array(row_taps, TAP), np.array(summed, SUMMED)
    )


def _parts(kernel: Kernel, *, positive: bool) -> Iterator[Taps | Term]:
    """Yield the parts of one sign."""
    if any(part.centre for part in kernel.parts):
        assert kernel.weights is not None
        yield np.maximum(kernel.weights if positive else -kernel.weights, 0.0)
        return
    for part in kernel.parts:
        if part.positive == positive and part.kernel is not None:
            yield part.kernel


def _factors(part: Taps | Term, order: list[int], filtered: int | None) -> Iterator[tuple[Taps, Taps]]:
    """Yield the weights of rows and along the line whose products, added, are a part of a kernel."""
    if isinstance(part, tuple):
        rows = np.ones(1)
        for k in order:
            rows = np.multiply.outer(rows, part[k]).reshape(-1)
        yield rows, np.ones(1) if filtered is None else part[filtered]
        return
    axes = (*order, *(() if filtered is None else (filtered,)))
    table = part.transpose(axes).reshape(-1, 1 if filtered is None else part.shape[filtered])
    for number in np.flatnonzero(table.any(axis=1)):
        yield np.eye(len(table))[number], table[number]
