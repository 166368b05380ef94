"""What the command knows about colour and transparency; the filters themselves know neither."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import imfilter

from .._files.formats import Format
from .._files.image import Image, full_scale
from . import corners, kernels, render
from .table import Command, shared_of

Array = NDArray[Any]

#: ITU-R BT.601-7, 2.5.1: the luminance of gamma-encoded R, G, B.
LUMINANCE = (0.299, 0.587, 0.114)
_AXES = {"x": -1, "y": -2, "z": -3}


class Filter:
    """A filter with its options, to be called on planes or channels.

    Parameters
    ----------
    command : Command
        Which filter.
    options : mapping
        Every option of the command by name.
    ndim : int
        Number of spatial axes.
    """

    def __init__(self, command: Command, options: Mapping[str, Any], ndim: int) -> None:
        names = [option.name for option in (*command.options, *shared_of(command))]
        self.options = {name: options[name] for name in names if name not in ("dtype", "channel_axis")}
        if "axis" in self.options:
            self.options["axis"] = _axis(self.options["axis"], ndim)
        if "kernel" in self.options:
            self.options["kernel"] = kernels.parse(self.options["kernel"], ndim)
        self._function = getattr(imfilter, command.name)
        self.ndim = ndim

    @property
    def total(self) -> float:
        """What the filter makes of a constant 1."""
        return kernels.total(self.options["kernel"]) if "kernel" in self.options else 1.0

    def __call__(self, pixels: Array, dtype: np.dtype[Any] | None = None, **changed: Any) -> Array:
        """Filter all channels, if the last axis holds them, or the one plane."""
        channel_axis = -1 if pixels.ndim > self.ndim else None
        options = {**self.options, **changed}
        result: Array = self._function(pixels, channel_axis=channel_axis, dtype=dtype, **options)
        return result

    def whole(self, plane: Array, **changed: Any) -> Any:
        """Call a function that makes no image of the same channels and type of one plane."""
        return self._function(plane, **{**self.options, **changed})


def _axis(axis: str | int | None, ndim: int) -> int | None:
    if axis is None:
        return None
    number = _AXES[axis] if isinstance(axis, str) else axis
    if not -ndim <= number < ndim:
        raise ValueError(f"axis must be one of the {ndim} axes of the image, got {axis}")
    return number % ndim


@np.errstate(over="ignore", invalid="ignore")  # huge options give infinity, which saturates
def apply(command: Command, image: Image, options: Mapping[str, Any], kind: Format) -> Image:
    """Filter an image as its command and the format of the result ask.

    Parameters
    ----------
    command : Command
        Which filter.
    image : Image
        The input.
    options : mapping
        Every option of the command by name.
    kind : Format
        The format of the output file.

    Returns
    -------
    Image
        The result, in a type that the format holds, with the metadata of the input.
    """
    if kind.picture and image.pixels.dtype == np.bool_:
        image = dataclasses.replace(image, pixels=image.pixels.astype(np.uint8) * np.uint8(255))
    if command.kind == "corners":
        return _corners(image, options, kind)
    run = Filter(command, options, image.spatial)
    opacity = image.opacity
    if opacity is not None and (opacity == full_scale(opacity.dtype)).all():
        opacity = None  # opaque: exactly as if there were no alpha
    if command.kind == "edges":
        return _like(image, _edges(run, image, options, kind), None)
    if command.kind == "descriptor":
        return _like(image, _described(run, image, options, kind), None)
    derivative = command.kind == "derivative"
    target = render.target_dtype(kind, image.pixels.dtype, options["dtype"], derivative=derivative)
    if derivative:
        pixels = _derivative(run, image, opacity, options, target, kind)
        return _like(image, pixels, None)
    signed = bool(options.get("signed"))
    scale = 1.0 if target is None or not kind.picture else render.depth_scale(image.pixels.dtype, target)
    if opacity is None:
        pixels = _opaque(run, image.colour, target, scale, signed=signed, exact=command.kind == "smoothing")
        return _like(image, pixels, _full(pixels, image) if image.alpha and run.total else None)
    return _transparent(run, image, opacity, target, scale, signed=signed)


def _like(image: Image, colour: Array, alpha: Array | None) -> Image:
    """Return a result with the metadata of its input; `colour` has channels if it has 3 axes."""
    if alpha is None:
        channels = image.channels and colour.ndim == image.pixels.ndim
        return dataclasses.replace(image, pixels=colour, channels=channels, alpha=False)
    colour = colour if colour.ndim == image.pixels.ndim else colour[..., None]
    return dataclasses.replace(image, pixels=np.concatenate([colour, alpha[..., None]], axis=-1))


def _full(pixels: Array, image: Image) -> Array:
    shape = pixels.shape[: image.pixels.ndim - 1]
    return np.full(shape, full_scale(pixels.dtype), pixels.dtype)


def _opaque(
    run: Filter, colour: Array, target: np.dtype[Any] | None, scale: float, *, signed: bool, exact: bool
) -> Array:
    if target is None or (exact and scale == 1.0):
        return run(colour, target)  # the filter's own rounding
    if target.kind == "f":
        return run(colour, target)
    values = run(colour, np.dtype(np.float32)) if exact else run(colour)
    return render.quantised(values, target, scale, signed=signed)


def _transparent(
    run: Filter, image: Image, opacity: Array, target: np.dtype[Any] | None, scale: float, *, signed: bool
) -> Image:
    """Filter colour weighed with opacity, so that what cannot be seen does not bleed into what can."""
    share = _share(opacity)
    bias: dict[str, Any] = {"bias": 0.0} if "bias" in run.options else {}
    offset = run.options.get("bias", 0.0)
    weighed = run(_weighed(image.colour, share), **bias)
    target = target or (image.pixels.dtype if not bias else weighed.dtype)
    if run.total == 0.0:
        return _like(image, render.quantised(weighed + offset, target, scale, signed=signed), None)
    # Outside the image is opaque, of colour cval: as it is for a picture without alpha.
    cover = run(share, **bias, cval=1.0) / share.dtype.type(run.total)
    full = full_scale(target)
    seen = cover >= (0.5 / full if target.kind in "ui" else 1e-6)
    spread = (...,) if weighed.ndim == cover.ndim else (..., None)
    np.divide(weighed, cover[spread], out=weighed, where=seen[spread])
    if offset:
        weighed += weighed.dtype.type(offset)
    np.copyto(weighed, 0, where=~seen[spread])
    colour = render.quantised(weighed, target, scale, signed=signed)
    return _like(image, colour, render.quantised(np.clip(cover, 0, 1), target, full))


def _share(opacity: Array) -> Array:
    """Return opacity as a share of 1, in a type in which 8 or 16 bits of colour stay exact enough."""
    work = np.float32 if opacity.dtype.itemsize == 1 else np.float64
    share: Array = np.divide(opacity, full_scale(opacity.dtype), dtype=work)
    return share


def _weighed(colour: Array, share: Array) -> Array:
    return colour * (share if colour.ndim == share.ndim else share[..., None])


def _derivative(
    run: Filter,
    image: Image,
    opacity: Array | None,
    options: Mapping[str, Any],
    target: np.dtype[Any] | None,
    kind: Format,
) -> Array:
    if options.get("signed") and "axis" in run.options and run.options["axis"] is None:
        raise ValueError("--signed needs --axis: a gradient magnitude has no sign")
    integers = kind.picture and target is not None and target.kind in "ui"
    white = _white(image, options, kind) if integers else 0.0
    plane = image.colour if opacity is None else _weighed(image.colour, _share(opacity))
    if is_rgb(image) and not options["per_channel"]:
        plane = luminance(plane)
    values = run(plane, None if integers else target)
    if not integers or target is None:
        return values
    edge = render.edge_response(lambda step: run(step, mode="edge"), plane.dtype, run.ndim, run.options)
    edge *= white / full_scale(plane.dtype)
    return render.pictured(values, target, edge, signed=bool(options.get("signed")))


def _white(image: Image, options: Mapping[str, Any], kind: Format) -> float:
    """Return which value of an image is white in a format of integers."""
    if options["full_scale"] is not None:
        return float(options["full_scale"])
    if image.pixels.dtype.kind == "f":
        raise ValueError(
            f"{kind.name} holds integers: say with --full-scale which value of a float image is white "
            "(1 or 255, say), or write .npy or a float .tif"
        )
    return full_scale(image.pixels.dtype)


def _described(run: Filter, image: Image, options: Mapping[str, Any], kind: Format) -> Array:
    """Return the picture of a descriptor's cells, or, in ``.npy``, the descriptor."""
    target = render.target_dtype(kind, image.pixels.dtype, options["dtype"], derivative=True)
    plane = over_black(image)
    colour = {"channel_axis": -1 if plane.ndim > image.spatial else None}
    if not kind.picture:
        values = run.whole(plane, **colour)
        return values if target is None else render.quantised(values, target)
    assert target is not None
    picture: Array = run.whole(plane, visualize=True, **colour)[1]
    if target.kind == "f":
        return picture.astype(target)
    white, shown = _white(image, options, kind), {"visualize": True, "cells_per_block": 1}
    edge = render.edge_in_cell(lambda step: run.whole(step, **shown)[1], options["pixels_per_cell"], white)
    return render.pictured(picture, target, edge, signed=False)


def _edges(run: Filter, image: Image, options: Mapping[str, Any], kind: Format) -> Array:
    """Return edges as white on black, or, in ``.npy``, as they are."""
    edges = run.whole(one_plane(image))
    target = render.target_dtype(kind, np.dtype(np.uint8), options["dtype"], derivative=False)
    if target is None:
        return edges
    return np.where(edges, full_scale(target), 0).astype(target)


def _corners(image: Image, options: Mapping[str, Any], kind: Format) -> Image:
    """Return the picture with its corners marked, or, in ``.npy``, the response."""
    response = corners.measured(one_plane(image), options)
    if not kind.picture:
        return _like(image, response, None)
    return corners.marked(image, over_black(image), corners.found(response, options), options, kind)


def over_black(image: Image) -> Array:
    """Return the colour or grey of an image, over black where it is transparent."""
    if image.opacity is None:
        return image.colour
    plane = _weighed(image.colour, _share(image.opacity))
    return plane[..., 0] if plane.ndim > image.spatial and plane.shape[-1] == 1 else plane


def one_plane(image: Image) -> Array:
    """Return the luminance of an image, over black where it is transparent."""
    plane = over_black(image)
    return luminance(plane) if is_rgb(image) else plane


def is_rgb(image: Image) -> bool:
    """Whether the channels are red, green and blue."""
    return image.channels and image.colour.ndim > image.spatial and image.colour.shape[-1] == 3


def luminance(colour: Array) -> Array:
    """Return BT.601 luminance in floating point, nothing rounded."""
    work = np.float32 if colour.dtype.itemsize <= 2 or colour.dtype == np.float32 else np.float64
    red, green, blue = (np.multiply(colour[..., i], LUMINANCE[i], dtype=work) for i in range(3))
    red += green
    red += blue
    return red
