"""Conversion of the samples of a TIFF file to a picture: grey or RGB, with or without alpha.

Decoding returns the samples of a page as they were stored. The tags of the page define their meaning: zero
may be white, a sample may be an index into a colour map, and colours may be inks or multiplied by alpha.

Source: TIFF, revision 6.0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from .image import FileError, full_scale

Array = NDArray[Any]

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
#: Number of colour samples of a pixel, by the photometric interpretation of a page.
_COLOURS = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _PALETTE: 1, _CMYK: 4, _YCBCR: 3}
_OTHER_SPACES = {
    4: "a transparency mask",
    8: "CIELab",
    9: "ICCLab",
    10: "ITULab",
    32803: "a camera's colour filter array",
    32844: "LogL",
    32845: "LogLuv",
    34892: "linear raw data of a camera",
    51177: "a depth map",
}
_UNSPECIFIED, _ASSOCIATED, _UNASSOCIATED = 0, 1, 2
_MEANINGS = {_UNSPECIFIED: "unspecified", _ASSOCIATED: "premultiplied alpha", _UNASSOCIATED: "alpha"}
_COEFFICIENTS, _REFERENCE, _INK_SET, _COLOUR_MAP = 529, 532, 332, 320
_BT601 = (299, 1000, 587, 1000, 114, 1000)
_FULL_RANGE = (0, 255, 128, 255, 128, 255)
_JPEG, _PICTURES = 7, (34712, 50001)  # JPEG 2000 and WebP


def check(path: str, page: Any) -> None:
    """Raise an error, before decoding, if the tags do not define a conversion of the samples to grey or RGB.

    Parameters
    ----------
    path : str
        The file's name, for messages.
    page : tifffile.TiffPage
        The tags that describe the samples.

    Raises
    ------
    FileError
        The message has the format of the page and the supported formats.
    """
    problem = _problem_of_type(page) or _problem_of_colours(page) or _problem_of_extras(page)
    if problem:
        raise FileError(f"{path}: {problem}")


def _problem_of_type(page: Any) -> str | None:
    bits, form = page.bitspersample, int(page.sampleformat)
    if not isinstance(bits, int):
        return f"has samples of different depths {tuple(bits)}; save it with one depth for all"
    if page.dtype is None or page.dtype.kind not in "buif":
        return f"has samples of {bits} bits in format {form}; only integers and floats are supported"
    return None


def _problem_of_colours(page: Any) -> str | None:
    space = int(page.photometric)
    if space not in _COLOURS:
        name = _OTHER_SPACES.get(space, f"kind {space}")
        return f"holds {name}; save it as grey, RGB, palette, CMYK or YCbCr"
    integers = page.dtype.kind in "bu"
    if space == _WHITE_IS_ZERO and not integers:
        return f"'white is zero' is only supported for unsigned integers, not {page.dtype}"
    if space == _PALETTE and not (integers and page.bitspersample <= 16 and _COLOUR_MAP in page.tags):
        return "is damaged: its palette has no colours, or its samples cannot be indices"
    if space == _CMYK and (page.dtype not in (np.uint8, np.uint16) or _is_shallow(page)):
        return f"CMYK is only supported with 8 or 16 bits, not {page.bitspersample}; save it as RGB"
    if space == _CMYK and _numbers(page, _INK_SET) not in (None, (1,)):
        return "has inks other than cyan, magenta, yellow and black; save it as RGB"
    if space == _YCBCR:
        return _problem_of_ycbcr(page)
    return None


def _problem_of_ycbcr(page: Any) -> str | None:
    if page.compression == _JPEG and page.planarconfig == 1:
        return None  # the decoder converts it to RGB
    if page.compression in _PICTURES or page.is_subsampled:
        return "subsampled YCbCr is only supported with JPEG compression; save it as RGB"
    if page.dtype != np.uint8 or page.bitspersample != 8 or page.planarconfig != 1:
        return "YCbCr is only supported with 8 bits and without separate planes; save it as RGB"
    weights, reference = _numbers(page, _COEFFICIENTS), _numbers(page, _REFERENCE)
    whole = reference is None or [a / b for a, b in _pairs(reference)] == list(_FULL_RANGE)
    if not whole or (weights is not None and not np.allclose(_ratios(weights), _ratios(_BT601), atol=5e-4)):
        return "YCbCr is only supported with the weights of BT.601 and the full range; save it as RGB"
    return None


def _problem_of_extras(page: Any) -> str | None:
    colours = _COLOURS[int(page.photometric)]
    extra = page.samplesperpixel - colours
    if extra == 0 and not page.extrasamples:
        return None
    if extra < 0:
        return f"is damaged: it has {page.samplesperpixel} samples per pixel, and its colours need {colours}"
    kinds = tuple(int(kind) for kind in page.extrasamples)
    if extra != 1 or len(kinds) != 1 or kinds[0] == _UNSPECIFIED or kinds[0] not in _MEANINGS:
        names = sorted({_MEANINGS.get(kind, f"kind {kind}") for kind in kinds}) or ["without a type"]
        return (
            f"has {page.samplesperpixel} samples per pixel: {colours} of colour and {extra} other "
            f"({' and '.join(names)}); only one other sample, alpha, is supported; "
            "save the bands as .npy to filter them"
        )
    if page.compression == _JPEG and page.planarconfig == 1:
        return "has alpha with JPEG compression, which is not supported; save it with another compression"
    if _is_shallow(page) and (page.bitspersample > 8 or page.photometric == _PALETTE):
        return f"alpha is only supported with 8, 16, 32 or 64 bits, not {page.bitspersample}"
    if page.photometric == _PALETTE and page.bitspersample != 8:
        return "alpha with a palette is only supported with 8 bits; save it as RGB with alpha"
    if kinds[0] == _ASSOCIATED:
        return _problem_of_premultiplied(page)
    return None


def _problem_of_premultiplied(page: Any) -> str | None:
    if page.photometric not in (_BLACK_IS_ZERO, _RGB):
        return "premultiplied alpha is only supported for RGB and for grey where black is zero"
    if page.dtype.kind == "i" or page.dtype == np.uint64:
        return f"premultiplied alpha is not supported for {page.dtype}; save it with straight alpha"
    return None


def _is_shallow(page: Any) -> bool:
    """Return whether samples have fewer bits than their type."""
    return bool(page.bitspersample != 8 * page.dtype.itemsize and page.dtype.kind != "f")


def _numbers(page: Any, tag: int) -> tuple[int, ...] | None:
    value = page.tags.valueof(tag)
    if value is None:
        return None
    return tuple(value) if isinstance(value, tuple) else (value,)


def _pairs(numbers: tuple[int, ...]) -> list[tuple[int, int]]:
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _ratios(numbers: tuple[int, ...]) -> list[float]:
    return [a / b for a, b in _pairs(numbers)]


def picture(page: Any, samples: Array) -> tuple[Array, bool]:
    """Convert samples to grey or RGB. Return the pixels, and whether the last channel is alpha.

    Parameters
    ----------
    page : tifffile.TiffPage
        The tags that describe the samples, after `check`.
    samples : ndarray
        The decoded samples, ``(height, width, samples)``.

    Returns
    -------
    pixels : ndarray
        ``(height, width)`` or ``(height, width, channels)``. Samples of 1 to 7 bits are scaled to 8 bits, so
        that white is 255. Samples of 9 to 15 and 17 to 31 bits keep their values in the next larger type.
    alpha : bool
        Whether the last channel is straight alpha.
    """
    space, bits = int(page.photometric), page.bitspersample
    if bits < 8 and space != _PALETTE:
        samples, bits = _widened(samples, bits), 8
    alpha = bool(page.extrasamples)
    stored = colours = samples[..., :-1] if alpha else samples
    if space == _WHITE_IS_ZERO:
        colours = np.subtract(colours.dtype.type(2**bits - 1), colours)
    elif space == _PALETTE:
        colours = _looked_up(page, colours[..., 0])
    elif space == _CMYK:
        colours = _from_inks(colours)
    elif space == _YCBCR and page.compression != _JPEG:
        colours = np.asarray(Pillow.fromarray(np.ascontiguousarray(colours), "YCbCr").convert("RGB"))
    if not alpha:
        return (colours[..., 0] if colours.shape[-1] == 1 else colours), False
    opacity = samples[..., -1:]
    if page.extrasamples[0] == _ASSOCIATED:
        colours = _straightened(colours, opacity)
    return (samples if colours is stored else np.concatenate([colours, opacity], axis=-1)), True


def _widened(samples: Array, bits: int) -> Array:
    """Scale samples of 1 to 7 bits to 8 bits. This is exact for 1, 2 and 4 bits, and rounded otherwise."""
    if bits == 1:
        return samples.view(np.uint8) * np.uint8(255)
    top = 2**bits - 1
    table = np.rint(np.arange(top + 1) * (255 / top)).astype(np.uint8)
    return table[samples]


def _looked_up(page: Any, entries: Array) -> Array:
    """Return the colours of indices into the colour map, with 8 bits per channel."""
    colours: Array = np.asarray(page.tags.valueof(_COLOUR_MAP)).reshape(3, 2**page.bitspersample)
    if colours.max() > 255:  # otherwise the program wrote 8 bits
        colours = colours >> 8
    return colours.astype(np.uint8).T[entries.astype(np.intp)]


def _from_inks(inks: Array) -> Array:
    """Convert CMYK to RGB without a colour profile: (1 - ink) times (1 - black) for each channel."""
    full = int(full_scale(inks.dtype))
    light = np.subtract(inks.dtype.type(full), inks)
    without_black = light[..., 3:].astype(np.uint32)
    return ((light[..., :3] * without_black + full // 2) // full).astype(inks.dtype)


def _straightened(colours: Array, opacity: Array) -> Array:
    """Divide premultiplied colour by alpha, so that all pictures have straight alpha."""
    full = full_scale(colours.dtype)
    alpha = opacity.astype(np.float64)
    straight = np.divide(colours * full, alpha, out=np.zeros(colours.shape), where=alpha > 0)
    if colours.dtype.kind in "ui":
        straight = np.clip(np.rint(straight), 0, full)
    return straight.astype(colours.dtype)
