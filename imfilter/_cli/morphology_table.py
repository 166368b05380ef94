"""The commands of morphology and their options."""

from __future__ import annotations

from .command import Command, Kind, Option

ELEMENT = Option(
    "element",
    "text",
    None,
    "disk:RADIUS, diamond:RADIUS, star:A, octagon:M,N, rectangle:ROWS,COLUMNS, line:LENGTH,DEGREES, "
    "or a .npy, .txt or .csv file that is not 0 in the element.",
    "the neighbours",
)
_OPTIONS = (
    ELEMENT,
    Option("connectivity", "count", 1, "Neighbours without --element: 1 for 4 of them, 2 for 8."),
    Option("iterations", "count", 1, "How often to erode and dilate."),
)


def _command(name: str, kind: Kind, summary: str, element: str, calls: str) -> Command:
    example = f"{name} in.png out.png --element {element}"
    return Command(name, kind, summary, _OPTIONS, example, f"morphology.{calls}")


MORPHOLOGY = (
    _command("erode", "morphology", "Shrink bright regions (erosion).", "disk:5", "erosion"),
    _command("dilate", "morphology", "Grow bright regions (dilation).", "line:15,45", "dilation"),
    _command("open", "morphology", "Remove small bright details (opening).", "disk:5", "opening"),
    _command("close", "morphology", "Remove small dark details (closing).", "octagon:3,2", "closing"),
    _command("tophat", "residue", "Show small bright details (white top-hat).", "disk:15", "white_tophat"),
    _command("blackhat", "residue", "Show small dark details (black top-hat).", "disk:15", "black_tophat"),
    _command("gradient", "residue", "Show edges (dilation minus erosion).", "diamond:2", "gradient"),
)
