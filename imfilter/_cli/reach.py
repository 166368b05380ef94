"""The rows of an image that a row of the result depends on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imfilter._base import padding

from .command import Command
from .strips import Rows

#: Larger than the length of any image.
_FAR = 1 << 40


def rows_of(command: Command, options: Mapping[str, Any], length: int) -> Rows | None:
    """Return the rows of an image of `length` rows that the rows of a result depend on.

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
    if command.kind == "resampling":
        return None
    wraps = options.get("mode") == "wrap"
    if command.name == "meijering" or (command.name == "frangi" and options["gamma"] is None):
        return None  # the whole image sets the scale
    if command.kind == "linear":
        try:
            return _of_kernel(command, options, length, wraps=wraps)
        except (ValueError, TypeError, IndexError, ArithmeticError):
            return None
    if command.kind == "descriptor":
        # A cell depends on half a cell around it. Gradients need one more sample. A block must fit.
        cell = max(min(first(options["pixels_per_cell"]), _FAR), 1)
        around = max(first(options["cells_per_block"]), 2) * cell
        return Rows(length, around, around, cell=cell)
    around = min(max(int(of(options, rows=True)), 0) + 1, length)
    return Rows(length, around, around, wraps=wraps)


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
