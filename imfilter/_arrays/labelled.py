"""Labelled arrays of xarray: dimensions by name, and results with the coordinates that still hold."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import xarray as xr

from imfilter._arrays import coordinates
from imfilter._arrays.calls import Call
from imfilter._arrays.rules import POINTS, RULES
from imfilter._base import arguments, dtypes

#: Arguments that name axes, and those that are arrays of the image's shape or without its channels.
_NAMING = ("axes", "axis", "channel_axis")
_LIKE_IMAGE = ("mask", "guide", "seed")
#: The names of new dimensions of results, by function.
_NEW = {
    "hessian": "component",
    "structure_tensor": "component",
    "hessian_eigenvalues": "eigenvalue",
    "structure_tensor_eigenvalues": "eigenvalue",
    "gabor": "wave",
    "steered": "direction",
    "generic": "output",
    "morphology.distance": "axis",
}
#: Functions whose results are no images: numbers, positions and lists of features.
_BARE = {"corner_peaks", "blobs", "estimate_noise", "fit_kernel", "pyramid_pool", "series.fit_forecaster"}


def served(function: Callable[..., Any], args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """Return the result of a public function for a labelled image, with the names that apply to it."""
    call = Call.of(function, args, options)
    image: xr.DataArray = call.image
    changed = {name: _axes(call.arguments[name], image, name) for name in _NAMING if name in call.arguments}
    for name, value in call.arguments.items():
        if isinstance(value, xr.DataArray) and name != call.first:
            changed[name] = _data(_ordered(value, image, name) if name in _LIKE_IMAGE else value)
    plain = call.changed(**changed, **{call.first: _data(image)})
    if isinstance(plain.arguments.get("spacing"), str):
        plain = plain.changed(spacing=_spacing(plain, image))
    result = plain.run()
    bare = call.name in _BARE or call.name.startswith(("layers.", "show.")) or call.name not in RULES
    return result if bare else _labelled(result, image, plain)


def _data(array: xr.DataArray) -> Any:
    """Return the array inside: a NumPy array, or a lazy one."""
    return array.data if hasattr(array.data, "dask") else array.values


def _axes(value: Any, image: xr.DataArray, name: str) -> Any:
    """Return the numbers of axes that may be names of dimensions."""
    if isinstance(value, tuple | list):
        return tuple(_axes(one, image, name) for one in value)
    if not isinstance(value, str):
        return value
    if value not in image.dims:
        raise ValueError(f"{name} must be a dimension of the image, {image.dims}, got {value!r}")
    return image.dims.index(value)


def _ordered(value: xr.DataArray, image: xr.DataArray, name: str) -> xr.DataArray:
    """Return an array of the image's shape with its dimensions in the same order."""
    unknown = [d for d in value.dims if d not in image.dims]
    if unknown and value.ndim <= image.ndim:
        raise ValueError(f"{name} must have dimensions of the image, {image.dims}, got {value.dims}")
    return value if unknown else value.transpose(*(d for d in image.dims if d in value.dims))


def _spacing(call: Call, image: xr.DataArray) -> Any:
    """Return the distances between samples along the filtered axes, from the coordinates."""
    arguments.word(call.arguments["spacing"], "spacing", ("coords",))
    shaped = dtypes.blank(image.shape, float)
    axes = arguments.chosen_axes(shaped, call.get("axes"), call.get("channel_axis"))
    if "axis" in call.parameters and "axes" not in call.parameters:  # of series
        return coordinates.step(image, image.dims[int(call.get("axis"))])
    return tuple(coordinates.step(image, image.dims[axis]) for axis in axes)


def _labelled(result: Any, image: xr.DataArray, call: Call) -> Any:
    """Return a result with the image's name, attributes and coordinates."""
    if isinstance(result, tuple | list):
        return type(result)(_labelled(one, image, call) for one in result)
    if not hasattr(result, "ndim"):
        return result
    dims = _dimensions(result, image, call)
    kept = coordinates.of(image, dims, result.shape, call)
    return xr.DataArray(result, dims=dims, coords=kept, name=image.name, attrs=image.attrs)


def _dimensions(result: Any, image: xr.DataArray, call: Call) -> tuple[Hashable, ...]:
    """Return the dimensions of a result."""
    if call.name == "hog":
        inside = ("cell_y", "cell_x", "bin")
        spatial = [d for a, d in enumerate(image.dims) if a != _channel(call, image)]
        return ("feature",) if result.ndim == 1 else (*spatial, *inside)
    if call.name == "threshold.multi_otsu":
        return ("threshold",)
    more = result.ndim - image.ndim
    if more > 0:
        name = _NEW.get(call.name, "result")
        return (*(name if i == 0 else f"{name}_{i}" for i in range(more)), *image.dims)
    if more == 0:
        return image.dims
    gone: tuple[int | None, ...] = (_channel(call, image),)
    if not (call.name in RULES and RULES[call.name].kind == POINTS):
        shaped = dtypes.blank(image.shape, float)
        gone = arguments.chosen_axes(shaped, call.get("axes"), call.get("channel_axis"))
    left = tuple(d for a, d in enumerate(image.dims) if a not in gone)
    return left if len(left) == result.ndim else ()


def _channel(call: Call, image: xr.DataArray) -> int | None:
    axis = call.get("channel_axis")
    return None if axis is None else int(axis) % image.ndim
