"""The options of the playground."""

from __future__ import annotations

from .command import Option

#: Each step of a chain keeps its result, so the limit is lower than that of other commands.
MAX_PIXELS = 2**26

PLAY = (
    Option("port", "limit", 0, "Port of the server.", "any free one"),
    Option("browser", "switch", True, "Whether to open the page in the browser.", "--browser"),
    Option("max_pixels", "limit", MAX_PIXELS, "Largest accepted number of pixels; 0 for no limit."),
)
