"""The values of an image that become black and white in an integer result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from .._files.image import Image, full_scale
from . import messages, strips


class Limits(NamedTuple):
    """The value that becomes black, and the value that becomes white."""

    black: float
    white: float

    @property
    def height(self) -> float:
        """The difference between white and black."""
        return self.white - self.black


def asked(options: Mapping[str, Any]) -> Limits | None:
    """Return the limits of ``--full-scale`` or ``--range``, or None without both."""
    white, ends = options["full_scale"], options["range"]
    if white is not None and ends is not None:
        raise ValueError("--full-scale V is the same as --range 0,V; give only one of them")
    if white is not None:
        return Limits(0.0, float(white))
    return None if ends is None else Limits(*ends)


def of(given: Limits | None, dtype: np.dtype[Any], name: str) -> Limits:
    """Return the limits for a picture of edges: the given limits, or those of an integer type."""
    if given is not None:
        return given
    if dtype.kind == "f":
        raise ValueError(
            f"{name} holds integers, and IN has floats; give --full-scale (the value of white, for example 1 "
            "or 255) or --range LOW,HIGH (the values of black and white), or write .npy or float .tif"
        )
    return Limits(0.0, full_scale(dtype))


def check_use(given: Limits | None, target: np.dtype[Any] | None) -> None:
    """Raise an error if limits are given for a floating-point result, because it is never scaled."""
    if given is not None and (target is None or target.kind not in "ui"):
        raise ValueError(
            "--full-scale and --range are only for integer results, and this result has floats; "
            "give --dtype uint8 or uint16, or leave them out"
        )


def warn_of_rounding(image: Image, target: np.dtype[Any] | None, name: str) -> None:
    """Warn if the values of a float image are so small that rounding leaves almost only 0 and 1."""
    if image.pixels.dtype.kind != "f" or target is None or target.kind not in "ui":
        return
    largest = 0.0
    for part in strips.parts(image):
        for end in (np.fmin.reduce(part.colour, axis=None), np.fmax.reduce(part.colour, axis=None)):
            largest = max(largest, abs(float(end)))  # NaN is not larger
    if 0 < largest <= 1:
        messages.say(
            "warning",
            f"{name}: values are rounded to whole numbers, and the largest is {largest:.3g}; "
            "--full-scale 1 makes 1 white",
        )
