"""Every filter of pictures, from all tables."""

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
