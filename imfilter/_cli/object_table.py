"""The commands that measure or thin objects, and their options."""

from __future__ import annotations

from .command import Command
from .common_options import SPACING

OBJECTS: tuple[Command, ...] = (
    Command(
        "distance",
        "objects",
        "Measure the distance of each pixel of an object to the background.",
        (SPACING,),
        "distance mask.png out.tif",
        "morphology.distance",
    ),
    Command(
        "skeleton",
        "objects",
        "Thin objects to lines one pixel wide.",
        (),
        "skeleton mask.png out.png",
        "morphology.skeleton",
    ),
)
