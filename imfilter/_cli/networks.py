"""Commands of ``imfilter show`` that need a network: saliency, class models and activity."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import io, layers, show
from .._base.suggestions import suggestion
from .._files import image as files
from .._files import npy
from .._files.image import FileError, Image, full_scale
from .._filters.show import colormap, montage
from . import quiet
from .colour import luminance, over_black
from .command import Command
from .shown_table import NETWORKS

Array = NDArray[Any]


def run(command: Command, source: str, destination: str, options: Mapping[str, Any]) -> None:
    """Read, compute, draw and write. The output is complete or absent."""
    io.format_of(destination)
    io.check_target(destination)
    stack = _network(options["network"], options["classes"])
    path = source if command.name == "class_model" else options["weights"]
    weights = _weights(stack, path, _names(stack, options["network"], options["names"]))
    sheet = _SHEETS[command.name](stack, weights, source, options)
    io.write(destination, Image(sheet, channels=True), quality=options["quality"])


def _network(name: str, classes: int | None) -> layers.Stack:
    """Return a network by its name in the table."""
    if name not in NETWORKS:
        raise ValueError(f"--network must be one of {', '.join(NETWORKS)}, got {name!r}{_similar(name)}")
    depth = name.removeprefix("resnet") if name.startswith("resnet") else ""
    make: Callable[..., layers.Stack] = getattr(layers.networks, name.removesuffix(depth))
    options: dict[str, Any] = {} if classes is None else {"classes": classes}
    if options and "classes" not in inspect.signature(make).parameters:
        raise ValueError(f"--classes must be left out for {name}, which has 10 classes, got {classes}")
    return make(*([int(depth)] if depth else []), **options)


def _similar(name: str) -> str:
    """Return the end of the message about an unknown network: resnet-18 and resnet(18) mean resnet18."""
    plain = {_letters(known): known for known in NETWORKS}
    return suggestion(plain.get(_letters(name), name), NETWORKS)


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())


def _weights(stack: layers.Stack, path: str, names: str | None) -> Any:
    """Read the weights. Every error begins with the name of their file."""
    try:
        return stack.load_weights(path, names=names)
    except MemoryError:
        raise FileError(f"{path}: is too large for the memory of this machine") from None
    except ValueError as error:
        text = str(error)
    except OSError as error:
        text = f"cannot be read: {error.strerror or error}"
    raise FileError(text if text.startswith(f"{path}: ") else f"{path}: {text}")


def _names(stack: layers.Stack, network: str, name: str | None) -> str | None:
    """Return the argument of `load_weights` from the option."""
    if name not in (None, "pytorch"):
        raise ValueError(f"--names must be 'pytorch', got {name!r}")
    if name and stack.pytorch_names is None:
        raise ValueError(
            f"--names must be left out for {network}, which has no names of PyTorch, got {name!r}"
        )
    return name


def _saliency(stack: layers.Stack, weights: Any, source: str, options: Mapping[str, Any]) -> Array:
    found = show.saliency(
        stack, weights, _image(stack, source, options["range"], options["max_pixels"]), options["label"]
    )
    return show.feature_maps(found, pixels=options["pixels"], labels=False)


def _guided(stack: layers.Stack, weights: Any, source: str, options: Mapping[str, Any]) -> Array:
    image = _image(stack, source, options["range"], options["max_pixels"])
    return _signed(show.guided_backprop(stack, weights, image, options["label"]), options["pixels"])


def _model(stack: layers.Stack, weights: Any, source: str, options: Mapping[str, Any]) -> Array:
    numbers = {name: options[name] for name in ("steps", "rate", "l2", "blur")}
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        image = show.class_model(stack, weights, options["label"], **numbers)
    for warning in told:  # the command shows only warnings about files
        files.warn(source, str(warning.message))
    return _signed(image, options["pixels"])


def _activity(stack: layers.Stack, weights: Any, source: str, options: Mapping[str, Any]) -> Array:
    """Draw a square for each filter after each rectifier: dark ones never give 0, light ones always do."""
    images, shape = npy.read(source), tuple(stack.input_shape)
    if images.ndim != len(shape) + 1 or images.shape[1:] != shape or not len(images):
        raise FileError(
            f"{source}: the network needs Nx{_times(shape)} values, the file has {_times(images.shape)}"
        )
    found = show.activity(stack, weights, images)
    side = max(1, options["pixels"] // _ACROSS)
    title = "dark: never 0; light: always 0 (dead)"
    sheets = []
    for name, zeros in found.zeros.items():
        across = min(_ACROSS, len(zeros))
        rows = np.full((-(-len(zeros) // across), across), np.nan)
        rows.flat[: len(zeros)] = zeros
        picture = colormap.coloured(rows, 0.0, 1.0, signed=False)
        picture = picture.repeat(side, axis=0).repeat(side, axis=1)
        dead = [at for at in range(len(zeros)) if f"{name}[{at}]" in found.dead]
        sheets.append(montage.arranged([picture], 1, [_label(name, len(zeros), dead)], title))
        title = ""
    width = max(sheet.shape[1] for sheet in sheets)
    paper = np.array(montage.PAPER, np.uint8)
    drawn = np.tile(paper, (sum(map(len, sheets)), width, 1))
    top = 0
    for sheet in sheets:
        drawn[top : top + len(sheet), : sheet.shape[1]] = sheet
        top += len(sheet)
    return drawn


def _label(name: str, count: int, dead: list[int]) -> str:
    """Return the label of a layer, with the numbers of dead filters."""
    numbers = ", ".join(map(str, dead[:_MOST_DEAD])) + (", ..." if len(dead) > _MOST_DEAD else "")
    return f"{name}: {len(dead)} of {count} dead" + (f" ({numbers})" if dead else "")


_ACROSS = 128  # most filters in a row
_MOST_DEAD = 8  # most numbers of filters in a label

_SHEETS = {
    "saliency": _saliency,
    "guided_backprop": _guided,
    "class_model": _model,
    "activity": _activity,
}


def _signed(image: Array, pixels: int) -> Array:
    """Draw an image with values of both signs. Three channels are red, green and blue around mid-grey."""
    return show.kernels(image[None], pixels=pixels, labels=False, color=len(image) == 3)


def _image(stack: layers.Stack, source: str, ends: tuple[float, float], most: int = 0) -> Array:
    """Return a picture as an input of the network."""
    shape = tuple(stack.input_shape)
    if source.lower().endswith(".npy"):
        array = npy.read(source)
        array = array[None] if array.ndim == len(shape) - 1 else array
    else:
        with quiet.decoders():
            picture = io.read(source, max_pixels=most or None)
        plane = over_black(picture) / full_scale(picture.pixels.dtype)
        if plane.ndim == 3 and shape[0] == 1:
            plane = luminance(plane)
        elif plane.ndim == 2 and shape[0] == 3:
            plane = np.stack([plane] * 3, axis=-1)
        array = plane[None] if plane.ndim == 2 else np.moveaxis(plane, -1, 0)
        array = ends[0] + (ends[1] - ends[0]) * array
    if array.shape != shape:
        raise FileError(
            f"{source}: the network needs {_times(shape)} values, the file has {_times(array.shape)}"
        )
    return array


def _times(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
