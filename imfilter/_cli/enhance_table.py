"""The commands of contrast, background and sharpness, and their options."""

from __future__ import annotations

from .command import Command, Option

ENHANCEMENTS: tuple[Command, ...] = (
    Command(
        "clahe",
        "enhancement",
        "Raise local contrast (CLAHE).",
        (
            Option("size", "integers", None, "Size of a tile: one for both axes, or rows,columns.", "1/8"),
            Option("clip_limit", "number", 2.0, "Largest height of a bin, relative to the mean."),
            Option("bins", "integer", 256, "Number of bins of a histogram."),
            Option("value_range", "range", None, "LOW,HIGH: the ends of the bins.", "the type's"),
        ),
        "clahe in.png out.png --clip-limit 3",
    ),
    Command(
        "rolling_ball",
        "enhancement",
        "Show the background: roll a ball below the picture.",
        (
            Option("radius", "numbers", None, "Radius in pixels: one, or rows,columns.", "required"),
            Option("height", "number", None, "Radius along the values of pixels.", "the largest radius"),
            Option("method", "text", "opening", "opening, or erosion (lower, as in scikit-image)."),
        ),
        "rolling_ball in.png out.png --radius 25",
    ),
)
