"""Every filter of pictures, from all tables, and the families that the help and the playground show."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from imfilter._base.suggestions import function_name, suggestion

from .command import PLACES, Command
from .denoise_table import DENOISING
from .enhance_table import ENHANCEMENTS
from .finder_table import FINDERS
from .object_table import OBJECTS
from .region_table import REGIONS
from .table import COMMANDS, TABLES
from .threshold_table import THRESHOLD

#: The commands that filter a picture.
FILTERS: tuple[Command, ...] = (
    *(*COMMANDS, *DENOISING, THRESHOLD),
    *(*OBJECTS, *REGIONS, *FINDERS, *ENHANCEMENTS),
)
#: Commands whose result is an image that another step can filter.
STEPS = tuple(command for command in FILTERS if command.kind not in PLACES)

#: Families of filters in the order in which they are shown, with the kinds of commands in each.
_FAMILIES = {
    "Smooth and sharpen": ("smoothing", "fill"),
    "Smooth and keep edges": ("preserving", "denoising"),
    "Edges and lines": ("derivative", "edges", "oriented", "measure"),
    "Corners and places": ("corners", "finder", "descriptor"),
    "Morphology": ("morphology", "residue", "regions", "objects"),
    "Threshold": ("threshold",),
    "Local statistics": ("statistic", "entropy"),
    "Contrast and restoration": ("enhancement",),
    "Own kernel": ("linear",),
    "Size": ("resampling",),
}
_REST = "Other filters"
_THRESHOLD = "threshold."


@functools.cache
def step_of(name: str) -> Command | None:
    """Return the command of a public function whose result another step can filter, or None."""
    if name.startswith(_THRESHOLD):
        return THRESHOLD
    return next((command for command in STEPS if (command.calls or command.name) == name), None)


def hint(name: str, known: Sequence[str]) -> str:
    """Return the end of a message about an unknown command: its name here, a similar one, or nothing.

    Parameters
    ----------
    name : str
        The unknown name. It may be that of a function of this package or of another library.
    known : sequence of str
        The accepted names.
    """
    spelled = name.replace("-", "_")
    function = spelled if "." in spelled else function_name(name)
    called = next((command for command in FILTERS if function and command.calls == function), None)
    command = called or (None if function is None else step_of(function))
    ours = function if command is None else command.name
    return suggestion(spelled, known, ours if ours in known else None)


def check_format(name: str, form: str | None) -> None:
    """Raise an error if the option ``--format`` is that of a table, and the results of a command are none."""
    listing = [command.name for command in FILTERS if command.kind in ("corners", "finder")]
    if form is not None and f".{form}" in TABLES and name not in listing:
        raise ValueError(f"--format {form} is for {', '.join(listing)}; give {name} a format of pictures")


def families() -> dict[str, list[Command]]:
    """Return the filters of each family by its title. Kinds without a family come last."""
    known = {kind for kinds in _FAMILIES.values() for kind in kinds}
    table = {**_FAMILIES, _REST: tuple({command.kind for command in FILTERS} - known)}
    groups = {title: [f for f in FILTERS if f.kind in kinds] for title, kinds in table.items()}
    return {title: filters for title, filters in groups.items() if filters}
