"""Options that several tables of commands have."""

from __future__ import annotations

from .command import Option

SIGMA = "Standard deviation in pixels: one for both axes, or rows,columns."
SPACING = Option("spacing", "numbers", None, "Distance between pixels, or rows,columns.", "1")
#: Where a Gaussian ends.
GAUSSIAN = (
    Option("truncate", "number", 4.0, "Cut the Gaussian at this many standard deviations."),
    Option("radius", "integers", None, "Cut the Gaussian at this many pixels instead.", "from --truncate"),
)
