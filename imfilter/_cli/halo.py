"""How far the result of one step of a pipeline depends on its input."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import reach
from .command import Command
from .denoise_table import DENOISING
from .enhance_table import ENHANCEMENTS
from .object_table import OBJECTS
from .region_table import REGIONS
from .strips import Rows
from .table import COMMANDS, shared_of
from .threshold_table import THRESHOLD

#: Commands whose result is an image that another step can filter.
STEPS = tuple(
    command
    for command in (*COMMANDS, *DENOISING, THRESHOLD, *OBJECTS, *REGIONS, *ENHANCEMENTS)
    if command.kind not in ("corners", "descriptor")
)
#: Kinds of commands whose result depends on the whole image.
_WHOLE = ("edges", "objects", "regions", "enhancement")
_LOCAL_THRESHOLDS = ("niblack", "sauvola", "local")
_THRESHOLD = "threshold."
#: A number of rows larger than that of any image.
_FAR = 1 << 40


def of_function(name: str, options: Mapping[str, Any]) -> int | None:
    """Return the number of samples on either side on which a result depends, or None if it is not known.

    Parameters
    ----------
    name : str
        Name of a public function.
    options : mapping
        The keywords that are given.
    """
    command = command_of(name)
    if command is None:
        return None
    known = {option.name: option.default for option in (*command.options, *shared_of(command))}
    if command is THRESHOLD:
        known["method"] = name.removeprefix(_THRESHOLD)
    if set(options) - set(known) - {"which", "order"}:
        return None
    known.update(options)
    for word in ("kernel", "element"):
        if known.get(word) is not None and not isinstance(known[word], (list, tuple)):
            known[word] = np.asarray(known[word])
    most = 0
    for axis in range(3):
        rows = rows_of(command, {name: _turned(value, axis) for name, value in known.items()}, _FAR)
        if rows is None or rows.length != _FAR or rows.step != 1:
            return None
        most = max(most, rows.above, rows.below)
    return most


@functools.cache
def command_of(name: str) -> Command | None:
    """Return the command of a public function, or None."""
    if name.startswith(_THRESHOLD):
        return THRESHOLD
    return next((command for command in STEPS if (command.calls or command.name) == name), None)


def _turned(value: Any, axis: int) -> Any:
    """Return an option with another axis first."""
    if isinstance(value, np.ndarray):
        return np.moveaxis(value, axis % max(value.ndim, 1), 0) if value.ndim else value
    if isinstance(value, (tuple, list)) and value:
        turn = axis % len(value)
        return type(value)([*value[turn:], *value[:turn]])
    return value


def rows_of(command: Command, options: Mapping[str, Any], length: int) -> Rows | None:
    """Return the rows of an image that a row of the result depends on, or None for the whole image.

    Parameters
    ----------
    command : Command
        The filter.
    options : mapping
        The options of the function, with arrays for kernel and element.
    length : int
        Rows of the image.
    """
    if command.kind in _WHOLE:
        return None
    if command.kind == "threshold":
        if options["method"] not in _LOCAL_THRESHOLDS:
            return None
        around = min(reach.of({"size": options["size"]}, rows=True), length - 1)
        return Rows(length, int(around) + 1, int(around) + 1, wraps=options.get("mode") == "wrap")
    if command.kind == "denoising":
        from . import denoising

        return denoising._rows(command, options, length)
    if command.kind == "preserving":
        from . import preserving

        return preserving._rows(options, length)
    try:
        return reach.rows_of(command, options, length)
    except (TypeError, ValueError, OverflowError, IndexError):  # the filter says what is wrong
        return None
