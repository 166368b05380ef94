"""Convert an image for a format: bit depth, transparency, background."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imfilter._base.dtypes import place

from .formats import Format
from .image import Image, full_scale

#: Number of samples in a block of rows.
_BLOCK = 1 << 20


def fitted(image: Image, kind: Format, background: tuple[int, int, int] | None = None) -> Image:
    """Return the image converted for a picture format, or raise an error if that is impossible."""
    pixels, colour = image.pixels, image.colour
    if pixels.ndim != (3 if image.channels else 2) or (
        colour.ndim == 3 and colour.shape[-1] not in (1, 2, 3, 4)
    ):
        colours = ""
        if pixels.ndim == 3 and not image.channels and pixels.shape[-1] in (1, 2, 3, 4):
            colours = " unless its last axis is colour (--channel-axis -1, or Image(..., channels=True))"
        raise ValueError(f"{kind.name} cannot hold an array of shape {pixels.shape}{colours}; write .npy")
    if image.channels and not image.alpha and pixels.shape[-1] in (1, 2, 4):
        # In a picture file, 1 channel is grey, and the last of 2 or 4 channels is alpha.
        alpha = pixels.shape[-1] != 1
        image = dataclasses.replace(
            image, alpha=alpha, channels=alpha, pixels=pixels if alpha else colour[..., 0]
        )
    if image.pixels.dtype == np.bool_:
        image = dataclasses.replace(image, pixels=image.pixels.astype(np.uint8) * np.uint8(255))
    if not kind.holds(image.pixels.dtype):
        image = dataclasses.replace(image, pixels=_narrowed(image.pixels, kind))
    if image.alpha and background is not None:
        image = _composited(image, background)
    if image.alpha and not kind.alpha:
        opacity = image.pixels[..., -1]
        if any((rows != full_scale(rows.dtype)).any() for rows in _in_rows(opacity)):
            raise ValueError(
                f"{kind.name} cannot hold transparency; write .png, .tif or .webp, or give --background"
            )
        image = dataclasses.replace(image, pixels=image.colour, channels=image.colour.ndim == 3, alpha=False)
    if image.exif is not None and kind.exif is not None and len(image.exif) > kind.exif:
        if kind.exif:
            raise ValueError(
                f"{kind.name} cannot hold {len(image.exif)} bytes of EXIF, only {kind.exif}; "
                "write .png, .tif or .webp, or leave EXIF out with --no-exif"
            )
        image = dataclasses.replace(image, exif=None)
    return dataclasses.replace(image, pixels=np.ascontiguousarray(image.pixels))


def _narrowed(pixels: NDArray[Any], kind: Format) -> NDArray[Any]:
    if pixels.dtype == np.uint16 and kind.holds("uint8"):
        return made_in_rows(pixels, lambda rows: convert_depth(rows, np.dtype(np.uint8)))
    depths = " or ".join(kind.dtypes)
    raise ValueError(f"{kind.name} cannot hold {pixels.dtype}; scale it to {depths}, or write .tif or .npy")


def convert_depth(pixels: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Convert between 8 and 16 bits so that white stays white. Round and saturate all other types.

    Parameters
    ----------
    pixels : ndarray
        Pixels of any real type.
    dtype : dtype
        The type to convert to.
    """
    dtypes = (pixels.dtype, dtype)
    if dtypes == (np.dtype(np.uint8), np.dtype(np.uint16)):
        return pixels.astype(np.uint16) * np.uint16(257)
    if dtypes == (np.dtype(np.uint16), np.dtype(np.uint8)):
        return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return saturated(pixels, dtype)


def saturated(pixels: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Round half to even and clip to the range of the type. NaN becomes 0 in integers."""
    if dtype.kind not in "ui":
        with np.errstate(over="ignore"):
            return pixels.astype(dtype)
    if pixels.dtype.kind == "f":
        from imfilter._base import tones  # imports the compiled code, which no file needs to be read

        if (made := tones.scaled(pixels, dtype)) is not None:
            return made
        result = np.empty(pixels.shape, dtype)
        # The range of half precision is smaller than that of 16-bit integers.
        least = np.float64 if dtype.itemsize > 2 else np.float32
        place(pixels.astype(np.promote_types(pixels.dtype, least), copy=False), result)
        return result
    return np.clip(pixels, *_shared_limits(pixels.dtype, np.iinfo(dtype))).astype(dtype)


def _shared_limits(dtype: np.dtype[Any], limits: np.iinfo[Any]) -> tuple[int, int]:
    if dtype.kind == "b":
        return 0, 1
    source = np.iinfo(dtype)
    return max(int(source.min), int(limits.min)), min(int(source.max), int(limits.max))


def _in_rows(pixels: NDArray[Any], block: int = _BLOCK) -> Iterator[NDArray[Any]]:
    """Yield blocks of rows."""
    size = max(1, block // pixels[:1].size)
    return (pixels[start : start + size] for start in range(0, len(pixels), size))


def made_in_rows(
    pixels: NDArray[Any], make: Callable[[NDArray[Any]], NDArray[Any]], block: int = _BLOCK
) -> NDArray[Any]:
    """Return ``make(pixels)``, computed in blocks of rows to keep temporary arrays small.

    Parameters
    ----------
    pixels : ndarray
        Samples with one axis or more, not empty.
    make : callable
        Converts samples, each by itself or with those of its pixel.
    block : int
        Number of samples of a block.
    """
    if pixels.size <= block:
        return make(pixels)
    out, start = np.empty(0), 0
    for rows in _in_rows(pixels, block):
        made = make(rows)
        if start == 0:
            out = np.empty((len(pixels), *made.shape[1:]), made.dtype)
        out[start : start + len(rows)] = made
        start += len(rows)
    return out


def _composited(image: Image, background: tuple[int, int, int]) -> Image:
    """Blend the picture with a background colour, in floating point."""
    mixed = made_in_rows(
        image.pixels, lambda rows: _over(dataclasses.replace(image, pixels=rows), background)
    )
    return dataclasses.replace(image, pixels=mixed, channels=mixed.ndim == 3, alpha=False)


def _over(image: Image, background: tuple[int, int, int]) -> NDArray[Any]:
    dtype = image.pixels.dtype
    full = full_scale(dtype)
    behind = np.array(background, np.float64) * (full / 255)
    colour = image.colour.astype(np.float64)
    if colour.ndim == 2 and len(set(background)) > 1:
        colour = np.repeat(colour[..., None], 3, axis=-1)
    if colour.ndim == 2:
        behind = behind[:1]
    opacity = image.pixels[..., -1].astype(np.float64) / full
    if colour.ndim == 3:
        opacity = opacity[..., None]
    return saturated(colour * opacity + behind * (1 - opacity), dtype)
