"""The commands of reconstruction and holes, and their options."""

from __future__ import annotations

from .command import Command, Option

_NEIGHBOURS = "Axes along which neighbours may differ: 1 for the 4 beside a pixel, 2 for diagonal ones too."

REGIONS = (
    Command(
        "reconstruct",
        "regions",
        "Reconstruct a picture from a seed: what is connected to it stays.",
        (
            Option(
                "seed", "file", None, "A picture of the size of IN, nowhere brighter than IN.", "required"
            ),
            Option("method", "text", "dilation", "dilation, or erosion (a seed nowhere darker than IN)."),
            Option("connectivity", "integer", None, _NEIGHBOURS, "2"),
        ),
        "reconstruct in.png out.png --seed seed.png",
        "morphology.reconstruction",
    ),
    Command(
        "fill_holes",
        "regions",
        "Fill holes: raise each pixel until a path leads to the border.",
        (Option("connectivity", "integer", None, _NEIGHBOURS, "1"),),
        "fill-holes in.png out.png",
        "morphology.fill_holes",
    ),
)
