"""Histograms of oriented gradients and matching of templates, of `skimage.feature`."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
import skimage.feature as theirs

import imfilter
from imfilter._compat import skimage_images as images
from imfilter._compat.serving import Elsewhere, like
from imfilter.typing import NDArray

#: Gradients are between two orientations if their angles to the limit are less, about.
_NEAR = 1e-9


@like(theirs.hog, "skimage.feature.hog")
def hog(
    image: NDArray,
    orientations: int = 9,
    pixels_per_cell: tuple[int, int] = (8, 8),
    cells_per_block: tuple[int, int] = (3, 3),
    block_norm: str = "L2-Hys",
    visualize: bool = False,
    transform_sqrt: bool = False,
    feature_vector: bool = True,
    *,
    channel_axis: int | None = None,
) -> Any:
    """Return histograms of oriented gradients, as `skimage.feature.hog` does."""
    given = images.finite(images.image(image))
    array = images.floats(given, preserve_range=True)
    if array.dtype != np.float64 or (given.dtype.kind == "f" and channel_axis is not None):
        raise Elsewhere("rounding may choose another orientation or channel")
    if transform_sqrt and not (array >= 0).all():
        raise Elsewhere("a sample is negative")
    if given.dtype.kind == "f" or transform_sqrt:
        _check_angles(np.sqrt(array) if transform_sqrt else array, orientations)
    options: dict[str, Any] = {
        "orientations": orientations,
        "pixels_per_cell": tuple(pixels_per_cell),
        "cells_per_block": tuple(cells_per_block),
        "block_norm": block_norm,
        "visualize": bool(visualize),
        "transform_sqrt": bool(transform_sqrt),
        "feature_vector": bool(feature_vector),
    }
    return imfilter.hog(array, channel_axis=channel_axis, **options)


def _check_angles(array: NDArray, count: Any) -> None:
    """Leave gradients between two orientations to scikit-image: the rounding of the angle chooses one."""
    if type(count) is not int or array.ndim != 2:
        raise Elsewhere("the orientations or the axes are not usual")
    down, across = array[2:, 1:-1] - array[:-2, 1:-1], array[1:-1, 2:] - array[1:-1, :-2]
    near = _NEAR * (np.abs(down) + np.abs(across))
    for number in range(count):
        angle = math.pi * number / count
        distance = np.abs(down * math.cos(angle) - across * math.sin(angle))
        between = distance < near
        if number == 0:
            between &= down != 0
        if between.any():
            raise Elsewhere("rounding may choose another orientation or channel")


@like(theirs.match_template, "skimage.feature.match_template")
def match_template(
    image: NDArray,
    template: NDArray,
    pad_input: bool = False,
    mode: str = "constant",
    constant_values: float = 0,
) -> NDArray:
    """Correlate a template with each place of an image of integers, as `match_template` does."""
    array, pattern = images.image(image), images.image(template)
    for each in (array, pattern):
        # In floats, sums of scikit-image's integral images leave a rest where the image is flat.
        if each.dtype.kind == "f" or each.dtype.itemsize > 2:
            raise Elsewhere(f"the dtype is {each.dtype.name}")
    if array.ndim not in (2, 3) or pattern.ndim != array.ndim:
        raise Elsewhere("the image and the template do not both have two or three axes")
    if not all(map(operator.ge, array.shape, pattern.shape)):
        raise Elsewhere("the template is larger than the image")
    if pad_input:
        widths = [(m // 2, m - 1 - m // 2) for m in pattern.shape]
        if mode == "constant":
            array = np.pad(array, widths, constant_values=_sample(constant_values, array))
        elif mode in ("reflect", "symmetric"):
            raise Elsewhere("the border depends on its width")
        else:
            border: Any = mode
            array = np.pad(array, widths, border)
    return imfilter.match_template(array, pattern, padding="valid", dtype=np.float64)


def _sample(given: Any, array: NDArray) -> Any:
    """Return a constant that is a value of the image's type."""
    limits = (0, 1) if array.dtype.kind == "b" else (np.iinfo(array.dtype).min, np.iinfo(array.dtype).max)
    if type(given) not in (int, float) or given != int(given) or not limits[0] <= given <= limits[1]:
        raise Elsewhere("constant_values is not a value of the image's type")
    return int(given)
