"""Colour, transparency and types of pictures in the command. The filters get only arrays.

The module of a kind of commands is imported when a command is of this kind, so that others start sooner.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from imfilter._base import dtypes

from .._files.formats import Format
from .._files.image import Image, full_scale
from .._files.lazy import Converted, LazyRows
from . import colour, edges, limits, missing, reach, render, strips
from .command import Command
from .render import Tone
from .strips import Piecewise, Rows, Work
from .task import Array, Filter, Task, like

if TYPE_CHECKING:
    from imfilter._filters.resampling.tables import Table

#: Filters of images with two axes or more: these kinds without those that also filter a signal, and others.
_OF_IMAGES = ("corners", "descriptor", "edges", "finder", "measure", "oriented")
_OF_SIGNALS, _OTHERS = ("hessian",), ("skeleton",)


@np.errstate(over="ignore", invalid="ignore")  # large option values give infinity, which saturates
def apply(
    command: Command, image: Image, options: Mapping[str, Any], kind: Format, name: str = "IN"
) -> Image:
    """Filter an image by a command, for the format of the result.

    Parameters
    ----------
    command : Command
        The filter.
    image : Image
        The input. Booleans are overwritten.
    options : mapping
        Every option of the command by name.
    kind : Format
        The format of the output file.
    name : str
        Name of the input in messages.

    Returns
    -------
    Image
        The result in a type of the format, with the metadata of the input.
    """
    return strips.whole(prepared(command, image, options, kind, name))


def prepared(
    command: Command, image: Image, options: Mapping[str, Any], kind: Format, name: str = "IN"
) -> Piecewise:
    """Return the filter of an image by a command, and the rows that a row of its result depends on.

    All decisions that depend on the whole image are made here. The parameters are those of `apply`.
    """
    if image.apart:
        _check_signals(command)
    if kind.picture and image.pixels.dtype == np.bool_:
        image = dataclasses.replace(image, pixels=_black_and_white(image.pixels))
    if command.kind in reach.WHOLE:
        return Piecewise(image, None, lambda whole: _of_whole(command, whole, options, kind))
    if command.kind == "threshold":
        from . import thresholds

        return thresholds.prepared(missing.found(image, options), options, kind)
    if command.kind == "denoising":
        from . import denoising

        return _written(denoising.prepared(command, missing.found(image, options), options, kind))
    given, source = limits.asked(options), image.pixels.dtype
    image = missing.found(image, options)
    edgy = command.kind in ("derivative", "descriptor", "statistic", "entropy", "oriented", "measure")
    target = render.target_dtype(kind, source, options["dtype"], scaled=edgy or given is not None)
    limits.check_use(given, target if kind.picture or command.kind not in ("corners", "descriptor") else None)
    if given is None and not (edgy and kind.picture):
        limits.warn_of_rounding(image, target, name)
    if command.kind == "corners":
        return _written(
            Piecewise(image, None, lambda whole: edges.marked_corners(whole, options, kind, target, given))
        )
    run = Filter(command, options, image.spatial, apart=image.apart)
    run.nodata = image.nodata
    rows = reach.rows_of(command, run.options, image.pixels.shape[0])
    if run.resizes and not run.of_part:
        rows = _resized_rows(run, image)
    elif rows is not None and strips.is_long(image, rows):
        rows = reach.of_plan(run, rows, image.pixels.shape[: image.spatial], image.pixels.dtype)
    task = Task(run, options, kind, target, given, rows)
    if command.kind == "preserving":
        from . import preserving

        return _written(preserving.prepared(task, missing.whole_pixels(image), _tone(task, image)))
    if command.kind == "descriptor":
        return edges.descriptor(task, image)
    # An opaque image is treated as an image without alpha.
    transparent = image.alpha and not strips.is_opaque(image, options)
    if command.kind == "entropy":
        return _written(edges.entropy(task, image, transparent=transparent))
    if command.kind == "measure" and command.name != "sato":  # which has the unit of the image
        return _written(edges.measure(task, image, command.name, transparent=transparent))
    if command.kind in ("derivative", "statistic", "oriented", "measure"):
        return _written(edges.derivative(task, image, transparent=transparent))
    transparent = transparent or (image.alpha and image.present is not None)
    if transparent:
        image = missing.whole_pixels(image)

    def smoothed(task: Task) -> Piecewise:
        if not transparent:
            return _written(_weighted(task, image), fills=run.fills)
        work = _filled if run.fills else _transparent
        made = Piecewise(image, rows, lambda piece: work(task, piece), result=task.target)
        return _written(made, fills=run.fills)

    def resized(tables: tuple[Table, ...]) -> Work:
        part = Filter(command, {**options, "tables": tables}, image.spatial, apart=image.apart)
        part.nodata = run.nodata
        return smoothed(task._replace(run=part)).work

    return smoothed(task)._replace(resized=resized)


def _check_signals(command: Command) -> None:
    """Raise an error if a filter needs an image. Signals are none, although their array has two axes."""
    if command.name in _OTHERS or (command.kind in _OF_IMAGES and command.name not in _OF_SIGNALS):
        raise ValueError(f"image must have 2 axes for {command.name}, got 1; --axes YX filters each plane")


def _resized_rows(run: Filter, image: Image) -> Rows | None:
    """Return the rows of an image that a row of the resized image depends on."""
    from . import resized  # imports the filter

    tables = resized.tables(lambda plane: run(plane), image.pixels.shape[: image.spatial], image.pixels.dtype)
    return None if tables is None else Rows(tables[0].outputs, tables=tables)


def _of_whole(command: Command, image: Image, options: Mapping[str, Any], kind: Format) -> Image:
    """Return the result of a filter that depends on the whole image."""
    if command.kind == "regions":
        from . import regions

        return missing.written(regions.picture(command, missing.found(image, options), options, kind))
    if command.kind == "enhancement":
        from . import enhance

        return enhance.picture(command, missing.found(image, options), options, kind)
    if command.kind == "objects":
        from . import objects

        result = objects.picture(command, image, options, kind)
    elif command.kind == "finder":
        from . import finders

        result = finders.picture(command, image, options, kind)
    else:
        run, given = Filter(command, options, image.spatial), limits.asked(options)
        result = edges.edges(run, missing.found(image, options), options, kind, given)
    return dataclasses.replace(result, nodata=None, present=None)


def _written(made: Piecewise, *, fills: bool = False) -> Piecewise:
    """Return a filter whose result has the value of absent pixels where it is undefined.

    `fills` tells whether the filter keeps the samples that are present.
    """
    work = made.work
    return made._replace(work=lambda piece: missing.written(work(piece), piece if fills else None))


def _black_and_white(pixels: Array) -> Array:
    """Return booleans as 0 and 255, in the same memory."""
    if isinstance(pixels, LazyRows):
        return Converted(pixels, _black_and_white).as_array()
    values = pixels.view(np.uint8)
    values *= np.uint8(255)
    return values


def _weighted(task: Task, image: Image) -> Piecewise:
    """Smooth an opaque image, or correlate it with a kernel."""
    run, target, tone = task.run, task.target, _tone(task, image)
    result = task.result(image.pixels.dtype)
    exact = target is None or target.kind == "f" or (run.smooths and tone == Tone(target, nodata=run.nodata))
    if exact and not image.alpha:  # the filter rounds
        return Piecewise(
            image,
            task.rows,
            lambda piece: like(piece, run(missing.masked(piece, piece.colour), target)),
            direct=True,
            shortens=run.one_sum,
            result=result,
        )
    if exact and run.smooths and run.total:
        return Piecewise(image, task.rows, lambda piece: _opaque(task, piece), direct=True, result=result)

    def part(piece: Image) -> Image:
        dtype = dtypes.derived(piece.pixels.dtype) if run.smooths else None
        plane = missing.masked(piece, piece.colour)
        pixels = run(plane, target) if exact else tone.of(run(plane, dtype))
        if not (piece.alpha and run.total):
            return like(piece, pixels)
        return like(piece, pixels, np.full(pixels.shape[:2], full_scale(pixels.dtype), pixels.dtype))

    return Piecewise(image, task.rows, part, shortens=run.one_sum, result=result)


def _opaque(task: Task, image: Image) -> Image:
    """Smooth the colour of an opaque image with alpha. The filter rounds."""
    run, dtype = task.run, task.target or image.pixels.dtype
    if run.resizes:
        pixels = run(image.colour, dtype)
        return like(image, pixels, np.full(pixels.shape[: image.spatial], full_scale(dtype), dtype))
    result = dataclasses.replace(image, pixels=dtypes.empty(image.pixels.shape, dtype))
    run(image.colour, out=result.colour)
    result.pixels[..., -1] = full_scale(dtype)
    return result


def _tone(task: Task, image: Image) -> Tone:
    """Return the conversion from the scale of the image to that of the file."""
    scale = 1.0
    if task.target is not None and task.given is not None:
        scale = full_scale(task.target) / task.given.height
    elif task.target is not None and task.kind.picture:
        scale = render.depth_scale(image.pixels.dtype, task.target)
    return Tone(task.target, scale, task.black * task.run.total, task.signed, task.run.nodata)


def _transparent(task: Task, image: Image) -> Image:
    """Filter colour weighted with opacity, so transparent pixels do not affect visible pixels."""
    assert image.opacity is not None
    run, tone, shares = task.run, _tone(task, image), colour.share(image.opacity)
    bias: dict[str, Any] = {"bias": 0.0} if "bias" in run.options else {}
    offset = run.options.get("bias", 0.0)
    if run.total == 0.0:
        values = run(missing.masked(image, colour.weighed(image.colour, shares, task.black)), **bias)
        return like(image, tone.of(values + values.dtype.type(offset)))
    values = run(missing.masked(image, colour.weighed(image.colour, shares)), **bias)
    # Outside the image, the picture is opaque and has the colour cval, as without alpha.
    cover = run(missing.masked(image, shares), **bias, cval=1.0) / shares.dtype.type(run.total)
    target = task.target or (values.dtype if bias else image.pixels.dtype)
    full = full_scale(target)
    visible = cover >= (0.5 / full if target.kind in "ui" else 1e-6)
    per_channel = (...,) if values.ndim == cover.ndim else (..., None)
    np.divide(values, cover[per_channel], out=values, where=visible[per_channel])
    if offset:
        values += values.dtype.type(offset)
    np.copyto(values, tone.black, where=~visible[per_channel])
    undefined = np.isnan(cover)
    np.copyto(values, np.nan, where=undefined[per_channel])
    alpha = Tone(target, full).of(np.where(undefined, 0, np.clip(cover, 0, 1)))
    return like(image, tone._replace(target=target).of(values), alpha)


def _filled(task: Task, image: Image) -> Image:
    """Fill absent pixels of an image with alpha. Colour counts by its opacity, and opacity is filled, too."""
    assert image.opacity is not None
    run, shares, present = task.run, colour.share(image.opacity), image.present
    if present is None:
        present = np.ones(shares.shape, np.bool_)
    per_channel = (...,) if image.colour.ndim == shares.ndim else (..., None)
    counts = np.where(present, shares, 0)
    real = dtypes.derived(image.pixels.dtype)
    values = run(image.colour, real, mask=counts)
    np.copyto(values, image.colour, where=present[per_channel])
    alpha = run(shares, mask=present)
    undefined = np.isnan(alpha)
    # Where only transparent pixels are near, the result is transparent, too.
    np.copyto(values, 0, where=np.isnan(values) & ~undefined[per_channel])
    target = task.target or image.pixels.dtype
    alpha = Tone(target, full_scale(target)).of(np.where(undefined, 0, np.clip(alpha, 0, 1)))
    return like(image, _tone(task, image)._replace(target=target).of(values), alpha)
