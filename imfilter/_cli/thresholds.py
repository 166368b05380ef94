"""Pictures of black and white, or of grey levels, by thresholds."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

import imfilter
from imfilter._base import arguments

from .._files.formats import Format
from .._files.image import Image, full_scale
from .._files.lazy import LazyRows
from . import colour, missing, reach, render, strips
from .missing import Presence
from .strips import Piecewise
from .task import Array, layout, like
from .threshold_table import FOUND, THRESHOLD, is_whole

Key = TypeVar("Key")

#: The method with several thresholds.
_CLASSES = "multi_otsu"


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
    target = render.target_dtype(kind, np.dtype(np.uint8), options["dtype"], scaled=False)
    function, given = _function(options)
    if "r" in given and given["r"] is None:  # a luminance is in floats, and has the range of the picture
        from imfilter._filters.threshold.local import half_range

        given["r"] = half_range(image.pixels.dtype)
    if is_whole(options):
        options = {**options, FOUND: of_image(image, options)}
    rows = reach.rows_of(THRESHOLD, options, image.pixels.shape[0])

    def limit(values: Array, present: Presence | None) -> Any:
        if FOUND in options:
            return options[FOUND]
        axes = layout(values.ndim, image.spatial, apart=image.apart)
        return function(values, mask=present, **axes, **given)

    def work(piece: Image) -> Image:
        values, present = _values(piece)
        return _picture(piece, values > limit(values, present), present, target)

    def of_classes(piece: Image) -> Image:
        values, present = _values(piece)
        levels = np.zeros(values.shape, np.uint8)
        for value in limit(values, present):  # less memory than np.digitize
            levels += values > value
        return _picture(piece, levels, present, target, options["classes"])

    return Piecewise(image, rows, of_classes if options["method"] == _CLASSES else work)


def _function(options: Mapping[str, Any]) -> tuple[Callable[..., Any], dict[str, Any]]:
    """Return the function of a method, and its keywords."""
    threshold = imfilter.threshold  # is loaded on first use
    function = getattr(threshold, arguments.word(options["method"], "method", tuple(threshold.__all__)))
    names = set(inspect.signature(function).parameters) - {
        "mask",
        "nan",
        "dtype",
        "axes",
        "channel_axis",
        "method",
    }
    return function, {name: options[name] for name in names & set(options)}


def _values(piece: Image) -> tuple[Array, Presence | None]:
    """Return the values that are compared with the threshold, and which of them are present."""
    values, present = colour.one_plane(piece), piece.present
    if present is None or present.ndim == values.ndim:
        return values, present
    present = missing.of_pixels(piece)
    if present is not None and present.ndim < values.ndim:
        present = np.broadcast_to(np.asarray(present)[..., None], values.shape)
    return values, present


def unknown(options: Mapping[str, Any]) -> Any:
    """Return a value in place of a threshold that will be found from all pixels of an image."""
    return np.zeros(options["classes"] - 1) if options["method"] == _CLASSES else 0.0


def of_image(image: Image, options: Mapping[str, Any]) -> Any:
    """Return the threshold of a whole image, or its thresholds, from its bands: see `of_groups`."""
    # Rounding of a mean depends on the order in memory. In C order, that is the order of the rows.
    cut = isinstance(image.pixels, LazyRows) or image.pixels.flags.c_contiguous
    head = strips.cut(image, slice(0, 1))
    return of_groups(
        lambda: ((None, part) for part in (strips.parts(image) if cut else [image])), head, options
    )[None]


def of_groups(
    parts: Callable[[], Iterable[tuple[Key, Image]]], head: Image, options: Mapping[str, Any]
) -> dict[Key, Any]:
    """Return the threshold of each of several images, or its thresholds, from their parts.

    Parameters
    ----------
    parts : callable
        Yields the parts of the images, with the pixels that are present, and the keys of their images. It is
        called once, or twice if the limits of the values must be known first.
    head : Image
        An image with the type and the channels of the others.
    options : mapping
        Every option of the command by name.
    """
    from imfilter._filters.threshold import histogram, mean, merged

    function, given = _function(options)

    def samples() -> Iterator[tuple[Key, Any]]:
        for key, piece in parts():
            values, present = _values(piece)
            yield key, histogram.present(values, present, "propagate", given["workers"], least=0)

    dtype = colour.one_plane(head).dtype
    function(np.zeros(1, dtype), **given)  # checks the options
    bins = given.get("bins")
    found = mean.of_groups(samples()) if bins is None else merged.of_groups(samples, dtype, bins)
    results = {key: function(histogram.Counted(one), **given) for key, one in found.items()}
    if any(np.any(result != result) for result in results.values()):
        raise ValueError("nan must be 'ignore' for a picture with NaN, got 'propagate'")
    return results


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
