"""Pictures of edges, corners and descriptors."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from imfilter._base import dtypes

from .._files.formats import Format
from .._files.image import Image, full_scale
from . import colour, corners, limits, missing, render, strips
from .limits import Limits
from .render import Tone
from .strips import Piecewise
from .task import Array, Filter, Task, like

_EIGHT_BITS = 255.0


def derivative(task: Task, image: Image, *, transparent: bool) -> Piecewise:
    """Compute a derivative. For integers it is scaled to a picture, otherwise the values are raw."""
    run, target = task.run, task.target
    if task.signed and "axis" in run.options and run.options["axis"] is None:
        raise ValueError("--signed needs --axis: a gradient magnitude has no sign")
    head = strips.cut(image, slice(0, 1))
    grey = colour.is_rgb(head) and not task.options["per_channel"]
    result = task.result(image.pixels.dtype)

    def plane(piece: Image) -> Array:
        return missing.masked(piece, _opaque(task, piece, transparent=transparent, grey=grey))

    if target is None or target.kind not in "ui" or not (task.kind.picture or task.given):
        # Only a conversion of colour needs intermediate arrays.
        return Piecewise(
            image,
            task.rows,
            lambda piece: like(piece, run(plane(piece), target)),
            direct=not (transparent or grey),
            shortens=run.one_sum,
            result=result,
        )
    source, filtered = image.pixels.dtype, plane(head).dtype
    edge = _edge(task, source, filtered)
    if image.present is None and _scales_exactly(task, filtered, target, edge):
        # The taps are scaled, and the filter writes the picture: 2 GB of bytes took 0.90 s in place of 1.25.
        distance = np.multiply(_spacing(run.options), edge / full_scale(target)).tolist()
        return Piecewise(
            image,
            task.rows,
            lambda piece: like(piece, run(plane(piece), target, spacing=distance)),
            direct=not (transparent or grey),
            shortens=run.one_sum,
            result=result,
        )
    shown = derivative_tone(task, target, source, filtered)
    return Piecewise(
        image,
        task.rows,
        lambda piece: like(piece, shown(run(plane(piece)))),
        shortens=run.one_sum,
        result=result,
    )


def _spacing(options: Mapping[str, Any]) -> Any:
    return 1.0 if options["spacing"] is None else options["spacing"]


def _scales_exactly(task: Task, source: np.dtype[Any], target: np.dtype[Any], edge: float) -> bool:
    """Return whether a gradient magnitude with scaled taps has the bits of the scaled magnitude.

    A factor that is a power of 2 changes no rounding. The arithmetic is float32 with and without a result of
    bytes.
    """
    options, exact = task.run.options, math.frexp(full_scale(target) / edge)[0] == 0.5
    magnitude = "normalize" in options and options["axis"] is None and not options.get("min_coverage")
    return magnitude and exact and source == target == np.uint8


def _edge(task: Task, source: np.dtype[Any], plane: np.dtype[Any]) -> float:
    """Return the response to the edge that becomes white."""
    run = task.run
    ends = limits.of(task.given, source, task.kind.name)
    edge = render.edge_response(lambda step: run(step, mode="edge"), plane, run.ndim, run.options)
    return edge * (ends.height / full_scale(plane))


def derivative_tone(
    task: Task, target: np.dtype[Any], source: np.dtype[Any], plane: np.dtype[Any]
) -> Callable[[Array], Array]:
    """Return the conversion of a derivative to integers. It overwrites the values.

    Parameters
    ----------
    task : Task
        The filter.
    target : dtype
        An integer type.
    source, plane : dtype
        The types of the image, and of what is filtered: the image or its luminance.
    """
    edge = _edge(task, source, plane)
    return lambda values: render.pictured(values, target, edge, signed=task.signed, nodata=task.run.nodata)


def _opaque(task: Task, piece: Image, *, transparent: bool, grey: bool) -> Array:
    """Return the colour over black, or its luminance."""
    opaque = colour.over_black(piece, task.black) if transparent else piece.colour
    return colour.luminance(opaque) if grey else opaque


def entropy(task: Task, image: Image, *, transparent: bool) -> Piecewise:
    """Compute an entropy. In a picture of integers, the largest one that the bins allow is white."""
    run, target, source = task.run, task.target, image.pixels.dtype
    grey = colour.is_rgb(strips.cut(image, slice(0, 1))) and not task.options["per_channel"]
    whole = target is not None and target.kind in "ui"
    if run.options["value_range"] is None and task.given is not None:
        run.options["value_range"] = (task.given.black, task.given.white)
    elif run.options["value_range"] is None and source.kind == "f":
        if whole:
            limits.of(None, source, task.kind.name)  # raises an error that names the options
        raise ValueError("the bins of a float image need --value-range LOW,HIGH, for example 0,1")

    def plane(piece: Image) -> Array:
        values = _opaque(task, piece, transparent=transparent, grey=grey)
        rounded = source.kind in "ui" and values.dtype != source
        return missing.masked(piece, Tone(source).of(values) if rounded else values)

    tone = entropy_tone(task)
    return Piecewise(image, task.rows, lambda piece: like(piece, tone.of(run(plane(piece)))))


def entropy_tone(task: Task) -> Tone:
    """Return the conversion of an entropy to the type of the file."""
    target, tone = task.target, Tone(task.target, nodata=task.run.nodata)
    if target is None or target.kind not in "ui" or not (task.kind.picture or task.given):
        return tone
    most = math.log2(max(task.run.options["levels"], 2))
    return tone._replace(scale=full_scale(target) / most)


#: The angles that are black and white in a picture of directions.
ANGLES = -math.pi / 2, math.pi / 2


def measure(task: Task, image: Image, name: str, *, transparent: bool) -> Piecewise:
    """Compute a measure from 0 to 1, or an angle. In a picture of integers, its range is black to white."""
    run = task.run
    grey = colour.is_rgb(strips.cut(image, slice(0, 1))) and not task.options["per_channel"]
    tone = measure_tone(task, name)

    def part(piece: Image) -> Image:
        plane = missing.masked(piece, _opaque(task, piece, transparent=transparent, grey=grey))
        return like(piece, tone.of(run(plane)))

    return Piecewise(image, task.rows, part)


def measure_tone(task: Task, name: str) -> Tone:
    """Return the conversion of a measure to the type of the file."""
    target, tone = task.target, Tone(task.target, nodata=task.run.nodata)
    if target is None or target.kind not in "ui" or not (task.kind.picture or task.given):
        return tone
    low, high = ANGLES if name == "orientation" else (0.0, 1.0)
    return tone._replace(scale=full_scale(target) / (high - low), black=low)


def descriptor(task: Task, image: Image) -> Piecewise:
    """Draw the cells of a descriptor. For ``.npy``, return the descriptor."""
    run, target = task.run, task.target

    def describe(piece: Image, **changed: Any) -> Any:
        plane = missing.masked(piece, colour.over_black(piece, task.black))
        return run.whole(plane, channel_axis=-1 if plane.ndim > image.spatial else None, **changed)

    def bare(piece: Image, pixels: Array) -> Image:
        return dataclasses.replace(like(piece, pixels), nodata=None, present=None)

    if not task.kind.picture:
        return Piecewise(image, None, lambda piece: bare(piece, Tone(target).of(describe(piece))))
    # Absent samples change the rounding of other sums, so bands would not have the bits of the whole.
    rows = task.rows if image.present is None else None
    assert target is not None
    if target.kind == "f":
        return Piecewise(
            image, rows, lambda piece: bare(piece, describe(piece, visualize=True)[1].astype(target))
        )
    white = limits.of(task.given, image.pixels.dtype, task.kind.name).height
    shown, cell = {"visualize": True, "cells_per_block": 1}, task.options["pixels_per_cell"]
    edge = render.edge_in_cell(lambda step: run.whole(step, **shown)[1], cell, white)

    def part(piece: Image) -> Image:
        return bare(piece, render.pictured(describe(piece, visualize=True)[1], target, edge, signed=False))

    return Piecewise(image, rows, part)


def edges(run: Filter, image: Image, options: Mapping[str, Any], kind: Format, given: Limits | None) -> Image:
    """Return edges as white on black. For ``.npy``, return booleans."""
    target = render.target_dtype(kind, np.dtype(np.uint8), options["dtype"], scaled=False)

    def plane(piece: Image) -> Array:
        if given is None:
            return colour.one_plane(piece)
        values = colour.one_plane(piece, given.black)
        # With given limits, thresholds are on the scale of 8 bits.
        return Tone(dtypes.derived(values.dtype), _EIGHT_BITS / given.height, given.black).of(values)

    values, present = _plane(image, plane, always=given is not None), missing.of_pixels(image)
    if present is None:
        edges: Array = run.whole(values)
    else:
        edges = run.whole(np.where(present, values, values.dtype.type(0)), mask=present)
    if target is None:
        return like(image, edges)
    white = np.array(full_scale(target)).astype(target)
    return like(image, np.multiply(edges, white, out=edges.view(target) if target.itemsize == 1 else None))


def _plane(image: Image, make: Callable[[Image], Array], *, always: bool = False) -> Array:
    """Return the single plane of an image, computed in bands. Use an image with one plane directly."""
    if image.opacity is None and not colour.is_rgb(image) and not always:
        return make(image)
    rows = strips.Rows(image.pixels.shape[0])
    return strips.filtered(image, rows, lambda piece: like(piece, make(piece))).pixels


@np.errstate(over="ignore", invalid="ignore")  # absent pixels have any value
def corner_response(image: Image, options: Mapping[str, Any]) -> Array:
    """Return the corner response of every pixel of an image: a masked array if it may be undefined."""
    if image.present is not None or options["min_coverage"]:
        # Bands without absent pixels would not have the bits of the whole, either.
        plane = missing.masked(image, _plane(image, colour.one_plane))
        return corners.measure(np.ma.MaskedArray(plane), options)
    rows = None  # a single plane needs no bands
    if image.opacity is not None or colour.is_rgb(image):
        around = options["size"] + options["aperture"]
        rows = strips.Rows(image.pixels.shape[0], around, around, wraps=options["mode"] == "wrap")

    def measured(piece: Image) -> Image:
        return like(piece, corners.measure(colour.one_plane(piece), options))

    return strips.filtered(image, rows, measured).pixels


def marked_corners(
    image: Image, options: Mapping[str, Any], kind: Format, target: np.dtype[Any] | None, given: Limits | None
) -> Image:
    """Return the picture with marked corners and without absent pixels. For ``.npy``, return the response."""
    response = corner_response(image, options)
    if not kind.picture or target is None:
        return like(image, Tone(target, nodata=image.nodata).of(np.ma.getdata(response)))
    black = 0.0 if given is None else given.black
    scale = full_scale(target) / given.height if given else render.depth_scale(image.pixels.dtype, target)
    tone = Tone(target, scale, black, nodata=image.nodata)

    def painted(piece: Image) -> Image:
        plane = colour.over_black(piece, black)
        rgb = plane if plane.ndim == 3 and plane.shape[-1] == 3 else np.stack([plane] * 3, axis=-1)
        pixels = missing.blanked(piece, tone.of(rgb))
        return dataclasses.replace(piece, pixels=pixels, channels=True, alpha=False)

    positions = corners.detect(response, options)
    del response
    picture = strips.filtered(image, strips.Rows(image.pixels.shape[0]), painted)
    corners.mark(picture.pixels, positions)
    return picture
