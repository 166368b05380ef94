"""The samples of an image that a result of a command depends on, along its first axis or along all axes."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from imfilter._base.reach import Along

from . import reach
from .command import Command
from .denoise_table import DENOISING
from .enhance_table import ENHANCEMENTS
from .object_table import OBJECTS
from .region_table import REGIONS
from .strips import Rows
from .table import COMMANDS
from .threshold_table import THRESHOLD

if TYPE_CHECKING:
    from .task import Filter

#: Commands whose result is an image that another step can filter.
STEPS = tuple(
    command
    for command in (*COMMANDS, *DENOISING, THRESHOLD, *OBJECTS, *REGIONS, *ENHANCEMENTS)
    if command.kind not in ("corners", "descriptor")
)
#: Kinds of commands whose result depends on the whole image.
_WHOLE = ("edges", "objects", "regions", "enhancement")
#: Kinds of commands that compare places in the whole image.
_PLACES = ("corners", "descriptor", "finder")
#: Kinds of commands whose options are not those of a function.
OWN = ("threshold", "denoising", "objects", "regions", "enhancement")
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
        from . import thresholds

        return thresholds.rows_of(options, length)
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


def both(first: Rows | None, second: Rows | None) -> Rows | None:
    """Return the samples for two steps, one after the other, or None if that is not known."""
    if first is None or second is None or (first.step, first.cell, first.length) != (1, 1, second.length):
        return None
    wraps = {rows.wraps for rows in (first, second) if rows.above or rows.below}  # else no border matters
    if len(wraps) > 1:
        return None
    above, below = first.above + second.above, first.below + second.below
    return second._replace(above=above, below=below, wraps=True in wraps)


def along_axes(
    command: Command, options: Mapping[str, Any], lengths: Sequence[int], dtype: Any
) -> list[Rows | None]:
    """Return the samples along each axis that a result of a filter depends on. None: all of the axis."""
    if command.kind in _PLACES or any(options.get(name) is not None for name in ("guide", "seed")):
        return [None] * len(lengths)
    exact: Mapping[int, Along] | None = None
    if command.kind not in OWN:
        from .task import Filter  # imports the filters

        run = Filter(command, options, len(lengths))
        options, exact = run.options, _exact(run, lengths, dtype)
    found = []
    for place, length in enumerate(lengths):
        turned = {name: _turned(value, place) for name, value in options.items()}
        rows = rows_of(command, turned, length)
        if exact is not None:
            along = exact.get(place, Along(0, 0))
            if rows is not None and (along.step, along.cell) == (rows.step, rows.cell):
                rows = rows._replace(above=along.before, below=along.after)
        found.append(rows)
    return found


def _turned(value: Any, axis: int) -> Any:
    """Return an option with another axis first."""
    if isinstance(value, np.ndarray):
        return np.moveaxis(value, axis % max(value.ndim, 1), 0) if value.ndim else value
    if isinstance(value, (tuple, list)) and value:
        turn = axis % len(value)
        return type(value)([*value[turn:], *value[:turn]])
    return value


def _exact(run: Filter, lengths: Sequence[int], dtype: Any) -> Mapping[int, Along] | None:
    """Return the samples by the plan of a filter, which may be fewer than by its options."""
    from imfilter._arrays.halo import of as reach_of  # imports the filters

    try:
        return reach_of(run.function, tuple(lengths), dtype, **{**run.options, "workers": None})
    except (ValueError, TypeError, OverflowError, MemoryError):  # the filter says what is wrong
        return None
