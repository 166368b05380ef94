"""One step of the playground: a filter with its options, which the engine of the command runs."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import imfilter
from imfilter._base import dtypes

from .._cli import edges, reach, render, strips
from .._cli.apply import apply
from .._cli.command import PLACES, Command, Option
from .._cli.options import FORMS
from .._cli.table import options_of
from .._cli.task import Filter, Task
from .._files.image import Image
from ..io import format_of
from . import forms

Array = NDArray[Any]
#: Returns the picture of an option: of a key, or of the word for the picture before the first filter.
Find = Callable[[str], Image]

PNG, TIFF, RAW = format_of("a.png"), format_of("a.tif"), format_of("a.npy")
_BYTE = np.dtype(np.uint8)
#: Kinds of filters whose bands of rows give the bits of the whole.
_BANDED = ("smoothing", "preserving", "oriented", "measure", "morphology", "residue", "statistic", "entropy")


class Cancelled(Exception):
    """The result is no longer wanted."""


@dataclasses.dataclass(frozen=True)
class Step:
    """A filter and the texts of its options, as in the command.

    Parameters
    ----------
    command : Command
        The filter.
    texts : tuple of (str, str)
        Options that are given: name and text. A flag is "true" or "false".
    """

    command: Command
    texts: tuple[tuple[str, str], ...] = ()

    def values(self) -> dict[str, Any]:
        """Return every option by name, as the command has it. Raise ValueError if a text is wrong."""
        known = {option.name: option for option in options_of(self.command)}
        values = {name: option.default for name, option in known.items()}
        shown = {option.name for option in forms.shown_options(self.command)}
        for name, text in self.texts:
            if name not in shown:
                raise ValueError(f"{self.command.name} has no option {name!r}")
            values[name] = _value(known[name], text)
        for option in self.command.options:
            if option.shown == "required" and values[option.name] in (None, ()):
                raise ValueError(f"{option.flag} must be given: {option.help}")
        values["kernel"] = values.get("kernel") or ()
        values["progress"] = None
        return values

    def options(self, find: Find) -> dict[str, Any]:
        """Return every option by name, with pictures in place of their keys."""
        values = self.values()
        for option in options_of(self.command):
            if option.form == "file" and values[option.name] is not None:
                values[option.name] = find(values[option.name])
        return values


def step(name: str, texts: Mapping[str, str]) -> Step:
    """Return a step of the names and texts that the page sends. An empty text is the default."""
    given = tuple(sorted((str(k), str(v)) for k, v in texts.items() if str(v).strip()))
    return Step(forms.command(str(name)), given)


def _value(option: Option, text: str) -> Any:
    """Parse the text of an option. The message of an error names the option."""
    if option.form in ("flag", "switch"):
        if text not in ("true", "false"):
            raise ValueError(f"{option.flag} must be true or false, got {text!r}")
        return text == "true"
    try:
        value = FORMS[option.form][1](text)
    except ValueError as error:
        raise ValueError(f"{option.flag}: {error}") from None
    return (value,) if option.form == "kernel" else value


def run(
    command: Command,
    image: Image,
    options: Mapping[str, Any],
    check: Callable[[], None] = lambda: None,
    *,
    banded: bool = False,
) -> Image:
    """Return the result with raw values, as the command writes them to .npy. Marks are on a picture.

    Parameters
    ----------
    command : Command
        The filter.
    image : Image
        The input.
    options : mapping
        Every option of the command by name.
    check : callable
        Raises `Cancelled` when the result is no longer wanted. It is called before a band, and at each step
        of a filter that reports its progress.
    banded : bool
        Filter in bands of rows if the bits are the same, so that a slow filter can end early.
    """
    check()
    if command.kind in PLACES and image.pixels.dtype == np.bool_:
        image = dataclasses.replace(image, pixels=image.pixels.view(_BYTE) * np.uint8(255))
    kind = RAW if command.kind not in PLACES else PNG if image.pixels.dtype.kind in "ui" else TIFF
    rows = _rows(command, image, options) if banded else None
    given = {**options, "progress": lambda *_: check()}
    if rows is not None and image.alpha:  # a band does not show whether the whole is opaque
        given[strips.OPAQUE] = strips.is_opaque(image)

    def work(piece: Image) -> Image:
        check()
        return apply(command, piece, given, kind, "the picture")

    return dataclasses.replace(strips.filtered(image, rows, work), present=None)


def _rows(command: Command, image: Image, options: Mapping[str, Any]) -> strips.Rows | None:
    """Return the rows that a row of the result depends on, or None if it must be filtered whole."""
    if command.kind not in _BANDED or any(isinstance(value, Image) for value in options.values()):
        return None
    length = image.pixels.shape[0]
    return reach.rows_of(command, Filter(command, options, image.spatial).options, length)


def reason(command: Command, image: Image, options: Mapping[str, Any]) -> str:
    """Return the algorithm and the reason of the engine, or an empty text if the filter has no plan."""
    given = {n: v.colour if isinstance(v, Image) else v for n, v in options.items()}
    with contextlib.suppress(Exception):  # the plan is a comment: the filter itself tells what is wrong
        work = Filter(command, {**given, "kernel": options["kernel"]}, image.spatial)
        samples, channels = image.pixels, image.channels
        if channels and takes_luminance(command, options):
            samples, channels = np.broadcast_to(np.float32(), samples.shape[:2]), False
        words = {"channel_axis": -1} if channels else {}
        if work.options.get("sigma_range", 0) is None:
            work.options["sigma_range"] = 1.0
        plan = imfilter.plan(samples.shape, samples.dtype, work.function, **work.options, **words)
        return f"{plan.algorithm}: {plan.reason}"
    return ""


def takes_luminance(command: Command, options: Mapping[str, Any]) -> bool:
    """Tell whether a filter converts colour to luminance."""
    if command.kind in ("derivative", "statistic", "entropy", "oriented", "measure"):
        return not options["per_channel"]
    return command.kind in ("edges", "corners", "threshold", "objects", "finder")


def tone(
    command: Command, options: Mapping[str, Any], image: Image, result: Image
) -> Callable[[Array], Array] | None:
    """Return the conversion of values to bytes, as in a PNG file of the command.

    It overwrites values in floating point. It is None if the command would ask for the values of black and
    white: if the input has floats.

    Parameters
    ----------
    command : Command
        The filter.
    options : mapping
        Every option of the command by name.
    image, result : Image
        Its input and its output.
    """
    kind, source, made = command.kind, image.pixels.dtype, result.pixels.dtype
    if made == np.bool_:
        return lambda values: values.view(_BYTE) * np.uint8(255) if values.dtype == np.bool_ else values
    if kind == "threshold":  # numbers of classes
        levels = np.rint(np.linspace(0, 255, options["classes"])).astype(np.uint8)
        return lambda values: levels[values]
    if source.kind not in "ui" or kind in PLACES:
        return byte_tone(made)
    if kind in ("entropy", "measure", "derivative", "statistic", "oriented"):
        task = Task(Filter(command, options, image.spatial), options, PNG, _BYTE, None, None)
        if kind == "entropy":
            return edges.entropy_tone(task).of
        if kind == "measure" and command.name != "sato":
            return edges.measure_tone(task, command.name).of
        grey = image.channels and not options["per_channel"]
        return edges.derivative_tone(task, _BYTE, source, dtypes.derived(source) if grey else source)
    scale = 1.0 if kind == "objects" else _depth(source)  # distances are in pixels
    return render.Tone(_BYTE, scale, signed=bool(options.get("signed"))).of


def byte_tone(dtype: np.dtype[Any]) -> Callable[[Array], Array] | None:
    """Return the conversion of 8 or 16 bits to bytes, or None for a type whose white is not known."""
    return render.Tone(_BYTE, _depth(dtype)).of if dtype in (_BYTE, np.uint16) else None


def _depth(dtype: np.dtype[Any]) -> float:
    return render.depth_scale(dtype, _BYTE)


def check_signed(options: Mapping[str, Any]) -> None:
    """Raise the error of the command if the result has no sign."""
    if options.get("signed") and options.get("axis", 0) is None:
        raise ValueError("--signed needs --axis: a gradient magnitude has no sign")
