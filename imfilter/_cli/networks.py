"""Commands of ``imfilter show`` that need a network: saliency, class models and activity."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import io, layers, show
from .._base.suggestions import suggestion
from .._files import npy
from .._files.image import FileError, Image, full_scale
from . import quiet
from .colour import luminance, over_black
from .table import Command

Array = NDArray[Any]


def run(command: Command, source: str, destination: str, options: Mapping[str, Any]) -> None:
    """Read, compute, draw and write. The output is complete or absent."""
    io.format_of(destination)
    io.check_target(destination)
    stack = _network(options["network"], options["classes"])
    path = source if command.name == "class_model" else options["weights"]
    names = _names(stack, options["names"])
    try:
        weights = stack.load_weights(path, names=names)
    except ValueError as error:
        raise FileError(str(error)) from None
    sheet = _SHEETS[command.name](stack, weights, source, options)
    io.write(destination, Image(sheet, channels=True), quality=options["quality"])


def _network(name: str, classes: int | None) -> layers.Stack:
    """Return a network by its name. A number at the end of the name may be its depth, as in resnet18."""
    known = layers.networks.__all__
    plain = re.fullmatch(r"(.*?)(\d*)", name)
    assert plain is not None
    base, depth = (name, "") if name in known else plain.groups()
    if base not in known:
        raise ValueError(
            f"--network must be one of {', '.join(known)}, got {name!r}{suggestion(name, known) or ''}"
        )
    make: Callable[..., layers.Stack] = getattr(layers.networks, base)
    options: dict[str, Any] = {} if classes is None else {"classes": classes}
    if options and "classes" not in inspect.signature(make).parameters:
        raise ValueError(f"--classes must be left out for {name}, which has 10 classes, got {classes}")
    return make(*([int(depth)] if depth else []), **options)


def _names(stack: layers.Stack, name: str | None) -> str | None:
    """Return the argument of `load_weights` from the option."""
    if name not in (None, "pytorch"):
        raise ValueError(f"--names must be 'pytorch', got {name!r}")
    if name and stack.pytorch_names is None:
        raise ValueError(
            "--names must be left out for a network whose names are those of PyTorch, got 'pytorch'"
        )
    return name


def _saliency(stack: layers.Stack, weights: Any, source: str, options: Mapping[str, Any]) -> Array:
    found = show.saliency(stack, weights, _image(stack, source, options["range"]), options["label"])
    return show.feature_maps(found, pixels=options["pixels"], labels=False)


def _guided(stack: layers.Stack, weights: Any, source: str, options: Mapping[str, Any]) -> Array:
    image = _image(stack, source, options["range"])
    return _signed(show.guided_backprop(stack, weights, image, options["label"]), options["pixels"])


def _model(stack: layers.Stack, weights: Any, source: str, options: Mapping[str, Any]) -> Array:
    numbers = {name: options[name] for name in ("steps", "rate", "l2", "blur")}
    return _signed(show.class_model(stack, weights, options["label"], **numbers), options["pixels"])


def _activity(stack: layers.Stack, weights: Any, source: str, options: Mapping[str, Any]) -> Array:
    """Draw a row of squares for each rectifier: dark filters are always active, light ones never."""
    found = show.activity(stack, weights, npy.read(source))
    longest = max(map(len, found.zeros.values()))
    rows = [np.pad(part, (0, longest - len(part)), constant_values=np.nan) for part in found.zeros.values()]
    return show.feature_maps(
        np.repeat(np.stack(rows)[:, None], 2, axis=1),
        signed=False, pixels=max(256, 4 * longest), columns=1, labels=list(found.zeros),
    )  # fmt: skip


_SHEETS = {
    "saliency": _saliency,
    "guided_backprop": _guided,
    "class_model": _model,
    "activity": _activity,
}


def _signed(image: Array, pixels: int) -> Array:
    """Draw an image with values of both signs. Three channels are red, green and blue around mid-grey."""
    return show.kernels(image[None], pixels=pixels, labels=False, color=len(image) == 3)


def _image(stack: layers.Stack, source: str, ends: tuple[float, float]) -> Array:
    """Return a picture as an input of the network."""
    shape = tuple(stack.input_shape)
    if source.lower().endswith(".npy"):
        array = npy.read(source)
        array = array[None] if array.ndim == len(shape) - 1 else array
    else:
        with quiet.decoders():
            picture = io.read(source)
        plane = over_black(picture) / full_scale(picture.pixels.dtype)
        if plane.ndim == 3 and shape[0] == 1:
            plane = luminance(plane)
        array = plane[None] if plane.ndim == 2 else np.moveaxis(plane, -1, 0)
        array = ends[0] + (ends[1] - ends[0]) * array
    if array.shape != shape:
        wanted = "x".join(map(str, shape))
        raise FileError(
            f"{source}: the network needs {wanted} values, the file has {'x'.join(map(str, array.shape))}"
        )
    return array
