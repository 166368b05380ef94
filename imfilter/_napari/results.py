"""Run a filter on the data of a layer, and say of which kind the new layer is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

import imfilter
from imfilter._napari import forms
from imfilter.typing import NDArray

_MOST_AXES = 3


class Source(NamedTuple):
    """What a filter needs to know about a layer.

    Attributes
    ----------
    data : array_like
        Its samples. Colour is the last axis.
    rgb : bool
        Whether the last axis is that of colours.
    scale : sequence of float
        Length of a sample along each axis, without that of colours.
    labels : bool
        Whether it is a layer of labels.
    """

    data: Any
    rgb: bool = False
    scale: Sequence[float] = ()
    labels: bool = False


class Result(NamedTuple):
    """The data and the kind of a new layer, and its own attributes."""

    data: NDArray
    kind: Literal["image", "labels", "points"]
    attributes: dict[str, Any]


def run(name: str, source: Source, form: dict[str, Any], mask: Any = None) -> Result:
    """Filter the data of a layer.

    Parameters
    ----------
    name : str
        A function of `imfilter`, as in `forms.FAMILIES`.
    source : Source
        The layer.
    form : dict
        The values of its form.
    mask : array_like, optional
        Samples that are present: not 0. Default: all are.

    Returns
    -------
    Result
        Labels for results that are true or false, points for positions, an image for others.

    Raises
    ------
    TypeError, ValueError
        If the function raises it, or if a text of the form is not a number.
    """
    options = forms.values_of(name, form)
    function, known = forms.function_of(name), forms.parameters_of(name)
    data, opacity = np.asarray(source.data), None
    if source.rgb:
        data, opacity = data[..., :3], data[..., 3:]
        if name in forms.GREY or "channel_axis" not in known:
            data, opacity = imfilter.color.rgb_to_gray(data, dtype=data.dtype), None
    coloured = opacity is not None
    axes = _axes(options.pop("axes", None), data.ndim - coloured)
    if "element" in options:
        options["element"] = _element(options["element"], options.pop("element_radius"), axes)
    if options.pop("use_scale", False):
        scale = [float(length) for length in source.scale][-data.ndim + coloured or None :]
        if any(length != 1 for length in scale):
            options["spacing"] = tuple(scale[axis] for axis in axes)
    if coloured:
        options["channel_axis"] = -1
        if "dtype" in known:
            options["dtype"] = data.dtype
    if "axes" in known and len(axes) < data.ndim - coloured:
        options["axes"] = axes
    if mask is not None and "mask" in known:
        options["mask"] = np.asarray(mask) != 0
    found = function(data, **options)
    if name.startswith("threshold."):
        return Result(_above(data, found, options.get("mask")), "labels", {})
    if name == "corner_peaks":
        return Result(np.asarray(found, float), "points", {"size": 5, "symbol": "cross"})
    if name == "blobs":
        return _spots(found, options.get("spacing"))
    if isinstance(found, tuple):
        found = found[0]
    if found.dtype == np.bool_ or (source.labels and found.dtype.kind in "ui"):
        return Result(found.astype(np.uint8) if found.dtype == np.bool_ else found, "labels", {})
    if coloured:
        found = np.concatenate([found, np.asarray(opacity, found.dtype)], axis=-1)
    return Result(found, "image", {"rgb": coloured})


def _axes(choice: str | None, count: int) -> tuple[int, ...]:
    """Return the filtered axes, counted from the front."""
    last = {"last 2": 2, "last 3": 3}.get(choice or "all", _MOST_AXES)
    return tuple(range(max(0, count - last), count))


def _element(shape: str, radius: int, axes: Sequence[int]) -> NDArray | None:
    """Return the element of a morphological filter. None: the nearest neighbours."""
    if shape == "cross":
        return None
    if shape == "box":
        return np.ones((2 * radius + 1,) * len(axes), np.bool_)
    make = imfilter.morphology.ball if len(axes) == _MOST_AXES else imfilter.morphology.disk
    return make(radius)


def _above(data: NDArray, threshold: Any, present: NDArray | None) -> NDArray[np.uint8]:
    """Return which samples are above a threshold, or how many of several thresholds they are above."""
    several = isinstance(threshold, np.ndarray) and threshold.ndim == 1 and data.ndim > 1
    if np.ndim(threshold) == 0 and threshold != threshold:
        raise ValueError("nan must be 'ignore' for a layer with NaN, got 'propagate'")
    with np.errstate(invalid="ignore"):
        bounds = threshold if several else [threshold]
        labels = np.zeros(data.shape, np.uint8)
        for bound in bounds:
            labels += data > bound
    if present is not None:
        labels[~present] = 0
    return labels


def _spots(found: NDArray, spacing: Sequence[float] | None) -> Result:
    """Return blobs as circles: the radius of a blob is its standard deviation times the root of the axes."""
    places, sigmas = found[:, :-1], found[:, -1]
    unit = 1.0 if spacing is None else spacing[-1]  # the size of a point is in samples
    look = {"face_color": "transparent", "border_color": "red", "symbol": "disc"}
    size = 2 * math.sqrt(places.shape[1]) * sigmas / unit
    return Result(places, "points", {"size": size, "features": {"sigma": sigmas}, **look})
