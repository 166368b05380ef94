"""Pictures of black and white, or of grey levels, by thresholds."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

import imfilter
from imfilter._base import arguments

from .._files.formats import Format
from .._files.image import Image, full_scale
from .._files.lazy import LazyRows
from . import colour, missing, render, strips
from .missing import Presence
from .strips import Piecewise, Rows
from .task import Array, like

#: Methods with a threshold for each pixel.
_LOCAL = ("niblack", "sauvola", "local")


def prepared(image: Image, options: Mapping[str, Any], kind: Format) -> Piecewise:
    """Return the filter of an image: white above the threshold.

    For ``.npy``, the result has booleans, or the numbers of classes. A threshold of the whole image is
    computed here: the image is read in bands.

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
    function = getattr(threshold, method)
    names = set(inspect.signature(function).parameters) - {"mask", "nan", "dtype", "channel_axis", "method"}
    given = {name: options[name] for name in names & set(options)}
    if "r" in given and given["r"] is None:  # a luminance is in floats, and has the range of the picture
        from imfilter._filters.threshold.local import half_range

        given["r"] = half_range(image.pixels.dtype)
    rows = rows_of(options, image.pixels.shape[0])
    if rows is not None:

        def limit(values: Array, present: Presence | None) -> Any:
            return function(values, mask=present, **given)
    else:
        found, rows = _of_image(image, function, given), Rows(image.pixels.shape[0])

        def limit(values: Array, present: Presence | None) -> Any:
            return found

    def work(piece: Image) -> Image:
        values, present = colour.one_plane(piece), missing.of_pixels(piece)
        return _picture(piece, values > limit(values, present), present, target)

    def of_classes(piece: Image) -> Image:
        values, present = colour.one_plane(piece), missing.of_pixels(piece)
        levels = np.zeros(values.shape, np.uint8)
        for value in limit(values, present):  # less memory than np.digitize
            levels += values > value
        return _picture(piece, levels, present, target, options["classes"])

    return Piecewise(image, rows, of_classes if method == "multi_otsu" else work)


def rows_of(options: Mapping[str, Any], length: int) -> Rows | None:
    """Return the rows that a row of the result depends on, or None if it depends on the whole image."""
    if options["method"] not in _LOCAL:
        return None
    around = int(min(max(np.max(options["size"]), 0), length - 1)) + 1
    return Rows(length, around, around, wraps=options.get("mode") == "wrap")


def _of_image(image: Image, function: Callable[..., Any], given: Mapping[str, Any]) -> Any:
    """Return the threshold of a whole image, or its thresholds, from its bands."""
    from imfilter._filters.threshold import histogram, mean, merged

    dtype = colour.one_plane(strips.cut(image, slice(0, 1))).dtype
    function(np.zeros(1, dtype), **given)  # checks the options
    # Rounding of a mean depends on the order in memory. In C order, that is the order of the rows.
    cut = isinstance(image.pixels, LazyRows) or image.pixels.flags.c_contiguous

    def samples() -> Iterator[Any]:
        for piece in strips.parts(image) if cut else [image]:
            values, present = colour.one_plane(piece), missing.of_pixels(piece)
            yield histogram.present(values, present, "propagate", given["workers"], least=0)

    bins = given.get("bins")
    found = mean.of_parts(samples()) if bins is None else merged.of_parts(samples, dtype, bins)
    result = function(histogram.Counted(found), **given)
    if np.any(result != result):
        raise ValueError("nan must be 'ignore' for a picture with NaN, got 'propagate'")
    return result


def _picture(
    image: Image, levels: Array, present: Presence | None, target: np.dtype[Any] | None, classes: int = 2
) -> Image:
    """Return the numbers of classes in the type of the file."""
    if present is not None:
        levels[~present] = 0
    if target is not None:
        steps = np.linspace(0, full_scale(target), classes)
        steps = steps if target.kind == "f" else np.rint(steps)
        levels = steps.astype(target)[levels.view(np.uint8)]
    return dataclasses.replace(like(image, levels), nodata=None, present=None)
