"""The command of thresholds and its options."""

from __future__ import annotations

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
