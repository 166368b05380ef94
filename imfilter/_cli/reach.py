"""The samples of an image that a result of a command depends on, along its first axis or along all axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from imfilter._base import padding
from imfilter._base.reach import Along

from .command import PLACES, Command
from .strips import Rows
from .threshold_table import FOUND, is_whole

if TYPE_CHECKING:
    from .task import Filter

#: Kinds of commands whose result depends on the whole image, however far a pixel is.
WHOLE = ("objects", "regions", "enhancement", "finder", "edges")
#: Kinds of commands whose options are not those of a function.
OWN = ("threshold", "denoising", "objects", "regions", "enhancement")
#: Larger than the length of any image.
_FAR = 1 << 40


def rows_of(command: Command, options: Mapping[str, Any], length: int) -> Rows | None:
    """Return the rows of an image that the rows of a result depend on, by the options of the filter.

    They may be more than by the plan of the filter: see `of_plan`. No filter is imported.

    Return None if the image must be filtered whole, or if the options are invalid. Then the filter raises an
    error with a better message.

    Parameters
    ----------
    command : Command
        The filter.
    options : mapping
        The options of the function by name, with arrays for kernel and element.
    length : int
        Rows of the image.
    """
    if command.kind in (*WHOLE, "resampling"):
        return None
    try:
        return _rows_of(command, options, length)
    except (TypeError, ValueError, ArithmeticError, IndexError):
        return None


def _rows_of(command: Command, options: Mapping[str, Any], length: int) -> Rows | None:
    wraps = options.get("mode") == "wrap"
    if command.kind == "threshold" and FOUND in options:
        return Rows(length)
    if command.kind == "linear":
        return _of_kernel(command, options, length, wraps=wraps)
    if command.kind == "descriptor":
        # A cell depends on half a cell around it. Gradients need one more sample. A block must fit.
        cell = max(min(first(options["pixels_per_cell"]), _FAR), 1)
        around = max(first(options["cells_per_block"]), 2) * cell
        return Rows(length, around, around, cell=cell)
    distance = _distance(command, options)
    if distance is None:
        return None
    around = int(min(max(distance, 0.0) + 1, length)) if distance == distance else 1
    return Rows(length, around, around, wraps=wraps)


def _distance(command: Command, options: Mapping[str, Any]) -> float | None:
    """Return how many rows a filter reaches to both sides, or None if the whole image counts."""
    if command.kind == "threshold":
        return None if is_whole(options) else float(np.max(options["size"]))
    if command.kind == "denoising":
        if command.name == "anisotropic_diffusion":  # a step reaches one row
            return float(options["iterations"] or 0)
        if command.name == "non_local_means" and options["noise"] is not None:
            return float(first(options["patch"]) // 2 + first(options["search"]) // 2)
        return None
    if command.kind == "preserving":
        return _preserving(options)
    if command.name == "meijering" or (command.name == "frangi" and options["gamma"] is None):
        return None  # the whole image sets the scale
    return of(options, rows=True)


def _preserving(options: Mapping[str, Any]) -> float | None:
    if options["guide"] is not None or options.get("method") == "sampled":
        return None
    if "eps" in options:
        return 2.0 * first(options["radius"])
    if options["radius"] is not None:
        return float(first(options["radius"]))
    return float(options["truncate"] * first(options["sigma_space"])) + 1


def of_plan(run: Filter, rows: Rows | None, lengths: Sequence[int], dtype: Any) -> Rows | None:
    """Return the rows by the plan of a filter, which may be fewer than `rows`, those by its options."""
    return _narrowed(rows, _planned(run, lengths, dtype), 0)


def _narrowed(rows: Rows | None, planned: Mapping[int, Along] | None, axis: int) -> Rows | None:
    if rows is None or planned is None:
        return rows
    along = planned.get(axis, Along(0, 0))
    if (along.step, along.cell) != (rows.step, rows.cell):
        return rows
    return rows._replace(above=along.before, below=along.after)


def _planned(run: Filter, lengths: Sequence[int], dtype: Any) -> Mapping[int, Along] | None:
    """Return the samples along each axis by the plan of a filter. None: it is not known."""
    from imfilter._arrays import halo  # imports the filters

    try:
        return halo.of(run.function, tuple(lengths), dtype, **{**run.options, "workers": None})
    except (ValueError, TypeError, OverflowError, MemoryError):  # the filter says what is wrong
        return None


def both(first: Rows | None, second: Rows | None) -> Rows | None:
    """Return the samples for two steps, one after the other, or None if that is not known."""
    if first is None or second is None or (first.step, first.cell, first.length) != (1, 1, second.length):
        return None
    wraps = {rows.wraps for rows in (first, second) if rows.above or rows.below}  # else no border matters
    if len(wraps) > 1:
        return None
    above, below = first.above + second.above, first.below + second.below
    return second._replace(above=above, below=below, wraps=True in wraps)


def along_axes(
    command: Command, options: Mapping[str, Any], lengths: Sequence[int], dtype: Any
) -> list[Rows | None]:
    """Return the samples along each axis that a result of a filter depends on. None: all of the axis."""
    if command.kind in PLACES or any(options.get(name) is not None for name in ("guide", "seed")):
        return [None] * len(lengths)
    planned: Mapping[int, Along] | None = None
    if command.kind not in OWN:
        from .task import Filter  # imports the filters

        run = Filter(command, options, len(lengths))
        options, planned = run.options, _planned(run, lengths, dtype)
    found = []
    for place, length in enumerate(lengths):
        turned = {name: _turned(value, place) for name, value in options.items()}
        found.append(_narrowed(rows_of(command, turned, length), planned, place))
    return found


def _turned(value: Any, axis: int) -> Any:
    """Return an option with another axis first."""
    if isinstance(value, np.ndarray):
        return np.moveaxis(value, axis % max(value.ndim, 1), 0) if value.ndim else value
    if isinstance(value, (tuple, list)) and value:
        turn = axis % len(value)
        return type(value)([*value[turn:], *value[:turn]])
    return value


def _of_kernel(command: Command, options: Mapping[str, Any], length: int, *, wraps: bool) -> Rows | None:
    kernel = options["kernel"]
    taps = len(kernel[0]) if isinstance(kernel, list) else _dense(kernel).shape[0]
    step, gap = int(first(options["stride"])), int(first(options["dilation"]))
    border = options["padding"] if isinstance(options["padding"], str) else first(options["padding"])
    (geometry,) = padding.resolve(border, [length], [taps], [step], [gap], flipped=command.name == "convolve")
    span = (taps - 1) * gap
    if step < 1 or gap < 1 or max(geometry.before, geometry.after) > span + step:
        return None  # invalid, or a border larger than a window
    return Rows(geometry.length, geometry.before, span - geometry.before, step, wraps=wraps)


def _dense(kernel: NDArray[Any]) -> NDArray[Any]:
    if kernel.ndim != 2:
        raise ValueError
    return kernel


def first(value: Any) -> Any:
    """Return the value for rows, of an option with one value for all axes or one value per axis."""
    return value[0] if isinstance(value, tuple) else value


def of(options: Mapping[str, Any], *, rows: bool = False) -> float:
    """Return how far from an edge a filter responds, in pixels: across rows if `rows`, else the maximum."""
    largest = first if rows else np.max
    if "element" in options:
        element = options["element"]
        length = 3 if element is None else first(element.shape) if rows else max(element.shape)
        return float(min(length * options["iterations"], _FAR))  # half of it in each of at most two passes
    if "aperture" in options:
        return float(options["size"] + options["aperture"])
    for name in ("size", "radius"):
        if options.get(name) is not None:
            more = 3.0 if "operator" in options else 0.0
            return float(min(largest(options[name]) + more, _FAR))
    if "frequency" in options:
        return _of_wave(options)
    more = 3.0 if "operator" in options else 0.0  # of derivatives before the Gaussian
    if "sigmas" in options:
        sigma = np.max(options["sigmas"])
    elif "low" in options:
        sigma = 1.6 * largest(options["low"])
        if options["high"] is not None:
            sigma = max(largest(options["low"]), largest(options["high"]))
    elif "sigma" in options:
        sigma = largest(options["sigma"])
    else:
        return 1.0
    spacing = 1.0 if options.get("spacing") is None else (first if rows else np.min)(options["spacing"])
    distance = float(options.get("truncate", 4.0) * sigma / (spacing or 1.0)) + more
    return min(distance, float(_FAR)) if distance == distance else 0.0


def _of_wave(options: Mapping[str, Any]) -> float:
    """Return how far a Gabor filter reaches in any direction."""
    bandwidth = min(float(options["bandwidth"]), 500.0)
    given = [options[name] for name in ("sigma_x", "sigma_y")]
    if None in given and bandwidth > 0:
        octaves = 2.0**bandwidth
        given.append(0.19 * (octaves + 1) / (octaves - 1) / options["frequency"])
    sigma = max((float(value) for value in given if value is not None), default=0.0)
    spacing = 1.0 if options.get("spacing") is None else float(np.min(options["spacing"]))
    distance = 3.0 * sigma / (spacing or 1.0) + 1.0
    return min(distance, float(_FAR)) if distance == distance else 0.0
