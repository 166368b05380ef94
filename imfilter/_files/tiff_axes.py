"""Axes of a TIFF stack, from the texts of ImageJ, OME and tifffile in its first page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import tifffile

from . import ome

#: Name of the format of a stack in `Image.details`.
IMAGEJ, OME, SHAPED = "ImageJ", "OME", "tifffile"
_AXES = "TZCYXS"
_KEPT = ("ImageJ", "images", "channels", "slices", "frames")


@dataclass(frozen=True)
class Layout:
    """The axes of the pages of a stack.

    Parameters
    ----------
    axes : str
        A letter for each axis before the rows. Axes of length 1 are left out.
    shape : tuple of int
        Lengths of these axes. Their product is the number of pages.
    order : sequence of int
        The page of each plane.
    distances : mapping
        Spacing and unit of an axis, by its letter.
    details : mapping
        What only the same format can hold.
    """

    axes: str
    shape: tuple[int, ...]
    order: Sequence[int]
    distances: Mapping[str, tuple[float | None, str]] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)


def plain(count: int) -> Layout:
    """Return the layout of pages without a meaning."""
    return Layout("I" if count > 1 else "", (count,) if count > 1 else (), range(count))


def of(page: Any, count: int) -> Layout:
    """Return the layout of a stack of `count` pages.

    Parameters
    ----------
    page : tifffile.TiffPage
        The first page.
    count : int
        The number of pages.

    Raises
    ------
    ValueError
        If the text does not fit the pages.
    """
    text = page.description
    if page.is_ome:
        axes, sizes, order, distances = ome.parsed(text, count)
        return Layout(axes, sizes, order, distances, {OME: text})
    if page.is_imagej:
        return _of_imagej(page, count)
    if page.is_shaped:
        return _of_tifffile(page, text, count)
    return plain(count)


def is_named(page: Any) -> bool:
    """Return whether a single page has a text with axes or distances that a picture would lose."""
    return bool(page.is_imagej or page.is_ome)


def _of_imagej(page: Any, count: int) -> Layout:
    said = tifffile.tifffile.imagej_description_metadata(page.imagej_description)
    lengths = {"T": said.get("frames", 1), "Z": said.get("slices", 1), "C": said.get("channels", 1)}
    if any(not isinstance(length, int) or length < 1 for length in lengths.values()):
        raise ValueError("the numbers of frames, slices and channels are not whole numbers")
    axes = "".join(axis for axis, length in lengths.items() if length > 1)
    if math.prod(lengths.values()) != count:
        if math.prod(lengths.values()) != 1:
            raise ValueError(f"its text has {math.prod(lengths.values())} pages, and the file has {count}")
        return plain(count)
    unit = str(said.get("unit", "")).replace("\\u00B5", "µ")
    distances: dict[str, tuple[float | None, str]] = {
        axis: (_inverse(page, tag), unit) for axis, tag in (("X", 282), ("Y", 283))
    }
    if isinstance(step := said.get("spacing"), (int, float)) and step and math.isfinite(step):
        distances["Z"] = (abs(float(step)), unit)
    if isinstance(step := said.get("finterval"), (int, float)) and step > 0:
        distances["T"] = (float(step), "s")
    words = {key: value for key, value in said.items() if key not in _KEPT}
    more = page.tags.valueof(50839)
    if isinstance(more, dict):
        words |= more
    return Layout(axes, tuple(lengths[axis] for axis in axes), range(count), distances, {IMAGEJ: words})


def _inverse(page: Any, tag: int) -> float | None:
    """Return the distance between pixels, from a tag of the pixels in a unit."""
    value = page.tags.valueof(tag)
    if isinstance(value, tuple) and len(value) == 2 and min(value) > 0:
        return float(value[1] / value[0])
    return None


def _of_tifffile(page: Any, text: str, count: int) -> Layout:
    said = tifffile.tifffile.shaped_description_metadata(text)
    axes, shape = said.get("axes"), said.get("shape")
    if not isinstance(axes, str) or not isinstance(shape, (list, tuple)) or len(axes) != len(shape):
        return plain(count)
    axes = axes.upper()
    rows = axes.find("YX")
    if rows < 0 or axes[rows + 2 :] not in ("", "S"):
        return plain(count)
    pairs = [(axis, length) for axis, length in zip(axes[:rows], shape, strict=False) if length != 1]
    names, sizes = "".join(axis for axis, _ in pairs), tuple(length for _, length in pairs)
    if len(set(axes)) != len(axes) or not axes.isalpha() or math.prod(sizes) != count:
        return plain(count)
    return Layout(names, sizes, range(count), {}, {SHAPED: True})


def suits_imagej(axes: str, dtype: Any) -> bool:
    """Return whether ImageJ has these axes and this type."""
    places = [_AXES.find(axis) for axis in axes]
    types = ("uint8",) if axes.endswith("S") else ("uint8", "uint16", "float32")
    return -1 not in places and places == sorted(places) and str(dtype) in types
