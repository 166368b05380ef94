"""Parsers for the text of options. Each form has a parser."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem

from . import completion
from .command import Option

DTYPES = ("uint8", "uint16", "uint32", "int8", "int16", "int32", "float16", "float32", "float64")
_NUMBER_TYPES = (*DTYPES, "int64", "uint64")
#: What stands between several numbers in place of commas, as in ``20x30`` and ``20 30``.
_BETWEEN = re.compile(r"\s*[xX;]\s*|\s+")
_INITIAL = ("zero", "edge", "valid")
_COLOURS = {"white": (255, 255, 255), "black": (0, 0, 0)}


def number(text: str) -> float:
    """Read one finite number."""
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a finite number")
    return value


def integer(text: str) -> int:
    """Read one whole number."""
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a whole number") from None


def _list_of(one: Callable[[str], Any], digits: str) -> Callable[[str], Any]:
    """Return the parser of one number or several. `digits` is the pattern of what a message repeats."""

    def read(text: str) -> Any:
        try:
            values = tuple(one(part.strip()) for part in text.split(","))
        except ValueError as error:
            parts = _BETWEEN.split(text.strip())
            several = len(parts) > 1 and all(re.fullmatch(digits, part) for part in parts)
            raise ValueError(f"{error}; write {','.join(parts)}" if several else str(error)) from None
        return values[0] if len(values) == 1 else values

    return read


_integers, _numbers = _list_of(integer, "[0-9]+"), _list_of(number, r"[0-9]+(\.[0-9]+)?")


def _taps(text: str) -> Any:
    """Read numbers, or return the name of a file with numbers."""
    if text.lower().endswith((".npy", ".txt", ".csv")):
        return text
    return tuple(number(part.strip()) for part in text.split(","))


def _initial(text: str) -> Any:
    if text in _INITIAL:
        return text
    try:
        return tuple(number(part.strip()) for part in text.split(","))
    except ValueError:
        raise ValueError(f"{text!r} is not {', '.join(_INITIAL)} or numbers") from None


def _delimiter(text: str) -> str:
    character = "\t" if text.lower() in ("tab", "\\t") else text
    if len(character) != 1 or character in '"\r\n\0':
        raise ValueError(f"{text!r} is not one character or tab")
    return character


def _padding(text: str) -> Any:
    if text in ("same", "valid"):
        return text
    try:
        return _integers(text)
    except ValueError:
        raise ValueError(f"{text!r} is not 'same', 'valid' or a number of pixels") from None


def _axis(text: str) -> Any:
    if text.lower() in ("x", "y", "z"):
        return text.lower()
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    raise ValueError(f"{text!r} is not x, y, z or an axis number")


def _at_least(least: int, most: int | None = None) -> Callable[[str], int]:
    def read(text: str) -> int:
        value = integer(text)
        if value < least or (most is not None and value > most):
            limits = f"{least} or more" if most is None else f"{least} to {most}"
            raise ValueError(f"must be {limits}, got {value}")
        return value

    return read


def _positive(text: str) -> float:
    value = number(text)
    if value <= 0:
        raise ValueError(f"must be positive, got {value}")
    return value


def _range(text: str) -> tuple[float, float]:
    values = tuple(number(part.strip()) for part in text.split(","))
    if len(values) != 2:
        raise ValueError(f"{text!r} is not LOW,HIGH, as in 0,1")
    if values[0] >= values[1]:
        raise ValueError(f"LOW must be below HIGH, got {text}")
    return values


class OneOf:
    """The parser of one of some words, which are in its attribute `words`."""

    def __init__(self, *words: str) -> None:
        self.words = words

    def __call__(self, text: str) -> str:
        """Return the word."""
        if text not in self.words:
            raise ValueError(f"{text!r} is not one of {', '.join(self.words)}")
        return text


def nodata(text: str) -> float | str:
    """Read the value of absent samples: a number, exact if it is whole, or none."""
    if text.strip().lower() == "none":
        return "none"
    try:
        value = float(text)
        if math.isinf(value) and "inf" not in text.lower():  # outside the range of float64
            raise ValueError(text)
        return int(text) if re.fullmatch(r"\s*[-+]?\d+\s*", text) else value
    except ValueError:
        raise ValueError(f"{text!r} is not a number, nan or none") from None


def _ends(text: str) -> int:
    if text not in ("0", "-1"):
        raise ValueError(f"must be 0 or -1, got {text!r}")
    return int(text)


def axes(text: str) -> str:
    """Read the letters of axes: Y and X, with Z or T, or T alone."""
    letters = text.upper()
    if not letters or len(set(letters)) != len(letters) or not set(letters) <= set("TZYX"):
        raise ValueError(f"{text!r} is not YX, ZYX, TYX or other letters of T, Z, Y and X, each once")
    if len(letters) > 3:
        raise ValueError(f"{text!r} has {len(letters)} axes, and filters have up to three")
    return letters


def _colour(text: str) -> tuple[int, int, int]:
    if text.lower() in _COLOURS:
        return _COLOURS[text.lower()]
    if re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)
    raise ValueError(f"{text!r} is not white, black or #rrggbb")


def _format(text: str) -> str:
    from .._files.formats import FORMATS  # imports NumPy, which the help does not need
    from .table import TABLES

    word = text.lower().removeprefix(".")
    known = [suffix[1:] for suffix in (*(one for kind in FORMATS for one in kind.suffixes), *TABLES)]
    if word not in known:
        raise ValueError(f"{text!r} is not one of {', '.join(known)}")
    return word


def _cluster(text: str) -> str:
    if text != "local" and not re.fullmatch(r"[a-z]+://[^\s/]+:\d+/?", text):
        raise ValueError(f"{text!r} is not local or the address of a dask scheduler, as in tcp://HOST:8786")
    return text


def _addition(text: str) -> str:
    if "/" in text or "\\" in text or "\0" in text:
        raise ValueError(f"must be a part of a file name, got {text!r}")
    return text


#: Form -> (name in the help, parser).
FORMS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "number": ("NUMBER", number),
    "numbers": ("NUMBER[,NUMBER]", _numbers),
    "integer": ("INTEGER", integer),
    "integers": ("INTEGER[,INTEGER]", _integers),
    "padding": ("PADDING", _padding),
    "axis": ("AXIS", _axis),
    "count": ("INTEGER", _at_least(1)),
    "limit": ("INTEGER", _at_least(0)),
    "percent": ("INTEGER", _at_least(1, 100)),
    "positive": ("NUMBER", _positive),
    "range": ("LOW,HIGH", _range),
    "text": ("NAME", str),
    "file": ("FILE", str),
    "eigenvalue": ("NAME", OneOf("largest", "smallest", "determinant")),
    "part": ("NAME", OneOf("real", "imag", "magnitude")),
    "nodata": ("VALUE", nodata),
    "nan": ("WORD", OneOf("propagate", "ignore")),
    "kernel": ("KERNEL", str),
    "taps": ("NUMBERS", _taps),
    "initial": ("INITIAL", _initial),
    "texts": ("NAME", str),
    "delimiter": ("CHARACTER", _delimiter),
    "dtype": ("TYPE", OneOf(*DTYPES)),
    "number_type": ("TYPE", OneOf(*_NUMBER_TYPES)),
    "resampling": ("METHOD", OneOf("area", "linear", "cubic", "lanczos", "nearest")),
    "alignment": ("WORD", OneOf("centres", "corners")),
    "ends": ("AXIS", _ends),
    "colour": ("COLOUR", _colour),
    "format": ("FORMAT", _format),
    "addition": ("TEXT", _addition),
    "axes": ("AXES", axes),
    "cluster": ("ADDRESS", _cluster),
}

#: Forms of options that may be given more than once.
_SEVERAL = ("kernel", "texts")


class Form(click.ParamType):
    """A form of the table as a type of click."""

    def __init__(self, form: str) -> None:
        self.name, self._read = FORMS[form]
        self._form = form

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the words that complete a value."""
        return completion.values(self._form, self._read, ctx, param, incomplete)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Parse a text. A default is already a value."""
        if not isinstance(value, str):
            return value
        try:
            return self._read(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def click_option(option: Option) -> click.Option:
    """Return the option for click, with the default in its help."""
    names = [option.flag, option.name]
    default_text = option.shown or str(option.default)
    if option.form in ("flag", "switch"):
        if option.form == "flag":
            default_text = "off"
        else:
            names[0] += f"/--no-{option.flag.removeprefix('--')}"
        return click.Option(
            names, is_flag=True, default=option.default, help=f"{option.help}  [default: {default_text}]"
        )
    several = option.form in _SEVERAL
    # If the kernel is missing, the command shows an example. Click reports other missing options.
    required = default_text == "required" and not several
    value: dict[str, Any] = {} if required else {"default": option.default}
    label = "" if default_text == "required" else "default: "
    default_note = "" if required else f"  [{label}{default_text}]"
    return click.Option(
        names,
        type=Form(option.form),
        **value,
        required=required,
        multiple=several,
        metavar=FORMS[option.form][0],
        help=option.help + default_note,
    )
