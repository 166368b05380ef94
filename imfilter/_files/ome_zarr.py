"""The metadata of OME-Zarr images: axes, levels, and where their samples are.

Source: OME-NGFF, versions 0.4 and 0.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .image import SAMPLING, Image
from .stacks import Array

_TYPES = {"T": "time", "C": "channel", "Z": "space", "Y": "space", "X": "space"}
_UNITS = {
    "µm": "micrometer",
    "um": "micrometer",
    "micron": "micrometer",
    "nm": "nanometer",
    "mm": "millimeter",
}
_UNITS |= {"cm": "centimeter", "m": "meter", "s": "second", "sec": "second", "ms": "millisecond"}


def letters_of(names: Any, count: int) -> str:
    """Return the letters of named axes, or an empty text if the names are others."""
    if not isinstance(names, (list, tuple)) or len(names) != count:
        return ""
    letters = "".join(str(name).upper() for name in names)
    known = len(letters) == count == len(set(letters)) and set(letters) <= set("TCZYXS")
    return letters if known and (letters[-1] in "YX" or letters.endswith("YXS")) else ""


def multiscale(attributes: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the first multiscale image of a group."""
    holder = attributes.get("ome", attributes)
    try:
        image = holder["multiscales"][0]
        image["datasets"][0]["path"]
    except (KeyError, IndexError, TypeError):
        return None
    return dict(image)


def described(image: Mapping[str, Any], array: Any) -> tuple[str, Any, Any]:
    """Return the axes, spacing and units of the largest level."""
    axes = image.get("axes", ())
    names = [axis.get("name") if isinstance(axis, Mapping) else axis for axis in axes]
    letters = letters_of(names, len(array.shape))
    if not letters:
        return "", (), ()
    scale, _ = _transformed(image, len(letters))
    units = tuple(str(axis.get("unit", "")) if isinstance(axis, Mapping) else "" for axis in axes)
    known = [value if letter != "C" else None for letter, value in zip(letters, scale.tolist(), strict=True)]
    return letters, tuple(known), units


def _transformed(image: Mapping[str, Any], count: int) -> tuple[Array, Array]:
    """Return the scale and the translation of the largest level: its own, then those of the whole image."""
    scale, origin = np.ones(count), np.zeros(count)
    transforms = [*image["datasets"][0].get("coordinateTransformations", ())]
    transforms += image.get("coordinateTransformations", ())
    for transform in transforms:
        if transform.get("type") == "scale" and len(transform.get("scale", ())) == count:
            scale, origin = scale * transform["scale"], origin * transform["scale"]
        if transform.get("type") == "translation" and len(transform.get("translation", ())) == count:
            origin = origin + transform["translation"]
    return scale, origin


def shapes(header: Image, levels: int) -> list[tuple[int, ...]]:
    """Return the shapes of the levels: rows and columns are halved, and planes if they are as close."""
    halved = {axis for axis in "YX" if axis in header.axes}
    depth, height = header.distance("Z")[0], header.distance("Y")[0]
    if "Z" in header.axes and depth is not None and height is not None and depth <= 1.5 * height:
        halved.add("Z")
    shapes = [header.pixels.shape]
    for _ in range(levels - 1):
        last = shapes[-1]
        shapes.append(
            tuple(-(-n // 2) if axis in halved else n for axis, n in zip(header.axes, last, strict=True))
        )
    return shapes


def axes_of(image: Mapping[str, Any], header: Image) -> list[dict[str, str]]:
    """Return the descriptions of the axes of the result."""
    old = {str(axis.get("name")).upper(): axis for axis in image.get("axes", ()) if isinstance(axis, Mapping)}
    axes = []
    for letter in header.axes:
        axis = dict(old.get(letter, {"name": letter.lower(), "type": _TYPES[letter]}))
        unit = header.distance(letter)[1]
        if unit and "unit" not in axis:
            axis["unit"] = _UNITS.get(unit, unit)
        axes.append(axis)
    return axes


def origin_of(image: Mapping[str, Any], header: Image) -> list[float]:
    """Return the position of the first sample along each axis of the result: that of the input, or 0.

    A filter that changes the size of an image moves its first sample.
    """
    axes = image.get("axes", ())
    old = [str(axis.get("name") if isinstance(axis, Mapping) else axis).upper() for axis in axes]
    known: dict[str, float] = {}
    if image.get("datasets") and old:
        known = dict(zip(old, _transformed(image, len(old))[1].tolist(), strict=True))
    origin = []
    for letter in header.axes:
        factor, offset = header.details.get(SAMPLING, {}).get(letter, (1.0, 0.0))
        origin.append(float(known.get(letter, 0.0) + offset * _step(header, letter) / factor))
    return origin


def _step(header: Image, axis: str) -> float:
    return header.distance(axis)[0] or 1.0


def dataset(path: str, shape: Sequence[int], header: Image, origin: Sequence[float]) -> dict[str, Any]:
    """Return the description of a level: its path, the distance between its samples, and its position.

    All levels have the same ends, so the first sample of a smaller level is in the middle of several of the
    largest one.
    """
    scale, translation = [], []
    for axis, full, length, start in zip(header.axes, header.pixels.shape, shape, origin, strict=True):
        step, factor = _step(header, axis), full / length
        scale.append(step * factor)
        translation.append(start + step * (factor - 1) / 2)
    transforms: list[dict[str, Any]] = [{"type": "scale", "scale": scale}]
    if any(translation):
        transforms.append({"type": "translation", "translation": translation})
    return {"path": path, "coordinateTransformations": transforms}
