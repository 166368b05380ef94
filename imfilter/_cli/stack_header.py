"""The header of the result of a stack: its axes, its spacing and its metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imfilter._base import dtypes

from .._files.image import SAMPLING, Image
from .sampling import Sampling
from .stack_work import Work

#: Filters whose results have the range of values of the input.
_SAME_RANGE = ("smoothing", "morphology", "preserving", "fill", "resampling", "enhancement", "denoising")


def of(work: Work, first: Image) -> Image:
    """Return the header of the result of a stack, from its first part."""
    source = work.stack.header
    lengths = source.pixels.shape[: work.before]
    kept: dict[str, Any] = {"icc": source.icc, "dpi": source.dpi}
    kept["exif"] = source.exif if work.options["exif"] else None
    pixels = dtypes.blank((*lengths, *first.pixels.shape), first.pixels.dtype)
    if not first.axes:
        return Image(pixels, nodata=first.nodata, **kept)
    axes = work.axes[: work.before] + first.axes
    found = work.sampled()
    spacing = [_scaled(work, axis, found) for axis in axes]
    units = dict(zip(work.axes, source.units or [""] * len(work.axes), strict=True))
    details = dict(source.details)
    if "ImageJ" in details and work.command.kind not in _SAME_RANGE:
        words = details["ImageJ"]
        details["ImageJ"] = {k: v for k, v in words.items() if k not in ("min", "max", "Ranges")}
    details[SAMPLING] = {axis: (one.factor, one.offset) for axis, one in found.items()}
    return Image(
        pixels,
        first.channels,
        first.alpha,
        nodata=first.nodata,
        axes=axes,
        spacing=tuple(spacing),
        units=tuple(units.get(axis, "") for axis in axes),
        details=details,
        **kept,
    )


def _scaled(work: Work, axis: str, found: Mapping[str, Sampling]) -> float | None:
    """Return the spacing of an axis of the result. Resizing and strides change it."""
    spacing = work.distance(axis) if axis in work.axes else None
    return spacing * found[axis].factor if spacing is not None and axis in found else spacing
