"""Pictures with changed contrast, background or sharpness. Opacity does not change."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from .._files.formats import Format
from .._files.image import Image
from . import missing, render
from .command import Command
from .render import Tone
from .task import Filter, beside_alpha


def picture(command: Command, image: Image, options: Mapping[str, Any], kind: Format) -> Image:
    """Return the result. Pixels that are wholly transparent are absent.

    Parameters
    ----------
    command : Command
        The filter.
    image : Image
        The input, with the pixels that are present.
    options : mapping
        Every option of the command by name.
    kind : Format
        The format of the output file.
    """
    target = render.target_dtype(kind, image.pixels.dtype, options["dtype"], scaled=False, limits=False)
    run = Filter(command, options, image.spatial, apart=image.apart)
    run.nodata = image.nodata
    visible = image
    if image.opacity is not None and not image.opacity.all():
        there = image.opacity > 0
        if image.present is not None:
            there = there & image.present if image.present.ndim == there.ndim else (
                there[..., None] & image.present)  # fmt: skip
        visible = dataclasses.replace(image, present=there)
    found = run(missing.masked(visible, image.colour), None if image.alpha else _direct(target, image))
    tone = Tone(
        target,
        1.0 if target is None else render.depth_scale(image.pixels.dtype, target),
        nodata=image.nodata,
    )
    if not image.alpha:
        return missing.written(dataclasses.replace(image, pixels=tone.of(found)))
    return missing.written(dataclasses.replace(image, pixels=tone.of(beside_alpha(image, found))))


def _direct(target: np.dtype[Any] | None, image: Image) -> np.dtype[Any] | None:
    """Return the type in which the filter computes the values of the file, or None if they are scaled."""
    return target if target == image.pixels.dtype else None
