"""Images that are iterated as a whole: their place in memory, and the way of a call.

A block is what is filtered together: the filtered axes of an image, for one channel or for all, at one
position along the other axes.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, denormals, dtypes, engine, threads
from imfilter._base.keywords import Common
from imfilter._base.missing import Presence
from imfilter._base.plan import Plan
from imfilter._base.program import pitch
from imfilter._base.reach import Reach, of_radii
from imfilter._filters.denoise.tiles import Frame
from imfilter._simd.registers import BYTES, LINE

#: Samples that a thread computes at least: the start of a step takes as long as some thousand samples.
_LEAST = 1 << 15


class Grid:
    """The layout of rows: channels, planes, rows and columns. See `kernels.planes`."""

    def __init__(self, shape: tuple[int, int, int, int], axes: int, real: np.dtype) -> None:
        channels, z, y, x = shape
        # The first axis is that of the planes, so an image of two axes has planes of one row.
        self.planes, self.rows, self.columns = (y, 1, x) if axes == 2 else (z, y, x)
        self.channels, self.axes, self.real = channels, axes, real
        self.margin = LINE // real.itemsize
        # A vector may be written beyond the end, and one sample is read behind it.
        self.step_y = pitch(LINE + self.columns * real.itemsize + BYTES + LINE) // real.itemsize
        self.step_z = self.rows * self.step_y
        self.step_c = self.planes * self.step_z

    @property
    def layout(self) -> dict[str, int]:
        """The fields `planes.LAYOUT` of a job."""
        names = ("channels", "planes", "rows", "columns", "margin", "step_y", "step_z", "step_c")
        return {name: getattr(self, name) for name in names}

    def zeros(self, *more: int) -> npt.NDArray:
        """Return an array of all rows, or several of them."""
        try:
            return np.zeros((*more, self.channels, self.planes, self.rows, self.step_y), self.real)
        except (MemoryError, ValueError):
            raise MemoryError(
                f"{self.planes * self.rows} rows of {self.columns} samples do not fit into memory"
            ) from None

    def inner(self, array: npt.NDArray) -> npt.NDArray:
        """Return the samples of an array, without margins: channels, planes, rows and columns."""
        return array[..., self.margin : self.margin + self.columns]

    def band(self) -> int:
        """Return the number of planes that a thread computes together."""
        plane = self.channels * self.rows * self.columns
        return max(1, min(self.planes, -(-_LEAST // plane)))


class Filter(Protocol):
    """A filter of blocks."""

    @property
    def plan(self) -> Plan:
        """The algorithm."""

    def checked(self, lengths: tuple[int, ...], *own: Any) -> Any:
        """Check the arguments of a filter of axes of these lengths, in the order of the caller."""

    def distance(self, settings: Any) -> int | None:
        """Return how far the samples are that a result depends on. None: all of them."""

    def together(self, settings: Any) -> bool:
        """Tell whether the channels are filtered together."""

    def real(self, settings: Any, block: npt.NDArray, real: np.dtype) -> np.dtype:
        """Return the type of the arithmetic, if `real` is the usual one."""

    def filtered(
        self, settings: Any, values: npt.NDArray, grid: Grid, marks: npt.NDArray | None, workers: int | None
    ) -> npt.NDArray:
        """Return the results in the layout of a grid. `values` may be overwritten. Absent samples are 0."""


@dataclass(frozen=True, eq=False)
class Call:
    """The part of a call that is known before the samples are read."""

    filter: Filter
    settings: Any
    frame: Frame
    dtype: np.dtype
    result_shape: tuple[int, ...]

    @property
    def reach(self) -> Reach | None:
        """The samples that a result depends on. None: all of them."""
        distance, axes = self.filter.distance(self.settings), self.frame.spatial
        return None if distance is None else of_radii(axes, [distance] * len(axes))


def apply(image: npt.ArrayLike, which: Filter, own: tuple[Any, ...], common: Common) -> npt.NDArray:
    """Return the result of a filter."""
    return engine.apply(FAMILY, image, common, which, own)


def _checked(array: npt.NDArray, given: Common, which: Filter, own: tuple[Any, ...]) -> Call:
    axes = arguments.axes(array, given.axes, given.channel_axis)
    channel = None
    if given.channel_axis is not None:
        channel = arguments.axis_index(given.channel_axis, array.ndim, "channel_axis")
    frame = Frame.of(array.shape, axes, channel)
    settings = which.checked(axes, *own)
    dtype = arguments.dtype(given.dtype, given.out, array.dtype.newbyteorder("="))
    return Call(which, settings, frame, dtype, array.shape)


def _plan(call: Call, array: npt.NDArray) -> Plan:
    return call.filter.plan


def _filled(
    call: Call,
    array: npt.NDArray,
    out: npt.NDArray | None,
    workers: int | None,
    presence: Presence | None,
    few: npt.NDArray[np.bool_] | None,
) -> npt.NDArray:
    present = None
    if presence is not None:
        present = np.broadcast_to(presence.present(array), array.shape)
        if few is not None:
            np.logical_not(present, out=few)
    target = dtypes.target(out, array, array.shape, call.dtype)
    frame = call.frame
    source, result = frame.ordered(array), frame.ordered(target)
    there = None if present is None else frame.ordered(present)
    for place in np.ndindex(*source.shape[:-4]):
        channels = source.shape[-4]
        groups = (
            [slice(None)]
            if call.filter.together(call.settings)
            else [slice(i, i + 1) for i in range(channels)]
        )
        for group in groups:
            where = (*place, group)
            _block(call, source[where], result[where], None if there is None else there[where], workers)
    return engine.delivered(target, out, call.dtype)


def _block(
    call: Call,
    block: npt.NDArray,
    to: npt.NDArray,
    present: npt.NDArray[np.bool_] | None,
    workers: int | None,
) -> None:
    """Write the result of a block of channels, z, y and x."""
    real = call.filter.real(call.settings, block, dtypes.working(block.dtype, call.dtype))
    shape: tuple[int, int, int, int] = block.shape
    grid = Grid(shape, len(call.frame.spatial), real)
    values, marks = grid.zeros(), None
    inner, flat = grid.inner(values), (grid.channels, grid.planes, grid.rows, grid.columns)
    # A denormal of float32 is a number in float64, but 0 for a filter.
    denormals.place(block.reshape(flat), inner, exact=False)
    if present is not None:
        marks = grid.zeros()
        grid.inner(marks)[...] = present.reshape(flat)
        inner[~present.reshape(flat)] = 0
    found = grid.inner(call.filter.filtered(call.settings, values, grid, marks, workers)).reshape(shape)
    if present is not None:
        found[~present] = np.nan
    with np.errstate(invalid="ignore", over="ignore"):
        denormals.place(found, to, exact=False)


def over_bands(task: Callable[[int, int], None], grid: Grid, workers: int | None) -> None:
    """Call ``task(first, stop)`` for the bands of a grid."""
    threads.run(task, math.ceil(grid.planes / grid.band()), workers)


FAMILY: engine.Family[Call] = engine.family_of(_checked, _plan, _filled)
