"""The command ``imfilter harris``: corners as marks on the picture, as a table, or the raw response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import imfilter

from .._files.image import full_scale
from . import streams

Array = NDArray[Any]

_COLUMNS = ("row", "column", "response")
#: Half length of a mark: fraction of the shorter side of the picture, and minimum in pixels.
_SHARE, _LEAST = 1 / 150, 2


def measure(plane: Array, options: Mapping[str, Any]) -> Array:
    """Return the response of every pixel. Absent pixels are masked in a masked array."""
    names = ("k", "size", "aperture", "mode", "cval", "min_coverage", "workers")
    return imfilter.harris(plane, **{name: options[name] for name in names})


def detect(response: Array, options: Mapping[str, Any]) -> Array:
    """Return the corners, strongest first."""
    return imfilter.corner_peaks(
        response,
        min_distance=options["distance"],
        metric=options["metric"],
        relative=options["strength"],
        count=options["count"],
        refine=options["refine"],
    )


def write(path: str, response: Array, corners: Array, options: Mapping[str, Any]) -> None:
    """Write a table of corners in the format of its suffix. A failed call leaves no partial file."""
    from . import listing

    indices = np.rint(corners).astype(int)
    rows = [
        dict(zip(_COLUMNS, (*position, strength), strict=True))
        for position, strength in zip(corners.tolist(), response[tuple(indices.T)].tolist(), strict=True)
    ]
    listing.write(path, _COLUMNS, rows, streams.suffix_of(path, options))


def mark(pixels: Array, corners: Array) -> None:
    """Draw a red cross on every corner of a picture in three colours."""
    red = np.array([full_scale(pixels.dtype), 0, 0]).astype(pixels.dtype)
    arm = max(_LEAST, int(min(pixels.shape[:2]) * _SHARE))
    for row, column in np.rint(corners).astype(int):
        pixels[max(row - arm, 0) : row + arm + 1, column] = red
        pixels[row, max(column - arm, 0) : column + arm + 1] = red
