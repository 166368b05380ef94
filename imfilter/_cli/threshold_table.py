"""The command of thresholds and its options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .command import Command, Option

THRESHOLD = Command(
    "threshold",
    "threshold",
    "Divide a picture into white foreground and black background.",
    (
        Option(
            "method",
            "text",
            "otsu",
            "Name in imfilter.threshold: otsu, multi_otsu, li, yen, triangle, isodata, minimum, mean; for "
            "each pixel niblack, sauvola, local.",
        ),
        Option("size", "integers", 15, "Of niblack, sauvola and local: window, or rows,columns."),
        Option("k", "number", 0.2, "Of niblack and sauvola: factor of the standard deviation."),
        Option("r", "positive", None, "Of sauvola: largest standard deviation.", "half of the type's range"),
        Option("offset", "number", 0.0, "Of local: number that is subtracted from the mean."),
        Option("classes", "integer", 3, "Of multi_otsu: number of grey levels, 2 to 6."),
        Option("bins", "integer", 256, "Of the histogram of floats: number of bins."),
    ),
    "threshold page.png out.png --method sauvola --size 25",
)

#: Methods with a threshold for each pixel.
_LOCAL = ("niblack", "sauvola", "local")
#: The option that holds a threshold of the whole image, or its thresholds, once it is found.
FOUND = "found"


def is_whole(options: Mapping[str, Any]) -> bool:
    """Return whether the threshold is to be found from all pixels of an image."""
    return options["method"] not in _LOCAL and FOUND not in options


def is_global(command: Command, options: Mapping[str, Any]) -> bool:
    """Return whether a filter has a threshold that is to be found from all pixels."""
    return command.kind == THRESHOLD.kind and is_whole(options)
