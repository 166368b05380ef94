"""How far the result of one step of a pipeline depends on its input."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from . import reach
from .command import Command
from .denoise_table import DENOISING
from .enhance_table import ENHANCEMENTS
from .object_table import OBJECTS
from .region_table import REGIONS
from .strips import Rows
from .table import COMMANDS
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


@functools.cache
def command_of(name: str) -> Command | None:
    """Return the command of a public function, or None."""
    if name.startswith(_THRESHOLD):
        return THRESHOLD
    return next((command for command in STEPS if (command.calls or command.name) == name), None)


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

        return denoising.rows_of(command, options, length)
    if command.kind == "preserving":
        from . import preserving

        return preserving.rows_of(options, length)
    try:
        return reach.rows_of(command, options, length)
    except (TypeError, ValueError, OverflowError, IndexError):  # the filter says what is wrong
        return None
