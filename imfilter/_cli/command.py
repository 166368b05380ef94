"""What a row of a table of commands contains."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

Kind = Literal[
    "smoothing",
    "linear",
    "derivative",
    "oriented",
    "measure",
    "statistic",
    "entropy",
    "fill",
    "edges",
    "corners",
    "descriptor",
    "shown",
    "network",
    "series",
    "threshold",
    "morphology",
    "preserving",
    "residue",
    "resampling",
    "finder",
    "enhancement",
    "objects",
    "regions",
    "denoising",
    "pipe",
]
#: Kinds whose results are places in the image. No other filter can follow them.
PLACES: tuple[Kind, ...] = ("corners", "finder", "descriptor")


class Option(NamedTuple):
    """One option: a keyword of the function, or an option of the command.

    Parameters
    ----------
    name : str
        The keyword. The option has the same name, with hyphens.
    form : str
        The parser of its text: a name in ``options.FORMS``.
    default : object
        Value if the option is omitted.
    help : str
        One line.
    shown : str
        The default in words, if the value is not clear.
    """

    name: str
    form: str
    default: Any
    help: str
    shown: str = ""

    @property
    def flag(self) -> str:
        """The option as the user types it."""
        return "--" + self.name.replace("_", "-")


class Command(NamedTuple):
    """One filter of the command line: the public function of the same name, or of the name `calls`.

    Parameters
    ----------
    name : str
        The command and the function.
    kind : str
        Its treatment of colour, alpha and bit depth: see ``apply``.
    summary : str
        One line of help.
    options : tuple of Option
        The options of the function.
    example : str
        A command line without the leading ``imfilter``.
    calls : str
        The function, if it has another name.
    """

    name: str
    kind: Kind
    summary: str
    options: tuple[Option, ...]
    example: str
    calls: str = ""
