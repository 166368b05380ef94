"""Absent pixels of the command: which they are, and the value that stands for them in files."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imfilter._base import dtypes
from imfilter._base.plan import by_window, some_absent

from .._files import bands
from .._files.image import Image
from .._files.lazy import Converted, LazyRows
from . import quiet, second, strips

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

    Returns
    -------
    Image
        Its attribute `present` is None if all pixels are present. NaN is not present if the options say so.
    """
    nodata = image.nodata if options["nodata"] is None else options["nodata"]
    nodata = None if nodata == "none" else nodata
    mask = image.present if options["mask"] is None else _of_file(options["mask"], image, options)
    absent = []
    if nodata is not None and nodata == nodata and held(nodata, image.pixels.dtype):
        absent.append(narrowed(nodata, image.pixels.dtype))
    ignore = options["nan"] == "ignore" or (nodata is not None and nodata != nodata)
    if ignore and image.pixels.dtype.kind == "f":
        absent.append(np.nan)
    if isinstance(image.pixels, LazyRows) and (mask is not None or absent):
        present = LazyPresence(image, mask, absent).as_array()
    else:
        present = without(image, mask, absent)
    found = dataclasses.replace(image, nodata=nodata, present=present)
    if some_absent.get() and present is None and absent:  # a part of an image with absent samples
        return dataclasses.replace(found, present=np.ones(image.colour.shape, np.bool_))
    if some_absent.get() or by_window.get():  # samples of other parts may be absent
        return found
    if present is not None and all(_is_full(part.present) for part in strips.parts(found)):
        return dataclasses.replace(found, present=None)
    return found


def _is_full(present: Presence | None) -> bool:
    return present is None or bool(present.all())


def narrowed(nodata: float, dtype: np.dtype[Any]) -> float:
    """Return the value as samples of a type hold it. Programs write it with more digits than float32 has."""
    return dtypes.narrowed(float(nodata), dtype) if dtype.kind == "f" else nodata


def held(nodata: float | None, dtype: np.dtype[Any]) -> bool:
    """Tell whether samples of a type can have the value."""
    return nodata is not None and dtypes.holds(dtype, narrowed(nodata, dtype))


def without(image: Image, present: Presence | None, absent: Sequence[float]) -> Presence | None:
    """Return the samples that are present, without those of some values, such as NaN. None: all are."""
    for value in absent:
        present = _without(image, present, value)
    return present


def _without(image: Image, present: Presence | None, value: float) -> Presence | None:
    colour = image.colour
    result = np.empty(colour.shape, np.bool_)
    row = 0
    for part in strips.parts(dataclasses.replace(image, present=None)):
        samples = part.colour
        place = result[row : row + len(samples)]
        row += len(samples)
        if value == value:
            np.not_equal(samples, samples.dtype.type(value), out=place)
        else:
            np.isnan(samples, out=place)
            np.logical_not(place, out=place)
    if present is not None:
        result &= present if present.ndim == result.ndim else present[..., None]
    return present if present is None and result.all() else result


def read(path: str | Image, options: Mapping[str, Any], *, lazy: bool = False) -> tuple[Presence, Image]:
    """Read a mask: where its pixels are not 0, and the picture. If `lazy`, read it in bands of rows."""
    mask = None
    if lazy and isinstance(path, str):
        with quiet.decoders():
            mask = bands.opened(path, options["max_pixels"] or None, workers=options.get("workers"))
    if mask is None:
        mask = second.picture(path, options)

    def nonzero(piece: Image) -> Presence:
        found: Presence = np.not_equal(piece.colour, 0)
        return np.any(found, axis=-1) if piece.channels and found.ndim == piece.pixels.ndim else found

    if not isinstance(mask.pixels, LazyRows):
        return nonzero(mask), mask
    rows = Converted(mask.pixels, lambda part: nonzero(dataclasses.replace(mask, pixels=part)))
    return rows.as_array(), mask


def _of_file(path: str, image: Image, options: Mapping[str, Any]) -> Presence:
    """Read a mask. Its size is the size of the image."""
    present, mask = read(path, options, lazy=isinstance(image.pixels, LazyRows))
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


class LazyPresence(LazyRows):
    """Which samples of an image are present. It is computed in bands of rows.

    Parameters
    ----------
    image : Image
        The image, whose pixels are `LazyRows`.
    mask : ndarray, LazyRows or None
        The samples that a mask keeps.
    absent : sequence of float
        Values of absent samples, such as NaN.
    """

    def __init__(self, image: Image, mask: Presence | None, absent: Sequence[float]) -> None:
        self._mask, self._image, self._absent = mask, image, absent
        head = self.read(0, 1)
        super().__init__((len(image.pixels), *head.shape[1:]), head.dtype)

    def read(self, start: int, stop: int) -> Presence:
        """Return which samples of rows `start` to `stop` are present."""
        where = slice(start, stop)
        mask = None if self._mask is None else self._mask[where]
        piece = strips.cut(dataclasses.replace(self._image, present=None), where)
        found = without(piece, mask, self._absent)
        return np.ones(piece.colour.shape, np.bool_) if found is None else found


def of_pixels(image: Image) -> Presence | None:
    """Return the pixels of which every channel is present. Each sample of `Signals` is on its own."""
    present = image.present
    if present is None or present.ndim == image.spatial or image.apart:
        return present
    if isinstance(present, LazyRows):
        return Converted(present, lambda part: np.all(part, axis=-1)).as_array()
    return np.all(present, axis=-1)


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
