"""The element of a morphological command, given as a name with numbers or as a file."""

from __future__ import annotations

import os
from typing import Any

from numpy.typing import NDArray

from . import kernels
from .options import number

#: Elements by name, and their numbers.
_SHAPES = {
    "disk": ("RADIUS",),
    "diamond": ("RADIUS",),
    "ball": ("RADIUS",),
    "star": ("A",),
    "octagon": ("M", "N"),
    "rectangle": ("ROWS", "COLUMNS"),
    "line": ("LENGTH", "DEGREES"),
}


def parse(text: str | NDArray[Any] | None) -> NDArray[Any] | None:
    """Return the element of a text such as disk:5, or of a file. None is the default element.

    A file of steps gives the element itself.
    """
    if not isinstance(text, str):
        return text
    if os.path.splitext(text)[1].lower() in kernels.FILES:
        return kernels.from_file(text, "--element") != 0
    name, _, rest = text.strip().lower().partition(":")
    wanted = _SHAPES.get(name)
    if wanted is None:
        raise ValueError(
            f"--element must be one of {', '.join(_SHAPES)} and numbers, as in disk:5, "
            f"or a .npy, .txt or .csv file, got {text!r}"
        )
    try:
        values = [number(part.strip()) for part in rest.split(",")]
    except ValueError:
        values = []
    if len(values) != len(wanted):
        raise ValueError(f"--element must be {name}:{','.join(wanted)}, got {text!r}")
    whole = [int(value) if value.is_integer() else value for value in values]
    from imfilter import morphology

    make = getattr(morphology, name)
    try:
        element: NDArray[Any] = make(whole) if name == "rectangle" else make(*whole)
    except (ValueError, TypeError) as error:
        raise ValueError(f"--element {text}: {error}") from None
    return element
