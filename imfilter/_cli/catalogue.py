"""Every filter of pictures, from all tables, and the families that the help and the playground show."""

from __future__ import annotations

from .command import Command
from .denoise_table import DENOISING
from .enhance_table import ENHANCEMENTS
from .finder_table import FINDERS
from .object_table import OBJECTS
from .region_table import REGIONS
from .table import COMMANDS
from .threshold_table import THRESHOLD

#: The commands that filter a picture.
FILTERS: tuple[Command, ...] = (
    *(*COMMANDS, *DENOISING, THRESHOLD),
    *(*OBJECTS, *REGIONS, *FINDERS, *ENHANCEMENTS),
)

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


def families() -> dict[str, list[Command]]:
    """Return the filters of each family by its title. Kinds without a family come last."""
    known = {kind for kinds in _FAMILIES.values() for kind in kinds}
    table = {**_FAMILIES, _REST: tuple({command.kind for command in FILTERS} - known)}
    groups = {title: [f for f in FILTERS if f.kind in kinds] for title, kinds in table.items()}
    return {title: filters for title, filters in groups.items() if filters}
