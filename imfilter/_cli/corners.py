"""The command ``imfilter harris``: corners as marks on the picture, as a table, or the raw response."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import imfilter

from .._files.formats import Format
from .._files.image import Image, full_scale
from . import listing, render

Array = NDArray[Any]

_COLUMNS = ("row", "column", "response")
#: Half of a mark's arms: a share of the picture's shorter side, and pixels at least.
_SHARE, _LEAST = 1 / 150, 2


def measured(plane: Array, options: Mapping[str, Any]) -> Array:
    """Return the response of every pixel."""
    names = ("k", "size", "aperture", "mode", "cval", "workers")
    return imfilter.harris(plane, **{name: options[name] for name in names})


def found(response: Array, options: Mapping[str, Any]) -> Array:
    """Return the corners, strongest first."""
    return imfilter.corner_peaks(
        response,
        min_distance=options["distance"],
        metric=options["metric"],
        relative=options["strength"],
        count=options["count"],
        refine=options["refine"],
    )


def write(path: str, response: Array, corners: Array) -> None:
    """Write a table of corners, by the ending of its name: whole or not at all."""
    at = np.rint(corners).astype(int)
    rows = [
        dict(zip(_COLUMNS, (*place, strength), strict=True))
        for place, strength in zip(corners.tolist(), response[tuple(at.T)].tolist(), strict=True)
    ]
    listing.write(path, _COLUMNS, rows)


def marked(image: Image, plane: Array, corners: Array, options: Mapping[str, Any], kind: Format) -> Image:
    """Return the picture, in colour and opaque, with a red cross on every corner."""
    colour = plane if plane.ndim == 3 and plane.shape[-1] == 3 else np.stack([plane] * 3, axis=-1)
    source = image.pixels.dtype if image.pixels.dtype.kind != "b" else np.dtype(np.uint8)
    target = render.target_dtype(kind, source, options["dtype"], derivative=False)
    assert target is not None
    pixels = render.quantised(colour, target, render.depth_scale(source, target))
    red = np.array([full_scale(target), 0, 0]).astype(target)
    arm = max(_LEAST, int(min(pixels.shape[:2]) * _SHARE))
    for row, column in np.rint(corners).astype(int):
        pixels[max(row - arm, 0) : row + arm + 1, column] = red
        pixels[row, max(column - arm, 0) : column + arm + 1] = red
    return dataclasses.replace(image, pixels=pixels, channels=True, alpha=False)
