"""The same filters as text to copy: the Python call, the command, and a pipeline in TOML."""

from __future__ import annotations

import dataclasses
import inspect
import operator
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import imfilter
from imfilter._filters.threshold.local import half_range

from .._cli import elements, kernels
from .._cli.command import Command
from .._cli.table import shared_of
from .._cli.task import Filter
from .._files import steps as steps_file
from .._files.image import Image
from . import forms, steps
from .steps import Step

#: Finds the name of the file of a picture by its key.
Name = Callable[[str], str]

_HEAD = "import numpy as np\n\nimport imfilter\nfrom imfilter import io\n"
_LUMINANCE = 'image = imfilter.color.rgb_to_gray(image, dtype="{}")'
#: Options of the command that are no keywords of the function.
_OF_COMMAND = ("which", "per_channel", "signed", "nodata", "mask")
_FILES = ("guide", "template", "seed")
#: Options of `imfilter.corner_peaks`, with their names in the command.
_PEAKS = {
    "corners": {
        "min_distance": "distance",
        "metric": "metric",
        "relative": "strength",
        "count": "count",
        "refine": "refine",
    },
    "finder": {"min_distance": "distance", "threshold": "strength", "count": "count"},
}


@dataclasses.dataclass(frozen=True)
class Code:
    """A piece of Python that is written as it is, and its value in a pipeline."""

    text: str
    value: Any = None

    def __repr__(self) -> str:
        return self.text


def command(picture: str, images: Sequence[Image], chain: Sequence[Step], name: Name) -> str:
    """Return the command of each step. Steps before the last one write raw values.

    Parameters
    ----------
    picture : str
        The name of the file of the picture.
    images : sequence of Image
        The input of each step.
    chain : sequence of Step
        The filters.
    name : callable
        Finds the name of the file of another picture by its key.
    """
    picture = f"./{picture}" if picture.startswith("-") else picture  # it is no option
    lines, source = [], picture
    for place, (step, image) in enumerate(zip(chain, images, strict=True)):
        last = place == len(chain) - 1
        target = f"result{_suffix(image)}" if last else f"step{place + 1}.npy"
        words = ["imfilter", step.command.name, source, target, *_flags(step, picture, name)]
        if place and image.channels:
            words += ["--channel-axis", "-1"]
        lines.append(" ".join(_quoted(word) for word in words))
        source = target
    return "\n".join(lines)


def _suffix(image: Image) -> str:
    """Return the format of the last result: a picture, floats, or true and false."""
    dtype = image.pixels.dtype
    return ".png" if dtype in (np.uint8, np.uint16) else ".npy" if dtype == np.bool_ else ".tif"


def _quoted(word: str) -> str:
    """Return a word for a shell. Words without special characters stay as they are."""
    return word if re.fullmatch(r"[\w@%+=:,./-]+", word) else shlex.quote(word)


def _flags(step: Step, picture: str, name: Name) -> list[str]:
    """Return the options of a step as words of the command."""
    known = {option.name: option for option in forms.shown_options(step.command)}
    words: list[str] = []
    for key, text in step.texts:
        option = known[key]
        if option.form in ("flag", "switch"):
            if (text == "true") != option.default:
                no = "" if text == "true" else "no-"
                words.append(f"--{no}{option.flag.removeprefix('--')}")
            continue
        if option.form == "file":
            text = picture if text == forms.ORIGINAL else name(text)
        # A value that begins with a hyphen needs the equals sign.
        words += [f"{option.flag}={text}"] if text.startswith("-") else [option.flag, text]
    return words


def python(picture: str, images: Sequence[Image], chain: Sequence[Step], name: Name) -> str:
    """Return Python code whose variable `image` is the result. The arguments are those of `command`."""
    lines = [f"image = io.read({picture!r}).colour"]
    for step, image in zip(chain, images, strict=True):
        lines += _call(step, image, picture, name)
    head = _HEAD if any("np." in line for line in lines) else _HEAD.partition("\n\n")[2]
    return f"{head}\n" + "\n".join(lines) + "\n"


def _call(step: Step, image: Image, picture: str, name: Name) -> list[str]:
    """Return the lines of one step."""
    filter_, options = step.command, step.values()
    source, channels = image.pixels.dtype, image.channels
    lines: list[str] = []
    if channels and steps.takes_luminance(filter_, options):
        work = "float32" if source.itemsize <= 2 else "float64"
        lines.append(_LUMINANCE.format(work))
        channels = False
        if filter_.kind == "entropy" and source.kind in "ui":
            lines.append(f'image = np.rint(image).astype("{source}")')
    for option in filter_.options:
        if option.form == "file" and options[option.name] is not None:
            file = picture if options[option.name] == forms.ORIGINAL else name(options[option.name])
            lines.append(f"{option.name} = io.read({file!r}).colour")
    words = keywords(step, image)
    if channels:
        words["channel_axis"] = -1
    writer = _WRITERS.get(filter_.kind, _plain)
    return [*lines, *writer(filter_, options, words, image)]


def keywords(step: Step, image: Image) -> dict[str, Any]:
    """Return the keywords of the public function, without those that have their default.

    Parameters
    ----------
    step : Step
        The filter.
    image : Image
        Its input.
    """
    filter_, options = step.command, step.values()
    signature = inspect.signature(operator.attrgetter(_path(step))(imfilter)).parameters
    names = [o.name for o in (*filter_.options, *shared_of(filter_)) if o.name not in _OF_COMMAND]
    words: dict[str, Any] = {}
    for key in names:
        if key not in signature or key in ("workers", "dtype", "channel_axis"):
            continue
        value = options[key]
        if key == "element":
            value = None if value is None else _element(value)
        elif key == "kernel":
            value = _kernel(options["kernel"][0], image.spatial)
        elif key == "axis":
            value = Filter(filter_, options, image.spatial).options[key]
        elif key == "r" and value is None:
            value = half_range(image.pixels.dtype)
        if key in _FILES and value is not None:
            value = Code(key, value)
        if value is None and filter_.kind == "preserving" and key in ("sigma_range", "eps"):
            white = float(np.iinfo(image.pixels.dtype).max) if image.pixels.dtype.kind in "ui" else 1.0
            value = 0.1 * white if key == "sigma_range" else (0.1 * white) ** 2
        default = signature[key].default
        if isinstance(value, Code) or default is inspect.Parameter.empty or value != default:
            words[key] = value
    return words


def _path(step: Step) -> str:
    """Return the name of the public function of a step within imfilter."""
    threshold = step.command.kind == "threshold"
    return f"threshold.{step.values()['method']}" if threshold else forms.path_of(step.command)


def _plain(filter_: Command, options: Mapping[str, Any], words: dict[str, Any], image: Image) -> list[str]:
    """Return the call of a function of an image that returns an image."""
    return [f"image = imfilter.{forms.path_of(filter_)}({_arguments('image', words)})"]


def _arguments(first: str, words: Mapping[str, Any]) -> str:
    return ", ".join([first, *(f"{key}={value!r}" for key, value in words.items())])


def _oriented(filter_: Command, options: Mapping[str, Any], words: dict[str, Any], image: Image) -> list[str]:
    if "which" not in options:
        return _plain(filter_, options, words, image)
    call = f"imfilter.hessian_eigenvalues({_arguments('image', words)})"
    if options["which"] == "determinant":
        return [f"image = np.prod({call}, axis=0)"]
    return [f"image = {call}[{0 if options['which'] == 'largest' else -1}]"]


def _fill(filter_: Command, options: Mapping[str, Any], words: dict[str, Any], image: Image) -> list[str]:
    lines = []
    if options["nodata"] not in (None, "none"):
        lines.append(f"mask = image != {options['nodata']!r}")
        words["mask"] = Code("mask")
    if options["mask"] is not None:
        lines.append("mask = mask != 0 if mask.ndim == 2 else np.any(mask, axis=-1)")
        words["mask"] = Code("mask")
    return [*lines, *_plain(filter_, options, words, image)]


def _threshold(
    filter_: Command, options: Mapping[str, Any], words: dict[str, Any], image: Image
) -> list[str]:
    call = f"imfilter.threshold.{options['method']}({_arguments('image', words)})"
    if options["method"] == "multi_otsu":
        return [f'image = np.digitize(image, {call}, right=True).astype("uint8")']
    return [f"image = image > {call}"]


def _corners(filter_: Command, options: Mapping[str, Any], words: dict[str, Any], image: Image) -> list[str]:
    return [
        f"response = imfilter.{filter_.name}({_arguments('image', words)})",
        f"corners = imfilter.corner_peaks({_arguments('response', _peaks(filter_, options))})",
    ]


def _finder(filter_: Command, options: Mapping[str, Any], words: dict[str, Any], image: Image) -> list[str]:
    if filter_.name == "blobs":
        return [f"places = imfilter.blobs({_arguments('image', words)})"]
    peaks = _peaks(filter_, options)
    if options["distance"] is None:
        peaks["min_distance"] = Code("min(template.shape) / 2")
    return [
        "if template.ndim == 3:",
        "    " + _LUMINANCE.format("float32").replace("image", "template"),
        f"response = imfilter.{filter_.name}({_arguments('image', words)})",
        f"places = imfilter.corner_peaks({_arguments('response', peaks)})",
    ]


def _peaks(filter_: Command, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of `imfilter.corner_peaks` that differ from its defaults."""
    signature = inspect.signature(imfilter.corner_peaks).parameters
    found = {key: options[name] for key, name in _PEAKS[filter_.kind].items()}
    return {key: value for key, value in found.items() if value != signature[key].default}


def _descriptor(
    filter_: Command, options: Mapping[str, Any], words: dict[str, Any], image: Image
) -> list[str]:
    return [f"descriptor = imfilter.{filter_.name}({_arguments('image', words)})"]


def _regions(filter_: Command, options: Mapping[str, Any], words: dict[str, Any], image: Image) -> list[str]:
    if "seed" not in words:
        return _plain(filter_, options, words, image)
    given = {key: value for key, value in words.items() if key != "seed"}
    return [f"image = imfilter.{forms.path_of(filter_)}({_arguments('seed, image', given)})"]


_WRITERS: dict[str, Callable[[Command, Mapping[str, Any], dict[str, Any], Image], list[str]]] = {
    "oriented": _oriented,
    "fill": _fill,
    "threshold": _threshold,
    "corners": _corners,
    "finder": _finder,
    "descriptor": _descriptor,
    "regions": _regions,
}


def _element(text: str) -> Any:
    """Return an element as the call that makes it, or as the numbers of a file."""
    value = np.asarray(elements.parse(text)).astype(int).tolist()
    name, _, rest = text.strip().lower().partition(":")
    if not rest:
        return Code(repr(value), value)
    numbers = ", ".join(part.strip() for part in rest.split(","))
    made = f"({numbers})" if name == "rectangle" else numbers
    return Code(f"imfilter.morphology.{name}({made})", value)


def _kernel(text: str, ndim: int) -> Code:
    """Return a kernel as rows of numbers, or as its name in `imfilter.weights`."""
    upper = text.strip().upper()
    rows = np.asarray(kernels.parse([text], ndim)).tolist()
    named = isinstance(getattr(imfilter.weights, upper, None), np.ndarray)
    return Code(f"imfilter.weights.{upper}" if named else repr(rows), rows)


def toml(picture: str, images: Sequence[Image], chain: Sequence[Step], name: Name) -> str:
    """Return a pipeline: a table ``[[step]]`` for each filter, with the keywords of its public function.

    Colour becomes luminance where the command does it, so no step says so. The arguments are those of
    `command`.
    """
    tables = []
    for step, image in zip(chain, images, strict=True):
        table: dict[str, Any] = {steps_file.FILTER: _path(step)}
        for key, value in keywords(step, image).items():
            table[key] = value.value if isinstance(value, Code) else value
            if key in _FILES:
                table[key] = picture if table[key] == forms.ORIGINAL else name(table[key])
        if "which" in (options := step.values()):
            table["which"] = options["which"]
        tables.append(table)
    return steps_file.text(tables)
