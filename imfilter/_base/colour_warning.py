"""The warning about a colour image whose colours would be mixed by the filter."""

import os
import sys
import warnings
from typing import Any

import numpy.typing as npt

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
#: An image with fewer rows or columns is more likely a small volume or a kernel than a colour image.
_LEAST = 16

_told = False


#: What to do, for functions with the arguments `axes` and `channel_axis`, and for those without them.
_BY_ARGUMENTS = "give channel_axis=-1 if the last axis is colour, or axes=(0, 1, 2) if all are spatial"
_BY_CONVERSION = (
    "convert it with imfilter.color.rgb_to_gray if the last axis is colour, or give {} if all are spatial"
)


def of_colours(
    array: npt.NDArray, axes: Any, channel_axis: Any, name: str = "image", *, all_axes: bool = False
) -> None:
    """Warn once per process if the image looks like a colour image and no argument describes its axes.

    A filter calls this when it settles a new call, not when it repeats a call. With `all_axes`, the function
    has neither of these arguments.
    """
    if _told or axes is not None or channel_axis is not None or not _is_like_colour(array):
        return
    hint = _BY_CONVERSION.format(f"{name}.astype(float)") if all_axes else _BY_ARGUMENTS
    done = "is filtered along all 3 axes, so that its colours are mixed"
    _warn(f"{name} of shape {array.shape} {done}; {hint}")


def of_counted_colours(array: Any) -> None:
    """Warn once per process if one threshold is wanted for what looks like a colour image."""
    if _told or not _is_like_colour(array):
        return
    hint = _BY_CONVERSION.format("image.ravel()")  # the type of the samples determines the bins
    _warn(f"image of shape {array.shape} gets one threshold, so that its colours are mixed; {hint}")


def _warn(message: str) -> None:
    global _told
    _told = True
    try:
        warnings.warn(message, UserWarning, stacklevel=_depth())
    except UserWarning:  # warnings are errors: the next call must fail too
        _told = False
        raise


def _is_like_colour(array: Any) -> bool:
    return (
        getattr(array, "ndim", 0) == 3
        and array.shape[2] in (3, 4)
        and min(array.shape[:2]) >= _LEAST
        and array.dtype.kind == "u"
        and bool(array.dtype.itemsize <= 2)
    )


def _depth() -> int:
    """Return the `stacklevel` at which the caller of this function reaches the line of the user."""
    depth, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        depth, frame = depth + 1, frame.f_back
    return depth
