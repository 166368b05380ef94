"""Pictures of objects: their distances to the background, and their skeletons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import imfilter
from imfilter._base import dtypes

from .._files.formats import Format
from .._files.image import Image, full_scale
from . import colour, render
from .command import Command
from .task import like


def picture(command: Command, image: Image, options: Mapping[str, Any], kind: Format) -> Image:
    """Return distances in pixels, or lines in white on black.

    Pixels that are not black belong to objects. Distances are floats if the format has them, otherwise
    rounded and saturated. Lines in ``.npy`` are booleans.

    Parameters
    ----------
    command : Command
        The command.
    image : Image
        The input.
    options : mapping
        Every option of the command by name.
    kind : Format
        The format of the output file.
    """
    values = colour.one_plane(image)
    if command.name == "skeleton" and image.spatial != 2:
        raise ValueError(f"IN must have two axes and channels, got shape {image.pixels.shape}")
    given = {"channel_axis": -1 if values.ndim > image.spatial else None, "workers": options["workers"]}
    if command.name == "distance":
        wanted = options["dtype"]
        if wanted is None and kind.picture and kind.holds(dtypes.FLOAT32):
            wanted = "float32"
        target = render.target_dtype(kind, image.pixels.dtype, wanted, scaled=True)
        found = imfilter.morphology.distance(values, spacing=options["spacing"], dtype=target, **given)
        assert not isinstance(found, tuple)
        return like(image, found)
    target = render.target_dtype(kind, np.dtype(np.uint8), options["dtype"], scaled=False)
    lines = imfilter.morphology.skeleton(values, **given)
    if target is None:
        return like(image, lines)
    return like(image, np.multiply(lines, target.type(full_scale(target)), dtype=target))
