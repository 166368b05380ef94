"""Metadata of pictures: orientation, ICC profile, resolution. For EXIF see ``exif``."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .image import Image

#: The tag of the orientation in EXIF.
ORIENTATION = 0x0112
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
    """Rotate and flip pixels by the EXIF orientation (1 to 8)."""
    if orientation not in _TURNS:
        return pixels
    swap, rows, columns = _TURNS[orientation]
    if swap:
        pixels = pixels.swapaxes(0, 1)
    pixels = pixels[:: -1 if rows else 1, :: -1 if columns else 1]
    return np.ascontiguousarray(pixels)


def is_turned(orientation: int) -> bool:
    """Return whether pixels with this orientation must be rotated or flipped."""
    return orientation in _TURNS


def swaps_axes(orientation: int) -> bool:
    """Return whether this orientation exchanges width and height."""
    return orientation in _TURNS and _TURNS[orientation][0]


def profile_for(image: Image, *, colour: bool) -> bytes | None:
    """Return the ICC profile if it fits the pixels to write, else None.

    An RGB profile in a grey file (for example the luminance of a colour picture), or a CMYK profile in an RGB
    file, makes readers refuse the file or show wrong colours.
    """
    if image.icc is None or len(image.icc) < 128:
        return None
    wanted = b"RGB " if colour else b"GRAY"
    return image.icc if image.icc[16:20] == wanted else None


def resolution(value: object) -> tuple[float, float] | None:
    """Return a valid (x, y) resolution in dots per inch, or None."""
    try:
        x, y = (float(part) for part in value)  # type: ignore[attr-defined]  # TypeError if not iterable
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (x, y) if 0 < x < 1e6 and 0 < y < 1e6 else None


#: The contents for sRGB: gamma in gAMA, white point and primaries in cHRM, and code points in cICP.
_SRGB_GAMMA = 45455
_SRGB_PRIMARIES = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
_SRGB_CODES = b"\x01\x0d\x00\x01"


def colorimetry_for(image: Image, *, profile: bytes | None) -> tuple[tuple[bytes, bytes], ...]:
    """Return the PNG chunks that are allowed with a profile. sRGB is not allowed with a profile."""
    return tuple(chunk for chunk in image.colorimetry if chunk[0] != b"sRGB" or profile is None)


def lost_colorimetry(image: Image, name: str) -> str | None:
    """Return the message if colours look different in a format without PNG chunks, or None.

    A picture without these chunks is treated as sRGB. A profile is kept and overrides gamma and primaries.

    Parameters
    ----------
    image : Image
        The image to write.
    name : str
        The name of the format.
    """
    profile = profile_for(image, colour=image.colour.ndim == 3 or name == "WebP") if name != "BMP" else None
    if not _means_other_colours(image, profile):
        return None
    chunks = ", ".join(kind.decode() for kind, _ in image.colorimetry)
    return f"{name} cannot hold the colour space of the PNG ({chunks}); write .png to keep it"


def _means_other_colours(image: Image, profile: bytes | None) -> bool:
    """Return whether PNG chunks define another colour space than sRGB, given the profile that is kept."""
    contents = dict(image.colorimetry)
    if b"cICP" in contents:
        return contents[b"cICP"] != _SRGB_CODES
    if profile is not None or b"sRGB" in contents:
        return False
    (gamma,) = struct.unpack(">I", contents.get(b"gAMA", struct.pack(">I", _SRGB_GAMMA)))
    primaries = struct.unpack(">8I", contents.get(b"cHRM", struct.pack(">8I", *_SRGB_PRIMARIES)))
    difference = max(abs(a - b) for a, b in zip(primaries, _SRGB_PRIMARIES, strict=True))
    return abs(gamma - _SRGB_GAMMA) > _SRGB_GAMMA // 100 or difference > 200
