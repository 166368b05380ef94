"""What the commands `blobs` and `match_template` find: as marks on the picture, or as a table."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import imfilter

from .._files.formats import Format
from .._files.image import Image, full_scale
from . import colour, listing, missing, render, second, streams
from .command import Command
from .corners import mark
from .render import Tone
from .task import Array, like

_AXES = ("plane", "row", "column")


class Found(NamedTuple):
    """What was found, the best first: positions along each axis, and a value of each."""

    places: NDArray[np.float64]
    values: NDArray[np.float64]
    name: str  # of the values
    response: Array | None  # of every pixel


def find(command: Command, image: Image, options: Mapping[str, Any]) -> Found:
    """Search the luminance of an image."""
    return _find(command, missing.found(image, options), options)


def _find(command: Command, image: Image, options: Mapping[str, Any]) -> Found:
    """Search an image whose absent pixels are known."""
    plane = colour.one_plane(image)
    if plane.ndim > image.spatial:
        raise ValueError(f"IN must have one channel or three, got shape {image.pixels.shape}")
    plane = missing.masked(image, plane)
    border: dict[str, Any] = {name: options[name] for name in ("mode", "cval", "min_coverage", "workers")}
    if command.name == "blobs":
        own = {option.name: options[option.name] for option in command.options}
        rows = imfilter.blobs(plane, **own, **border)
        return Found(rows[:, :-1], rows[:, -1], "sigma", None)
    template = _template(options, plane.ndim)
    response = imfilter.match_template(plane, template, **border)
    distance = options["distance"]
    places = imfilter.corner_peaks(
        response,
        min_distance=min(template.shape) / 2 if distance is None else distance,
        threshold=options["strength"],
        count=options["count"],
    )
    values = np.ma.getdata(response)[tuple(places.T)].astype(np.float64)
    return Found(places.astype(np.float64), values, "coefficient", response)


def _template(options: Mapping[str, Any], ndim: int) -> Array:
    template = colour.one_plane(second.picture(options["template"], options))
    if template.ndim != ndim:
        raise ValueError(f"--template must have {ndim} axes as IN, got shape {template.shape}")
    return template


def write(path: str, found: Found, options: Mapping[str, Any]) -> None:
    """Write a table in the format of its suffix. A failed call leaves no partial file."""
    columns = (*_AXES[-found.places.shape[1] :], found.name)
    rows = [
        dict(zip(columns, (*place, value), strict=True))
        for place, value in zip(found.places.tolist(), found.values.tolist(), strict=True)
    ]
    listing.write(path, columns, rows, streams.suffix_of(path, options))


def picture(command: Command, image: Image, options: Mapping[str, Any], kind: Format) -> Image:
    """Return the picture with marks. For ``.npy``: the rows of the table, or every pixel's coefficient."""
    image = missing.found(image, options)
    found = _find(command, image, options)
    if not kind.picture:
        rows = np.column_stack([found.places, found.values])
        values = rows if found.response is None else np.ma.getdata(found.response)
        return dataclasses.replace(image, pixels=values, channels=False, alpha=False, present=None)
    target = render.target_dtype(kind, image.pixels.dtype, options["dtype"], scaled=False, limits=False)
    assert target is not None
    plane = colour.over_black(image, 0.0)
    rgb = plane if plane.ndim == 3 and plane.shape[-1] == 3 else np.stack([plane] * 3, axis=-1)
    tone = Tone(target, render.depth_scale(image.pixels.dtype, target))
    pixels = missing.blanked(image, tone.of(rgb))
    if command.name == "blobs":
        for (row, column), sigma in zip(found.places, found.values, strict=True):
            _circle(pixels, row, column, sigma * np.sqrt(2))
    else:
        mark(pixels, found.places)
    return dataclasses.replace(like(image, pixels), channels=True)


def _circle(pixels: Array, row: float, column: float, radius: float) -> None:
    """Draw a red circle."""
    steps = np.linspace(0, 2 * np.pi, max(16, int(8 * radius)), endpoint=False)
    rows, columns = np.rint([row + radius * np.sin(steps), column + radius * np.cos(steps)]).astype(int)
    inside = (rows >= 0) & (rows < pixels.shape[0]) & (columns >= 0) & (columns < pixels.shape[1])
    pixels[rows[inside], columns[inside]] = np.array([full_scale(pixels.dtype), 0, 0]).astype(pixels.dtype)
