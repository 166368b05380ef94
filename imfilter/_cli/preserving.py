"""The commands that smooth without crossing edges: their guides, and transparent pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._files.image import Image, full_scale
from . import arrays, colour, missing, second, strips
from .render import Tone
from .strips import Piecewise
from .task import Array, Task, like

#: Standard deviation of values by default, as a share of the value of white.
SHARE = 0.1


def prepared(task: Task, image: Image, tone: Tone) -> Piecewise:
    """Return the filter of an image. Pixels count by their opacity, and opacity itself is kept."""
    run = task.run
    white = full_scale(image.pixels.dtype) if task.given is None else task.given.height
    options = run.options
    for name, value in (("sigma_range", SHARE * white), ("eps", (SHARE * white) ** 2)):
        if name in options and options[name] is None:
            options[name] = value
    if options["guide"] is not None:
        options["guide"] = _of_file(options["guide"], image, task.options)
    # Shares and values in floating point take memory.
    kept = task.target is None or task.target.kind == "f" or tone == _exact(task)
    opaque = strips.is_opaque(image, task.options)
    return Piecewise(
        image,
        task.rows,
        lambda piece: _filtered(task, piece, tone, opaque=opaque),
        kept and opaque,
        result=task.target,
    )


def _filtered(task: Task, image: Image, tone: Tone, *, opaque: bool) -> Image:
    """Filter an image, or some of its rows. `opaque` tells whether no pixel of the image is transparent."""
    run = task.run
    plane, shares = missing.masked(image, image.colour), None
    if image.opacity is not None and not opaque:
        shares = colour.share(image.opacity)
    if shares is None and (task.target is None or task.target.kind == "f" or tone == _exact(task)):
        pixels = run(plane, task.target)  # the filter rounds
    else:
        counts: Mapping[str, Any] = {} if shares is None else {"mask": shares}
        values = run(plane, _real(image), **counts)
        if shares is not None:
            np.copyto(values, tone.black, where=_spread(shares == 0, values))
        pixels = tone.of(values)
    if not image.alpha or image.opacity is None:
        return like(image, pixels)
    full = full_scale(pixels.dtype)
    alpha = Tone(pixels.dtype, full).of(colour.share(image.opacity).astype(np.float64))
    return like(image, pixels, alpha)


def _exact(task: Task) -> Tone:
    """Return the conversion that changes nothing."""
    return Tone(task.target, nodata=task.run.nodata)


def _real(image: Image) -> np.dtype[Any]:
    return np.dtype(np.float32 if image.pixels.dtype.itemsize <= 2 else np.float64)


def _spread(mask: Array, values: Array) -> Array:
    """Return a mask of pixels for all channels."""
    return mask if mask.ndim == values.ndim else mask[..., None]


def _of_file(path: str, image: Image, options: Mapping[str, Any]) -> Array:
    """Read a guide. Its size is the size of the image."""
    guide = arrays.with_channels(second.picture(path, options), options["channel_axis"])
    shape = image.pixels.shape[: image.spatial]
    if guide.pixels.shape[: guide.spatial] != shape:
        text = " x ".join(map(str, reversed(shape)))
        found = " x ".join(map(str, reversed(guide.pixels.shape[: guide.spatial])))
        raise ValueError(f"--guide must have the size of IN, {text} pixels, got {found} in {path}")
    colours: Array = guide.colour
    return colours[..., 0] if colours.ndim > guide.spatial and colours.shape[-1] == 1 else colours
