"""The commands that change the size of an image."""

from __future__ import annotations

from .command import Command, Option

SCALES: tuple[Command, ...] = (
    Command(
        "resize",
        "resampling",
        "Resample to another size.",
        (
            Option("shape", "integers", None, "Size of OUT in pixels: one for both axes, or rows,columns."),
            Option("scale", "numbers", None, "Size of OUT relative to IN, instead of --shape."),
            Option("method", "resampling", "area", "area, linear, cubic, lanczos or nearest (for labels)."),
            Option("antialias", "switch", True, "Whether a smaller image is smoothed.", "--antialias"),
            Option("align", "alignment", "centres", "centres or corners: which positions agree."),
            Option("cubic", "number", -0.5, "Parameter of --method cubic."),
        ),
        "resize in.png out.png --shape 20,30",
    ),
)
