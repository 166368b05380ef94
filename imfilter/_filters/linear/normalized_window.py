"""Missing data under a small window: one kernel computes all sums of an output; see `normalized`."""

import itertools
import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import borders
from imfilter._base.missing import Presence, rows_of
from imfilter._base.program import Job, address, layout_workspace, pitch
from imfilter._filters.linear.kernels.normalized_window import (
    BORDER,
    STATE,
    TAP,
    TERM,
    WINDOW_JOB,
    merge,
    slide_normalized,
    sum_up,
)
from imfilter._filters.linear.normalized import ROUNDED, Kernel, Layout
from imfilter._simd import lines
from imfilter._simd.vector import BYTES

#: Number of taps, of all terms, up to which one pass over all taps is faster than a sum for each part.
MOST_TAPS = 64
#: A last axis that is not filtered is the line if it is at least as long. Otherwise its samples are channels.
_LINE_LENGTH = 32
_UINT8 = np.dtype(np.uint8)


def applies(kernels: tuple[Kernel, ...], layout: Layout, image: npt.NDArray) -> bool:
    """Tell whether the window is small, and outputs are neighbours along the line."""
    line = _Line.of(layout, image)
    if line.filtered is not None and layout.stride[line.filtered] > 1:
        return False
    if any(kernel.weights is None or not kernel.parts for kernel in kernels):
        return False
    return sum(int(np.count_nonzero(kernel.weights)) for kernel in kernels) <= MOST_TAPS


class _Line(NamedTuple):
    """The axis along a line with its place among the filtered axes, and the axis of the channels or None."""

    along: int
    filtered: int | None
    channels: int | None

    @classmethod
    def of(cls, layout: Layout, image: npt.NDArray) -> "_Line":
        """Choose the axes of the line."""
        last, channels = image.ndim - 1, None
        if last not in layout.axes and last and image.shape[last] < _LINE_LENGTH:
            last, channels = last - 1, last
        return cls(last, layout.axes.index(last) if last in layout.axes else None, channels)

    def steps(self, array: npt.NDArray) -> tuple[int, int, int]:
        """Return the steps along a line and from channel to channel, and whether a line is contiguous."""
        size = array.itemsize
        step, between = array.strides[self.along], size
        count = 1
        if self.channels is not None:
            between, count = array.strides[self.channels], array.shape[self.channels]
        return step, between, int(step == count * size and (count == 1 or between == size))


def run(
    kernels: tuple[Kernel, ...],
    norm: bool,
    layout: Layout,
    image: npt.NDArray,
    presence: Presence,
    target: npt.NDArray,
    workers: int | None,
) -> None:
    """Filter an image that kernels can read into a target that kernels can write."""
    real, line = layout.real, _Line.of(layout, image)
    size, mask = real.itemsize, presence.mask
    samples, columns = image.shape[line.along], layout.shape[line.along]
    channels = 1 if line.channels is None else image.shape[line.channels]
    before, padded, dilation = 0, samples, 1
    if line.filtered is not None:
        before, dilation = layout.paddings[line.filtered].before, layout.dilation[line.filtered]
        padded = columns - 1 + layout.spans[line.filtered]
    if mask is None:  # one row of ones serves all rows
        ones = np.ones((1,) * line.along + image.shape[line.along :], bool)
        mask = np.broadcast_to(ones, image.shape)
    counted = mask.view(_UINT8) if mask.dtype.kind == "b" else mask
    others = [a for a in range(image.ndim) if a not in (line.along, line.channels)]

    job = Job(WINDOW_JOB)
    rows = _rows(layout, image.shape, (image.strides, counted.strides), others)
    steps = dilation * channels * size
    job["taps"], job["terms"] = _taps(kernels, layout, presence.min_coverage, others, line.filtered, steps)
    job["n_terms"], job["norm"], job["ignore_nan"] = len(kernels), int(norm), int(presence.ignore_nan)
    job["rows"], job["masks"] = rows
    job["n_rows"] = rows[0].shape[1]
    job["targets"] = _starts(layout.shape, target.strides, others)
    job["mask"] = address(counted)
    mode = "zero" if layout.mode == "shrink" else layout.mode
    job["border_x"] = borders.outside(samples, before, max(padded - before - samples, 0), mode)
    job["before_x"], job["samples_x"], job["padded_x"] = before, samples, padded
    job["columns"], job["channels"] = columns, channels
    for name, array in (("source", image), ("mask", counted), ("target", target)):
        job[f"{name}_x"], job[f"{name}_c"], job[f"{name}_packed"] = line.steps(array)
    job["cval"], job["bias"] = layout.cval, layout.bias
    job["beyond"] = 0.0 if layout.mode == "shrink" else 1.0
    job["fetch"] = lines.fetch.address(real, image.dtype)
    job["fetch_mask"] = lines.fetch.address(real, counted.dtype)
    job["place"] = lines.place.address(real, target.dtype)
    job["merge"], job["sum_up"] = merge.address(real), sum_up.address(real)
    job["pitch"] = pitch(padded * channels * size + 2 * BYTES)
    workspace = layout_workspace(
        job,
        {
            "copied": 2 * job["n_rows"] * job["pitch"],
            "state": (STATE + 8) * job["n_rows"],
            "line": job["pitch"],
            "spare": columns * channels * 8 + BYTES,
        },
    )
    work = math.prod(layout.shape) * 2 * len(job["taps"])
    count = len(job["targets"])
    program = job.program(slide_normalized, counted, lines=count, work=work, rows=1, workspace=workspace)
    program.run(image, target, workers)


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


def _starts(
    shape: tuple[int, ...], strides: tuple[int, ...], others: list[int]
) -> npt.NDArray[np.int64]:
    """Return the offset of each row of outputs."""
    found = np.zeros(1, np.int64)
    for axis in others:
        found = (found[:, None] + np.arange(shape[axis]) * strides[axis]).reshape(-1)
    return found


def _taps(
    kernels: tuple[Kernel, ...],
    layout: Layout,
    least: float,
    others: list[int],
    filtered: int | None,
    step: int,
) -> tuple[npt.NDArray, npt.NDArray]:
    """Return the tables of taps and terms. `step`: bytes from tap to tap along the line."""
    taps: list[tuple[int, int, float]] = []
    terms = []
    order = [layout.axes.index(axis) for axis in others if axis in layout.axes]
    for kernel in kernels:
        assert kernel.weights is not None
        shape = kernel.weights.shape
        bounds = [len(taps)]
        for sign in (1, -1):
            for at in itertools.product(*map(range, shape)):
                weight = sign * float(kernel.weights[at])
                if weight > 0:
                    row = 0
                    for k in order:
                        row = row * shape[k] + at[k]
                    taps.append((row, 0 if filtered is None else at[filtered] * step, weight))
            bounds.append(len(taps))
        if bounds[0] == bounds[1]:  # only negative weights: their magnitudes are the first part
            bounds[1] = bounds[2]
        terms.append((*bounds, kernel.total, least * kernel.size * (1 - ROUNDED)))
    return np.array(taps, TAP), np.array(terms, TERM)
