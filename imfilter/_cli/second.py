"""A second picture that an option names: a guide, a mask, a seed or a template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._files.image import Image

NAMES = ("mask", "guide", "seed", "template")


def check(options: Mapping[str, Any]) -> None:
    """Raise an error if an option names standard input, which is for IN."""
    for name in NAMES:
        if options.get(name) == "-":
            raise ValueError(f"--{name} must be a file, got -, which is standard input and only for IN")


def picture(value: str | Image, options: Mapping[str, Any]) -> Image:
    """Return the picture of an option: read from its file, or the picture itself.

    Parameters
    ----------
    value : str or Image
        The path of the file. A program that has read the picture gives it instead.
    options : mapping
        Every option of the command by name.
    """
    if isinstance(value, Image):
        return value
    from .. import io
    from . import quiet

    with quiet.decoders():
        return io.read(value, max_pixels=options["max_pixels"] or None)
