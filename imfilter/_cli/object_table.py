"""The commands that measure or thin objects, and their options."""

from __future__ import annotations

from .command import Command, Option

OBJECTS: tuple[Command, ...] = (
    Command(
        "distance",
        "objects",
        "Measure the distance of each pixel of an object to the background.",
        (Option("spacing", "numbers", None, "Distance between pixels, or rows,columns.", "1"),),
        "distance mask.png out.tif",
    ),
    Command(
        "skeleton",
        "objects",
        "Thin objects to lines one pixel wide.",
        (),
        "skeleton mask.png out.png",
    ),
)
