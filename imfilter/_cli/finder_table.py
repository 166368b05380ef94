"""The commands that list what they find: blobs, and the places of a template."""

from __future__ import annotations

from .command import Command, Option

FINDERS: tuple[Command, ...] = (
    Command(
        "blobs",
        "finder",
        "Find bright spots and their sizes.",
        (
            Option("min_sigma", "positive", 1.0, "Smallest standard deviation in pixels."),
            Option("max_sigma", "positive", 30.0, "Largest standard deviation in pixels."),
            Option("method", "text", "log", "log, dog (faster) or doh (ignores edges)."),
            Option("sigma_ratio", "number", 1.2, "Ratio of neighbouring scales."),
            Option("threshold", "number", None, "Value that a response must exceed.", "none"),
            Option("relative", "number", 0.1, "Fraction of the strongest response that is the least."),
            Option("overlap", "number", 0.5, "Largest part of a blob that it may share with a larger one."),
            Option("count", "count", None, "Maximum number of blobs; the strongest are kept.", "all"),
            Option("exclude_border", "limit", 0, "Pixels at every border where no blobs are searched."),
            Option("refine", "switch", True, "Whether to refine places and sizes.", "--refine"),
        ),
        "blobs in.png out.png --min-sigma 3 --count 50",
    ),
    Command(
        "match_template",
        "finder",
        "Find the places that look like a template.",
        (
            Option("template", "file", None, "A picture of what is searched.", "required"),
            Option("strength", "number", 0.5, "Least correlation coefficient of a place, up to 1."),
            Option("distance", "number", None, "Least distance of two places.", "half the template"),
            Option("count", "count", None, "Maximum number of places; the best are kept.", "all"),
        ),
        "match_template in.png out.png --template in.png --count 1",
    ),
)
