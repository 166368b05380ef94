"""What travels with the pixels: orientation, ICC profile, resolution. For EXIF see ``exif``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .image import Image

# Orientation -> (swap rows and columns first, then reverse rows, then reverse columns).
_TURNS = {
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}


def upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn pixels as the EXIF orientation (1 to 8) says they are meant to be seen."""
    if orientation not in _TURNS:
        return pixels
    swap, rows, columns = _TURNS[orientation]
    if swap:
        pixels = pixels.swapaxes(0, 1)
    pixels = pixels[:: -1 if rows else 1, :: -1 if columns else 1]
    return np.ascontiguousarray(pixels)


def swaps_axes(orientation: int) -> bool:
    """Whether this orientation exchanges width and height."""
    return orientation in _TURNS and _TURNS[orientation][0]


def profile_for(image: Image, *, colour: bool) -> bytes | None:
    """Return the ICC profile if it describes what is about to be written, else None.

    A profile for RGB in a grey file (the luminance of a colour picture, say), or for CMYK in an
    RGB one, makes readers refuse the file or show wrong colours.
    """
    if image.icc is None or len(image.icc) < 128:
        return None
    wanted = b"RGB " if colour else b"GRAY"
    return image.icc if image.icc[16:20] == wanted else None


def resolution(value: object) -> tuple[float, float] | None:
    """Return a sane (x, y) resolution in dots per inch, or None."""
    try:
        x, y = (float(part) for part in value)  # type: ignore[attr-defined]  # what cannot be iterated is a TypeError
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (x, y) if 0 < x < 1e6 and 0 < y < 1e6 else None
