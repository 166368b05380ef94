"""Denoised pictures, and the noise of a picture."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import click
import numpy as np

import imfilter

from .._files.formats import Format
from .._files.image import Image
from . import arrays, colour, ending, missing, quiet, reach, render, streams, strips
from .command import Command
from .render import Tone
from .strips import Piecewise
from .task import Array, beside_alpha, layout


def prepared(command: Command, image: Image, options: Mapping[str, Any], kind: Format) -> Piecewise:
    """Return the filter of an image. Colour counts by its opacity, which does not change.

    Parameters
    ----------
    command : Command
        The filter.
    image : Image
        The input, with the pixels that are present.
    options : mapping
        Every option of the command by name.
    kind : Format
        The format of the output file.
    """
    target = render.target_dtype(kind, image.pixels.dtype, options["dtype"], scaled=False, limits=False)
    rows = reach.rows_of(command, options, image.pixels.shape[0])
    opaque = strips.is_opaque(image, options)
    return Piecewise(image, rows, lambda piece: _denoised(command, piece, options, target, opaque=opaque))


def _denoised(
    command: Command,
    image: Image,
    options: Mapping[str, Any],
    target: np.dtype[Any] | None,
    *,
    opaque: bool,
) -> Image:
    """Return the result of an image or of some of its rows."""
    given = {option.name: options[option.name] for option in command.options}
    samples = image.colour
    # A result that is scaled is rounded once, in the type of the file.
    tone = Tone(target, 1.0 if target is None else render.depth_scale(image.pixels.dtype, target))
    with _progress(command, options, one=not image.apart) as shown:
        found: Array = getattr(imfilter, command.name)(
            samples,
            mask=_counts(image, opaque=opaque),
            workers=options["workers"],
            **layout(samples.ndim, image.spatial, apart=image.apart),
            **given,
            **shown,
        )
    if image.alpha:
        found = beside_alpha(image, found)
    result = dataclasses.replace(image, pixels=tone.of(found))
    missing.blanked(result, result.pixels)
    return result


@contextlib.contextmanager
def _progress(command: Command, options: Mapping[str, Any], *, one: bool) -> Iterator[dict[str, Any]]:
    """Show how far the gap has come to the tolerance, on a terminal. Yield the argument of the filter.

    Signals, which are not `one` image, have a gap each. So they show nothing.
    """
    if not one:
        yield {}
        return
    if options.get("progress") is not None:  # of a program, which shows it in its own way
        yield {"progress": options["progress"]} if command.name == "total_variation" else {}
        return
    terminal = sys.stderr is not None and sys.stderr.isatty()
    if command.name != "total_variation" or not terminal:
        yield {}
        return
    tolerance = max(options["tolerance"], 1e-12)
    # The logarithm of the gap falls about evenly. It is about 1 at the start.
    length = max(1, round(100 * -math.log10(min(tolerance, 0.1))))
    with ending.progress(length=length, label="total variation") as bar:

        def show(steps: int, gap: float) -> None:
            place = min(length, round(100 * -math.log10(max(gap, tolerance))) if gap < 1 else 0)
            bar.update(max(0, place - bar.pos))

        yield {"progress": show}
        bar.update(length - bar.pos)


def _counts(image: Image, *, opaque: bool) -> Array | None:
    """Return how much each pixel counts, in the number of axes of the colour, or None if all count 1."""
    present, opacity = image.present, image.opacity
    if opacity is not None and not opaque:
        shares, whole = colour.share(opacity), missing.of_pixels(image)
        present = shares if whole is None else np.where(whole, shares, 0)
    if present is not None and present.ndim < image.colour.ndim:
        present = np.broadcast_to(present[..., None], image.colour.shape)
    return present


def print_noise(source: str, options: Mapping[str, Any]) -> None:
    """Print the standard deviation of the noise, one number for each channel."""
    with quiet.decoders():
        image = streams.read(source, options["max_pixels"] or None)
    image = missing.found(arrays.with_channels(image, options["channel_axis"]), options)
    counts, samples = _counts(image, opaque=strips.is_opaque(image)), image.colour
    axis = -1 if samples.ndim > image.spatial else None
    found = imfilter.estimate_noise(samples, mask=counts, channel_axis=axis, workers=options["workers"])
    click.echo(" ".join(f"{value:.6g}" for value in np.atleast_1d(found)))
