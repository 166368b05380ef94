"""The forms of the filters. They are made from the tables of the command, so a new filter has one, too."""

from __future__ import annotations

import functools
import inspect
import operator
import re
import shlex
import typing
from typing import Any

import imfilter
from imfilter import threshold

from .._cli import catalogue
from .._cli.command import Command, Option
from .._cli.options import FORMS, OneOf
from .._cli.table import BORDER, FILES, MANY, PER_CHANNEL, SIGNED, find, options_of

#: Ends and step of a slider by the name of the option, or by the filter and the name.
RANGES: dict[str, tuple[float, float, float]] = {
    "sigma": (0, 20, 0.1),
    "sigma_space": (0.5, 10, 0.5),
    "sigma_range": (1, 128, 1),
    "sigma_x": (0.5, 20, 0.5),
    "sigma_y": (0.5, 20, 0.5),
    "low": (0, 10, 0.1),
    "high": (0, 20, 0.1),
    "canny low": (0, 1000, 5),
    "canny high": (0, 1000, 5),
    "min_sigma": (1, 20, 0.5),
    "max_sigma": (2, 50, 1),
    "size": (1, 51, 1),
    "harris size": (2, 15, 1),
    "clahe size": (8, 256, 8),
    "aperture": (3, 7, 2),
    "radius": (1, 50, 1),
    "rolling_ball radius": (1, 100, 1),
    "height": (1, 255, 1),
    "amount": (0, 5, 0.1),
    "truncate": (1, 8, 0.5),
    "q": (0, 100, 1),
    "eps": (1, 5000, 10),
    "patch": (1, 11, 2),
    "search": (3, 31, 2),
    "strength": (0, 100, 1),
    "noise": (0, 100, 1),
    "weight": (0, 100, 1),
    "tolerance": (0.0001, 0.1, 0.0001),
    "kappa": (1, 100, 1),
    "step": (0.05, 0.25, 0.05),
    "theta": (-3.14, 3.14, 0.01),
    "frequency": (0.01, 0.5, 0.01),
    "bandwidth": (0.2, 3, 0.1),
    "alpha": (0, 2, 0.05),
    "meijering alpha": (-1, 1, 0.05),
    "beta": (0.05, 2, 0.05),
    "gamma": (1, 100, 1),
    "order": (1, 2, 1),
    "butterworth order": (1, 10, 0.5),
    "homomorphic order": (1, 10, 0.5),
    "iterations": (1, 20, 1),
    "anisotropic_diffusion iterations": (1, 50, 1),
    "richardson_lucy iterations": (1, 50, 1),
    "max_iterations": (1, 1000, 1),
    "connectivity": (1, 2, 1),
    "k": (-0.5, 1, 0.01),
    "harris k": (0, 0.25, 0.01),
    "r": (1, 255, 1),
    "offset": (-50, 50, 1),
    "homomorphic offset": (0.1, 10, 0.1),
    "classes": (2, 6, 1),
    "bins": (2, 512, 1),
    "levels": (2, 256, 1),
    "distance": (1, 50, 1),
    "harris strength": (0.001, 0.5, 0.001),
    "match_template strength": (0, 1, 0.01),
    "count": (1, 500, 1),
    "threshold": (0, 100, 1),
    "relative": (0, 1, 0.01),
    "overlap": (0, 1, 0.05),
    "sigma_ratio": (1.05, 2, 0.05),
    "exclude_border": (0, 50, 1),
    "orientations": (2, 18, 1),
    "pixels_per_cell": (4, 64, 1),
    "cells_per_block": (1, 5, 1),
    "bias": (-255, 255, 1),
    "stride": (1, 8, 1),
    "dilation": (1, 8, 1),
    "clip_limit": (0.5, 20, 0.5),
    "balance": (0.001, 1, 0.001),
    "cutoff": (0.005, 0.5, 0.005),
    "homomorphic cutoff": (0.002, 0.2, 0.002),
    "low_gain": (0, 1, 0.05),
    "high_gain": (1, 4, 0.05),
    "scale": (0.1, 4, 0.1),
    "shape": (16, 4096, 16),
    "cubic": (-1, 0, 0.05),
    "spacing": (0.25, 4, 0.25),
    "cval": (0, 255, 1),
    "min_coverage": (0, 1, 0.05),
}
#: Texts of options that are not required, where the filter needs one of several.
_START = {"resize scale": "0.5"}
#: The value of an option of a picture that means the picture before the first filter.
ORIGINAL = "original"
_WHOLE = ("integer", "integers", "count", "limit")
_NUMBERS = (*_WHOLE, "number", "numbers", "positive")
#: Options in pixels. A reduced preview divides them by its factor.
LENGTHS = (
    *("sigma", "sigmas", "sigma_space", "sigma_x", "sigma_y", "min_sigma", "max_sigma", "radius", "size"),
    *("search", "distance", "pixels_per_cell", "exclude_border"),
    *("difference_of_gaussians low", "difference_of_gaussians high"),
)
#: Options of the command that the page does not show: of files, of threads, of pixels that are absent.
_HIDDEN_OPTIONS = (
    *("workers", "dtype", "channel_axis", "full_scale", "range", "nan", "min_coverage"),
    *(option.name for option in (*FILES, *MANY)),
)
#: Options that the page shows in a closed section.
_MORE = (*(option.name for option in BORDER), PER_CHANNEL.name, SIGNED.name, "spacing", "truncate")


def command(name: str) -> Command:
    """Return the filter of a name. Raise ValueError if there is none."""
    found = find(name, catalogue.FILTERS)
    if found is None:
        raise ValueError(f"filter must be a filter of imfilter, got {name!r}")
    return found


def path_of(filter_: Command) -> str:
    """Return the name of the public function of a filter within imfilter, for example morphology.erosion."""
    return filter_.calls or filter_.name


def function(filter_: Command) -> Any:
    """Return the public function of a filter."""
    return operator.attrgetter(path_of(filter_))(imfilter)


def shown_options(filter_: Command) -> list[Option]:
    """Return the options of the command that the page shows."""
    hidden = {*_HIDDEN_OPTIONS, *(() if filter_.kind == "fill" else ("mask", "nodata"))}
    hidden -= {option.name for option in filter_.options}  # the levels of entropy are not those of a file
    return [option for option in options_of(filter_) if option.name not in hidden]


def range_of(filter_: Command, option: Option) -> tuple[float, float, float]:
    """Return the least value of a slider, the largest one, and its step."""
    for name in (f"{filter_.name} {option.name}", option.name):
        if name in RANGES:
            return RANGES[name]
    value = option.default if isinstance(option.default, int | float) else 1
    if option.form in _WHOLE:
        return (1, max(10, 4 * value), 1)
    return (0, max(1.0, 4 * value), max(1.0, 4 * value) / 100)


@functools.cache
def families() -> list[dict[str, Any]]:
    """Return the families of filters with their forms, as plain data for the page."""
    return [
        {"title": title, "filters": [_form(filter_) for filter_ in filters]}
        for title, filters in catalogue.families().items()
    ]


def _form(filter_: Command) -> dict[str, Any]:
    given = _example(filter_)
    return {
        "name": filter_.name,
        "summary": filter_.summary,
        "options": [_field(filter_, option, given) for option in shown_options(filter_)],
    }


def _field(filter_: Command, option: Option, given: dict[str, str]) -> dict[str, Any]:
    """Return one field: how it is shown, its text at the start, and its default in words."""
    required = option.shown == "required"
    start_text = given.get(option.name, "") if required else _START.get(f"{filter_.name} {option.name}", "")
    if required and option.form == "file":
        start_text = ORIGINAL
    field: dict[str, Any] = {
        "name": option.name,
        "label": option.name.replace("_", " "),
        "help": option.help,
        "default": option.shown or text_of(option.default),
        "value": start_text,
        "required": required,
        "more": option.name in _MORE,
        "widget": "text",
    }
    words = choices(filter_, option)
    if option.form in ("flag", "switch"):
        field |= {"widget": "check", "on": bool(option.default)}
    elif option.form == "file":
        field |= {"widget": "picture"}
    elif words:
        field |= {"widget": "choice", "choices": words}
    elif option.form in _NUMBERS and option.name != "sigmas":
        low, high, step = range_of(filter_, option)
        start = option.default if isinstance(option.default, int | float) else None
        field |= {"widget": "slider", "min": low, "max": high, "step": step, "start": start}
    return field


def text_of(value: Any) -> str:
    """Return a value as the text of an option: a number, or numbers with commas."""
    if isinstance(value, tuple):
        return ",".join(text_of(one) for one in value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _example(filter_: Command) -> dict[str, str]:
    """Return the options of the example of a command."""
    words = shlex.split(filter_.example)
    names = [word.removeprefix("--").replace("-", "_") for word in words]
    return {
        name: words[place + 1]
        for place, (name, word) in enumerate(zip(names, words, strict=True))
        if word.startswith("--") and place + 1 < len(words) and not words[place + 1].startswith("--")
    }


def choices(filter_: Command, option: Option) -> list[str]:
    """Return the words that an option accepts, or an empty list if it is not a choice."""
    if option.form == "axis":
        return ["x", "y"]
    if option.form == "padding":
        return ["same", "valid"]
    parser = FORMS[option.form][1] if option.form in FORMS else None
    if isinstance(parser, OneOf):
        return list(parser.words)
    if option.form != "text" or option.name == "element":
        return []
    if filter_.kind == "threshold" and option.name == "method":
        return list(threshold.__all__)
    return _literals(filter_, option.name)


def _literals(filter_: Command, name: str) -> list[str]:
    """Return the words of an argument: those of its annotation, or those that its docstring lists."""
    called = [imfilter.corner_peaks] if filter_.kind == "corners" else []
    if filter_.kind == "threshold":
        called = [getattr(threshold, method) for method in threshold.__all__]
    else:
        called = [function(filter_), *called]
    for each in map(inspect.unwrap, called):
        words = [word for word in _words(typing.get_type_hints(each).get(name)) if isinstance(word, str)]
        listed = re.search(rf"^{name} : \{{(.*?)\}}", inspect.getdoc(each) or "", re.MULTILINE)
        if words or listed:
            return words or re.findall(r"'([^']+)'", listed[1] if listed else "")
    return []


def _words(hint: Any) -> tuple[Any, ...]:
    if typing.get_origin(hint) is typing.Literal:
        return typing.get_args(hint)
    return tuple(word for part in typing.get_args(hint) for word in _words(part))
