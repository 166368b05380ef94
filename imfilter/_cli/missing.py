"""Absent pixels of the command: which they are, and the value that stands for them in files."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imfilter._base import dtypes

from .._files.image import Image
from . import second, strips

Array = NDArray[Any]
Presence = NDArray[np.bool_]


def found(image: Image, options: Mapping[str, Any]) -> Image:
    """Return the image with the pixels that are present, by the options of a filter.

    Parameters
    ----------
    image : Image
        The input. Its value of absent pixels is used unless the options give one.
    options : mapping
        Every option of the command by name.
    """
    nodata = image.nodata if options["nodata"] is None else options["nodata"]
    nodata = None if nodata == "none" else nodata
    present = None if options["mask"] is None else _of_file(options["mask"], image, options)
    ignore = options["nan"] == "ignore" or (nodata is not None and nodata != nodata)
    if nodata is not None and nodata == nodata and held(nodata, image.pixels.dtype):
        present = _without(image, present, narrowed(nodata, image.pixels.dtype), equal=True)
    if ignore and image.pixels.dtype.kind == "f":
        present = _without(image, present, np.nan, equal=False)
    return dataclasses.replace(image, nodata=nodata, present=present)


def narrowed(nodata: float, dtype: np.dtype[Any]) -> float:
    """Return the value as samples of a type hold it. Programs write it with more digits than float32 has."""
    return dtypes.narrowed(float(nodata), dtype) if dtype.kind == "f" else nodata


def held(nodata: float | None, dtype: np.dtype[Any]) -> bool:
    """Tell whether samples of a type can have the value."""
    return nodata is not None and dtypes.holds(dtype, narrowed(nodata, dtype))


def _without(image: Image, present: Presence | None, value: float, *, equal: bool) -> Presence | None:
    """Return the samples that are present, without those of a value, or without NaN. None: all are."""
    colour = image.colour
    result = np.empty(colour.shape, np.bool_)
    row = 0
    for part in strips.parts(dataclasses.replace(image, present=None)):
        samples = part.colour
        place = result[row : row + len(samples)]
        row += len(samples)
        if equal:
            np.not_equal(samples, samples.dtype.type(value), out=place)
        else:
            np.isnan(samples, out=place)
            np.logical_not(place, out=place)
    if present is not None:
        result &= present if present.ndim == result.ndim else present[..., None]
    return present if present is None and result.all() else result


def _of_file(path: str, image: Image, options: Mapping[str, Any]) -> Presence:
    """Read a mask. Its size is the size of the image."""
    mask = second.picture(path, options)
    present: Presence = np.not_equal(mask.colour, 0)
    if mask.channels and present.ndim == mask.pixels.ndim:
        present = np.any(present, axis=-1)
    if present.shape == image.pixels.shape[: image.spatial]:
        return present
    if options["channel_axis"] is not None and present.ndim == image.pixels.ndim:
        present = np.moveaxis(present, options["channel_axis"], -1)
        if present.shape == image.pixels.shape:
            return present
    raise ValueError(
        f"--mask must have the size of IN, {_size(image.pixels.shape[: image.spatial], image)}, "
        f"got {_size(present.shape, mask)} in {path}"
    )


def _size(shape: tuple[int, ...], image: Image) -> str:
    return f"{shape[1]} x {shape[0]} pixels" if len(shape) == 2 else f"shape {shape}"


def of_pixels(image: Image) -> Presence | None:
    """Return the pixels of which every channel is present."""
    present = image.present
    return present if present is None or present.ndim == image.spatial else np.all(present, axis=-1)


def whole_pixels(image: Image) -> Image:
    """Return an image whose pixels are present or absent as a whole."""
    return dataclasses.replace(image, present=of_pixels(image))


def masked(image: Image, plane: Array) -> Array:
    """Return channels or a plane of an image, as a masked array if some pixels may be absent."""
    present = image.present
    if present is None:
        return plane if image.nodata is None else np.ma.MaskedArray(plane)
    if present.ndim > plane.ndim:
        present = np.all(present, axis=-1)
    elif present.ndim < plane.ndim:
        present = present[..., None]
    return np.ma.MaskedArray(plane, ~np.broadcast_to(present, plane.shape))


def blanked(image: Image, pixels: Array) -> Array:
    """Make the absent pixels of a picture NaN, or in integers the value of absent pixels or 0, in place."""
    present = of_pixels(image)
    if present is not None:
        whole = image.nodata if held(image.nodata, pixels.dtype) else 0
        pixels[~present] = np.nan if pixels.dtype.kind == "f" else whole
    return pixels


def written(image: Image, source: Image | None = None) -> Image:
    """Return a result with the value of absent pixels where it is undefined.

    Parameters
    ----------
    image : Image
        The result.
    source : Image, optional
        The input, if its samples are kept where they are present, also NaN.
    """
    nodata, pixels = image.nodata, image.pixels
    if nodata is not None and pixels.dtype.kind == "f" and nodata == nodata:
        undefined = np.isnan(pixels)
        if source is not None and source.present is not None:
            present = source.present
            undefined &= ~(present if present.ndim == pixels.ndim else present[..., None])
        if source is None or source.present is not None:
            np.copyto(pixels, pixels.dtype.type(nodata), where=undefined)
    return dataclasses.replace(
        image, nodata=nodata if held(nodata, image.pixels.dtype) else None, present=None
    )
