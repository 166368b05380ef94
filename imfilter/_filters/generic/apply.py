"""Calls of a function for every window of an image."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, borders, dtypes, missing, padding, threads
from imfilter._base.keywords import Common
from imfilter._base.missing import Presence
from imfilter._base.plan import Plan, Planned, planning
from imfilter._base.program import address
from imfilter._filters.generic import functions
from imfilter._filters.generic.pieces import Memory, Piece, Windows, bands, piece

#: Writes the results of a piece: ``evaluate(piece, results, fewest)``.
_Evaluate = Callable[[Piece, npt.NDArray[np.float64], int], None]


def apply(
    image: npt.ArrayLike,
    function: Any,
    window: tuple[Any, Any],
    args: Any,
    outputs: Any,
    compile: Any,  # noqa: A002  (the name of the argument)
    common: Common,
    stride: Any,
    pad: Any,
) -> npt.NDArray:
    """Return the results of a function for every window. A masked array gives a masked array."""
    bare, own = missing.split(image)
    array = arguments.image(bare)
    if not callable(function):
        raise TypeError(f"function must be a function of a window, got {arguments.brief(function)}")
    if not isinstance(args, tuple):
        raise TypeError(f"args must be a tuple, got {arguments.brief(args)}")
    count = arguments.integer(outputs, "outputs", least=1)
    native = arguments.flag(compile, "compile")
    axes = arguments.axes(array, common.axes, common.channel_axis)
    windows = _windows(array, axes, window, common, stride, pad)
    place = arguments.out(common.out)
    dtype = arguments.dtype(common.dtype, place, dtypes.derived(array.dtype))
    shape = list(array.shape)
    for axis, length in zip(axes, windows.shape, strict=True):
        shape[axis] = length
    full = (count, *shape) if count > 1 else tuple(shape)
    arguments.fitting(place, full)
    asked = planning.get()
    if asked is not None:
        asked.append(Plan("function", "a function of the user is called for each window", math.nan))
        raise Planned
    presence = missing.presence(array, common, own)
    evaluate = _evaluation(function, windows, args, count, compile=native)
    target = place
    if place is None or np.may_share_memory(place, array) or _shares(place, presence):
        target = dtypes.empty(full, dtype)
    assert target is not None
    few = np.zeros(tuple(shape), bool) if own is not None and presence is not None else None
    each = target if count > 1 else target[None]
    _over_pieces(array, axes, windows, presence, evaluate, each, few, threads.requested(common.workers))
    if place is not None and target is not place:
        place[...] = target
        target = place
    if own is None:
        return target
    undefined = np.ma.nomask if few is None else np.broadcast_to(few, full).copy()
    return np.ma.MaskedArray(target, mask=undefined)


def _shares(place: npt.NDArray, presence: Presence | None) -> bool:
    mask = None if presence is None else presence.mask
    return mask is not None and np.may_share_memory(place, mask)


def _windows(
    array: npt.NDArray, axes: tuple[int, ...], window: tuple[Any, Any], common: Common, stride: Any, pad: Any
) -> Windows:
    """Check the arguments that determine the windows."""
    n, (size, footprint) = len(axes), window
    if size is None and footprint is None:
        raise ValueError("size or footprint must be given, got neither")
    around = arguments.window(3 if size is None else size, footprint, n)
    inside = around if isinstance(around, np.ndarray) else np.ones(around, bool)
    steps = arguments.integers(stride, n, "stride", least=1)
    lengths = [array.shape[axis] for axis in axes]
    paddings = padding.resolve(pad, lengths, inside.shape, steps, (1,) * n, flipped=False)
    mode = borders.check_mode(common.mode, more=("shrink",))
    cval = arguments.number(common.cval, "cval", finite=False)
    beyond = cval if mode == "constant" else 0.0
    return Windows(inside, paddings, steps, mode, beyond, tuple(lengths))


def _over_pieces(
    array: npt.NDArray,
    axes: tuple[int, ...],
    windows: Windows,
    presence: Presence | None,
    evaluate: _Evaluate,
    target: npt.NDArray,
    few: npt.NDArray[np.bool_] | None,
    workers: int | None,
) -> None:
    """Write the results, and in `few` where too few samples are present, piece by piece."""
    last = range(-len(axes), 0)
    image = np.moveaxis(array, axes, last)
    mask = presence.mask if presence is not None else None
    if mask is not None:
        mask = np.moveaxis(mask, axes, last)
    result = np.moveaxis(target, [a + 1 for a in axes], last)
    hollow = None if few is None else np.moveaxis(few, axes, last)
    parts = bands(windows, image.shape[: -len(axes)])
    fewest = 1 if presence is None else max(1, math.ceil(presence.least(windows.size)))

    def task(start: int, stop: int) -> None:
        memory = Memory()
        for part in parts[start:stop]:
            samples = piece(image, mask, presence, windows, memory, *part)
            to = result[(slice(None), *samples.where)]
            lines = len(to), len(samples.starts), samples.pitch
            if _holds(to, samples):
                evaluate(samples, to.reshape(lines), fewest)
            else:
                found = memory.array("results", lines, np.float64)
                evaluate(samples, found, fewest)
                with np.errstate(invalid="ignore", over="ignore"):  # NaN in integers, and what is too large
                    dtypes.place(found[..., : samples.count].reshape(to.shape), to)
            if hollow is not None and samples.present is not None:
                hollow[samples.where] = _counts(samples) < fewest

    threads.run(task, len(parts), workers)


def _holds(to: npt.NDArray, samples: Piece) -> bool:
    """Tell whether the loops can write the results of a piece to their place."""
    native = to.dtype == dtypes.FLOAT64 and to.dtype.isnative and to.flags.aligned
    return native and samples.pitch == samples.count and all(part.flags.c_contiguous for part in to)


def _counts(samples: Piece) -> npt.NDArray[np.int64]:
    """Return the number of present samples of each window."""
    assert samples.present is not None
    starts = samples.starts[:, None] // 8 + np.arange(samples.count)
    found = np.zeros(starts.shape, np.int64)
    for offset in samples.offsets // 8:
        found += samples.present[starts + offset]
    return found.reshape(samples.shape)


def _evaluation(
    function: Any,
    windows: Windows,
    args: tuple[Any, ...],
    outputs: int,
    *,
    compile: bool,  # noqa: A002
) -> _Evaluate:
    """Return what computes the results of a piece."""
    if not compile:
        return lambda samples, found, fewest: _in_python(function, samples, found, fewest, args, outputs)
    args = functions.with_defaults(function, args)
    ready = functions.compiled(function, windows.size, args, outputs)

    def evaluate(samples: Piece, found: npt.NDArray[np.float64], fewest: int) -> None:
        at = np.zeros(2, np.int64)
        present = samples.present
        shared = (
            address(samples.offsets), address(samples.starts), len(samples.starts), samples.count,
            address(found), found.strides[1], found.strides[0],
        )  # fmt: skip
        try:
            if present is None and ready.in_lanes is not None:
                ready.in_lanes(address(samples.samples), *shared, args)
            else:
                there = 0 if present is None else address(present)
                ready.one_by_one(address(samples.samples), there, *shared, fewest, address(at), args)
        except Exception as error:
            _locate(error, function, samples, int(at[0]), int(at[1]))
            raise

    return evaluate


def _in_python(
    function: Any,
    samples: Piece,
    found: npt.NDArray[np.float64],
    fewest: int,
    args: tuple[Any, ...],
    outputs: int,
) -> None:
    """Call the function as Python for every window of a piece."""
    offsets = samples.offsets // 8
    for row, start in enumerate(samples.starts // 8):
        for x in range(samples.count):
            places = start + x + offsets
            if samples.present is not None:
                places = places[samples.present[places] != 0]
            if len(places) < fewest:
                found[:, row, x] = math.nan
                continue
            try:
                value = function(samples.samples[places], *args)
                found[:, row, x] = functions.results_of(function, value, outputs)
            except Exception as error:
                _locate(error, function, samples, row, x)
                raise


def _locate(error: Exception, function: Any, samples: Piece, row: int, x: int) -> None:
    """Add to an exception which result was computed."""
    *index, band = samples.where
    inner = list(np.unravel_index(row, samples.shape[:-1])) if samples.shape[:-1] else []
    position = [*map(int, inner), x]
    position[0] += band.start
    where = ", ".join(map(str, (*index, *position)))
    error.add_note(
        f"imfilter.generic: {functions.name_of(function)}() was called for the result at ({where})"
    )
