"""Calls of a function for every window of an image."""

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, borders, dtypes, engine, padding, threads
from imfilter._base.keywords import Common
from imfilter._base.memo import once
from imfilter._base.missing import Presence
from imfilter._base.plan import Plan
from imfilter._base.reach import Reach, of_paddings
from imfilter._base.store import Store
from imfilter._filters.generic.functions import Compiled
from imfilter._filters.generic.pieces import Piece, Windows, bands, piece
from imfilter._filters.generic.user_function import UserFunction


@dataclass(frozen=True, eq=False)
class Call:
    """The part of a call that is known before the samples are read."""

    function: UserFunction
    outputs: int
    axes: tuple[int, ...]
    windows: Windows
    shape: tuple[int, ...]  # of one output
    dtype: np.dtype

    @property
    def result_shape(self) -> tuple[int, ...]:
        """The shape of the result: several outputs are its first axis."""
        return (self.outputs, *self.shape) if self.outputs > 1 else self.shape

    @property
    def reach(self) -> Reach:
        """The samples that a result depends on."""
        windows = self.windows
        sizes = windows.inside.shape
        return of_paddings(self.axes, windows.paddings, sizes, windows.stride, (1,) * len(sizes))

    @once
    def loops(self) -> Compiled | None:
        """The compiled loops, or None."""
        return self.function.loops(self.windows.size, self.outputs)


def apply(
    image: npt.ArrayLike,
    user: UserFunction,
    outputs: Any,
    window: tuple[Any, Any],
    places: tuple[Any, Any],
    common: Common,
) -> npt.NDArray:
    """Return the results of a function for every window, `outputs` numbers for each.

    window: size and footprint. places: stride and padding.
    """
    # A function has no key, so a call is checked each time: what the function reads may change.
    return engine.apply(FAMILY, image, common, "generic", (user, outputs), window, places)


def _checked(
    array: npt.NDArray,
    given: Common,
    fixed: str,
    call: tuple[UserFunction, Any],
    window: tuple[Any, Any],
    places: tuple[Any, Any],
) -> Call:
    """Check the arguments."""
    user, outputs = call
    count = arguments.integer(outputs, "outputs", least=1)
    axes = arguments.axes(array, given.axes, given.channel_axis)
    windows = _windows(array, axes, window, places, given)
    shape = list(array.shape)
    for axis, length in zip(axes, windows.shape, strict=True):
        shape[axis] = length
    dtype = arguments.dtype(given.dtype, given.out, dtypes.derived(array.dtype))
    return Call(user, count, axes, windows, tuple(shape), dtype)


def _windows(
    array: npt.NDArray,
    axes: tuple[int, ...],
    window: tuple[Any, Any],
    places: tuple[Any, Any],
    given: Common,
) -> Windows:
    """Check the arguments that determine the windows."""
    n, (size, footprint), (stride, pad) = len(axes), window, places
    if size is None and footprint is None:
        raise ValueError("size or footprint must be given, got neither")
    around = arguments.window(3 if size is None else size, footprint, n)
    inside = around if isinstance(around, np.ndarray) else np.ones(around, bool)
    steps = arguments.integers(stride, n, "stride", least=1)
    lengths = tuple(array.shape[axis] for axis in axes)
    paddings = padding.resolve(pad, lengths, inside.shape, steps, (1,) * n, flipped=False)
    mode = borders.check_mode(given.mode, more=("shrink",))
    cval = arguments.beyond(given.cval, mode)
    return Windows(inside, paddings, steps, mode, cval, lengths)


def _compute(call: Call, array: npt.NDArray, out: npt.NDArray | None, workers: int | None) -> npt.NDArray:
    """Return the result, in `out` or a new array."""
    return _filled(call, array, out, workers, None, None)


def _with_missing(
    array: npt.NDArray,
    given: Common,
    fixed: str,
    presence: Presence,
    wanted: bool,
    *own: tuple[Any, ...],
) -> tuple[npt.NDArray, npt.NDArray[np.bool_] | None]:
    """Return the result for an image with missing data."""
    call = _checked(array, given, fixed, *own)
    arguments.fitting(given.out, call.result_shape)
    few = np.empty(call.shape, bool) if wanted else None
    result = _filled(call, array, given.out, threads.requested(given.workers), presence, few)
    return result, None if few is None else np.broadcast_to(few, call.result_shape).copy()


def _filled(
    call: Call,
    array: npt.NDArray,
    out: npt.NDArray | None,
    workers: int | None,
    presence: Presence | None,
    few: npt.NDArray[np.bool_] | None,
) -> npt.NDArray:
    """Return the result, and write where too few samples are present to `few`, piece by piece."""
    windows, loops, last = call.windows, call.loops, range(-len(call.axes), 0)
    if loops is not None and (presence is not None or not call.function.vectors):
        loops.prepare()
    target = dtypes.target(out, array, call.result_shape, call.dtype)
    results = target if call.outputs > 1 else target[None]
    image, result = (
        np.moveaxis(array, call.axes, last),
        np.moveaxis(results, [a + 1 for a in call.axes], last),
    )
    mask = None if presence is None or presence.mask is None else np.moveaxis(presence.mask, call.axes, last)
    hollow = None if few is None else np.moveaxis(few, call.axes, last)
    parts = bands(windows, image.shape[: -len(call.axes)])
    fewest = 1 if presence is None else max(1, math.ceil(presence.least(windows.size)))

    def task(start: int, stop: int) -> None:
        store = Store()
        for part in parts[start:stop]:
            this = piece(image, mask, presence, windows, store, *part)
            to = result[(slice(None), *this.where)]
            shape, direct = (len(to), len(this.rows.starts), this.rows.count), _holds(to)
            found = to.reshape(shape) if direct else store.array("results", shape, np.float64)
            call.function.run(loops, this.rows, found, fewest, functools.partial(_note, call, this))
            if not direct:
                with np.errstate(invalid="ignore", over="ignore"):  # NaN in integers, and what is too large
                    dtypes.place(found.reshape(to.shape), to)
            if hollow is not None:
                hollow[this.where] = _counts(this) < fewest

    threads.run(task, len(parts), workers)
    return engine.delivered(target, out, call.dtype)


def _holds(to: npt.NDArray) -> bool:
    """Tell whether the loops can write the results of a piece to their place."""
    native = to.dtype == dtypes.FLOAT64 and to.dtype.isnative and to.flags.aligned
    return native and all(part.flags.c_contiguous for part in to)


def _counts(this: Piece) -> npt.NDArray[np.int64]:
    """Return the number of present samples of each window."""
    rows = this.rows
    assert rows.present is not None  # only asked for images with missing data
    starts = rows.starts[:, None] // 8 + np.arange(rows.count)
    found = np.zeros(starts.shape, np.int64)
    for offset in rows.offsets // 8:
        found += rows.present[starts + offset]
    return found.reshape(this.shape)


def _note(call: Call, this: Piece, row: int, x: int) -> str:
    """Return the note for an exception: which result was computed."""
    *index, band = this.where
    position = [*map(int, np.unravel_index(row, this.shape[:-1])), x] if this.shape[:-1] else [x]
    position[0] += band.start
    where = ", ".join(map(str, (*index, *position)))
    return f"imfilter.generic: {call.function.name}() was called for the result at ({where})"


def _plan(call: Call, image: npt.NDArray) -> Plan:
    """Return the algorithm."""
    return Plan("function", "a function of the user is called for each window", math.nan)


FAMILY: engine.Family[Call] = engine.Family(_checked, _plan, _compute, _with_missing)
