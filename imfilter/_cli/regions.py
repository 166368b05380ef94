"""Pictures by reconstruction. Colour is filtered channel by channel, and opacity does not change."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

import imfilter
from imfilter._base import dtypes

from .._files.formats import Format
from .._files.image import Image
from . import missing, render, second
from .command import Command
from .render import Tone
from .task import Array, beside_alpha, layout


def picture(command: Command, image: Image, options: Mapping[str, Any], kind: Format) -> Image:
    """Return the result. Pixels that are absent or wholly transparent are on no path.

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
    colour = image.colour
    shared: dict[str, Any] = {"connectivity": options["connectivity"], "workers": options["workers"]}
    shared |= layout(colour.ndim, image.spatial, apart=image.apart)
    present = _present(image)
    if command.name == "fill_holes":
        mask = None if present is None else np.broadcast_to(present, colour.shape)
        found: Array = imfilter.morphology.fill_holes(colour, mask=mask, **shared)
    else:
        found = _reconstructed(image, present, options, shared)
    tone = Tone(target, 1.0 if target is None else render.depth_scale(image.pixels.dtype, target))
    if not image.alpha:
        result = dataclasses.replace(image, pixels=tone.of(found))
    else:
        result = dataclasses.replace(image, pixels=tone.of(beside_alpha(image, found)))
    missing.blanked(result, result.pixels)
    return result


def _reconstructed(
    image: Image, present: Array | None, options: Mapping[str, Any], shared: dict[str, Any]
) -> Array:
    """Return the reconstruction of the seed within the colour of an image."""
    from imfilter._filters.morphology.two_images import beyond

    seed = second.picture(options["seed"], options).colour
    colour, method = image.colour, options["method"]
    if options["channel_axis"] is not None and seed.shape != colour.shape and seed.ndim == colour.ndim:
        seed = np.moveaxis(seed, options["channel_axis"], -1)
    if seed.shape == colour.shape[: image.spatial] != colour.shape:
        seed = np.broadcast_to(seed[..., None], colour.shape)
    if seed.shape != colour.shape:
        if image.apart:
            raise ValueError(
                f"--seed must have one axis of {len(colour)} samples, which all signals share, got shape "
                f"{seed.shape}; give such a .npy file"
            )
        raise ValueError(f"--seed must have the shape of IN, {colour.shape}, got {seed.shape}")
    if seed.dtype != colour.dtype:
        seed = Tone(colour.dtype, render.depth_scale(seed.dtype, colour.dtype)).of(seed)
    if present is not None:
        worst = dtypes.neutral(colour.dtype, largest=method == "dilation")
        colour = np.where(present, colour, worst)
        seed = np.where(present, seed, worst)
    dilation = method == "dilation"
    place = beyond(seed, colour, options["workers"], dilation=dilation)
    if place is not None:
        raise ValueError(
            f"--seed must not be {'brighter' if dilation else 'darker'} than IN with --method {method}, "
            f"got {seed[place]} and {colour[place]} at {place}"
        )
    found: Array = imfilter.morphology.reconstruction(seed, colour, method, **shared)
    return found


def _present(image: Image) -> Array | None:
    """Return the samples that are present and visible, in the number of axes of the colour, or None."""
    present = image.present
    opacity = image.opacity
    if opacity is not None and not opacity.all():
        visible, whole = opacity > 0, missing.of_pixels(image)
        present = visible if whole is None else visible & whole
    if present is not None and present.ndim < image.colour.ndim:
        present = present[..., None]
    return present
