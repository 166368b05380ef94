"""The XML of OME-TIFF: axes, distances and the order of the pages.

Source: the OME data model, schema 2016-06, elements Pixels, Channel and TiffData.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from .image import Image

Distances = Mapping[str, tuple[float | None, str]]
_TYPES = {"float32": "float", "float64": "double", "bool": "bit"}
_UNITS = {"micrometer": "µm", "micron": "µm", "um": "µm", "\\u00B5m": "µm", "sec": "s", "second": "s"}
_UNITS |= {"millimeter": "mm", "nanometer": "nm", "centimeter": "cm", "meter": "m", "millisecond": "ms"}
_KNOWN = ("µm", "mm", "nm", "cm", "m", "pm", "Å", "pixel", "s", "ms", "µs", "ns", "min", "h", "inch")


def parsed(text: str, count: int) -> tuple[str, tuple[int, ...], Sequence[int], Distances]:
    """Return the axes before the rows, their lengths, the page of each plane, and the distances.

    Parameters
    ----------
    text : str
        The XML.
    count : int
        Number of pages in the file.

    Raises
    ------
    ValueError
        If the XML is damaged, or if it describes other pages than those of the file.
    """
    pixels, space = _pixels(_root(text))
    order = pixels.get("DimensionOrder", "XYZCT")
    if sorted(order) != sorted("XYZCT") or not order.startswith("XY"):
        raise ValueError(f"its order of dimensions is {order[:9]!r}")
    sizes = {axis: int(pixels.get(f"Size{axis}", 1)) for axis in "ZCT"}
    channels = pixels.findall(f"{space}Channel")
    samples = int(channels[0].get("SamplesPerPixel", 1)) if channels else 1
    sizes["C"] = max(sizes["C"] // max(samples, 1), 1)
    slowest_last = order[2:]
    total = math.prod(sizes.values())
    if min(sizes.values()) < 1 or total > count:
        raise ValueError(f"its text has {total} planes, and the file has {count}")
    pages = _pages(pixels.findall(f"{space}TiffData"), slowest_last, sizes, count)
    axes = "".join(axis for axis in reversed(slowest_last) if sizes[axis] > 1)
    distances = {axis: _distance(pixels, f"PhysicalSize{axis}", "µm") for axis in "XYZ"}
    distances["T"] = _distance(pixels, "TimeIncrement", "s")
    return axes, tuple(sizes[axis] for axis in axes), pages, distances


def _root(text: str) -> Any:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("its text defines entities")
    try:
        return ElementTree.fromstring(text.encode())
    except ElementTree.ParseError as error:
        raise ValueError(f"its text is not XML: {error}") from error


def _pixels(root: Any) -> tuple[Any, str]:
    """Return the only element Pixels, and the namespace in braces."""
    space = root.tag[: root.tag.find("}") + 1]
    found = root.findall(f"{space}Image/{space}Pixels")
    if len(found) != 1:
        raise ValueError(f"its text describes {len(found)} images, and one is supported")
    return found[0], space


def _distance(pixels: Any, name: str, unit: str) -> tuple[float | None, str]:
    try:
        value = float(pixels.get(name, ""))
    except ValueError:
        return None, ""
    return (value, pixels.get(f"{name}Unit", unit)) if 0 < value < math.inf else (None, "")


def _pages(blocks: list[Any], order: str, sizes: Mapping[str, int], count: int) -> Sequence[int]:
    """Return the page of each plane, with the planes in the order of the dimensions."""
    total = math.prod(sizes.values())
    if not blocks:
        return range(total)
    pages = [-1] * total
    for block in blocks:
        if any(child.get("FileName") for child in block) and len(blocks) > total:
            raise ValueError("its planes are in several files")
        plane, step = 0, 1
        for axis in order:
            first = int(block.get(f"First{axis}", 0))
            plane += first * step
            step *= sizes[axis]
        page = int(block.get("IFD", 0))
        length = int(block.get("PlaneCount", 1 if "IFD" in block.attrib else total))
        if not (plane >= 0 and length >= 0 and plane + length <= total and 0 <= page <= count - length):
            raise ValueError("its text refers to pages that the file does not have")
        pages[plane : plane + length] = range(page, page + length)
    if -1 in pages:
        raise ValueError("its text has no page for some planes")
    return pages


def renewed(text: str, image: Image) -> bytes | None:
    """Return the XML for a result: with its type, shape and distances, and all other elements unchanged.

    Parameters
    ----------
    text : str
        The XML of the input.
    image : Image
        The result. Only its shape, type, axes and distances are used.
    """
    try:
        root = _root(text)
        pixels, space = _pixels(root)
    except ValueError:
        return None
    before = image.axes.partition("Y")[0]
    if not set(before) <= set("ZCT"):
        return None
    lengths = dict(zip(image.axes, image.pixels.shape, strict=True))
    samples = lengths.get("S", 1)
    rest = [axis for axis in "ZCT" if axis not in before]
    pixels.set("DimensionOrder", "XY" + "".join([*reversed(before), *rest]))
    for axis in "XYZT":
        pixels.set(f"Size{axis}", str(lengths.get(axis, 1)))
    pixels.set("SizeC", str(lengths.get("C", 1) * samples))
    pixels.set("Type", _TYPES.get(str(image.pixels.dtype), str(image.pixels.dtype)))
    for name in ("SignificantBits", "BigEndian", "Interleaved"):
        pixels.attrib.pop(name, None)
    for axis in "XYZT":
        spacing, _ = image.distance(axis)
        name = "TimeIncrement" if axis == "T" else f"PhysicalSize{axis}"
        if spacing is not None:
            pixels.set(name, repr(spacing))
    _renew_channels(pixels, space, lengths.get("C", 1), samples)
    for block in [*pixels.findall(f"{space}TiffData"), *pixels.findall(f"{space}BinData")]:
        pixels.remove(block)
    place = sum(child.tag == f"{space}Channel" for child in pixels)
    pixels.insert(place, ElementTree.Element(f"{space}TiffData"))
    root.attrib.pop("UUID", None)
    for prefix, uri in re.findall(r'xmlns(?::(\w+))?="([^"]+)"', text):
        if prefix != "xml" and not re.fullmatch(r"ns\d+", prefix):
            ElementTree.register_namespace(prefix, uri)
    return b'<?xml version="1.0" encoding="UTF-8"?>' + ElementTree.tostring(root)


def _renew_channels(pixels: Any, space: str, count: int, samples: int) -> None:
    """Keep the descriptions of channels that the result has."""
    channels = pixels.findall(f"{space}Channel")
    for channel in channels[count:]:
        pixels.remove(channel)
    for channel in channels[:count]:
        channel.set("SamplesPerPixel", str(samples))


def keywords(image: Image) -> dict[str, Any]:
    """Return the metadata of a new OME-TIFF for tifffile: axes, distances and units."""
    words: dict[str, Any] = {"axes": image.axes}
    for axis in "XYZT":
        spacing, unit = image.distance(axis)
        if spacing is None:
            continue
        name = "TimeIncrement" if axis == "T" else f"PhysicalSize{axis}"
        words[name] = spacing
        unit = _UNITS.get(unit, unit)
        if unit in _KNOWN:
            words[f"{name}Unit"] = unit
    return words


def can_hold(axes: str, dtype: Any) -> bool:
    """Return whether OME has these axes and this type."""
    kinds = ("uint8", "uint16", "uint32", "int8", "int16", "int32", "float32", "float64")
    return set(axes) <= set("TZCYXS") and axes.removesuffix("S").endswith("YX") and str(dtype) in kinds
