"""What travels with the pixels: orientation, EXIF, ICC profile, resolution."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from .image import Image

ORIENTATION = 0x0112
EXIF_IFD = 0x8769
GPS_IFD = 0x8825
# The tags of a TIFF's first directory that describe the picture and not its storage:
# ImageDescription, Make, Model, Software, DateTime, Artist, Copyright.
DESCRIPTIVE = (270, 271, 272, 305, 306, 315, 33432)

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


def split_exif(exif: Pillow.Exif, *, storage: bool = False) -> tuple[int, bytes | None]:
    """Take the orientation out of an EXIF block.

    Parameters
    ----------
    exif : PIL.Image.Exif
        The block as read.
    storage : bool
        Whether it is a TIFF's own directory, whose other tags describe how its pixels are laid
        out: then only those that describe the picture are kept.

    Returns
    -------
    tuple
        The orientation (1 if there is none) and the other tags, None if there are none.
    """
    orientation = exif.get(ORIENTATION, 1)
    if storage:
        kept = Pillow.Exif()
        for tag in DESCRIPTIVE:
            if tag in exif:
                kept[tag] = exif[tag]
        for tag in (EXIF_IFD, GPS_IFD):
            if directory := exif.get_ifd(tag):
                kept[tag] = directory
        exif = kept
    elif ORIENTATION in exif:
        del exif[ORIENTATION]
    return (orientation if isinstance(orientation, int) else 1), (exif.tobytes() if len(exif) else None)


def load_exif(block: bytes | None) -> Pillow.Exif:
    """Parse an EXIF block; an empty one where there is none."""
    exif = Pillow.Exif()
    if block:
        exif.load(block)
    return exif


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
