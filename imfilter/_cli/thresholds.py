"""Pictures of black and white, or of grey levels, by thresholds."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

import imfilter
from imfilter._base import arguments

from .._files.formats import Format
from .._files.image import Image, full_scale
from . import colour, missing, render
from .strips import Piecewise, Rows
from .task import like

#: Methods with a threshold for each pixel.
_LOCAL = ("niblack", "sauvola", "local")


def prepared(image: Image, options: Mapping[str, Any], kind: Format) -> Piecewise:
    """Return the filter of an image. The parameters are those of `picture`."""
    rows = None
    if options["method"] in _LOCAL:
        size = np.max(options["size"]) + 1
        around = int(min(max(size, 1), image.pixels.shape[0]))
        rows = Rows(image.pixels.shape[0], around, around, wraps=options["mode"] == "wrap")

    def work(piece: Image) -> Image:
        return dataclasses.replace(picture(piece, options, kind), nodata=None, present=None)

    return Piecewise(image, rows, work)


def picture(image: Image, options: Mapping[str, Any], kind: Format) -> Image:
    """Return white above the threshold. For ``.npy``, return booleans, or the numbers of classes.

    Parameters
    ----------
    image : Image
        The input, with the pixels that are present.
    options : mapping
        Every option of the command by name.
    kind : Format
        The format of the output file.
    """
    threshold = imfilter.threshold  # is loaded on first use
    target = render.target_dtype(kind, np.dtype(np.uint8), options["dtype"], scaled=False)
    method = arguments.word(options["method"], "method", tuple(threshold.__all__))
    values, present = colour.one_plane(image), missing.of_pixels(image)
    function = getattr(threshold, method)
    names = set(inspect.signature(function).parameters) - {"mask", "nan", "dtype", "channel_axis", "method"}
    given = {name: options[name] for name in names & set(options)}
    if "r" in given and given["r"] is None:  # a luminance is in floats, and has the range of the picture
        from imfilter._filters.threshold.local import half_range

        given["r"] = half_range(image.pixels.dtype)
    found = function(values, mask=present, **given)
    if np.ndim(found) == 0 and found != found:
        raise ValueError("nan must be 'ignore' for a picture with NaN, got 'propagate'")
    several = method == "multi_otsu"
    with np.errstate(invalid="ignore"):
        levels = np.digitize(values, found, right=True).astype(np.uint8) if several else values > found
    if present is not None:
        levels[~present] = 0
    if target is None:
        return like(image, levels)
    steps = np.linspace(0, full_scale(target), options["classes"] if several else 2)
    steps = steps if target.kind == "f" else np.rint(steps)
    return like(image, steps.astype(target)[levels.view(np.uint8)])
